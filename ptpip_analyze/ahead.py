"""Work a few steps ahead, in another thread or in another process. Knows nothing of what is made.

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
import select
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, BinaryIO, NoReturn, TypeVar

T = TypeVar("T")

STEPS = 3  # one item with the consumer, one that waits, one being made


def in_thread(items: Iterable[T]) -> Iterator[T]:
    """The items of an iterable, each made in a second thread while the one before it is used.

    At any time one item is with the consumer, at most one waits, and one is being made. An exception of the iterable
    is raised where its item would have come.
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
    """Memory that a forked process writes and its parent reads: for each of ``steps`` items a slot and a buffer.

    Arrays of an item are copied into its ``slots``; arrays that lie in one of the ``buffers`` already (where the
    producer reads files into) are not copied. Pages cost memory only once they are touched.
    """

    def __init__(self, slot_bytes: int, buffer_bytes: int, steps: int = STEPS) -> None:
        step = _aligned(slot_bytes, mmap.PAGESIZE) + _aligned(buffer_bytes, mmap.PAGESIZE)
        self._memory = mmap.mmap(-1, steps * step)
        self.whole = memoryview(self._memory)
        self.slots = [(start, start + slot_bytes) for start in range(0, steps * step, step)]
        buffers = [start + step - _aligned(buffer_bytes, mmap.PAGESIZE) for start, _ in self.slots]
        self.buffers = [self.whole[start : start + buffer_bytes] for start in buffers]
        self._address = _address(self.whole)

    def place(self, raw: memoryview) -> int | None:
        """Where in the memory these bytes lie; None when elsewhere."""
        place = _address(raw) - self._address if raw.nbytes and not raw.readonly else -1
        return place if 0 <= place <= len(self.whole) - raw.nbytes else None

    def free(self) -> None:
        """Give the pages back, in both processes: what they hold is lost."""
        self._memory.madvise(mmap.MADV_REMOVE)


class WorkerError(RuntimeError):
    """The process that makes items is gone. ``str`` is one line that says how."""


def can_fork() -> bool:
    """Whether a ``Worker`` may be made now: on Linux, while no other thread holds locks that a fork would copy."""
    return sys.platform == "linux" and threading.active_count() == 1


Make = Callable[[Any, Shared], Generator[Any, None, Any]]


class Worker:
    """A forked process that makes items when asked to, ahead of their use.

    ``make`` makes the items of a request, in that process. Ends with ``close``, and when this process ends. A context
    manager. OSError when no process can be had.
    """

    def __init__(self, make: Make, shared: Shared) -> None:
        self._shared = shared
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        results, requests = os.pipe(), os.pipe()
        try:
            self._child = os.fork()
        except OSError:
            for end in (*results, *requests):
                os.close(end)
            raise
        if self._child == 0:
            os.close(results[0])
            os.close(requests[1])
            _work(make, shared, results[1], requests[0])
        os.close(results[1])
        os.close(requests[0])
        self._results = os.fdopen(results[0], "rb")
        self._requests = os.fdopen(requests[1], "wb", buffering=0)
        self._asked: list[Any] = []
        self._meanwhile: Iterator[object] = iter(())

    def meanwhile(self, steps: Iterable[object]) -> None:
        """Steps of other work, each taken when an item is asked for that is not ready yet; perhaps not all."""
        self._meanwhile = iter(steps)

    def ask(self, request: Any) -> None:
        """Let the items of a request be made; nothing else may be asked for before they are taken."""
        self._asked.append(request)
        with contextlib.suppress(BrokenPipeError):  # taking them will say why
            self._requests.write(pickle.dumps(request))

    def items(self, request: Any) -> Generator[Any, None, Any]:
        """The items of a request, asked for now or before; as many are made ahead as the shared memory has slots.

        Items are pickled, their arrays pass through the shared memory and are valid until the next item is asked for.
        Returns (the value of the generator) what the maker returned; raises its exception where its item would have
        come, WorkerError when the process was killed. A consumer that leaves early closes the worker.
        """
        if request not in self._asked:
            self.ask(request)
        if self._asked != [request]:
            raise ValueError(f"{self._asked[0]!r} was asked for, and not taken")
        ended = False
        try:
            while True:
                while not self._is_ready() and next(self._meanwhile, self) is not self:
                    pass
                try:
                    kind, places = pickle.load(self._results)
                    item = pickle.load(self._results, buffers=[self._shared.whole[low:high] for low, high in places])
                except EOFError:
                    raise WorkerError(f"the process that reads the capture ended {self._ending()}") from None
                if kind == _ERROR:
                    raise item
                if kind == _END:
                    ended = True
                    return item
                yield item
                with contextlib.suppress(BrokenPipeError):
                    self._requests.write(_GO_ON)
        finally:
            if not ended:
                self.close()
            self._asked.clear()

    def _is_ready(self) -> bool:
        """Whether an item waits in the pipe; one that was read from it with another's end counts as none."""
        poll = select.poll()
        poll.register(self._results, select.POLLIN)
        return bool(poll.poll(0))

    def _ending(self) -> str:
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return f"by signal {status & 0x7F}" if status & 0x7F else f"with status {status >> 8}"

    def takes(self, request: Any) -> bool:
        """Whether this may be asked for: nothing else was, and nothing is closed."""
        return not self.closed and self._asked in ([], [request])

    @property
    def idle(self) -> bool:
        """Whether nothing was asked for that is not taken yet."""
        return not self._asked

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked for any more."""
        return self._results.closed

    def stop(self) -> None:
        """End the process, and leave it to ``close`` to wait until the shared memory is given back."""
        self._results.close()
        self._requests.close()
        if self._child and self._asked:
            os.kill(self._child, signal.SIGKILL)  # it may hang on a file, and has nothing to put in order

    def close(self) -> None:
        """End the process. May be called again."""
        self.stop()
        if self._child:
            os.waitpid(self._child, 0)
            self._child = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_GO_ON = b"+"


class _LeftError(Exception):
    """The consumer has left."""


_ITEM, _END, _ERROR = range(3)


def _aligned(size: int, to: int = 64) -> int:
    return size + -size % to


def _address(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _work(make: Make, shared: Shared, results: int, requests: int) -> NoReturn:
    """The whole life of the forked process. Ctrl-C is the parent's affair: this one ends when nobody listens."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):  # whoever reads this program's output must not wait for this process
            os.dup2(nowhere, standard)
        with os.fdopen(results, "wb") as stream, os.fdopen(requests, "rb", buffering=0) as asked:
            while True:
                _serve(make, pickle.load(asked), shared, stream, asked)
    except (_LeftError, EOFError, BrokenPipeError):  # nothing more will be asked for
        code = 0
        shared.free()  # on a core of its own: the other process would give it back at its end, for 1 ms per 5 MiB
    finally:
        os._exit(code)


def _serve(make: Make, request: Any, shared: Shared, stream: BinaryIO, asked: BinaryIO) -> None:
    sent = let_go = 0
    try:
        making = make(request, shared)
        while True:
            if sent - let_go >= len(shared.slots):
                let_go += _await(asked)
            try:
                item = next(making)
            except StopIteration as end:
                kind, item = _END, end.value
                break
            _send(stream, _ITEM, item, shared, sent)
            sent += 1
    except (_LeftError, BrokenPipeError):
        raise
    except BaseException as error:
        kind, item = _ERROR, error
    _send(stream, kind, item, shared, sent)
    while let_go < sent:
        let_go += _await(asked)


def _await(asked: BinaryIO) -> int:
    """Wait until the consumer lets go of an item. _LeftError when it has left."""
    if not asked.read(len(_GO_ON)):
        raise _LeftError
    return 1


def _send(stream: BinaryIO, kind: int, item: Any, shared: Shared, number: int) -> None:
    places: list[tuple[int, int]] = []
    free, end = shared.slots[number % len(shared.slots)]

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
