"""Where a dataset's files lie, and how its rows are numbered."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.fleet import layout
from ptpip_analyze.fleet.layout import ROWS_EACH, Options, Record, file_schema, manifest_rows, numbered
from ptpip_analyze.tables.schema import TABLES, arrow_schema
from tests.support import RECORDED
from tests.traffic import capture, write_pcap


def record(number: int, **values: object) -> Record:
    return Record(number, f"/c/{number}.pcap", "done", "1.0", Options().said, **values)  # type: ignore[arg-type]


def test_numbers_every_column_that_counts_rows_over_all_captures(tmp_path: Path) -> None:
    """Analysed as the second of two, a capture differs from itself in just those columns."""
    made = [write_pcap(tmp_path / f"{name}.pcap", capture(name)) for name in ("canon_polls", "cancels_in", "fuji")]
    differing = set()
    recorded = [path for path in RECORDED if path.stem in ("announced", "two-initiators", "lossy-capture")]
    for path in (*recorded, *made):
        again = tmp_path / f"again-{path.name}"
        again.write_bytes(path.read_bytes())
        with analyze([str(path), str(again)]) as analysis:
            first, second = analysis.results
            from ptpip_analyze.tables.build import TABLES as MAKERS

            for table in TABLES:
                rows, others = (
                    [row for batch in MAKERS[table](one) for row in batch.to_pylist()] for one in (first, second)
                )
                for row, other in zip(rows, others, strict=True):
                    differing |= {name for name, value in row.items() if other[name] != value}
    assert differing - {"capture"} == layout._REFERENCES


def test_raises_references_by_what_its_capture_has_to_itself() -> None:
    columns = {
        "session": [0, None, 1],
        "sessions": [[0, 1], None, []],
        "frames": [[7], None, []],
        "frame": [7, 8, None],
    }
    batch = pa.RecordBatch.from_pylist(
        [{name: values[row] for name, values in columns.items()} for row in range(3)], schema=arrow_schema("discovery")
    )
    rows = numbered(batch, "discovery", 3, 40).to_pylist()
    assert [row["session"] for row in rows] == [3 * ROWS_EACH, None, 3 * ROWS_EACH + 1]
    assert [row["sessions"] for row in rows] == [[3 * ROWS_EACH, 3 * ROWS_EACH + 1], None, []]
    assert [(row["frames"], row["frame"]) for row in rows] == [([7], 7), (None, 8), ([], None)]
    assert [row["row_id"] for row in rows] == [3 * ROWS_EACH + 40 + row for row in range(3)]


def test_raises_references_of_a_part_of_a_batch() -> None:
    """Lists of a slice begin in the midst of their values."""
    whole = pa.RecordBatch.from_pylist([{"sessions": [row]} for row in range(5)], schema=arrow_schema("discovery"))
    rows = numbered(whole.slice(2, 2), "discovery", 1, 2).to_pylist()
    assert [row["sessions"] for row in rows] == [[ROWS_EACH + 2], [ROWS_EACH + 3]]


def test_refuses_more_rows_than_there_are_numbers() -> None:
    batch = pa.RecordBatch.from_pylist([{"session": 0}], schema=arrow_schema("sessions"))
    assert numbered(batch, "sessions", 0, ROWS_EACH - 1)["row_id"].to_pylist() == [ROWS_EACH - 1]
    with pytest.raises(OverflowError, match="10,000,000,000 rows"):
        numbered(batch, "sessions", 0, ROWS_EACH)


@pytest.mark.parametrize("table", layout.DATASET_TABLES)
def test_has_the_columns_of_each_table_and_one_more(table: str) -> None:
    assert file_schema(table).names == [*arrow_schema(table).names, "row_id"]


def test_names_files_by_number_alone() -> None:
    assert layout.part_of("events", 12) == "events/capture_id=12/part-0.parquet"
    assert layout.record_of(12) == "_records/12.json"


def test_says_equal_options_for_what_gives_equal_rows() -> None:
    assert Options(ports=(2, 1, 2)).said == Options(ports=(1, 2)).said
    assert Options(names=("a = 1",)).said != Options(names=("a = 2",)).said
    assert Options(vendor="nikon").said != Options().said


def test_lists_each_capture_in_its_manifest_also_without_a_record() -> None:
    rows = manifest_rows(["/c/0.pcap", "/c/1.pcap"], [record(0, rows={"events": 4}, bytes=9, first_time=5)]).to_pylist()
    assert [row["status"] for row in rows] == ["done", "unfinished"]
    assert (rows[0]["events_rows"], rows[0]["bytes"], rows[0]["sessions_rows"]) == (4, 9, None)
    assert rows[0]["first_time"].value == 5
    assert rows[0]["options"] == '{"names": [], "ports": [], "vendor": null}'
    assert {name for name, value in rows[1].items() if value is not None} == {"capture_id", "capture", "status"}


def test_lists_a_path_that_is_no_unicode() -> None:
    assert manifest_rows(["/c/\udcff.pcap"], []).to_pylist()[0]["capture"] == "/c/\\udcff.pcap"
