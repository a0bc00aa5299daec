"""One order for the messages of both directions of a connection.

Trusts TCP within a direction and acknowledgments across; asks the capture's order only where both leave a choice.

A packet's ACK number says what its sender had received. So a message follows every message of the other side that its
first packet acknowledged, and precedes every one whose first packet acknowledges it: true however packets were
reordered on their way into the file.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Side(NamedTuple):
    """One direction, in stream order; int64 columns of one length.

    ``end``: stream offset behind the message (of a hole to the responder: behind its first byte). ``acknowledged``:
    offset of the other direction that its first packet acknowledged, -1 when not known. ``packet``: number of its
    first packet. ``hole`` (bool): bytes that are missing from the capture.
    """

    end: np.ndarray
    acknowledged: np.ndarray
    packet: np.ndarray
    hole: np.ndarray


def merge(to_responder: Side, to_initiator: Side) -> np.ndarray:
    """The common order of two directions, as indices into their concatenation (to_responder first)."""
    requests, answers = len(to_responder.end), len(to_initiator.end)
    if requests == 0 or answers == 0:
        return np.arange(requests + answers)
    earliest = np.searchsorted(np.maximum.accumulate(to_responder.end), _sent_with(to_initiator), "right")
    earliest[to_initiator.hole] = 0
    latest = np.searchsorted(_sent_with(to_responder), np.maximum.accumulate(to_initiator.end), "left")
    latest = np.maximum(latest, earliest)
    by_packet = np.searchsorted(
        np.maximum.accumulate(to_responder.packet), np.maximum.accumulate(to_initiator.packet), "right"
    )
    # Of a hole to the initiator nothing is known but who acknowledged it: every request before that may be waiting
    # for what it held.
    late = to_initiator.hole & bool((to_responder.acknowledged >= 0).any())
    place = np.maximum.accumulate(np.where(late, latest, np.clip(by_packet, earliest, latest)))
    keys = np.concatenate([2 * np.arange(requests) + 1, 2 * place])
    return np.argsort(keys, kind="stable")


def _sent_with(side: Side) -> np.ndarray:
    """What had been acknowledged when each message was sent, at most: a late copy of a message says more than the first
    one did, and of a hole only what follows it tells.
    """
    known = side.acknowledged >= 0
    if not known.any():
        return side.acknowledged
    bound = np.where(known, side.acknowledged, np.iinfo(np.int64).max)
    return np.minimum.accumulate(bound[::-1])[::-1]
