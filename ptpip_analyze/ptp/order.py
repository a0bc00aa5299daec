"""One order for the messages of both directions of a connection.

Trusts TCP within a direction and acknowledgments across; asks the capture's order only where both leave a choice.

A packet's ACK number says what its sender had received. So a message follows every message of the other side that its
first packet acknowledged, and precedes every one whose first packet acknowledges it: true however packets were
reordered on their way into the file.
"""

from __future__ import annotations

import numpy as np


def merge(
    to_responder: tuple[np.ndarray, np.ndarray, np.ndarray],
    to_initiator: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """The common order of two directions, as indices into their concatenation (to_responder first).

    Each side is (end, acknowledged, packet), int64 of one length and in stream order: stream offset behind the
    message, offset of the other direction that its first packet acknowledged (-1 when not known), packet number of
    its beginning.
    """
    requests, answers = len(to_responder[0]), len(to_initiator[0])
    if requests == 0 or answers == 0:
        return np.arange(requests + answers)
    end, acknowledged, packet = (np.maximum.accumulate(column) for column in to_responder)
    answer_end, answer_acknowledged, answer_packet = (np.maximum.accumulate(column) for column in to_initiator)
    earliest = np.searchsorted(end, answer_acknowledged, "right")
    latest = np.searchsorted(acknowledged, answer_end, "left")
    by_packet = np.searchsorted(packet, answer_packet, "right")
    place = np.maximum.accumulate(np.clip(by_packet, earliest, np.maximum(latest, earliest)))
    keys = np.concatenate([2 * np.arange(requests) + 1, 2 * place])
    return np.argsort(keys, kind="stable")
