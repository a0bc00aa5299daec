"""Events out of lists that operations fetched, as rows of the events table. Promises their place among those of the
event connections, by frame; refuses to be loaded for a capture in which nobody asked for a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..decoded import ListedEvent, decoder
from ..result import Result
from . import arrow
from .build import BATCH_ROWS
from .events import causes_of
from .rows import batch_of
from .schema import arrow_schema

_WORD = 1 << 32


def counts_by_session(result: Result) -> np.ndarray:
    """How many events lists told, by session."""
    rows = np.array([event.transaction for event in decoder(result).events], np.int64)
    return np.bincount(result.transactions.session[rows], minlength=len(result.pairs))


def merged(result: Result, connection: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The events of the connections with those of the lists, by frame."""
    events = decoder(result).events
    if not events:
        yield from connection
        return
    schema = arrow_schema("events")
    whole = pa.Table.from_batches([*connection, *_batches(result, events)], schema).unify_dictionaries()
    frames = whole["frame"].to_numpy()
    for low in range(0, len(frames), BATCH_ROWS):
        order = np.argsort(frames, kind="stable")[low : low + BATCH_ROWS]
        part = whole.take(arrow.numbers(order, pa.int64())).combine_chunks()
        yield from part.to_batches()


def _batches(result: Result, events: Sequence[ListedEvent]) -> Iterator[pa.RecordBatch]:
    made, columns = result.transactions, result.messages
    schema = arrow_schema("events")
    for low in range(0, len(events), BATCH_ROWS):
        part = events[low : low + BATCH_ROWS]
        rows = np.array([event.transaction for event in part])
        message = np.array([event.message for event in part])
        identity = [event.transaction_id for event in part]
        known = np.array([one is not None for one in identity])
        session, last = made.session[rows], columns["last"][message]
        named = np.array([one or 0 for one in identity], np.int64)
        causes = causes_of(result, session, named, last, known)
        yield batch_of(
            {
                "session": session + result.first_session,
                "event": [event.name for event in part],
                "event_code": [event.code for event in part],
                "transaction_id": identity,
                "parameters": [_words(event.parameters) for event in part],
                "time": columns["time"][message],
                "frame": last + np.int64(1),
                "source": ["polled"] * len(part),
                "capture": [result.path] * len(part),
                "text": [event.text for event in part],
                "caused_by": [int(cause) + result.first_transaction if cause >= 0 else None for cause in causes],
                "polled_by": rows + result.first_transaction,
            },
            schema,
        )


def _words(parameters: Sequence[int]) -> list[int]:
    """Parameters up to the first that is wider than 32 bits; the text has that one."""
    kept: list[int] = []
    for value in parameters:
        if not 0 <= value < _WORD:
            break
        kept.append(value)
    return kept
