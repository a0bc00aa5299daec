"""Properties at a moment, and before a failure: what the properties table says when it is asked about time.

Promises answers out of the tables' rows alone, in bounded memory. A moment is a frame number, a time, or seconds from
the beginning of the capture. Refuses moments that it can't read (``MomentError``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ..facts.named import OK
from ..ptp.datatypes import date_text
from . import arrow
from .schema import arrow_schema

_KEPT = ("current", "set", "reset", "notified")  # ptp.properties.KEPT: after these the property has the value, or none
_SECONDS = re.compile(r"\+?(\d+(?:\.\d*)?|\.\d+)s")
_FRACTION = re.compile(r"[.,](\d+)")  # ISO 8601 prefers the comma
_BATCH_ROWS = 1 << 14
_LONGEST, _LAST = 1 << 62, (1 << 63) - 2  # ns


class MomentError(ValueError):
    """A text that is no moment. `str` is one line."""


class Moment(NamedTuple):
    """One of them is set: a frame number, ns since 1970, ns since the capture began."""

    frame: int | None = None
    time: int | None = None
    since: int | None = None


def moment_of(text: str) -> Moment:
    """Read a moment: 120 is a frame, 1.5s (or 1.5) is seconds from the capture's beginning, anything else ISO 8601.

    A time without a zone is in UTC. MomentError for anything else, and for a number that ISO 8601 takes for a date.
    """
    text = text.strip()
    if re.fullmatch(r"[1-9][0-9]{7}", text) and date_text(text):
        raise MomentError(f"{text} may be a frame or a date: write 0{text} or {date_text(text)}")
    if re.fullmatch(r"[0-9]+", text) and len(text) < 18:
        return Moment(frame=int(text))
    if re.fullmatch(r"\+?(\d+\.\d*|\.\d+)", text, re.ASCII):
        text += "s"
    if (found := _SECONDS.fullmatch(text)) and len(text) < 18:
        return Moment(since=round(float(found[1]) * 1e9))
    fraction = _FRACTION.search(text)
    try:
        whole = datetime.fromisoformat(_FRACTION.sub("", text, 1))
    except ValueError as error:
        raise MomentError(f"{text} is no frame number, no ISO 8601 time and no seconds as 1.5s") from error
    seconds = int((whole if whole.tzinfo else whole.replace(tzinfo=UTC)).timestamp())
    return Moment(time=seconds * 1_000_000_000 + int((fraction[1] if fraction else "0")[:9].ljust(9, "0")))


def state_at(batches: Iterable[pa.RecordBatch], moment: Moment, begins: int | None = None) -> pa.Table:
    """The last value of each property of each session, up to and including a moment, of one capture's properties.

    ``begins`` is the time of the capture's first packet, which seconds count from; None where there are no times.
    Values that were refused, allowed or that pressed a button are none that a property has.
    """
    limit = moment.time
    if moment.since is not None:
        limit = None if begins is None else begins + moment.since
    state = arrow_schema("properties").empty_table()
    for batch in batches:
        kept = np.isin(np.array(batch["role"].to_pylist(), object), _KEPT)
        if moment.frame is not None:
            kept &= batch["frame"].to_numpy(zero_copy_only=False) <= moment.frame
        elif limit is None:
            kept &= False
        else:
            times = batch["time"].cast(pa.int64()).fill_null(np.iinfo(np.int64).max)
            kept &= times.to_numpy(zero_copy_only=False) <= limit
        if kept.any():
            rows = _taken(pa.Table.from_batches([batch]), np.flatnonzero(kept))
            state = _last_of_each(pa.concat_tables([state, rows]).unify_dictionaries())
    return state


def _last_of_each(rows: pa.Table) -> pa.Table:
    """The last row of each property and session, in the order of session and code."""
    session, code = (rows[name].to_numpy() for name in ("session", "property_code"))
    order = np.lexsort((np.arange(len(session)), code, session))
    last = np.ones(len(order), bool)
    last[:-1] = (np.diff(session[order]) != 0) | (np.diff(code[order].astype(np.int64)) != 0)
    return _taken(rows, order[last])


def _taken(rows: pa.Table, places: np.ndarray) -> pa.Table:
    return rows.take(arrow.numbers(places, pa.int64())).combine_chunks()


class _Failures(NamedTuple):
    """The transactions of one session that failed, in order of their requests."""

    times: np.ndarray  # of the requests, ns
    rows: list[dict[str, object]]


def changes_before(
    transactions: Iterable[pa.RecordBatch], properties: Iterable[pa.RecordBatch], seconds: float
) -> Iterator[pa.RecordBatch]:
    """For each transaction that was answered with anything but OK, the property values that differed from before, or
    were set or refused, or that an event said to have changed, within ``seconds`` before its request. A row stands once
    for each failure that it precedes. ``seconds`` is any number from 0 on; MomentError for another.
    """
    if not seconds >= 0:
        raise MomentError(f"{seconds} is no number of seconds")
    failures = _failures(transactions)
    if not failures:
        return
    window = _LONGEST if seconds * 1e9 >= _LONGEST else round(seconds * 1e9)
    for batch in properties:
        telling = _telling(batch)
        sessions, times = (batch[name].cast(pa.int64()).to_pylist() for name in ("session", "time"))
        transaction = batch["transaction"].to_pylist()
        places: list[int] = []
        found: list[dict[str, object]] = []
        for place in np.flatnonzero(telling).tolist():
            failed, time = failures.get(sessions[place]), times[place]
            if failed is None or time is None:
                continue
            low, high = np.searchsorted(failed.times, [time, min(time + window, _LAST) + 1])
            for row in failed.rows[low:high]:
                if row["failed_transaction"] != transaction[place]:
                    places.append(place)
                    found.append(row | {"before_s": (int(str(row["time"])) - time) / 1e9})
                if len(places) == _BATCH_ROWS:
                    yield _changes(batch, places, found)
                    places, found = [], []
        if places:
            yield _changes(batch, places, found)


def _changes(batch: pa.RecordBatch, places: list[int], found: list[dict[str, object]]) -> pa.RecordBatch:
    """Rows of the properties table, each with the failure that it precedes."""
    schema = arrow_schema("changes")
    taken = _taken(pa.Table.from_batches([batch]), np.array(places)).to_batches()[0]
    mine = [field for field in schema if field.name not in taken.schema.names]
    columns = [pa.array([row[field.name] for row in found], field.type) for field in mine]
    return pa.RecordBatch.from_arrays([*columns, *taken.columns], schema=schema)


def _telling(batch: pa.RecordBatch) -> np.ndarray:
    """Rows that may have to do with a failure: a value that differs, or that the initiator sent, or a change told."""
    roles = np.array(batch["role"].to_pylist(), object)
    changed = np.array([value is True for value in batch["changed"].to_pylist()], bool)
    return np.isin(roles, ("set", "refused", "unanswered", "control", "reset", "notified")) | changed


def _failures(transactions: Iterable[pa.RecordBatch]) -> dict[int, _Failures]:
    names = ["session", "transaction", "operation", "response", "first_frame"]
    found: dict[int, list[dict[str, object]]] = {}
    for batch in transactions:
        codes = batch["response_code"].fill_null(OK).to_numpy(zero_copy_only=False)
        asked = batch["request_time"].is_valid().to_numpy(zero_copy_only=False)
        places = arrow.numbers(np.flatnonzero((codes != OK) & asked), pa.int64())
        rows = batch.select(names).take(places).to_pylist()
        times = batch["request_time"].cast(pa.int64()).take(places).to_pylist()
        for row, time in zip(rows, times, strict=True):
            told = {f"failed_{name}": row[name] for name in ("transaction", "operation", "response")}
            found.setdefault(row["session"], []).append({**told, "failed_frame": row["first_frame"], "time": time})
    by_session = {}
    for session, failed in found.items():
        failed.sort(key=lambda row: int(str(row["time"])))
        by_session[session] = _Failures(np.array([row["time"] for row in failed], np.int64), failed)
    return by_session
