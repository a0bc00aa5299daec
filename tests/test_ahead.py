"""Work ahead, in a thread or a process: order, exceptions, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptpip_analyze.ahead import STEPS, Shared, can_fork, in_process, in_thread


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_gives_all_items_in_order() -> None:
    assert list(in_thread(range(1000))) == list(range(1000))
    assert list(in_thread([])) == []
    assert threads() == []


def test_gives_items_that_are_none() -> None:
    assert list(in_thread([None, 0, None])) == [None, 0, None]


def test_makes_items_in_another_thread() -> None:
    here = threading.get_ident()
    (there,) = in_thread(threading.get_ident() for _ in range(1))
    assert there != here


def test_raises_an_exception_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    coming = in_thread(items())
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

    for item in in_thread(items()):
        assert len(made) <= item + 3


def test_stops_the_producer_when_the_consumer_leaves() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    for item in in_thread(items()):
        if item == 5:
            break
    assert threads() == []
    assert len(made) < 20


def test_calls_what_is_to_be_done_meanwhile_once_and_first() -> None:
    told: list[str] = []
    told += (str(item) for item in in_thread(range(2), lambda: told.append("meanwhile")))
    assert told == ["meanwhile", "0", "1"]


# In another process. pytest itself runs no other threads here; where it does, the tests below would hang or fail.


def forked(
    items: Iterator[Any], slot_bytes: int = 4096, farewell: Callable[[], Any] = lambda: None
) -> tuple[list[Any], Any]:
    """All items that another process makes, copied while in hand, and its farewell."""
    coming = in_process(items, Shared(slot_bytes, 4096), farewell)
    got = []
    while True:
        try:
            item = next(coming)
        except StopIteration as end:
            return got, end.value
        got.append(item.copy() if isinstance(item, np.ndarray) else item)


def children() -> list[int]:
    return [int(text) for text in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


@pytest.fixture(autouse=True)
def _leaves_no_process_behind() -> Iterator[None]:
    before = children()
    yield
    assert children() == before


def test_may_fork_while_nobody_else_runs() -> None:
    assert can_fork() == (sys.platform == "linux")
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    try:
        assert not can_fork()
    finally:
        waiting.set()
        other.join()


def test_gives_the_items_of_another_process_in_order_and_its_farewell() -> None:
    made: list[int] = []

    def items() -> Iterator[tuple[int, int]]:
        for number in range(50):
            made.append(number)
            yield number, os.getpid()

    got, farewell = forked(items(), farewell=lambda: len(made))
    assert [number for number, _ in got] == list(range(50))
    assert {process for _, process in got}.isdisjoint({os.getpid()})
    assert farewell == 50
    assert made == []  # here nothing was made


@pytest.mark.parametrize("size", [0, 10, 4096, 5000, 100_000])
def test_gives_arrays_whole_whether_or_not_they_fit_the_slot(size: int) -> None:
    got, _ = forked(np.arange(size, dtype=np.uint8) + number for number in range(8))
    for number, array in enumerate(got):
        assert (array == (np.arange(size) + number).astype(np.uint8)).all()


def test_leaves_an_array_where_the_producer_read_it() -> None:
    shared = Shared(64, 4096)

    def items() -> Iterator[np.ndarray]:
        for number in range(7):
            buffer = np.frombuffer(shared.buffers[number % STEPS], np.uint8)
            buffer[:] = number
            yield buffer[8:]

    for number, array in enumerate(in_process(items(), shared)):
        assert len(array) == 4088
        assert (array == number).all()
        assert shared.place(memoryview(array)) is not None


def test_keeps_what_is_in_hand_while_the_other_process_goes_on() -> None:
    for number, array in enumerate(in_process((np.full(1000, n) for n in range(20)), Shared(8000, 64))):
        if number == 3:
            threading.Event().wait(0.2)  # the other process fills what buffers it has
        assert (array == number).all()


def test_raises_the_other_process_s_exception_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("second")

    coming = in_process(items(), Shared(64, 64))
    assert next(coming) == 1
    with pytest.raises(ValueError, match="second"):
        next(coming)


def test_ends_the_other_process_when_the_consumer_leaves() -> None:
    coming = in_process(iter(range(1_000_000)), Shared(64, 64))
    assert next(coming) == 0
    assert len(children()) == 1
    coming.close()
    assert children() == []


def test_says_that_the_other_process_was_killed() -> None:
    def items() -> Iterator[int]:
        yield os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
        yield 0

    coming = in_process(items(), Shared(64, 64))
    assert next(coming) != os.getpid()
    with pytest.raises(RuntimeError, match="signal 9"):
        next(coming)


def test_leaves_no_process_behind_when_this_one_is_killed() -> None:
    code = """if True:
        import itertools, os
        from ptpip_analyze.ahead import Shared, in_process
        for item in in_process((os.getpid() for _ in itertools.count()), Shared(64, 64)):
            print(item, flush=True)
            os.kill(os.getpid(), 9)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.returncode == -signal.SIGKILL
    other = int(done.stdout)
    for _ in range(100):
        if not Path(f"/proc/{other}").exists():
            return
        threading.Event().wait(0.05)
    pytest.fail("the other process goes on")
