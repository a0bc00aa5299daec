"""Where between initiator and responder a session was captured, by the handshakes of its connections.

Promises no place that two round trips don't tell apart. Refuses to take a slow answer of a program for the network:
only kernels are asked, which answer SYNs at once.
"""

from __future__ import annotations

from typing import NamedTuple

from .pairing import Pair

NEAR_NS = 1_000_000
"""A round trip within one machine, or over one cable, takes less; over radio it takes more."""
TIMES = 4
"""So many times longer is the way to the side that is far."""


class Tap(NamedTuple):
    """Round trips from the place of capture to both sides, in ns, None where they are not known; and the place."""

    to_initiator: int | None
    to_responder: int | None
    at: str | None  # "initiator", "responder", "between"; None where it can't be known


def tap_of(pair: Pair) -> Tap:
    """Where a session was captured."""
    trips = [
        [trip for part in pair.parts if (trip := part.tcp.round_trip(part.initiator ^ side)) is not None]
        for side in (0, 1)
    ]
    initiator, responder = (min(found, default=None) for found in trips)
    return Tap(initiator, responder, _place(initiator, responder))


def _place(initiator: int | None, responder: int | None) -> str | None:
    if initiator is None or responder is None:
        return None
    if min(initiator, responder) >= NEAR_NS:
        return "between"
    if initiator * TIMES < responder >= NEAR_NS:
        return "initiator"
    return "responder" if responder * TIMES < initiator >= NEAR_NS else None
