"""Ladders on the page: folded, bounded, with gaps that are counted."""

from __future__ import annotations

from typing import Any

import pytest

from ptpip_analyze import Analysis
from ptpip_analyze.report import ladder as module
from ptpip_analyze.report.ladder import ladders
from ptpip_analyze.report.texts import Anchors
from ptpip_analyze.tui.ladder import Ladder
from ptpip_analyze.tui.rows import Listing
from tests.traffic import conversation

from .conftest import everything, whole


def listing(analysis: Analysis) -> Listing:
    return Listing("transactions", analysis.arrow("transactions"), None, analysis.vendors, analysis.beginning)


def drawn(analysis: Analysis, notable: dict[int, set[int]] | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    return ladders(analysis.results, listing(analysis), notable or {}, Anchors())


def test_says_line_by_line_what_the_terminal_says() -> None:
    with whole(everything()) as analysis:
        ((found,), left) = drawn(analysis)
        terminal = Ladder(analysis, [0], listing(analysis))
        said = [terminal.arrow(line) for line in range(len(terminal))]
        assert [line["text"] for line in found["lines"]] == [one.text for one in said]
        assert [line["frame"] for line in found["lines"]] == [one.frame for one in said]
        assert [line["outward"] for line in found["lines"]] == [one.source == 0 for one in said]
        assert any("GetObjectHandles ×" in line["text"] for line in found["lines"])
        assert (found["shown"], found["of"], left) == (len(said), len(said), [])


def long() -> Analysis:
    talk = conversation().open()
    for handle in range(120):
        talk.transaction(0x1008, handle, response=0x2009 if handle == 90 else 0x2001)
    return whole(talk.close())


def test_shows_beginning_end_and_what_is_of_note_of_a_long_one(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", 60)
    with long() as analysis:
        ((found,), left) = drawn(analysis, {0: {101}})
        lines = found["lines"]
        texts = [line.get("text", "") for line in lines]
        assert texts[0] == "InitCommandRequest"
        assert "GetObjectInfo(handle=0x5A)" in texts
        assert any(text.startswith("InvalidObjectHandle") for text in texts)
        assert 101 in [line.get("frame") for line in lines]
        assert "GetObjectInfo(handle=0x77)" in texts
        gaps = [line["gap"] for line in lines if line["gap"]]
        assert len(gaps) >= 2
        assert sum(gaps) + len(lines) - len(gaps) == found["of"] == 246
        assert left == [f"The ladder of session 0 shows {found['shown']} of 246 lines."]


def test_has_a_bound_for_all_sessions(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 70)
    from tests.support import analysed

    packets = [
        packet
        for number in range(4)
        for packet in conversation(command_port=40000 + 2 * number, event_port=40001 + 2 * number,
                                   start_ns=10**18 + number * 10**9).open().get_device_info().close().packets()
    ]  # fmt: skip
    with analysed(packets) as analysis:
        found, left = drawn(analysis)
        assert sum(one["shown"] for one in found) <= 70
        assert [one["session"] for one in found] == list(range(len(found)))
        if len(found) < 4:
            assert f"{4 - len(found)} session" in left[-1]


@pytest.mark.parametrize("sessions", [0, 2])
def test_counts_the_sessions_that_have_none(monkeypatch, sessions: int) -> None:
    monkeypatch.setattr(module, "MOST_SESSIONS", sessions)
    from ptpip_analyze import analyze
    from tests.support import ROOT

    with analyze(str(ROOT / "captures" / "busy.pcap")) as analysis:
        found, left = drawn(analysis)
        assert len(found) == sessions
        assert left[-1].startswith(f"{3 - sessions} session")


def test_gives_each_line_a_level_of_detail() -> None:
    with whole(everything()) as analysis:
        ((found,), _) = drawn(analysis)
        level = {line["text"].partition(" ")[0]: line["detail"] for line in found["lines"]}
        assert level["GetDeviceInfo()"] == level["ObjectAdded"] == level["InvalidObjectHandle"] == 1
        assert level["OK"] == level["data:"] == 2
        assert level["StartData"] == 3


def test_draws_a_session_in_which_nothing_was_requested() -> None:
    with whole(conversation().connect().init_command_request().init_fail(1).close()) as analysis:
        ((found,), _) = drawn(analysis)
        assert [line["text"] for line in found["lines"]] == ["InitCommandRequest", "InitFail FAIL_REJECTED_INITIATOR"]
