"""An analysis as a notebook shows it: captures, sessions, operations, and the first steps as a ladder.

Promises HTML without script, style sheets or pictures, which any notebook viewer shows, and that nothing from the wire
becomes markup: every text goes through ``_text``. Reads no bytes of the capture, so that it can be shown when that is
closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from ptpip_analyze.describe import counted, human_bytes, human_seconds, safe_text

from .build import transaction_rows
from .calls import calls
from .stats import measured, needed

if TYPE_CHECKING:
    from ptpip_analyze.analysis import Analysis

MOST: Final = 8  # captures, sessions and operations that are shown
STEPS: Final = 8  # transactions of the ladder
WIDTH: Final = 72  # characters between its lanes


def analysis_html(analysis: Analysis) -> str:
    """The HTML of an analysis."""
    parts = [_captures(analysis), _sessions(analysis), _operations(analysis), _ladder(analysis)]
    return "".join(f"<div>{part}</div>" for part in parts if part)


def _text(text: object) -> str:
    """A text for HTML: control characters made visible, markup taken away."""
    return escape(safe_text(str(text)))


def _captures(analysis: Analysis) -> str:
    lines = []
    for capture in analysis.captures[:MOST]:
        said = [counted(capture.packets, "packet"), human_bytes(capture.size)]
        if capture.times is not None:
            said.append(human_seconds((capture.times[1] - capture.times[0]) / 1e9))
        if capture.damage is not None:
            said.append(f"damaged: {capture.damage.reason}")
        lines.append(f"<b>{_text(capture.path)}</b>: {_text(', '.join(said))}")
    return "<br>".join(lines) + _more(len(analysis.captures), "capture")


def _sessions(analysis: Analysis) -> str:
    rows = analysis.arrow("sessions")
    shown = rows.slice(0, MOST).to_pylist()
    cells = [
        (
            row["session"],
            row["model"] or row["responder_name"] or "",
            row["initiator_name"] or "",
            row["status"],
            row["transactions"],
            row["events"],
            _seconds(row["duration_s"]),
        )
        for row in shown
    ]
    if not cells:
        return "No PTP-IP session."
    heads = ("session", "camera", "client", "status", "transactions", "events", "duration")
    return _table(heads, cells) + _more(rows.num_rows, "session")


def _operations(analysis: Analysis) -> str:
    found = measured(needed(analysis.batches("transactions")))
    found.sort(key=lambda row: -((row["device_s"] or 0) + (row["transfer_s"] or 0)))
    cells = [
        (
            row["operation"] or "request not captured",
            row["count"],
            row["errors"] or "",
            human_bytes(row["bytes"]) if row["bytes"] else "",
            *(_seconds(row[name]) for name in ("latency_p50_s", "latency_p95_s", "device_s", "transfer_s")),
        )
        for row in found[:MOST]
    ]
    if not cells:
        return ""
    heads = ("operation", "count", "errors", "data", "median", "p95", "device", "transfer")
    return _table(heads, cells) + _more(len(found), "operation")


def _ladder(analysis: Analysis) -> str:
    """The first transactions of the first session that has any."""
    for result in analysis.captures:
        if len(result.transactions):
            break
    else:
        return ""
    session = int(result.transactions.session[0])
    chosen = result.transactions_by_session.of(session)[:STEPS]
    batches = [transaction_rows(result, row, row + 1) for row in chosen.tolist()]
    rows = pa.Table.from_batches(batches).to_pylist()
    said = [calls(batch, analysis.vendors, lambda row, most: b"")[0] for batch in batches]
    lines = [f"{'initiator':<{WIDTH // 2}}{'responder':>{WIDTH // 2 + 2}}"]
    for row, call in zip(rows, said, strict=True):
        lines += _steps(row, call or "request not captured")
    total = len(result.transactions_by_session.of(session))
    return f"<pre>{_text_lines(lines)}</pre>" + _more(total, "transaction", STEPS)


def _steps(row: dict[str, Any], call: str) -> list[str]:
    lines = [_arrow(f" {call} ", outward=True)]
    size = row["data_bytes"]
    if row["data_direction"] == "out":
        lines.append(_arrow(f" {human_bytes(size)} ", outward=True))
    parts = [human_bytes(size)] if row["data_direction"] == "in" else []
    parts += [row["response"]] if row["response"] else []
    parts += [human_seconds(row["latency_s"])] if row["latency_s"] is not None else []
    if row["response"] is None:
        parts.append("no response captured")
    lines.append(_arrow(f" {', '.join(parts)} ", outward=False))
    return lines


def _arrow(text: str, *, outward: bool) -> str:
    text = safe_text(text)
    if len(text) > WIDTH - 4:
        text = f"{text[: WIDTH - 6]}… "
    if outward:
        return f"│─{text}{'─' * (WIDTH - len(text) - 2)}▶│"
    return f"│◀{'─' * (WIDTH - len(text) - 2)}{text}─│"


def _text_lines(lines: Sequence[str]) -> str:
    return "\n".join(escape(line) for line in lines)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else human_seconds(seconds)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _more(count: int, noun: str, shown: int = MOST) -> str:
    return f"<div>… {_text(counted(count - shown, f'more {noun}'))}</div>" if count > shown else ""
