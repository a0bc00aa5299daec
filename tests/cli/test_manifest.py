"""`manifest`: the captures of a dataset as a table, filtered and in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.fleet import export_many
from ptpip_analyze.fleet import run as fleet_run
from tests.fleet.here import Here
from tests.traffic import capture, write_pcap


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fleet_run, "_crew", lambda width, scheduler: Here())
    write_pcap(tmp_path / "a.pcap", capture("plain"))
    (tmp_path / "b.pcap").write_bytes(b"broken")
    export_many([str(tmp_path / "*.pcap")], tmp_path / "d")
    return tmp_path / "d"


def test_lists_captures_with_what_became_of_them(run, dataset: Path) -> None:
    ran = run("manifest", dataset, "--format", "table")
    assert (ran.code, ran.err) == (0, "")
    header, *rows = ran.out.splitlines()
    assert header.split()[:4] == ["capture_id", "capture", "status", "failure"]
    assert "done" in rows[0]
    assert "failed  offset 0: not a capture" in rows[1]


def test_lists_what_is_asked_for(run, dataset: Path) -> None:
    ran = run("manifest", dataset, "--where", 'status == "failed"', "--columns", "capture,bytes,sessions_rows")
    assert json.loads(ran.out) == {"capture": str(dataset.parent / "b.pcap"), "bytes": 6, "sessions_rows": None}
    assert len(run("manifest", dataset, "--limit", "1").out.splitlines()) == 1


def test_writes_files_in_the_format_of_their_suffix(run, dataset: Path, tmp_path: Path) -> None:
    assert run("manifest", dataset, "-o", tmp_path / "m.csv").code == 0
    assert (tmp_path / "m.csv").read_text().startswith("capture_id,capture,status,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "is no dataset of captures"), (("--columns", "photo"), "no such column"), (("--where", "x == 1"), "--where")],
)
def test_says_what_can_not_be_listed(run, dataset: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run("manifest", dataset if arguments else dataset.parent, *arguments)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
