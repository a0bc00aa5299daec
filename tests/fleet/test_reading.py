"""A dataset read: whole captures only, of some columns, in parts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.fleet import FleetError, export_many, is_fleet, open_fleet, reading
from ptpip_analyze.fleet.layout import RECORDS
from tests.traffic import capture, write_pcap

from .here import Here


@pytest.fixture
def dataset(here: Here, tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name, story in (("a", "plain"), ("b", "two_pairs"), ("c", "http")):
        write_pcap(tmp_path / "in" / f"{name}.pcap", capture(story))
    (tmp_path / "in" / "d.pcap").write_bytes(b"broken")
    export_many([str(tmp_path / "in")], tmp_path / "d")
    return tmp_path / "d"


def test_reads_the_columns_and_rows_that_are_asked_for(dataset: Path) -> None:
    fleet = open_fleet(dataset)
    second = ds.field("capture_id") == 1
    rows = fleet.arrow("transactions", ["operation", "capture_id"], second)
    assert rows.column_names == ["operation", "capture_id"]
    assert set(rows["capture_id"].to_pylist()) == {1}
    assert sum(batch.num_rows for batch in fleet.batches("transactions", where=second)) == len(rows)


def test_gives_small_captures_together_and_large_ones_in_parts(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = open_fleet(dataset)
    whole = fleet.arrow("messages")
    (one,) = fleet.batches("messages")
    monkeypatch.setattr(reading, "_TOGETHER", 1)
    assert fleet.arrow("messages") == whole
    monkeypatch.setattr(reading, "_ROWS", 1)
    assert len(list(fleet.batches("messages"))) > 1
    assert fleet.arrow("messages") == whole
    assert one.num_rows == len(whole)


def test_opens_no_file_of_a_capture_that_is_not_asked_for(dataset: Path) -> None:
    for part in (dataset / "transactions").glob("capture_id=0/*"):
        part.unlink()
    fleet = open_fleet(dataset)
    assert fleet.arrow("transactions", where=ds.field("capture_id") == 1).num_rows > 0
    with pytest.raises(FileNotFoundError):
        fleet.arrow("transactions")


def test_gives_frames_of_the_types_that_those_of_one_capture_have(dataset: Path) -> None:
    frame = open_fleet(dataset).frame("transactions", where=ds.field("capture_id") == 0)
    with analyze(dataset.parent / "in" / "a.pcap") as analysis:
        pd.testing.assert_frame_equal(frame.drop(columns=["row_id", "capture_id"]), analysis.transactions)


def test_gives_rows_in_the_columns_that_those_of_a_capture_have(dataset: Path) -> None:
    with analyze(dataset.parent / "in" / "a.pcap") as analysis:
        wanted = ["operation", "latency_s", "parameters"]
        known = analysis.arrow("transactions").select(wanted)
    (rows,) = open_fleet(dataset).rows("transactions", wanted)
    assert rows.schema == known.schema
    assert rows.slice(0, known.num_rows).to_pylist() == known.to_pylist()


def test_says_which_file_of_its_rows_is_damaged(dataset: Path) -> None:
    (part,) = (dataset / "transactions").glob("capture_id=1/*")
    part.write_bytes(b"PAR1 and no more")
    with pytest.raises(FleetError, match=f"{dataset}: .*capture_id=1/part-0.parquet"):
        list(open_fleet(dataset).rows("transactions", ["operation"]))


def test_does_not_show_a_capture_without_a_record(dataset: Path) -> None:
    (dataset / RECORDS / "1.json").unlink()
    fleet = open_fleet(dataset)
    assert 1 not in fleet.arrow("transactions")["capture_id"].to_pylist()
    assert [row["status"] for row in fleet.manifest.to_pylist()] == ["done", "unfinished", "done", "failed"]


def test_has_a_table_without_rows(dataset: Path) -> None:
    fleet = open_fleet(dataset)
    assert fleet.arrow("discovery").num_rows == 0
    assert fleet.frame("discovery").columns.tolist()[-2:] == ["row_id", "capture_id"]


def test_reads_a_dataset_of_which_no_capture_is_done(here: Here, tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"broken")
    export_many([str(tmp_path / "x.pcap")], tmp_path / "d")
    assert open_fleet(tmp_path / "d").arrow("sessions").num_rows == 0


def test_knows_a_dataset_from_a_folder(dataset: Path) -> None:
    assert is_fleet(str(dataset))
    assert not is_fleet(str(dataset.parent))
    assert not is_fleet("memory://no/dataset")
    with pytest.raises(FleetError, match="is no dataset of captures"):
        open_fleet(dataset.parent)


def test_says_which_tables_there_are(dataset: Path) -> None:
    with pytest.raises(FleetError, match="has no table photos; it has sessions, "):
        open_fleet(dataset).arrow("photos")
