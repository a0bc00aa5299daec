"""Where a session was captured is told by two round trips that differ, and by nothing else."""

from __future__ import annotations

import pytest

from tests.support import analysed, rows
from tests.traffic import Packet, conversation, damage, fuji_conversation
from tests.traffic.packet import ACK, SYN
from tests.traffic.timed import asked, at_once, later, tapped

NEAR, AIR, FAR = 0.00002, 0.004, 0.02


def packets() -> list[Packet]:
    return at_once(conversation().open().packets())


def told(found: list[Packet]) -> tuple[object, ...]:
    with analysed(found) as analysis:
        (row,) = rows(analysis, "sessions")
    return row["initiator_rtt_s"], row["responder_rtt_s"], row["tap"]


@pytest.mark.parametrize(
    ("initiator", "responder", "tap"),
    [
        (NEAR, AIR, "initiator"),
        (AIR, NEAR, "responder"),
        (AIR, FAR, "between"),
        (NEAR, NEAR, None),  # both in one machine, or on one cable
        (0.0009, 0.003, None),
        (NEAR, 0.0009, None),
        (0.0009, NEAR, None),
    ],
)
def test_tells_the_place_by_the_way_to_both_sides(initiator: float, responder: float, tap: str | None) -> None:
    assert told(tapped(packets(), initiator, responder)) == (initiator, responder, tap)


def test_takes_the_least_of_both_connections() -> None:
    found = tapped(packets(), NEAR, AIR)
    answer = next(at for at, packet in enumerate(found) if packet.flags & SYN and packet.flags & ACK)
    assert told(later(found, answer, 1.0)) == (NEAR, AIR, "initiator")


def test_knows_no_way_without_a_handshake() -> None:
    assert told(damage.without_handshake(tapped(packets(), NEAR, AIR))) == (None, None, None)


def test_does_not_know_which_of_two_syns_was_answered() -> None:
    found = tapped(at_once(conversation().init(event=False).packets()), NEAR, AIR)
    assert found[0].flags == SYN
    assert told([found[0], *later(found, 1, 1.0)]) == (None, None, None)


def test_does_not_take_a_request_for_the_acknowledgment_of_a_kernel() -> None:
    found = at_once(conversation().init(event=False).packets())
    acknowledgment = next(at for at, packet in enumerate(found) if packet.flags == ACK)
    found = later(tapped(found, NEAR, AIR), asked(found, 0), 1.0)
    assert told([*found[:acknowledgment], *found[acknowledgment + 1 :]]) == (None, AIR, None)


def test_tells_it_of_fujifilm_too() -> None:
    found = at_once(fuji_conversation().init().open_session().close_session().close().packets())
    assert told(tapped(found, NEAR, AIR)) == (NEAR, AIR, "initiator")
