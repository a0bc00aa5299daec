"""File names out of names from the wire. Promises names that every common file system takes as one file in one folder,
each given once; letters of all scripts stay. Refuses nothing: what can't be kept becomes an underscore.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_BYTES = 180  # in UTF-8; file systems take 255, and a number and ".partial" may follow
_MOST_SUFFIX = 16

PARTIAL = ".partial"
"""What the names of incomplete files end with, and no other."""

_DOTS = re.compile(r"\.{2,}")
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)  # Windows' devices

# First bytes, as ``ptp.pictures`` calls them -> suffix of a file that has no name.
SUFFIXES = {
    "JPEG": ".jpg", "CR3": ".cr3", "HEIF": ".heif", "MP4 or QuickTime": ".mov", "RAF": ".raf", "CR2": ".cr2",
    "TIFF or raw": ".tif", "RW2": ".rw2", "ORF": ".orf", "GIF": ".gif", "PNG": ".png", "BMP": ".bmp", "XML": ".xml",
}  # fmt: skip


def safe_name(text: str | None) -> str | None:
    """A name from the wire as the name of a file; None where nothing of it is left.

    Separators, control and formatting characters and what Windows forbids become underscores; of dots in a row one
    stays; dots and blanks at the ends go; a device of Windows gets an underscore in front, a name that ends as those of
    incomplete files do one behind; long names lose the end of their stem.
    """
    kept = "".join("_" if _is_harmful(letter) else letter for letter in unicodedata.normalize("NFC", text or ""))
    kept = _DOTS.sub(".", kept).strip(" .\u3000")
    if not kept.strip("_ ."):
        return None
    if _RESERVED.fullmatch(kept.partition(".")[0].rstrip()):
        kept = f"_{kept}"
    stem, suffix = parted(kept)
    name = _shortened(stem, MOST_BYTES - len(suffix.encode())) + suffix
    return f"{name}_" if name.casefold().endswith(PARTIAL) else name


def parted(name: str) -> tuple[str, str]:
    """Stem and suffix of a file name; no suffix where what follows the last dot is too long for one."""
    stem, dot, rest = name.rpartition(".")
    if not stem or not rest or len(rest.encode()) >= _MOST_SUFFIX or " " in rest:
        return name, ""
    return stem, dot + rest


def _is_harmful(letter: str) -> bool:
    """Control, formatting (which turn the direction of text), surrogates, private and unassigned ones, line ends."""
    return letter in _FORBIDDEN or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _shortened(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore").rstrip(" .") if len(text.encode()) > most else text


def key(name: str) -> str:
    """What is equal for names that some file system takes for one: large and small letters, composed and not."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


class Names:
    """Gives each name once: IMG_0001.JPG, then IMG_0001-2.JPG."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {key(name) for name in taken}
        self._next: dict[str, int] = {}

    def give(self, name: str, ending: str = "") -> str:
        """The name, or with a number the first that was not given; ``ending`` follows it."""
        stem, suffix = parted(name)
        base = key(name)
        number = self._next.get(base, 1)
        while True:
            chosen = name if number == 1 else f"{stem}-{number}{suffix}"
            number += 1
            # Complete and partial files are told apart by more than their ending.
            if key(chosen) not in self._taken and key(chosen + ending) not in self._taken:
                break
        self._next[base] = number
        self._taken |= {key(chosen), key(chosen + ending)}
        return chosen + ending
