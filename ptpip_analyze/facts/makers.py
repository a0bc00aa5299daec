"""What cameras say of themselves and by which their maker is known. Promises literals with a source; refuses to weigh
them: that is done where a session is looked at (``ptp.vendor``).

A VendorExtensionID says little: Canon, Nikon and Fujifilm cameras report Microsoft's 6, others 0xFFFFFFFF or 0.
"""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import NamedTuple

from .row import AGREED, DOCUMENTED, IMPLEMENTED


class Maker(NamedTuple):
    """One maker: its vendors, the usual one first, and what gives it away. Texts are compared in lower case."""

    vendors: tuple[str, ...]
    manufacturers: tuple[str, ...]  # words of DeviceInfo's Manufacturer, and of its VendorExtensionDesc
    models: tuple[str, ...]  # how models begin, in DeviceInfo and in friendly names
    source: str
    confidence: str = AGREED
    extensions: tuple[int, ...] = ()  # VendorExtensionID that is the maker's own
    others: bool = False  # makes other cameras, too, whose codes are not these: its name alone says nothing


MAKERS: tuple[Maker, ...] = (
    Maker(("canon_eos", "canon"), ("canon",), ("canon eos", "canon powershot", "canon ixus", "eos", "powershot", "ixus"), "libgphoto2", extensions=(0xB,)),
    Maker(("nikon",), ("nikon",), ("nikon", "coolpix"), "libgphoto2", extensions=(0xA,)),
    Maker(("sony", "sony_qx"), ("sony",), ("ilce-", "ilme-", "ilca-", "nex-", "slt-", "dsc-", "zv-"), "libgphoto2", extensions=(0x11,)),
    Maker(("fuji",), ("fujifilm", "fuji"), ("x-a", "x-e", "x-h", "x-pro", "x-s", "x-t", "gfx", "finepix"), "libgphoto2", extensions=(0xE,)),
    Maker(("panasonic",), ("panasonic",), ("dmc-", "dc-"), "libgphoto2", extensions=(0x1C,)),
    Maker(("olympus_omd", "olympus"), ("olympus", "om digital solutions"), ("e-m", "e-p", "om-"), "libgphoto2"),
    Maker(("ricoh",), ("ricoh",), ("ricoh theta", "theta"), "libgphoto2", extensions=(0xD,), others=True),  # PENTAX and GR have other codes
    Maker(("leica",), ("leica",), ("leica",), "libgphoto2", IMPLEMENTED),
    Maker(("samsung",), ("samsung",), ("nx",), "libgphoto2", IMPLEMENTED, (0x1A,)),
    Maker(("sigma",), ("sigma",), ("sigma",), "libgphoto2", IMPLEMENTED),
    Maker(("parrot",), ("parrot",), ("sequoia",), "libgphoto2", IMPLEMENTED, (0x1B,)),
    Maker(("kodak",), ("kodak", "eastman kodak"), ("kodak",), "libgphoto2", IMPLEMENTED, (0x1,)),
    Maker(("casio",), ("casio",), ("ex-",), "libgphoto2", IMPLEMENTED),
    Maker(("android",), ("android.com",), (), "libgphoto2", DOCUMENTED),
)
"""Every maker whose codes there are and that can be told by more than a code."""

SHORT_PREFIX = 3
"""A beginning of fewer letters ("nx") is common: it counts in DeviceInfo's Model, never in a friendly name."""

TELLING_PREFIX = 5
"""A beginning of fewer letters ("dc-") is no proof in a Model without a Manufacturer: other makers begin so, too."""

PORTS: dict[int, str] = {55740: "fuji"}
"""TCP ports of the responder that one maker uses (libgphoto2; several implementations)."""
