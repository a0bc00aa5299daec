"""What is known of events beyond their bytes: what caused them, and how they read.

Promises one cause at most, from before the event; refuses to guess one where the event names no transaction.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from .. import facts
from ..facts.packets import NO_TRANSACTION
from ..ptp import NO_ROW
from ..ptp.polled import may_list
from ..ptpip import messages as m
from ..result import Result


class EventKind(NamedTuple):
    """Events that are counted together."""

    session: int | None
    code: int | None  # None: a property that changed, or more kinds than are counted apart
    name: str | None


def event_rows(result: Result) -> np.ndarray:
    """Mask of the messages that are events whose code and TransactionID are in the capture."""
    columns = result.messages
    kind, known, length = columns["type"], columns["known"], columns["length"]
    return (result.roles == m.EVENT) & m.carries_transaction_id(kind, known, length)


def fetches_lists(result: Result) -> bool:
    """May there be events in what operations fetched? Only then anything is decoded."""
    request, columns = result.transactions.request, result.messages
    return bool((may_list(columns["code"][request], columns["word0"][request]) & (request != NO_ROW)).any())


def event_kinds(result: Result) -> Counter[EventKind]:
    """How many events there are of each kind, those of lists with them: counted without making a row of each."""
    rows = np.flatnonzero(event_rows(result))
    session, code = result.places[0][result.messages["stream"][rows]], result.messages["code"][rows]
    kinds, counts = np.unique(session.astype(np.int64) << 32 | code.astype(np.int64), return_counts=True)
    found: Counter[EventKind] = Counter()
    vendors = [*result.vendors, None]  # the last one is what session -1 finds
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        of, number = kind >> 32, kind & 0xFFFFFFFF
        place = of + result.first_session if of >= 0 else None
        found[EventKind(place, number, facts.name_of("event", number, vendors[of]))] += count
    if fetches_lists(result):
        from ..decoded import decoder

        for (of, told, name), count in decoder(result).event_counts.items():
            found[EventKind(of + result.first_session, told, name)] += count
    return found


def causes_of(
    result: Result, session: np.ndarray, identity: np.ndarray, packet: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """By event, the row of the last transaction begun before it with the TransactionID that it names; -1 for none."""
    found = np.full(len(session), -1, np.int64)
    naming = np.flatnonzero(known & (session >= 0) & (identity > 0) & (identity < NO_TRANSACTION))
    made = result.transactions
    if len(naming) == 0 or len(made) == 0:
        return found
    keys = np.concatenate([made.session << 32 | made.transaction_id, session[naming] << 32 | identity[naming]])
    packets = np.concatenate([made.first, packet[naming].astype(np.int64)])
    order = np.lexsort((np.arange(len(keys)), packets, keys))  # of one packet, transactions stand before events
    is_transaction = order < len(made)
    last = np.maximum.accumulate(np.where(is_transaction, np.arange(len(order)), -1))
    before = order[last]
    fits = (last >= 0) & (keys[before] == keys[order])
    event = ~is_transaction
    found[naming[order[event] - len(made)]] = np.where(fits, before, -1)[event]
    return found


def event_texts(result: Result, session: np.ndarray, columns: dict[str, np.ndarray]) -> list[str]:
    """Events of message rows in words, with their parameters; -1 is the session of an event that has none."""
    from ..ptp.parameters import event_text

    known: dict[tuple[Any, ...], str] = {}
    vendors = [*result.vendors, None]  # the last one is what session -1 finds
    texts = []
    parts = (columns["code"], columns["words"], *(columns[f"word{index}"] for index in range(5)))
    for of, code, count, *words in zip(session.tolist(), *(part.tolist() for part in parts), strict=True):
        key = (vendors[of], code, *words[:count])
        text = known.get(key)
        if text is None:
            text = known[key] = event_text(code, words[:count], vendors[of])
        texts.append(text)
    return texts
