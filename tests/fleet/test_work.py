"""One capture becomes its files and its record, or a record that says why not."""

from __future__ import annotations

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest

from ptpip_analyze import __version__
from ptpip_analyze.fleet import work as module
from ptpip_analyze.fleet.layout import DATASET_TABLES, part_of, record_of
from ptpip_analyze.fleet.places import FleetError
from ptpip_analyze.fleet.work import work
from tests.traffic import capture, pcap_bytes, write_pcap

from .here import contents, job


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_pcap(tmp_path / "plain.pcap", capture("plain"))


def test_writes_a_file_per_table_and_a_record(tmp_path: Path, plain: Path) -> None:
    record = work(job(tmp_path / "d", plain, 5))
    assert (record.status, record.capture, record.version) == ("done", str(plain), __version__)
    assert record.rows["transactions"] == 5
    assert record.packets == record.rows["packets"] > 0
    assert record.bytes == plain.stat().st_size
    files = {part_of(table, 5): (tmp_path / "d" / part_of(table, 5)).stat().st_size for table in DATASET_TABLES}
    assert record.files == {table: files[part_of(table, 5)] for table in DATASET_TABLES}
    assert set(contents(tmp_path / "d")) == {*files, record_of(5)}
    assert json.loads((tmp_path / "d" / record_of(5)).read_text()) == record._asdict()


def test_gives_the_same_record_for_the_same_capture_elsewhere(tmp_path: Path, plain: Path) -> None:
    fsspec.filesystem("memory").pipe("/w/plain.pcap", plain.read_bytes())
    ours = work(job(tmp_path / "a", plain))
    theirs = work(job(tmp_path / "b", "memory:///w/plain.pcap"))
    assert (theirs.sha256, theirs.bytes, theirs.rows, theirs.packets) == (
        ours.sha256,
        ours.bytes,
        ours.rows,
        ours.packets,
    )
    assert theirs.stamp is not None
    assert ours.stamp is None


def test_reads_a_compressed_capture_elsewhere_to_its_end(tmp_path: Path, plain: Path) -> None:
    import gzip
    import hashlib

    packed = gzip.compress(plain.read_bytes()) + b"\1" * 100_000  # behind its end stands what is no gzip
    fsspec.filesystem("memory").pipe("/w/plain.pcap.gz", packed)
    record = work(job(tmp_path / "d", "memory:///w/plain.pcap.gz"))
    assert (record.sha256, record.bytes) == (hashlib.sha256(packed).hexdigest(), len(packed))
    assert record.rows["transactions"] == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no capture at all", "offset 0: not a capture"), (b"", "offset 0: ")],
)
def test_records_why_a_capture_is_none(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.pcap").write_bytes(content)
    record = work(job(tmp_path / "d", tmp_path / "x.pcap"))
    assert record.status == "failed"
    assert record.failure is not None
    assert record.failure.startswith(said)
    assert (record.bytes, len(record.sha256 or "")) == (len(content), 64)
    assert list(contents(tmp_path / "d")) == [record_of(0)]


def test_records_a_capture_that_is_gone_or_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pcap")
    assert work(job(tmp_path / "d", tmp_path / "gone.pcap")).failure == "No such file or directory"
    assert work(job(tmp_path / "d", tmp_path / "pipe.pcap")).failure == "is not a regular file"
    assert work(job(tmp_path / "d", "memory:///gone.pcap")).failure == "No such file or directory"


def test_keeps_what_stands_before_damage_and_says_where_it_is(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(pcap_bytes(capture("plain"))[:-30])
    record = work(job(tmp_path / "d", cut))
    assert record.status == "done"
    assert record.damage is not None
    assert record.damage.startswith("offset ")


def test_takes_no_capture_for_done_for_which_there_was_no_room(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTPIP_ANALYZE_SPOOL_BYTES", "1000")
    fsspec.filesystem("memory").pipe("/w/room.pcap", plain.read_bytes())
    record = work(job(tmp_path / "d", "memory:///w/room.pcap"))
    assert (record.status, record.failure) == ("failed", "offset 1000: more than 1000 bytes: the rest is not analysed")


def test_takes_no_capture_for_done_that_changed_meanwhile(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*arguments: object) -> int:
        with plain.open("ab") as file:
            file.write(b"more")
        return 0

    monkeypatch.setattr("ptpip_analyze.tables.export.write_rows", write)
    assert work(job(tmp_path / "d", plain)).failure == "it changed while it was read"
    assert list(contents(tmp_path / "d")) == [record_of(0)]


def test_records_our_own_fault_and_leaves_the_others_alone(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("ptpip_analyze.analysis.analyze", fault)
    assert work(job(tmp_path / "d", plain)).failure == "internal error: ZeroDivisionError: a b"


def test_stops_where_the_dataset_can_not_be_written(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ptpip_analyze.tables.export.write_rows", full)
    with pytest.raises(FleetError, match="No space left"):
        work(job(tmp_path / "d", plain))
    assert contents(tmp_path / "d") == {}


@pytest.mark.parametrize("step", range(len(DATASET_TABLES) + 2))
def test_never_shows_rows_of_two_contents_side_by_side(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Interrupted at any step of putting files in place: the old ones are gone before the first new one comes."""
    old = tuple(part_of(table, 0) for table in DATASET_TABLES)
    work(job(tmp_path / "d", plain))
    before = contents(tmp_path / "d")
    write_pcap(plain, capture("two_pairs"))
    steps = iter(range(100))

    put = module.Place.put

    def stopped(self: module.Place, file: str, name: str) -> None:
        if next(steps) == step:
            raise KeyboardInterrupt
        put(self, file, name)

    monkeypatch.setattr(module.Place, "put", stopped)
    changed = job(tmp_path / "d", plain)._replace(old=old)
    if step <= len(DATASET_TABLES):  # the tables, and the record
        with pytest.raises(KeyboardInterrupt):
            work(changed)
        assert record_of(0) not in contents(tmp_path / "d")
    else:
        work(changed)
    after = contents(tmp_path / "d")
    kept = {name for name, digest in after.items() if before.get(name) == digest}
    # Empty tables are alike whatever they are of.
    assert all(pq.read_metadata(tmp_path / "d" / name).num_rows == 0 for name in kept)


def test_names_codes_as_the_user_does_for_this_capture_alone(tmp_path: Path, plain: Path) -> None:
    work(job(tmp_path / "a", plain, names=('[ptp.operations]\n0x1002 = "Begin"\n',)))
    work(job(tmp_path / "b", plain))
    said = [pq.read_table(tmp_path / one / part_of("transactions", 0))["operation"].to_pylist() for one in "ab"]
    assert (said[0][0], said[1][0]) == ("Begin", "OpenSession")


def test_names_codes_for_one_capture_at_a_time(tmp_path: Path, plain: Path) -> None:
    """Also in a worker of several threads."""
    jobs = [
        job(tmp_path / str(number), plain, names=(f'[ptp.operations]\n0x1002 = "Begin{number}"\n',))
        for number in range(6)
    ]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, jobs))
    for number in range(6):
        first = pq.read_table(tmp_path / str(number) / part_of("transactions", 0))["operation"][0].as_py()
        assert first == f"Begin{number}"


def test_records_nothing_where_its_run_was_given_up(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(job(tmp_path / "d", plain))
    before = contents(tmp_path / "d")

    def given_up(*_: object) -> int:
        shutil.rmtree(tmp_path / "d" / "_staging")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr("ptpip_analyze.tables.export.write_rows", given_up)
    old = tuple(part_of(table, 0) for table in DATASET_TABLES)
    with pytest.raises(FleetError, match="has ended"):
        work(job(tmp_path / "d", plain)._replace(old=old))
    assert contents(tmp_path / "d") == before
