"""docs/datasets.md says what is so: its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from ptpip_analyze.fleet import export_many
from ptpip_analyze.fleet.layout import DATASET_TABLES
from tests.support import ROOT
from tests.traffic import capture, write_pcap

from .here import Here

PAGE = (ROOT / "docs" / "datasets.md").read_text()


@pytest.fixture
def fleet(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the examples call fleet, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for story in ("plain", "two_pairs", "device_info_first"):
        write_pcap(tmp_path / f"{story}.pcap", capture(story))
    (tmp_path / "x.pcap").write_bytes(b"broken")
    export_many([str(tmp_path)], "fleet")
    return tmp_path / "fleet"


def test_runs_its_examples_in_python(fleet: Path) -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)  # the page's own lines
    assert len(names["latency"]) > 0  # type: ignore[arg-type]
    assert names["carried"].sum() > 0  # type: ignore[attr-defined]
    assert names["failed"] == [str(fleet.parent / "x.pcap")]
    assert sum(batch.num_rows for batch in names["in_parts"]) > 0  # type: ignore[attr-defined]
    assert names["lazily"].count_rows() > 0  # type: ignore[attr-defined]


def test_runs_its_examples_in_sql(fleet: Path) -> None:
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(duckdb.sql(block).fetchall()) > 0
    (copy,) = re.findall(r"`(COPY .*?)`", PAGE)
    duckdb.sql(copy)
    assert (fleet.parent / "transactions.parquet").exists()


def test_shows_the_folders_and_files_that_there_are(fleet: Path) -> None:
    (block,) = re.findall(r"```\nfleet/\n(.*?)```", PAGE, re.DOTALL)
    shown = set(re.findall(r"(?<![\w/])(\w+(?:\.json)?)(?=/|  )", block))
    assert {path.name for path in fleet.iterdir()} - {"_lock"} <= shown
    assert set(DATASET_TABLES) <= shown
    for name in re.findall(r"transactions/capture_id=\d/part-0.parquet", block):
        assert (fleet / name).exists()
