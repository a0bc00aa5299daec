"""The codes this camera speaks, typed from the standards' tables and independent of ``ptpip_analyze.facts``.

Promises that a value has the name and spelling that ISO 15740 gives it (CIPA DC-X005 for ``FailReason`` and
``DataPhase``). Refuses to be complete: what the camera neither says nor understands is not here.
"""

from enum import IntEnum

ALL_STORAGES = 0xFFFFFFFF
ALL_OBJECTS = 0xFFFFFFFF
ROOT = 0xFFFFFFFF
NO_TRANSACTION = 0xFFFFFFFF
UNKNOWN_TOTAL = 0xFFFFFFFFFFFFFFFF
PROTOCOL_VERSION = 0x00010000
STANDARD_VERSION = 100
"""Version 1.00 of PTP, in hundredths (ISO 15740, DeviceInfo)."""


class FailReason(IntEnum):
    """Reasons of an Init Fail message (CIPA DC-X005-2005, 2.3.5)."""

    REJECTED_INITIATOR = 1
    BUSY = 2
    UNSPECIFIED = 3


class DataPhase(IntEnum):
    """Data Phase Info of an Operation Request (CIPA DC-X005-2005, 2.3.6)."""

    NONE_OR_IN = 1
    OUT = 2
    UNKNOWN = 3


class Operation(IntEnum):
    """Operations the camera supports (ISO 15740, clause 10)."""

    GetDeviceInfo = 0x1001
    OpenSession = 0x1002
    CloseSession = 0x1003
    GetStorageIDs = 0x1004
    GetStorageInfo = 0x1005
    GetNumObjects = 0x1006
    GetObjectHandles = 0x1007
    GetObjectInfo = 0x1008
    GetObject = 0x1009
    GetThumb = 0x100A
    DeleteObject = 0x100B
    SendObjectInfo = 0x100C
    SendObject = 0x100D
    InitiateCapture = 0x100E
    GetDevicePropDesc = 0x1014
    GetDevicePropValue = 0x1015
    SetDevicePropValue = 0x1016
    GetPartialObject = 0x101B


class Response(IntEnum):
    """Responses the camera gives (ISO 15740, clause 11)."""

    OK = 0x2001
    GeneralError = 0x2002
    SessionNotOpen = 0x2003
    OperationNotSupported = 0x2005
    ParameterNotSupported = 0x2006
    IncompleteTransfer = 0x2007
    InvalidStorageID = 0x2008
    InvalidObjectHandle = 0x2009
    DevicePropNotSupported = 0x200A
    InvalidObjectFormatCode = 0x200B
    StoreFull = 0x200C
    ObjectWriteProtected = 0x200D
    AccessDenied = 0x200F
    NoThumbnailPresent = 0x2010
    PartialDeletion = 0x2012
    NoValidObjectInfo = 0x2015
    DeviceBusy = 0x2019
    InvalidParentObject = 0x201A
    InvalidDevicePropFormat = 0x201B
    InvalidDevicePropValue = 0x201C
    InvalidParameter = 0x201D
    SessionAlreadyOpen = 0x201E
    TransactionCanceled = 0x201F


class Event(IntEnum):
    """Events the camera reports (ISO 15740, clause 12)."""

    ObjectAdded = 0x4002
    ObjectRemoved = 0x4003
    DevicePropChanged = 0x4006
    StoreFull = 0x400A
    CaptureComplete = 0x400D


class Format(IntEnum):
    """Object formats the camera stores (ISO 15740, clause 6)."""

    Undefined = 0x3000
    Association = 0x3001
    EXIF_JPEG = 0x3801
    JFIF = 0x3808


class Property(IntEnum):
    """Device properties the camera has (ISO 15740, clause 13)."""

    BatteryLevel = 0x5001
    ImageSize = 0x5003
    CompressionSetting = 0x5004
    WhiteBalance = 0x5005
    FNumber = 0x5007
    FocalLength = 0x5008
    FocusMode = 0x500A
    ExposureMeteringMode = 0x500B
    FlashMode = 0x500C
    ExposureTime = 0x500D
    ExposureProgramMode = 0x500E
    ExposureIndex = 0x500F
    ExposureBiasCompensation = 0x5010
    DateTime = 0x5011
    StillCaptureMode = 0x5013
    Artist = 0x501E
    CopyrightInfo = 0x501F


class DataType(IntEnum):
    """Data types of property values (ISO 15740, clause 5.3); only scalars and strings are used here."""

    INT8 = 0x0001
    UINT8 = 0x0002
    INT16 = 0x0003
    UINT16 = 0x0004
    INT32 = 0x0005
    UINT32 = 0x0006
    STR = 0xFFFF
