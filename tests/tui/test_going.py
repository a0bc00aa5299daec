"""Where a person wants to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.going import fault_of, goal_of

from .conftest import listing, loaded


@pytest.mark.parametrize("text", ["120", "#7", "1.5s", "2026-01-02T03:04:05Z"])
def test_takes_frames_transactions_and_moments(text: str) -> None:
    assert fault_of(text) == ""


@pytest.mark.parametrize("text", ["", "#", "#x", "nonsense", "-1"])
def test_says_what_is_wrong(text: str) -> None:
    assert fault_of(text)


def test_finds_the_row(polled: Path) -> None:
    loading = loaded(polled)
    rows, begins = listing(loading), loading.begins
    assert begins is not None

    def row_at(text: str) -> int | None:
        goal = goal_of(rows, text, begins, 1000)
        assert goal.says == "" or text in ("#16", "1", "2030-01-01T00:00:00Z")
        return goal.row

    assert row_at("#14") == 14
    assert row_at("#16") is None
    assert row_at(str(rows.value("first_frame", 3))) == 3
    assert row_at("1") is None  # a frame before the first transaction
    assert row_at("1.0s") == 6
    assert row_at("2030-01-01T00:00:00Z") == 15


def test_says_where_a_goal_beyond_the_end_leads(polled: Path) -> None:
    loading = loaded(polled)
    rows, begins, first = listing(loading), loading.begins, listing(loading).value("first_frame", 0)
    assert begins is not None
    last = rows.value("first_frame", 15)
    assert goal_of(rows, str(last + 5), begins, last + 5) == (15, "")
    goal = goal_of(rows, "99999", begins, last + 5)
    assert goal == (15, f"The last frame is {last + 5}: #15, which begins in frame {last}, is the last transaction.")
    assert goal_of(rows, "#16", begins, 99) == (None, "There is no transaction #16; the last is #15.")
    assert (
        goal_of(rows, "1", begins, 99).says
        == f"No transaction has begun by frame 1; the first begins in frame {first}."
    )
    assert goal_of(rows, "900s", begins, 99) == (15, "Nothing begins so late; #15 is the last that has begun.")
