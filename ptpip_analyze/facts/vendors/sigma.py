"""Codes of Sigma. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import IMPLEMENTED, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("sigma", 0x9010, "GetCamConfig", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9011, "GetCamStatus", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9012, "GetDataGroup1", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 1"),
    Operation("sigma", 0x9013, "GetDataGroup2", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 2"),
    Operation("sigma", 0x9014, "GetDataGroup3", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 3"),
    Operation("sigma", 0x9015, "GetCaptureStatus", "libgphoto2", IMPLEMENTED, "in", ("ImageID:u32",), (), "Capture status"),
    Operation("sigma", 0x9016, "SetDataGroup1", "libgphoto2", IMPLEMENTED, "out", (), (), "Data group 1"),
    Operation("sigma", 0x9017, "SetDataGroup2", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9018, "SetDataGroup3", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9019, "ClockAdjust", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x901B, "Snap", "libgphoto2", IMPLEMENTED, "out", (), (), "Snap command (size,mode,amount,checksum)"),
    Operation("sigma", 0x901C, "ClearImageDBSingle", "libgphoto2", IMPLEMENTED, "out", ("ImageID:u32",), ()),
    Operation("sigma", 0x901D, "ClearImageDBAll", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9020, "GetPictFileInfo", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9021, "GetPartialPictFile", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9022, "GetBigPartialPictFile", "libgphoto2", IMPLEMENTED, "in", ("Address:u32", "Offset:offset", "Size:max_bytes"), (), "u32 size + bytes"),
    Operation("sigma", 0x9023, "GetDataGroup4", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 4"),
    Operation("sigma", 0x9024, "SetDataGroup4", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9025, "GetCamSentInfo2", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9026, "GetCamSentInfo3", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9027, "GetDataGroup5", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 5"),
    Operation("sigma", 0x9028, "SetDataGroup5", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9029, "GetDataGroup6", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group 6"),
    Operation("sigma", 0x902A, "SetDataGroup6", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x902B, "GetCamViewFrame", "libgphoto2", IMPLEMENTED, "in", (), (), "Live view (header + JPEG)"),
    Operation("sigma", 0x902C, "GetCamStatus2", "libgphoto2", IMPLEMENTED, "in", ("CanSet:u32", "DataGroup:u32", "Other:u32"), (), "Camera status 2"),
    Operation("sigma", 0x902D, "GetPictFileInfo2", "libgphoto2", IMPLEMENTED, "in", (), (), "Picture file info"),
    Operation("sigma", 0x9030, "GetCamCanSetInfo5", "libgphoto2", IMPLEMENTED, "in", (), (), "CanSetInfo5 (IFD-style)"),
    Operation("sigma", 0x9031, "GetCamDataGroupFocus", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group focus (IFD-style)"),
    Operation("sigma", 0x9032, "SetCamDataGroupFocus", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9033, "GetCamDataGroupMovie", "libgphoto2", IMPLEMENTED, "in", (), (), "Data group movie (IFD-style)"),
    Operation("sigma", 0x9034, "SetCamDataGroupMovie", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9035, "GetCameraInfo", "libgphoto2", IMPLEMENTED, "in", (), (), "Camera info"),
    Operation("sigma", 0x9036, "GetMovieFileInfo", "libgphoto2", IMPLEMENTED),
    Operation("sigma", 0x9037, "GetPartialMovieFile", "libgphoto2", IMPLEMENTED),
)

ROWS = (*OPERATIONS,)
