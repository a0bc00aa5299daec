"""The window over a file, header rows, and the error."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from ptpip_analyze.capture import NO_TIME, CaptureError, earliest, open_capture
from ptpip_analyze.capture.batch import KEPT, Window, header_rows, layout, no_packets
from tests.traffic import capture, write_pcap

PAIR = layout(4, first=(0, ">u2"), last=(3, "u1"))


def rows(data: bytes, start: list[int], stop: list[int]) -> list[tuple[int, int]]:
    found = header_rows(np.frombuffer(data, np.uint8), np.array(start), np.array(stop), PAIR)
    return [(int(row["first"]), int(row["last"])) for row in found]


def test_reads_headers_at_any_alignment() -> None:
    assert rows(bytes(range(16)), [0, 1, 7, 12], [16] * 4) == [(0x0001, 3), (0x0102, 4), (0x0708, 10), (0x0C0D, 15)]


def test_reads_zeros_beyond_the_end_of_a_packet() -> None:
    assert rows(b"\xff" * 16, [0, 4, 12], [2, 8, 15]) == [(0xFFFF, 0), (0xFFFF, 255), (0xFFFF, 0)]


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff" * 3, b"\xff" * 16])
def test_reads_zeros_for_packets_without_bytes(data: bytes) -> None:
    assert rows(data, [0, len(data), len(data) + 9], [0, len(data), len(data)]) == [(0, 0)] * 3


def test_finds_the_earliest_of_the_times_that_are_known() -> None:
    assert earliest(7, NO_TIME, 5) == 5
    assert earliest(NO_TIME, NO_TIME) == earliest() == NO_TIME
    assert max(-5, NO_TIME) == -5, "the latest needs no help, before 1970 either"


def test_error_is_one_line_whatever_the_names_are() -> None:
    error = CaptureError("odd\nname\x1b[2J.pcap", 12, "bad")
    assert str(error) == "odd\\nname\\x1b[2J.pcap: offset 12: bad"
    assert str(CaptureError("a.pcap", None, "no such file")) == "a.pcap: no such file"
    assert (error.path, error.offset, error.reason) == ("odd\nname\x1b[2J.pcap", 12, "bad")


def test_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(CaptureError("a.pcap", 5, "cut", at_end=True)))
    assert (error.path, error.offset, error.reason, error.at_end) == ("a.pcap", 5, "cut", True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(range(250)))
    return path


def test_window_moves_to_any_place_and_keeps_what_it_has(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, KEPT)
        for position in (0, 10, 74, 200, 240):
            window.move(position)
            assert (window.base, window.used) == (position, min(64, 250 - position))
            assert bytes(window.buffer[: window.used]) == bytes(range(position, position + window.used))
            assert window.at_end == (position >= 186)


def test_window_grows_for_a_large_record_and_shrinks_again(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, KEPT)
        window.move(5, 200)
        assert (window.used, bytes(window.array(200))) == (200, bytes(range(5, 205)))
        for _ in range(KEPT):
            window.move(6)
        assert (window.used, len(window.buffer)) == (64, 64)


def test_window_leaves_the_bytes_of_two_moves_before_alone(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, KEPT)
        window.move(0)
        first = window.array(64)
        window.move(64)
        window.move(128)
        assert first.tobytes() == bytes(range(64))


def test_window_takes_no_turn_for_moves_that_gave_nothing_out(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, KEPT)
        window.move(0)
        first = window.array(64)
        for position in range(1, 100):  # looking for the next packet behind blocks that are skipped
            window.move(position)
            assert window.buffer[0] == position
        assert first.tobytes() == bytes(range(64))


def test_window_moves_within_one_buffer(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, 1)
        for position, need in ((0, 0), (3, 0), (60, 100), (70, 0), (71, 0)):
            window.move(position, need)
            used = max(64, need)
            assert bytes(window.array(used)) == bytes(range(position, position + used))


def test_window_ends_where_a_file_was_shortened_meanwhile(source: Path) -> None:
    with source.open("rb") as file:
        window = Window(file.fileno(), 250, 64, KEPT)
        window.move(0)
        source.write_bytes(b"x" * 100)
        window.move(60)
        assert (window.used, window.size, window.at_end) == (40, 100, True)


def test_gives_the_first_packets_of_a_batch(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "plain.pcap", capture("plain"))
    with open_capture(path) as source:
        (batch,) = source.batches()
    head = batch.head(3)
    assert (head.first, head.base, len(head.data)) == (batch.first, batch.base, len(batch.data))
    assert head.time.tolist() == batch.time[:3].tolist()
    assert head.link.tolist() == batch.link[:3].tolist()


def test_has_a_batch_of_no_packets() -> None:
    empty = no_packets(7, 100)
    assert (empty.first, empty.base, len(empty.time), len(empty.data)) == (7, 100, 0, 0)
