"""Pictures in payloads: where a JPEG lies, what a run of bytes begins like. Promises places within the bytes it was
given; refuses to decode a picture.
"""

from __future__ import annotations

import re

_START = b"\xff\xd8\xff"
_END = b"\xff\xd9"
_SEARCHED = 1 << 16  # no live-view header is longer

# First bytes -> what such a file is called; an offset of 4 for those that begin with a box size.
_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (4, b"ftypcrx", "CR3"),
    (4, b"ftypheic", "HEIF"),
    (4, b"ftypheix", "HEIF"),
    (4, b"ftyp", "MP4 or QuickTime"),
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"II*\0\x10\0\0\0CR", "CR2"),
    (0, b"II*\0", "TIFF or raw"),
    (0, b"MM\0*", "TIFF or raw"),
    (0, b"IIU\0", "RW2"),
    (0, b"IIRO", "ORF"),
    (0, b"RIFF", "RIFF (AVI or WAV)"),
    (0, b"GIF8", "GIF"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"BM", "BMP"),
    (0, b"<?xml", "XML"),
)
_ANY = re.compile(b"|".join(b"(?s:.{%d})%s" % (ahead, re.escape(magic)) for ahead, magic, _ in _BEGINNINGS))


def kind_text(data: bytes, start: int = 0) -> str | None:
    """What a file that begins like this is called; None where the beginning tells nothing."""
    return next((name for ahead, magic, name in _BEGINNINGS if data.startswith(magic, start + ahead)), None)


def find_jpeg(data: bytes, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """First byte of a JPEG and the one behind it: to its last end marker, else to ``end``. None: no JPEG begins here.

    Looks for its beginning in the first 64 KiB only.
    """
    stop = len(data) if end is None else min(end, len(data))
    begins = data.find(_START, start, min(stop, start + _SEARCHED))
    if begins < 0:
        return None
    ends = data.rfind(_END, begins, stop)
    return (begins, stop if ends < 0 else ends + 2)


def told_jpeg(data: bytes, start: int, size: int) -> tuple[int, int] | None:
    """The JPEG that a header says lies here, as far as it is at hand; None where none begins here."""
    return (start, min(start + size, len(data))) if size > 0 and data.startswith(_START, start) else None


def beginning_bytes(data: bytes, start: int = 0) -> int:
    """How many of the first bytes are those that ``kind_text`` knows the kind by; 0 where they tell nothing."""
    if not _ANY.match(data, start):
        return 0  # at once: nearly all that is asked about
    known = (ahead + len(magic) for ahead, magic, _ in _BEGINNINGS if data.startswith(magic, start + ahead))
    return next(known, 0)
