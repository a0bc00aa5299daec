"""Files that users write in TOML: read whole, and whatever is wrong with one is said as FILE:LINE: reason.

Knows no content: who reads a file says which keys it may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LARGEST = 1 << 24
"""Bytes of the largest file that is read: people write far less."""


class TomlFileError(ValueError):
    """A file that can't be used: ``path``, ``line`` (None where the file can't be read at all), ``reason``."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """What a file holds, and its text for ``line_of``. Raises TomlFileError."""
    import tomllib  # only who has such a file waits for it

    text = _text_of(path)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        reason, line = _syntax_error(str(error), text)
        raise TomlFileError(path, line, reason) from None
    except RecursionError:
        raise TomlFileError(path, 1, "tables are nested too deep") from None


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise TomlFileError(path, None, error.strerror or "can't be read") from None
    if len(raw) > LARGEST:
        raise TomlFileError(path, None, f"is larger than {LARGEST >> 20} MiB")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TomlFileError(path, raw[: error.start].count(b"\n") + 1, "is not UTF-8 text") from None


def _syntax_error(said: str, text: str) -> tuple[str, int]:
    """What tomllib says, without its place, and the line of that place."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    reason = said[: found.start()] if found else said
    line = int(found[1]) if found and found[1] else max(1, len(text.rstrip("\n").split("\n")))
    return " ".join(reason.split()), line


def line_of(text: str, keys: Sequence[str], value: object) -> int:
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
