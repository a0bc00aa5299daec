"""Whatever can be named as a capture opens, or is refused in one line."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard

from ptpip_analyze.capture import CaptureError, Source, expand, is_named_like_a_capture, left_out, once, open_capture
from ptpip_analyze.capture import source as module
from ptpip_analyze.capture.spool import TELLING_BYTES

from .build import Reading, ethernet, frames, interface, ipv4, pcap, section, tcp

FRAMES = frames(20)
PCAP = pcap(FRAMES)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "a.pcap"
    path.write_bytes(PCAP)
    return path


def reason_of(name: object) -> str:
    with pytest.raises(CaptureError) as caught:
        open_capture(name)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_opens_paths_of_any_type(capture: Path) -> None:
    for name in (capture, str(capture)):
        with open_capture(name) as source:
            assert (source.path, source.format, source.compression) == (str(capture), "pcap", None)
            assert source.size == len(PCAP)
        assert Reading(name).packets == FRAMES


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zstandard.ZstdCompressor().compress, "zstd")])
def test_opens_compressed_captures_whatever_their_name(tmp_path: Path, pack: object, name: str) -> None:
    path = tmp_path / "no-suffix"
    path.write_bytes(pack(PCAP))  # type: ignore[operator]
    reading = Reading(path)
    assert (reading.packets, reading.compression, reading.size, reading.damage) == (FRAMES, name, len(PCAP), None)


def test_opens_open_files(capture: Path) -> None:
    with capture.open("rb") as buffered, capture.open("rb", buffering=0) as raw, io.BytesIO(PCAP) as memory:
        for file in (buffered, raw, memory):
            assert Reading(file).packets == FRAMES
            assert not file.closed
        with open_capture(raw) as source:
            assert source.path == str(capture)
    with open_capture(io.BytesIO(PCAP)) as source:
        assert source.path == "<capture>"


def test_reads_an_open_file_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "inside"
    path.write_bytes(b"a preface" + PCAP)
    with path.open("rb") as file:
        file.read(9)
        assert Reading(file).packets == FRAMES


def test_reads_what_a_decompressing_file_object_gives(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(PCAP))
    with gzip.open(path) as file:
        reading = Reading(file)
    assert (reading.packets, reading.compression) == (FRAMES, None)


def test_outlives_the_file_object_that_it_was_opened_on(capture: Path) -> None:
    with capture.open("rb") as file:
        source = open_capture(file)
    with source:
        assert sum(len(batch.time) for batch in source.batches()) == len(FRAMES)


@pytest.mark.parametrize("start", [PCAP[:4], PCAP[3::-1], section()[:4]], ids=["pcap", "turned", "pcapng"])
def test_knows_a_capture_by_as_many_bytes_as_tell_it(start: bytes) -> None:
    assert len(start) == TELLING_BYTES
    assert module.is_capture(start)
    assert not module.is_capture(start[:-1])
    assert not module.is_capture(gzip.compress(PCAP))


def test_reads_a_pipe_by_name(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(PCAP),))
    writer.start()
    reading = Reading(path)
    writer.join()
    assert (reading.packets, reading.compression) == (FRAMES, "gzip")


def test_waits_for_a_pipe_by_name_no_longer_than_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITER_S", 0.05)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    known = threading.active_count()
    assert reason_of(path) == f"{path}: nobody writes to this pipe; 0.05 s were waited"
    while threading.active_count() > known:  # the thread that waited goes, too
        time.sleep(0.001)


@pytest.mark.parametrize("stays", [True, False], ids=["stays", "has-written-and-gone"])
@pytest.mark.parametrize("known", [True, False], ids=["before-the-rescue", "during-the-rescue"])
def test_believes_a_writer_of_a_pipe_who_comes_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool, stays: bool
) -> None:
    path, held, really = tmp_path / "pipe", [], os.open
    os.mkfifo(path)

    def write() -> None:
        held.append(really(path, os.O_WRONLY | os.O_NONBLOCK))
        os.write(held[0], PCAP)
        if stays:
            threading.Timer(0.05, os.close, held).start()
        else:
            os.close(held[0])

    def opened(name: str, flags: int, *rest: int) -> int:
        if flags != os.O_WRONLY | os.O_NONBLOCK:
            return really(name, flags, *rest)
        if known:
            write()
        ours = really(name, flags)
        if not known:
            write()
        return ours

    monkeypatch.setattr(module, "WRITER_S", 0.05)
    monkeypatch.setattr(os, "open", opened)
    assert Reading(path).packets == FRAMES
    assert held


def test_gives_up_a_pipe_that_has_gone_from_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITER_S", 0.05)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    ends: list[int] = []

    def gone() -> None:
        ends.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        path.unlink()

    threading.Timer(0.02, gone).start()
    assert "nobody writes to this pipe" in reason_of(path)
    writer = os.open(f"/proc/self/fd/{ends[0]}", os.O_WRONLY) if sys.platform == "linux" else -1  # lets the thread go
    for end in (*ends, writer):
        if end >= 0:
            os.close(end)


def test_reads_no_more_of_what_is_no_capture_than_shows_that(tmp_path: Path) -> None:
    assert reason_of("/dev/zero") == "/dev/zero: offset 0: not a capture: it begins with 00 00 00 00"
    assert reason_of("/dev/null") == "/dev/null: offset 0: not a capture: it has 0 bytes"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    cut: list[bool] = []

    def write_without_end() -> None:
        with path.open("wb", buffering=0) as pipe:
            try:
                while True:
                    pipe.write(b"no capture" * 1000)
            except BrokenPipeError:
                cut.append(True)

    writer = threading.Thread(target=write_without_end)
    writer.start()
    assert reason_of(path).startswith(f"{path}: offset 0: not a capture: it begins with ")
    writer.join()
    assert cut == [True]


@pytest.mark.parametrize("piped", [True, False])
def test_reads_standard_input(capture: Path, piped: bool) -> None:
    code = (
        "from ptpip_analyze.capture import open_capture\n"
        "with open_capture('-') as s: print(s.path, sum(len(b.time) for b in s.batches()), s.damage)"
    )
    with capture.open("rb") as file:
        given = {"input": PCAP} if piped else {"stdin": file}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, **given)  # type: ignore[call-overload]
    assert done.stdout.decode().split() == ["-", "20", "None"]


def test_says_what_is_missing_unreadable_or_no_capture(tmp_path: Path) -> None:
    text, empty, zipped = tmp_path / "notes.txt", tmp_path / "empty.pcap", tmp_path / "notes.gz"
    text.write_bytes(b"Dear diary")
    empty.touch()
    zipped.write_bytes(gzip.compress(b"Dear diary"))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert reason_of(tmp_path / "gone.pcap") == f"{tmp_path}/gone.pcap: No such file or directory"
    assert reason_of(tmp_path) == f"{tmp_path}: is a directory"
    assert reason_of(text) == f"{text}: offset 0: not a capture: it begins with 44 65 61 72"
    assert reason_of(zipped) == f"{zipped}: offset 0: not a capture: it begins with 44 65 61 72"
    assert reason_of(empty) == f"{empty}: offset 0: not a capture: it has 0 bytes"
    assert reason_of(loop) == f"{loop}: Too many levels of symbolic links"
    assert reason_of("a\0b") == "a\\x00b: embedded null byte"
    assert reason_of(io.BytesIO(gzip.compress(PCAP)[:12])) == "<capture>: offset 0: the gzip data ends too early"


def test_says_why_an_open_file_fails(tmp_path: Path) -> None:
    damaged = tmp_path / "a.gz"
    damaged.write_bytes(gzip.compress(PCAP)[:-20])
    with gzip.open(damaged) as file:
        assert reason_of(file).startswith(f"{damaged}: Compressed file ended before")


def test_reports_a_cut_compressed_capture_once_and_with_its_cause(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(PCAP, compresslevel=0)[:-500])
    reading = Reading(path)
    assert 10 < len(reading.packets) < 20
    assert reading.packets == FRAMES[: len(reading.packets)]
    assert reading.damage is not None
    assert (reading.damage.offset, reading.damage.reason) == (reading.size, "the gzip data ends too early")


def test_prefers_the_fault_that_comes_first() -> None:
    reading = Reading(gzip.compress(PCAP + b"\xff" * 64 + PCAP, compresslevel=0)[:-100])
    assert reading.packets == FRAMES
    assert reading.damage is not None
    assert reading.damage.offset == len(PCAP)


def test_bounds_the_spooled_bytes() -> None:
    reading = Reading(PCAP, spool_bytes=1000)
    assert reading.damage is not None
    assert str(reading.damage) == "<capture>: offset 1000: more than 1000 bytes: the rest is not analysed"
    assert reading.packets == FRAMES[: len(reading.packets)]
    assert reading.packets


def test_counts_link_types_and_names_the_unknown_ones() -> None:
    reading = Reading(pcap([b"\1\2\3"] * 3, link=147))
    assert (reading.links, reading.unknown_links) == ({147: 3}, {147: 3})
    assert Reading(PCAP).unknown_links == {}
    assert Reading(section() + interface()).links == {}


def test_can_be_walked_again_with_the_same_outcome(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(PCAP[:-5])
    with open_capture(path) as source:
        runs = []
        for _ in range(2):
            count = sum(len(batch.time) for batch in source.batches())
            runs.append((count, str(source.damage), source.links))
    assert runs[0] == runs[1]
    assert runs[0][0] == 19


def test_keeps_the_bytes_of_a_batch_until_two_more_were_requested(capture: Path) -> None:
    with open_capture(capture) as source:
        kept = []
        for batch in source.batches(300):
            kept.append(batch)
            for old in kept[-2:]:
                begin = int(old.position[0]) - old.base
                frame = old.data[begin : begin + int(old.captured[0])].tobytes()
                assert frame == FRAMES[old.first]
    assert len(kept) > 5


def test_takes_no_more_memory_for_a_small_capture_than_it_has_bytes(capture: Path) -> None:
    with open_capture(capture) as source:
        (batch,) = source.batches()
        assert len(batch.time) == len(FRAMES)
        assert batch.data.base is not None
        assert len(batch.data.base) <= source.size


def test_reads_at_random_and_from_many_threads(capture: Path) -> None:
    with open_capture(capture) as source:
        assert source.read(0, 4) == PCAP[:4]
        assert source.read(len(PCAP) - 3, 100) == PCAP[-3:]
        assert source.read(len(PCAP) + 5, 100) == b""
        places = [(at * 37 % len(PCAP), 50) for at in range(500)]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda place: source.read(*place), places)) == [PCAP[a : a + n] for a, n in places]
        for wrong in ((-1, 5), (0, -5)):
            with pytest.raises(ValueError, match="can't read"):
                source.read(*wrong)


def test_refuses_to_read_once_closed(capture: Path) -> None:
    source = open_capture(capture)
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read(0, 1)
    with pytest.raises(ValueError, match="closed"):
        next(source.batches())


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_leaves_no_descriptor_behind(capture: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(gzip.compress(b"no capture"))
    before = open_descriptors()
    for name in (capture, io.BytesIO(PCAP)):
        with open_capture(name):
            assert open_descriptors() == before + 1
    for name in (bad, io.BytesIO(b"no capture"), tmp_path / "gone"):
        reason_of(name)
    assert open_descriptors() == before


def test_reports_a_device_that_stops_reading(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_capture(capture) as source:
        whole = os.preadv

        def failing(fd: int, buffers: list[memoryview], offset: int) -> int:
            if offset > 1000:
                raise OSError(5, "Input/output error")
            return whole(fd, buffers, offset)

        monkeypatch.setattr(os, "preadv", failing)
        count = sum(len(batch.time) for batch in source.batches(500))
    assert 0 < count < 20
    assert source.damage is not None
    assert source.damage.reason == "can't be read: Input/output error"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "b.pcapng": section(), "a.pcap": PCAP, "c.PCAP.GZ": b"", "by-content": PCAP, "zipped": gzip.compress(PCAP),
        "notes.txt": b"Dear diary", "notes.gz": gzip.compress(b"Dear diary"), ".hidden.pcap": PCAP,
        "broken.gz": b"\x1f\x8b\xff", "below/d.pcap": PCAP,
    }  # fmt: skip
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "promises"),
    [("a.pcap", True), ("b/A.PCAPNG.GZ", True), ("a.cap.zst", True), ("b/.a.pcap", False), ("a.txt", False)],
)
def test_tells_by_its_name_what_promises_a_capture(name: str, promises: bool) -> None:
    assert is_named_like_a_capture(name) == promises


def test_expands_a_directory_to_the_captures_in_it(folder: Path) -> None:
    found = [os.path.basename(name) for name in expand([str(folder)])]
    assert found == ["a.pcap", "b.pcapng", "by-content", "c.PCAP.GZ", "zipped"]


def test_expands_globs_and_keeps_other_names_in_order(folder: Path) -> None:
    pattern = f"{folder}/*.pcap*"
    assert expand(["-", f"{folder}/notes.txt", pattern]) == [
        "-", f"{folder}/notes.txt", f"{folder}/a.pcap", f"{folder}/b.pcapng",
    ]  # fmt: skip
    assert expand([f"{folder}/**/d.pcap"]) == [f"{folder}/below/d.pcap"]
    assert expand([f"{folder}/bel*"]) == [f"{folder}/below/d.pcap"]


def test_finds_what_lies_deeper_by_a_glob_and_nothing_twice(folder: Path) -> None:
    deep = [f"{folder}/a.pcap", f"{folder}/b.pcapng", f"{folder}/below/d.pcap"]
    assert expand([f"{folder}/**/*.pcap*"]) == deep
    assert expand([f"{folder}/below/**"]) == deep[-1:], "the folder and the file in it"


def test_keeps_one_name_of_each_capture(folder: Path) -> None:
    first, other, missing = f"{folder}/a.pcap", f"{folder}/./a.pcap", "/no/such"
    assert once([first, "-", other, missing, "-", first]) == (
        [first, "-", missing], [(other, first), ("-", "-"), (first, first)],
    )  # fmt: skip


def test_counts_the_folders_that_it_leaves_out(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "odd[1]").mkdir()
    pattern = f"{folder}/**/*.pcap*"
    assert left_out([str(folder), f"{folder}/below", f"{folder}/a.pcap", "-", "/no/such", pattern]) == [(2, pattern)]
    (folder / "odd[1]" / "er").mkdir()
    inside = f"{folder}/odd[[]1]/**/*.pcap*"
    assert left_out([f"{folder}/odd[1]"]) == left_out([f"{folder}/od*"]) == [(1, inside)]
    with pytest.raises(CaptureError) as caught:
        expand([f"{folder}/odd[1]"])
    assert str(caught.value).endswith(
        f"no captures in this directory, and sub-folders are not looked into: try '{inside}'"
    )


def test_takes_a_name_with_brackets_for_the_file_of_that_name(folder: Path) -> None:
    odd = folder / "take[1].pcap"
    odd.write_bytes(PCAP)
    assert expand([str(odd)]) == [str(odd)]


def test_refuses_names_behind_which_there_is_nothing(folder: Path) -> None:
    (folder / "none").mkdir()
    for name, reason in (
        (f"{folder}/none", "no captures in this directory"),
        (f"{folder}/none/*.pcap", "no capture matches this pattern"),
        (f"{folder}/gone.pcap", "no such file or directory"),
    ):
        with pytest.raises(CaptureError) as caught:
            expand(["-", name])
        assert str(caught.value) == f"{name}: {reason}"


def test_is_made_of_batches_that_know_their_frame_numbers(capture: Path) -> None:
    with open_capture(capture) as source:
        assert isinstance(source, Source)
        numbers = [batch.first + row + 1 for batch in source.batches(256) for row in range(len(batch.time))]
    assert numbers == list(range(1, 21))


def test_delivers_what_was_read_to_whoever_dissects_it() -> None:
    assert Reading(pcap([ethernet(ipv4(tcp(b"payload")))])).payloads == [b"payload"]
