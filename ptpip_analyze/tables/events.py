"""What is known of events beyond their bytes: what caused them, and how they read.

Promises one cause at most, from before the event; refuses to guess one where the event names no transaction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..result import Result

NO_TRANSACTION = 0xFFFFFFFF  # the TransactionID of an event that belongs to none


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
