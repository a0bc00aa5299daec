"""The summary page: it answers what is in a capture, and JSON has all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from .conftest import program
from .pretend import Analysis, Capture, Source, session, transaction

CAPTURES = Path(__file__).parents[2] / "captures"


class Damage(Exception):
    offset = 1234
    reason = "record runs past the end\x1b"
    at_end = False


def test_tells_a_newcomer_what_is_in_it(run, pretended: Analysis) -> None:
    ran = run("summary", "walk.pcapng")
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "walk.pcapng",
        "pcapng · 12.1 kB · 85 packets · Ethernet",
        "begins 2026-01-02 03:04:05.123 UTC, lasts 2.5 s",
        "1 PTP-IP session",
        'Session 0  Simulated Camera "Studio" with client "laptop"',
        "established, closed by the initiator",
        "192.168.1.20:50001 → 192.168.1.1:15740 (events on port 50002, paired by connection number)",
        "2 transactions · 1 event",
        "GetObject",
        "ObjectAdded",
        "No problems: handshakes, transactions and messages are complete, probes are answered, "
        "no command connection was reset.",
    ):
        assert words in ran.out


def test_names_the_third_connection_of_a_dialect(run, pretended: Analysis) -> None:
    pretended.rows["sessions"] += [
        session(1, dialect="fuji", paired_by="dialect", live_view_port=50003),
        session(2, dialect="fuji", paired_by="alone", command_port=None, event_port=None, live_view_port=50003),
    ]
    out = run("summary", "x").out
    assert "(events on port 50002, live view on port 50003, paired by hosts and time)" in out
    assert "(only a live-view connection, from port 50003)" in out
    assert "fuji dialect" in out
    assert "not decoded" not in out


def test_is_plain_text_in_a_pipe(run, pretended: Analysis) -> None:
    out = run("summary", "walk.pcapng").out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_draws_bars_in_proportion(run, pretended: Analysis) -> None:
    lines = {line.split()[0]: line for line in run("summary", "x").out.splitlines() if line.startswith("  Get")}
    assert lines["GetObject"].count("█") > lines["GetThumb"].count("█") > 0


def test_names_problems_with_their_frames(run, pretended: Analysis) -> None:
    pretended.rows["sessions"].append(session(1, status="rejected", fail_reason="FAIL_BUSY", close_kind="none"))
    pretended.rows["transactions"] += [
        transaction(3, "GetThumb", 0x100A, response="Device_Busy", response_code=0x2019),
        transaction(4, status="gap"),
        transaction(5, status="gap"),
        transaction(6, status="open", response=None, response_code=None, latency_s=None),
    ]
    pretended.rows["messages"].append(
        {"message": 1, "session": 0, "type": "Data", "status": "malformed", "reason": "length 3", "first_frame": 9}
    )
    out = run("summary", "x").out
    assert "rejected by the responder: FAIL_BUSY, still open when the capture ends" in out
    assert "Device_Busy" in out.split("Responses other than OK")[1].split("\n\n")[0]
    problems = out.split("Problems\n")[1].splitlines()[:-1]
    assert problems == [
        "  ! session 1 was rejected: FAIL_BUSY",
        "  ! session 0: 2 transactions miss bytes that the capture lacks (frames 14 and 15)",
        "  ! session 0: 1 transaction has no response by the end (frame 16)",
        "  ! session 0: 1 message is malformed: length 3 (frame 9)",
    ]


def test_calls_no_request_lost_where_nothing_is(run, pretended: Analysis) -> None:
    nobody = dict.fromkeys(("operation", "code", "request_time"))
    silent: dict[str, Any] = {**nobody, "response": "GeneralError", "response_code": 0x2002}
    pretended.rows["transactions"].append(transaction(3, **silent | {"status": "disordered"}))
    out = run("summary", "x").out
    assert "  without a request " in out
    assert "to no request, frame 15" in out
    assert "not captured" not in out
    pretended.rows["transactions"].append(transaction(4, **silent | {"status": "gap"}))
    assert "to a request not captured, frame 16" in run("summary", "x").out


def probe(kind: int, direction: str, frame: int) -> dict[str, object]:
    return {"message": frame, "session": 0, "tcp_stream": 1, "type_code": kind, "direction": direction,
            "status": "complete", "first_frame": frame, "capture": "walk.pcapng"}  # fmt: skip


def test_names_probes_that_were_not_answered_and_resets(run, pretended: Analysis) -> None:
    pretended.rows["sessions"] = [session(close_kind="reset", closed_by="responder")]
    pretended.rows["messages"] = [
        probe(13, "to-responder", 10), probe(14, "to-initiator", 11), probe(13, "to-initiator", 12),
        probe(13, "to-responder", 13), probe(13, "to-responder", 14), probe(14, "to-initiator", 15),
    ]  # fmt: skip
    out = run("summary", "x").out
    assert "No problems" not in out
    assert out.split("Problems\n")[1].splitlines()[:-1] == [
        "  ! session 0 ended with a reset of its command connection",
        "  ! session 0: 2 probe requests have no response by the end (frames 12 and 13)",
    ]


def test_finds_no_fault_with_probes_that_were_answered(run, pretended: Analysis) -> None:
    pretended.rows["messages"] = [
        probe(13, "to-responder", 10), probe(13, "to-initiator", 11), probe(14, "to-responder", 12),
        probe(14, "to-initiator", 13),
    ]  # fmt: skip
    assert "No problems" in run("summary", "x").out


def test_says_in_one_line_whether_the_standard_was_kept(run, pretended: Analysis) -> None:
    assert run("summary", "x").out.endswith("No violations of CIPA DC-X005-2005 were seen: ptpip-analyze check\n")
    pretended.rows["findings"] = [
        {"rule": "name-max-length", "level": "must", "verdict": "violation"},
        {"rule": "version-is-1-0", "level": "should", "verdict": "violation"},
        {"rule": "version-is-1-0", "level": "should", "verdict": "violation"},
        {"rule": "probe-answered", "level": "must", "verdict": "known-vendor-deviation"},
        {"rule": "data-fragmentation", "level": "may", "verdict": "pass"},
    ]
    assert run("summary", "x").out.endswith(
        "  ! 3 violations of CIPA DC-X005-2005 (1 must, 2 should), 1 known deviation: ptpip-analyze check\n"
    )


def test_says_nothing_of_the_standard_where_none_was_judged(run, pretended: Analysis) -> None:
    pretended.rows["sessions"] = [session(dialect="fuji")]
    assert "CIPA" not in run("summary", "x").out


def test_names_connections_that_carried_nothing(run, pretended: Analysis) -> None:
    pretended.captures = [Capture(silent_connections={15740: 2}, other_connections=1)]
    out = run("summary", "x").out
    assert "1 PTP-IP session · 2 connections to port 15740 without payload · 1 TCP connection of something else" in out


def test_says_that_packets_have_no_times(run, pretended: Analysis) -> None:
    pretended.captures = [Capture(times=None)]
    out = run("summary", "x").out
    assert "  its packets have no times\n" in out
    assert "begins" not in out


def test_says_in_which_capture_a_frame_is(run, pretended: Analysis) -> None:
    busy = {"operation": "GetThumb", "response": "Device_Busy", "response_code": 0x2019}
    pretended.rows["transactions"] = [
        transaction(3, **busy, last_frame=7), transaction(4, **busy, last_frame=9, capture="other.pcap"),
    ]  # fmt: skip
    assert "to GetThumb, frame 7\n" in run("summary", "x").out
    pretended.captures = [Capture(), Capture("other.pcap")]
    out = run("summary", "x").out
    assert "to GetThumb, frame 7 in walk.pcapng\n" in out
    assert "to GetThumb, frame 9 in other.pcap\n" in out


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("captures", [sorted(CAPTURES.glob("*.pcap*")), [CAPTURES / "busy.pcap"]], ids=["all", "one"])
def test_fits_into_the_terminal_and_cuts_no_number(run, monkeypatch, captures: list[Path], width: int) -> None:
    whole = run("summary", *captures).out
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    page = Text.from_ansi(run("summary", *captures).out).plain
    for line in page.splitlines():
        assert cell_len(line) <= width or " " not in line.strip(), line
    assert re.findall(r"\d[\d.,]*(?: [µmk]?[sB]\b)?", page) == re.findall(r"\d[\d.,]*(?: [µmk]?[sB]\b)?", whole)


def test_says_that_there_is_no_ptp_ip(run, pretended: Analysis) -> None:
    pretended.rows.clear()
    pretended.captures = [Capture(other_connections=3)]
    out = run("summary", "x").out
    assert "no PTP-IP in it · 3 TCP connections of something else" in out
    assert "--port N" in out


def test_says_where_a_capture_is_damaged(run, pretended: Analysis) -> None:
    pretended.captures = [Capture(damage=Damage("walk.pcapng: offset 1234: record runs past the end\x1b"))]
    ran = run("summary", "x")
    assert "damaged at offset 1,234: record runs past the end\\x1b; everything before it is analysed" in ran.out
    assert "No problems" not in ran.out
    assert ran.err.startswith("ptpip-analyze: walk.pcapng: offset 1234: record runs past the end\\x1b")
    assert ran.err.count("\n") == 1


def test_says_which_packets_it_cannot_read_and_which_were_lost(run, pretended: Analysis) -> None:
    source = Source("zstd", {1: 80, 195: 5, 0xFFFFFFFF: 2}, {195: 5}, 3)
    pretended.captures = [Capture(source=source)]
    out = run("summary", "x").out
    assert "pcapng (zstd) · 12.1 kB · 85 packets · Ethernet\n" in out
    assert "  5 packets of LINKTYPE 195 can't be read\n" in out
    assert "  the capturing machine lost 3 packets before writing them\n" in out


def test_survives_a_capture_without_packets(run, pretended: Analysis) -> None:
    pretended.rows.clear()
    pretended.captures = [Capture(packets=0, times=None)]
    assert "0 packets" in run("summary", "x").out


def test_escapes_names_from_the_wire(run, pretended: Analysis) -> None:
    pretended.rows["sessions"] = [
        session(initiator_name="\x1b[31m", responder_name="[b]\n", model=None, dialect="\x9b")
    ]
    out = run("summary", "x").out
    assert 'client "\\x1b[31m"' in out
    assert "[b]\\n" in out
    assert "\x9b" not in out


def test_cuts_a_long_section_and_says_so(run, pretended: Analysis) -> None:
    pretended.rows["transactions"] = [transaction(number, f"Op{number:02}", 0x9000 + number) for number in range(15)]
    out = run("summary", "x").out
    assert "  … 3 more: ptpip-analyze summary --format json" in out
    assert len(json.loads(run("summary", "x", "--format", "json").out)["operations"]) == 15


def test_tells_sessions_beneath_their_capture(run, pretended: Analysis) -> None:
    pretended.captures = [Capture("a.pcap"), Capture("b.pcap")]
    pretended.rows["sessions"] = [session(0, capture="a.pcap"), session(1, capture="b.pcap", status="midstream")]
    out = run("summary", "x").out
    order = [out.index(words) for words in ("a.pcap\n", "Session 0", "b.pcap\n", "Session 1")]
    assert order == sorted(order)
    assert "session 1 began before the capture in b.pcap" in out


def test_gives_everything_as_json_too(run, pretended: Analysis) -> None:
    facts = json.loads(run("summary", "x", "--format", "json").out)
    assert list(facts) == [
        "captures",
        "sessions",
        "operations",
        "responses",
        "events",
        "messages",
        "problems",
        "discovery",
        "findings",
    ]


def test_writes_to_a_file(run, pretended: Analysis, tmp_path: Path) -> None:
    assert run("summary", "x", "-o", tmp_path / "page.txt") == (0, "", "")
    assert "Session 0" in (tmp_path / "page.txt").read_text()


def test_writes_json_to_a_file_that_is_named_so(run, pretended: Analysis, tmp_path: Path) -> None:
    assert run("summary", "x", "-o", tmp_path / "page.json") == (0, "", "")
    assert json.loads((tmp_path / "page.json").read_text())["sessions"]
    run("summary", "x", "-o", tmp_path / "text.json", "--format", "text")
    assert (tmp_path / "text.json").read_text().startswith("walk.pcapng")


@pytest.mark.parametrize("name", ["page.csv", "page.json.gz"])
def test_is_neither_a_table_nor_compressed(run, tmp_path: Path, name: str) -> None:
    ran = run("summary", "/no/such/file", "-o", tmp_path / name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_summarizes_a_real_conversation(plain_pcap: Path) -> None:
    ran = program("summary", plain_pcap)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1 PTP-IP session" in ran.stdout
    assert "5 transactions · 0 events" in ran.stdout
    assert "No problems" in ran.stdout
