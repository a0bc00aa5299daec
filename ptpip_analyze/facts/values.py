"""What the numbers of properties mean to a photographer. Promises the scale of a property (f/5.6 out of 560) and the
meaning of its single values (4 is daylight), each with its source, as seen with a vendor's camera; refuses to word
them, which is ``ptp.texts``, and meanings that no source gives.

Makers' rows are in ``vendors``, files ``values_<maker>``; a user's own in the overlay come before all.
"""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from . import vendors
from .overlay import Overlay, active
from .row import DOCUMENTED, IMPLEMENTED, Choices, Scale

# fmt: off

# What a number can measure: a closed set, each member is worded by ``ptp.texts``.
MEASURES = (
    "percent", "f_number", "mm", "distance", "exposure", "span", "iso", "ev", "kelvin", "times", "fps", "degrees",
    "date", "unix_time", "utc_time", "fourcc", "fraction", "ratio", "code",
    "apex_f_number", "apex_exposure", "apex_iso", "apex_ev", "sixths_f_number", "sixths_exposure",
    "sony_iso", "sony_object", "fuji_iso", "fuji_exposure", "canon_image_format",
)

# What cameras write on their dials, for whole, third and half stops. Shutter speeds begin at 64 s and get faster,
# f-numbers at f/1, sensitivities at ISO 50.
EXPOSURES_BY_THIRDS = (
    "60", "50", "40", "30", "25", "20", "15", "13", "10", "8", "6", "5", "4", "3.2", "2.5", "2", "1.6", "1.3", "1",
    "0.8", "0.6", "0.5", "0.4", "0.3", "1/4", "1/5", "1/6", "1/8", "1/10", "1/13", "1/15", "1/20", "1/25", "1/30",
    "1/40", "1/50", "1/60", "1/80", "1/100", "1/125", "1/160", "1/200", "1/250", "1/320", "1/400", "1/500", "1/640",
    "1/800", "1/1000", "1/1250", "1/1600", "1/2000", "1/2500", "1/3200", "1/4000", "1/5000", "1/6400", "1/8000",
    "1/10000", "1/12800", "1/16000", "1/20000", "1/25600", "1/32000",
)
EXPOSURES_BY_HALVES = (
    "60", "45", "30", "20", "15", "10", "8", "6", "4", "3", "2", "1.5", "1", "0.7", "0.5", "0.3", "1/4", "1/6", "1/8",
    "1/10", "1/15", "1/20", "1/30", "1/45", "1/60", "1/90", "1/125", "1/180", "1/250", "1/350", "1/500", "1/750",
    "1/1000", "1/1500", "1/2000", "1/3000", "1/4000", "1/6000", "1/8000",
)
F_NUMBERS_BY_THIRDS = (
    "1", "1.1", "1.2", "1.4", "1.6", "1.8", "2", "2.2", "2.5", "2.8", "3.2", "3.5", "4", "4.5", "5", "5.6", "6.3",
    "7.1", "8", "9", "10", "11", "13", "14", "16", "18", "20", "22", "25", "29", "32", "36", "40", "45", "51", "57",
    "64", "72", "81", "91",
)
F_NUMBERS_BY_HALVES = (
    "1", "1.2", "1.4", "1.8", "2", "2.5", "2.8", "3.5", "4", "4.5", "5.6", "6.7", "8", "9.5", "11", "13", "16", "19",
    "22", "27", "32", "38", "45", "54", "64", "76", "91",
)
ISO_BY_THIRDS = (
    "50", "64", "80", "100", "125", "160", "200", "250", "320", "400", "500", "640", "800", "1000", "1250", "1600",
    "2000", "2500", "3200", "4000", "5000", "6400", "8000", "10000", "12800", "16000", "20000", "25600", "32000",
    "40000", "51200", "64000", "80000", "102400", "128000", "160000", "204800", "256000", "320000", "409600",
    "512000", "640000", "819200",
)

VALUES: tuple[Scale | Choices, ...] = (
    Scale("ptp", 0x5001, "percent", "PIMA 15740:2000", DOCUMENTED, note="of the usual range 0 to 100; a camera can announce another"),
    Choices("ptp", 0x5002, "PIMA 15740:2000", DOCUMENTED, {0: "standard", 1: "sleep"}),
    Choices("ptp", 0x5005, "PIMA 15740:2000", DOCUMENTED, {
        0: "undefined", 1: "manual", 2: "automatic", 3: "one-push automatic", 4: "daylight", 5: "fluorescent",
        6: "tungsten", 7: "flash",
    }),
    Scale("ptp", 0x5007, "f_number", "PIMA 15740:2000", DOCUMENTED, 100),
    Scale("ptp", 0x5008, "mm", "PIMA 15740:2000", DOCUMENTED, 100, note="the 35 mm equivalent"),
    Scale("ptp", 0x5009, "distance", "PIMA 15740:2000", DOCUMENTED),
    Choices("ptp", 0x5009, "PIMA 15740:2000", DOCUMENTED, {0xFFFF: "infinity"}, "beyond 655 m"),
    Choices("ptp", 0x500A, "PIMA 15740:2000", DOCUMENTED, {0: "undefined", 1: "manual", 2: "automatic", 3: "automatic macro"}),
    Choices("ptp", 0x500B, "PIMA 15740:2000", DOCUMENTED, {0: "undefined", 1: "average", 2: "center-weighted", 3: "multi-spot", 4: "center spot"}),
    Choices("ptp", 0x500C, "PIMA 15740:2000", DOCUMENTED, {
        0: "undefined", 1: "auto", 2: "off", 3: "fill flash", 4: "red-eye auto", 5: "red-eye fill", 6: "external sync",
    }),
    Scale("ptp", 0x500D, "exposure", "PIMA 15740:2000", DOCUMENTED, 10000),
    Choices("ptp", 0x500E, "PIMA 15740:2000", DOCUMENTED, {
        0: "undefined", 1: "manual", 2: "automatic", 3: "aperture priority", 4: "shutter priority",
        5: "program creative", 6: "program action", 7: "portrait",
    }),
    Scale("ptp", 0x500F, "iso", "PIMA 15740:2000", DOCUMENTED),
    Choices("ptp", 0x500F, "PIMA 15740:2000", DOCUMENTED, {0xFFFF: "ISO auto"}),
    Scale("ptp", 0x5010, "ev", "PIMA 15740:2000", DOCUMENTED, 1000),
    Scale("ptp", 0x5011, "date", "PIMA 15740:2000", DOCUMENTED),
    Scale("ptp", 0x5012, "span", "PIMA 15740:2000", DOCUMENTED, 1000),
    Choices("ptp", 0x5012, "PIMA 15740:2000", DOCUMENTED, {0: "off"}),
    Choices("ptp", 0x5013, "PIMA 15740:2000", DOCUMENTED, {0: "undefined", 1: "normal", 2: "burst", 3: "timelapse"}),
    Scale("ptp", 0x5016, "times", "PIMA 15740:2000", DOCUMENTED, 10),
    Choices("ptp", 0x5017, "PIMA 15740:2000", DOCUMENTED, {0: "undefined", 1: "standard", 2: "black and white", 3: "sepia"}),
    Scale("ptp", 0x5019, "span", "PIMA 15740:2000", DOCUMENTED, 1000),
    Scale("ptp", 0x501B, "span", "PIMA 15740:2000", DOCUMENTED, 1000),
    Choices("ptp", 0x501C, "PIMA 15740:2000", DOCUMENTED, {0: "undefined", 1: "center spot", 2: "multi-spot"}),
    Scale("ptp", 0x5022, "fourcc", "libgphoto2", IMPLEMENTED),
    Scale("ptp", 0x5025, "fps", "libgphoto2", IMPLEMENTED, 1000000),
)

# fmt: on

# Vendors whose cameras also use another vendor's numbers.
KIN: Mapping[str, str] = MappingProxyType({"olympus_omd": "olympus"})


def rows(vendor: str) -> tuple[Scale | Choices, ...]:
    """All rows of one vendor ("ptp" is the standard), a user's own first; KeyError for a vendor that doesn't exist."""
    return _rows(vendor, active())


def choices(code: int, vendor: str | None = None) -> Mapping[int, str]:
    """The meanings of a property's single values as seen with a vendor's camera: its own, then the standard's.

    Empty for a property without any. KeyError for a vendor that doesn't exist.
    """
    return _tables(vendor, active())[0].get(code, _NONE)


def scale(code: int, vendor: str | None = None) -> Scale | None:
    """How a property's number is read as seen with a vendor's camera; None when nobody wrote it down.

    KeyError for a vendor that doesn't exist.
    """
    return _tables(vendor, active())[1].get(code)


_NONE: Mapping[int, str] = MappingProxyType({})


@lru_cache(maxsize=256)
def _rows(vendor: str, overlay: Overlay) -> tuple[Scale | Choices, ...]:
    own = VALUES if vendor == "ptp" else () if vendor == "mtp" else vendors.values(vendor)
    return (*(row for row in overlay.values if row.vendor == vendor), *own)


@lru_cache(maxsize=256)
def _tables(vendor: str | None, overlay: Overlay) -> tuple[Mapping[int, Mapping[int, str]], Mapping[int, Scale]]:
    """Choices and scales by property; of two rows the more special one: a vendor's, and of these the first."""
    meanings: dict[int, dict[int, str]] = {}
    scales: dict[int, Scale] = {}
    layers = ["ptp", KIN.get(vendor or "", ""), vendor or ""]
    for name in dict.fromkeys(filter(None, layers)):
        for row in reversed(_rows(name, overlay)):
            if isinstance(row, Scale):
                scales[row.code] = row
            else:
                meanings.setdefault(row.code, {}).update(row.texts)
    choices = MappingProxyType({code: MappingProxyType(texts) for code, texts in meanings.items()})
    return choices, MappingProxyType(scales)
