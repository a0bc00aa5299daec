"""A capture under way is read until it ends, and ends when it is asked to; what it was is a file."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from ptpip_analyze.capture import CaptureError, live
from ptpip_analyze.capture.recorders import RecorderError
from ptpip_analyze.capture.recording import Spool
from tests.capture.test_blocks import packets_of, stream
from tests.traffic import capture, pcap_bytes


def count(under_way: live.Live) -> int:
    return sum(len(batch.time) for batch in under_way.batches())


@pytest.fixture
def stdin(monkeypatch):
    """Let bytes stand on standard input."""
    opened = []

    def put(data: bytes) -> None:
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as file:
            file.write(data)
        opened.append(os.fdopen(reader, "rb"))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield put
    for file in opened:
        file.close()


@pytest.mark.parametrize("data", [stream(), pcap_bytes(capture("plain"))], ids=["pcapng", "pcap"])
def test_takes_a_stream_from_standard_input(stdin, tmp_path, data):
    stdin(data)
    path = tmp_path / "saved.pcapng"
    with live.of_stdin(Spool(path)) as under_way:
        assert under_way.source.path == str(path)
        assert count(under_way) == under_way.packets == len(packets_of(data))
        assert (under_way.ended, under_way.means) == (None, None)
    assert packets_of(path.read_bytes()) == packets_of(data)


@pytest.mark.parametrize(("data", "reason"), [(b"", "it has 0 bytes"), (b"GIF89a", "begins with 47 49 46 38")])
def test_refuses_what_is_no_capture_on_standard_input(stdin, data, reason):
    stdin(data)
    with pytest.raises(CaptureError, match=reason):
        live.of_stdin(Spool())


def test_says_what_broke_a_stream(stdin):
    stdin(stream() + bytes(12))
    with live.of_stdin(Spool()) as under_way:
        assert count(under_way) == 5
        assert under_way.ended is not None
        assert "can't have a length of 0 bytes" in under_way.ended


def test_says_that_a_stream_was_cut(stdin):
    stdin(stream()[:-120])
    with live.of_stdin(Spool()) as under_way:
        assert count(under_way) == 4
        assert under_way.ended is None
        assert "ends inside a packet" in str(under_way.source.damage)


def test_follows_a_file_until_it_is_stopped(tmp_path):
    path = tmp_path / "growing.pcapng"
    path.write_bytes(stream(3))
    found = 0
    with live.of_file(str(path)) as under_way:
        for batch in under_way.batches():
            found += len(batch.time)
            if found == 3:
                path.write_bytes(stream(3) + stream(4))
            if found == 7:
                assert not under_way.is_behind(batch) or len(batch.time)
                under_way.stop()
    assert found == 7


def test_follows_a_file_for_so_many_packets(tmp_path):
    path = tmp_path / "growing.pcapng"
    path.write_bytes(stream(5))
    with live.of_file(str(path), most=4) as under_way:
        assert count(under_way) == 4


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CaptureError, match="No such file"):
        live.of_file(str(tmp_path / "nothing"))


class Pretended:
    """A recorder that has written what it had."""

    means, interface = "dumpcap", "wlan7"

    def __init__(self, data: bytes, why: str | None) -> None:
        self.file = io.FileIO(os.memfd_create("stream"), "rb+")
        self.file.write(data)
        self.file.seek(0)
        self.stream, self.why = self.file.fileno(), why

    def stop(self) -> None:
        """It has ended."""

    def ending(self) -> str | None:
        self.file.close()
        return self.why


def test_says_why_a_recorder_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(live, "start", lambda *_: Pretended(stream(), "the adapter is gone"))
    path = tmp_path / "saved.pcapng"
    with live.of_interface("wlan7", Spool(path)) as under_way:
        assert under_way.means == "dumpcap"
        assert count(under_way) == 5
        assert under_way.ended == "the adapter is gone"
    assert Path(path).read_bytes() == stream()


def test_passes_on_that_nothing_can_be_captured(monkeypatch):
    def refuse(*_: object) -> None:
        raise RecorderError("no permission")

    monkeypatch.setattr(live, "start", refuse)
    with pytest.raises(RecorderError, match="no permission"):
        live.of_interface("wlan7", Spool())


def test_knows_the_interfaces():
    assert "lo" in live.interfaces()
