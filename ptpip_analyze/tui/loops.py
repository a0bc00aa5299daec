"""Polling loops among transactions: the same few requests over and over, each answered OK; or one request over and over
that is always refused in the same way, as by a camera that is not ready.

Promises that a loop's rounds follow each other within their session, and that nothing but complete transactions with
equal operations, parameters and responses are in one: another answer or another request ends it. What sends data, or by
its name does something to the camera (takes a picture, deletes one), is no polling, however often it succeeds. Refuses
to say what is polled.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from ptpip_analyze.facts.named import OK
from ptpip_analyze.tables.columns import as_texts, sends_data

LONGEST: Final = 4
"""Transactions of one round at most."""

LEAST_ROUNDS: Final = 4
"""Fewer rounds are no loop."""


_ACTS: Final = re.compile("Initiate|Terminate|Delete|Format|Copy|Move|PowerDown|Snap|.*(Capture|Release|Drive|Zoom)")
"""Names of operations that do something to a camera, whoever made it."""


class Loops(NamedTuple):
    """``of_row``: int32, by row the number of its loop, -1 for none. ``period``: transactions of a round, by loop.
    ``fine``: bool, by row, is it in a loop that was answered OK.
    """

    of_row: np.ndarray
    period: list[int]
    fine: np.ndarray


def no_loops(count: int) -> Loops:
    """Of ``count`` rows none is in a loop."""
    return Loops(np.full(count, -1, np.int32), [], np.zeros(count, bool))


def loops_of(transactions: pa.Table) -> Loops:
    """The loops among the rows of the transactions table, numbered by their length of a round, then by place."""
    count = transactions.num_rows
    if not count:
        return no_loops(0)
    of_row, period = np.full(count, -1, np.int32), list[int]()
    session = transactions["session"].to_numpy()
    order = np.argsort(session, kind="stable")
    key, usable, good = (by_row[order] for by_row in _keys(transactions))
    session = session[order]
    free = usable & ~(good & _acts(transactions)[order])
    found = np.full(count, -1, np.int32)
    for length in range(1, LONGEST + 1):
        if count <= length:
            break
        if length == 2:
            free = free & good
        again = key[length:] == key[:-length]
        again &= session[length:] == session[:-length]
        again &= free[length:] & free[:-length]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], again, [False])).astype(np.int8)))
        for low, high in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            # `again` tells that the row behind by one round is equal, so a run of them ends one round later.
            if high - low >= length * (LEAST_ROUNDS - 1) and free[low : high + length].all():
                found[low : high + length] = len(period)
                free[low : high + length] = False
                period.append(length)
    of_row[order] = found
    fine = np.zeros(count, bool)
    fine[order] = (found >= 0) & good
    return Loops(of_row, period, fine)


def _acts(transactions: pa.Table) -> np.ndarray:
    """By row: does it send data, or do something to the camera?"""
    name = as_texts(transactions, "operation")
    acts = np.array([text is not None and bool(_ACTS.match(text)) for text in name.values] + [False])
    found: np.ndarray = acts[name.rows] | sends_data(transactions)
    return found


def _keys(transactions: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By row: a number that is equal where operation, parameters and response are; may the row be in a loop; is its
    answer OK.
    """
    code = transactions["operation_code"].cast(pa.int64()).fill_null(-1).to_numpy()
    answer = transactions["response_code"].cast(pa.int64()).fill_null(-1).to_numpy()
    status = transactions["status"].cast(pa.string()).to_numpy()
    complete = status == "complete"
    key = _mixed(code.astype(np.uint64), answer.astype(np.uint64))
    parameters = transactions["parameters"].combine_chunks()
    if isinstance(parameters, pa.ChunkedArray):
        parameters = pa.concat_arrays(parameters.chunks)
    offsets = parameters.offsets.to_numpy().astype(np.int64)
    flat = parameters.values.to_numpy(zero_copy_only=False).astype(np.uint64)
    many = np.diff(offsets)
    for place in range(int(many.max(initial=0))):
        has = many > place
        word = np.zeros(len(key), np.uint64)
        word[has] = flat[offsets[:-1][has] + place] + np.uint64(1)
        key = _mixed(key, word)
    known = parameters.is_valid().to_numpy(zero_copy_only=False)
    return _mixed(key, many.astype(np.uint64)), (code >= 0) & (answer >= 0) & complete & known, answer == OK


def _mixed(key: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Two numbers as one; different ones are equal by chance once in 2**64 times."""
    mixed = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + word
    return mixed ^ (mixed >> np.uint64(32))
