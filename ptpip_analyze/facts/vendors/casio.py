"""Codes of Casio. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# fmt: off

from __future__ import annotations

from ..row import IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("casio", 0x9001, "STILL_START", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9002, "STILL_STOP", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9007, "FOCUS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9009, "CF_PRESS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x900A, "CF_RELEASE", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x900C, "GET_OBJECT_INFO", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9024, "SHUTTER", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9025, "GET_OBJECT", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9026, "GET_THUMBNAIL", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9027, "GET_STILL_HANDLES", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9028, "STILL_RESET", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9029, "HALF_PRESS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902A, "HALF_RELEASE", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902B, "CS_PRESS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902C, "CS_RELEASE", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902D, "ZOOM", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902E, "CZ_PRESS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x902F, "CZ_RELEASE", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9041, "MOVIE_START", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9042, "MOVIE_STOP", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9043, "MOVIE_PRESS", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9044, "MOVIE_RELEASE", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9045, "GET_MOVIE_HANDLES", "libgphoto2", IMPLEMENTED),
    Operation("casio", 0x9046, "MOVIE_RESET", "libgphoto2", IMPLEMENTED),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "casio", 0xD001, "MONITOR", "libgphoto2"),
    Code("property", "casio", 0xD002, "STORAGE", "libgphoto2"),
    Code("property", "casio", 0xD004, "UNKNOWN_1", "libgphoto2"),
    Code("property", "casio", 0xD005, "UNKNOWN_2", "libgphoto2"),
    Code("property", "casio", 0xD007, "UNKNOWN_3", "libgphoto2"),
    Code("property", "casio", 0xD008, "RECORD_LIGHT", "libgphoto2"),
    Code("property", "casio", 0xD009, "UNKNOWN_4", "libgphoto2"),
    Code("property", "casio", 0xD00A, "UNKNOWN_5", "libgphoto2"),
    Code("property", "casio", 0xD00B, "MOVIE_MODE", "libgphoto2"),
    Code("property", "casio", 0xD00C, "HD_SETTING", "libgphoto2"),
    Code("property", "casio", 0xD00D, "HS_SETTING", "libgphoto2"),
    Code("property", "casio", 0xD00F, "CS_HIGH_SPEED", "libgphoto2"),
    Code("property", "casio", 0xD010, "CS_UPPER_LIMIT", "libgphoto2"),
    Code("property", "casio", 0xD011, "CS_SHOT", "libgphoto2"),
    Code("property", "casio", 0xD012, "UNKNOWN_6", "libgphoto2"),
    Code("property", "casio", 0xD013, "UNKNOWN_7", "libgphoto2"),
    Code("property", "casio", 0xD015, "UNKNOWN_8", "libgphoto2"),
    Code("property", "casio", 0xD017, "UNKNOWN_9", "libgphoto2"),
    Code("property", "casio", 0xD018, "UNKNOWN_10", "libgphoto2"),
    Code("property", "casio", 0xD019, "UNKNOWN_11", "libgphoto2"),
    Code("property", "casio", 0xD01A, "UNKNOWN_12", "libgphoto2"),
    Code("property", "casio", 0xD01B, "UNKNOWN_13", "libgphoto2"),
    Code("property", "casio", 0xD01C, "UNKNOWN_14", "libgphoto2"),
    Code("property", "casio", 0xD01D, "UNKNOWN_15", "libgphoto2"),
    Code("property", "casio", 0xD020, "UNKNOWN_16", "libgphoto2"),
    Code("property", "casio", 0xD030, "UNKNOWN_17", "libgphoto2"),
    Code("property", "casio", 0xD080, "UNKNOWN_18", "libgphoto2"),
)

ROWS = (*OPERATIONS, *PROPERTIES)
