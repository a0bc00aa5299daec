"""Sigma's datasets: lists of tagged entries as in a TIFF directory, and live view. Promises the entries; refuses to
tell what a tag means, and to follow an entry's offset.
"""

from __future__ import annotations

from collections.abc import Callable

from .pictures import find_jpeg
from .scan import Scan
from .standard import framed_picture
from .values import Doubt


def tag_list(scan: Scan) -> None:
    """Length, count, entries of 12 bytes, what the entries point at, and one byte of checksum."""
    size = scan.number("length", 4)
    if size is not None and size > scan.size:
        scan.note(f"says {size:,} bytes, there are {scan.size:,}", 0, Doubt.CONTRADICTION)
    count = scan.number("count", 4)
    for name in scan.entries(count, "entries"):
        with scan.group(name) as entry:
            entry.number("tag", 2)
            entry.number("type", 2)
            entry.number("count", 4)
            entry.number("valueOrOffset", 4, "hex")
    if scan.left > 1:
        scan.raw("data", scan.left - 1)
    if scan.more():
        scan.number("checksum", 1, "hex")


def live_view(scan: Scan) -> None:
    """A frame: a header of unknown layout, then a JPEG."""
    framed_picture(scan, find_jpeg(scan.data))


DECODERS: dict[str, Callable[[Scan], None]] = {"SigmaList": tag_list, "SigmaLiveView": live_view}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"SigmaLiveView": find_jpeg}
