"""Polling loops are found, and nothing that is none."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.tui.loops import LEAST_ROUNDS, loops_of
from tests.support import analysed
from tests.traffic import conversation

from .conftest import polling


def loops(talk) -> list[int]:
    return loops_of(analysed(talk.packets()).arrow("transactions")).of_row.tolist()


def test_finds_the_rounds_that_follow_each_other() -> None:
    found = loops(polling(6))
    assert found == [-1, -1, *[0] * 6, -1, -1]


def test_finds_no_loop_in_too_few_rounds() -> None:
    assert set(loops(polling(LEAST_ROUNDS - 1))) == {-1}


def test_ends_a_loop_at_other_parameters() -> None:
    talk = conversation().open()
    for handle in range(8):
        talk.transaction(0x1008, handle)
    assert set(loops(talk)) == {-1}


def test_ends_a_loop_at_an_error() -> None:
    talk = conversation().open()
    for turn in range(9):
        talk.transaction(0x1005, 1, response=0x2019 if turn == 4 else 0x2001)
    assert loops(talk) == [-1, 0, 0, 0, 0, -1, 1, 1, 1, 1]


def test_folds_what_is_always_refused_in_the_same_way_but_does_not_call_it_fine() -> None:
    talk = conversation().open()
    for _ in range(5):
        talk.transaction(0x1009, 1, response=0x2019)
    for _ in range(4):
        talk.transaction(0x1009, 1)
    found = loops_of(analysed(talk.packets()).arrow("transactions"))
    assert found.of_row.tolist() == [-1, *[0] * 5, *[1] * 4]
    assert found.fine.tolist() == [False] * 6 + [True] * 4


def test_folds_no_rounds_of_several_requests_with_a_refusal_among_them() -> None:
    talk = conversation().open()
    for _ in range(5):
        talk.transaction(0x1005, 1).transaction(0x1009, 1, response=0x2019)
    assert set(loops(talk)) == {-1}


def test_folds_rounds_of_two_requests() -> None:
    talk = conversation().open()
    for _ in range(5):
        talk.transaction(0x1005, 1).transaction(0x1005, 2)
    table = analysed(talk.packets()).arrow("transactions")
    found = loops_of(table)
    assert found.of_row.tolist() == [-1, *[0] * 10]
    assert found.period == [2]


def test_keeps_sessions_apart() -> None:
    path = Path(__file__).parents[2] / "captures" / "two-initiators.pcapng"
    from ptpip_analyze import analyze

    table = analyze(path).arrow("transactions")
    found = loops_of(table)
    session = table["session"].to_pylist()
    for loop in range(len(found.period)):
        assert len({session[row] for row in (found.of_row == loop).nonzero()[0]}) == 1


def test_has_none_in_an_empty_table() -> None:
    from ptpip_analyze.tui.loading import empty

    assert loops_of(empty("transactions")).period == []


def test_pictures_that_are_taken_and_values_that_are_set_are_no_polling() -> None:
    talk = conversation().open()
    for _ in range(5):
        talk.transaction(0x100E, 0, 0).transaction(0x1016, 0x5007, data_out=b"\1\0")
    for _ in range(5):
        talk.transaction(0x100E, 0, 0, response=0x2019)  # asked again and again while the camera is busy
    assert loops(talk) == [*[-1] * 11, *[0] * 5]
