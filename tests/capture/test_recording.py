"""What is captured becomes files that are whole at any time, one after the other where that was asked for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ptpip_analyze.capture import blocks, open_capture, recording
from ptpip_analyze.capture.recording import Recording, Rotation, Spool
from tests.capture.test_blocks import packets_of, stream
from tests.traffic import capture, pcap_bytes


def recorded(spool: Spool, data: bytes, most: int | None = None) -> Recording:
    """A recording of a stream that has ended."""
    reader, writer = os.pipe()
    made = Recording("a stream", reader, spool, most)
    with os.fdopen(writer, "wb") as file:
        file.write(data)
    made.join()
    os.close(reader)
    return made


def read_all(spool: Spool) -> bytes:
    found = bytearray(spool.size)
    done = 0
    with memoryview(found) as view:
        while done < spool.size and (count := spool.read_into(view[done:], done)):
            done += count
    return bytes(found[:done])


@pytest.mark.parametrize("data", [stream(), pcap_bytes(capture("plain"))], ids=["pcapng", "pcap"])
def test_saves_a_stream_as_pcapng(tmp_path, data):
    path = tmp_path / "saved.pcapng"
    spool = Spool(path)
    made = recorded(spool, data)
    assert made.damage is None
    assert made.packets == len(packets_of(data))
    assert packets_of(path.read_bytes()) == packets_of(data)
    assert read_all(spool) == path.read_bytes()
    with open_capture(path) as source:
        assert source.format == "pcapng"
    assert spool.ended


def test_keeps_what_has_no_name_where_it_can_be_read():
    spool = Spool()
    recorded(spool, stream())
    assert (read_all(spool), spool.paths) == (stream(), [])
    spool.close()


def test_begins_new_files_by_size(tmp_path):
    spool = Spool(tmp_path / "saved.pcapng", Rotation(size=400))
    header = blocks.section() + blocks.interface(1)
    spool.write(header, header)
    for number in range(12):
        spool.write(blocks.packet(0, number, bytes(60), 60), header)
    names = [path.name for path in spool.paths]
    assert len(names) > 2
    assert names == sorted(names)
    assert names[0].startswith("saved_00001_2")
    assert all(path.stat().st_size <= 400 for path in spool.paths)
    assert sum(len(packets_of(path.read_bytes())) for path in spool.paths) == 12
    assert len(packets_of(read_all(spool))) == 12  # one after the other they read like one
    spool.close()


def test_begins_new_files_by_time(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(recording.time, "monotonic", lambda: now[0])
    spool = Spool(tmp_path / "saved", Rotation(seconds=60.0))
    for second in (0, 59, 60, 61, 119, 121):
        now[0] = 100.0 + second
        spool.write(blocks.section(), blocks.section())
    assert [path.suffix for path in spool.paths] == [".pcapng"] * 3
    spool.close()


def test_keeps_the_newest_files_only(tmp_path, monkeypatch):
    spool = Spool(tmp_path / "saved.pcapng", Rotation(size=100, keep=2))
    for number in range(6):
        spool.write(blocks.packet(0, number, bytes(60), 60), blocks.section())
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert [name[:11] for name in kept] == ["saved_00005", "saved_00006"]
    assert spool.read_into(memoryview(bytearray(4)), 0) == 4  # nobody has read it yet
    monkeypatch.setattr(recording, "NEEDED_BYTES", 100)
    spool.passed(spool.size)
    spool.write(blocks.packet(0, 7, bytes(60), 60), blocks.section())
    assert spool.read_into(memoryview(bytearray(4)), 0) == 0
    assert spool.read_into(memoryview(bytearray(4)), spool.size - 4) == 4
    spool.close()


def test_leaves_an_earlier_file_alone_until_something_comes(tmp_path):
    path = tmp_path / "saved.pcapng"
    path.write_bytes(b"an earlier capture" * 1000)
    Spool(path).discard()
    assert path.read_bytes() == b"an earlier capture" * 1000
    recorded(Spool(path), stream())
    assert path.read_bytes() == stream()


def test_refuses_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (tmp_path / "pipe", "not a regular file"), (tmp_path, "Is a directory"):
        with pytest.raises(OSError, match=reason):
            Spool(path)
    assert (tmp_path / "pipe").is_fifo()


def test_takes_no_more_than_is_wanted(tmp_path):
    path = tmp_path / "saved.pcapng"
    made = recorded(Spool(path), stream(), most=2)
    assert made.packets == len(packets_of(path.read_bytes())) == 2


@pytest.mark.parametrize("at_once", [400, 1 << 20])
def test_keeps_what_fits_where_the_disk_is_full(at_once, tmp_path, monkeypatch):
    """Whole packets, however many of them were read at once."""
    path, write, there = tmp_path / "saved.pcapng", os.write, len(stream()) // 2
    spool, room = Spool(path), there

    def full(descriptor: int, data: bytes) -> int:
        nonlocal room
        if descriptor != spool.fileno():
            return write(descriptor, data)
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(descriptor, bytes(data)[:room])
        room -= done
        return done

    monkeypatch.setattr(recording.os, "write", full)
    monkeypatch.setattr(recording, "_READ_BYTES", at_once)
    made = recorded(spool, stream())
    assert "No space left on device" in str(made.damage)
    saved = path.read_bytes()
    assert saved == stream()[: len(saved)]
    assert len(packets_of(saved)) == made.packets
    assert len(packets_of(stream()[: there + 400])) > made.packets > 1
    following = int.from_bytes(stream()[len(saved) + 4 : len(saved) + 8], "little")
    assert len(saved) <= there < len(saved) + following  # the next block has no room


def test_leaves_whole_blocks_where_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "saved.pcapng"
    spool = Spool(path)
    write, ended = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        if descriptor == spool.fileno() and spool.size:
            write(descriptor, bytes(data)[:17])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr(recording.os, "write", full)
    monkeypatch.setattr(recording, "_READ_BYTES", 400)
    reader, writer = os.pipe()
    made = Recording("a stream", reader, spool, None, lambda: ended.append(True))
    write(writer, stream())
    made.join()
    os.close(writer)
    os.close(reader)
    assert str(made.damage) == f"a stream: {path}: No space left on device"
    assert ended == [True]  # the recorder is told
    assert len(packets_of(path.read_bytes())) == made.packets


def test_says_that_a_stream_is_no_capture(tmp_path):
    made = recorded(Spool(tmp_path / "saved"), b"hello")
    assert "not a capture: it begins with 68 65 6c 6c" in str(made.damage)
    made = recorded(Spool(tmp_path / "saved"), b"he")
    assert "not a capture: it has 2 bytes" in str(made.damage)


def test_stops_when_it_is_asked_to(tmp_path):
    reader, writer = os.pipe()
    spool = Spool(tmp_path / "saved")
    made = Recording("a stream", reader, spool)
    os.write(writer, stream())
    assert spool.wait(0, 10.0)
    made.stop()
    made.join()
    assert spool.ended
    assert made.packets == 5


def test_leaves_no_empty_file(tmp_path):
    spool = Spool(tmp_path / "saved.pcapng")
    spool.discard()
    assert list(tmp_path.iterdir()) == []
    spool = Spool(Path(tmp_path / "saved.pcapng"))
    spool.write(b"0123", b"")
    spool.discard()
    assert len(list(tmp_path.iterdir())) == 1
