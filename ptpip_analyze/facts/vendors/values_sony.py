"""What the numbers of Sony's properties mean. Promises one row per property and kind with its source; refuses
meanings that no source gives: such a number stays a number.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import AGREED, IMPLEMENTED, Choices, Scale

VALUES: tuple[Scale | Choices, ...] = (
    Choices("sony", 0x5004, "libgphoto2", IMPLEMENTED, {
        2: "standard", 3: "fine", 4: "extra fine", 0x10: "RAW", 0x12: "RAW + standard", 0x13: "RAW + fine",
        0x14: "RAW + extra fine",
    }),
    Choices("sony", 0x5005, "libgphoto2", IMPLEMENTED, {
        2: "auto", 0x8001: "fluorescent: warm white", 0x8002: "fluorescent: cool white", 0x8003: "fluorescent: day white",
        0x8004: "fluorescent: daylight", 0x8010: "cloudy", 0x8011: "shade", 0x8012: "color temperature",
        0x8020: "preset 1", 0x8021: "preset 2", 0x8022: "preset 3", 0x8023: "preset", 0x8030: "underwater auto",
    }),
    Choices("sony", 0x500A, "libgphoto2", IMPLEMENTED, {0x8004: "AF-C", 0x8005: "AF-A", 0x8006: "DMF"}),
    Choices("sony", 0x500B, "libgphoto2", IMPLEMENTED, {
        0x8001: "multi", 0x8002: "center", 0x8003: "entire screen average", 0x8004: "spot", 0x8005: "spot large",
        0x8006: "highlight",
    }),
    Choices("sony", 0x500C, "libgphoto2", IMPLEMENTED, {0x8003: "rear curtain sync", 0x8004: "wireless", 0x8032: "slow sync"}),
    Choices("sony", 0x500E, "libgphoto2", IMPLEMENTED, {
        1: "M", 2: "P", 3: "A", 4: "S", 0x8000: "intelligent auto", 0x8001: "superior auto", 0x8011: "sports action",
        0x8012: "sunset", 0x8013: "night scene", 0x8014: "landscape", 0x8015: "macro", 0x8016: "handheld twilight",
        0x8017: "night portrait", 0x8031: "tele-zoom continuous priority AE", 0x8041: "sweep panorama", 0x8050: "movie",
        0x8060: "intelligent auto, flash off", 0x8070: "picture effect", 0x8084: "S&Q",
    }),
    Choices("sony", 0x5013, "libgphoto2", IMPLEMENTED, {
        1: "single", 2: "continuous", 0x8003: "self-timer 5 s", 0x8004: "self-timer 10 s", 0x8005: "self-timer 2 s",
        0x8008: "self-timer 10 s, 3 pictures", 0x8009: "self-timer 10 s, 5 pictures",
        0x800C: "self-timer 5 s, 3 pictures", 0x800D: "self-timer 5 s, 5 pictures",
        0x800E: "self-timer 2 s, 3 pictures", 0x800F: "self-timer 2 s, 5 pictures",
        0x8010: "continuous high+ speed", 0x8012: "continuous low speed", 0x8015: "continuous medium speed",
        0x8018: "WB bracketing low", 0x8019: "DRO bracketing low", 0x8028: "WB bracketing high",
        0x8029: "DRO bracketing high",
        0x8336: "bracketing 0.3 EV, 3 pictures", 0x8337: "continuous bracketing 0.3 EV, 3 pictures",
        0x8536: "bracketing 0.3 EV, 5 pictures", 0x8537: "continuous bracketing 0.3 EV, 5 pictures",
        0x8936: "bracketing 0.3 EV, 9 pictures", 0x8937: "continuous bracketing 0.3 EV, 9 pictures",
        0x8356: "bracketing 0.5 EV, 3 pictures", 0x8357: "continuous bracketing 0.5 EV, 3 pictures",
        0x8556: "bracketing 0.5 EV, 5 pictures", 0x8557: "continuous bracketing 0.5 EV, 5 pictures",
        0x8956: "bracketing 0.5 EV, 9 pictures", 0x8957: "continuous bracketing 0.5 EV, 9 pictures",
        0x8376: "bracketing 0.7 EV, 3 pictures", 0x8377: "continuous bracketing 0.7 EV, 3 pictures",
        0x8576: "bracketing 0.7 EV, 5 pictures", 0x8577: "continuous bracketing 0.7 EV, 5 pictures",
        0x8976: "bracketing 0.7 EV, 9 pictures", 0x8977: "continuous bracketing 0.7 EV, 9 pictures",
        0x8310: "bracketing 1 EV, 3 pictures", 0x8311: "continuous bracketing 1 EV, 3 pictures",
        0x8510: "bracketing 1 EV, 5 pictures", 0x8511: "continuous bracketing 1 EV, 5 pictures",
        0x8910: "bracketing 1 EV, 9 pictures", 0x8911: "continuous bracketing 1 EV, 9 pictures",
        0x8320: "bracketing 2 EV, 3 pictures", 0x8321: "continuous bracketing 2 EV, 3 pictures",
        0x8520: "bracketing 2 EV, 5 pictures", 0x8521: "continuous bracketing 2 EV, 5 pictures",
        0x8330: "bracketing 3 EV, 3 pictures", 0x8331: "continuous bracketing 3 EV, 3 pictures",
        0x8530: "bracketing 3 EV, 5 pictures", 0x8531: "continuous bracketing 3 EV, 5 pictures",
    }),
    Choices("sony", 0xD203, "libgphoto2", IMPLEMENTED, {1: "large", 2: "medium", 3: "small"}),
    Scale("sony", 0xD20D, "fraction", "libgphoto2"),
    Choices("sony", 0xD20D, "libgphoto2", IMPLEMENTED, {0: "bulb"}),
    Scale("sony", 0xD20F, "kelvin", "libgphoto2"),
    Choices("sony", 0xD211, "libgphoto2", IMPLEMENTED, {1: "3:2", 2: "16:9"}),
    Scale("sony", 0xD215, "sony_object", "libgphoto2", AGREED, 1, 0, "", "bit 15: a picture can be fetched with handle 0xFFFFC001"),
    Scale("sony", 0xD218, "percent", "libgphoto2"),
    Choices("sony", 0xD218, "libgphoto2", IMPLEMENTED, {-1: "unknown", 0xFF: "unknown"}),
    Choices("sony", 0xD219, "libgphoto2", IMPLEMENTED, {1: "off", 2: "on"}),
    Scale("sony", 0xD21E, "sony_iso", "libgphoto2"),
    Choices("sony", 0xD21E, "libgphoto2", IMPLEMENTED, {0x00FFFFFF: "ISO auto", 0x01FFFFFF: "ISO auto, multi-frame noise reduction"}),
    Scale("sony", 0xD224, "ev", "libgphoto2", IMPLEMENTED, 1000),
    Scale("sony", 0xD226, "sony_iso", "libgphoto2"),
    Choices("sony", 0xD226, "libgphoto2", IMPLEMENTED, {0x00FFFFFF: "ISO auto", 0x01FFFFFF: "ISO auto, multi-frame noise reduction"}),
    Scale("sony", 0xD229, "fraction", "libgphoto2"),
    Choices("sony", 0xD229, "libgphoto2", IMPLEMENTED, {0: "bulb"}),
    Choices("sony", 0xD25A, "libgphoto2", IMPLEMENTED, {0: "camera", 1: "computer"}),
    Choices("sony", 0xD2C1, "libgphoto2", IMPLEMENTED, {1: "released", 2: "pressed"}),
    Choices("sony", 0xD2C2, "libgphoto2", IMPLEMENTED, {1: "released", 2: "pressed"}),
    Choices("sony", 0xD2C8, "libgphoto2", IMPLEMENTED, {1: "released", 2: "pressed"}),
    Choices("sony_qx", 0xD6AA, "libgphoto2", IMPLEMENTED, {1: "640x480", 2: "1024x768", 3: "1920x1280"}),
    Scale("sony_qx", 0xD6C3, "ev", "libgphoto2", IMPLEMENTED, 1000),
    Scale("sony_qx", 0xD6C5, "f_number", "libgphoto2", IMPLEMENTED, 100),
    Scale("sony_qx", 0xD6F2, "sony_iso", "libgphoto2"),
    Choices("sony_qx", 0xD6F2, "libgphoto2", IMPLEMENTED, {0x00FFFFFF: "ISO auto", 0x01FFFFFF: "ISO auto, multi-frame noise reduction"}),
)
