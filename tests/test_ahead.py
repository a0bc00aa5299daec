"""Work one step ahead: order, exceptions, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ptpip_analyze.ahead import ahead


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_gives_all_items_in_order() -> None:
    assert list(ahead(range(1000))) == list(range(1000))
    assert list(ahead([])) == []
    assert threads() == []


def test_gives_items_that_are_none() -> None:
    assert list(ahead([None, 0, None])) == [None, 0, None]


def test_makes_items_in_another_thread() -> None:
    here = threading.get_ident()
    (there,) = ahead(threading.get_ident() for _ in range(1))
    assert there != here


def test_raises_an_exception_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    coming = ahead(items())
    assert [next(coming), next(coming)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(coming)
    assert threads() == []


def test_never_makes_more_than_two_items_beyond_the_one_in_hand() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    for item in ahead(items()):
        assert len(made) <= item + 3


def test_stops_the_producer_when_the_consumer_leaves() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    for item in ahead(items()):
        if item == 5:
            break
    assert threads() == []
    assert len(made) < 20
