"""`summary`: the page a newcomer sees first. It answers "what is in here?" and names what is not as it should be."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Names, Output, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, json_bytes, name_codes, written_to
from ptpip_analyze.describe import bar, count, counted, human_bytes, human_seconds, safe_text

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from ptpip_analyze.cli.page import Column

SummaryFormat = Literal["text", "json"]

_BAR: Final = 14  # characters of a full bar
_MOST: Final = 12  # rows of a section of the page; JSON has all
_SESSIONS: Final = 20  # sessions told in full
# What a page without problems has looked for.
_FINE: Final = (
    "handshakes, transactions and messages are complete, probes are answered, no command connection was reset."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("summary")(_summary)


def _summary(
    captures: Captures,
    file_format: Annotated[
        SummaryFormat | None,
        typer.Option("--format", help="A page, or everything as JSON; a page is the default.", show_default=False),
    ] = None,
    output: Output = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Show capture, sessions and operations on one page.

    With responses, events, and what is wrong with them.
    """
    chosen = _chosen_format(file_format, output)
    name_codes(names)
    with analysed(captures, ports, progress, vendor=vendor) as analysis:
        from ptpip_analyze.tables.summary import summarize

        facts = summarize(analysis)
        with written_to(output, captures) as stream:
            stream.write(json_bytes(facts) if chosen == "json" else _page(facts, output))


def _chosen_format(asked: SummaryFormat | None, output: Path | None) -> SummaryFormat:
    """The format asked for, else JSON for a file that is named so. CommandError for the suffix of a table's format."""
    if output is None:
        return asked or "text"
    from ptpip_analyze.tables.export import FORMATS, ExportError, refuse_compression

    try:
        refuse_compression(output)
    except ExportError as error:
        raise CommandError(str(error)) from error
    suffix = output.suffix.lower().lstrip(".")
    if asked is None and suffix in FORMATS and suffix != "json":
        raise CommandError(f"{output}: a summary is text or .json, not .{suffix}")
    return asked or ("json" if suffix == "json" else "text")


def _page(facts: dict[str, Any], output: Path | None) -> bytes:
    from ptpip_analyze.cli.screen import console_for, encoded

    page = io.StringIO()
    console = console_for(page, terminal=output is None and sys.stdout.isatty())
    for capture in facts["captures"]:
        sessions = [row for row in facts["sessions"] if row["capture"] == capture["capture"]]
        _capture(console, capture, len(sessions))
        for row in sessions[:_SESSIONS]:
            _session(console, row)
        if len(sessions) > _SESSIONS:
            more = counted(len(sessions) - _SESSIONS, "more session")
            _say(console, (f"… {more}: ptpip-analyze sessions", "dim"))
            _say(console)
    _operations(console, facts["operations"])
    _responses(console, facts["responses"], len(facts["captures"]) > 1)
    _events(console, facts["events"])
    _announced(console, facts["discovery"])
    _problems(console, facts)
    _conformance(console, facts)
    return encoded(page.getvalue(), output)


def _width(console: Console) -> int | None:
    """The columns that there are; None in a pipe, where lines are as long as they are."""
    return console.width if console.is_terminal else None


def _say(console: Console, *parts: tuple[str, str]) -> None:
    """A line out of (words, style) parts, broken between words where the terminal is too narrow."""
    from rich.text import Text

    from ptpip_analyze.cli.page import wrapped

    for line in wrapped(Text.assemble(*parts), _width(console)):
        console.print(line, soft_wrap=True)


def _capture(console: Console, capture: dict[str, Any], sessions: int) -> None:
    _say(console, (safe_text(capture["capture"]), "bold"))
    packed = f" ({capture['compression']})" if capture["compression"] else ""
    line = [f"{capture['format']}{packed}", human_bytes(capture["bytes"]), counted(capture["packets"], "packet")]
    line += [describe.link_type(link["link_type"]) for link in capture["link_types"] if link["readable"]]
    _say(console, ("  " + " · ".join(line), ""))
    for link in capture["link_types"]:
        if not link["readable"]:
            words = f"  {counted(link['packets'], 'packet')} of {describe.link_type(link['link_type'])} can't be read"
            _say(console, (words, "yellow"))
    if capture["packets_dropped"]:
        lost = counted(capture["packets_dropped"], "packet")
        _say(console, (f"  the capturing machine lost {lost} before writing them", "yellow"))
    if capture["first_time"] is not None:
        begins = capture["first_time"][:23].replace("T", " ")
        _say(console, (f"  begins {begins} UTC, lasts {human_seconds(capture['duration_s'])}", ""))
    elif capture["packets"]:
        _say(console, ("  its packets have no times", "yellow"))
    told = counted(sessions, "PTP-IP session") if sessions else "no PTP-IP in it"
    for silent in capture["silent_connections"]:
        told += f" · {counted(silent['connections'], 'connection')} to port {silent['port']} without payload"
    if capture["other_tcp_connections"]:
        told += f" · {counted(capture['other_tcp_connections'], 'TCP connection')} of something else"
    _say(console, ("  " + told, "" if sessions else "yellow"))
    if capture["announcements_left_out"]:
        more = counted(capture["announcements_left_out"], "announcement")
        _say(console, (f"  {more} more than are looked at", "yellow"))
    if capture["damage"]:
        place = "" if capture["damage"]["offset"] is None else f" at offset {count(capture['damage']['offset'])}"
        words = f"  damaged{place}: {safe_text(capture['damage']['reason'])}; everything before it is analysed"
        _say(console, (words, "red"))
    _say(console)


def _session(console: Console, row: dict[str, Any]) -> None:
    from ptpip_analyze.tables.cells import status_style

    camera = row["model"] or row["responder_name"] or "unnamed camera"
    title = [(f"Session {row['session']}", "bold"), ("  ", ""), (safe_text(camera), "bold cyan")]
    if row["model"] and row["responder_name"] and row["responder_name"] != row["model"]:
        title.append((f' "{safe_text(row["responder_name"])}"', "cyan"))
    client = f' with client "{safe_text(row["initiator_name"])}"' if row["initiator_name"] else ""
    _say(console, *title, (client, ""))
    status = describe.session_status(row["status"] or "", row["fail_reason"])
    ended = describe.session_end(row["close_kind"], row["closed_by"])
    _say(console, ("  ", ""), (status, status_style(row["status"] or "")), (f", {ended}", ""))
    initiator = describe.endpoint(row["initiator_address"] or "?", row["command_port"])
    responder = describe.endpoint(row["responder_address"] or "?", row["responder_port"])
    pairing = describe.PAIRING_WORDS.get(row["paired_by"] or "", "")
    live_view = row.get("live_view_port")
    others = [f"events on port {row['event_port']}"] if row["event_port"] is not None else []
    others += [f"live view on port {live_view}"] if live_view is not None else []
    if row["command_port"] is None:
        only, port = ("a live-view", live_view) if row["event_port"] is None else ("an event", row["event_port"])
        events = f"only {only} connection, from port {port}"
    elif others:
        events = f"{', '.join(others)}, paired {pairing}"
    else:
        events = pairing
    _say(console, (f"  {initiator} → {responder}" + (f" ({events})" if events else ""), ""))
    if row["start_time"] is not None and row["duration_s"] is not None:
        dialect = "" if row["dialect"] in (None, "standard") else f", {safe_text(row['dialect'])} dialect"
        _say(console, (f"  {row['start_time'][11:23]}, lasts {human_seconds(row['duration_s'])}{dialect}", ""))
    if row["vendor_evidence"]:
        codes = f"{row['vendor']} codes" if row["vendor"] else "standard codes only"
        _say(console, (f"  {codes}: {safe_text(row['vendor_evidence'])}", "dim"))
    told = counted(row["transactions"] or 0, "transaction")
    states = row["transactions_by_status"]
    if set(states) - {"complete"}:
        told += ": " + ", ".join(f"{count(number)} {state}" for state, number in sorted(states.items()))
    _say(console, (f"  {told} · {counted(row['events'] or 0, 'event')}", ""))
    sizes = {"to the camera": row["bytes_to_responder"] or 0, "from the camera": row["bytes_to_initiator"] or 0}
    for words, size in sizes.items():
        line = f"  {words:<15} {human_bytes(size):>8} "
        longest = min(2 * _BAR, (_width(console) or sys.maxsize) - len(line))
        share = bar(size / max(max(sizes.values()), 1), longest) if longest > 0 else ""
        _say(console, (line, ""), (share, "cyan"))
    _say(console)


def _section(console: Console, rows: int, command: str, *columns: Column) -> None:
    """A grid with its title in the first heading; what is left out of its `rows` is said."""
    from ptpip_analyze.cli.page import grid

    if not rows:
        return
    for line in grid(columns, _width(console)):
        console.print(line, soft_wrap=True)
    if rows > _MOST:
        _say(console, (f"  … {count(rows - _MOST)} more: ptpip-analyze {command}", "dim"))
    _say(console)


def _operations(console: Console, operations: list[dict[str, Any]]) -> None:
    from ptpip_analyze.cli.page import Column

    most = max((row["transactions"] for row in operations), default=1)
    largest = max([1, *(row["data_bytes"] for row in operations)])
    rows = operations[:_MOST]
    median, longest = (
        ["" if row[name] is None else human_seconds(row[name]) for row in rows]
        for name in ("latency_median_s", "latency_max_s")
    )
    _section(
        console,
        len(operations),
        "summary --format json",
        Column("Operations", [f"  {_asked(row, 'request not captured', 'without a request')}" for row in rows], "name"),
        Column("count", [count(row["transactions"]) for row in rows]),
        Column("", [row["transactions"] / most for row in rows], "bar", "cyan"),
        Column("data", [human_bytes(row["data_bytes"]) if row["data_bytes"] else "" for row in rows]),
        Column("", [row["data_bytes"] / largest for row in rows], "bar", "magenta"),
        Column("median latency", median, short="median"),
        Column("longest", longest),
    )


def _asked(row: dict[str, Any], lost: str, never: str) -> str:
    """The operation of a row; where none is known, whether its request was lost or never there."""
    return safe_text(row["operation"]) if row["operation"] else never if row["unasked"] else lost


def _responses(console: Console, responses: list[dict[str, Any]], several: bool) -> None:
    from ptpip_analyze.cli.page import Column

    rows = responses[:_MOST]
    to = [
        f"to {_asked(row, 'a request not captured', 'no request')}, "
        + describe.frames_text(row["frames"], row["transactions"])
        + (f" in {safe_text(row['capture'])}" if several and row["capture"] else "")
        for row in rows
    ]
    _section(
        console,
        len(responses),
        "transactions --where 'response_code != 0x2001'",
        Column("Responses other than OK", [f"  {safe_text(row['response'] or '')}" for row in rows], "name", "yellow"),
        Column("count", [count(row["transactions"]) for row in rows]),
        Column("", to, "words"),
    )


def _events(console: Console, events: list[dict[str, Any]]) -> None:
    from ptpip_analyze.cli.page import Column

    most = max((row["count"] for row in events), default=1)
    rows = events[:_MOST]
    _section(
        console,
        len(events),
        "events",
        Column("Events", [f"  {safe_text(row['event'] or '')}" for row in rows], "name"),
        Column("count", [count(row["count"]) for row in rows]),
        Column("", [row["count"] / most for row in rows], "bar", "cyan"),
    )


def _announced(console: Console, announced: list[dict[str, Any]]) -> None:
    from ptpip_analyze.cli.page import Column

    rows = announced[:_MOST]
    places = [
        " ".join(
            (
                describe.endpoint(
                    safe_text(row["addresses"] or row["source_address"] or "?").split(",")[0], row["port"]
                ),
                f"in frame {row['frame']}",
                "" if row["session"] is None else f"before session {row['session']}",
            )
        )
        for row in rows
    ]
    _section(
        console,
        len(announced),
        "discovery",
        Column("Announced", [f"  {safe_text(row['device'] or row['service'] or 'a camera')}" for row in rows], "name"),
        Column("by", [row["method"] for row in rows], "name"),
        Column("count", [count(row["count"]) for row in rows]),
        Column("", places, "words"),
    )


def _problems(console: Console, facts: dict[str, Any]) -> None:
    problems = facts["problems"]
    damaged = any(capture["damage"] for capture in facts["captures"])
    if not problems:
        if facts["sessions"] and not damaged:
            _say(console, ("No problems: ", "green"), (_FINE, ""))
        elif not facts["sessions"]:
            _say(console, ("PTP-IP on another port is found by its content, or with --port N.", ""))
        return
    several = len(facts["captures"]) > 1
    _say(console, ("Problems", "bold"))
    for problem in problems[: 2 * _MOST]:
        line = describe.problem_line(
            problem["of"],
            problem["status"] or "unknown",
            session=problem["session"],
            count=problem["count"],
            frames=problem["frames"],
            reason=problem["reason"],
        )
        where = f" in {safe_text(problem['capture'])}" if several and problem["capture"] else ""
        _say(console, ("  ! ", "red"), (line + where, ""))
    if len(problems) > 2 * _MOST:
        _say(console, (f"  … {count(len(problems) - 2 * _MOST)} more: --format json", "dim"))


def _conformance(console: Console, facts: dict[str, Any]) -> None:
    """One line on whether the standard was kept."""
    if not any(row["dialect"] == "standard" for row in facts["sessions"]):
        return
    broken = [row for row in facts["findings"] if row["verdict"] == "violation"]
    known = sum(row["count"] for row in facts["findings"]) - sum(row["count"] for row in broken)
    also = f", {counted(known, 'known deviation')}" if known else ""
    if not broken:
        _say(console, ("No violations", "green"), (f" of CIPA DC-X005-2005 were seen{also}: ptpip-analyze check", ""))
        return
    levels = {
        level: sum(row["count"] for row in broken if row["level"] == level)
        for level in ("must", "should", "may", "info")
    }
    parts = ", ".join(f"{number:,} {level}" for level, number in levels.items() if number)
    said = f"{counted(sum(levels.values()), 'violation')} of CIPA DC-X005-2005 ({parts}){also}: ptpip-analyze check"
    _say(console, ("  ! ", "red"), (said, ""))
