"""The first page as lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from ptpip_analyze.tables.stats import operations_of
from ptpip_analyze.tables.summary import capture_facts
from ptpip_analyze.tables.where import parse_where
from ptpip_analyze.tui.overview import Known, page, worst_of
from tests.support import ROOT

from .conftest import listing, loaded


def known(path: Path, throughput: np.ndarray | None = None) -> Known:
    loading = loaded(path)
    assert loading.analysis is not None
    return Known(
        [capture_facts(one) for one in loading.analysis.captures], listing(loading, "sessions"),
        operations_of(loading.table("transactions")), throughput, 2.0, worst_of(listing(loading, "findings")),
    )  # fmt: skip


def text(of: Known, width: int = 120) -> list[str]:
    return ["".join(said for said, _ in line.pieces) for line in page(of, width)]


def test_shows_captures_sessions_and_operations(polled: Path) -> None:
    lines = text(known(polled))
    assert "polled.pcap" in lines[0]
    assert any("Session 0" in line and "camera" in line and "desk" in line for line in lines)
    assert any(line.startswith("GetObjectHandles") and " 12 " in line for line in lines)


def test_what_grows_is_not_damaged_and_ends_nothing(polled: Path) -> None:
    whole = polled.read_bytes()
    polled.write_bytes(whole[: len(whole) // 2 + 7])
    of = known(polled)
    assert of.captures[0]["damage"]["at_end"]
    ended, growing = "\n".join(text(of)), "\n".join(text(of._replace(grows=True)))
    assert "damaged: " in ended
    assert "still open when the capture ends" in ended
    assert "damaged: " not in growing
    assert "still open" in growing
    assert "capture ends" not in growing


def test_what_grows_is_damaged_by_what_no_growth_mends(polled: Path) -> None:
    whole = polled.read_bytes()
    polled.write_bytes(whole[:24] + b"\xff" * 64)
    of = known(polled)
    assert not of.captures[0]["damage"]["at_end"]
    assert "damaged: " in "\n".join(text(of._replace(grows=True)))


def test_draws_time_without_bytes_as_nothing(polled: Path) -> None:
    strip = next(line for line in text(known(polled, np.array([0, 0, 800, 1]))) if "█" in line and "▁" in line)
    assert strip.startswith("     ")
    assert "at most 1.6 kB/s" in "\n".join(text(known(polled, np.array([0, 0, 800, 1]))))


def test_strip_chart_is_higher_where_there_is_room(polled: Path) -> None:
    of = known(polled, np.repeat([100, 0, 800, 400], 19))
    low, high = (["".join(said for said, _ in line.pieces) for line in page(of, 80, (), height)] for height in (24, 40))
    assert len(high) == len(low) + 2
    at = next(number for number, line in enumerate(high) if line.startswith("Throughput"))
    columns = [[line.ljust(80)[2 + place] for line in high[at + 1 : at + 4]] for place in (0, 20, 40, 60)]
    assert columns[1] == [" ", " ", " "]
    assert columns[2] == ["█", "█", "█"]
    assert columns[3] == [" ", "▄", "█"]
    assert columns[0][:2] == [" ", " "]
    assert columns[0][2] != " "


def test_a_session_with_violations_leads_to_them(polled: Path) -> None:
    of = known(polled)
    goals = [line.goal for line in page(of._replace(worst={0: ("must", 3)}), 80) if line.goal is not None]
    assert ("findings", 'session == 0 and verdict == "violation"') in goals


def test_every_goal_is_a_filter_that_holds_up(polled: Path) -> None:
    for line in page(known(polled), 80):
        if line.goal is not None and line.goal.where:
            parse_where(line.goal.where, line.goal.view)


@pytest.mark.parametrize("width", [78, 120])
def test_operations_fit_the_screen(polled: Path, width: int) -> None:
    lines = text(known(polled), width)
    for line in lines[lines.index("") :]:
        assert cell_len(line) <= width


def test_says_that_a_session_was_rejected() -> None:
    assert any("rejected by the responder" in line for line in text(known(ROOT / "captures" / "init-fail.pcapng")))
