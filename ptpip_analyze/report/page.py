"""The page: what every room says of some captures, gathered and written as one HTML file.

Promises one file that needs no network, runs no script but its own, and shows text from the wire as text. Bounded: each
part shows so much and says what it leaves out. The same captures give the same bytes. Refuses to judge and to count:
tables, rules and doctor have done that.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import jinja2
from markupsafe import Markup

from ptpip_analyze import __version__, conformance, describe
from ptpip_analyze.analysis import Analysis
from ptpip_analyze.describe import count, counted, human_bytes, human_seconds
from ptpip_analyze.doctor import examined
from ptpip_analyze.tables.summary import summarize
from ptpip_analyze.tui.rows import Listing

from . import findings, history, pictures, plots
from .ladder import ladders
from .texts import Anchors, clipped, finalized, island
from .timeline import timeline

MOST_SESSIONS: Final = 60
"""Sessions that have a card."""

MOST_CAPTURES: Final = 40
MOST_ROWS: Final = 60
"""Rows of a small table."""

_ASSETS: Final = Path(__file__).with_name("assets")
_SCRIPT, _STYLE = "report.js", "report.css"
_CHUNK: Final = 64  # pieces of the page that are written at once


def write_page(analysis: Analysis, stream: BinaryIO) -> list[str]:
    """Write the page of an analysis that keeps its packets table; returns the sentences that say what is left out.

    Errors of reading the captures and of writing pass through.
    """
    said = gathered(analysis)
    template = _environment().get_template("page.html.j2")
    pieces = template.stream(said)
    pieces.enable_buffering(_CHUNK)
    stream.writelines(piece.encode("utf-8") for piece in pieces)
    return list(said["left_out"])


def gathered(analysis: Analysis) -> dict[str, Any]:
    """Everything that the page says, as plain values."""
    anchors = Anchors()
    left: list[str] = []

    def keep(told: tuple[Any, list[str]]) -> Any:
        left.extend(told[1])
        return told[0]

    facts = summarize(analysis)
    transactions = analysis.arrow("transactions")
    sessions = _sessions(facts["sessions"], left)
    doctor = keep(findings.verdicts(examined(analysis.results), anchors))
    check = keep(
        findings.conformance(
            conformance.checked(analysis.results), [result.path for result in analysis.results], anchors
        )
    )
    times = keep(timeline(analysis, transactions))
    listing = Listing("transactions", transactions, None, analysis.vendors, analysis.beginning)
    drawn = keep(ladders(analysis.results, listing, findings.notable_frames(check, doctor), anchors))
    budget = pictures.Budget()
    carried = keep(pictures.carried(analysis.results, budget, anchors))
    live_view = keep(pictures.live_views(analysis.results, budget))
    if budget.refused:
        left.append(f"{counted(budget.refused, 'picture')} more are not shown.")
    measured = plots.operations(transactions)
    if measured["more"]:
        left.append(f"{counted(measured['more'], 'operation')} more: ptpip-analyze stats.")
    spent = plots.where_time_went(transactions, analysis.arrow("sessions"), MOST_SESSIONS)
    properties = keep(history.histories(analysis, _spans(analysis)))
    rates = [
        line
        for (result, packets), _ in zip(analysis.batches_by_capture("packets"), range(MOST_CAPTURES), strict=False)
        if (line := plots.over_time(result, packets))
    ]
    captures = [_capture(one, facts["sessions"]) for one in facts["captures"][:MOST_CAPTURES]]
    if more := len(facts["captures"]) - len(captures):
        left.append(f"{counted(more, 'capture')} more: ptpip-analyze summary.")
    return {
        "version": __version__,
        "title": _title(facts["captures"]),
        "policy": _policy(),
        "style": Markup(_asset(_STYLE)),
        "script": Markup(_asset(_SCRIPT)),
        "captures": captures,
        "totals": _totals(facts),
        "doctor": doctor,
        "check": check,
        "sessions": sessions,
        "timeline": island(times),
        "timeline_counts": {
            "transactions": sum(part["of"] for part in times["captures"]),
            "events": sum(part["event_count"] for part in times["captures"]),
        },
        "spent": spent,
        "operations": measured,
        "rates": rates,
        "responses": [_response(row, facts) for row in facts["responses"][:MOST_ROWS]],
        "events": facts["events"][:MOST_ROWS],
        "problems": [_problem(row, len(facts["captures"]) > 1) for row in facts["problems"][:MOST_ROWS]],
        "discovery": [_announced(row) for row in facts["discovery"][:MOST_ROWS]],
        "ladders": drawn,
        "ladder_frames": {line["id"] for one in drawn for line in one["lines"] if not line["gap"]},
        "properties": properties,
        "objects": carried,
        "live_view": live_view,
        "left_out": left + _rest(facts),
    }


def _rest(facts: dict[str, Any]) -> list[str]:
    """What the small tables leave out."""
    return [
        f"{counted(len(facts[name]) - MOST_ROWS, noun)} more: ptpip-analyze summary --format json."
        for name, noun in (("responses", "kind of response"), ("events", "kind of event"), ("problems", "problem"),
                           ("discovery", "announcement"))
        if len(facts[name]) > MOST_ROWS
    ]  # fmt: skip


def _title(captures: list[dict[str, Any]]) -> str:
    first = clipped(os.path.basename(captures[0]["capture"]) or captures[0]["capture"], 80) if captures else "nothing"
    return first if len(captures) < 2 else f"{first} and {counted(len(captures) - 1, 'other capture')}"


def _totals(facts: dict[str, Any]) -> dict[str, Any]:
    sessions = facts["sessions"]
    return {
        "sessions": len(sessions),
        "transactions": sum(row["transactions"] or 0 for row in sessions),
        "all_transactions": sum(row["transactions"] for row in facts["operations"]),
        "events": sum(row["count"] for row in facts["events"]),
        "not_ok": sum(row["not_ok"] for row in facts["operations"]),
        "bytes": human_bytes(
            sum((row["bytes_to_responder"] or 0) + (row["bytes_to_initiator"] or 0) for row in sessions)
        ),
        "problems": len(facts["problems"]),
    }


def _capture(one: dict[str, Any], sessions: list[dict[str, Any]]) -> dict[str, Any]:
    mine = sum(row["capture"] == one["capture"] for row in sessions)
    warnings = [
        f"{counted(link['packets'], 'packet')} of {describe.link_type(link['link_type'])} can't be read"
        for link in one["link_types"]
        if not link["readable"]
    ]
    if one["damage"]:
        place = "" if one["damage"]["offset"] is None else f" at offset {count(one['damage']['offset'])}"
        warnings.append(f"The file is damaged{place}: {one['damage']['reason']}. Everything before it is analysed.")
    if one["packets_dropped"]:
        warnings.append(f"The capturing machine lost {counted(one['packets_dropped'], 'packet')} before writing them.")
    if one["first_time"] is None and one["packets"]:
        warnings.append("Its packets have no times.")
    if one["announcements_left_out"]:
        warnings.append(f"{counted(one['announcements_left_out'], 'announcement')} more than are looked at.")
    packed = f" ({one['compression']})" if one["compression"] else ""
    links = [describe.link_type(link["link_type"]) for link in one["link_types"] if link["readable"]]
    lines = [
        ("Format", f"{one['format']}{packed}, {human_bytes(one['bytes'])}"),
        ("Packets", ", ".join([count(one["packets"]), *links])),
    ]
    if one["first_time"] is not None:
        lines += [
            ("Begins", f"{one['first_time'][:26].replace('T', ' ')} UTC"),
            ("Lasts", human_seconds(one["duration_s"])),
        ]
    lines.append(("PTP-IP", counted(mine, "session") if mine else "none in it"))
    lines += [
        ("Silent", f"{counted(silent['connections'], 'connection')} to port {silent['port']} without payload")
        for silent in one["silent_connections"]
    ]
    if one["other_tcp_connections"]:
        lines.append(("Else", counted(one["other_tcp_connections"], "TCP connection")))
    return {"name": clipped(one["capture"]), "lines": lines, "warnings": warnings, "empty": not mine}


def _sessions(rows: list[dict[str, Any]], left: list[str]) -> list[dict[str, Any]]:
    if len(rows) > MOST_SESSIONS:
        left.append(f"{counted(len(rows) - MOST_SESSIONS, 'session')} more: ptpip-analyze sessions.")
    several = len({row["capture"] for row in rows}) > 1
    return [_session(row, several) for row in rows[:MOST_SESSIONS]]


def _session(row: dict[str, Any], several: bool) -> dict[str, Any]:
    status = row["status"] or ""
    states = {name: number for name, number in row["transactions_by_status"].items() if name != "complete"}
    lines = [
        ("Initiator", _who(row, "initiator")),
        ("Responder", _who(row, "responder")),
        ("Connection", _connection(row)),
    ]
    if row["start_time"] is not None and row["duration_s"] is not None:
        lines.append(("Time", f"{row['start_time'][11:23]}, lasts {human_seconds(row['duration_s'])}"))
    lines.append(("End", describe.session_end(row["close_kind"], row["closed_by"])))
    if row["vendor_evidence"]:
        codes = f"{row['vendor']} codes" if row["vendor"] else "standard codes only"
        lines.append(("Vendor", f"{codes}: {clipped(row['vendor_evidence'], 200)}"))
    if row["dialect"] not in (None, "standard"):
        lines.append(("Dialect", row["dialect"]))
    told = count(row["transactions"] or 0)
    if states:
        told += " (" + ", ".join(f"{count(number)} {state}" for state, number in sorted(states.items())) + ")"
    lines += [
        ("Transactions", told),
        ("Events", count(row["events"] or 0)),
        ("Bytes", f"{human_bytes(row['bytes_to_responder'] or 0)} to the camera, "
                  f"{human_bytes(row['bytes_to_initiator'] or 0)} from it"),
    ]  # fmt: skip
    if several:
        lines.append(("Capture", clipped(row["capture"], 120)))
    return {
        "session": row["session"],
        "camera": clipped(row["model"] or row["responder_name"] or "unnamed camera", 80),
        "status": describe.session_status(status, row["fail_reason"]),
        "grade": {"established": "good", "rejected": "bad"}.get(status, "doubtful"),
        "lines": lines,
    }


def _who(row: dict[str, Any], side: str) -> str:
    parts = [clipped(row[f"{side}_name"], 80) if row[f"{side}_name"] else "unnamed"]
    if side == "responder" and row["model"]:
        maker = f"{clipped(row['manufacturer'], 60)} " if row.get("manufacturer") else ""
        parts.append(f"{maker}{clipped(row['model'], 60)}")
    if row[f"{side}_guid"]:
        parts.append(f"GUID {row[f'{side}_guid']}")
    if row[f"{side}_version"]:
        parts.append(f"version {row[f'{side}_version']}")
    return ", ".join(parts)


def _connection(row: dict[str, Any]) -> str:
    initiator = describe.endpoint(row["initiator_address"] or "?", row["command_port"])
    responder = describe.endpoint(row["responder_address"] or "?", row["responder_port"])
    others = [f"events on port {row['event_port']}"] if row["event_port"] is not None else []
    others += [f"live view on port {row['live_view_port']}"] if row.get("live_view_port") is not None else []
    pairing = describe.PAIRING_WORDS.get(row["paired_by"] or "", "")
    said = ", ".join([*others, f"paired {pairing}" if others else pairing])
    return f"{initiator} → {responder} ({said})"


def _response(row: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "response": clipped(row["response"] or "", 60),
        "operation": clipped(row["operation"], 60)
        if row["operation"]
        else ("no request" if row["unasked"] else "a request not captured"),
        "count": row["transactions"],
        "frames": describe.frames_text(row["frames"], row["transactions"]),
        "capture": clipped(row["capture"] or "", 80) if len(facts["captures"]) > 1 else None,
    }


def _problem(row: dict[str, Any], several: bool) -> dict[str, str]:
    line = describe.problem_line(
        row["of"], row["status"] or "unknown", session=row["session"], count=row["count"], frames=row["frames"],
        reason=row["reason"],
    )  # fmt: skip
    where = f" in {clipped(row['capture'], 80)}" if several and row["capture"] else ""
    return {"status": row["status"] or "unknown", "says": line + where}


def _announced(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "device": clipped(row["device"] or row["service"] or "a camera", 80),
        "method": row["method"],
        "place": describe.endpoint(clipped(row["addresses"] or row["source_address"] or "?", 60), row["port"]),
        "count": row["count"],
        "frame": row["frame"],
        "session": row["session"],
    }


def _spans(analysis: Analysis) -> dict[int, tuple[int, int]]:
    table = analysis.arrow("sessions").select(["session", "start_time", "end_time"])
    number, start, end = (table[name].cast("int64").to_pylist() for name in table.column_names)
    return {one: (begins, ends) for one, begins, ends in zip(number, start, end, strict=True) if begins is not None}


@cache
def _asset(name: str) -> str:
    """A script or style sheet as it stands in the page; it has no end of its own element in it."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def _policy() -> str:
    """The Content-Security-Policy: nothing is loaded, and of scripts and styles only our own may act."""
    script, style = (hashlib.sha256(_asset(name).encode()).digest() for name in (_SCRIPT, _STYLE))
    return (
        f"default-src 'none'; script-src 'sha256-{base64.b64encode(script).decode()}'; "
        f"style-src 'sha256-{base64.b64encode(style).decode()}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ptpip_analyze.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    return environment
