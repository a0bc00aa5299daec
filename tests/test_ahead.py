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

from ptpip_analyze.ahead import MOST_AHEAD, Shared, Worker, WorkerError, _Ring, can_fork, in_thread


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


Items = Callable[[], Iterator[Any]]


def worker(items: Items, shared_bytes: int = 8192, farewell: Callable[[], Any] = lambda: None) -> Worker:
    """A worker whose only request is None."""

    def make(request: object) -> Generator[Any, None, Any]:
        assert request is None
        yield from items()
        return farewell()

    return Worker(make, Shared(shared_bytes))


def forked(items: Items, shared_bytes: int = 8192, farewell: Callable[[], Any] = lambda: None) -> tuple[list[Any], Any]:
    """All items that another process makes, copied while in hand, and its farewell."""
    with worker(items, shared_bytes, farewell) as other:
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

    def items() -> Iterator[tuple[int, int]]:
        for number in range(50):
            made.append(number)
            yield number, os.getpid()

    got, farewell = forked(items, farewell=lambda: len(made))
    assert [number for number, _ in got] == list(range(50))
    assert {process for _, process in got}.isdisjoint({os.getpid()})
    assert farewell == 50
    assert made == []  # here nothing was made


@pytest.mark.parametrize("count", [0, 1, MOST_AHEAD, MOST_AHEAD + 1, 3 * MOST_AHEAD])
def test_serves_one_request_after_the_other(count: int) -> None:
    def make(request: str) -> Generator[str, None, str]:
        yield from (f"{request}{number}" for number in range(count))
        return request.upper()

    with Worker(make, Shared(64)) as other:
        for request in ("a", "b", "c"):
            coming = other.items(request)
            assert [next(coming) for _ in range(count)] == [f"{request}{number}" for number in range(count)]
            with pytest.raises(StopIteration) as end:
                next(coming)
            assert end.value.value == request.upper()


def test_begins_with_what_is_asked_for_before_it_is_taken(tmp_path: Path) -> None:
    def make(request: Path) -> Generator[int, None, None]:
        request.write_text("begun")
        yield 1

    with Worker(make, Shared(64)) as other:
        other.ask(tmp_path / "sign")
        for _ in range(200):
            if (tmp_path / "sign").exists():
                break
            threading.Event().wait(0.05)
        assert (tmp_path / "sign").exists()
        assert list(other.items(tmp_path / "sign")) == [1]


def test_does_other_work_while_an_item_is_not_ready_and_only_then() -> None:
    ready, done = os.pipe(), []

    def items() -> Iterator[int]:
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
    with worker(lambda: (threading.Event().wait(0.2) for _ in range(2))) as other:
        other.meanwhile(iter([None]))
        assert list(other.items(None)) == [False, False]


def test_gives_shared_memory_back_when_it_stops_with_nothing_left_to_take() -> None:
    with worker(lambda: (np.full(100, 7) for _ in range(1))) as other:
        (array,) = other.items(None)
        assert (array == 7).all()
        other.stop()
        other.close()
        assert (array == 0).all()


def test_refuses_another_request_while_one_is_not_taken() -> None:
    with worker(lambda: iter(())) as other:
        other.ask(None)
        with pytest.raises(ValueError, match="None was asked for"):
            next(other.items("else"))


@pytest.mark.parametrize("size", [0, 10, 4096, 5000, 100_000])
def test_gives_arrays_whole_whether_or_not_they_fit_the_shared_memory(size: int) -> None:
    got, _ = forked(lambda: (np.arange(size, dtype=np.uint8) + number for number in range(8)))
    for number, array in enumerate(got):
        assert (array == (np.arange(size) + number).astype(np.uint8)).all()


def test_gives_several_arrays_of_an_item_that_fill_the_shared_memory_together() -> None:
    sizes = [1000, 0, 3000, 64, 4000, 1]

    def items() -> Iterator[dict[int, np.ndarray]]:
        for number in range(60):
            yield {size: np.full(size, number, np.uint8) for size in sizes}

    with worker(items, 8320) as other:
        for number, item in enumerate(other.items(None)):
            assert [(size, len(array), (array == number).all()) for size, array in item.items()] == [
                (size, size, True) for size in sizes
            ]
        assert number == 59


def test_waits_for_room_until_an_item_is_let_go() -> None:
    """Three items fit; none may be written over another that is still in hand."""
    with worker(lambda: (np.full(2600, number, np.uint8) for number in range(50)), 8192) as other:
        for number, array in enumerate(other.items(None)):
            threading.Event().wait(0.002)
            assert (array == number).all()


def test_makes_no_more_items_ahead_than_it_should(tmp_path: Path) -> None:
    log = tmp_path / "made"

    def items() -> Iterator[int]:
        for number in range(3 * MOST_AHEAD):
            with log.open("a") as made:
                made.write(".")
            yield number

    with worker(items) as other:
        coming = other.items(None)
        for number in range(5):
            assert next(coming) == number
            threading.Event().wait(0.05)
            assert len(log.read_text()) <= number + 1 + MOST_AHEAD


def test_gives_out_no_memory_that_is_in_use_beyond_its_end() -> None:
    ring = _Ring(256)
    assert ring.take(64) == 0
    ring.end_item()
    assert ring.take(128) == 64
    ring.end_item()
    ring.let_go()
    assert ring.take(128) is None, "64 are free at the end and 64 at the beginning"
    assert ring.take(64) == 192
    assert ring.take(64) == 0


def test_gives_out_memory_in_turn_and_takes_it_back_by_item() -> None:
    ring = _Ring(256)
    assert [ring.take(100), ring.take(0), ring.take(1)] == [0, 128, 128]
    ring.end_item()
    assert ring.take(65) is None, "64 are left, in one row"
    assert ring.take(64) == 192
    ring.end_item()
    assert ring.take(1) is None
    assert len(ring) == 2
    ring.let_go()
    assert ring.take(193) is None
    assert ring.take(192) == 0
    ring.end_item()
    ring.let_go()
    ring.let_go()
    assert ring.take(64) == 192
    assert ring.take(256) is None, "not before the end of the memory comes round"
    ring.end_item()
    ring.let_go()
    assert ring.take(256) == 0
    assert _Ring(256).take(257) is None


def test_keeps_what_is_in_hand_while_the_other_process_goes_on() -> None:
    with worker(lambda: (np.full(1000, n) for n in range(20)), 8000) as other:
        for number, array in enumerate(other.items(None)):
            if number == 3:
                threading.Event().wait(0.2)  # the other process fills what buffers it has
            assert (array == number).all()


def test_raises_the_other_process_s_exception_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("second")

    coming = worker(items).items(None)
    assert next(coming) == 1
    with pytest.raises(ValueError, match="second"):
        next(coming)


def test_ends_the_other_process_when_the_consumer_leaves() -> None:
    other = worker(lambda: iter(range(1_000_000)))
    coming = other.items(None)
    assert next(coming) == 0
    assert len(children()) == 1
    coming.close()
    assert other.closed
    assert children() == []


def test_ends_a_process_that_nobody_asked_for_anything() -> None:
    worker(lambda: iter(())).close()


def test_stops_at_once_and_is_waited_for_later() -> None:
    other = worker(lambda: iter(range(1_000_000)))
    other.ask(None)
    other.stop()
    assert other.closed
    assert len(children()) == 1
    other.close()
    assert children() == []


def test_says_that_the_other_process_was_killed() -> None:
    def items() -> Iterator[int]:
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
        make = lambda request: (os.getpid() for _ in itertools.count())
        for item in Worker(make, Shared(64)).items(None):
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
