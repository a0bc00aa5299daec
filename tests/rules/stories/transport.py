"""The two TCP connections themselves."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, SYN


@keeps(
    "transport-initiator-is-client", "transport-two-connections", "transport-default-port", "transport-same-port-both",
    "transport-keepalive", "transport-nagle-off", "transport-reliability",
)  # fmt: skip
def usual() -> Conversation:
    """Two connections to port 15740, nothing lost."""
    return talk().open().get_property().close_session().close()


@keeps("transport-no-own-flow-control")
def no_data() -> Conversation:
    """A session without a data phase."""
    return talk().open().close_session().close()


@keeps("transport-clear-text")
def something_else() -> Conversation:
    """HTTP on port 15740."""
    return talk().connect().raw(b"GET / HTTP/1.1\r\n\r\n").raw(b"HTTP/1.1 200 OK\r\n\r\n", "to-initiator").close()


def swapped(packets: list[Packet], connection: str) -> list[Packet]:
    """The three-way handshake of one connection the other way round: the camera connects to the initiator."""
    first = [packet for packet in packets if packet.connection == connection][:3]
    syn, answer, last = first
    assert syn.flags & SYN
    turned = {
        id(syn): replace(syn, source=answer.source, destination=answer.destination, sequence=answer.sequence,
                         direction=answer.direction),
        id(answer): replace(answer, source=syn.source, destination=syn.destination, sequence=syn.sequence,
                            acknowledgment=answer.sequence + 1, direction=syn.direction),
        id(last): replace(last, source=last.destination, destination=last.source, sequence=last.acknowledgment,
                          acknowledgment=last.sequence, flags=ACK, direction=answer.direction),
    }  # fmt: skip
    return [turned.get(id(packet), packet) for packet in packets]


@breaks("transport-initiator-is-client", by="both")
def camera_connects() -> list[Packet]:
    """The camera opens the command connection, and answers on it."""
    return swapped(usual().packets(), "command")


@breaks("transport-two-connections", by="initiator", related=["init-event-connection-required"])
def no_event_connection() -> list[Packet]:
    """Operations for minutes, and never an event connection; an earlier session, which this is no copy of, had one."""
    one = talk(command_port=50003, number=1, seed=1).init(event=False).open_session()
    for _ in range(4):
        one.wait(20).get_property()
    return damage.in_turn(usual().packets(), one.close_session().close().packets())


@breaks("transport-default-port")
def another_port() -> Conversation:
    """A camera on port 15000."""
    return talk(responder_port=15000).open().get_property().close_session().close()


@breaks("transport-same-port-both")
def another_port_for_events() -> list[Packet]:
    """The event connection goes to the next port."""
    packets = usual().packets()
    return [
        replace(
            packet,
            **{
                name: (end[0], 15741) if end[1] == 15740 else end
                for name in ("source", "destination")
                for end in (getattr(packet, name),)
            },
        )
        if packet.connection == "event"
        else packet
        for packet in packets
    ]


@breaks("transport-keepalive")
def idle_for_hours() -> Conversation:
    """Three hours without a keep-alive."""
    return talk().open().wait(3 * 3600).get_property().close_session().close()


@breaks("transport-nagle-off")
def waits_for_acknowledgments() -> Conversation:
    """Every small message of the camera leaves when the one before is acknowledged, 39 ms late."""
    one = talk().open()
    for _ in range(8):
        one.request(0x1015, 0x5001).start_data(2).wait(0.039).acknowledge().data(b"\1\2", last=True).response()
    return one.close_session().close()


@silent("transport-nagle-off")
def takes_its_time() -> Conversation:
    """Every small message of the camera comes 60 ms behind the one before, which was acknowledged long ago."""
    one = talk().open()
    for _ in range(8):
        one.request(0x1015, 0x5001).start_data(2).wait(0.06).data(b"\1\2", last=True).response()
    return one.close_session().close()


@silent("transport-nagle-off")
def waits_for_nothing() -> Conversation:
    """The same, and no message waits until the one before is acknowledged."""
    one = talk().open()
    for _ in range(8):
        one.request(0x1015, 0x5001).start_data(2).wait(0.035).data(b"\1\2", last=True).response()
    return one.close_session().close()


@breaks("transport-reliability")
def sends_twice() -> list[Packet]:
    """One segment comes twice."""
    return damage.retransmit(usual().packets(), 6)


@breaks("transport-no-own-flow-control")
def pauses_inside_a_photo() -> Conversation:
    """A quarter of a second between two Data messages."""
    one = talk().open().request(0x1009, 1).start_data(3000).data(bytes(1000)).wait(0.25).data(bytes(1000))
    return one.data(bytes(1000), last=True).response().close_session().close()


@breaks("transport-clear-text")
def readable() -> Conversation:
    """Anybody can read it."""
    return usual()
