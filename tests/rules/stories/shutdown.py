"""Ends of connections."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, FIN


@keeps("shutdown-both-connections", "shutdown-by-initiator", "shutdown-traffic-after-fin",
       "shutdown-mid-transaction")  # fmt: skip
@silent("shutdown-error-propagates")
def orderly() -> Conversation:
    """CloseSession, and the initiator closes both connections."""
    return talk().open().get_property().close_session().close()


@keeps("shutdown-close-session-first", "shutdown-loss-detection")
def never_established() -> list[Packet]:
    """Two SYN packets that nobody answers: no session at all."""
    return talk().connect().packets()[:1]


@breaks("shutdown-both-connections", by="initiator")
def event_connection_stays() -> Conversation:
    """The command connection ends; events go on for ten minutes."""
    one = talk().open().close_session().close(connections=("command",))
    return one.wait(300).event(0x4002, 0xFFFFFFFF, 1).wait(300).event(0x4002, 0xFFFFFFFF, 2)


@keeps("shutdown-both-connections", "shutdown-error-propagates")
def reset_and_closed() -> Conversation:
    """The event connection is reset, and the command connection ends at once."""
    one = talk().open().get_property().close("reset", "responder", ("event",))
    return one.wait(0.1).close("fin", "initiator", ("command",))


@breaks("shutdown-error-propagates", by="initiator", related=["shutdown-both-connections by responder"])
def goes_on_after_a_reset() -> Conversation:
    """The event connection is reset; operations go on for a minute."""
    one = talk().open().close("reset", "responder", ("event",))
    for _ in range(3):
        one.wait(20).get_property()
    return one.close_session().close("fin", "initiator", ("command",))


@breaks("shutdown-by-initiator")
def responder_hangs_up() -> Conversation:
    """An idle session, ended by the camera."""
    return talk().open().get_property().wait(60).close(by="responder")


@silent("shutdown-by-initiator")
def responder_is_told_to_power_down() -> Conversation:
    """PowerDown is a reason."""
    return talk().open().transaction(0x1013).wait(1).close(by="responder")


@silent("shutdown-by-initiator")
def responder_has_an_error() -> Conversation:
    """A request without an answer may be why the camera hangs up."""
    return talk().open().request(0x1009, 1).wait(1).close(by="responder")


@breaks("shutdown-close-session-first")
def ends_with_close_session() -> Conversation:
    """Named: with CloseSession."""
    return orderly()


@breaks("shutdown-mid-transaction")
def ends_inside_a_download() -> Conversation:
    """The camera resets the connection in the middle of GetObject."""
    return talk().open().request(0x1009, 1).start_data(9000).data(bytes(1000)).close("reset", "responder")


@breaks("shutdown-loss-detection")
def ends_by_fin() -> Conversation:
    """Named: orderly."""
    return orderly()


@breaks("shutdown-traffic-after-fin")
def asks_a_peer_that_has_gone() -> list[Packet]:
    """The camera has ended its side, which the initiator acknowledges, and asks on."""
    packets = talk().open().get_property().wait(0.1).get_property().packets()
    place = damage.segments(packets, "command", TO_RESPONDER)[-1]
    request, answer = packets[place], packets[damage.segments(packets[:place], "command", TO_INITIATOR)[-1]]
    end = replace(
        answer, flags=FIN | ACK, payload=b"", sequence=answer.sequence + len(answer.payload), offset=answer.end,
        acknowledgment=request.sequence, time_ns=request.time_ns - 10_000_000,
    )  # fmt: skip
    return [*packets[:place], end, replace(request, acknowledgment=end.sequence + 1)]
