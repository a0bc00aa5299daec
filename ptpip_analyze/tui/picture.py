"""A JPEG in a payload as half blocks: two pixels per cell, or shades where there are no colours.

Promises to read no more at a time than the decoder asks for, and a sentence for what is no picture.
"""

from __future__ import annotations

import io
from typing import Final

from rich.color import Color
from rich.style import Style
from rich.text import Text

from ptpip_analyze.describe import human_bytes

from .parts import Bytes

_START: Final = b"\xff\xd8\xff"
_LOOKED_THROUGH: Final = 1 << 16  # bytes in which a picture may begin: live view wraps it in records
_SHADES: Final = " .:-=+*#%@"
_MOST_PIXELS: Final = 200_000_000


class PictureError(Exception):
    """Why no picture is shown, in a sentence."""


class _File(io.RawIOBase):
    """Bytes with holes as a file; a hole reads as zeros."""

    def __init__(self, held: Bytes, start: int) -> None:
        self._held, self._start, self._at = held, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._held.size - self._start}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        found = self._held.read(self._start + self._at, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def picture(held: Bytes, width: int, height: int, colours: bool) -> tuple[str, Text]:
    """A caption, and a picture in at most ``width`` by ``height`` cells. PictureError where there is none.

    OSError or CaptureError when the capture can't be read any more.
    """
    from PIL import Image, ImageFile, UnidentifiedImageError

    start = held.read(0, _LOOKED_THROUGH).find(_START)
    if start < 0:
        raise PictureError("there is no JPEG in these bytes")
    try:
        with Image.open(io.BufferedReader(_File(held, start)), formats=["JPEG"]) as opened:
            real = opened.size
            if real[0] * real[1] > _MOST_PIXELS:
                raise PictureError(f"a picture of {real[0]} x {real[1]} pixels is too large to be shown")
            share = min(width / real[0], 2 * height / real[1], 1.0)
            size = max(round(real[0] * share), 1), max(round(real[1] * share / 2), 1) * 2
            opened.draft("RGB", size)  # decodes no more than that needs
            ImageFile.LOAD_TRUNCATED_IMAGES = True  # a part of a photo is better than none
            small = opened.convert("RGB").resize(size)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"this JPEG can't be decoded: {error}") from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    pixels = small.tobytes()
    text = Text(no_wrap=True)
    for row in range(0, size[1], 2):
        upper, lower = (pixels[3 * size[0] * one : 3 * size[0] * (one + 1)] for one in (row, row + 1))
        for at in range(0, len(upper), 3):
            above, below = tuple(upper[at : at + 3]), tuple(lower[at : at + 3])
            if colours:
                text.append("▀", Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
            else:
                text.append(_SHADES[(sum(above) + sum(below)) * (len(_SHADES) - 1) // (6 * 255)])
        text.append("\n")
    missing = "" if held.whole else ", parts of it are missing"
    return f"JPEG, {real[0]} x {real[1]} pixels, {human_bytes(held.size - start)}{missing}", text
