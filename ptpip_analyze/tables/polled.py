"""Events out of lists that operations fetched, as rows of the events table. Promises their place among those of the
event connections, by frame, and memory that doesn't grow with the lists; refuses to be loaded for a capture in which
nobody asked for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..decoded import ListedEvent, decoder
from ..result import Result
from . import arrow
from .build import BATCH_ROWS
from .events import causes_of
from .rows import batch_of
from .schema import arrow_schema

BATCH_EVENTS, BATCH_CHARACTERS = 1 << 14, 1 << 22
_ROW = 64  # characters that an event counts beside its text
_WORD = 1 << 32


def counts_by_session(result: Result) -> np.ndarray:
    """How many events lists told, by session."""
    counts = np.zeros(len(result.pairs), np.int64)
    for (session, _, _), count in decoder(result).event_counts.items():
        counts[session] += count
    return counts


def merged(
    result: Result, frames: np.ndarray, rows_of: Callable[[int, int], Iterator[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    """The events of the connections with those of the lists, by frame; of one frame the connections' first.

    ``frames`` are those of the connections' events, sorted; ``rows_of`` gives their rows from one place to another.
    """
    done = 0
    for polled, own in _batches(result):
        places = np.searchsorted(frames, own, "right")  # how many of the connections' events come before each
        low = 0
        while low < len(own):
            until = min(int(places[-1]), done + BATCH_ROWS)
            high = int(np.searchsorted(places, until, "right"))
            others = list(rows_of(done, until))
            both = pa.Table.from_batches([*others, polled.slice(low, high - low)], polled.schema).unify_dictionaries()
            order = np.argsort(np.concatenate([frames[done:until], own[low:high]]), kind="stable")
            yield from both.take(arrow.numbers(order, pa.int64())).combine_chunks().to_batches()
            done, low = until, high
    for low in range(done, len(frames), BATCH_ROWS):
        yield from rows_of(low, min(low + BATCH_ROWS, len(frames)))


def _batches(result: Result) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
    """Rows of the lists' events, each batch with its frames."""
    part: list[ListedEvent] = []
    size = 0
    for event in decoder(result).events():
        part.append(event)
        size += _ROW + len(event.text)
        if len(part) >= BATCH_EVENTS or size >= BATCH_CHARACTERS:
            yield _batch(result, part)
            part, size = [], 0
    if part:
        yield _batch(result, part)


def _batch(result: Result, part: Sequence[ListedEvent]) -> tuple[pa.RecordBatch, np.ndarray]:
    made, columns = result.transactions, result.messages
    rows = np.array([event.transaction for event in part])
    message = np.array([event.message for event in part])
    identity = [event.transaction_id for event in part]
    known = np.array([one is not None for one in identity])
    session, last = made.session[rows], columns["last"][message]
    named = np.array([one or 0 for one in identity], np.int64)
    causes = causes_of(result, session, named, last, known)
    frames = last + np.int64(1)
    batch = batch_of(
        {
            "session": session + result.first_session,
            "event": [event.name for event in part],
            "event_code": [event.code for event in part],
            "transaction_id": identity,
            "parameters": [_words(event.parameters) for event in part],
            "time": columns["time"][message],
            "frame": frames,
            "source": ["polled"] * len(part),
            "capture": [result.path] * len(part),
            "text": [event.text for event in part],
            "caused_by": [int(cause) + result.first_transaction if cause >= 0 else None for cause in causes],
            "polled_by": rows + result.first_transaction,
        },
        arrow_schema("events"),
    )
    return batch, frames


def _words(parameters: Sequence[int]) -> list[int]:
    """Parameters up to the first that is wider than 32 bits; the text has that one."""
    kept: list[int] = []
    for value in parameters:
        if not 0 <= value < _WORD:
            break
        kept.append(value)
    return kept
