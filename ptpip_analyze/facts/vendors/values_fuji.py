"""What the numbers of Fujifilm's properties mean. Promises one row per property and kind with its source; refuses
meanings on which sources disagree (most flash modes): such a number stays a number.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import AGREED, IMPLEMENTED, Choices, Scale

VALUES: tuple[Scale | Choices, ...] = (
    Choices("fuji", 0x5001, "ptp-ip", IMPLEMENTED, {
        1: "critical", 2: "1 of 3 bars", 3: "2 of 3 bars", 4: "3 of 3 bars", 6: "critical", 7: "1 of 5 bars",
        8: "2 of 5 bars", 9: "3 of 5 bars", 10: "4 of 5 bars", 11: "5 of 5 bars",
    }),
    Choices("fuji", 0x5005, "hkr", AGREED, {
        2: "auto", 0x8001: "fluorescent 1", 0x8002: "fluorescent 2", 0x8003: "fluorescent 3", 0x8006: "shade",
        0x800A: "underwater", 0x800B: "color temperature", 0x800C: "custom",
    }, "agrees with ptp-ip, both over Wi-Fi; libgphoto2 reads 0x8007 to 0x800C otherwise"),
    Choices("fuji", 0x5007, "hkr", IMPLEMENTED, {0xFFFF: "---"}, "what the camera's display shows"),
    Choices("fuji", 0x500A, "ptp-ip", AGREED, {0x8001: "AF-S", 0x8002: "AF-C"}, "agrees with libgphoto2"),
    Choices("fuji", 0x500C, "ptp-ip", IMPLEMENTED, {0x8002: "red-eye reduction", 0x8008: "commander", 0x8009: "disabled", 0x800A: "enabled"}, "on 0x8001 and 0x8003 to 0x8007, ptp-ip and libgphoto2 disagree"),
    Scale("fuji", 0x500D, "exposure", "libgphoto2", IMPLEMENTED, 1000000, 0, "", "microseconds, unlike the standard's 1/10000 s"),
    Choices("fuji", 0x500D, "libgphoto2", IMPLEMENTED, {
        0xFFFFFFFF: "bulb", 64000030: "2 min", 64000060: "4 min", 64000090: "8 min", 64000120: "15 min",
        64000150: "30 min", 64000180: "60 min",
    }),
    Choices("fuji", 0x500E, "libgphoto2", IMPLEMENTED, {1: "M", 2: "P", 3: "A", 4: "S"}),
    Choices("fuji", 0x5012, "ptp-ip", IMPLEMENTED, {0: "off", 1: "1 s", 2: "2 s", 3: "5 s", 4: "10 s"}, "over Wi-Fi a choice; over USB milliseconds"),
    Choices("fuji", 0xD001, "hkr", AGREED, {
        1: "PROVIA/Standard", 2: "Velvia/Vivid", 3: "ASTIA/Soft", 4: "Monochrome", 5: "Sepia", 6: "PRO Neg. Hi",
        7: "PRO Neg. Std", 8: "Monochrome + Ye filter", 9: "Monochrome + R filter", 10: "Monochrome + G filter",
        11: "Classic Chrome", 12: "ACROS", 13: "ACROS + Ye filter", 14: "ACROS + R filter", 15: "ACROS + G filter",
        16: "ETERNA/Cinema", 17: "Classic Neg.", 18: "ETERNA Bleach Bypass",
    }, "1 to 11 agree with ptp-ip and with the list of a real X-T1, 12 to 16 are ptp-ip's and libgphoto2's, 17 and 18 libgphoto2's, which orders 4 to 10 otherwise"),
    Choices("fuji", 0xD00A, "libgphoto2", IMPLEMENTED, {1: "sRGB", 2: "Adobe RGB"}),
    Scale("fuji", 0xD017, "kelvin", "libgphoto2"),
    Choices("fuji", 0xD018, "libgphoto2", AGREED, {1: "RAW", 2: "fine", 3: "normal", 4: "RAW + fine", 5: "RAW + normal", 6: "RAW"}, "2 to 5 agree with ptp-ip, 6 is ptp-ip's"),
    Choices("fuji", 0xD028, "ptp-ip", IMPLEMENTED, {0: "both", 1: "aperture", 2: "shutter speed", 3: "none"}),
    Scale("fuji", 0xD02A, "fuji_iso", "hkr", AGREED, 1, 0, "", "bit 31 auto, bit 30 extended; agrees with ptp-ip"),
    Choices("fuji", 0xD02A, "hkr", AGREED, {0xFFFFFFFF: "ISO auto"}),
    Scale("fuji", 0xD02B, "fuji_iso", "hkr"),
    Choices("fuji", 0xD02B, "hkr", IMPLEMENTED, {0xFFFFFFFF: "ISO auto"}),
    Choices("fuji", 0xD174, "libgphoto2", IMPLEMENTED, {1: "XGA", 2: "VGA", 3: "QVGA"}),
    Choices("fuji", 0xD201, "libgphoto2", IMPLEMENTED, {1: "single", 2: "continuous low speed", 3: "continuous high speed", 4: "self-timer", 5: "mirror up"}),
    Choices("fuji", 0xD207, "libgphoto2", IMPLEMENTED, {1: "camera", 2: "computer"}),
    Choices("fuji", 0xD209, "libgphoto2", IMPLEMENTED, {1: "focusing", 2: "in focus", 3: "not in focus"}),
    Scale("fuji", 0xD218, "sixths_f_number", "libgphoto2", IMPLEMENTED, 6, 0, "", "sixths of a stop"),
    Scale("fuji", 0xD219, "sixths_exposure", "libgphoto2", IMPLEMENTED, 6, 0, "", "sixths of a stop, signed 16 bits"),
    Choices("fuji", 0xD219, "libgphoto2", IMPLEMENTED, {-31: "bulb", 0xFFE1: "bulb"}),
    Choices("fuji", 0xD21B, "ptp-ip", IMPLEMENTED, {0: "none"}),
    Scale("fuji", 0xD240, "fuji_exposure", "hkr", IMPLEMENTED, 1000, 0, "", "thousandths of a second, or with bit 31 of its inverse"),
    Choices("fuji", 0xD240, "hkr", IMPLEMENTED, {0xFFFFFFFF: "---"}, "what the camera's display shows"),
    Choices("fuji", 0xD241, "ptp-ip", AGREED, {
        2: "S 3:2", 3: "S 16:9", 4: "S 1:1", 6: "M 3:2", 7: "M 16:9", 8: "M 1:1", 10: "L 3:2", 11: "L 16:9",
        12: "L 1:1",
    }, "2 to 8 agree with hkr"),
    Choices("fuji", 0xD242, "ptp-ip", IMPLEMENTED, {
        1: "critical", 2: "1 of 3 bars", 3: "2 of 3 bars", 4: "3 of 3 bars", 6: "critical", 7: "1 of 5 bars",
        8: "2 of 5 bars", 9: "3 of 5 bars", 10: "4 of 5 bars", 11: "5 of 5 bars",
    }),
    Scale("fuji", 0xDF00, "code", "vcam", IMPLEMENTED, 1, 0, "fuji_camera_state"),
    Scale("fuji", 0xDF01, "code", "vcam", IMPLEMENTED, 1, 0, "fuji_client_state"),
)
