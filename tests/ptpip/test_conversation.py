"""PTP-IP is found among all connections, on any port, and everything else is forgotten."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ptpip_analyze.ptpip import Conversations, Dialect, conversation
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip.conversation import FOREIGN, SPOKEN, UNDECIDED
from tests.engine import Heard, hear
from tests.traffic import (
    STORIES,
    TO_INITIATOR,
    TO_RESPONDER,
    Packet,
    capture,
    damage,
    fuji_conversation,
)
from tests.traffic import conversation as talk

FUJI_HELLO = struct.pack("<III", 82, 1, 0x8F53E4F2) + bytes(70)


def whole_stories() -> list[str]:
    """The stories whose packets are all there."""
    return [name for name, tell in STORIES.items() if all(one.packets() == one.whole_packets() for one in tell())]


def places(heard: Heard, packets: list[Packet]) -> dict[int, tuple[int, str, str]]:
    """What each stream number carries: conversation, connection, direction."""
    return {stream: packet.key for stream, packet in zip(heard.streams, packets, strict=True)}


@pytest.mark.parametrize("batch", [0, 5])
@pytest.mark.parametrize("name", whole_stories())
def test_frames_every_message_of_every_story(name: str, batch: int) -> None:
    packets = capture(name)
    heard = hear(packets, batch)
    of = places(heard, packets)
    told = sorted(
        (of[row["stream"]], row["offset"], row["type"] & m.TYPE_WORD, row["length"], m.STATUSES[row["status"]])
        for row in heard.rows()
    )
    expected = sorted(
        (
            (truth["session"], truth["connection"], truth["direction"]),
            truth["offset"],
            truth["type_code"],
            truth["length"],
            truth["status"],
        )
        for one in STORIES[name]()
        for truth in one.truth().messages
    )
    assert told == expected


@pytest.mark.parametrize("name", STORIES)
def test_keeps_where_every_byte_of_a_stream_lies(name: str) -> None:
    packets = capture(name)
    heard = hear(packets)
    segments = {column: heard.conversations.segments.column(column) for column in heard.conversations.segments.names}
    of = places(heard, packets)
    kept: dict[tuple[int, str, str], dict[int, int]] = {}
    for stream, offset, captured, position in zip(*(segments[column].tolist() for column in segments), strict=True):
        bytes_of = kept.setdefault(of[stream], {})
        for index, byte in enumerate(heard.segments.bytes[position : position + captured]):
            assert offset + index not in bytes_of, "each byte once"
            bytes_of[offset + index] = byte
    spoken = {tcp for one in heard.conversations.spoken for tcp in (2 * one.tcp.number, 2 * one.tcp.number + 1)}
    for stream, key in of.items():
        sent = [packet for packet in packets if packet.key == key and packet.payload]
        if stream in spoken and sent:
            first = min(packet.offset for packet in sent)
            expected = {packet.offset - first + at: byte for packet in sent for at, byte in enumerate(packet.payload)}
            assert kept[key] == expected


DAMAGES: dict[str, Callable[[list[Packet]], list[Packet]]] = {
    "nothing": list,
    "every ninth segment lost": lambda packets: damage.drop(
        packets, segment=range(8, len(damage.segments(packets)), 9)
    ),
    "the first segments lost": lambda packets: damage.drop(
        packets, segment=range(min(3, len(damage.segments(packets))))
    ),
    "shuffled": lambda packets: damage.shuffle(packets, 8, 5),
    "snapped": lambda packets: damage.snap(packets, 90),
    "without handshake": damage.without_handshake,
    "begun late": lambda packets: damage.begin_late(packets, len(packets) // 3),
    "ended early": lambda packets: damage.end_early(packets, len(packets) // 3),
}


@pytest.mark.parametrize("harm", DAMAGES)
@pytest.mark.parametrize("name", ["plain", "two_pairs", "cancels_in", "messages_in_an_object", "boundaries_anywhere",
                                  "header_apart", "another_port", "http", "names"])  # fmt: skip
def test_gives_the_same_messages_however_packets_arrive(name: str, harm: str) -> None:
    packets = DAMAGES[harm](capture(name))
    whole = hear(packets).rows()
    assert hear(packets, at_hand=False).rows() == whole
    for batch in (1, 7):
        assert hear(packets, batch).rows() == whole


@pytest.mark.parametrize("name", STORIES)
def test_gives_the_same_messages_one_packet_at_a_time(name: str) -> None:
    packets = capture(name)
    assert hear(packets, 1).rows() == hear(packets).rows()


# What is PTP-IP


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("name", ["http", "other_protocol"])
def test_forgets_what_is_something_else_on_the_port(name: str, batch: int) -> None:
    heard = hear(capture(name), batch)
    assert heard.conversations.spoken == []
    assert heard.conversations.known == {}
    assert heard.rows() == []
    assert len(heard.conversations.segments) == 0
    assert heard.conversations.states[0] == FOREIGN
    assert heard.pairs == []
    for stream in heard.flows.connections[0].streams:
        assert (stream.pending, stream.unsettled) == ([], [])


def test_finds_ptpip_on_any_port_by_its_greetings() -> None:
    heard = hear(capture("another_port"))
    assert [one.dialect for one in heard.conversations.spoken] == [Dialect.STANDARD] * 2
    assert heard.conversations.states[:2].tolist() == [SPOKEN, SPOKEN]


def test_expects_ptpip_on_the_ports_it_is_told() -> None:
    """A request alone is enough there, and nowhere else."""
    packets = talk(responder_port=9999).connect().request(0x1001).packets()
    assert hear(packets).conversations.spoken == []
    assert [row["type"] for row in hear(packets, ports=(15740, 9999)).rows()] == [6]
    swapped = [from_below(packet) for packet in packets]
    assert [row["type"] for row in hear(swapped, ports=(9999,)).rows()] == [6], "at either end"


def from_below(packet: Packet) -> Packet:
    """The same packet with an initiator whose address is the lower one."""
    ends = {"192.168.1.20": "10.0.0.1"}
    source, destination = ((ends.get(address, address), port) for address, port in (packet.source, packet.destination))
    return replace(packet, source=source, destination=destination)


def test_does_not_decide_before_it_can() -> None:
    """On a port of its own an Init Event Request waits for its answer."""
    packets = talk(responder_port=9999).connect("event").init_event_request().init_event_ack().packets()
    asked = next(at for at, packet in enumerate(packets) if packet.payload)
    conversations = hear(packets[: asked + 1], 1).conversations
    assert conversations.spoken == [], "unanswered at the end"
    assert {row["type"] for row in hear(packets, 1).rows()} == {3, 4}


def test_takes_no_notice_of_a_connection_that_carries_nothing() -> None:
    heard = hear(talk().connect().close().packets())
    assert heard.conversations.known == {}
    assert heard.conversations.states[0] == UNDECIDED
    assert heard.rows() == []


def test_lists_the_connections_in_order_of_first_packet() -> None:
    packets = damage.interleave(capture("http"), [from_below(packet) for packet in capture("two_initiators")])
    spoken = hear(packets, 3).conversations.spoken
    assert [one.tcp.number for one in spoken] == sorted(one.tcp.number for one in spoken)
    assert len(spoken) == 4


def test_has_room_for_any_number_of_connections() -> None:
    conversations = Conversations(lambda position, length: b"", ())
    conversations.states[3] = SPOKEN
    conversations.room_for(1000)
    assert len(conversations.states) >= 1000
    assert conversations.states.tolist()[:5] == [0, 0, 0, SPOKEN, 0]
    assert conversations.states.sum() == SPOKEN


# Beginnings that are not in the capture


@pytest.mark.parametrize("batch", [0, 1])
def test_knows_the_initiator_of_a_connection_that_began_before_the_capture(batch: int) -> None:
    heard = hear(damage.begin_late(capture("midstream"), 3), batch)
    tcp = next(one for one in heard.conversations.spoken if one.tcp.high[1] == 50001)
    assert tcp.initiator == 1
    assert tcp.streams is not None
    assert [stream.to_responder for stream in tcp.streams] == [False, True]


def test_finds_ptpip_on_any_port_in_the_middle_by_a_request_and_its_response() -> None:
    one = talk(responder_port=9999).open().get_property().get_object(1, bytes(3000)).get_property()
    packets = damage.begin_late(one.packets(), 20)
    heard = hear(packets)
    assert [one.dialect for one in heard.conversations.spoken] == [Dialect.STANDARD]
    assert {row["type"] for row in heard.rows()} >= {6, 7, 9, 12}


@pytest.mark.parametrize("port", [15740, 9999])
@pytest.mark.parametrize("batch", [0, 1, 5])
def test_recognises_a_middle_in_segments_shorter_than_a_header(port: int, batch: int) -> None:
    one = talk(responder_port=port, mss=7, segmentation="coalesced").open().get_property().get_property()
    packets = one.get_object(1, bytes(40)).get_property().packets()
    third = damage.segments(packets, "command", "to-responder")[14]
    heard = hear(damage.begin_late(packets, third), batch)
    requests = [row["transaction_id"] for row in heard.rows() if row["type"] == m.OPERATION_REQUEST]
    assert requests[-2:] == [3, 4]


def test_knows_the_initiator_by_the_port_where_an_object_holds_greetings() -> None:
    """The capture begins inside an object that holds what initiators say, a message to each segment."""
    fake = struct.pack("<II", 12, 11) + struct.pack("<I", 1)
    one = talk(mss=12, segmentation="coalesced").open().get_object(1, fake * 30).get_property()
    packets = one.packets()
    heard = hear(damage.begin_late(packets, damage.segments(packets, "command", "to-initiator")[20]))
    command = next(one for one in heard.conversations.spoken if 50001 in (one.tcp.low[1], one.tcp.high[1]))
    assert command.streams is not None
    assert command.tcp.endpoint([stream.to_responder for stream in command.streams].index(True))[1] == 50001


def test_recognises_by_what_follows_when_both_beginnings_are_lost() -> None:
    """The SYN of the initiator is there, the answer to it and both greetings are not: what comes first is no answer."""
    packets = talk(mss=30, segmentation="coalesced", responder_port=9999).open().get_property().packets()
    asked = damage.segments(packets, "command", "to-responder")[:2]
    answered = damage.segments(packets, "command", "to-initiator")[:1]
    rest = damage.drop(packets, 1, *asked, *answered)
    heard = hear(damage.drop(rest, 2))  # and an empty packet that would tell where the answers begin
    spoken = [one for one in heard.conversations.spoken if 50001 in (one.tcp.low[1], one.tcp.high[1])]
    assert [one.dialect for one in spoken] == [Dialect.STANDARD]


def test_recognises_by_what_follows_when_a_snap_length_cut_the_greeting_and_its_answer_is_lost() -> None:
    packets = talk(responder_port=9999).open().get_property().packets()
    greeting, answer = (damage.segments(packets, "command", side)[0] for side in ("to-responder", "to-initiator"))
    cut = damage.cut(packets, greeting, len(packets[greeting].whole) - 3)
    heard = hear(damage.drop(cut, answer))
    assert sum(row["type"] == m.OPERATION_REQUEST for row in heard.rows()) == 2
    foreign = talk(responder_port=9999).connect().raw(packets[greeting].payload[:20]).raw(bytes(300))
    assert hear(foreign.packets()).conversations.spoken == []


def middle_of_nothing(count: int, port: int) -> list[Packet]:
    """Segments of some other protocol, from its middle on, then a request and its response."""
    one = talk(responder_port=port, segmentation="message").connect()
    for _ in range(count):
        one.raw(b"\x17\x03\x03\x00\x20" + bytes(32))
    one.get_property()
    return damage.without_handshake(one.packets())


@pytest.mark.parametrize(("port", "bound"), [(9999, "LATE_SEGMENTS"), (15740, "LATE_SEGMENTS_ON_PORT")])
@pytest.mark.parametrize("batch", [0, 1])
def test_gives_a_middle_up_after_so_many_segments(
    port: int, bound: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LATE_SEGMENTS", 10**6)
    monkeypatch.setattr(conversation, "LATE_SEGMENTS_ON_PORT", 10**6)
    patient = hear(middle_of_nothing(60, port), batch)
    assert len(patient.conversations.spoken) == 1
    if batch:
        monkeypatch.setattr(conversation, bound, 40)
        assert hear(middle_of_nothing(60, port), batch).conversations.spoken == []


def test_waits_beyond_a_hole_at_the_beginning() -> None:
    """SYN seen, first segment lost: what is beyond the hole decides at the end."""
    packets = damage.drop(talk().open().get_property().packets(), segment=0)
    heard = hear(packets)
    assert len(heard.conversations.spoken) == 2
    rows = [row for row in heard.rows() if row["offset"] == 0 and row["type"] == m.UNFRAMED]
    assert [(row["status"], row["reason"]) for row in rows] == [(m.GAP, m.HIDDEN)]


def test_puts_a_hole_behind_the_last_byte_where_the_connection_ends() -> None:
    """The last response is lost; the initiator's FIN acknowledges it."""
    packets = talk().open().get_property().close().packets()
    last = damage.segments(packets, "command", TO_INITIATOR)[-1]
    heard = hear(damage.drop(packets, last))
    (row,) = [row for row in heard.rows() if row["status"] == m.GAP]
    tcp = heard.flows.connections[row["stream"] >> 1]
    assert (row["last"], row["time"], row["lost"]) == (tcp.last_packet, tcp.last_time, 14)


# Fujifilm's dialect


def dialects(packets: list[Packet]) -> list[Dialect | None]:
    return [one.dialect for one in hear(packets).conversations.spoken]


@pytest.mark.parametrize("segmentation", ["message", "byte", "coalesced", "random"])
@pytest.mark.parametrize("batch", [0, 1, 4])
def test_frames_what_follows_the_greetings_of_fujis_dialect_as_containers(segmentation: str, batch: int) -> None:
    one = fuji_conversation(segmentation=segmentation).init(event=False).open_session().get_property().close()
    heard = hear(one.packets(), batch)
    (only,) = heard.conversations.spoken
    assert only.dialect is Dialect.FUJI
    assert {(row["type"] & m.TYPE_WORD, row["length"], row["offset"]) for row in heard.rows()} == {
        (1, 82, 0), (0x10001, 16, 82), (0x10001, 16, 98),
        (2, 68, 0), (0x10003, 12, 68), (0x10002, 13, 80), (0x10003, 12, 93),
    }  # fmt: skip


@pytest.mark.parametrize("batch", [0, 1, 4])
def test_counts_the_bytes_of_fujis_dialect(batch: int) -> None:
    one = fuji_conversation().init(event=False).open_session().get_property().end_session().close()
    (only,) = hear(one.packets(), batch).conversations.spoken
    assert only.streams is not None
    assert [stream.bytes for stream in only.streams] == [105, 122]


def snapped(packets: list[Packet], payload: int) -> list[Packet]:
    """Captured with room for so many bytes of a segment."""
    return damage.snap(packets, len(packets[-1].whole) + payload)


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("payload", [8, 11])
@pytest.mark.parametrize("port", [55740, 15740, 9999])
def test_knows_fujis_dialect_by_what_follows_where_the_greetings_are_cut(port: int, payload: int, batch: int) -> None:
    one = fuji_conversation(responder_port=port).init(event=False).open_session().get_property().close()
    heard = hear(snapped(one.packets(), payload), batch)
    assert [only.dialect for only in heard.conversations.spoken] == [Dialect.FUJI]
    assert {(row["type"] & m.TYPE_WORD, row["length"], row["offset"]) for row in heard.rows()} == {
        (1, 82, 0), (0x10001, 16, 82), (0x10001, 16, 98),
        (2, 68, 0), (0x10003, 12, 68), (0x10002, 13, 80), (0x10003, 12, 93),
    }  # fmt: skip
    assert dialects(damage.one_direction_only(snapped(one.packets(), payload), TO_RESPONDER)) == [Dialect.FUJI]


def test_knows_fujis_dialect_by_a_whole_answer_to_a_greeting_that_is_cut() -> None:
    packets = fuji_conversation(responder_port=15740).init(event=False).close().packets()
    greeting = damage.segments(packets)[0]
    assert dialects(damage.cut(packets, greeting, len(packets[-1].whole) + 10)) == [Dialect.FUJI]
    standard = talk(responder_name="x" * 17).init(event=False).close().packets()
    assert len(standard[damage.segments(standard)[1]].payload) == 68  # as long as Fujifilm's
    assert dialects(damage.cut(standard, greeting, len(standard[-1].whole) + 10)) == [Dialect.STANDARD]


@pytest.mark.parametrize("direction", [TO_RESPONDER, TO_INITIATOR, ""])
def test_takes_greetings_that_are_cut_for_the_dialect_of_their_port(direction: str) -> None:
    """Nothing follows them: a refused or abandoned session."""
    for port, dialect in ((55740, Dialect.FUJI), (15740, Dialect.STANDARD)):
        packets = snapped(fuji_conversation(responder_port=port).init(event=False).close().packets(), 10)
        heard = damage.one_direction_only(packets, direction) if direction else packets
        assert dialects(heard) == [dialect], port


@pytest.mark.parametrize("payload", [8, 11])
@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("port", [15740, 55740])
def test_takes_no_cut_greeting_of_the_standard_for_fujis(payload: int, batch: int, port: int) -> None:
    one = talk(responder_port=port, responder_name="x" * 17).init(event=False).open_session().close()
    packets = snapped(one.packets(), payload)
    assert [only.dialect for only in hear(packets, batch).conversations.spoken] == [Dialect.STANDARD]
    behind = damage.drop(packets, segment=2)  # the request is lost
    assert [only.dialect for only in hear(behind, batch).conversations.spoken] == [Dialect.STANDARD]


def test_waits_for_the_word_that_tells_of_which_dialect_a_greeting_is() -> None:
    one = fuji_conversation(responder_port=15740, segmentation="byte").init(event=False).open_session().close()
    assert [only.dialect for only in hear(one.packets(), 1).conversations.spoken] == [Dialect.FUJI]


def test_knows_fujis_dialect_by_the_answer_where_the_greeting_is_lost() -> None:
    one = fuji_conversation(responder_port=9999).init(event=False).open_session().close()
    packets = one.packets()
    assert dialects(damage.drop(packets, segment=0)) == [Dialect.FUJI]


def test_believes_fujis_events_and_live_view_only_where_the_dialect_is_spoken() -> None:
    """The same bytes on ports of their own: after a session of the same hosts, and without any."""
    options = {"responder_port": 8001, "event_service": 8002, "live_view_service": 8003}
    one = fuji_conversation(**options).init().open_session().event(0xC004, 1, 6).frame(b"\xff\xd8\xff\xe0" + bytes(90))
    packets = one.close().packets()
    assert dialects(packets) == [Dialect.FUJI] * 3
    assert dialects([packet for packet in packets if packet.connection != "command"]) == []


def test_takes_in_fujis_connections_that_carry_nothing() -> None:
    one = fuji_conversation().init().open_session().close()
    assert dialects(one.packets()) == [Dialect.FUJI] * 3
    elsewhere = fuji_conversation(event_service=8002).init().open_session().close()
    assert dialects(elsewhere.packets()) == [Dialect.FUJI] * 2  # nothing tells what the one on port 8002 is
    alone = talk(responder_port=55741).connect().close()
    assert dialects(alone.packets()) == []


@pytest.mark.parametrize("port", [55740, 55741, 55742])
def test_takes_nothing_else_on_fujis_ports_for_its_dialect(port: int) -> None:
    http = (
        talk(responder_port=port).connect().raw(b"GET / HTTP/1.1\r\n\r\n").raw(b"HTTP/1.1 200 OK\r\n\r\n", TO_INITIATOR)
    )
    assert dialects(http.close().packets()) == []
    pushed = talk(responder_port=port).connect().raw(b"220 mail.example ESMTP ready\r\n", TO_INITIATOR)
    assert dialects(pushed.close().packets()) == []
    standard = talk(responder_port=port).open().get_property().close()
    assert dialects(standard.packets()) == [Dialect.STANDARD] * 2


def test_judges_a_beginning_by_the_side_whose_first_bytes_are_there() -> None:
    """The initiator's first segment is lost on a port of its own: the answer still tells."""
    one = talk(responder_port=9999).open().get_property()
    packets = one.packets()
    heard = hear(damage.drop(packets, damage.segments(packets, "command")[0]))
    assert {conversation.tcp.high[1] for conversation in heard.conversations.spoken} == {50001, 50002}


def test_judges_by_evidence_where_no_syn_tells_where_the_stream_begins() -> None:
    """A handshake whose SYN are lost: the first bytes may be anything."""
    one = talk(responder_port=9999).connect().raw(b"rest of something").get_property().get_property()
    heard = hear(damage.without_handshake(one.packets()))
    assert len(heard.conversations.spoken) == 1


def test_tells_of_a_fuji_greeting_that_it_never_ended() -> None:
    heard = hear(talk(responder_port=55740).connect().raw(FUJI_HELLO[:40]).packets())
    assert [one.dialect for one in heard.conversations.spoken] == [Dialect.FUJI]
    assert [(row["type"], row["length"], row["status"]) for row in heard.rows()] == [(1, 82, m.CUT)]


def test_keeps_what_each_side_had_received_when_it_spoke() -> None:
    """Anchors are offsets of the other direction, in order, each once."""
    one = talk().open().get_property().get_object(1, bytes(5000), "tail", 500).get_property()
    heard = hear(one.packets(), 0)
    command = heard.conversations.spoken[0]
    assert command.streams is not None
    assert command.anchors == ([], []), "all of them handed on"
    starts = {stream.number: {row["offset"] for row in heard.rows() if row["stream"] == stream.number}
              for stream in command.streams}  # fmt: skip
    for stream in command.streams:
        placed = np.concatenate([*stream.anchors, np.empty(0, np.int64)])
        assert set(placed.tolist()) <= starts[stream.number] | {stream.end}


def test_frames_both_ways_of_one_direction_only() -> None:
    packets = damage.one_direction_only(capture("plain"), TO_RESPONDER)
    heard = hear(packets)
    assert len(heard.conversations.spoken) == 2
    assert {row["type"] for row in heard.rows() if row["type"] > 0} == {1, 3, 6}


def test_forgets_messages_and_where_their_bytes_lie() -> None:
    """What is left is what there was, and what comes later follows it."""
    heard = hear(talk().open().get_object(1, bytes(9000), chunk=500).close_session().packets())
    columns, segments = heard.columns, heard.conversations.segments
    before = len(segments)
    wanted = np.isin(columns["type"], [m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK, m.OPERATION_RESPONSE])
    greetings = sorted(heard.conversations.framer.greetings.values())
    heard.conversations.keep(wanted)
    table = heard.conversations.framer.messages
    for name in table.names:
        assert table.column(name).tolist() == columns[name][wanted].tolist()
    kinds = table.column("type")
    assert sorted(heard.conversations.framer.greetings.values()) == greetings
    assert {int(kinds[row]) for row in heard.conversations.framer.greetings} == {1, 2}
    places = segments.whole()
    assert len(segments) < before / 2
    for stream, offset in zip(table.column("stream").tolist(), table.column("offset").tolist(), strict=True):
        inside = (places["stream"] == stream) & (places["offset"] <= offset)
        assert (inside & (places["offset"] + places["captured"] > offset)).any()


def test_leaves_a_connection_that_is_over() -> None:
    heard = hear(talk().open().close_session().close().packets())
    heard.conversations.leave(0)
    assert heard.conversations.states[0] == FOREIGN
    assert [one.tcp.number for one in heard.conversations.spoken] == [1]
    heard.conversations.leave(0)  # a second time it is gone already
