"""Layouts of datasets and which operation carries which. Promises flat rows with a source; refuses whatever branches:
a form flag, a record list or a type per element is a named exception in the room that reads it (``ptp``).

Offsets are not written down: fields stand one behind the other, without padding.
"""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import NamedTuple

from .layout import Field, Kind, Layout
from .vendors import FAMILIES as FAMILIES

_U8, _U16, _U32, _U64, _STRING, _DATE, _ARRAY, _WORDS = Kind.U8, Kind.U16, Kind.U32, Kind.U64, Kind.STRING, Kind.DATE, Kind.ARRAY, Kind.WORDS

# What ``Field.codes`` may say beside a kind of code table: how a plain number reads.
WORDINGS = ("bytes", "count", "handle", "hex", "storage", "unix_time")

LAYOUTS: tuple[Layout, ...] = (
    Layout("DeviceInfo", (
        Field("standardVersion", _U16), Field("vendorExtensionId", _U32, "vendor_extension"), Field("vendorExtensionVersion", _U16),
        Field("vendorExtensionDesc", _STRING), Field("functionalMode", _U16),
        Field("operationsSupported", _ARRAY, "operation", _U16), Field("eventsSupported", _ARRAY, "event", _U16),
        Field("devicePropertiesSupported", _ARRAY, "property", _U16), Field("captureFormats", _ARRAY, "format", _U16),
        Field("imageFormats", _ARRAY, "format", _U16), Field("manufacturer", _STRING), Field("model", _STRING),
        Field("deviceVersion", _STRING), Field("serialNumber", _STRING),
    ), "PIMA 15740:2000"),
    Layout("StorageIDs", (Field("storageIds", _ARRAY, "storage", _U32),), "PIMA 15740:2000"),
    Layout("StorageInfo", (
        Field("storageType", _U16, "storage_type"), Field("filesystemType", _U16, "filesystem"), Field("accessCapability", _U16, "access"),
        Field("maxCapacity", _U64, "bytes"), Field("freeSpaceInBytes", _U64, "bytes"), Field("freeSpaceInImages", _U32, "count"),
        Field("storageDescription", _STRING), Field("volumeLabel", _STRING),
    ), "PIMA 15740:2000"),
    Layout("ObjectHandles", (Field("objectHandles", _ARRAY, "handle", _U32),), "PIMA 15740:2000"),
    Layout("ObjectInfo", (
        Field("storageId", _U32, "storage"), Field("objectFormat", _U16, "format"), Field("protectionStatus", _U16, "protection"),
        Field("objectCompressedSize", _U32, "bytes"), Field("thumbFormat", _U16, "format"), Field("thumbCompressedSize", _U32, "bytes"),
        Field("thumbPixWidth", _U32), Field("thumbPixHeight", _U32), Field("imagePixWidth", _U32), Field("imagePixHeight", _U32),
        Field("imageBitDepth", _U32), Field("parentObject", _U32, "handle"), Field("associationType", _U16, "association"),
        Field("associationDesc", _U32), Field("sequenceNumber", _U32), Field("filename", _STRING), Field("captureDate", _DATE),
        Field("modificationDate", _DATE), Field("keywords", _STRING),
    ), "PIMA 15740:2000"),
    # Some Samsung phones send the size in 64 bits, which moves every later field.
    Layout("ObjectInfo64", (
        Field("storageId", _U32, "storage"), Field("objectFormat", _U16, "format"), Field("protectionStatus", _U16, "protection"),
        Field("objectCompressedSize", _U64, "bytes"), Field("thumbFormat", _U16, "format"), Field("thumbCompressedSize", _U32, "bytes"),
        Field("thumbPixWidth", _U32), Field("thumbPixHeight", _U32), Field("imagePixWidth", _U32), Field("imagePixHeight", _U32),
        Field("imageBitDepth", _U32), Field("parentObject", _U32, "handle"), Field("associationType", _U16, "association"),
        Field("associationDesc", _U32), Field("sequenceNumber", _U32), Field("filename", _STRING), Field("captureDate", _DATE),
        Field("modificationDate", _DATE), Field("keywords", _STRING),
    ), "libgphoto2"),
    Layout("FilesystemManifestEntry", (
        Field("objectHandle", _U32, "handle"), Field("storageId", _U32, "storage"), Field("objectFormat", _U16, "format"),
        Field("protectionStatus", _U16, "protection"), Field("objectCompressedSize", _U64, "bytes"), Field("parentObject", _U32, "handle"),
        Field("associationType", _U16, "association"), Field("associationDesc", _U32), Field("sequenceNumber", _U32),
        Field("filename", _STRING), Field("modificationDate", _DATE),
    ), "libgphoto2"),
    Layout("StreamInfo", (
        Field("datasetSize", _U64, "bytes"), Field("timeResolution", _U64), Field("frameHeaderSize", _U32, "bytes"), Field("frameMaxSize", _U32, "bytes"),
        Field("packetHeaderSize", _U32, "bytes"), Field("packetMaxSize", _U32, "bytes"), Field("packetAlignment", _U32),
    ), "libgphoto2"),
    Layout("ObjectReferences", (Field("objectReferences", _ARRAY, "handle", _U32),), "MTP 1.1"),
    Layout("ObjectPropsSupported", (Field("objectProperties", _ARRAY, "object_property", _U16),), "MTP 1.1"),
    Layout("ServiceIDs", (Field("serviceIds", _ARRAY, "hex", _U32),), "MTP class driver"),
    Layout("PropCodes", (Field("properties", _ARRAY, "property", _U16),), "libgphoto2"),
    Layout("PropCodes32", (Field("properties", _ARRAY, "property", _U32),), "libgphoto2"),
    Layout("ObjectSize64", (Field("objectSize", _U64, "bytes"),), "libgphoto2"),
    Layout("Name", (Field("name", _STRING),), "libgphoto2"),
    Layout("SonyExtDeviceInfo", (Field("version", _U16), Field("properties", _ARRAY, "property", _U16), Field("controls", _ARRAY, "property", _U16)), "libgphoto2"),
    Layout("SonyConnectReply", (Field("unknown", _U64),), "libgphoto2"),
    # One event per packet on a connection of its own. What the words behind the transaction ID mean is not settled.
    Layout("FujiEventPacket", (
        Field("length", _U32, "bytes"), Field("containerType", _U16, "usb_container_type"), Field("eventCode", _U16, "event"), Field("transactionId", _U32),
        Field("parameters", _WORDS, "hex", upto=5),
    ), "libgphoto2"),
    Layout("EventContainer", (
        Field("length", _U32, "bytes"), Field("containerType", _U16, "usb_container_type"), Field("eventCode", _U16, "event"), Field("transactionId", _U32),
        Field("parameters", _WORDS, "hex", upto=5),
    ), "USB still image 1.0"),
    Layout("SigmaPictFile", (Field("size", _U32, "bytes"), Field("bytes", Kind.REST)), "libgphoto2"),
    Layout("PanasonicDevice", (Field("unknown", Kind.REST),), "libgphoto2"),
    Layout("PanasonicLiveViewFormat", (Field("height", _U16), Field("width", _U16), Field("x", _U16), Field("frequency", _U16)), "libgphoto2"),
    Layout("CanonFolderEntryHead", (
        Field("objectHandle", _U32, "handle"), Field("objectFormat", _U16, "format"), Field("flags", _U8, "hex"), Field("size", _U32, "bytes"), Field("time", _U32, "unix_time"),
    ), "libgphoto2"),
    Layout("EOSFolderEntryHead", (
        Field("objectHandle", _U32, "handle"), Field("storageId", _U32, "storage"), Field("objectFormat", _U16, "format"), Field("padding", _U16), Field("unknown", _U32, "hex"),
        Field("flags", _U32, "hex"), Field("size", _U32, "bytes"), Field("parentObject", _U32, "handle"), Field("objectHandle2", _U32, "handle"),
    ), "libgphoto2"),
    Layout("CHDKLiveViewHeader", (
        Field("versionMajor", _U32), Field("versionMinor", _U32), Field("aspect", _U32), Field("paletteType", _U32), Field("paletteOffset", _U32),
        Field("viewportOffset", _U32), Field("bitmapOffset", _U32),
    ), "libgphoto2"),
    Layout("CHDKFrameDescriptor", (
        Field("framebufferType", _U32), Field("dataOffset", _U32), Field("bufferWidth", _U32), Field("visibleWidth", _U32), Field("visibleHeight", _U32),
        Field("marginLeft", _U32), Field("marginTop", _U32), Field("marginRight", _U32), Field("marginBottom", _U32),
    ), "CHDK"),
)

BY_NAME: dict[str, Layout] = {layout.name: layout for layout in LAYOUTS}


class Carried(NamedTuple):
    """The data phase of an operation carries a dataset. Which way it goes says the operation's own row."""

    vendor: str  # "ptp" and "mtp" are the standards
    operation: int
    dataset: str  # name of a layout, or of an exception
    first: int | None = None  # only when the operation's first parameter is this; None: with any parameters


CARRIED: tuple[Carried, ...] = (
    Carried("ptp", 0x1001, "DeviceInfo"), Carried("ptp", 0x1004, "StorageIDs"), Carried("ptp", 0x1005, "StorageInfo"),
    Carried("ptp", 0x1007, "ObjectHandles"), Carried("ptp", 0x1008, "ObjectInfo"), Carried("ptp", 0x1009, "ObjectBytes"),
    Carried("ptp", 0x100A, "ObjectBytes"), Carried("ptp", 0x100C, "ObjectInfo"), Carried("ptp", 0x100D, "ObjectBytes"),
    Carried("ptp", 0x1014, "DevicePropDesc"), Carried("ptp", 0x1015, "DevicePropValue"), Carried("ptp", 0x1016, "DevicePropValue"),
    Carried("ptp", 0x101B, "ObjectBytes"), Carried("ptp", 0x101E, "ObjectHandles"), Carried("ptp", 0x1021, "DeviceInfo"),
    Carried("ptp", 0x1022, "ObjectBytes"), Carried("ptp", 0x1023, "FilesystemManifest"), Carried("ptp", 0x1024, "StreamInfo"),
    Carried("ptp", 0x1025, "ObjectBytes"),
    Carried("mtp", 0x9801, "ObjectPropsSupported"), Carried("mtp", 0x9802, "ObjectPropDesc"), Carried("mtp", 0x9803, "ObjectPropValue"),
    Carried("mtp", 0x9804, "ObjectPropValue"), Carried("mtp", 0x9805, "ObjectPropList"), Carried("mtp", 0x9806, "ObjectPropList"),
    Carried("mtp", 0x9807, "InterdependentPropDesc"), Carried("mtp", 0x9808, "ObjectPropList"), Carried("mtp", 0x980A, "ObjectPropList"),
    Carried("mtp", 0x9810, "ObjectReferences"), Carried("mtp", 0x9811, "ObjectReferences"), Carried("mtp", 0x9900, "ServiceIDs"),
    Carried("microsoft", 0x9301, "ServiceIDs"), Carried("microsoft", 0x9307, "ObjectPropList"),
    Carried("android", 0x95C1, "ObjectBytes"), Carried("android", 0x95C2, "ObjectBytes"),
    Carried("canon", 0x9006, "Name"), Carried("canon", 0x9013, "EventContainer"), Carried("canon", 0x901B, "ObjectBytes"),
    Carried("canon", 0x901D, "CanonViewFinderImage"), Carried("canon", 0x9020, "PropCodes"), Carried("canon", 0x9021, "CanonFolderEntries"),
    Carried("canon", 0x902D, "CanonDirectory"),
    Carried("canon_eos", 0x9101, "StorageIDs"), Carried("canon_eos", 0x9102, "StorageInfo"), Carried("canon_eos", 0x9103, "ObjectInfo"),
    Carried("canon_eos", 0x9104, "ObjectBytes"), Carried("canon_eos", 0x9107, "ObjectBytes"), Carried("canon_eos", 0x9108, "EOSDeviceInfoEx"),
    Carried("canon_eos", 0x9109, "EOSFolderEntries"), Carried("canon_eos", 0x910A, "ObjectBytes"), Carried("canon_eos", 0x9110, "EOSSetDevicePropValue"),
    Carried("canon_eos", 0x9116, "EOSEventList"), Carried("canon_eos", 0x912C, "ObjectBytes"), Carried("canon_eos", 0x9153, "EOSViewFinderData"),
    Carried("canon_eos", 0x9170, "ObjectInfo64"), Carried("canon_eos", 0x9173, "EOSFolderEntries64"), Carried("canon_eos", 0x9171, "ObjectBytes"), Carried("canon_eos", 0x9172, "ObjectBytes"), Carried("canon_eos", 0x9174, "ObjectBytes"),
    Carried("kodak", 0x9005, "ObjectInfo"), Carried("kodak", 0x9006, "ObjectBytes"),
    Carried("chdk", 0x9999, "CHDKLiveView", 12),
    Carried("nikon", 0x9006, "NikonWiFiProfiles"), Carried("nikon", 0x9007, "NikonWiFiProfile"), Carried("nikon", 0x90C4, "ObjectBytes"),
    Carried("nikon", 0x90C7, "NikonEventList"), Carried("nikon", 0x90CA, "PropCodes"), Carried("nikon", 0x9200, "ObjectBytes"),
    Carried("nikon", 0x9203, "NikonLiveView"), Carried("nikon", 0x9209, "StorageIDs"), Carried("nikon", 0x920F, "ObjectBytes"),
    Carried("nikon", 0x9400, "ObjectBytes"), Carried("nikon", 0x941C, "NikonEventListEx"), Carried("nikon", 0x9421, "ObjectSize64"),
    Carried("nikon", 0x9428, "NikonLiveViewEx"), Carried("nikon", 0x9431, "ObjectBytes"), Carried("nikon", 0x9439, "PropCodes32", 0xD),
    Carried("nikon", 0x943A, "DevicePropDescEx"), Carried("nikon", 0x943B, "DevicePropValue"), Carried("nikon", 0x943C, "DevicePropValue"),
    Carried("sony", 0x9201, "SonyConnectReply"), Carried("sony", 0x9202, "SonyExtDeviceInfo"), Carried("sony", 0x9203, "SonyDevicePropDesc"),
    Carried("sony", 0x9204, "DevicePropValue"), Carried("sony", 0x9205, "DevicePropValue"), Carried("sony", 0x9207, "DevicePropValue"),
    Carried("sony", 0x9209, "SonyAllDevicePropData"), Carried("sony", 0x9211, "ObjectBytes"), Carried("sony", 0x923D, "ObjectBytes"), Carried("sony", 0x1009, "SonyLiveView", 0xFFFFC002),
    Carried("sony_qx", 0x96F6, "SonyAllDevicePropData"), Carried("sony_qx", 0x96F8, "DevicePropValue"), Carried("sony_qx", 0x96FA, "DevicePropValue"),
    Carried("sony_qx", 0x96FD, "SonyExtDeviceInfo"),
    Carried("fuji", 0x1009, "FujiLiveViewObject", 0x80000001), Carried("fuji", 0x1015, "FujiEventList", 0xD212), Carried("fuji", 0x900C, "ObjectInfo"), Carried("fuji", 0x900D, "ObjectBytes"),
    Carried("fuji", 0x901D, "ObjectBytes"), Carried("fuji", 0x9022, "ObjectBytes"), Carried("fuji", 0x902B, "FujiDevicePropDescs"),
    Carried("fuji", 0x9040, "ObjectInfo"), Carried("fuji", 0x9041, "ObjectBytes"), Carried("fuji", 0x9042, "ObjectBytes"),
    Carried("panasonic", 0x9104, "PanasonicDevice"), Carried("panasonic", 0x9107, "PanasonicPropSizes"), Carried("panasonic", 0x9108, "PanasonicPropDescs"),
    Carried("panasonic", 0x9402, "PanasonicPropValues"), Carried("panasonic", 0x9403, "PanasonicPropValues"), Carried("panasonic", 0x9409, "PanasonicPropValues"),
    Carried("panasonic", 0x940A, "PanasonicPropValues"), Carried("panasonic", 0x940B, "PanasonicPropValues"), Carried("panasonic", 0x9414, "PanasonicPropValues"),
    Carried("panasonic", 0x9414, "PanasonicLiveViewFormats", 0x0D800012), Carried("panasonic", 0x9415, "PanasonicPropValues"),
    Carried("panasonic", 0x9416, "PanasonicPropValues"), Carried("panasonic", 0x9706, "PanasonicLiveView"),
    Carried("olympus", 0x9301, "OlympusXML"), Carried("olympus", 0x9302, "OlympusXML"), Carried("olympus", 0x9581, "OlympusXML"),
    Carried("olympus", 0x9484, "OlympusLiveView"),
    Carried("olympus_omd", 0x9485, "ObjectBytes"), Carried("olympus_omd", 0x9486, "OlympusChangedProperties"), Carried("olympus_omd", 0x9489, "PropCodes"),
    Carried("sigma", 0x9022, "SigmaPictFile"), Carried("sigma", 0x902B, "SigmaLiveView"), Carried("sigma", 0x9030, "SigmaList"), Carried("sigma", 0x9031, "SigmaList"), Carried("sigma", 0x9033, "SigmaList"),
)

# Canon EOS property 0xD199 -> bytes of each field of an OLCInfoChanged record, in the order of its mask bits. Found by
# libgphoto2; row 0x10 by what an EOS M50 sends (libgphoto2's own is marked as a guess, and is wrong).
OLC_FIELDS = (
    "button", "shutterSpeed", "aperture", "iso", "status", "selfTimer", "exposureIndicator", "unknown80", "focusInfo",
    "focusMask", "unknown400", "unknown800", "unknown1000",
)
OLC_SIZES: dict[range, tuple[int, ...]] = {
    range(0x08): (2, 6, 5, 4, 4, 6, 7, 4, 6, 5, 5, 8, 1),
    range(0x08, 0x0B): (2, 6, 5, 4, 4, 6, 7, 4, 6, 7, 7, 8, 1),
    range(0x0B, 0x0F): (2, 6, 5, 4, 4, 6, 8, 4, 6, 5, 5, 9, 1),
    range(0x0F, 0x10): (2, 7, 6, 4, 4, 6, 8, 4, 6, 5, 5, 9, 1),
    range(0x10, 0x11): (2, 7, 6, 4, 4, 6, 8, 4, 6, 5, 5, 9, 8),
    range(0x11, 0x12): (2, 7, 6, 6, 4, 6, 8, 4, 6, 5, 5, 9, 8),
    range(0x12, 0x13): (2, 7, 9, 6, 4, 6, 8, 5, 7, 5, 5, 9, 8),
    range(0x13, 0x14): (2, 7, 9, 7, 4, 6, 8, 5, 7, 5, 5, 9, 8),
    range(0x14, 0x15): (2, 9, 9, 7, 4, 6, 8, 5, 7, 5, 5, 9, 8),
}

# Field of an OLCInfoChanged record -> the property whose value it shows, where that byte stands, and the sizes of the
# field of which real cameras' records agree with the property (EOS M3, M6, PowerShot G5 X, G9 X Mark II, SX720 HS, SX740
# HS). The field's second byte is 0 where it shows no value.
OLC_VALUES: dict[str, tuple[int, int, frozenset[int]]] = {
    "shutterSpeed": (0xD102, 5, frozenset({6, 7})),
    "aperture": (0xD101, 4, frozenset({5, 6})),
    "iso": (0xD103, 3, frozenset({4, 6})),
}

# Properties that hold a network's name and passphrase, by vendor: their values are not told. Neither are they where the
# camera is not known: it may be this maker's.
SECRETS: dict[str | None, frozenset[int]] = {"ricoh": frozenset({0xD805, 0xD806})}
SECRETS[None] = frozenset().union(*SECRETS.values())

# Canon EOS properties whose value is 8-bit text (libgphoto2), and those that hold an ImageFormat structure.
EOS_TEXTS = frozenset({0xD115, 0xD125, 0xD1AF, 0xD1D0, 0xD1D1, 0xD1D8})
EOS_IMAGE_FORMATS = frozenset({0xD120, 0xD121, 0xD122, 0xD123})
EOS_IMAGE_TYPES: dict[int, str] = {1: "JPEG", 6: "RAW"}
EOS_IMAGE_SIZES: dict[int, str] = {0: "L", 1: "M", 2: "S", 5: "M1", 6: "M2", 14: "S1", 15: "S2", 16: "S3"}
EOS_COMPRESSIONS: dict[int, str] = {2: "normal", 3: "fine", 4: "lossless"}

# Viewfinder blocks whose content is known to be a picture.
EOS_PICTURE_BLOCKS = (1, 11, 9)
EOS_BLOCKS: dict[int, str] = {1: "jpeg", 8: "touchAfArea", 9: "moviePicture", 11: "jpeg", 14: "sensorSize", 17: "histogram"}

EOS_OLC_VERSION = 0xD199
EOS_CUSTOM_FUNCTIONS = 0xD1A0
EOS_FOCUS_INFO = 0xD1D3

SONY_ACCESS: dict[int, str] = {0: "Get", 1: "GetSet", 0x81: "button", 0x82: "notch", 0x83: "lock", 0x84: "variable"}
SONY_ENABLED: dict[int, str] = {0: "greyed out", 1: "enabled", 2: "display only"}
