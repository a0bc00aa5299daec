"""Many values by key: groups of them, and what they come to. Array work, whatever the number of keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..among import among
from ..grouped import group_starts


class Spread(NamedTuple):
    """What the values of one key come to; ``at`` is the place of the first element of the largest value."""

    key: int
    amount: int
    least: int
    median: int
    most: int
    at: int


def spread(keys: np.ndarray, values: np.ndarray) -> Iterator[Spread]:
    """What values (int64, not negative, below 2**42) come to by key (int64, from 0, below 2**21), by ascending key."""
    if len(keys) == 0:
        return
    joined = (keys << 42) | np.minimum(values, (1 << 42) - 1)
    ordered = np.sort(joined)
    key = ordered >> 42
    begins = group_starts(key)
    ends = np.append(begins[1:], len(key))
    value = ordered & ((1 << 42) - 1)
    largest = dict(zip(*_firsts(joined, ordered[ends - 1]), strict=True))
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        yield Spread(
            int(key[begin]), end - begin, int(value[begin]), int(value[(begin + end - 1) // 2]), int(value[end - 1]),
            largest[int(ordered[end - 1])],
        )  # fmt: skip


def _firsts(joined: np.ndarray, wanted: np.ndarray) -> tuple[list[int], list[int]]:
    places = np.flatnonzero(among(joined, wanted))
    values, first = np.unique(joined[places], return_index=True)
    return values.tolist(), places[first].tolist()


def groups(keys: np.ndarray, values: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The values of each key, in their order, by ascending key."""
    if len(keys) == 0:
        return []
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    begins = group_starts(keys)
    return [
        (key, values[low:high])
        for key, (low, high) in zip(keys[begins].tolist(), pairwise([*begins.tolist(), len(keys)]), strict=True)
    ]
