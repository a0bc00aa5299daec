"""Work a few steps ahead, in another thread or in another process.

Keeps order, passes exceptions on to the consumer, and stops the producer when the consumer leaves early. What was made
stays valid while it is in the consumer's hand: ``STEPS`` buffers, used in turn, serve all.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, BinaryIO, NoReturn, TypeVar

T = TypeVar("T")

STEPS = 3  # one item with the consumer, one that waits, one being made


def nothing() -> None:
    """What there is to do when there is nothing to do."""


def in_thread(items: Iterable[T], meanwhile: Callable[[], object] = nothing) -> Iterator[T]:
    """The items of an iterable, each made in a second thread while the one before it is used.

    At any time one item is with the consumer, at most one waits, and one is being made. An exception of the iterable
    is raised where its item would have come. ``meanwhile`` is called once, when the other thread is at work.
    """
    waiting: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(STEPS - 2)
    left = threading.Event()

    def put(item: tuple[T] | BaseException | None) -> bool:
        while not left.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put((item,)):
                    return
        except BaseException as error:
            put(error)
        else:
            put(None)

    producer = threading.Thread(target=produce, name="ahead", daemon=True)
    producer.start()
    try:
        meanwhile()
        while True:
            item = waiting.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        left.set()
        producer.join()


class Shared:
    """Memory that a forked process writes and its parent reads: for each of ``STEPS`` steps a slot and a buffer.

    Arrays of an item are copied into its ``slots``; arrays that lie in one of the ``buffers`` already (where the
    producer reads files into) are not copied. Pages cost memory only once they are touched.
    """

    def __init__(self, slot_bytes: int, buffer_bytes: int) -> None:
        step = _aligned(slot_bytes, mmap.PAGESIZE) + _aligned(buffer_bytes, mmap.PAGESIZE)
        self.whole = memoryview(mmap.mmap(-1, STEPS * step))
        self.slots = [(start, start + slot_bytes) for start in range(0, STEPS * step, step)]
        buffers = [start + step - _aligned(buffer_bytes, mmap.PAGESIZE) for start, _ in self.slots]
        self.buffers = [self.whole[start : start + buffer_bytes] for start in buffers]
        self._address = _address(self.whole)

    def place(self, raw: memoryview) -> int | None:
        """Where in the memory these bytes lie; None when elsewhere."""
        place = _address(raw) - self._address if raw.nbytes and not raw.readonly else -1
        return place if 0 <= place <= len(self.whole) - raw.nbytes else None


def can_fork() -> bool:
    """Whether ``in_process`` may be used now: on Linux, while no other thread holds locks that a fork would copy."""
    return sys.platform == "linux" and threading.active_count() == 1


def in_process(
    items: Iterable[T],
    shared: Shared,
    farewell: Callable[[], Any] = nothing,
    meanwhile: Callable[[], object] = nothing,
) -> Generator[T, None, Any]:
    """The items of an iterable, made in a forked process, at most ``STEPS`` beyond what the consumer has let go.

    Items are pickled, their arrays pass through the shared memory and are valid until the next item is asked for.
    Returns (the value of the generator) what ``farewell`` said in the other process when the iterable was at its end.
    An exception of the iterable is raised where its item would have come; RuntimeError when the process was killed.
    ``meanwhile`` is called once, when the other process is at work.
    """
    results, credits = os.pipe(), os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(results[0])
        os.close(credits[1])
        _produce(items, shared, results[1], credits[0], farewell)
    os.close(results[1])
    os.close(credits[0])
    status = None
    try:
        with os.fdopen(results[0], "rb") as stream:
            meanwhile()
            while True:
                try:
                    kind, places = pickle.load(stream)
                    item = pickle.load(stream, buffers=[shared.whole[start:end] for start, end in places])
                except EOFError:
                    _, status = os.waitpid(child, 0)
                    reason = f"by signal {status & 0x7F}" if status & 0x7F else f"with status {status >> 8}"
                    raise RuntimeError(f"the process that reads the capture ended {reason}") from None
                if kind == _END:
                    return item
                if kind == _ERROR:
                    raise item
                yield item
                with contextlib.suppress(BrokenPipeError):
                    os.write(credits[1], b"+")
    finally:
        os.close(credits[1])
        if status is None:
            os.waitpid(child, 0)


_ITEM, _END, _ERROR = range(3)


def _aligned(size: int, to: int = 64) -> int:
    return size + -size % to


def _address(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _produce(items: Iterable[Any], shared: Shared, results: int, credits: int, farewell: Callable[[], Any]) -> NoReturn:
    """The whole life of the forked process. Ctrl-C is the parent's affair: this one ends when nobody listens."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with os.fdopen(results, "wb") as stream:
            number = 0
            try:
                making = iter(items)
                while True:
                    if number >= STEPS and not os.read(credits, 1):
                        os._exit(0)  # the consumer has left
                    try:
                        item = next(making)
                    except StopIteration:
                        break
                    _send(stream, _ITEM, item, shared, number)
                    number += 1
            except BrokenPipeError:
                os._exit(0)
            except BaseException as error:
                _send(stream, _ERROR, error, shared, number)
            else:
                _send(stream, _END, farewell(), shared, number)
        code = 0
    except BrokenPipeError:
        code = 0
    finally:
        os._exit(code)


def _send(stream: BinaryIO, kind: int, item: Any, shared: Shared, number: int) -> None:
    places: list[tuple[int, int]] = []
    free, end = shared.slots[number % STEPS]

    def put(buffer: pickle.PickleBuffer) -> bool:
        """Leave an array where it is shared already, or copy it there; True keeps it in the pickle: no room."""
        nonlocal free
        raw = buffer.raw()
        start = shared.place(raw)
        if start is None:
            if free + raw.nbytes > end:
                return True
            start = free
            shared.whole[start : start + raw.nbytes] = raw
            free += _aligned(raw.nbytes)
        places.append((start, start + raw.nbytes))
        return False

    body = pickle.dumps(item, protocol=5, buffer_callback=put)
    pickle.dump((kind, places), stream, protocol=5)
    stream.write(body)
    stream.flush()
