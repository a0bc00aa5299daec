"""What is in a capture, on one page: facts of the files, sessions, operations, responses, events, problems.

Promises plain values (dicts, lists, numbers, text, None) in a stable order, counted from the tables by array work.
Refuses judgement: a problem is what a status says, with its frames.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze import describe

from ..facts.named import OK
from .columns import Texts, as_integers, as_strings, as_texts, row_groups, text_at, without_request
from .stats import operations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ptpip_analyze.analysis import Analysis
    from ptpip_analyze.result import Result
    from ptpip_analyze.tables.events import EventKind

FRAMES_NAMED: Final = 5
"""Frame numbers given for one problem; the others are counted."""

PROBE_REQUEST: Final = 13
_PROBES: Final = pa.array([PROBE_REQUEST, 14], pa.uint32())
_PROBE_COLUMNS: Final = ["session", "capture", "status", "first_frame", "tcp_stream", "direction", "type_code"]

_BROKEN: Final = ("violation", "known-vendor-deviation")
_LEVELS: Final = ("must", "should", "may", "info")

_LAST_LINK_TYPE: Final = 0xFFFF  # LINKTYPE numbers have 16 bits; what is above marks records that are no packets


def summarize(analysis: Analysis) -> dict[str, Any]:
    """The summary of `analysis`.

    captures, sessions, operations, responses, events, messages, problems, discovery (cameras that were announced),
    findings (by rule, of those that are violations or known deviations): lists of dicts, whose times are texts as in
    JSON lines, whose durations are seconds and whose sizes are bytes. Errors of reading the captures pass through.
    """
    sessions = analysis.arrow("sessions")
    transactions = analysis.arrow("transactions")
    events = analysis.event_kinds()
    return {
        "captures": [capture_facts(capture) for capture in analysis.captures],
        "sessions": _sessions(sessions, transactions, events),
        "operations": operations_of(transactions),
        "responses": _responses(transactions),
        "events": _events(events),
        "messages": (messages := _messages(analysis.batches("messages")))["types"],
        "problems": [
            *_session_problems(sessions),
            *_transaction_problems(transactions),
            *messages["problems"],
            *messages["probes"],
        ],
        "discovery": _announced(analysis.arrow("discovery")),
        "findings": _findings(analysis.batches("findings")),
    }


def capture_facts(capture: Result) -> dict[str, Any]:
    """What is to be said of a capture file: plain values, as in ``summarize``."""
    first, last = capture.times or (None, None)
    return {
        "capture": capture.path,
        "format": capture.format,
        "compression": capture.source.compression,
        "bytes": capture.size,
        "packets": capture.packets,
        "packets_dropped": capture.source.dropped,
        "link_types": [
            {"link_type": number, "packets": count, "readable": number not in capture.source.unknown_links}
            for number, count in sorted(capture.source.links.items())
            if number <= _LAST_LINK_TYPE
        ],
        "first_time": None if first is None else describe.iso_time(first),
        "last_time": None if last is None else describe.iso_time(last),
        "duration_s": None if first is None or last is None else (last - first) / 1e9,
        "silent_connections": [
            {"port": port, "connections": count} for port, count in sorted(capture.silent_connections.items())
        ],
        "other_tcp_connections": capture.other_connections,
        "announcements_left_out": capture.discovery.left_out,
        "damage": None
        if capture.damage is None
        else {
            "offset": capture.damage.offset,
            "reason": capture.damage.reason,
            "at_end": capture.damage.at_end,
        },
    }


def _sessions(sessions: pa.Table, transactions: pa.Table, events: Counter[EventKind]) -> list[dict[str, Any]]:
    rows = _plain_rows(sessions)
    number = {row["session"]: row for row in rows}
    for row in rows:
        row["transactions_by_status"] = {}
        row["events_by_name"] = {}
    texts = as_texts(transactions, "status")
    for (session, index), count in _pairs(as_integers(transactions, "session"), texts.rows):
        if session in number and index >= 0:
            number[session]["transactions_by_status"][texts.values[index]] = count
    for kind, count in sorted(events.items(), key=lambda item: item[0].name or ""):
        if kind.session in number and kind.name is not None:
            names = number[kind.session]["events_by_name"]
            names[kind.name] = names.get(kind.name, 0) + count
    return rows


def _events(events: Counter[EventKind]) -> list[dict[str, Any]]:
    """Events by name and code, the most frequent first."""
    counts: Counter[tuple[str | None, int | None]] = Counter()
    for kind, count in events.items():
        counts[kind.name, kind.code] += count
    rows = [{"event": name, "event_code": code, "count": count} for (name, code), count in counts.items()]
    return sorted(rows, key=lambda row: (-int(row["count"] or 0), str(row["event"] or "")))


def _responses(transactions: pa.Table) -> list[dict[str, Any]]:
    """One row per response other than OK, operation and capture, the most frequent first."""
    code = as_integers(transactions, "response_code")
    other = np.flatnonzero((code >= 0) & (code != OK))
    transactions = transactions.take(pa.array(other))
    response, operation = as_texts(transactions, "response"), as_texts(transactions, "operation")
    capture, unasked = as_texts(transactions, "capture"), without_request(transactions)
    code, frame = code[other], as_integers(transactions, "last_frame")
    rows = [
        {
            "response": text_at(response, members[0]),
            "response_code": int(code[members[0]]),
            "operation": text_at(operation, members[0]),
            "unasked": bool(unasked[members[0]]),
            "capture": text_at(capture, members[0]),
            "transactions": len(members),
            "frames": _first_frames(frame[members]),
        }
        for members in row_groups(response.rows, code, operation.rows, capture.rows, unasked)
    ]
    return sorted(rows, key=lambda row: (-row["transactions"], row["response"] or "", row["operation"] or ""))


def _counted(table: pa.Table, name: str, with_columns: tuple[str, ...]) -> list[dict[str, Any]]:
    texts = as_texts(table, name)
    codes = [as_integers(table, column) for column in with_columns]
    rows = []
    for members in row_groups(texts.rows, *codes):
        row: dict[str, Any] = {name: text_at(texts, members[0])}
        for column, values in zip(with_columns, codes, strict=True):
            row[column] = None if values[members[0]] < 0 else int(values[members[0]])
        rows.append(row | {"count": len(members)})
    return sorted(rows, key=lambda row: (-row["count"], row[name] or ""))


def _messages(batches: Iterator[pa.RecordBatch]) -> dict[str, list[dict[str, Any]]]:
    """Messages by type, and the problems among them; one batch at a time, since they are many."""
    types: dict[tuple[str | None, int | None], int] = {}
    odd: list[pa.Table] = []
    probes: list[pa.Table] = []
    for batch in batches:
        table = pa.Table.from_batches([batch])
        for row in _counted(table, "type", ("type_code",)):
            key = (row["type"], row["type_code"])
            types[key] = types.get(key, 0) + row["count"]
        rest = table.filter(pc.fill_null(pc.not_equal(as_strings(table["status"]), "complete"), True))
        if rest.num_rows:
            odd.append(rest.select(["session", "capture", "status", "reason", "first_frame"]))
        if any(code == PROBE_REQUEST for _, code in types):
            probes.append(table.filter(pc.is_in(table["type_code"], _PROBES)).select(_PROBE_COLUMNS))
    counted = sorted(types.items(), key=lambda item: (item[0][1] is None, item[0][1] or 0))
    return {
        "types": [{"type": name, "type_code": code, "messages": count} for (name, code), count in counted],
        "problems": _problems("message", pa.concat_tables(odd), "reason") if odd else [],
        "probes": _unanswered(pa.concat_tables(probes)) if probes else [],
    }


def _announced(rows: pa.Table) -> list[dict[str, Any]]:
    """What announces a camera, without what asks for one, leaves, or is about addresses."""
    says = pc.is_in(as_strings(rows["kind"]), pa.array(["announcement", "answer"]))
    of_hosts = pc.is_in(as_strings(rows["method"]), pa.array(["dhcp", "arp"]))
    told = rows.filter(pc.and_(says, pc.invert(of_hosts)))
    names = [
        "device",
        "method",
        "service",
        "source_address",
        "addresses",
        "port",
        "session",
        "count",
        "frame",
        "capture",
    ]
    return told.select(names).to_pylist()


def _findings(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    """Rules that were violated, and known deviations, with how often; the most binding first."""
    counts: dict[tuple[int, str, str, str], int] = {}
    for batch in batches:
        table = pa.Table.from_batches([batch]).select(["rule", "level", "verdict"])
        broken = table.filter(pc.is_in(as_strings(table["verdict"]), pa.array(_BROKEN)))
        for row in broken.to_pylist():
            key = (_LEVELS.index(row["level"]), row["level"], row["verdict"], row["rule"])
            counts[key] = counts.get(key, 0) + 1
    return [
        {"rule": rule, "level": level, "verdict": verdict, "count": count}
        for (_, level, verdict, rule), count in sorted(counts.items())
    ]


def _unanswered(probes: pa.Table) -> list[dict[str, Any]]:
    """Probe requests without a response on their connection. They carry no number: a response answers the latest."""
    capture, stream, kind = (
        as_texts(probes, "capture"),
        as_integers(probes, "tcp_stream"),
        as_integers(probes, "type_code"),
    )
    direction = pc.fill_null(pc.equal(as_strings(probes["direction"]), "to-responder"), False).to_numpy()
    asks = kind == PROBE_REQUEST
    open_rows = []
    for members in row_groups(capture.rows, stream, (direction ^ ~asks).astype(np.int64)):
        depth = np.cumsum(np.where(asks[members], 1, -1))
        lowest = np.minimum.accumulate(depth[::-1])[::-1]  # from here on: a response in between has gone below
        open_rows.append(members[asks[members] & (depth == lowest)])
    rows = np.sort(np.concatenate(open_rows)) if open_rows else np.empty(0, np.int64)
    return [problem | {"status": "open"} for problem in _problems("probe request", probes.take(pa.array(rows)))]


def _session_problems(sessions: pa.Table) -> list[dict[str, Any]]:
    rows = _plain_rows(sessions)
    unlike = [(row, row["status"], row["fail_reason"]) for row in rows if row["status"] not in (None, "established")]
    unlike += [(row, "reset", None) for row in rows if row["close_kind"] == "reset"]
    return [
        {
            "of": "session",
            "status": status,
            "reason": reason,
            "session": row["session"],
            "capture": row["capture"],
            "count": 1,
            "frames": [],
        }
        for row, status, reason in unlike
    ]


def _transaction_problems(transactions: pa.Table) -> list[dict[str, Any]]:
    status = as_texts(transactions, "status")
    fine = np.array([value == "complete" for value in status.values] + [False])
    return _problems("transaction", transactions.take(pa.array(np.flatnonzero(~fine[status.rows]))))


def _problems(of: str, table: pa.Table, reason: str | None = None) -> list[dict[str, Any]]:
    """Rows of `table` with the same session, status and reason as one problem, in order of first appearance."""
    session, frame = as_integers(table, "session"), as_integers(table, "first_frame")
    status, capture = as_texts(table, "status"), as_texts(table, "capture")
    reasons = as_texts(table, reason) if reason else Texts(np.full(table.num_rows, -1), [])
    return [
        {
            "of": of,
            "status": text_at(status, members[0]),
            "reason": text_at(reasons, members[0]),
            "session": None if session[members[0]] < 0 else int(session[members[0]]),
            "capture": text_at(capture, members[0]),
            "count": len(members),
            "frames": _first_frames(frame[members]),
        }
        for members in row_groups(session, status.rows, reasons.rows, capture.rows)
    ]


def _first_frames(frames: np.ndarray) -> list[int]:
    """The first frame numbers of some rows: each once, in order."""
    return [int(frame) for frame in np.unique(frames)[:FRAMES_NAMED]]


def _plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts; times as texts."""
    rows = {}
    for name in table.column_names:
        values = table[name]
        if pa.types.is_timestamp(values.type):
            numbers = values.cast(pa.int64()).to_pylist()
            rows[name] = [None if value is None else describe.iso_time(value) for value in numbers]
        else:
            rows[name] = values.to_pylist()
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def _pairs(left: np.ndarray, right: np.ndarray) -> list[tuple[tuple[int, int], int]]:
    return [((int(left[members[0]]), int(right[members[0]])), len(members)) for members in row_groups(left, right)]
