"""Compressed and piped captures: every layout of members, every cut, and the bounds."""

from __future__ import annotations

import errno
import gzip
import io
import os
import random
import resource
import struct
import tempfile
import tracemalloc
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.capture import spool as module
from ptpip_analyze.capture.spool import LIMIT_VARIABLE, compression_of, decompressed, spool

from .build import Reading, frames, pcap

TEXT = bytes(range(256)) * 40
SKIPPABLE = struct.pack("<II", 0x184D2A53, 5) + b"skip!"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKED = {
    "gzip": gzip.compress(TEXT),
    "gzip members": gzip.compress(TEXT[:3000]) + gzip.compress(b"") + gzip.compress(TEXT[3000:]),
    "gzip padded": gzip.compress(TEXT) + bytes(512),
    "zstd": zstd(TEXT),
    "zstd frames": zstd(TEXT[:3000]) + SKIPPABLE + zstd(b"") + zstd(TEXT[3000:]),
    "zstd after a skippable frame": SKIPPABLE + zstd(TEXT),
}


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(self._step, size) if size >= 0 else self._step)


def spooled(
    data: bytes, limit: int | None = None, step: int = 1 << 20
) -> tuple[bytes, str | None, CaptureError | None]:
    file, compression, damage = spool("a.gz", Dribble(data, step).read, limit)
    with file:
        file.seek(0)
        return file.read(), compression, damage


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("step", [1, 7, 100, 1 << 20])
def test_unpacks(name: str, step: int) -> None:
    assert spooled(PACKED[name], step=step) == (TEXT, name.split()[0], None)


@pytest.mark.parametrize("data", [b"", b"abc", TEXT])
def test_copies_what_is_not_compressed(data: bytes) -> None:
    assert spooled(data, step=3) == (data, None, None)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_stops_where_the_first_bytes_are_not_wanted(name: str) -> None:
    asked: list[bytes] = []
    long = random.Random(1).randbytes(1 << 20)
    given = Dribble({"gzip": gzip.compress(long), "zstd": zstd(long)}[name], 1000)
    file, compression, damage = spool("a", given.read, None, lambda start: bool(asked.append(start)))
    with file:
        assert file.seek(0, os.SEEK_END) < len(long) // 2
    assert (compression, damage, [start[:4] for start in asked]) == (name, None, [long[:4]])


def test_asks_once_about_first_bytes_that_come_one_by_one() -> None:
    asked: list[bytes] = []
    file, _, _ = spool("a", Dribble(TEXT, 1).read, None, lambda start: asked.append(start) is None)
    file.close()
    assert asked == [TEXT[:4]]


def test_knows_a_compression_by_its_first_bytes() -> None:
    assert [compression_of(PACKED[name][:4]) for name in PACKED] == [name.split()[0] for name in PACKED]
    assert {compression_of(start) for start in (b"", b"\x1f", b"\x28\xb5\x2f", b"\xd4\xc3\xb2\xa1")} == {None}


@pytest.mark.parametrize("name", ["gzip", "gzip members", "zstd", "zstd frames"])
def test_keeps_what_came_before_a_cut(name: str) -> None:
    whole = PACKED[name]
    for end in range(4, len(whole), 11):
        data, compression, damage = spooled(whole[:end])
        assert TEXT.startswith(data)
        assert compression == name.split()[0]
        if damage is None:  # cut between two members
            assert " " in name
        else:
            assert str(damage) == f"a.gz: offset {len(data)}: the {compression} data ends too early"


def test_notices_a_wrong_checksum() -> None:
    packed = bytearray(PACKED["gzip"])
    packed[-5] ^= 1
    data, _, damage = spooled(bytes(packed))
    assert data == TEXT
    assert damage is not None
    assert damage.reason.startswith("the gzip data is damaged: ")


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_notices_garbage_behind_the_data(name: str) -> None:
    data, _, damage = spooled(PACKED[name] + b"garbage garbage")
    assert data == TEXT
    assert damage is not None
    assert (damage.offset, damage.reason.startswith(f"the {name} data is damaged: ")) == (len(TEXT), True)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_stops_at_the_bound(name: str) -> None:
    data, _, damage = spooled(PACKED[name], limit=1000)
    assert data == TEXT[:1000]
    assert str(damage) == "a.gz: offset 1000: more than 1000 bytes: the rest is not analysed"
    assert spooled(PACKED[name], limit=len(TEXT)) == (TEXT, name, None)


def test_takes_the_bound_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "500")
    data, _, damage = spooled(TEXT)
    assert data == TEXT[:500]
    assert damage is not None


def test_stops_while_the_reserve_of_the_disk_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    system = os.statvfs(tmp_path)
    monkeypatch.setattr(module, "RESERVE_BYTES", system.f_blocks * system.f_frsize)
    data, _, damage = spooled(PACKED["gzip"])
    assert data == b""
    assert str(damage) == "a.gz: offset 0: the temporary file would fill the disk: the rest is not analysed"
    assert list(tmp_path.iterdir()) == []


def test_keeps_what_was_written_when_the_system_sets_a_limit(tmp_path: Path) -> None:
    packets = frames(40, 1000)
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap(packets)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        reading = Reading(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 10 < len(reading.packets) < 20
    assert reading.packets == packets[: len(reading.packets)]
    assert reading.damage is not None
    assert reading.damage.offset == 20_000
    assert os.strerror(errno.EFBIG) in reading.damage.reason


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_needs_bounded_memory_for_a_bomb(name: str) -> None:
    zeros = bytes(1 << 20)
    if name == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    else:
        stream = zstandard.ZstdCompressor().compressobj()
        bomb = b"".join(stream.compress(zeros) for _ in range(200)) + stream.flush()
    tracemalloc.start()
    total = sum(len(piece) for piece in decompressed(io.BytesIO(bomb).read, name))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 200 << 20
    assert peak < 140 << 20
    data, _, damage = spooled(bomb, limit=5 << 20)
    assert (len(data), damage is not None) == (5 << 20, True)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["gzip members", "zstd frames"]), st.integers(4, 200), st.integers(1, 255), st.integers(1, 600))
def test_survives_any_flipped_byte(name: str, place: int, flip: int, step: int) -> None:
    damaged = bytearray(PACKED[name])
    damaged[min(place, len(damaged) - 1)] ^= flip
    data, _, damage = spooled(bytes(damaged), limit=1 << 20, step=step)
    assert damage is None or damage.offset == len(data)
    assert damage is not None or len(data) <= len(TEXT) * 2
