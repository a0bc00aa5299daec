"""Receipts: when a kernel had a message, and when an application must have read it."""

from __future__ import annotations

from dataclasses import replace

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules import Evidence
from ptpip_analyze.rules.receipt import SEND_BUFFER, Receipts, Span
from tests.rules.seen import evidence
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

LONGEST = 10**9


def asked(pause: float, segmentation: str = "message") -> Conversation:
    """A request, its acknowledgment 20 ms later where the responder takes that long, and the response."""
    return talk(segmentation=segmentation).open().request(0x100F, 1).wait(pause).response().wait(1).close()


def receipts(seen: Evidence) -> Receipts:
    return Receipts(seen, [Span(tcp.number, 0, LONGEST) for tcp in seen.connections])


def ends(seen: Evidence) -> tuple[int, int]:
    """The last request and the last response."""
    return int(seen.rows(m.OPERATION_REQUEST)[-1]), int(seen.rows(m.OPERATION_RESPONSE)[-1])


def test_finds_the_packet_that_acknowledges_a_message() -> None:
    packets = asked(1).packets()
    seen = evidence(packets)
    request, _ = ends(seen)
    at = next(at for at, one in enumerate(packets) if one.time_ns == seen.time[request])
    pure = next(one for one in packets[at + 1 :] if one.direction == TO_INITIATOR)
    assert not pure.payload
    assert receipts(seen).received_at(request) == pure.time_ns


def test_does_not_know_of_what_was_never_acknowledged() -> None:
    packets = talk().open().request(0x100F, 1).packets()
    packets = packets[: damage.segments(packets)[-1] + 1]
    seen = evidence(packets)
    assert receipts(seen).received_at(ends(seen)[0]) is None


def test_knows_nothing_outside_the_stretches_that_were_asked_about() -> None:
    seen = evidence(asked(1).packets())
    request, _ = ends(seen)
    assert Receipts(seen, []).received_at(request) is None
    early = [Span(tcp.number, 0, int(seen.columns["first"][request])) for tcp in seen.connections]
    assert Receipts(seen, early).received_at(request) is None


def test_follows_sequence_numbers_over_their_end() -> None:
    packets = talk(initial_sequence=(1 << 32) - 120).open().request(0x100F, 1).wait(4).response().wait(1).packets()
    seen = evidence(packets)
    request, response = ends(seen)
    assert receipts(seen).received_at(request) is not None
    assert receipts(seen).surely_read(request, response)


def test_keeps_two_uses_of_the_same_ports_apart() -> None:
    first, second = asked(4), talk(seed=3, number=1).open().request(0x100F, 1).wait(4).response().wait(1).close()
    seen = evidence(damage.in_turn(first.packets(), second.packets()))
    for row in seen.rows(m.OPERATION_REQUEST).tolist():
        received = receipts(seen).received_at(row)
        assert received is not None
        assert 0 < received - int(seen.time[row]) < 10**9


def test_takes_as_read_what_was_acknowledged_long_before() -> None:
    seen = evidence(asked(4).packets())
    assert receipts(seen).surely_read(*ends(seen))


def test_does_not_take_as_read_what_was_just_acknowledged() -> None:
    for pause in (0, 0.05, 1, 3.0):
        seen = evidence(asked(pause).packets())
        assert not receipts(seen).surely_read(*ends(seen)), pause


def test_does_not_take_as_read_while_data_waits_to_be_acknowledged() -> None:
    """What was sent before may have filled the send buffer: the response may lie in it for long."""
    one = (
        talk().open().request(0x1009, 1).start_data(100).data(bytes(100), last=True).wait(4).response().wait(1).close()
    )
    seen = evidence(one.packets())
    request, response = ends(seen)
    assert receipts(seen).surely_read(request, response)
    data = int(seen.rows(m.END_DATA)[-1])
    stalled = [
        replace(packet, acknowledgment=packet.acknowledgment - 112) if _behind(packet, seen, data) else packet
        for packet in one.packets()
    ]
    seen = evidence(stalled)
    assert not receipts(seen).surely_read(*ends(seen))


def _behind(packet: Packet, seen: Evidence, row: int) -> bool:
    to_responder = packet.direction != TO_INITIATOR and packet.connection == "command"
    return to_responder and packet.time_ns > int(seen.time[row])


def test_sees_that_a_response_was_sent_before_and_lost() -> None:
    """An empty packet shows by its sequence number that the response had left; the one in the capture is a copy."""
    packets = asked(4).packets()
    seen = evidence(packets)
    request, response = ends(seen)
    size = int(seen.length[response])
    lost = [
        replace(packet, sequence=packet.sequence + size)
        if packet.direction == TO_INITIATOR
        and not packet.payload
        and packet.connection == "command"
        and int(seen.time[request]) < packet.time_ns < int(seen.time[response])
        else packet
        for packet in packets
    ]
    seen = evidence(lost)
    assert not receipts(seen).surely_read(*ends(seen))


def test_does_not_take_as_read_while_the_window_is_closed() -> None:
    """The response may lie in the send buffer for as long as the initiator takes nothing."""
    packets = asked(4).packets()
    seen = evidence(packets)
    request, response = ends(seen)
    opens = int(seen.time[response]) - 10**9
    shut = [
        replace(packet, window=0)
        if packet.direction == TO_RESPONDER and packet.connection == "command" and packet.time_ns < opens
        else packet
        for packet in packets
    ]
    seen = evidence(shut)
    assert receipts(seen).surely_read(request, response) is False


def test_takes_as_read_what_lies_more_than_a_send_buffer_ahead() -> None:
    half = SEND_BUFFER // 2 + 1000
    one = talk(mss=60_000).open().request(0x1009, 1).start_data(3 * half).data(bytes(half)).cancel(on=("command",))
    one.wait(0.05).data(bytes(half)).data(bytes(half)).data(b"", last=True).response(0x201F).close()
    seen = evidence(one.packets())
    cancel = int(seen.rows(m.CANCEL)[0])
    rows = seen.rows(m.DATA, m.END_DATA)
    found = receipts(seen).first_surely_read(cancel, rows[seen.length[rows] != 25])
    assert found == int(rows[-1])
