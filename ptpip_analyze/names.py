"""A user's own names, read from TOML files (docs/names.md). Promises an overlay that all look-ups of ``facts`` see once
it is in use, and for a file that is no such thing one line, FILE:LINE: reason; refuses to take half of a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .facts.overlay import EMPTY, Overlay, OverlayError, overlay_of, use

LARGEST = 1 << 24
"""Bytes of the largest file that is read: names of everything there is take far less."""


class NamesError(ValueError):
    """A file of names that can't be used: ``path``, ``line`` (None where the file can't be read at all), ``reason``."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


def default_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where a user's names are kept: ``$XDG_CONFIG_HOME``, else ``~/.config``, then ``ptpip-analyze/names.toml``.

    As the XDG rules say, a relative ``XDG_CONFIG_HOME`` counts as none.
    """
    values = os.environ if environ is None else environ
    base = Path(values.get("XDG_CONFIG_HOME") or "")
    if not base.is_absolute():
        base = Path(values.get("HOME") or Path.home()) / ".config"
    return base / "ptpip-analyze" / "names.toml"


def use_names(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> list[Path]:
    """Put a user's names in force: those of the default file, if there is one, and on top those of ``path``.

    Gives the files that were read. Raises NamesError and changes nothing when one of them can't be used. Without any
    file, the built-in names are in force.
    """
    usual = default_path(environ)
    paths = [usual] if _is_there(usual) else []
    if path is not None:
        paths.append(Path(path))
    overlay = EMPTY
    for each in paths:
        overlay = overlay.under(read_names(each))
    use(overlay)
    return paths


def read_names(path: str | Path) -> Overlay:
    """The overlay that one file describes; it is not in force yet. Raises NamesError."""
    import tomllib  # only who has a file of names waits for it

    path = Path(path)
    text = _text_of(path)
    try:
        return overlay_of(tomllib.loads(text))
    except OverlayError as error:
        where = ".".join(error.keys)
        reason = error.reason if repr(error.keys[-1]) in error.reason else f"{where} {error.reason}"
        raise NamesError(path, _line_of(text, error.keys, error.value), reason) from None
    except tomllib.TOMLDecodeError as error:
        reason, line = _syntax_error(str(error), text)
        raise NamesError(path, line, reason) from None
    except RecursionError:
        raise NamesError(path, 1, "tables are nested too deep") from None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise NamesError(path, None, error.strerror or "can't be read") from None
    if len(raw) > LARGEST:
        raise NamesError(path, None, f"is larger than {LARGEST >> 20} MiB")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NamesError(path, raw[: error.start].count(b"\n") + 1, "is not UTF-8 text") from None


def _syntax_error(said: str, text: str) -> tuple[str, int]:
    """What tomllib says, without its place, and the line of that place."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    reason = said[: found.start()] if found else said
    line = int(found[1]) if found and found[1] else max(1, len(text.rstrip("\n").split("\n")))
    return " ".join(reason.split()), line


def _line_of(text: str, keys: Sequence[str], value: object) -> int:
    """The line of the key that ``keys`` lead to, or of a value below it; the nearest key above if it stands in none."""
    best, at = -1, 1
    for number, path in _keys_of(text):
        shared = 0
        while shared < min(len(path), len(keys)) and path[shared] == keys[shared]:
            shared += 1
        if shared == min(len(path), len(keys)) and shared > best:  # a key on the way, the key itself, or one below it
            best, at = shared, number
    lines = text.split("\n")
    until = next((number for number, _ in _keys_of(text) if number > at), len(lines) + 1)
    last = keys[-1] if keys else ""
    sought = [str(value)] if isinstance(value, str | int) and str(value) else []
    if best < len(keys):
        sought = [last, *sought]  # a key of an inline table: its own line, when the table takes several
    for word in sought:
        for number in range(at, until):
            if re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", lines[number - 1]):
                return number
    return at


def _keys_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every table header and key that begins a line, with the keys that lead to it."""
    table: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\[?([^\[\]=]+)\]\]?\s*(?:#.*)?$", line):
            table = _parts(header[1])
            yield number, table
        elif key := re.match(r"""\s*((?:[\w.\- \t]|"[^"]*"|'[^']*')+?)\s*=""", line):
            yield number, [*table, *_parts(key[1])]


def _parts(dotted: str) -> list[str]:
    """A dotted key's parts: sony.operations."0x9123"."""
    return [part.strip("\"' \t") for part in re.findall(r"""\s*"[^"]*"\s*|\s*'[^']*'\s*|[^.]+""", dotted)]
