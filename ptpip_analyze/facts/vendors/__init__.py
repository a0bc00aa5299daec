"""Codes that makers added, one file per maker. Promises that a maker's file is read only when one of its vendors is
asked for; refuses vendors that aren't listed (KeyError).

To name a code, add a row to the maker's file. To add a maker, add a file with ``ROWS`` and its vendors to
``MODULES``. What the numbers of a maker's properties mean is in a file of its own, ``values_<maker>``, read when it is
first asked for: most questions are about names.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..row import Choices, Code, Event, Operation, Scale

# Vendor -> its file. One maker can have several vendors: sets of cameras that use the same numbers differently.
MODULES: dict[str, str] = {
    "android": "android",
    "canon": "canon",
    "canon_eos": "canon",
    "casio": "casio",
    "chdk": "chdk",
    "fuji": "fuji",
    "gphoto_local": "gphoto",
    "kodak": "kodak",
    "leica": "leica",
    "magic_lantern": "chdk",
    "microsoft": "microsoft",
    "nikon": "nikon",
    "olympus": "olympus",
    "olympus_omd": "olympus",
    "panasonic": "panasonic",
    "parrot": "parrot",
    "ricoh": "ricoh",
    "samsung": "samsung",
    "sigma": "sigma",
    "sony": "sony",
    "sony_qx": "sony",
}

VALUES = ("canon", "fuji", "nikon", "olympus", "sony")
"""The makers whose property values are known."""


@cache
def rows(vendor: str) -> tuple[Code | Event | Operation, ...]:
    """All rows of a vendor in the order of its file; KeyError for a vendor that isn't in ``MODULES``."""
    module = import_module(f".{MODULES[vendor]}", __name__)
    return tuple(row for row in module.ROWS if row.vendor == vendor)


@cache
def values(vendor: str) -> tuple[Scale | Choices, ...]:
    """What the numbers of a vendor's properties mean; KeyError for a vendor that isn't in ``MODULES``."""
    maker = MODULES[vendor]
    if maker not in VALUES:
        return ()
    module = import_module(f".values_{maker}", __name__)
    return tuple(row for row in module.VALUES if row.vendor == vendor)
