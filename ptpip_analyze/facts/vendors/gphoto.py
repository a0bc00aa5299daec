"""Vendor numbers of libgphoto2 that never travel. Promises one row per number with its source; refuses codes of the
wire.

libgphoto2 puts these in place of a device's own VendorExtensionID.
"""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import IMPLEMENTED, Code

OTHERS: tuple[Code, ...] = (
    Code("vendor_extension", "gphoto_local", 0xFFFB, "SIGMAFP", "libgphoto2", IMPLEMENTED, "not on the wire: host-side override value used by libgphoto2"),
    Code("vendor_extension", "gphoto_local", 0xFFFC, "LEICA", "libgphoto2", IMPLEMENTED, "not on the wire: host-side override value used by libgphoto2"),
    Code("vendor_extension", "gphoto_local", 0xFFFD, "OLYMPUS_OMD", "libgphoto2", IMPLEMENTED, "not on the wire: host-side override value used by libgphoto2"),
    Code("vendor_extension", "gphoto_local", 0xFFFE, "OLYMPUS", "libgphoto2", IMPLEMENTED, "not on the wire: host-side override value used by libgphoto2"),
)

ROWS = (*OTHERS,)
