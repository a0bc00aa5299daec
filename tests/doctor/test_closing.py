"""Who ended a connection first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ptpip_analyze.doctor.closing import Closing, closing
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, FIN, RST

from .made import patient

S = 10**9


def ended(packets: Sequence[Packet]) -> tuple[str, Closing]:
    """The side that ended the command connection first, and all that is said of it."""
    one = patient(packets)
    assert one.command is not None
    found = one.closing(one.command)
    assert found is not None
    return one.side(one.command, found.direction), found


def ends(packets: Sequence[Packet]) -> list[int]:
    """Places of the packets that end the command connection."""
    return [at for at, one in enumerate(packets) if one.flags & (FIN | RST) and one.connection == "command"]


def late(packets: Sequence[Packet], direction: str, ns: int) -> list[Packet]:
    """One direction's clock is late, and the packets are written by their times."""
    moved = [replace(one, time_ns=one.time_ns + ns * (one.direction == direction)) for one in packets]
    return sorted(moved, key=lambda one: one.time_ns)


def session(by: str = "initiator") -> list[Packet]:
    return talk().open().get_property().close_session().close(by=by).packets()


def test_believes_the_acknowledgment_and_not_the_clock() -> None:
    for by, name in (("initiator", "the initiator “desk”"), ("responder", "the camera")):
        for direction in (TO_RESPONDER, TO_INITIATOR):
            for ns in (0, 40_000, 400_000, 5 * S):
                assert ended(late(session(by), direction, ns))[0] == name, (by, direction, ns)


def test_says_that_two_closed_at_once_where_neither_had_received_the_other() -> None:
    packets = session()
    first, second = ends(packets)
    packets[second] = replace(packets[second], acknowledgment=packets[second].acknowledgment - 1)
    who, found = ended(packets)
    assert who == "somebody"
    assert found.crossed
    assert found.packets == (first, second)


def test_believes_clocks_that_are_far_apart() -> None:
    packets = session()
    _, second = ends(packets)
    packets[second] = replace(packets[second], acknowledgment=packets[second].acknowledgment - 1)
    packets[second:] = [replace(one, time_ns=one.time_ns + 2 * S) for one in packets[second:]]
    who, found = ended(packets)
    assert (who, found.by_clock) == ("the initiator “desk”", True)
    one = patient(packets)
    assert one.command is not None
    doubtful = closing(one.command.tcp, doubt_s=0.5)
    assert doubtful is not None
    assert doubtful.direction is None


def test_finds_a_fin_that_the_capture_lost_by_its_acknowledgment() -> None:
    packets = session()
    first, second = ends(packets)
    del packets[first]
    who, found = ended(packets)
    assert (who, found.hidden) == ("the initiator “desk”", True)
    assert found.packets == (second - 1,)


def test_does_not_know_who_was_first_where_the_answer_to_a_fin_is_lost() -> None:
    packets = session()
    first, second = ends(packets)
    del packets[second]  # what it acknowledged is not known
    who, found = ended(packets)
    assert (who, found.direction, found.packets) == ("somebody", None, (first,))


def test_knows_of_an_end_of_which_no_packet_is_left() -> None:
    packets = [one for one in session() if not one.flags & FIN]
    who, found = ended(packets)
    assert (who, found.hidden) == ("somebody", True)  # the ACK of the second FIN is left


def test_knows_no_first_one_where_one_direction_was_captured() -> None:
    packets = [one for one in session() if one.direction == TO_RESPONDER]
    assert ended(packets)[0] == "somebody"


def test_tells_a_reset_from_its_answer() -> None:
    for by, name in (("initiator", "the initiator “desk”"), ("responder", "the camera")):
        who, found = ended(talk().open().close("reset", by).packets())
        assert (who, found.reset) == (name, True)


def test_takes_a_reset_that_acknowledges_a_fin_for_the_answer_to_it() -> None:
    packets = session()
    _, second = ends(packets)
    packets[second] = replace(packets[second], flags=RST | ACK)
    del packets[second + 1 :]
    who, found = ended(late(packets, TO_RESPONDER, 50_000))
    assert (who, found.reset) == ("the initiator “desk”", False)


def test_does_not_know_what_a_bare_reset_had_received() -> None:
    packets = session()
    _, second = ends(packets)
    packets[second] = replace(packets[second], flags=RST, acknowledgment=0)
    who, found = ended(packets[: second + 1])
    assert (who, found.crossed, found.reset) == ("somebody", False, True)


def test_does_not_know_who_was_first_where_a_fin_may_be_in_a_hole() -> None:
    packets = talk().open().get_property().wait(20).close().packets()
    first = ends(packets)[0]
    asked = list(damage.segments(packets, "command", TO_RESPONDER))[-1]
    one = patient(damage.drop(packets, asked, first))  # the last request and the FIN behind it
    assert one.command is not None
    found = one.closing(one.command)
    assert found is not None
    assert found.direction is None


def test_takes_no_lost_message_for_a_fin() -> None:
    packets = talk().open().get_property().close(by="responder").packets()
    asked = damage.segments(packets, "command", TO_RESPONDER)[-1]
    ours = [at for at, one in enumerate(packets) if at >= asked and one.direction == TO_RESPONDER]
    who, found = ended(damage.drop(packets, *ours))  # the camera's FIN acknowledges a request that is lost
    assert (who, found.hidden) == ("somebody", False)


def test_takes_a_bare_reset_alone_for_an_answer() -> None:
    packets = talk().open().get_property().close("reset", "responder").packets()
    (at,) = ends(packets)
    packets[at] = replace(packets[at], flags=RST, acknowledgment=0)
    assert ended(packets)[0] == "somebody"


def test_sees_no_end_where_there_is_none() -> None:
    one = patient(talk().open().packets())
    assert one.command is not None
    assert closing(one.command.tcp) is None
