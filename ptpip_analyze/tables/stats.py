"""What operations took: counts, percentiles, throughput, and where the time went. The one place where it is counted.

Promises sums and percentiles of the columns of the transactions table, so that anybody can count them again there (less
the times below zero, of a clock that was set back), and null where none of the values is known.
Percentiles are interpolated linearly, as pandas' and numpy's are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa

from ..facts.named import OK
from .columns import (
    Texts,
    as_floats,
    as_integers,
    as_strings,
    as_texts,
    row_groups,
    sends_data,
    text_at,
    without_request,
)
from .rows import batch_of
from .schema import arrow_schema, names

if TYPE_CHECKING:
    from ptpip_analyze.result import Result

By = Literal["session", "capture", "model", "firmware"]
BY: Final[tuple[By, ...]] = get_args(By)

NEEDED: Final = (
    "session", "capture", "operation", "operation_code", "vendor", "status", "request_time", "response_code",
    "data_bytes", "data_direction", "latency_s", "first_byte_s", "transfer_s", "think_s", "device_s", "stalled_s",
    "transfer_stalled_s", "stall_cause",
)  # fmt: skip
"""Columns of the transactions table that are looked at."""

SESSIONS_NEEDED: Final = (
    "session", "capture", "model", "device_version", "responder_name", "duration_s", "tap", "initiator_rtt_s",
    "responder_rtt_s",
)  # fmt: skip
"""Columns of the sessions table that are looked at."""

_PERCENTILES: Final = (50, 95, 99)

Model = tuple[str | None, str | None]
"""A camera's model and the version of its firmware; what it did not say is None."""


class Spent(NamedTuple):
    """Where the time of some sessions went, in seconds; together they are ``whole``, but for what is told twice.

    ``client``: from a response to the next request, and until the data that it sends begins. ``device`` and
    ``transfer``: without what stalled in them. ``stalls``: by cause. ``other``: the rest of the sessions' time:
    handshakes, before the first request and after the last response, and what can't be known.
    """

    client: float
    device: float
    transfer: float
    stalls: dict[str, float]
    other: float
    whole: float


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The stats table of one capture: a row per session and operation."""
    from .build import transactions

    models = {
        result.first_session + index: (camera.model, camera.device_version) for index, camera in result.cameras.items()
    }
    yield from batches_of(measured(needed(transactions(result)), models, "session"))


def models_of(sessions: pa.Table) -> dict[int, Model]:
    """The camera's model and firmware by session."""
    said = zip(*(as_strings(sessions[name]).to_pylist() for name in ("model", "device_version")), strict=True)
    return dict(zip(sessions["session"].to_pylist(), said, strict=True))


def part_of(row: Mapping[str, Any], by: By | None) -> Any:
    """Of which part a row of the sessions or stats table is: a session, capture or model, or a model and firmware."""
    return (row["model"], row["device_version"]) if by == "firmware" else row[by] if by else None


def needed(rows: Iterable[pa.RecordBatch]) -> pa.Table:
    """Transactions with the columns that are looked at; each text is kept once."""
    schema = arrow_schema("transactions", NEEDED)
    return pa.Table.from_batches((batch.select(list(NEEDED)) for batch in rows), schema).unify_dictionaries()


def batches_of(rows: list[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    """What was measured, as rows of the stats table."""
    if rows:
        yield batch_of({name: [row[name] for row in rows] for name in names("stats")}, arrow_schema("stats"))


def measured(
    transactions: pa.Table, models: Mapping[int, Model] | None = None, by: By | None = None
) -> list[dict[str, Any]]:
    """One row per operation, in order of first appearance, with the columns of the stats table.

    Also ``unasked``: is there no request, though nothing is missing where it should be? ``models`` has the camera's
    model and firmware by session; ``by`` parts the rows further. A session, capture, model or firmware is named where
    all of a row have it.
    """
    operation, vendor, capture = (as_texts(transactions, name) for name in ("operation", "vendor", "capture"))
    code, session = as_integers(transactions, "operation_code"), as_integers(transactions, "session")
    without, response = without_request(transactions), as_integers(transactions, "response_code")
    size, sends = as_integers(transactions, "data_bytes", 0), sends_data(transactions)
    values = _times(transactions)
    model, firmware = _models(session, models or {})
    parts = {
        None: [], "session": [session], "capture": [capture.rows], "model": [model.rows],
        "firmware": [model.rows, firmware.rows],
    }[by]  # fmt: skip
    rows = []
    for members in row_groups(operation.rows, vendor.rows, code, without, *parts):
        first, answered, sending = members[0], response[members], members[sends[members]]
        took = {name: _known(column[members]) for name, column in values.items()}
        row = {
            "session": int(session[first]) if (session[members] == session[first]).all() else None,
            "capture": _common(capture, members),
            "model": _common(model, members),
            "device_version": _common(firmware, members),
            "operation": text_at(operation, first),
            "operation_code": None if code[first] < 0 else int(code[first]),
            "vendor": text_at(vendor, first),
            "unasked": bool(without[first]),
            "count": len(members),
            "errors": int(np.count_nonzero((answered >= 0) & (answered != OK))),
            "bytes": int(size[members].sum()),
            **_percentiles("latency", took["latency_s"]),
            **_percentiles("first_byte", took["first_byte_s"]),
            "throughput": _throughput(size[members], values["first_byte_s"][members] + values["transfer_s"][members]),
            "sending_s": _sum(_known(values["first_byte_s"][sending])),
        }
        for name in ("think_s", "device_s", "transfer_s", "stalled_s", "transfer_stalled_s"):
            row[name] = _sum(took[name])
        rows.append(row)
    return rows


def operations_of(transactions: pa.Table) -> list[dict[str, Any]]:
    """One row per operation as the summary tells it, the most frequent first."""
    return [
        {
            "operation": row["operation"],
            "operation_code": row["operation_code"],
            "vendor": row["vendor"],
            "unasked": row["unasked"],
            "transactions": row["count"],
            "data_bytes": row["bytes"],
            "not_ok": row["errors"],
            "latency_median_s": row["latency_p50_s"],
            "latency_max_s": row["latency_max_s"],
        }
        for row in sorted(measured(transactions), key=most_frequent)
    ]


def most_frequent(row: dict[str, Any]) -> tuple[int, str, int]:
    """A key that sorts what was measured: the most frequent operation first, then by name."""
    return -row["count"], row["operation"] or "", row["operation_code"] or 0


class Part(NamedTuple):
    """What belongs together: of a session, a capture or a model, or of all; what ``part_of`` says, its sessions' rows,
    its time.
    """

    name: Any
    sessions: list[dict[str, Any]]
    spent: Spent


def parts(transactions: pa.Table, sessions: pa.Table, by: By | None) -> list[Part]:
    """Where the time went, by session, capture, model or firmware, in order of first session; or one part of all."""
    grouped: dict[Any, list[dict[str, Any]]] = {}
    for row in sessions.select(SESSIONS_NEEDED).to_pylist():
        grouped.setdefault(part_of(row, by), []).append(row)
    return [
        Part(name, rows, spent(mine, (row["duration_s"] for row in rows)))
        for (name, rows), mine in zip(grouped.items(), _by_group(transactions, list(grouped.values())), strict=True)
    ]


def _by_group(transactions: pa.Table, groups: list[list[dict[str, Any]]]) -> list[pa.Table]:
    """The transactions of the sessions of each group; of a single one all, also those of no session."""
    if len(groups) == 1:
        return [transactions]
    group = {row["session"]: number for number, rows in enumerate(groups) for row in rows}
    mine = np.array([group.get(one, len(groups)) for one in as_integers(transactions, "session").tolist()], np.int64)
    order = np.argsort(mine, kind="stable")
    bounds = np.searchsorted(mine[order], np.arange(len(groups) + 1)).tolist()
    ordered = transactions.take(order)
    return [ordered.slice(low, high - low) for low, high in pairwise(bounds)]


def spent(transactions: pa.Table, durations: Iterable[float | None]) -> Spent:
    """Where the time of sessions went, by their transactions and how long they lasted."""
    values = _times(transactions)
    cause = as_texts(transactions, "stall_cause")
    client = np.nansum(values["think_s"]) + np.nansum(values["first_byte_s"][sends_data(transactions)])
    stalled, within = np.nan_to_num(values["stalled_s"]), np.nan_to_num(values["transfer_stalled_s"])
    device = np.nansum(values["device_s"]) - (stalled - within).sum()
    transfer = np.nansum(values["transfer_s"]) - within.sum()
    stalls = {
        text: float(stalled[cause.rows == index].sum())
        for index, text in enumerate(cause.values)
        if (cause.rows == index).any()
    }
    whole = sum(duration or 0 for duration in durations)
    other = max(whole - client - device - transfer - sum(stalls.values()), 0.0)
    return Spent(float(client), max(float(device), 0.0), max(float(transfer), 0.0), stalls, float(other), whole)


def _times(transactions: pa.Table) -> dict[str, np.ndarray]:
    """The columns of times, NaN where not known; what a clock that was set back made of them is no time."""
    columns = {name: as_floats(transactions, name) for name in NEEDED if name.endswith("_s")}
    return {name: np.where(column < 0, np.nan, column) for name, column in columns.items()}


def _models(session: np.ndarray, models: Mapping[int, Model]) -> tuple[Texts, Texts]:
    """The model and the firmware of each row's session as text columns."""
    sessions = np.array(sorted(models), np.int64)
    if len(sessions) == 0:
        return (Texts(np.full(len(session), -1), []),) * 2
    at = np.minimum(np.searchsorted(sessions, session), len(sessions) - 1)
    known = sessions[at] == session
    found = []
    for said in zip(*(models[one] for one in sessions.tolist()), strict=True):
        place = {text: number for number, text in enumerate(dict.fromkeys(one for one in said if one is not None))}
        rows = np.array([-1 if one is None else place[one] for one in said], np.int64)
        found.append(Texts(np.where(known, rows[at], -1), list(place)))
    return found[0], found[1]


def _common(column: Texts, members: np.ndarray) -> str | None:
    first = members[0]
    return text_at(column, first) if (column.rows[members] == column.rows[first]).all() else None


def _known(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _sum(known: np.ndarray) -> float | None:
    return float(known.sum()) if len(known) else None


def _percentiles(of: str, known: np.ndarray) -> dict[str, float | None]:
    found = np.percentile(known, _PERCENTILES).tolist() if len(known) else [None] * len(_PERCENTILES)
    row = {f"{of}_p{percent}_s": value for percent, value in zip(_PERCENTILES, found, strict=True)}
    return row | {f"{of}_max_s": float(known.max()) if len(known) else None}


def _throughput(size: np.ndarray, seconds: np.ndarray) -> float | None:
    """Bytes per second, from the request to the end of the data; of transactions for which that time is known."""
    timed = seconds > 0
    return float(size[timed].sum() / seconds[timed].sum()) if timed.any() else None
