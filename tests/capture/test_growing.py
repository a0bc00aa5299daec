"""A capture that another program writes is read as far as it is there, packet by whole packet, until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ptpip_analyze.capture import CaptureError, PacketBatch, growing, open_capture
from ptpip_analyze.capture.growing import GrowingFile, GrowingSource, awaited
from tests.capture.test_blocks import stream
from tests.traffic import capture, pcap_bytes


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(growing, "PATIENCE_S", 0.0)


def grown(path: Path, data: bytes, step: int, start: int) -> Iterator[tuple[GrowingSource, PacketBatch]]:
    """Batches of a file that grows by ``step`` bytes whenever there is nothing new."""
    path.write_bytes(data[:start])
    growth, written = GrowingFile(str(path)), start
    source = awaited(str(path), growth)
    assert source is not None
    for batch in source.batches():
        yield source, batch
        if len(batch.time) == 0:
            if written >= len(data):
                growth.stop()
            with path.open("ab") as file:
                file.write(data[written : written + step])
            written += step
    source.close()


@pytest.mark.parametrize("data", [stream(), pcap_bytes(capture("plain"))], ids=["pcapng", "pcap"])
@pytest.mark.parametrize("step", [1, 7, 100, 100_000])
def test_reads_what_is_there_whatever_was_written_last(tmp_path, data, step):
    path = tmp_path / "growing"
    found, empty = [], 0
    for source, batch in grown(path, data[:3000], step, 28):
        empty += len(batch.time) == 0
        found += [
            source.read(at, size) for at, size in zip(batch.position.tolist(), batch.captured.tolist(), strict=True)
        ]
    (tmp_path / "whole").write_bytes(data[:3000])
    with open_capture(tmp_path / "whole") as whole:
        expected = [
            whole.read(at, size)
            for batch in whole.batches()
            for at, size in zip(batch.position.tolist(), batch.captured.tolist(), strict=True)
        ]
    assert found == expected
    assert empty > 0


def test_numbers_packets_on(tmp_path):
    firsts = [batch.first for _, batch in grown(tmp_path / "growing", stream(9), 50, 28) if len(batch.time)]
    assert firsts == sorted(set(firsts))
    assert firsts[0] == 0


def test_says_that_the_last_packet_is_cut_when_no_more_comes(tmp_path):
    data = pcap_bytes(capture("plain"))[:-5]
    *_, (source, _) = grown(tmp_path / "growing", data, 1000, 28)
    assert source.damage is not None
    assert source.damage.at_end


def test_waits_for_the_header(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"")
    asked = []

    def idle() -> bool:
        asked.append(path.stat().st_size)
        path.write_bytes(stream()[: 20 * len(asked)])
        return True

    growth = GrowingFile(str(path))
    source = awaited("it", growth, idle)
    assert source is not None
    assert (source.path, source.format, asked) == ("it", "pcapng", [0, 20])
    source.close()


def test_is_nothing_when_nobody_waits_any_longer(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"")
    growth = GrowingFile(str(path))
    assert awaited("it", growth, lambda: False) is None
    growth.close()


def test_refuses_what_is_no_capture(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"GIF89a" + bytes(100))
    with pytest.raises(CaptureError, match="it: offset 0: not a capture"):
        awaited("it", GrowingFile(str(path)))


def test_refuses_what_is_no_capture_before_it_is_as_long_as_a_header(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"hello")
    with pytest.raises(CaptureError, match="it: offset 0: not a capture: it begins with 68 65 6c 6c"):
        awaited("it", GrowingFile(str(path)), lambda: pytest.fail("waits for more of what is no capture"))


def test_reads_nothing_when_it_is_closed(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(stream())
    source = awaited("it", GrowingFile(str(path)))
    assert source is not None
    assert source.read(0, 4) == stream()[:4]
    assert source.read(len(stream()) - 2, 10) == stream()[-2:]
    with pytest.raises(ValueError, match="can't read"):
        source.read(-1, 4)
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read(0, 4)
