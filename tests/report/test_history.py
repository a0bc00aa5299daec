"""Properties over time: strips that claim no more than was told."""

from __future__ import annotations

from typing import Any

import pytest

from ptpip_analyze import Analysis
from ptpip_analyze.report import history as module
from ptpip_analyze.report.history import histories
from tests.ptp.build import u16
from tests.traffic import Conversation, conversation

from .conftest import whole

F_NUMBER = 0x5007


def told(*values: int, seconds: float = 1.0) -> Conversation:
    talk = conversation().open().get_device_info()
    for value in values:
        talk.wait(seconds).transaction(0x1015, F_NUMBER, data_in=u16(value))
    return talk.wait(seconds)


def history(talk: Conversation) -> tuple[list[dict[str, Any]], list[str]]:
    with whole(talk.close()) as analysis:
        return histories(analysis, span(analysis))


def span(analysis: Analysis) -> dict[int, tuple[int, int]]:
    row = analysis.sessions.iloc[0]
    return {0: (row["start_time"].value, row["end_time"].value)}


def one(talk: Conversation) -> dict[str, Any]:
    ((session,), _) = history(talk)
    (found,) = session["properties"]
    return found


def test_draws_each_value_from_when_it_was_told_to_the_next() -> None:
    found = one(told(560, 560, 800, 400))
    assert [row["said"] for row in found["told"]] == ["f/5.6", "f/8", "f/4"]
    places = [(float(part["x"]), float(part["width"])) for part in found["strip"]]
    assert places == [
        (pytest.approx(20, abs=1), pytest.approx(40, abs=1)),
        (pytest.approx(60, abs=1), pytest.approx(20, abs=1)),
        (pytest.approx(80, abs=1), pytest.approx(20, abs=1)),
    ]
    assert [part["label"] for part in found["strip"]] == ["f/5.6", "f/8", "f/4"]
    assert (found["count"], found["more"], found["last"]) == (3, 0, "f/4")


def test_does_not_draw_on_over_what_it_leaves_out(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 4)
    talk = told(*(100 * number for number in range(2, 12)))
    found = one(talk)
    assert [row["said"] for row in found["told"]] == ["f/2", "f/3", "f/10", "f/11"]
    assert [row["gap"] for row in found["told"]] == [0, 0, 6, 0]
    first, second, third, last, gap = found["strip"]
    assert float(second["x"]) + float(second["width"]) == pytest.approx(float(gap["x"]), abs=0.01)
    assert float(gap["x"]) + float(gap["width"]) == pytest.approx(float(third["x"]), abs=0.01)
    assert (gap["label"], gap["tone"]) == ("6 changes", "gap")
    assert float(first["width"]) == pytest.approx(float(last["width"]), rel=0.1)
    assert (found["last"], found["more"], found["count"]) == ("f/11", 6, 10)


def test_tells_what_was_set_and_draws_nothing_that_was_refused() -> None:
    talk = told(560).transaction(0x1016, F_NUMBER, data_out=u16(800)).wait(1)
    found = one(talk.transaction(0x1016, F_NUMBER, data_out=u16(220), response=0x201C).wait(1))
    assert [(row["said"], row["role"]) for row in found["told"]] == [
        ("f/5.6", "current"), ("f/8", "set"), ("f/2.2", "refused")
    ]  # fmt: skip
    assert [(part["label"], part["set"]) for part in found["strip"]] == [("f/5.6", False), ("f/8", True)]


def test_tells_again_what_was_before_a_value_that_was_refused() -> None:
    talk = told(560).transaction(0x1016, F_NUMBER, data_out=u16(800), response=0x201C).wait(1)
    found = one(talk.transaction(0x1015, F_NUMBER, data_in=u16(560)).wait(1))
    assert [row["role"] for row in found["told"]] == ["current", "refused"]
    assert [part["label"] for part in found["strip"]] == ["f/5.6"]


def test_counts_the_properties_that_are_left_out_those_that_change_last(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_PROPERTIES", 1)
    talk = conversation().open().get_device_info().transaction(0x1015, 0x5001, data_in=b"\x32")
    for value in (560, 800):
        talk.wait(0.1).transaction(0x1015, F_NUMBER, data_in=u16(value))
    ((session,), left) = history(talk)
    assert [row["property"] for row in session["properties"]] == ["FNumber"]
    assert left == ["1 property more of 2: ptpip-analyze properties."]


def test_is_empty_where_nothing_was_told() -> None:
    assert history(conversation().open()) == ([], [])
