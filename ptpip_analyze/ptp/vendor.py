"""Whose camera it is: the vendor whose code tables name what the standards leave to vendors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .datasets import DeviceInfo

_MANUFACTURERS = {
    "canon": "canon_eos",
    "nikon": "nikon",
    "sony": "sony",
    "fuji": "fuji",
    "panasonic": "panasonic",
    "olympus": "olympus_omd",
    "om digital": "olympus_omd",
    "ricoh": "ricoh",
    "leica": "leica",
}


def vendor_of(device: DeviceInfo | None) -> str | None:
    """The vendor by what the camera says of itself; None when it says nothing known."""
    said = ((device.manufacturer if device else None) or "").lower()
    return next((vendor for word, vendor in _MANUFACTURERS.items() if word in said), None)
