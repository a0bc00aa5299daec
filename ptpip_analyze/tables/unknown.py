"""Codes that nothing names: which there are in captures, with what they came, and what they carried.

Promises one row per kind, code and vendor, and that payloads are read in bounded pieces, few per code. Refuses to give
a name: that is for who works the code out (docs/names.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .. import facts
from ..ptp import NO_ROW
from ..ptp.seen import PROPERTY_OPERATIONS
from ..ptp.shape import HEAD_BYTES, shape_of_all
from ..ptpip import messages as m
from . import sightings
from .sightings import PAYLOADS, WORDS

if TYPE_CHECKING:
    from ..analysis import Analysis
    from ..result import Result

COLUMNS: Final = {
    "kind": "text",
    "vendor": "text",
    "code": "uint",
    "count": "int",
    "parameters": "text",
    "smallest_bytes": "int",
    "largest_bytes": "int",
    "payload": "text",
    "first_frame": "int",
    "capture": "text",
}
"""The columns and their kinds. ``parameters`` are the values that each took, in brackets one that not all carried;
``payload`` is a guess at what the data phases look like; frame and capture are those of the first."""


def unknown_codes(analysis: Analysis) -> list[dict[str, Any]]:
    """A row for each kind, code and vendor without a name, in order of first frame; captures in theirs."""
    found: dict[tuple[str, str | None, int], dict[str, Any]] = {}
    for result in analysis.results:
        for row in sorted(_of_result(result), key=lambda row: row["first_frame"]):
            key = (row["kind"], row["vendor"], row["code"])
            if key not in found:
                found[key] = row
                continue
            known = found[key]
            known["count"] += row["count"]
            known["words"] = np.concatenate([known["words"], row["words"]])
            known["sizes"] += row["sizes"]
            known["payloads"] = (known["payloads"] + row["payloads"])[:PAYLOADS]
    return [_told(row) for row in found.values()]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    sizes = row["sizes"]
    told = row | {
        "parameters": signature(row["words"]),
        "smallest_bytes": min(sizes, default=None),
        "largest_bytes": max(sizes, default=None),
        "payload": shape_of_all(row["payloads"]) if row["payloads"] else None,
    }
    return {name: told[name] for name in COLUMNS}


def signature(words: np.ndarray) -> str:
    """Parameter lists as one text: (0x1, 0x5..0x9, [0x0]). ``words`` has a row for each list: how many, then five."""
    counts = words[:, 0]
    parts = []
    for place in range(int(counts.max(initial=0))):
        carried = words[counts > place, 1 + place]
        low, high = int(carried.min()), int(carried.max())
        text = f"0x{low:X}" if low == high else f"0x{low:X}..0x{high:X}"
        parts.append(text if len(carried) == len(words) else f"[{text}]")
    return f"({', '.join(parts)})"


def _of_result(result: Result) -> Iterator[dict[str, Any]]:
    """The unnamed codes of one capture; what several captures add up to is still open in their rows."""
    columns, made = result.messages, result.transactions
    request, response = made.request, made.response
    asked = np.flatnonzero(request != NO_ROW)
    asked = asked[_carries_code(columns, request[asked])]
    rows = request[asked]
    yield from _unnamed(result, "operation", columns["code"][rows], rows, made.session[asked], asked)
    of_property = np.isin(columns["code"][rows], PROPERTY_OPERATIONS) & (columns["words"][rows] > 0)
    about, said = asked[of_property], rows[of_property]
    yield from _unnamed(result, "property", columns["word0"][said], said, made.session[about], about)
    answered = np.flatnonzero(response != NO_ROW)
    answered = answered[_carries_code(columns, response[answered])]
    rows = response[answered]
    yield from _unnamed(result, "response", columns["code"][rows], rows, made.session[answered], None)
    events = np.flatnonzero(columns["type"] == m.EVENT)
    events = events[_carries_code(columns, events)]
    session = result.places[0][columns["stream"][events]]
    yield from _unnamed(result, "event", columns["code"][events], events, session, None)
    yield from sightings.unnamed(result)


def _carries_code(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    known, length = columns["known"][rows].astype(np.int64), columns["length"][rows]
    return m.carries_code(columns["type"][rows], known, length)


def _unnamed(
    result: Result, kind: str, code: np.ndarray, row: np.ndarray, session: np.ndarray, transaction: np.ndarray | None
) -> Iterator[dict[str, Any]]:
    """Rows of those codes that their session's vendor does not name. ``row`` are messages, ``transaction`` whose."""
    of_session = [*result.vendors, None]  # the last one is what session -1 finds
    vendors = list(dict.fromkeys(of_session))
    number = np.array([vendors.index(vendor) for vendor in of_session], np.int64)[session]
    key = number << 32 | code.astype(np.int64)
    order = np.argsort(key, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []:
        vendor, value = vendors[int(key[members[0]]) >> 32], int(key[members[0]]) & 0xFFFFFFFF
        if facts.row_of(kind, value, vendor) is not None:
            continue
        carried = [] if transaction is None else transaction[members].tolist()
        sizes, payloads = _payloads(result, carried)
        yield {
            "kind": kind,
            "vendor": vendor,
            "code": value,
            "count": len(members),
            "words": np.stack([result.messages[name][row[members]] for name in ("words", *WORDS)], axis=1),
            "sizes": sizes,
            "payloads": payloads,
            "first_frame": int(result.messages["first"][row[members]].min()) + 1,
            "capture": result.path,
        }


def _payloads(result: Result, transactions: Sequence[int]) -> tuple[list[int], list[tuple[bytes, int]]]:
    """The sizes of all data phases, and the beginnings of the first few that are without a hole."""
    made = result.transactions
    sizes: list[int] = []
    payloads: list[tuple[bytes, int]] = []
    for number in transactions:
        if made.direction[number] <= 0:
            continue
        size = int(made.data_bytes[number])
        sizes.append(size)
        if len(payloads) < PAYLOADS:
            head = result.data_head(number, HEAD_BYTES).data
            if len(head) == min(size, HEAD_BYTES):
                payloads.append((head, size))
    return sizes, payloads
