"""Work one step ahead in another thread.

Keeps order, passes exceptions on to the consumer, and stops the producer when the consumer leaves early. One
finished item waits at most while one is being made, so three buffers serve all.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items of an iterable, each made in a second thread while the one before it is used.

    At any time one item is with the consumer, at most one waits, and one is being made. An exception of the iterable
    is raised where its item would have come.
    """
    waiting: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(1)
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
