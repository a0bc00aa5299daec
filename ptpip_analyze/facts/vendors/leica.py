"""Codes of Leica. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import GUESSED, IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("leica", 0x9001, "SetCameraSettings", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9002, "GetCameraSettings", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9003, "GetLensParameter", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9004, "LEReleaseStages", "libgphoto2", IMPLEMENTED, "none", ("ReleaseStage:u32", "StepSize:u32"), ()),
    Operation("leica", 0x9005, "LEOpenSession", "libgphoto2", GUESSED, "none", ("SessionID:session_id",), (), "", "1 param (uncertain)"),
    Operation("leica", 0x9006, "LECloseSession", "libgphoto2", IMPLEMENTED, "none", (), ()),
    Operation("leica", 0x9007, "RequestObjectTransferReady", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9008, "GetGeoTrackingData", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900A, "OpenDebugSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900B, "CloseDebugSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900C, "GetDebugBuffer", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900D, "DebugCommandString", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900E, "GetDebugRoute", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x900F, "SetIPTCData", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9010, "GetIPTCData", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9016, "LEControlAutoFocus", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9019, "LEControlBulbExposure", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x901A, "LEControlContinuousExposure", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x901B, "901b", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x901C, "LEControlPhotoLiveView", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x901D, "LEKeepSessionActive", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x901E, "LEMoveLens", "libgphoto2", GUESSED, None, None, None, "", "1 param (uncertain)"),
    Operation("leica", 0x9020, "Get3DAxisData", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9021, "LESetZoomMode", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9022, "LESetFocusCrossPosition", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9024, "LESetDisplayWindowPosition", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9025, "LEGetStreamData", "libgphoto2", IMPLEMENTED, "in", (), (), "Stream bytes"),
    Operation("leica", 0x9030, "OpenLiveViewSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9031, "CloseLiveViewSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9036, "LESetDateTime", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9037, "GetObjectPropListPaginated", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9100, "OpenProductionSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9101, "CloseProductionSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9102, "UpdateFirmware", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9103, "OpenOSDSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9104, "CloseOSDSession", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9105, "GetOSDData", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9106, "GetFirmwareStruct", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x910B, "GetDebugMenu", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x910C, "SetDebugMenu", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x910D, "OdinMessage", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x910E, "GetDebugObjectHandles", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x910F, "GetDebugObject", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9110, "DeleteDebugObject", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9111, "GetDebugObjectInfo", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9112, "WriteDebugObject", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9113, "CreateDebugObject", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9114, "Calibrate3DAxis", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9115, "MagneticCalibration", "libgphoto2", IMPLEMENTED),
    Operation("leica", 0x9116, "GetViewFinderData", "libgphoto2", IMPLEMENTED),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "leica", 0xD018, "ExternalShooting", "libgphoto2"),
)

ROWS = (*OPERATIONS, *PROPERTIES)
