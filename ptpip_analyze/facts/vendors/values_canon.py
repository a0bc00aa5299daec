"""What the numbers of Canon's properties mean. Promises one row per property and kind with its source; refuses
meanings that no source gives: such a number stays a number.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import AGREED, IMPLEMENTED, Choices, Scale

VALUES: tuple[Scale | Choices, ...] = (
    Scale("canon_eos", 0xD101, "apex_f_number", "libgphoto2", AGREED, 8, 8, "", "eighths of a stop from f/1; agrees with libpict"),
    Choices("canon_eos", 0xD101, "libgphoto2", IMPLEMENTED, {0: "auto", 0xFFFF: "auto"}, "0 is implicit: the camera chooses"),
    Scale("canon_eos", 0xD102, "apex_exposure", "libgphoto2", AGREED, 8, 56, "", "eighths of a stop from 1 s; agrees with libpict"),
    Choices("canon_eos", 0xD102, "libgphoto2", AGREED, {0x00: "auto", 0x04: "bulb", 0x0C: "bulb"}, "which of the two is bulb depends on the body"),
    Scale("canon_eos", 0xD103, "apex_iso", "libgphoto2", AGREED, 8, 72, "", "eighths of a stop from ISO 100; agrees with libpict"),
    Choices("canon_eos", 0xD103, "libgphoto2", AGREED, {0: "ISO auto", 0xFFFF: "factory default"}),
    Scale("canon_eos", 0xD104, "apex_ev", "libgphoto2", IMPLEMENTED, 8, 0, "", "eighths of a stop, signed 8 bits"),
    Choices("canon_eos", 0xD105, "libgphoto2", IMPLEMENTED, {
        0: "P", 1: "Tv", 2: "Av", 3: "M", 4: "bulb", 5: "A-DEP", 6: "DEP", 7: "custom", 8: "lock", 9: "full auto",
        10: "night portrait", 11: "sports", 12: "portrait", 13: "landscape", 14: "close-up", 15: "flash off",
        0x16: "auto", 0x17: "handheld night scene", 0x18: "HDR backlight control", 0x1B: "food",
        0x1E: "grainy black and white", 0x1F: "soft focus", 0x20: "toy camera effect", 0x21: "fish-eye effect",
        0x22: "water painting effect", 0x23: "miniature effect", 0x24: "HDR art standard", 0x25: "HDR art vivid",
        0x26: "HDR art bold", 0x27: "HDR art embossed", 0x2D: "panning", 0x32: "self portrait", 0x33: "hybrid auto",
        0x34: "smooth skin", 0x37: "Fv",
    }),
    Choices("canon_eos", 0xD106, "libgphoto2", IMPLEMENTED, {
        0: "single", 1: "continuous", 2: "video", 4: "continuous high speed", 5: "continuous low speed",
        6: "single silent", 7: "continuous self-timer", 0x10: "self-timer 10 s", 0x11: "self-timer 2 s",
        0x12: "super high speed continuous", 0x13: "single silent", 0x14: "continuous silent",
        0x15: "silent high speed continuous", 0x16: "silent low speed continuous",
    }),
    Choices("canon_eos", 0xD107, "libgphoto2", IMPLEMENTED, {
        0: "center-weighted", 1: "spot", 2: "average", 3: "evaluative", 4: "partial", 5: "center-weighted average",
        6: "spot at the AF frame", 7: "multi-spot",
    }),
    Choices("canon_eos", 0xD108, "libgphoto2", IMPLEMENTED, {0: "one shot", 1: "AI servo", 2: "AI focus", 3: "manual"}),
    Choices("canon_eos", 0xD109, "libgphoto2", IMPLEMENTED, {
        0: "auto", 1: "daylight", 2: "cloudy", 3: "tungsten", 4: "fluorescent", 5: "flash", 6: "manual", 8: "shade",
        9: "color temperature", 10: "custom PC-1", 11: "custom PC-2", 12: "custom PC-3", 15: "manual 2", 16: "manual 3",
        18: "manual 4", 19: "manual 5", 20: "custom PC-4", 21: "custom PC-5", 23: "auto (white priority)",
    }),
    Scale("canon_eos", 0xD10A, "kelvin", "libgphoto2"),
    Choices("canon_eos", 0xD10F, "libgphoto2", IMPLEMENTED, {1: "sRGB", 2: "Adobe RGB"}),
    Choices("canon_eos", 0xD110, "libgphoto2", IMPLEMENTED, {
        0x21: "user defined 1", 0x22: "user defined 2", 0x23: "user defined 3", 0x81: "standard", 0x82: "portrait",
        0x83: "landscape", 0x84: "neutral", 0x85: "faithful", 0x86: "monochrome", 0x87: "auto", 0x88: "fine detail",
    }),
    Choices("canon_eos", 0xD111, "libgphoto2", IMPLEMENTED, {0: "low", 1: "50 %", 2: "100 %", 4: "75 %", 5: "25 %"}, "steps of the battery symbol, not a measured percentage"),
    Scale("canon_eos", 0xD113, "unix_time", "libgphoto2", IMPLEMENTED, 1, 0, "", "the camera's clock, no time zone"),
    Choices("canon_eos", 0xD11C, "libgphoto2", IMPLEMENTED, {2: "card", 4: "computer"}, "2 on bodies with one card"),
    Choices("canon_eos", 0xD11D, "libgphoto2", IMPLEMENTED, {1: "AE bracketing", 2: "ISO bracketing", 4: "WB bracketing", 8: "FE bracketing", 0xFFFF: "off"}),
    Scale("canon_eos", 0xD120, "canon_image_format", "libgphoto2", AGREED),
    Scale("canon_eos", 0xD121, "canon_image_format", "libgphoto2", AGREED),
    Scale("canon_eos", 0xD122, "canon_image_format", "libgphoto2", AGREED),
    Scale("canon_eos", 0xD123, "canon_image_format", "libgphoto2", AGREED),
    Choices("canon_eos", 0xD138, "libgphoto2", IMPLEMENTED, {
        0: "P", 1: "Tv", 2: "Av", 3: "M", 4: "bulb", 5: "A-DEP", 6: "DEP", 7: "custom", 8: "lock", 9: "full auto",
        10: "night portrait", 11: "sports", 12: "portrait", 13: "landscape", 14: "close-up", 15: "flash off",
        0x16: "auto", 0x17: "handheld night scene", 0x18: "HDR backlight control", 0x1B: "food",
        0x1E: "grainy black and white", 0x1F: "soft focus", 0x20: "toy camera effect", 0x21: "fish-eye effect",
        0x22: "water painting effect", 0x23: "miniature effect", 0x24: "HDR art standard", 0x25: "HDR art vivid",
        0x26: "HDR art bold", 0x27: "HDR art embossed", 0x2D: "panning", 0x32: "self portrait", 0x33: "hybrid auto",
        0x34: "smooth skin", 0x37: "Fv",
    }),
    Choices("canon_eos", 0xD178, "libgphoto2", IMPLEMENTED, {0: "off", 1: "low", 2: "normal", 3: "high", 4: "multi-shot"}),
    Scale("canon_eos", 0xD17C, "utc_time", "libgphoto2", AGREED, 1, 0, "", "hours apart from the camera's clock on real cameras"),
    Choices("canon_eos", 0xD194, "libgphoto2", IMPLEMENTED, {0: "3:2", 1: "1:1", 2: "4:3", 7: "16:9"}),
    Choices("canon_eos", 0xD1A9, "libgphoto2", IMPLEMENTED, {0: "off", 2: "2 s", 4: "4 s", 8: "8 s", 0xFF: "hold"}),
    Choices("canon_eos", 0xD1B0, "libgphoto2", IMPLEMENTED, {
        0: "off", 1: "camera", 2: "computer", 3: "camera + computer", 4: "mobile", 5: "camera + mobile",
        6: "computer + mobile", 7: "camera + computer + mobile", 8: "mobile 2", 9: "camera + mobile 2",
        10: "computer + mobile 2", 11: "camera + computer + mobile 2",
    }, "a sum of flags: 1, 2, 4, 8"),
    Choices("canon_eos", 0xD1B8, "libgphoto2", IMPLEMENTED, {0: "none", 3: "camera memory", 4: "card"}),
    Choices("canon_eos", 0xD1C1, "libgphoto2", IMPLEMENTED, {
        0x00000: "standard (not in M)", 0x10000: "standard", 0x00101: "low (not in M)", 0x10101: "low",
        0x00202: "high (not in M)", 0x10202: "high", 0x00303: "off (not in M)", 0x10303: "off",
    }),
    Choices("canon_eos", 0xD1D9, "libgphoto2", IMPLEMENTED, {
        0: "off", 3: "±0.3 EV", 4: "±0.5 EV", 5: "±0.7 EV", 8: "±1 EV", 11: "±1.3 EV", 12: "±1.5 EV", 13: "±1.7 EV",
        16: "±2 EV", 19: "±2.3 EV", 20: "±2.5 EV", 21: "±2.7 EV", 24: "±3 EV",
    }),
    Choices("canon", 0xD001, "libgphoto2", IMPLEMENTED, {0: "off", 1: "on"}),
    Choices("canon", 0xD006, "libgphoto2", IMPLEMENTED, {0: "undefined", 1: "economy", 2: "normal", 3: "fine", 4: "lossless", 5: "superfine"}),
    Choices("canon", 0xD007, "libgphoto2", IMPLEMENTED, {0: "undefined", 1: "JPEG", 2: "CRW"}),
    Choices("canon", 0xD008, "libgphoto2", IMPLEMENTED, {0: "large", 1: "medium 1", 2: "small", 3: "medium 2", 7: "medium 3"}),
    Scale("canon", 0xD009, "span", "libgphoto2", IMPLEMENTED, 10, 0, "", "tenths of a second"),
    Choices("canon", 0xD009, "libgphoto2", IMPLEMENTED, {0: "off"}),
    Choices("canon", 0xD00A, "libgphoto2", IMPLEMENTED, {0: "off", 1: "auto", 2: "on", 3: "red-eye reduction", 4: "fill flash", 5: "auto + red-eye reduction", 6: "on + red-eye reduction"}),
    Choices("canon", 0xD00C, "libgphoto2", IMPLEMENTED, {1: "auto", 2: "Tv", 3: "Av", 4: "M", 5: "A-DEP", 6: "M-DEP", 7: "bulb"}),
    Choices("canon", 0xD010, "libgphoto2", IMPLEMENTED, {
        0: "center-weighted", 1: "spot", 2: "average", 3: "evaluative", 4: "partial", 5: "center-weighted average",
        6: "spot at the AF frame", 7: "multi-spot",
    }),
    Choices("canon", 0xD013, "libgphoto2", IMPLEMENTED, {
        0: "auto", 1: "daylight", 2: "cloudy", 3: "tungsten", 4: "fluorescent", 6: "custom", 7: "fluorescent H",
        9: "color temperature", 10: "custom PC-1", 11: "custom PC-2", 12: "custom PC-3",
    }),
    Scale("canon", 0xD01C, "apex_iso", "libgphoto2", IMPLEMENTED, 8, 72),
    Choices("canon", 0xD01C, "libgphoto2", IMPLEMENTED, {0: "ISO auto", 0xFFFF: "factory default"}),
    Scale("canon", 0xD01D, "apex_f_number", "libgphoto2", IMPLEMENTED, 8, 8),
    Choices("canon", 0xD01D, "libgphoto2", IMPLEMENTED, {0: "auto", 0xFFFF: "auto"}),
    Scale("canon", 0xD01E, "apex_exposure", "libgphoto2", IMPLEMENTED, 8, 56),
    Choices("canon", 0xD01E, "libgphoto2", IMPLEMENTED, {0x00: "auto", 0x04: "bulb", 0x0C: "bulb"}),
    Scale("canon", 0xD01F, "apex_ev", "libgphoto2", IMPLEMENTED, -8, 24, "", "counts down from +3 EV"),
    Choices("canon", 0xD01F, "libgphoto2", IMPLEMENTED, {0xFF: "factory default"}),
    Scale("canon", 0xD020, "apex_ev", "libgphoto2", IMPLEMENTED, -8, 24),
    Choices("canon", 0xD020, "libgphoto2", IMPLEMENTED, {0xFF: "factory default"}),
    Scale("canon", 0xD021, "apex_ev", "libgphoto2", IMPLEMENTED, -8, 24),
    Choices("canon", 0xD021, "libgphoto2", IMPLEMENTED, {0xFF: "factory default"}),
    Scale("canon", 0xD023, "apex_f_number", "libgphoto2", IMPLEMENTED, 8, 8),
    Scale("canon", 0xD024, "apex_f_number", "libgphoto2", IMPLEMENTED, 8, 8),
    Scale("canon", 0xD034, "unix_time", "libgphoto2", IMPLEMENTED, 1, 0, "", "the camera's clock, no time zone"),
    Choices("canon", 0xD040, "libgphoto2", IMPLEMENTED, {0: "off", 1: "vivid", 2: "neutral", 3: "low sharpening", 4: "sepia", 5: "black and white"}),
    Choices("canon", 0xD041, "libgphoto2", IMPLEMENTED, {0: "on", 1: "off"}),
)
