"""Many captures into one dataset: left alone, done again, gone on with; and what one that kills costs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import dask.dataframe
import duckdb
import fsspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ptpip_analyze import CaptureError, analyze
from ptpip_analyze.fleet import DATASET_TABLES, FleetError, Options, export_many, open_fleet, run
from ptpip_analyze.fleet.layout import HEADER, MANIFEST, RECORDS, ROWS_EACH, part_of
from ptpip_analyze.tables.schema import TABLES
from tests.support import RECORDED
from tests.traffic import capture, pcap_bytes, write_pcap

from .here import Here, contents

HOSTILE = (
    "a=b.pcap",
    "capture_id=7.pcap",
    "日本 📷.pcap",
    "line\nend.pcap",
    "'; drop--.pcap",
    "\udcff.pcap",
    "%2e%2e.pcap",
)
REFERENCES = ("session", "transaction", "message", "caused_by", "polled_by")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Captures of the same names in different folders."""
    for name, story in (("a/x.pcap", "plain"), ("b/x.pcap", "two_pairs"), ("b/y.pcap", "cancels_in")):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        write_pcap(tmp_path / "in" / name, capture(story))
    return tmp_path / "in"


def everything(folder: Path) -> str:
    return str(folder / "**" / "*.pcap*")


@pytest.mark.parametrize("table", TABLES)
def test_gives_each_row_that_its_capture_has_alone(here: Here, tmp_path_factory, table: str) -> None:
    place = tmp_path_factory.getbasetemp() / "recorded"
    paths = [str(path) for path in RECORDED]
    outcome = export_many(paths, place)  # the first test does it, the others find it done
    assert (len(outcome.records), outcome.failed) == (len(paths), [])
    fleet, rows = open_fleet(place), 0
    found = fleet.arrow(table).sort_by([("capture_id", "ascending"), ("row_id", "ascending")]).to_pylist()
    for record in outcome.records:
        with analyze(record.capture) as analysis:
            alone = analysis.arrow(table).to_pylist()
        base = record.capture_id * ROWS_EACH
        ours = found[rows : rows + len(alone)]
        assert [row.pop("capture_id") for row in ours] == [record.capture_id] * len(alone)
        assert [row.pop("row_id") for row in ours] == [base + number for number in range(len(alone))]
        for row in ours:
            for name in REFERENCES:
                if row.get(name) is not None:
                    row[name] -= base
            if row.get("sessions"):
                row["sessions"] = [number - base for number in row["sessions"]]
        assert ours == alone
        rows += len(alone)
    assert rows == len(found) > 0


def test_is_one_table_for_whoever_reads_parquet(here: Here, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "d"
    records = export_many([everything(folder)], target).records
    for table in DATASET_TABLES:
        rows = sum(record.rows[table] for record in records)
        assert len(pd.read_parquet(target / table)) == rows
        assert len(dask.dataframe.read_parquet(target / table)) == rows
        assert duckdb.sql(f"select count(*) from '{target}/{table}/*/*.parquet'").fetchall() == [(rows,)]
        schemas = {str(pq.read_schema(target / part_of(table, record.capture_id))) for record in records}
        assert len(schemas) == 1  # also of tables without a row, and of columns without a value
    joined = duckdb.sql(
        f"select capture_id, count(*) from '{target}/transactions/*/*.parquet' "
        f"join '{target}/sessions/*/*.parquet' using (session, capture_id) group by 1 order by 1"
    )
    assert joined.fetchall() == [(record.capture_id, record.rows["transactions"]) for record in records]
    manifest = pd.read_parquet(target / MANIFEST)
    assert manifest["capture"].tolist() == [record.capture for record in records]
    assert manifest["events_rows"].tolist() == [record.rows["events"] for record in records]


def test_joins_no_rows_of_different_captures(here: Here, folder: Path, tmp_path: Path) -> None:
    """Session 0 of one capture is not session 0 of another, also for who joins by the session alone."""
    export_many([everything(folder)], tmp_path / "d")
    sessions, transactions = (pd.read_parquet(tmp_path / "d" / table) for table in ("sessions", "transactions"))
    joined = transactions.merge(sessions, on="session", suffixes=("", "_of_session"))
    assert len(joined) == len(transactions)
    assert (joined["capture"] == joined["capture_of_session"]).all()
    for table in DATASET_TABLES:
        assert pd.read_parquet(tmp_path / "d" / table)["row_id"].is_unique


def test_leaves_alone_what_is_done(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([everything(folder)], tmp_path / "d")
    before, here.taken = contents(tmp_path / "d"), []
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert (outcome.skipped, len(outcome.records), here.taken) == (3, 3, [])
    assert contents(tmp_path / "d") == before


def test_adds_what_is_new_and_keeps_the_numbers_of_the_old(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([str(folder / "b")], tmp_path / "d")
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert {record.capture_id: Path(record.capture).parent.name for record in outcome.records} == {
        0: "b",
        1: "b",
        2: "a",
    }
    assert outcome.skipped == 2


def a_bit_later(content: bytes) -> bytes:
    """A capture of the same size, with another microsecond in its first record."""
    return content[:28] + bytes([content[28] ^ 1]) + content[29:]


def cancelled(content: bytes) -> bytes:
    """Another capture."""
    return pcap_bytes(capture("cancels_out"))


@pytest.mark.parametrize("change", [a_bit_later, cancelled])
def test_does_a_changed_capture_again_and_forgets_its_old_rows(
    here: Here, folder: Path, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    export_many([everything(folder)], tmp_path / "d")
    status = (folder / "a" / "x.pcap").stat()
    (folder / "a" / "x.pcap").write_bytes(change((folder / "a" / "x.pcap").read_bytes()))
    os.utime(folder / "a" / "x.pcap", ns=(status.st_atime_ns, status.st_mtime_ns))  # its time is not what tells
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert outcome.skipped == 2
    export_many([everything(folder)], tmp_path / "new")
    assert contents(tmp_path / "d") == contents(tmp_path / "new")


def test_forgets_the_rows_of_a_capture_that_is_broken_now(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([everything(folder)], tmp_path / "d")
    (folder / "a" / "x.pcap").write_bytes(b"broken")
    export_many([everything(folder)], tmp_path / "d")
    assert not any("capture_id=0" in name for name in contents(tmp_path / "d"))
    assert open_fleet(tmp_path / "d").manifest.to_pylist()[0]["failure"].startswith("offset 0: not a capture")


def test_tries_again_what_failed(here: Here, folder: Path, tmp_path: Path) -> None:
    good = (folder / "a" / "x.pcap").read_bytes()
    (folder / "a" / "x.pcap").write_bytes(b"broken")
    assert len(export_many([everything(folder)], tmp_path / "d").failed) == 1
    (folder / "a" / "x.pcap").write_bytes(good)
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert (outcome.skipped, outcome.failed) == (2, [])


NAMES = '[ptp.operations]\n0x1002 = "Begin"\n'


@pytest.mark.parametrize("options", [{"vendor": "nikon"}, {"ports": (4711,)}, {"names": (NAMES,)}])
def test_does_again_what_was_done_with_other_options(here: Here, folder: Path, tmp_path: Path, options: dict) -> None:
    export_many([everything(folder)], tmp_path / "d")
    assert export_many([everything(folder)], tmp_path / "d", Options(**options)).skipped == 0
    assert export_many([everything(folder)], tmp_path / "d", Options(**options)).skipped == 3


def test_does_again_what_another_version_did(here: Here, folder: Path, tmp_path: Path, monkeypatch) -> None:
    export_many([everything(folder)], tmp_path / "d")
    monkeypatch.setattr(run, "__version__", "99")
    assert export_many([everything(folder)], tmp_path / "d").skipped == 0


def test_does_again_what_has_lost_a_file(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([everything(folder)], tmp_path / "d")
    before = contents(tmp_path / "d")
    shutil.rmtree(tmp_path / "d" / "events" / "capture_id=1")
    (tmp_path / "d" / part_of("sessions", 2)).write_bytes(b"")
    (tmp_path / "d" / RECORDS / "0.json").write_bytes(b"")
    assert export_many([everything(folder)], tmp_path / "d").skipped == 0
    assert contents(tmp_path / "d") == before


@pytest.mark.parametrize("name", HOSTILE)
def test_takes_captures_of_any_name(here: Here, tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    write_pcap(tmp_path / "in" / name, capture("plain"))
    (record,) = export_many([str(tmp_path / "in")], tmp_path / "d").records
    assert (record.status, record.failure) == ("done", None)
    assert export_many([str(tmp_path / "in")], tmp_path / "d").skipped == 1
    frame = pd.read_parquet(tmp_path / "d" / "sessions")
    shown = str(tmp_path / "in" / name).encode("utf-8", "backslashreplace").decode()
    assert (frame["capture"].tolist(), frame["capture_id"].astype(int).tolist()) == ([shown], [0])
    assert open_fleet(tmp_path / "d").manifest["capture"].to_pylist() == [shown]


def test_keeps_to_the_tables_that_a_dataset_has(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([everything(folder)], tmp_path / "d", Options(("sessions", "events")))
    assert sorted(name for name in os.listdir(tmp_path / "d") if not name.startswith("_")) == ["events", "sessions"]
    with pytest.raises(FleetError, match="has the tables sessions,events: ask for the same"):
        export_many([everything(folder)], tmp_path / "d")


def test_refuses_a_folder_that_holds_something_else(here: Here, folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    with pytest.raises(FleetError, match="is no dataset, and holds a"):
        export_many([everything(folder)], folder)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("header", "said"), [("{", "is damaged"), ('{"format": 1}', "of format 1.* into a new one"), ("[]", "is damaged")]
)
def test_refuses_a_dataset_that_it_does_not_know(
    here: Here, folder: Path, tmp_path: Path, header: str, said: str
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / HEADER).write_text(header)
    with pytest.raises(FleetError, match=said):
        export_many([everything(folder)], tmp_path / "d")


def test_names_no_dataset_where_no_capture_is(here: Here, tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        export_many([str(tmp_path / "none")], tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_tells_progress_in_bytes(here: Here, folder: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    export_many([everything(folder)], tmp_path / "d", progress=lambda done, total: told.append((done, total)))
    size = sum(path.stat().st_size for path in folder.rglob("*.pcap"))
    assert told[-1] == (size, size)
    assert len(told) == 3


def test_works_behind_fsspec_on_both_sides(here: Here, folder: Path, tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    for path in folder.rglob("*.pcap"):
        files.pipe(f"/{tmp_path.name}/{path.relative_to(folder)}", path.read_bytes())
    source, target = f"memory://{tmp_path.name}/**/*.pcap", f"memory://{tmp_path.name}/d"
    assert len(export_many([source], target).failed) == 0
    assert export_many([source], target).skipped == 3
    files.pipe(f"/{tmp_path.name}/a/x.pcap", (folder / "b" / "x.pcap").read_bytes())
    assert export_many([source], target).skipped == 2
    export_many([everything(folder / "b")], tmp_path / "b")
    here_rows, there_rows = (
        open_fleet(place)
        .frame("transactions")
        .drop(columns=["capture", "capture_id", "row_id", "session", "transaction"])
        for place in (tmp_path / "b", target)
    )
    twice = pd.concat([here_rows[: len(there_rows) - len(here_rows)], here_rows], ignore_index=True)
    pd.testing.assert_frame_equal(there_rows, twice)


def test_does_what_was_killed_once_more_alone_and_blames_who_is_killed_then(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Here("y.pcap")
    monkeypatch.setattr(run, "_crew", lambda width, scheduler: crew)
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert crew.taken == [("x.pcap", 2), ("x.pcap", 1), ("y.pcap", 0), ("y.pcap", 0)]
    (failed,) = outcome.failed
    assert failed.failure == "each process that analysed it was killed: it may take more memory than there is"
    assert json.loads((tmp_path / "d" / RECORDS / "2.json").read_text())["status"] == "failed"


def test_blames_nobody_who_was_killed_beside_another(folder: Path, tmp_path: Path, monkeypatch) -> None:
    class Once(Here):
        def take(self):
            one, record = super().take()
            self.killed = ()
            return one, record

    monkeypatch.setattr(run, "_crew", lambda width, scheduler: Once("a/x.pcap"))
    outcome = export_many([everything(folder)], tmp_path / "d")
    assert (len(outcome.records), outcome.failed) == (3, [])


def test_writes_the_manifest_of_a_run_that_was_interrupted_after_its_last_capture(
    here: Here, folder: Path, tmp_path: Path
) -> None:
    export_many([str(folder / "b")], tmp_path / "d")
    old = (tmp_path / "d" / MANIFEST).read_bytes()
    export_many([everything(folder)], tmp_path / "d")
    (tmp_path / "d" / MANIFEST).write_bytes(old)
    assert export_many([everything(folder)], tmp_path / "d").skipped == 3
    assert len(pd.read_parquet(tmp_path / "d" / MANIFEST)) == 3


def test_does_not_wait_for_a_pipe_in_place_of_a_capture(here: Here, folder: Path, tmp_path: Path) -> None:
    export_many([everything(folder)], tmp_path / "d")
    (folder / "a" / "x.pcap").unlink()
    os.mkfifo(folder / "a" / "x.pcap")
    (failed,) = export_many([everything(folder)], tmp_path / "d").failed
    assert failed.failure == "is not a regular file"
