"""Named conversations: one for each way that PTP-IP is spoken, well or badly.

Each story is a function that makes its conversations anew, so that a test may damage them. ``capture`` makes one list
of packets of a story.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from .conversation import NOT_APPLICABLE, TRANSACTION_CANCELLED, UNKNOWN_TOTAL, Conversation
from .conversation import conversation as talk
from .damage import begin_late, interleave, one_direction_only, without_handshake
from .fuji import container
from .fuji import fuji_conversation as fujifilm
from .packet import TO_INITIATOR, TO_RESPONDER, Packet

Story = Callable[[], list[Conversation]]
STORIES: dict[str, Story] = {}
IN_TURN_NS = 5_000_000_000


def story(tell: Callable[[], Conversation | list[Conversation]]) -> Story:
    """Enter a story under its function's name, as a list of conversations."""

    def all_of_it() -> list[Conversation]:
        told = tell()
        return told if isinstance(told, list) else [told]

    all_of_it.__doc__ = tell.__doc__
    STORIES[tell.__name__] = all_of_it
    return all_of_it


def capture(name: str) -> list[Packet]:
    """The packets of a story, all its conversations by time."""
    return interleave(*(one.packets() for one in STORIES[name]()))


def photo(size: int, seed: int = 1) -> bytes:
    """Bytes that begin and end as a JPEG."""
    return b"\xff\xd8\xff\xe0" + random.Random(seed).randbytes(size - 6) + b"\xff\xd9"


@story
def plain() -> Conversation:
    """Open, look, download, close."""
    return talk().open().get_device_info().get_property().get_object(1, photo(5000)).close_session().close()


@story
def data_styles() -> Conversation:
    """The same object in each style of data phase, both ways; and one byte, and nothing."""
    one = talk().open()
    for style in ("end", "empty-end", "tail"):
        for size in (5000, 1024, 1):
            one.get_object(size, photo(5000)[:size], style)
        one.send_object(photo(3000), style)
    return one.get_object(2, b"").get_object(3, b"", "tail").close_session().close()


@story
def big_object() -> Conversation:
    """An object of 300 kB in Data messages of 64 KiB."""
    return talk().open().get_object(1, photo(300_000), "tail", 65536).get_property().close_session().close()


@story
def upload() -> Conversation:
    """An object to the camera, in Data messages."""
    return talk().open().send_object(photo(40_000), "empty-end", 8192).get_property().close_session().close()


@story
def null_data_out() -> Conversation:
    """Nothing to send, both ways that clause 2.3.6 allows: without a data phase, and with an empty one."""
    return talk().open().transaction(0x1016, 0x5007).transaction(0x1016, 0x5007, data_out=b"").close_session().close()


@story
def unknown_total() -> Conversation:
    """A stream of unknown size, each way."""
    one = talk().open().transaction(0x1009, 1, data_in=photo(6000), style="tail", announced=UNKNOWN_TOTAL)
    return one.transaction(0x100D, data_out=photo(2000), style="empty-end", announced=UNKNOWN_TOTAL).close()


@story
def announces_too_much() -> Conversation:
    """More than 4 GiB announced and little carried; then too little announced."""
    one = talk().open().transaction(0x1009, 1, data_in=photo(3000), style="tail", announced=5 << 30)
    return one.transaction(0x1009, 2, data_in=photo(3000), announced=10).get_property().close()


@story
def parameters() -> Conversation:
    """None to five parameters, in requests and in responses, with the largest values."""
    one = talk().open()
    for count in range(6):
        values = [0xFFFFFFFF - at for at in range(count)]
        one.transaction(0x9000 + count, *values, returns=values)
    return one.transaction(0x1014, 0x5001, response=0x200A).close_session().close()


@story
def events_inside() -> Conversation:
    """Events before, in the middle of and after a transaction, with none to three parameters; several in a row."""
    one = talk().open().event(0x4006, NOT_APPLICABLE, 0x5007).request(0x1009, 1).start_data(3000)
    one.data(photo(1500)).event(0x4002, 1, 7).event(0x400D, 1).data(photo(1500), last=True)
    one.event(0xC101, NOT_APPLICABLE, 1, 2, 3).response().event(0x4004, 1, 1)
    return one.wait(0.2).event(0x400C, NOT_APPLICABLE).get_property().close_session().close()


@story
def cancels_in() -> Conversation:
    """Downloads cancelled on the command connection, on the event connection and on both, more data on its way."""
    one = talk().open()
    for on in (("command",), ("event",), ("command", "event")):
        one.request(0x1009, 1).data_phase(photo(4000), style="tail", end=False).cancel(on=on)
        one.data(photo(1000)).response(TRANSACTION_CANCELLED).get_property()
    return one.close_session().close()


@story
def cancels_out() -> Conversation:
    """An upload cancelled; and a request cancelled before any data."""
    one = talk().open().request(0x100D, data_phase_info=2)
    one.data_phase(photo(4000), TO_RESPONDER, "tail", end=False).cancel().response(TRANSACTION_CANCELLED)
    one.request(0x100E).cancel().response(TRANSACTION_CANCELLED)
    return one.get_property().close_session().close()


@story
def cancels_by_responder() -> Conversation:
    """The camera breaks off a download and an upload with a response; the initiator's last data arrives after it."""
    one = talk().open().request(0x1009, 1).data_phase(photo(4000), style="tail", end=False)
    one.response(TRANSACTION_CANCELLED).request(0x100D, data_phase_info=2)
    one.data_phase(photo(4000), TO_RESPONDER, "tail", end=False).response(TRANSACTION_CANCELLED)
    return one.data(b"discarded", TO_RESPONDER, 2).get_property().close_session().close()


@story
def cancels_what_is_done() -> Conversation:
    """A cancel for an asynchronous operation whose transaction is complete (clause 2.7.3)."""
    return talk().open().transaction(0x100E).cancel(1).event(0x400D, 1).get_property().close_session().close()


@story
def probes() -> Conversation:
    """Probes by both sides, one of them never answered."""
    one = talk().open().probe().probe(TO_INITIATOR).request(0x100F, 1).probe().response()
    return one.probe(answered=False).wait(10).get_property().close()


@story
def zero_ids() -> Conversation:
    """TransactionID 0 more than once: GetDeviceInfo before OpenSession, OpenSession, and again after CloseSession."""
    one = talk().init().get_device_info(0).open_session().get_property().close_session()
    return one.get_device_info(0).open_session(2).close()


@story
def last_ids() -> Conversation:
    """TransactionID 0xFFFFFFFF in a request, after the last one that counts."""
    one = talk().open().transaction(0x1015, 0x5001, data_in=b"\1", transaction_id=0xFFFFFFFE)
    return one.transaction(0x1015, 0x5001, data_in=b"\2", transaction_id=0xFFFFFFFF).close()


@story
def repeated_ids() -> Conversation:
    """The same TransactionID three times, with different operations."""
    one = talk().open().transaction(0x1015, 0x5001, data_in=b"\1", transaction_id=7)
    one.transaction(0x1009, 1, data_in=photo(2000), transaction_id=7).transaction(0x1014, 2, transaction_id=7)
    return one.close_session().close()


@story
def two_pairs() -> list[Conversation]:
    """Two initiators with two cameras at once, equal connection numbers and equal ports."""
    first = talk(seed=1).open().get_object(1, photo(9000)).event(0x4002).close_session().close()
    second = talk(seed=2, number=1, initiator="192.168.1.21", responder="192.168.1.2", connection_number=1)
    return [first, second.open().get_object(1, photo(9000, 2), "tail").event(0x4003).close_session().close()]


@story
def two_initiators() -> list[Conversation]:
    """One camera and two initiators behind one address at once, with connection numbers of their own."""
    first = talk(seed=1).open().get_object(1, photo(9000)).event(0x4002).close_session().close()
    second = talk(seed=2, number=1, command_port=50011, event_port=50012, connection_number=2, initiator_name="laptop")
    return [first, second.open().get_object(1, photo(9000, 2)).event(0x4003).close_session().close()]


@story
def same_number_in_turn() -> list[Conversation]:
    """Three sessions one after another, all with connection number 1."""
    return [
        talk(seed=number, number=number, start_ns=Conversation.start_ns + number * IN_TURN_NS,
             command_port=50001 + 2 * number, event_port=50002 + 2 * number)
        .open().get_object(number, photo(2000)).event(0x4002, NOT_APPLICABLE, number).close_session().close()
        for number in range(3)
    ]  # fmt: skip


@story
def ports_again() -> list[Conversation]:
    """Two sessions one after another on the same ports, the first one reset and not closed."""
    first = talk(seed=1).open().get_object(1, photo(2000)).close("reset")
    second = talk(seed=2, number=1, start_ns=Conversation.start_ns + IN_TURN_NS)
    return [first, second.open().get_object(2, photo(3000)).close_session().close()]


@story
def ports_again_without_close() -> list[Conversation]:
    """Two sessions one after another on the same ports; the first one's end is not in the capture."""
    first = talk(seed=1).open().get_object(1, photo(2000)).request(0x1009, 2).start_data(9000).data(photo(700))
    second = talk(seed=2, number=1, start_ns=Conversation.start_ns + IN_TURN_NS)
    return [first, second.open().get_object(2, photo(3000)).close_session().close()]


@story
def same_number_at_once() -> list[Conversation]:
    """One camera and two initiators behind one address: the number is given again as soon as it is associated."""
    first = talk(seed=1).open().wait(0.1).get_object(1, photo(9000)).event(0x4002).close_session().close()
    second = talk(seed=2, number=1, command_port=50011, event_port=50012, start_ns=Conversation.start_ns + 50_000_000)
    return [first, second.open().wait(0.1).get_object(1, photo(9000, 2)).event(0x4003).close_session().close()]


@story
def event_connection_first() -> Conversation:
    """The capture begins after the command connection's handshake: the event connection is seen first."""
    one = talk().open().event(0x4002).get_object().close_session().close()
    event = next(at for at, packet in enumerate(one.whole_packets()) if packet.connection == "event")
    return one.damaged(begin_late, event)


@story
def fails_on_command() -> Conversation:
    """The camera rejects the initiator."""
    return talk().connect().init_command_request().init_fail(1).close(by="responder")


@story
def fails_on_event() -> Conversation:
    """The camera is busy when the event connection comes."""
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    return one.init_event_request().init_fail(2, "event").close(by="responder")


@story
def no_event_connection() -> Conversation:
    """The initiator never opens the event connection and works all the same."""
    return talk().init(event=False).open_session().get_object(1, photo(3000)).close_session().close()


@story
def no_answer_to_init() -> Conversation:
    """The camera never answers Init Command Request."""
    return talk().connect().init_command_request().wait(30).close()


@story
def open_at_the_end() -> Conversation:
    """The last request is never answered."""
    return talk().open().get_property().request(0x100E, 0, 0x3801)


@story
def open_in_data() -> Conversation:
    """The capture ends in the middle of a data phase."""
    return talk().open().request(0x1009, 1).data_phase(photo(5000), style="tail", end=False)


@story
def response_alone() -> Conversation:
    """The capture begins in a transaction: only its response is there, and no handshake."""
    one = talk().response(0x2001, 5, transaction_id=41).event(0x4002, NOT_APPLICABLE, 1)
    return one.transaction(0x1009, 1, data_in=photo(3000), transaction_id=42).close()


@story
def data_alone() -> Conversation:
    """The capture begins in a data phase, at a message boundary."""
    one = talk().data(photo(3000), transaction_id=41).data(photo(500), last=True).response()
    return one.transaction(0x1015, 0x5001, data_in=b"\1", transaction_id=42).close()


@story
def device_info_first() -> Conversation:
    """GetDeviceInfo before OpenSession, as most clients do."""
    return talk().init().get_device_info(0).open_session().get_property().close_session().close()


@story
def many_in_one_segment() -> Conversation:
    """All messages of one side in one segment, until the other side speaks."""
    one = talk(segmentation="coalesced", mss=60_000).open()
    for handle in range(5):
        one.get_object(handle, photo(700), "tail", 100)
    for handle in range(20):
        one.event(0x4002, NOT_APPLICABLE, handle)
    return one.close_session().close()


@story
def one_byte_each() -> Conversation:
    """One byte in each segment."""
    return talk(segmentation="byte").open().get_object(1, b"sixteen bytes...", "tail", 5).event(0x4002).close()


@story
def header_apart() -> Conversation:
    """Length and type are written before the rest, so that every message straddles segments."""
    return talk(segmentation="header").open().get_object(1, photo(4000), "tail").event(0x4002).close_session().close()


@story
def boundaries_anywhere() -> Conversation:
    """Random segment boundaries, small and large."""
    one = talk(segmentation="random", mss=90, seed=3).open()
    return one.get_object(1, photo(3000), "tail", 200).send_object(photo(1000)).event(0x4002).close_session().close()


@story
def messages_in_an_object() -> Conversation:
    """An object that itself contains PTP-IP: the very messages around it, with the same TransactionIDs."""
    inner = b"".join(
        struct.pack("<II", 8 + len(body), kind) + body
        for kind, body in (
            (6, struct.pack("<IHII", 1, 0x1009, 1, 1)), (9, struct.pack("<IQ", 1, 5)),
            (12, struct.pack("<I", 1) + b"trick"), (7, struct.pack("<HI", 0x2001, 1)),
            (6, struct.pack("<IHII", 1, 0x1009, 2, 1)), (8, struct.pack("<HII", 0x4002, 0xFFFFFFFF, 3)),
            (1, bytes(16) + "trick\0".encode("utf-16-le") + struct.pack("<I", 0x10000)), (14, b""),
        )
    )  # fmt: skip
    filled = inner + bytes(1448 - len(inner) % 1448) + inner * 20  # also at the start of segments
    one = talk().open().get_object(1, filled).get_object(2, filled, "tail", 1400)
    return one.send_object(filled, "empty-end", len(inner)).close_session().close()


@story
def names() -> list[Conversation]:
    """Names with letters beyond ASCII, with surrogate pairs, with a lone surrogate, and empty ones."""
    chosen = [("Büro 事務所", "カメラ"), ("\U0001f4f7 mine", "\U0001f3a5"), ("odd \ud83d", "\udcf7 odd"), ("", "")]
    return [
        talk(number=number, seed=number, start_ns=Conversation.start_ns + number * IN_TURN_NS, initiator_name=initiator,
             responder_name=responder, command_port=50001 + 2 * number, event_port=50002 + 2 * number)
        .open().close_session().close()
        for number, (initiator, responder) in enumerate(chosen)
    ]  # fmt: skip


@story
def versions() -> Conversation:
    """Protocol versions that differ, neither of them 1.0."""
    one = talk(initiator_version=0x00010001, responder_version=0x00020003, initiator_guid=b"\xff" * 16)
    return one.open().close_session().close()


@story
def another_port() -> Conversation:
    """PTP-IP on port 55740."""
    return talk(responder_port=55740).open().get_object(1, photo(2000)).event(0x4002).close_session().close()


@story
def over_ipv6() -> Conversation:
    """PTP-IP over IPv6."""
    one = talk(initiator="fe80::20", responder="fe80::1", mss=1428)
    return one.open().get_object(1, photo(5000)).event(0x4002).close_session().close()


@story
def sequence_wraps() -> Conversation:
    """Sequence numbers pass 2**32 in the middle of a message."""
    one = talk(initial_sequence=(1 << 32) - 2500).open()
    return one.get_object(1, photo(9000)).send_object(photo(9000)).event(0x4002).close_session().close()


@story
def midstream() -> Conversation:
    """The capture begins in the middle of an object."""
    one = talk().open().get_object(1, photo(20_000), "tail").get_property().event(0x4002).close_session().close()
    return one.damaged(begin_late, 30)


@story
def handshake_missing() -> Conversation:
    """Everything but the SYN packets."""
    return talk().open().get_object(1, photo(5000)).event(0x4002).close_session().close().damaged(without_handshake)


@story
def only_the_camera() -> Conversation:
    """The capture point saw only what the camera sent."""
    one = talk().open().get_object(1, photo(5000)).event(0x4002).close_session().close()
    return one.damaged(one_direction_only, TO_INITIATOR)


@story
def malformed_messages() -> Conversation:
    """Messages too short for their layout, and types that do not exist, between good ones."""
    one = talk().open().get_property().message(15, bytes(4), status="malformed")
    one.message(8, b"\x02\x40", TO_INITIATOR, "event", status="malformed").event(0x4002)
    one.message(11, b"", TO_RESPONDER, "event", status="malformed").get_property()
    return one.message(0, b"", TO_INITIATOR, status="malformed").get_property().close_session().close()


@story
def http() -> Conversation:
    """HTTP on PTP-IP's port."""
    request = b"GET /DCIM/DSC00001.JPG HTTP/1.1\r\nHost: camera\r\n\r\n"
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 4000\r\n\r\n" + photo(4000)
    return talk().connect().raw(request).raw(reply, TO_INITIATOR).close()


@story
def other_protocol() -> Conversation:
    """Another binary protocol on PTP-IP's port, with little-endian length words and small numbers for types."""
    one = talk().connect()
    for kind in range(1, 9):
        body = bytes([kind]) * (3 * kind)
        one.raw(struct.pack("<II", len(body), 0x100 + kind) + body)  # its length leaves the header out
        one.raw(struct.pack("<II", 4, 0x200 + kind) + b"done", TO_INITIATOR)
    return one.close()


# Fujifilm's dialect


@story
def fuji() -> Conversation:
    """Open, agree on versions, poll, live view, events, a picture in pieces, close; and the word behind it."""
    one = fujifilm().init(event=False).open_session().set_property(0xDF01, b"\5\0").get_property(0xDF24, b"\4\0\2\0")
    one.set_property(0xDF24, b"\4\0\2\0").poll((0xDF00, 6), (0xD222, 9)).transaction(0x101C, 0, 0)
    one.connect("event").connect("live-view").frame(photo(2900)).poll().frame(photo(700)).transaction(0x100E, 0, 0)
    one.event(0xC001, 1, 6, 6, 0xF129, 0).event(0xC004, 1, 6, 6, 0, 0).poll((0xD20E, 1)).frame(photo(5000))
    one.transaction(0x1018, 6, response=0x2003).get_partial_object(1, photo(9000)).transaction(0x9022, data_in=b"")
    return one.close_session().end_session().close()


@story
def fuji_elsewhere() -> Conversation:
    """The dialect on ports of its own; the event connection opens in the middle of a transaction."""
    one = fujifilm(responder_port=8001, event_service=8002, live_view_service=8003).init(event=False).open_session()
    one.poll().request(0x1015, 0xD212).connect("event").event(0xC004, 1, 6).data_phase(b"\0\0").response()
    return one.connect("live-view").frame(photo(3000)).frame(photo(3100)).close_session().close()


@story
def fuji_many_in_one_segment() -> Conversation:
    """Containers and frames that share segments."""
    one = fujifilm(segmentation="coalesced", mss=60_000).init().open_session()
    for number in range(8):
        one.poll((0xD222, number)).frame(photo(300 + number)).set_property(0xD222, bytes(2))
    for number in range(9):
        one.event(0xC004, number).frame(photo(40))
    return one.close_session().end_session().close()


@story
def fuji_refused() -> Conversation:
    """The camera's user does not accept the phone."""
    return fujifilm().connect().init_command_request().init_fail(0x201D).close(by="responder")


@story
def fuji_silent() -> Conversation:
    """The connections for events and live view are there and carry nothing."""
    return fujifilm().init().open_session().poll().close_session().close()


@story
def fuji_two_sessions() -> list[Conversation]:
    """One phone, one camera, two sessions one after another."""
    return [
        fujifilm(seed=number, number=number, start_ns=Conversation.start_ns + number * IN_TURN_NS,
                 command_port=50001 + 3 * number, event_port=50002 + 3 * number, live_view_port=50003 + 3 * number)
        .init().open_session().poll((0xDF00, number)).event(0xC004, 1, number).frame(photo(400)).close_session().close()
        for number in range(2)
    ]  # fmt: skip


@story
def fuji_containers_in_an_object() -> Conversation:
    """A picture that itself contains containers: the very ones around it, with the same TransactionIDs."""
    inner = b"".join(
        (
            container(1, 0x101B, 2, struct.pack("<3I", 1, 0, 4096)), container(2, 0x101B, 2, b"trick"),
            container(3, 0x2001, 2), container(1, 0x1015, 3, struct.pack("<I", 0xD212)), container(4, 0xC004, 1),
            struct.pack("<II", 8, 0xFFFFFFFF),
        )
    )  # fmt: skip
    filled = inner + bytes(1448 - len(inner) % 1448) + inner * 20  # also at the start of segments
    one = fujifilm().init(event=False).open_session().get_partial_object(1, filled, 5000).set_property(0xD500, filled)
    return one.poll().close_session().close()


@story
def fuji_handshake_missing() -> Conversation:
    """Everything but the SYN packets."""
    one = fujifilm().init().open_session().get_partial_object(1, photo(9000), 9000).poll().event(0xC004, 1, 6)
    one.frame(photo(2000)).frame(photo(2100)).close_session().close()
    return one.damaged(without_handshake)
