"""`export`: the tables of a capture as files."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ptpip_analyze.tables.schema import TABLES, names

from .conftest import program
from .pretend import Analysis


def test_writes_every_table_and_names_the_files(run, pretended: Analysis, tmp_path: Path) -> None:
    ran = run("export", "x", "-o", tmp_path / "d")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(os.listdir(tmp_path / "d")) == sorted(f"{table}.parquet" for table in TABLES)
    lines = ran.out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(tmp_path / "d" / f"{table}.parquet") for table in TABLES]
    assert ": 3 rows, " in lines[1]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_writes_the_tables_asked_for_in_the_format_asked_for(run, pretended, tmp_path: Path, suffix: str) -> None:
    assert run("export", "x", "-o", tmp_path, "--format", suffix, "--tables", "events,sessions").code == 0
    assert sorted(os.listdir(tmp_path)) == [f"events.{suffix}", f"sessions.{suffix}"]


@pytest.mark.parametrize(
    ("tables", "said"),
    [("sesions", "did you mean sessions?"), ("photos", "there are sessions"), (",", "names no table")],
)
def test_says_which_table_there_is_not(run, tmp_path: Path, tables: str, said: str) -> None:
    ran = run("export", "/no/such/file", "-o", tmp_path, "--tables", tables)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_says_that_a_folder_cannot_be_made(run, pretended: Analysis, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    ran = run("export", "x", "-o", tmp_path / "f" / "d")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert str(tmp_path / "f" / "d") in ran.err


def test_exports_a_capture(plain_pcap: Path, tmp_path: Path) -> None:
    ran = program("export", plain_pcap, "-o", tmp_path / "d")
    assert (ran.returncode, ran.stderr) == (0, "")
    for table in TABLES:
        assert pq.read_table(tmp_path / "d" / f"{table}.parquet").column_names == list(names(table))
    assert pq.read_table(tmp_path / "d" / "transactions.parquet")["status"].to_pylist() == ["complete"] * 5
