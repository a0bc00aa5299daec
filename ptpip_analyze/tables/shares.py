"""Where the time went, in words and shares: the same five lines for a terminal and for a page.

Promises shares of which all together are at most the whole. Counts nothing: ``stats`` has done that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ptpip_analyze.describe import human_seconds

if TYPE_CHECKING:
    from .stats import Spent

_TAPS: Final = {
    "initiator": "Captured at the initiator: what the device took has the way to it and back in it ({responder}).",
    "responder": "Captured at the responder: what the client took has the way to it and back in it ({initiator}).",
    "between": "Captured between both: what each of them took has the way to it and back in it ({initiator} to the "
    "client, {responder} to the device).",
}
_UNKNOWN: Final = "Where this was captured is not known: what client and device took has the way to them in it."
_UNCLEAR: Final = "{initiator} from the place of capture to the client and back, {responder} to the device and back."
_SEVERAL: Final = (
    "The sessions were captured at different places: tap, initiator_rtt_s and responder_rtt_s of their table."
)


class Share(NamedTuple):
    """Who took time, how much of it (seconds, and of the whole, 0 to 1), and what is counted as that."""

    name: str
    seconds: float
    share: float
    says: str


def shares(spent: Spent) -> list[Share]:
    """Client, device, transfer, stalls and the rest, in this order."""
    lines = (
        ("client", spent.client, "until the next request, and until its data began"),
        ("device", spent.device, "until the first data or response, and from the end of the data to the response"),
        ("transfer", spent.transfer, "from the first to the last data"),
        ("stalls", sum(spent.stalls.values()), causes(spent) or "pauses of 50 ms and more"),
        ("else", spent.other, "handshakes, before the first request, after the last response; not known"),
    )
    whole = max(spent.whole, sum(seconds for _, seconds, _ in lines)) or 1.0
    return [Share(name, seconds, seconds / whole, says) for name, seconds, says in lines]


def causes(spent: Spent) -> str:
    """What stalled and for how long, the longest first."""
    ordered = sorted(spent.stalls.items(), key=lambda item: -item[1])
    return ", ".join(f"{cause} {human_seconds(seconds)}" for cause, seconds in ordered)


def captured_at(sessions: Sequence[Mapping[str, Any]]) -> str:
    """Where sessions were captured, and what that does to the times, in one sentence. They are rows of their table."""
    taps = {row["tap"] for row in sessions}
    if len(taps) > 1:
        return _SEVERAL
    tap, ways = taps.pop(), {}
    for side in ("initiator", "responder"):
        known = sorted(row[f"{side}_rtt_s"] for row in sessions if row[f"{side}_rtt_s"] is not None)
        if len(known) < len(sessions):
            return _UNKNOWN
        ends = dict.fromkeys(human_seconds(trip) for trip in (known[0], known[-1]))
        ways[side] = " to ".join(ends)
    return _TAPS.get(tap, _UNCLEAR).format(**ways)
