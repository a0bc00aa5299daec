"""Numbers that stand for no one object, storage or format in a request. Promises one row per parameter and meaning,
with the operations it holds for; refuses to say so of any other operation: there, the number is just a number.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .row import AGREED, DOCUMENTED


class Wildcard(NamedTuple):
    """What a number means in place of a handle, a storage or a format."""

    parameter: str  # its name in the rows of operations
    value: int
    text: str
    operations: tuple[int, ...]
    source: str
    confidence: str = DOCUMENTED


# fmt: off
WILDCARDS: tuple[Wildcard, ...] = (
    Wildcard("StorageID", 0xFFFFFFFF, "all", (0x1006, 0x1007, 0x101D), "PIMA 15740:2000"),
    Wildcard("StorageID", 0, "any", (0x100E, 0x101C), "PIMA 15740:2000"),
    Wildcard("DestStorageID", 0, "any", (0x100C,), "PIMA 15740:2000"),
    Wildcard("DestStorageID", 0, "any", (0x9808,), "MTP 1.1"),
    Wildcard("ParentHandle", 0xFFFFFFFF, "root", (0x1006, 0x1007, 0x100C, 0x101D), "PIMA 15740:2000"),
    Wildcard("ParentHandle", 0xFFFFFFFF, "root", (0x9808,), "MTP 1.1"),
    Wildcard("ParentHandle", 0xFFFFFFFF, "root", (0x9109,), "libgphoto2", AGREED),
    Wildcard("ParentHandle", 0, "any", (0x1006, 0x1007, 0x100C, 0x101D), "PIMA 15740:2000"),
    Wildcard("ParentHandle", 0, "any", (0x9808,), "MTP 1.1"),
    Wildcard("ObjectFormatCode", 0, "any", (0x1006, 0x1007, 0x100B, 0x100E, 0x101C, 0x101D), "PIMA 15740:2000"),
    Wildcard("ObjectFormatCode", 0, "any", (0x9805,), "MTP 1.1"),
    Wildcard("ObjectFormatCode", 0xFFFFFFFF, "all images", (0x1006, 0x1007, 0x100B), "PIMA 15740:2000"),
    Wildcard("ObjectHandle", 0xFFFFFFFF, "all", (0x100B,), "PIMA 15740:2000"),
    Wildcard("ObjectHandle", 0xFFFFFFFF, "all", (0x9805,), "MTP 1.1"),
)
# fmt: on


@cache
def _by_place() -> dict[tuple[int, str, int], str]:
    return {(code, row.parameter, row.value): row.text for row in WILDCARDS for code in row.operations}


def wildcard(operation: int, parameter: str, value: int) -> str | None:
    """What a value stands for in a parameter of an operation; None where it is just a number."""
    return _by_place().get((operation, parameter, value))
