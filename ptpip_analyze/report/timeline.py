"""The columns behind the page's timeline: every transaction and event as a few small numbers, packed.

Promises a bounded size whatever the capture holds: where transactions are too many, all that did not end well and the
longest are kept, and every n-th of the rest; how many were left out is said, and the strip below counts all of them.
Refuses texts from the wire but the names of operations, responses and events, each once.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.describe import counted, iso_time
from ptpip_analyze.facts.named import OK
from ptpip_analyze.ptp.timing import CAUSES
from ptpip_analyze.result import Result
from ptpip_analyze.tables.columns import as_floats, as_integers, as_texts, row_groups, text_at

from .texts import clipped

MOST_CAPTURES: Final = 40

MOST_MARKS: Final = 250_000
"""Transactions that are kept as marks of their own, of all captures."""

MOST_EVENTS: Final = 40_000
"""Events that are kept, of all captures."""

MOST_TEXT: Final = 2_400_000
"""Characters of all packed columns: marks are thinned out until they fit."""

MOST_NAMES: Final = 2000
"""Names of operations, of endings and of events, each."""

STRETCHES: Final = 1200
"""Parts of a capture's time for which all transactions are counted."""

UNKNOWN: Final = 0xFFFFFFFF
"""A latency that is not known; the number before it stands for all that are as long or longer. A size of as many bytes
stands for all larger ones, too.
"""

NOWHERE: Final = 0xFFFF
"""The session of what belongs to none."""

OK_KIND, REFUSED, CANCELLED, UNANSWERED, DOUBTFUL = KINDS = ("ok", "refused", "cancelled", "unanswered", "doubtful")
"""How a transaction ended: answered OK, with something else, cancelled, never answered by the end of the capture; or
bytes are missing, it began before the capture, or took steps that are not allowed.
"""

MARKS: Final = (
    ("start", 4), ("took", 4), ("operation", 2), ("outcome", 2), ("session", 2), ("bytes", 4), ("frame", 4),
    ("frames", 4), ("id", 4), ("think", 2), ("device", 2), ("transfer", 2), ("stalled", 2), ("cause", 1),
)  # fmt: skip
"""Columns of a transaction: unsigned, bytes each. ``start``, ``frame`` and ``id`` are differences from the row before,
modulo 2**32; ``start`` is in the capture's ``unit_us`` from its beginning, ``took`` in µs. Those of ``SPENT`` are
``rounded``; ``cause`` is a place in ``causes``.
"""

SPENT: Final = ("think", "device", "transfer", "stalled")
"""Where a transaction's time went: the columns ``think_s`` etc. of its table."""

EVENTS: Final = (("at", 4), ("event", 2), ("session", 2), ("frame", 4))
"""Columns of an event; ``at`` and ``frame`` are differences."""

_WORST: Final = 10_000  # the longest, kept where not all can be


def rounded(seconds: np.ndarray) -> np.ndarray:
    """Times as numbers of two bytes, of which two digits are kept: 0 is not known (NaN, or a clock that ran back), 1 no
    time, and 2 + 90 × exponent + digits - 10 means digits × 10**(exponent - 1) ns.
    """
    known = seconds >= 0
    ns = np.where(known, seconds, 0) * 1e9
    exponent = np.floor(np.log10(np.maximum(ns, 1)))
    number = 2 + 90 * exponent + np.rint(ns / 10.0 ** (exponent - 1)) - 10  # 100 digits are 10 of the next exponent
    return np.where(known, np.where(ns < 0.5, 1, np.minimum(number, 0xFFFF)), 0).astype(np.int64)


class Names:
    """Texts by number, in order of appearance; those beyond ``MOST_NAMES`` share one number, that of ``other``."""

    def __init__(self, other: Any) -> None:
        self.texts: list[Any] = []
        self._numbers: dict[Any, int] = {}
        self._other = other

    def number(self, text: Any) -> int:
        """The number of a text."""
        if text not in self._numbers:
            text = text if len(self.texts) < MOST_NAMES else self._other
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]


def timeline(analysis: Analysis, transactions: pa.Table) -> tuple[dict[str, Any], list[str]]:
    """What the script is given, as plain values, and sentences about what was left out of it.

    ``transactions`` is the whole table. ``captures`` have ``unit_us``, ``duration_us``, ``marks`` and ``events``
    (deflated and in base64, each column by planes of bytes), their counts, and how many transactions began in each of
    ``STRETCHES`` of its time (``density``).
    """
    operations, events = Names("another operation"), Names("another event")
    outcomes = Names(("another response", DOUBTFUL))
    results = analysis.results[:MOST_CAPTURES]
    marks = [_marks(result, transactions, operations, outcomes) for result in results]
    ticks = [_events(result, analysis, events) for result in results]
    packed = _within_bounds(marks)
    total, told = sum(len(part["start"]) for part in marks), sum(len(part["at"]) for part in ticks)
    parts = []
    for result, part, some, (count, text) in zip(results, marks, _thinned(ticks, told), packed, strict=True):
        parts.append(
            {
                "name": clipped(result.path),
                "begins": None if part["begins"] is None else iso_time(part["begins"], digits=6),
                "unit_us": part["unit"] / 1000,
                "duration_us": part["duration"] / 1000,
                "count": count,
                "of": len(part["start"]),
                "marks": text,
                "event_count": len(some["at"]),
                "events": _packed(some, EVENTS),
                "first_session": result.first_session,
                "sessions": len(result.pairs),
                "density": _density(part),
            }
        )
    left = _left_out(parts, total, told, sum(part["untimed"] for part in marks))
    if more := len(analysis.results) - len(results):
        left.append(f"The timeline shows the first {MOST_CAPTURES} captures, and leaves out {more:,}.")
    return {
        "captures": parts,
        "operations": [clipped(text) for text in operations.texts],
        "outcomes": [{"text": clipped(text), "kind": kind} for text, kind in outcomes.texts],
        "events": [clipped(text) for text in events.texts],
        "kinds": KINDS,
        "causes": CAUSES,
        "layout": {"marks": MARKS, "events": EVENTS},
        "unknown": UNKNOWN,
        "nowhere": NOWHERE,
    }, left


def _left_out(parts: Sequence[dict[str, Any]], total: int, told: int, untimed: int) -> list[str]:
    left = []
    if (shown := sum(part["count"] for part in parts)) < total:
        left.append(
            f"The timeline shows {shown:,} of {total:,} transactions one by one: what did not end well, the longest, "
            "and some of the others, evenly. The strip below it counts all of them."
        )
    if (shown := sum(part["event_count"] for part in parts)) < told:
        left.append(f"The timeline shows {shown:,} of {told:,} events, evenly.")
    if untimed:
        left.append(f"{counted(untimed, 'transaction')} without a known time are not on the timeline.")
    return left


def _within_bounds(marks: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """By capture, how many marks are kept and their columns: all, or so many that they fit."""
    total = sum(len(part["start"]) for part in marks)
    most = min(MOST_MARKS, total)
    while True:
        packed = []
        for part in marks:
            kept = _chosen(part, most * len(part["start"]) // max(total, 1))
            packed.append((len(kept), _packed({name: part[name][kept] for name, _ in MARKS}, MARKS)))
        if sum(len(text) for _, text in packed) <= MOST_TEXT or not most:
            return packed
        most = most * 3 // 4


def _thinned(ticks: Sequence[dict[str, np.ndarray]], told: int) -> list[dict[str, np.ndarray]]:
    """Every n-th event, so that there are no more than ``MOST_EVENTS``."""
    step = max(-(-told // MOST_EVENTS), 1)
    return [{name: values[::step] for name, values in part.items()} for part in ticks]


def _marks(result: Result, transactions: pa.Table, operations: Names, outcomes: Names) -> dict[str, Any]:
    """A capture's transactions that have a time, in order of time: what the columns mean, not yet packed."""
    rows = transactions.slice(result.first_transaction, len(result.transactions))
    asked, answered = (as_integers(rows, name, NO_TIME) for name in ("request_time", "response_time"))
    start = np.where(asked == NO_TIME, answered, asked)
    timed = np.flatnonzero(start != NO_TIME)
    order = timed[np.argsort(start[timed], kind="stable")]
    begins, ends = result.times or (None, None)
    if begins is None or ends is None:
        begins, ends, order = None, 0, order[:0]
    duration = 0 if begins is None else max(ends - begins, 1)
    unit = _unit(duration)
    latency = as_floats(rows, "latency_s")
    known = latency >= 0  # neither null nor of a clock that ran back
    us = np.rint(np.where(known, latency, 0.0) * 1e6).astype(np.int64)
    took = np.where(known, np.minimum(us, UNKNOWN - 1), UNKNOWN)
    code = as_integers(rows, "response_code", -1)
    ending = _endings(rows, code, outcomes)
    first, last = as_integers(rows, "first_frame", 0), as_integers(rows, "last_frame", 0)
    at = np.clip(start[order] - (begins or 0), 0, duration) // unit
    return {
        "begins": begins,
        "unit": unit,
        "duration": duration,
        "untimed": len(rows) - len(order),
        "start": at,
        "took": took[order],
        "operation": _numbered(rows, "operation", operations)[order],
        "outcome": ending[order],
        "session": as_integers(rows, "session", result.first_session + NOWHERE)[order] - result.first_session,
        "bytes": np.clip(as_integers(rows, "data_bytes", 0), 0, UNKNOWN)[order],
        "frame": first[order],
        "frames": np.maximum(last - first, 0)[order],
        "id": as_integers(rows, "transaction_id", UNKNOWN)[order],
        **{name: rounded(as_floats(rows, f"{name}_s"))[order] for name in SPENT},
        "cause": _causes(rows)[order],
        "odd": (np.array([kind != OK_KIND for _, kind in outcomes.texts] or [False])[ending])[order],
    }


def _causes(rows: pa.Table) -> np.ndarray:
    """What stalled most of each transaction, as a place in ``CAUSES``; where nothing did, one behind them."""
    found = as_texts(rows, "stall_cause")
    return np.array([CAUSES.index(text) for text in found.values] + [len(CAUSES)], np.int64)[found.rows]


def _unit(duration: int) -> int:
    """A unit (ns) in which every moment of a capture fits into 32 bits: 1 µs, a longer one beyond an hour."""
    return max(1000, -(-duration // ((1 << 32) - 2)))


def _endings(rows: pa.Table, code: np.ndarray, outcomes: Names) -> np.ndarray:
    """By row the number of what it ended with: the response, and the status where that is not complete."""
    response, status = as_texts(rows, "response"), as_texts(rows, "status")
    found = np.zeros(len(rows), np.int64)
    for members in row_groups(response.rows, status.rows):
        row = int(members[0])
        answer, state = text_at(response, row), text_at(status, row) or "unknown"
        text = answer or "no response"
        text = text if state == "complete" else f"{text} ({state})"
        found[members] = outcomes.number((text, _kind(state, answer is not None, int(code[row]) == OK)))
    return found


def _kind(status: str, is_answered: bool, is_ok: bool) -> str:
    if status == "complete":
        return OK_KIND if is_ok else REFUSED
    if status in ("cancelled", "open"):
        return CANCELLED if status == "cancelled" else UNANSWERED
    return REFUSED if is_answered and not is_ok else DOUBTFUL


def _chosen(part: dict[str, Any], most: int) -> np.ndarray:
    """The rows that are kept: all; or what did not end well, as far as that is no more than half of what can be kept,
    the longest, and every n-th of the others.
    """
    count = len(part["start"])
    if count <= most:
        return np.arange(count)
    kept = np.zeros(count, bool)
    odd = np.flatnonzero(part["odd"])
    kept[odd[:: max(-(-len(odd) // max(most // 2, 1)), 1)]] = True  # they may be most of them
    known = np.where(part["took"] == UNKNOWN, -1, part["took"])
    kept[np.argsort(known, kind="stable")[-min(_WORST, most // 4) :]] = True
    rest = np.flatnonzero(~kept)
    room = max(most - int(kept.sum()), 1)
    kept[rest[:: -(-len(rest) // room)]] = True
    return np.flatnonzero(kept)


def _density(part: dict[str, Any]) -> list[int]:
    """All transactions by stretch of time."""
    if part["begins"] is None:
        return []
    at = np.minimum(part["start"] * part["unit"] // 1000 * STRETCHES // (part["duration"] // 1000 + 1), STRETCHES - 1)
    return np.bincount(at, minlength=STRETCHES).tolist()


def _events(result: Result, analysis: Analysis, names: Names) -> dict[str, np.ndarray]:
    """A capture's events that have a time, in order of time."""
    begins, ends = result.times or (0, 0)
    unit = _unit(max(ends - begins, 1))
    batches = next(found for one, found in analysis.batches_by_capture("events") if one is result)
    parts: list[list[np.ndarray]] = [[], [], [], []]
    for batch in batches:
        table = pa.Table.from_batches([batch])
        time = as_integers(table, "time", NO_TIME)
        timed = time != NO_TIME
        columns = (
            np.clip(time - begins, 0, max(ends - begins, 1)) // unit,
            _numbered(table, "event", names),
            as_integers(table, "session", result.first_session + NOWHERE) - result.first_session,
            as_integers(table, "frame", 0),
        )
        for place, values in enumerate(columns):
            parts[place].append(values[timed])
    whole = [np.concatenate(part) if part else np.empty(0, np.int64) for part in parts]
    order = np.argsort(whole[0], kind="stable")
    return {name: values[order] for (name, _), values in zip(EVENTS, whole, strict=True)}


_DIFFERENCES: Final = frozenset({"start", "at", "frame", "id"})


def _packed(columns: dict[str, np.ndarray], layout: Sequence[tuple[str, int]]) -> str:
    """Columns as base64 of deflated planes: all lowest bytes of a column, then all next ones. Zeros cost nothing."""
    planes = []
    for name, width in layout:
        values = np.clip(columns[name].astype(np.int64), 0, (1 << 8 * width) - 1)
        if name in _DIFFERENCES:
            values = np.diff(values, prepend=0)
        words = np.ascontiguousarray(values.astype(np.int64).astype(f"<u{width}"))
        planes.append(words.view(np.uint8).reshape(-1, width).T.tobytes())
    return base64.b64encode(zlib.compress(b"".join(planes), 6)).decode("ascii")


def _numbered(table: pa.Table, name: str, names: Names) -> np.ndarray:
    """A column of names as their numbers."""
    column = as_texts(table, name)
    numbers = np.zeros(len(column.values) + 1, np.int64)
    for one in np.unique(column.rows).tolist():  # -1, for null, is the last place
        numbers[one] = names.number("no request seen" if one < 0 else column.values[one])
    return numbers[column.rows]
