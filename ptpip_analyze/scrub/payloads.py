"""Data phases without what is personal: of datasets that are understood, texts and bytes are replaced in their places.

Promises as many bytes as there were, with the same fields in the same places: what comes out is decoded once more, and
filler stands for all of it where it reads otherwise. Refuses to let anything pass that no field accounts for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..facts import name_of
from ..facts.personal import PERSONAL_PROPERTIES, PUBLIC_FIELDS
from ..ptp.datasets import property_values
from ..ptp.pictures import beginning_bytes
from ..ptp.properties import Exchange
from ..ptp.values import Dataset, Doubt, Value
from .pseudonyms import Pseudonyms

_LONGEST_NUMBER = 8  # bytes: longer ones identify something
_COUNT = 4  # bytes of an array's count
_VALUES = frozenset({"value", "current", "factoryDefault", "default"})  # an array here may be a text
_STRUCTURE = frozenset({"formFlag", "valuesCount", "count"})  # without which a description can't be read
_PRINTABLE = re.compile(rb"[\x20-\x7e]{3,}\0?")
_SPELLED = re.compile(rb"[\x20-\x7e]{6,}|(?:[\x20-\x7e]\0){6,}")  # no numbers look so, side by side
Range = tuple[int, int]


class Scrubber:
    """Replaces what is personal in the bytes of one data phase. ``identity`` names it: filler is its own."""

    def __init__(self, pseudonyms: Pseudonyms, identity: bytes, data: bytes) -> None:
        self._pseudonyms, self._identity, self._data = pseudonyms, identity, data
        self.out = bytearray(pseudonyms.filler(identity, 0, len(data)))
        self._numbers = bytearray(len(data))  # what stays because it was read as a number

    def dataset(self, dataset: Dataset, exchange: Exchange) -> None:
        """Keep what may stay of a dataset, and put texts in place of texts."""
        personal, arrays = self._properties(dataset, exchange)
        contradicted = (note.start for note in dataset.notes if note.doubt is Doubt.CONTRADICTION)
        sound = min(contradicted, default=len(self._data))
        guessed = any(note.doubt is Doubt.GUESS for note in dataset.notes)
        for field in _leaves(dataset.fields):
            if field.start >= field.end or field.end > sound:
                continue
            spells = _PRINTABLE.fullmatch(self._data[field.start : field.end])
            if guessed and spells and not isinstance(field.value, str):
                continue
            if any(field.start < end and start < field.end for start, end in personal):
                self._personal(field)
            else:
                self._leaf(field, arrays)
        for text in _SPELLED.finditer(self._numbers):  # another layout than the one known: a text was read as numbers
            low, high = text.span()
            self._pseudonyms.counts["bytes"] += high - low
            self.out[low:high] = self._pseudonyms.filler(self._identity, low, high - low)

    def _properties(self, dataset: Dataset, exchange: Exchange) -> tuple[list[Range], set[Range]]:
        """Where values of personal properties stand, and where arrays do that are the value of a property."""
        personal: list[Range] = []
        arrays: set[Range] = set()
        for value in property_values(dataset, parameters=exchange.parameters):
            name = name_of("property", value.code, exchange.vendor).lower().replace("_", "")
            if any(word in name for word in PERSONAL_PROPERTIES):
                personal.append((value.start, value.end))
            elif value.role == "current" and isinstance(value.value, tuple):
                arrays.add((value.start, value.end))
        if personal and dataset.name in ("DevicePropDesc", "DevicePropDescEx"):
            personal.append(_behind_head(dataset))
        return personal, arrays

    def _personal(self, field: Value) -> None:
        """Of a personal value, how many elements or letters it has stays, and nothing where it has a value."""
        low, high = field.start, field.end
        if isinstance(field.value, str):
            self._text(field)
        elif field.name in _STRUCTURE or not any(self._data[low:high]):
            self._keep(low, high)
        elif isinstance(field.value, tuple):
            self._keep(low, min(_first(field), high))

    def _leaf(self, field: Value, arrays: set[Range]) -> None:
        value, low, high = field.value, field.start, field.end
        if isinstance(value, str):
            if field.name in PUBLIC_FIELDS:
                self._keep(low, high)
                self._pseudonyms.public.add(value)
            else:
                self._text(field)
        elif isinstance(value, int):
            if high - low <= _LONGEST_NUMBER:
                self._number(low, high)
        elif isinstance(value, tuple) and all(isinstance(one, int) for one in value):
            first = _first(field)
            counted = first > low
            if counted and (field.name in _VALUES or (low, high) in arrays or high - first <= len(value)):
                self._keep(low, min(first, high))
            else:
                self._number(low, high)
        elif not any(self._data[low:high]):
            self._keep(low, high)
        else:
            self._bytes(low, high)

    def _keep(self, low: int, high: int) -> None:
        self.out[low:high] = self._data[low:high]

    def _number(self, low: int, high: int) -> None:
        self._keep(low, high)
        self._numbers[low:high] = self._data[low:high]

    def _bytes(self, low: int, high: int) -> None:
        """Filler, behind the bytes by which a file says of which format it is, or a record how long it is."""
        self._pseudonyms.counts["bytes"] += high - low
        counted = int.from_bytes(self._data[low : low + _COUNT], "little") == high - low
        self._keep(low, min(low + (_COUNT if counted else beginning_bytes(self._data, low)), high))

    def picture(self, low: int, high: int) -> None:
        """A JPEG lies there: its first and its last marker stay."""
        self._keep(low, min(low + 3, high))
        if self._data[high - 2 : high] == b"\xff\xd9":
            self._keep(high - 2, high)

    def _text(self, field: Value) -> None:
        """A text of as many units, however it is encoded; filler where that can't be told."""
        assert isinstance(field.value, str)
        raw = self._data[field.start : field.end]
        at, encoding = _placed(raw, field.value)
        if at < 0:
            self._pseudonyms.counts["bytes"] += len(raw)
            return
        new = self._pseudonyms.text(field.value).encode(encoding, "surrogatepass")
        tail = raw[at + len(new) :]
        begin = field.start + at
        self.out[field.start : begin] = raw[:at]
        self.out[begin : begin + len(new)] = new
        if not any(tail):
            self.out[begin + len(new) : field.end] = tail


def _first(field: Value) -> int:
    """Where the first number of a list stands: behind its count, if it has one."""
    assert isinstance(field.value, tuple)
    if field.parts:
        return field.parts[0].start
    return field.start if field.end - field.start == len(field.value) else field.start + _COUNT


def _behind_head(dataset: Dataset) -> Range:
    """What stands behind the code, datatype and access of a property's description."""
    head = [field.end for field in dataset.fields if field.name in ("property", "dataType", "getSet")]
    return max(head, default=0), dataset.size


def _placed(raw: bytes, text: str) -> tuple[int, str]:
    """Where in its bytes a text stands, behind a count of at most four bytes, and in which encoding; -1 if unsure.

    The replacement is as long in each of these as the text: units of 16 bits, or letters of one byte.
    """
    wide = text.encode("utf-16-le", "surrogatepass")
    for at in (1, 0, 2, 4):
        if raw[at : at + len(wide)] == wide and (at != 1 or raw[0] >= len(wide) // 2):
            return at, "utf-16-le"
    if text.isascii():
        for at in (0, 4, 1, 2):
            if raw[at : at + len(text)] == text.encode():
                return at, "latin-1"
    return -1, ""


def _leaves(values: Iterable[Value]) -> Iterator[Value]:
    """The values without groups; a list of numbers is one."""
    for value in values:
        numbers = isinstance(value.value, tuple) and all(isinstance(one, int) for one in value.value)
        if value.parts and not numbers:
            yield from _leaves(value.parts)
        else:
            yield value


def skeleton(dataset: Dataset) -> list[tuple[str, int, int, object]]:
    """What has to be the same afterwards: names, places and sorts of the fields."""
    return [(value.name, value.start, value.end, type(value.value).__name__) for value in _leaves(dataset.fields)]
