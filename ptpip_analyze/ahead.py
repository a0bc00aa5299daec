"""Work some steps ahead, in another thread or in another process. Knows nothing of what is made.

Keeps order, passes exceptions on to the consumer, and stops the producer when the consumer leaves early. What was made
stays valid while it is in the consumer's hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import pickle
import queue
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, BinaryIO, NoReturn, TypeVar

T = TypeVar("T")

STEPS = 3  # in a thread: one item with the consumer, one that waits, one being made
MOST_AHEAD = 64  # items that another process makes before the first of them is let go
_PIPE_BYTES = 1 << 20  # room for the pickles of so many
_ALIGNED = 64


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
    """Memory of ``size`` bytes that a forked process writes and its parent reads. Pages cost nothing until touched."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size)
        self.whole = memoryview(self._memory)

    def free(self) -> None:
        """Give the pages back, in both processes: what they hold is lost."""
        self._memory.madvise(mmap.MADV_REMOVE)


class _Ring:
    """Gives out stretches of memory in turn, and takes them back item by item in the same order."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = self._free = 0  # bytes given out and taken back since the beginning
        self._ends: deque[int] = deque()  # of the items not let go

    def __len__(self) -> int:
        return len(self._ends)

    def take(self, count: int) -> int | None:
        """The place of ``count`` free bytes in a row; None while there are none."""
        count += -count % _ALIGNED
        place = self._taken % self._size
        skipped = self._size - place if place + count > self._size else 0
        if self._taken + skipped + count - self._free > self._size:
            return None
        self._taken += skipped + count
        return (place + skipped) % self._size

    def end_item(self) -> None:
        """What was taken since the last call belongs to one item."""
        self._ends.append(self._taken)

    def let_go(self) -> None:
        """Take back what belongs to the first item that is left."""
        self._free = self._ends.popleft()


class WorkerError(RuntimeError):
    """The process that makes items is gone. ``str`` is one line that says how."""


def can_fork() -> bool:
    """Whether a ``Worker`` may be made now: on Linux, while no other thread holds locks that a fork would copy."""
    return sys.platform == "linux" and threading.active_count() == 1


Make = Callable[[Any], Generator[Any, None, Any]]


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
        with contextlib.suppress(AttributeError, OSError):  # where there is no room for it, fewer steps are made ahead
            fcntl.fcntl(results[1], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
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
        """The items of a request, asked for now or before; as many are made ahead as fit the shared memory.

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
    ring = _Ring(len(shared.whole))
    try:
        making = make(request)
        while True:
            if len(ring) >= MOST_AHEAD:
                _await(asked, ring)
            try:
                item = next(making)
            except StopIteration as end:
                kind, item = _END, end.value
                break
            _send(stream, _ITEM, item, shared, ring, asked)
    except (_LeftError, BrokenPipeError):
        raise
    except BaseException as error:
        kind, item = _ERROR, error
    _send(stream, kind, item, shared, ring, asked)
    while len(ring) > 1:
        _await(asked, ring)


def _await(asked: BinaryIO, ring: _Ring) -> None:
    """Wait until the consumer lets go of an item. _LeftError when it has left."""
    if not asked.read(len(_GO_ON)):
        raise _LeftError
    ring.let_go()


def _send(stream: BinaryIO, kind: int, item: Any, shared: Shared, ring: _Ring, asked: BinaryIO) -> None:
    places: list[tuple[int, int]] = []

    def put(buffer: pickle.PickleBuffer) -> bool:
        """Copy an array into shared memory, as soon as there is room; True keeps it in the pickle: there never is."""
        raw = buffer.raw()
        place = ring.take(raw.nbytes)
        while place is None and len(ring):
            _await(asked, ring)
            place = ring.take(raw.nbytes)
        if place is None:
            return True
        shared.whole[place : place + raw.nbytes] = raw
        places.append((place, place + raw.nbytes))
        return False

    body = pickle.dumps(item, protocol=5, buffer_callback=put)
    ring.end_item()
    pickle.dump((kind, places), stream, protocol=5)
    stream.write(body)
    stream.flush()
