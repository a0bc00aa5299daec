"""What one capture came to: links between rows and bytes, and nothing read before it is asked for."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.ptp import NO_ROW, STATUSES
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.result import DataPiece, Result
from tests.traffic import STORIES, Conversation, Packet, capture, conversation, damage, pcap_bytes


def browsing() -> list[Packet]:
    """Another protocol on PTP-IP's port, from a host of its own."""
    return conversation(seed=9, initiator="192.168.1.77").connect().raw(b"GET / HTTP/1.1\r\n\r\n").close().packets()


@contextmanager
def result_of(packets: list[Packet]) -> Iterator[Result]:
    with analyze(io.BytesIO(pcap_bytes(packets, nano=True))) as told:
        yield told.captures[0]


def test_tells_of_its_capture() -> None:
    packets = capture("two_pairs")
    with result_of(packets) as result:
        assert result.format == "pcap"
        assert result.size == len(pcap_bytes(packets, nano=True))
        assert result.damage is None
        assert result.packets == len(packets)
        times = [packet.time_ns for packet in packets]
        assert result.times == (min(times), max(times))
        assert result.message_count == sum(len(one.truth().messages) for one in STORIES["two_pairs"]())


def test_knows_no_time_of_an_empty_capture() -> None:
    with result_of([]) as result:
        assert result.times is None
        assert result.packets == result.message_count == len(result.transactions) == 0
        assert result.pairs == []
        assert result.cameras == {}


def test_finds_the_earliest_time_though_packets_are_out_of_order() -> None:
    packets = damage.shuffle(capture("plain"), 1000, 5)
    with result_of(packets) as result:
        times = [packet.time_ns for packet in packets]
        assert result.times == (min(times), max(times))


def test_counts_connections_that_are_not_ptpip() -> None:
    with result_of(damage.in_turn(capture("plain"), browsing())) as result:
        assert (len(result.connections), len(result.conversations), result.other_connections) == (3, 2, 1)


def test_counts_connections_that_carried_nothing_by_their_port() -> None:
    said = conversation(seed=2, initiator="192.168.1.79").connect().close().packets()
    elsewhere = conversation(seed=3, initiator="192.168.1.78", responder_port=99).connect().close().packets()
    with result_of(damage.in_turn(capture("plain"), said, elsewhere)) as result:
        assert (result.silent_connections, result.other_connections) == ({15740: 1}, 1)
    with result_of(said[-2:]) as result:
        assert result.silent_connections == {15740: 1}, "only its end was captured"
    with result_of(browsing()) as result:
        assert (result.silent_connections, result.other_connections) == ({}, 1)


def test_orders_messages_by_their_first_packet() -> None:
    with result_of(damage.shuffle(capture("plain"), 7, 3)) as result:
        first = result.messages["first"]
        assert sorted(result.order.tolist()) == list(range(result.message_count))
        assert (np.diff(first[result.order]) >= 0).all()
        same = np.flatnonzero(np.diff(first[result.order]) == 0)
        assert (np.diff(result.order)[same] > 0).all(), "equal ones as they were framed"


def test_gives_the_bytes_of_the_messages_of_its_table() -> None:
    with result_of(damage.shuffle(capture("plain"), 7, 3)) as result:
        for number, row in enumerate(result.order.tolist()):
            said = result.message_bytes(number)
            assert len(said) == result.messages["length"][row]
            assert int.from_bytes(said[4:8], "little") == result.messages["type"][row]
            if row in result.greetings:
                assert result.greetings[row] == said
        assert sorted(int(result.messages["type"][row]) for row in result.greetings) == [1, 2]


def test_places_every_stream_in_its_session() -> None:
    with result_of(damage.in_turn(browsing(), capture("two_initiators"))) as result:
        session, event, outward = result.places
        assert session.tolist()[:2] == [-1, -1]
        assert session[-1] == -1
        for number, connection in enumerate(result.connections[1:], 1):
            ports = {connection.low[1], connection.high[1]}
            both = [2 * number, 2 * number + 1]
            first = {50001, 50002} if result.pairs[0].parts[0].tcp.high[1] == 50001 else {50011, 50012}
            assert session[both].tolist() == [0 if ports & first else 1] * 2
            assert event[both].tolist() == [bool(ports & {50002, 50012})] * 2
            for direction in (0, 1):
                sent_by_initiator = connection.endpoint(direction)[1] != 15740
                assert bool(outward[2 * number + direction]) is sent_by_initiator


def test_knows_the_camera_of_each_session_by_its_device_info() -> None:
    with result_of(capture("plain")) as result:
        (camera,) = result.cameras.values()
        assert (camera.manufacturer, camera.model, camera.serial_number) == ("Example", "Pretend Camera", "0001")
    with result_of(capture("two_pairs")) as result:
        assert result.cameras == {}, "nobody asked"


def test_believes_the_first_device_info_that_names_a_model() -> None:
    one = conversation().open().transaction(0x1001, data_in=b"\x64\0").get_device_info()
    with result_of(one.get_device_info().packets()) as result:
        assert result.cameras[0].model == "Pretend Camera"


def test_takes_no_device_info_across_missing_bytes() -> None:
    one = conversation(mss=60).open().get_device_info()
    packets = one.packets()
    data = damage.segments(packets, "command", "to-initiator")[3:6]
    with result_of(damage.drop(packets, data[1])) as result:
        assert result.cameras == {}


def test_gives_a_data_phase_as_pieces_without_the_headers_between() -> None:
    payload = bytes(range(256)) * 12
    one = conversation(segmentation="random", mss=100).open().get_object(1, payload, "tail", 500)
    with result_of(one.packets()) as result:
        number = int(np.flatnonzero(result.transactions.data_bytes == len(payload))[0])
        pieces = result.data_pieces(number)
        assert b"".join(result.source.read(position or 0, length) for _, length, position in pieces) == payload
        assert [offset for offset, _, _ in pieces] == np.cumsum([0, *(size for _, size, _ in pieces[:-1])]).tolist()
        assert result.data_pieces(0) == [], "OpenSession has none"


@pytest.mark.parametrize("kept", [100, 200, 700])
def test_gives_the_pieces_that_a_snap_length_left(kept: int) -> None:
    payload = bytes(range(256)) * 8
    one = conversation().open().get_object(1, payload)
    packets = damage.snap(one.packets(), kept)
    with result_of(packets) as result:
        pieces = result.data_pieces(1)
        assert [offset for offset, _, _ in pieces] == np.cumsum([0, *(size for _, size, _ in pieces[:-1])]).tolist()
        assert sum(length for _, length, _ in pieces) == len(payload)
        assert any(position is None for *_, position in pieces)
        for offset, length, position in pieces:
            if position is not None:
                assert result.source.read(position, length) == payload[offset : offset + length]


def test_looks_through_the_messages_once_for_the_pieces_of_all_data_phases() -> None:
    with result_of(capture("data_styles")) as result:
        before = [result.data_pieces(number) for number in range(len(result.transactions))]
        assert sum(map(bool, before)) > 5
        result.transactions.of_message[:] = NO_ROW
        assert [result.data_pieces(number) for number in range(len(before))] == before


def test_counts_the_bytes_that_a_data_phase_lacks() -> None:
    one = conversation().open().get_object(1, bytes(5000)).get_property()
    third = damage.segments(one.packets(), "command", "to-initiator")[4]
    with result_of(one.packets()) as result:
        assert [result.data_missing(number) for number in range(3)] == [0, 0, 0]
    with result_of(damage.drop(one.packets(), third)) as result:
        assert [result.data_missing(number) for number in range(3)] == [0, len(one.packets()[third].payload), 0]
    with result_of(damage.snap(one.packets(), 100)) as result:
        assert result.data_missing(1) == sum(size for _, size, position in result.data_pieces(1) if position is None)


def test_counts_announced_bytes_of_which_no_message_is_left() -> None:
    one = conversation().open().request(0x1009, 1).start_data(4000).data(bytes(1000))
    with result_of(one.packets()) as result:
        assert result.data_missing(1) == 3000
    with result_of(conversation().open().request(0x1009, 1).start_data(2**64 - 1).data(b"12").packets()) as result:
        assert result.data_missing(1) is None, "nobody said how many there would be"
    with result_of(conversation().open().request(0x1009, 1).packets()) as result:
        assert result.data_missing(1) is None


def test_places_pieces_behind_a_lost_data_header() -> None:
    payload = random.Random(5).randbytes(6000)
    one = conversation(mss=400).open().get_object(1, payload, "tail", 500)
    packets = one.packets()
    several = 0
    for lost in damage.segments(packets, "command", "to-initiator")[5:]:
        with result_of(damage.drop(packets, lost)) as result:
            pieces = result.data_pieces(1)
            assert all(
                result.read(position, length or 0) == payload[offset or 0 : (offset or 0) + (length or 0)]
                for offset, length, position in pieces
                if position is not None
            )
            assert [piece.offset for piece in pieces] == np.cumsum([0, *(size for _, size, _ in pieces[:-1])]).tolist()
            holes = [length for _, length, position in pieces if position is None]
            assert result.data_missing(1) == len(payload) - sum(size for _, size, place in pieces if place is not None)
            assert len(holes) <= 1
            several += sum(holes) > len(packets[lost].payload)
    assert several > 5, "what is left of a message without its header has no place, either"


@pytest.mark.parametrize("name", ["data_styles", "upload", "boundaries_anywhere", "canon_polls", "sony_polls", "fuji"])
def test_places_every_byte_as_it_was_whatever_is_lost(name: str) -> None:
    packets, chance = capture(name), random.Random(name)
    carried = {
        (known["operation_code"], known["transaction_id"]): known["data"] or b""
        for one in STORIES[name]()
        for known in one.truth().transactions
    }
    carrying = [at for at, packet in enumerate(packets) if packet.payload]
    damaged = 0
    for lost in [[at] for at in carrying] + [chance.sample(carrying, 3) for _ in range(30)]:
        with result_of(damage.drop(packets, *lost)) as result:
            made = result.transactions
            for number in np.flatnonzero(made.request != NO_ROW).tolist():
                code = int(result.messages["code"][made.request[number]])
                data = carried[code, int(made.transaction_id[number])]
                pieces = result.data_pieces(number)
                damaged += bool(pieces) and STATUSES[made.status[number]] == "gap"
                for offset, length, position in pieces:
                    if offset is not None and length is not None and position is not None:
                        assert result.read(position, length) == data[offset : offset + length]
                if result.data_missing(number) == 0:
                    assert sum(piece.length or 0 for piece in pieces) == len(data)
    assert damaged


def lost_start(one: Conversation, *also: int) -> list[Packet]:
    """Without the last Start Data, and without packets with payload at places relative to it."""
    packets = one.packets()
    carrying = damage.segments(packets, "command")
    start = max(place for place, at in enumerate(carrying) if packets[at].payload[4:5] == b"\x09")
    return damage.drop(packets, carrying[start], *(carrying[start + place] for place in also))


DATA = random.Random(9).randbytes(900)


@pytest.mark.parametrize("outward", [False, True])
@pytest.mark.parametrize("style", ["end", "tail", "empty-end"])
def test_places_all_of_a_data_phase_of_which_only_start_data_is_lost(outward: bool, style: str) -> None:
    """In 20 bytes between request and data nothing else can have been: it has to be there (2.3.9)."""
    one = conversation().open().transaction(0x1001, data_in=bytes(8))
    if outward:
        one.transaction(0x100D, data_out=DATA, style=style, chunk=200)
    else:
        one.transaction(0x1009, 1, data_in=DATA, style=style, chunk=200)
    with result_of(lost_start(one.close_session())) as result:
        head = result.data_head(2, 10_000)
        assert STATUSES[result.transactions.status[2]] == "gap"
        assert (head.data, head.whole, result.data_missing(2)) == (DATA, True, 0)
        assert {position is None for _, _, position in result.data_pieces(2)} == {False}


def test_places_nothing_behind_a_hole_that_may_have_held_more_than_start_data() -> None:
    def story(chunk: int = 200) -> Conversation:
        return conversation().open().transaction(0x1009, 1, data_in=DATA, style="tail", chunk=chunk).close_session()

    silent = conversation().open()
    for handle in (1, 2):  # a camera that leaves Start Data out; the second time 8 bytes of Data are lost
        silent.request(0x1009, handle).data(bytes(8)).data(DATA, last=True).response()
    packets = silent.packets()
    eight = max(at for at in damage.segments(packets) if packets[at].payload[4:5] == b"\x0a")
    response, request = -2, -1
    for damaged, number in (
        (lost_start(story(8), 1), 1),
        (lost_start(story(), response), 1),
        (lost_start(conversation().open().transaction(0x100D, data_out=DATA), request), 1),
        (damage.drop(packets, eight), 2),
    ):
        with result_of(damaged) as result:
            pieces = result.data_pieces(number)
            assert {piece.offset for piece in pieces if piece.position is not None} <= {None}
            assert result.data_missing(number) is None


def test_knows_what_else_is_missing_of_a_data_phase_whose_start_is_lost() -> None:
    one = conversation(mss=200).open().transaction(0x1009, 1, data_in=DATA, style="tail", chunk=500).close_session()
    with result_of(lost_start(one, 2)) as result:
        assert [piece[:2] for piece in result.data_pieces(1) if piece.position is None] == [(188, 200)]
        assert result.data_missing(1) == 200
        assert result.data_head(1, 1000).size == len(DATA)
    with result_of(lost_start(one, 6)) as result:
        assert result.data_missing(1) == 12, "End Data says how long it is"
    with result_of(lost_start(one, 4)) as result:
        assert result.data_missing(1) is None


def test_gives_what_stands_behind_a_hole_of_unknown_length_no_place() -> None:
    payload = random.Random(6).randbytes(6000)
    one = conversation(mss=400).open().request(0x1009, 1).start_data(2**64 - 1)
    for at in range(0, 5500, 500):
        one.data(payload[at : at + 500])
    packets = one.data(payload[5500:], last=True).response().packets()
    with result_of(damage.drop(packets, damage.segments(packets, "command", "to-initiator")[7])) as result:
        pieces = result.data_pieces(1)
        edge = next(index for index, piece in enumerate(pieces) if piece.position is None)
        told = sum(length or 0 for _, length, _ in pieces[:edge])
        head = result.data_head(1, 1 << 20)
        assert pieces[edge] == (told, None, None)
        assert pieces[edge + 1 :]
        assert {piece.offset for piece in pieces[edge + 1 :]} == {None}
        assert result.data_missing(1) is None
        assert (head.size, head.whole, head.data) == (None, False, payload[: len(head.data)])
        assert head.hole is not None


def test_ends_pieces_where_the_capture_ends() -> None:
    one = conversation().open().request(0x1009, 1).data_phase(bytes(4000), style="end")
    packets = one.packets()
    with result_of(packets[: damage.segments(packets)[-1]]) as result:
        pieces = result.data_pieces(1)
        assert pieces[-1][2] is None
        assert pieces[-1][0] == sum(length for _, length, _ in pieces[:-1])
        assert sum(length for _, length, _ in pieces) == 4000
        assert result.messages["status"][result.messages["type"] == m.END_DATA].tolist() == [m.CUT]


def test_links_messages_and_transactions_both_ways() -> None:
    with result_of(capture("data_styles")) as result:
        made = result.transactions
        for number in range(len(made)):
            rows = np.flatnonzero(made.of_message == number)
            assert made.request[number] in rows
            assert made.response[number] in rows
        assert (made.of_message != NO_ROW).sum() == (result.messages["type"] >= 6).sum()


def test_numbers_its_rows_from_where_it_is_told() -> None:
    with result_of(capture("plain")) as result:
        result.number_from(3, 40, 500)
        assert (result.first_session, result.first_transaction, result.first_message) == (3, 40, 500)


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("name", STORIES)
def test_finds_the_same_bytes_in_segment_tables_of_many_parts(
    name: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = capture(name)
    if sum(bool(packet.payload) for packet in packets) > 7:
        packets = damage.drop(packets, segment=7)
    with result_of(packets) as whole:
        numbers = range(len(whole.transactions))
        expected = [whole.data_pieces(number) for number in numbers]
        messages = [whole.message_bytes(number) for number in range(whole.message_count)]
    monkeypatch.setattr("ptpip_analyze.store.column.CHUNK_ROWS", rows)
    monkeypatch.setattr("ptpip_analyze.analysis.CHUNK_BYTES", 512)
    monkeypatch.setattr("ptpip_analyze.tcp.places.PARTS_IN_MEMORY", 1)
    with result_of(packets) as parts:
        assert [merged(parts.data_pieces(number)) for number in numbers] == [merged(pieces) for pieces in expected]
        assert [parts.message_bytes(number) for number in range(parts.message_count)] == messages


@pytest.mark.parametrize("rows", [2, 1000])
def test_finds_where_many_ranges_of_streams_stand(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptpip_analyze.store.column.CHUNK_ROWS", rows)
    monkeypatch.setattr("ptpip_analyze.analysis.CHUNK_BYTES", 512)
    with result_of(damage.drop(capture("two_pairs"), segment=5)) as result:
        stream, start = result.messages["stream"].astype(np.int64), result.messages["offset"].astype(np.int64)
        size = result.messages["length"].astype(np.int64)
        found = result.stream_places.positions(stream, start, size).tolist()
        for at, *place in zip(found, stream.tolist(), start.tolist(), size.tolist(), strict=True):
            pieces = list(result.stream_places.pieces(place[0], place[1], place[1] + place[2]))
            assert at == (pieces[0][2] if len(pieces) == 1 and pieces[0][2] is not None else -1)
        assert sum(at >= 0 for at in found) > len(found) // 2


def merged(pieces: list[DataPiece]) -> list[DataPiece]:
    """Pieces that follow one another in the capture as one."""
    joined: list[DataPiece] = []
    for piece in pieces:
        if joined and follows(joined[-1], piece):
            piece = joined[-1]._replace(length=(joined.pop().length or 0) + (piece.length or 0))
        joined.append(piece)
    return joined


def follows(before: DataPiece, piece: DataPiece) -> bool:
    if before.length is None or before.position is None or before.position + before.length != piece.position:
        return False
    return piece.offset == (None if before.offset is None else before.offset + before.length)
