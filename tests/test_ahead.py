"""Work ahead, in a thread or a process: order, exceptions, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptpip_analyze.ahead import STEPS, Shared, Worker, WorkerError, can_fork, in_thread


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


# In another process. pytest itself runs no other threads here; where it does, the tests below would hang or fail.


Items = Callable[[Shared], Iterator[Any]]


def worker(items: Items, slot_bytes: int = 4096, farewell: Callable[[], Any] = lambda: None) -> Worker:
    """A worker whose only request is None."""

    def make(request: object, shared: Shared) -> Generator[Any, None, Any]:
        assert request is None
        yield from items(shared)
        return farewell()

    return Worker(make, Shared(slot_bytes, 4096))


def forked(items: Items, slot_bytes: int = 4096, farewell: Callable[[], Any] = lambda: None) -> tuple[list[Any], Any]:
    """All items that another process makes, copied while in hand, and its farewell."""
    with worker(items, slot_bytes, farewell) as other:
        coming = other.items(None)
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

    def items(_: Shared) -> Iterator[tuple[int, int]]:
        for number in range(50):
            made.append(number)
            yield number, os.getpid()

    got, farewell = forked(items, farewell=lambda: len(made))
    assert [number for number, _ in got] == list(range(50))
    assert {process for _, process in got}.isdisjoint({os.getpid()})
    assert farewell == 50
    assert made == []  # here nothing was made


@pytest.mark.parametrize("count", [0, 1, STEPS, STEPS + 1, 40])
def test_serves_one_request_after_the_other(count: int) -> None:
    def make(request: str, _: Shared) -> Generator[str, None, str]:
        yield from (f"{request}{number}" for number in range(count))
        return request.upper()

    with Worker(make, Shared(64, 64)) as other:
        for request in ("a", "b", "c"):
            coming = other.items(request)
            assert [next(coming) for _ in range(count)] == [f"{request}{number}" for number in range(count)]
            with pytest.raises(StopIteration) as end:
                next(coming)
            assert end.value.value == request.upper()


def test_begins_with_what_is_asked_for_before_it_is_taken(tmp_path: Path) -> None:
    def make(request: Path, _: Shared) -> Generator[int, None, None]:
        request.write_text("begun")
        yield 1

    with Worker(make, Shared(64, 64)) as other:
        other.ask(tmp_path / "sign")
        for _ in range(200):
            if (tmp_path / "sign").exists():
                break
            threading.Event().wait(0.05)
        assert (tmp_path / "sign").exists()
        assert list(other.items(tmp_path / "sign")) == [1]


def test_does_other_work_while_an_item_is_not_ready_and_only_then() -> None:
    ready, done = os.pipe(), []

    def items(_: Shared) -> Iterator[int]:
        yield 1
        os.read(ready[0], 1)
        yield 2

    def steps() -> Iterator[None]:
        for step in range(3):
            done.append(step)
            if step == 2:
                os.write(ready[1], b"!")  # the second item can't come before
            yield

    with worker(items) as other:
        other.ask(None)
        assert other._results.peek(1)  # the first item is there
        other.meanwhile(steps())
        coming = other.items(None)
        assert next(coming) == 1
        assert list(coming) == [2]
    assert done == [0, 1, 2]


def test_waits_for_an_item_when_there_is_no_other_work() -> None:
    with worker(lambda _: (threading.Event().wait(0.2) for _ in range(2))) as other:
        other.meanwhile(iter([None]))
        assert list(other.items(None)) == [False, False]


def test_gives_shared_memory_back_when_it_stops_with_nothing_left_to_take() -> None:
    with worker(lambda _: (np.full(100, 7) for _ in range(1))) as other:
        (array,) = other.items(None)
        assert (array == 7).all()
        other.stop()
        other.close()
        assert (array == 0).all()


def test_refuses_another_request_while_one_is_not_taken() -> None:
    with worker(lambda _: iter(())) as other:
        other.ask(None)
        with pytest.raises(ValueError, match="None was asked for"):
            next(other.items("else"))


@pytest.mark.parametrize("size", [0, 10, 4096, 5000, 100_000])
def test_gives_arrays_whole_whether_or_not_they_fit_the_slot(size: int) -> None:
    got, _ = forked(lambda _: (np.arange(size, dtype=np.uint8) + number for number in range(8)))
    for number, array in enumerate(got):
        assert (array == (np.arange(size) + number).astype(np.uint8)).all()


def test_leaves_an_array_where_the_producer_read_it() -> None:
    def items(shared: Shared) -> Iterator[np.ndarray]:
        for number in range(7):
            buffer = np.frombuffer(shared.buffers[number % STEPS], np.uint8)
            buffer[:] = number
            yield buffer[8:]

    with worker(items, slot_bytes=64) as other:
        for number, array in enumerate(other.items(None)):
            assert len(array) == 4088
            assert (array == number).all()
            assert other._shared.place(memoryview(array)) is not None


def test_keeps_what_is_in_hand_while_the_other_process_goes_on() -> None:
    with worker(lambda _: (np.full(1000, n) for n in range(20)), 8000) as other:
        for number, array in enumerate(other.items(None)):
            if number == 3:
                threading.Event().wait(0.2)  # the other process fills what buffers it has
            assert (array == number).all()


def test_raises_the_other_process_s_exception_where_its_item_would_have_come() -> None:
    def items(_: Shared) -> Iterator[int]:
        yield 1
        raise ValueError("second")

    coming = worker(items).items(None)
    assert next(coming) == 1
    with pytest.raises(ValueError, match="second"):
        next(coming)


def test_ends_the_other_process_when_the_consumer_leaves() -> None:
    other = worker(lambda _: iter(range(1_000_000)))
    coming = other.items(None)
    assert next(coming) == 0
    assert len(children()) == 1
    coming.close()
    assert other.closed
    assert children() == []


def test_ends_a_process_that_nobody_asked_for_anything() -> None:
    worker(lambda _: iter(())).close()


def test_stops_at_once_and_is_waited_for_later() -> None:
    other = worker(lambda _: iter(range(1_000_000)))
    other.ask(None)
    other.stop()
    assert other.closed
    assert len(children()) == 1
    other.close()
    assert children() == []


def test_says_that_the_other_process_was_killed() -> None:
    def items(_: Shared) -> Iterator[int]:
        yield os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
        yield 0

    coming = worker(items).items(None)
    assert next(coming) != os.getpid()
    with pytest.raises(WorkerError, match="signal 9"):
        next(coming)


def test_leaves_no_process_behind_when_this_one_is_killed() -> None:
    code = """if True:
        import itertools, os
        from ptpip_analyze.ahead import Shared, Worker
        make = lambda request, shared: (os.getpid() for _ in itertools.count())
        for item in Worker(make, Shared(64, 64)).items(None):
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
