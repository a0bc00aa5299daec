"""What the numbers of the properties of Olympus and OM System mean. Promises one row per property and kind with its
source; refuses meanings that no source gives: such a number stays a number.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import IMPLEMENTED, Choices, Scale

VALUES: tuple[Scale | Choices, ...] = (
    Scale("olympus", 0xD002, "f_number", "libgphoto2", IMPLEMENTED, 10),
    Choices("olympus", 0xD003, "libgphoto2", IMPLEMENTED, {1: "MF", 2: "automatic", 0x8001: "S-AF + MF", 0x8002: "C-AF"}),
    Choices("olympus", 0xD004, "libgphoto2", IMPLEMENTED, {
        1: "average", 2: "center-weighted", 3: "multi-spot", 4: "spot", 0x8001: "ESP", 0x8011: "spot + highlights",
        0x8012: "spot + shadows",
    }),
    Scale("olympus", 0xD007, "iso", "libgphoto2"),
    Choices("olympus", 0xD007, "libgphoto2", IMPLEMENTED, {0xFFFF: "ISO auto", 0xFFFD: "ISO low"}),
    Scale("olympus", 0xD008, "ev", "libgphoto2", IMPLEMENTED, 1000, 0, "", "signed, though announced as unsigned"),
    Choices("olympus", 0xD00D, "libgphoto2", IMPLEMENTED, {
        0x020: "RAW", 0x101: "large fine", 0x102: "large normal", 0x103: "medium normal", 0x104: "small normal",
        0x121: "RAW + large fine", 0x122: "RAW + large normal", 0x123: "RAW + medium normal",
        0x124: "RAW + small normal",
    }),
    Scale("olympus", 0xD01B, "ratio", "libgphoto2"),
    Scale("olympus", 0xD01C, "fraction", "libgphoto2"),
    Choices("olympus", 0xD01C, "libgphoto2", IMPLEMENTED, {0xFFFFFFFC: "bulb", 0xFFFFFFFB: "time", 0xFFFFFFFA: "composite"}),
    Choices("olympus", 0xD01E, "libgphoto2", IMPLEMENTED, {
        1: "auto", 2: "daylight", 3: "shade", 4: "cloudy", 5: "tungsten", 6: "fluorescent", 7: "underwater",
        8: "flash", 9: "preset 1", 10: "preset 2", 11: "preset 3", 12: "preset 4", 13: "custom",
    }),
)
