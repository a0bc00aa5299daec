"""The first page: capture facts, throughput over time, sessions as cards, operations with bars; as lines with goals.

Promises that every line says what the tables say. Refuses to wait: what is not known yet is said to be so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from rich.cells import cell_len

from ptpip_analyze.describe import (
    bar,
    clock_time,
    count,
    counted,
    endpoint,
    human_bytes,
    human_seconds,
    link_type,
    safe_text,
    session_end,
    session_status,
)  # fmt: skip

from .pieces import Piece, fitted, wrapped
from .rows import LEVELS, Listing

_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"
_TALL: Final = 32  # lines with which the strip chart may be higher
STRETCHES: Final = 300
"""Into so many stretches the time of the captures is divided for the strip chart."""


class Goal(NamedTuple):
    """Where Enter leads: the view, and what it is asked to show there (an expression, or nothing)."""

    view: str
    where: str = ""


class OverviewLine(NamedTuple):
    """What a line says, where Enter leads, and which session it is of."""

    pieces: list[Piece]
    goal: Goal | None = None
    session: int | None = None


class Known(NamedTuple):
    """What there is to say: documents of plain values; None for what is not known yet."""

    captures: Sequence[Mapping[str, Any]]
    sessions: Listing
    operations: Sequence[Mapping[str, Any]] | None
    throughput: np.ndarray | None
    span_s: float
    worst: Mapping[int, tuple[str, int]] | None  # by session: level and count of the violations of the worst level
    grows: bool = False  # may more come?


def page(known: Known, width: int, marked: Collection[int] = (), height: int = 0) -> list[OverviewLine]:
    """All lines for a screen of this size; ``marked`` sessions bear a sign."""
    lines: list[OverviewLine] = []
    for capture in known.captures:
        lines += _capture(capture, width, known.grows)
    lines += _strip(known, width, 3 if height >= _TALL else 1)
    if not len(known.sessions):
        so_far = "" if known.worst is not None and not known.grows else " so far"
        lines.append(OverviewLine([(f"There is no PTP-IP session{so_far}.", "warning")]))
    for row in range(known.sessions.rows.num_rows):
        card = _card(known.sessions.record(row), known, row in marked)
        lines += [line._replace(session=row) for line in card]
    lines += _operations(known.operations, width)
    return lines


def _capture(one: Mapping[str, Any], width: int, grows: bool) -> list[OverviewLine]:
    links = [link_type(link["link_type"]) for link in one["link_types"] if link["readable"]]
    facts = [one["format"], human_bytes(one["bytes"]), counted(one["packets"], "packet"), *links]
    if one["first_time"] is not None:
        facts.append(f"from {one['first_time'][:19].replace('T', ' ')} UTC for {human_seconds(one['duration_s'])}")
    name = safe_text(one["capture"])
    said = wrapped(" · ".join(facts), max(width - 4, 20))
    if cell_len(name) + 2 + len(" · ".join(facts)) <= width:
        lines = [OverviewLine([(name, "title"), (f"  {' · '.join(facts)}", "")])]
    else:
        lines = [OverviewLine([(name, "title")]), *(OverviewLine([(f"  {line}", "")]) for line in said)]
    if one["packets_dropped"]:
        lost = counted(one["packets_dropped"], "packet")
        lines.append(OverviewLine([(f"  the capturing machine lost {lost} before writing them", "warning")]))
    if one["other_tcp_connections"]:
        others = counted(one["other_tcp_connections"], "TCP connection")
        lines.append(OverviewLine([(f"  {others} of something else", "quiet")]))
    if one["damage"] and not (grows and one["damage"]["at_end"]):  # the rest of a packet comes later
        words = f"damaged: {safe_text(one['damage']['reason'])}; everything before it is analysed"
        lines += [OverviewLine([(f"  {line}", "error")]) for line in wrapped(words, max(width - 4, 20))]
    return lines


def _strip(known: Known, width: int, rows: int) -> list[OverviewLine]:
    """The strip chart: ``rows`` rows of blocks, each column as high as the bytes of its time."""
    if known.throughput is None:
        return [OverviewLine([("Throughput: when the capture is read to its end", "quiet")]), OverviewLine([])]
    if not known.throughput.any():
        return [OverviewLine([])]
    columns = max(min(width - 4, len(known.throughput)), 10)
    edges = np.linspace(0, len(known.throughput), columns + 1).astype(int)
    sums = np.array([known.throughput[low : max(high, low + 1)].sum() for low, high in pairwise(edges)])
    spans = np.maximum(np.diff(edges), 1) * known.span_s / len(known.throughput)
    rate = sums / np.maximum(spans, 1e-9)
    top = float(rate.max())
    # What is above nothing is never invisible.
    heights = np.where(rate > 0, np.maximum(np.ceil(rate / top * 8 * rows), 1), 0).astype(int)
    peak = f"Throughput over {human_seconds(known.span_s)}, at most {human_bytes(int(top))}/s"
    return [
        OverviewLine([(peak, "")], Goal("transactions")),
        *(
            OverviewLine([("  " + "".join(_HEIGHTS[min(max(height - 8 * row, 0), 8)] for height in heights), "good")])
            for row in reversed(range(rows))
        ),
        OverviewLine([]),
    ]


def _card(row: Mapping[str, Any], known: Known, marked: bool) -> list[OverviewLine]:
    """A session: who with whom, how it went, how much."""
    goal = Goal("transactions", f"session == {row['session']}")
    named = dict.fromkeys(name for name in (row["model"], row["responder_name"]) if name)
    camera = ", ".join(named) or "camera not named"
    client = row["initiator_name"] or "initiator not named"
    meaning = {"established": "good", "rejected": "error"}.get(row["status"], "warning")
    status = session_status(row["status"], row["fail_reason"])
    top = f"─ Session {row['session']} ─"
    lines = [
        OverviewLine(
            [
                ("●" if marked else "╭", "marked" if marked else "quiet"), (f"{top} ", "quiet"), (status, meaning),
                ("  ", ""), (safe_text(camera), "title"), (" with ", "quiet"), (safe_text(client), "title"),
            ],
            goal,
        )
    ]  # fmt: skip
    camera_at = endpoint(row["responder_address"] or "?", row["responder_port"])
    client_at = endpoint(row["initiator_address"] or "?", row["command_port"])
    maker = f" · {row['vendor']}" if row["vendor"] else ""
    lines.append(OverviewLine([("│ ", "quiet"), (f"{camera_at} ↔ {client_at}{maker}", "")], goal))
    lasted = "" if row["duration_s"] is None else f" · {human_seconds(row['duration_s'])}"
    amounts = f"{counted(row['transactions'], 'transaction')} · {counted(row['events'], 'event')}{lasted}"
    amounts += f" · {human_bytes(row['bytes_to_initiator'] or 0)} from the camera"
    amounts += f", {human_bytes(row['bytes_to_responder'] or 0)} to it"
    lines.append(OverviewLine([("│ ", "quiet"), (amounts, "")], goal))
    begin = "" if row["start_time"] is None else f"from {clock_time(row['start_time'])} UTC, "
    end = f"{begin}{session_end(row['close_kind'], row['closed_by'], known.grows)}"
    pieces: list[Piece] = [("╰ ", "quiet"), (end, "error" if row["close_kind"] == "reset" else "quiet")]
    if known.worst is not None:
        level, many = known.worst.get(row["session"], ("", 0))
        said = f"  {counted(many, 'violation')} of “{level}”" if many else "  no violation"
        pieces.append((said, {"must": "error", "should": "warning"}.get(level, "quiet")))
        goal = Goal("findings", f"session == {row['session']}" + (' and verdict == "violation"' if many else ""))
    lines.append(OverviewLine(pieces, goal))
    return lines


def worst_of(findings: Listing) -> dict[int, tuple[str, int]]:
    """By session, the most binding level that was violated, and how often."""
    found: dict[int, dict[str, int]] = {}
    for row in findings.rows.select(["session", "level", "verdict"]).to_pylist():
        if row["verdict"] == "violation" and row["session"] is not None:
            levels = found.setdefault(row["session"], {})
            levels[row["level"]] = levels.get(row["level"], 0) + 1
    return {
        session: next((level, levels[level]) for level in LEVELS if level in levels)
        for session, levels in found.items()
    }


def _operations(operations: Sequence[Mapping[str, Any]] | None, width: int) -> list[OverviewLine]:
    """How often, how much, how long, by operation; bars show the shares of the largest."""
    lines = [OverviewLine([])]
    if not operations:
        return lines
    name_width = min(max(len(one["operation"] or "?") for one in operations) + 2, 34)
    wide = width >= name_width + 84
    head = f"{'Operation':<{name_width}}{'count':>9} " + " " * 10 * wide + f"{'data':>9} " + " " * 10 * wide
    lines.append(OverviewLine([(f"{head}{'median':>9}{'longest':>10}{'not OK':>8}", "title")]))
    most = max(one["transactions"] for one in operations)
    largest = max(one["data_bytes"] for one in operations) or 1
    for one in operations:
        named = one["operation"]
        goal = Goal("transactions", "operation.isna()" if named is None else f'operation == "{named}"')
        latency = ["" if one[key] is None else human_seconds(one[key]) for key in ("latency_median_s", "latency_max_s")]
        bars = [
            fitted(bar(share, 9), 10) if wide else ""
            for share in (one["transactions"] / most, one["data_bytes"] / largest)
        ]
        pieces: list[Piece] = [
            (fitted(safe_text(named or "(not captured)"), name_width), "title"),
            (f"{count(one['transactions']):>9} ", ""), (bars[0], "quiet"),
            (f"{human_bytes(one['data_bytes']):>9} ", ""), (bars[1], "quiet"),
            (f"{latency[0]:>9}{latency[1]:>10}", ""),
            (f"{count(one['not_ok']) if one['not_ok'] else '':>8}", "error"),
        ]  # fmt: skip
        lines.append(OverviewLine(pieces, goal))
    return lines
