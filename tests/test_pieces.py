"""The same conversation in other pieces is the same conversation.

However the capture is read, in whatever order and shape its packets come, and by whichever of two ways transactions are
made: the tables are the same. A part of a capture gives a part of the tables.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ptpip_analyze import Analysis, Analyzer, analyze, open_capture
from ptpip_analyze.ptp import build
from tests.support import PLACES, RECORDED, TABLES, TIMES, Row, analysed, in_batches, rows, slices, tables, unordered
from tests.traffic import LINK_TYPES, SEGMENTATIONS, STORIES, Packet, capture, damage, pcap_bytes

CHOSEN = ("plain", "data_styles", "events_inside", "cancels_in", "cancels_out", "two_pairs", "ports_again", "names",
          "header_apart", "messages_in_an_object", "sequence_wraps", "upload", "fails_on_event", "probes",
          "fuji", "fuji_elsewhere", "fuji_containers_in_an_object")  # fmt: skip
PORTS_AGAIN = {"ports_again", "ports_again_without_close"}
# What is measured from one packet of the file to the next.
BETWEEN_NEIGHBOURS = frozenset(
    {"acknowledged_s", "stalled_s", "transfer_stalled_s", "stall_cause", "tap", "initiator_rtt_s", "responder_rtt_s"}
)
SESSION_TABLES = ("sessions", "transactions", "messages", "events")
SYN, ACK = 2, 16


def harmed(packets: Sequence[Packet], seed: int = 1) -> list[Packet]:
    """Three segments lost, one sent twice, neighbours swapped: all of it survives in another chunking."""
    chance = random.Random(seed)
    count = len(damage.segments(packets))
    if count > 3:
        packets = damage.retransmit(packets, chance.randrange(count), 3, earlier=chance.randrange(20))
        packets = damage.drop(packets, segment=chance.sample(range(count), min(3, count // 4)))
    return damage.shuffle(packets, 3, seed)


def whole(name: str) -> list[Packet]:
    """A story as it was spoken, without the damage that is part of some."""
    return damage.interleave(*(one.whole_packets() for one in STORIES[name]()))


# Any chunking


@pytest.mark.parametrize("name", STORIES)
def test_gives_the_same_tables_in_batches_of_any_size(name: str) -> None:
    packets = capture(name)
    for variant, sizes in ((packets, (1, 2, 7, 50)), (harmed(packets), (1, 7))):
        data = pcap_bytes(variant, nano=True)
        with in_batches(data) as at_once:
            expected = tables(at_once)
        for size in sizes:
            with in_batches(data, size) as parts:
                assert tables(parts) == expected, size


@pytest.mark.parametrize("chunk_bytes", [64, 1000, 20_000])
@pytest.mark.parametrize("name", CHOSEN)
def test_gives_the_same_tables_however_much_is_read_at_a_time(name: str, chunk_bytes: int) -> None:
    data = pcap_bytes(capture(name), nano=True)
    with in_batches(data) as at_once, in_batches(data, chunk_bytes=chunk_bytes) as parts:
        assert tables(parts) == tables(at_once)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_gives_the_same_tables_of_a_recorded_capture_in_pieces(path: Path) -> None:
    with analyze(path) as at_once, in_batches(path, 13) as batches, in_batches(path, chunk_bytes=3000) as chunks:
        expected = tables(at_once, without=("capture",))
        assert tables(batches, without=("capture",)) == expected
        assert tables(chunks, without=("capture",)) == expected


# Any order


def by_session(analysis: Analysis) -> dict[str, list[str]]:
    """The tables of conversations whatever the order, with the initiator's port and the start instead of the number."""
    names = {
        row["session"]: (row["initiator_address"], row["command_port"], row["start_time"])
        for row in rows(analysis, "sessions")
    }
    found = tables(analysis, PLACES | BETWEEN_NEIGHBOURS | {"tcp_stream"}, SESSION_TABLES)
    for table in found.values():
        for row in table:
            row["session"] = names.get(row["session"])
    return unordered(found)


@pytest.mark.parametrize("window", [2, 4, 8])
@pytest.mark.parametrize("name", sorted(STORIES.keys() - PORTS_AGAIN))
def test_gives_the_same_tables_of_packets_out_of_order(name: str, window: int) -> None:
    """Without the stories in which only the order tells which of two connections on the same ports a packet is of."""
    packets = capture(name)
    with analysed(packets) as in_order, analysed(damage.shuffle(packets, window, seed=window)) as shuffled:
        assert by_session(shuffled) == by_session(in_order)


# Two ways to transactions


def same_either_way(analysis: Analysis) -> None:
    for result in analysis.results:
        careful = build(result.messages, result.pairs, careful=True)
        for name in careful.__dataclass_fields__.keys() - {
            "flawless"
        }:  # which says that the careful way was not needed
            np.testing.assert_array_equal(getattr(result.transactions, name), getattr(careful, name), err_msg=name)


@pytest.mark.parametrize("name", STORIES)
def test_makes_the_same_transactions_the_careful_way(name: str) -> None:
    packets = capture(name)
    for variant in (packets, harmed(packets), damage.begin_late(packets, 20), damage.end_early(packets, 5)):
        with analysed(variant) as analysis:
            same_either_way(analysis)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_makes_the_same_transactions_of_a_recorded_capture_the_careful_way(path: Path) -> None:
    with analyze(path) as analysis:
        same_either_way(analysis)


# Any shape


def every_third(change: Callable[[list[Packet], int], list[Packet]]) -> Callable[[list[Packet]], list[Packet]]:
    """The change at every third payload segment, the last one first, so that the numbers of the others stay."""

    def apply(packets: list[Packet]) -> list[Packet]:
        for segment in reversed(range(0, len(damage.segments(packets)), 3)):
            packets = change(packets, segment)
        return packets

    return apply


SHAPES: dict[str, Callable[[list[Packet]], list[Packet]]] = {
    "every segment's frame twice": lambda p: [packet for one in p for packet in (one, one)],
    "segments sent again": every_third(lambda p, s: damage.retransmit(p, s)),
    "segments sent again with other boundaries": every_third(lambda p, s: damage.retransmit(p, s, 3, 40, 40)),
    "parts of segments sent again": every_third(lambda p, s: damage.retransmit(p, s, 1, -3, 0)),
    "segments delayed": every_third(lambda p, s: damage.delay(p, s, 2)),
    "keep-alives with a byte of garbage": every_third(lambda p, s: damage.keep_alive(p, damage.segments(p)[s] + 1)),
    "empty keep-alives": every_third(lambda p, s: damage.keep_alive(p, damage.segments(p)[s] + 1, garbage=False)),
    "zero windows probed with a byte": every_third(lambda p, s: damage.zero_window(p, s)),
    "zero windows probed without": every_third(lambda p, s: damage.zero_window(p, s, probe_byte=False)),
    "segments joined by offload": lambda p: damage.super_segments(p),
    "checksums that offload leaves wrong": lambda p: damage.bad_checksums(p),
    "Ethernet padding": damage.padded,
    "a VLAN tag": lambda p: damage.vlan(p, 5),
    "two VLAN tags": lambda p: damage.vlan(p, 5, 7),
    "IP fragments": lambda p: damage.fragmented(p, 64),
    "IP fragments backwards": lambda p: damage.fragmented(p, 256, backwards=True),
    "no TCP handshake": damage.without_handshake,
} | {f"link type {link}": lambda p, link=link: damage.on_link(p, link) for link in LINK_TYPES}  # type: ignore[misc]


def substance(analysis: Analysis) -> dict[str, list[str]]:
    """What was said, without when and where."""
    return unordered(tables(analysis, PLACES | TIMES | {"tcp_stream"}, SESSION_TABLES))


@cache
def as_spoken(name: str) -> dict[str, list[str]]:
    """What is said in a story, in the pieces in which it was spoken."""
    with analysed(whole(name)) as analysis:
        return substance(analysis)


def test_has_shapes_that_differ_from_each_other() -> None:
    packets = whole("data_styles")
    shapes = [packets, *(change(packets) for shape, change in SHAPES.items() if shape != "link type ethernet")]
    assert all(one != other for at, one in enumerate(shapes) for other in shapes[:at])


@pytest.mark.parametrize(
    ("name", "shape"),
    # Without SYN nothing tells a second connection on the same ports from the first.
    [(name, shape) for name in CHOSEN for shape in SHAPES if (name, shape) != ("ports_again", "no TCP handshake")],
)
def test_hears_the_same_in_another_shape(name: str, shape: str) -> None:
    with analysed(SHAPES[shape](whole(name))) as other:
        assert substance(other) == as_spoken(name)


@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
@pytest.mark.parametrize(
    "name", sorted(set(CHOSEN) - {"upload", "data_styles", "two_pairs"})
)  # too many bytes for a packet each
def test_hears_the_same_in_other_segments(name: str, segmentation: str) -> None:
    told = [replace(one, segmentation=segmentation, mss=300) for one in STORIES[name]()]
    with analysed(damage.interleave(*(one.packets() for one in told))) as other:
        assert substance(other) == as_spoken(name)


@pytest.mark.parametrize("before", [1, 40, 700, 3000])
@pytest.mark.parametrize("name", CHOSEN)
def test_hears_the_same_when_sequence_numbers_wrap(name: str, before: int) -> None:
    # Not the same number twice: a SYN with the number of the last one is that one sent again.
    told = [replace(one, initial_sequence=(1 << 32) - before - one.number) for one in STORIES[name]()]
    with analysed(damage.interleave(*(one.packets() for one in told))) as other:
        assert substance(other) == as_spoken(name)


# A part of a capture


def transactions(packets: Sequence[Packet]) -> list[Row]:
    with analysed(packets) as analysis:
        return rows(analysis, "transactions", PLACES - {"first_frame", "last_frame"})


def placeless(row: Row) -> Row:
    """A row without the numbers that depend on what else is in the capture."""
    return {name: value for name, value in row.items() if name not in PLACES | {"session"}}


BEFORE = {"think_s": None, "stalled_s": None}  # what the response before, or the handshake, has a part in


@pytest.mark.parametrize("name", ["plain", "cancels_in", "fuji", "fuji_elsewhere"])
def test_knows_of_a_capture_that_begins_late_what_came_after(name: str) -> None:
    packets = capture(name)
    known = transactions(packets)
    for count in range(len(packets)):
        found = transactions(damage.begin_late(packets, count))
        kept = [placeless(row) | BEFORE for row in known if row["first_frame"] > count]
        assert [placeless(row) | BEFORE for row in found[len(found) - len(kept) :]] == kept, count
        earlier = found[: len(found) - len(kept)]
        assert len(earlier) <= 1, count
        assert {row["status"] for row in earlier} <= {"began-earlier", "gap"}, count
        assert {row["transaction_id"] for row in earlier} <= {row["transaction_id"] for row in known}, count


@pytest.mark.parametrize("name", ["plain", "cancels_in", "fuji", "fuji_elsewhere"])
def test_knows_of_a_capture_that_ends_early_what_came_before(name: str) -> None:
    packets = capture(name)
    known = transactions(packets)
    for count in range(len(packets)):
        left = len(packets) - count
        found = transactions(damage.end_early(packets, count))
        kept = [placeless(row) for row in known if row["last_frame"] <= left]
        assert [placeless(row) for row in found[: len(kept)]] == kept, count
        begun = [row for row in known if row["first_frame"] <= left < row["last_frame"]]
        assert [row["transaction_id"] for row in found[len(kept) :]] == [row["transaction_id"] for row in begun], count
        assert {row["status"] for row in found[len(kept) :]} <= {"open", "cancelled", "gap"}, count


@pytest.mark.parametrize("direction", ["to-responder", "to-initiator"])
@pytest.mark.parametrize("name", CHOSEN)
def test_knows_what_one_direction_tells(name: str, direction: str) -> None:
    packets = whole(name)
    known = transactions(packets)
    for row in transactions(damage.one_direction_only(packets, direction)):
        (before,) = [one for one in known if _is_same(one, row)]
        assert row["status"] in {"gap", "open", "began-earlier", "cancelled"}
        silent = ("response", "response_code", "response_parameters")
        silent = silent if direction == "to-responder" else ("operation", "operation_code", "parameters")
        assert all(row[column] is None for column in silent)
        assert all(row[column] in (None, before[column]) for column in ("operation_code", "response_code"))


def _is_same(one: Row, other: Row) -> bool:
    """Whether two rows are of the same transaction: the times of its request or of its response are the same."""
    return any(one[name] == other[name] is not None for name in ("request_time", "response_time"))


@pytest.mark.parametrize("name", ["plain", "data_styles", "two_pairs", "events_inside", "fuji"])
def test_loses_no_transaction_to_a_snap_length(name: str) -> None:
    """From 74 bytes on, the length and type words of the first message in a packet are in the capture.

    What tells Fujifilm's greeting from others takes four more.
    """
    packets = capture(name)
    known = transactions(packets)
    for length in (*range(78 if name == "fuji" else 74, 116), 130, 200, 600, 1500):
        found = transactions(damage.snap(packets, length))
        assert len(found) == len(known), length
        for row, before in zip(found, known, strict=True):
            assert all(row[c] in (None, before[c]) for c in ("transaction_id", "operation_code", "response_code")), (
                length
            )
            if length >= 108:  # all fixed fields are there
                assert row["status"] == before["status"], length
                assert row["parameters"] == before["parameters"], length


def test_completes_transactions_as_they_happen() -> None:
    """So that the next test has something to say: each response completes its transaction before the next request."""
    packets = capture("plain")
    source = open_capture(_file(packets))
    analyzer = Analyzer(source)
    seen = []
    for batch in source.batches():
        for part in slices(batch, 1):
            analyzer.feed(part)
            found = rows(Analysis([analyzer.snapshot()]), "transactions")
            seen.append(sum(row["status"] == "complete" for row in found))
    last = [row["last_frame"] for row in transactions(packets)]
    assert seen == [sum(frame <= at for frame in last) for at in range(1, len(packets) + 1)]


@pytest.mark.parametrize("name", [*CHOSEN, "response_alone", "data_alone", "midstream", "cancels_by_responder"])
def test_never_takes_back_a_complete_transaction(name: str) -> None:
    for packets in (capture(name), harmed(capture(name))):
        source = open_capture(_file(packets))
        analyzer = Analyzer(source)
        complete: list[Row] = []
        for batch in source.batches():
            for part in slices(batch, 1):
                analyzer.feed(part)
                found = [placeless(row) for row in rows(Analysis([analyzer.snapshot()]), "transactions")]
                assert [row for row in complete if row not in found] == []
                complete = [row for row in found if row["status"] == "complete"]
        with Analysis([analyzer.finish()]) as analysis:
            final = [placeless(row) for row in rows(analysis, "transactions")]
            assert [row for row in complete if row not in final] == []
            assert all(analysis.arrow(table) is not None for table in TABLES)


def _file(packets: Sequence[Packet]) -> io.BytesIO:
    return io.BytesIO(pcap_bytes(packets, nano=True))
