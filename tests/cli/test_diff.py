"""`diff`: exit codes and what a page shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.captures import good
from tests.traffic import conversation as talk
from tests.traffic import write_pcap


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return write_pcap(tmp_path / "one.pcap", good().packets())


@pytest.fixture
def other(tmp_path: Path) -> Path:
    told = talk().open().get_device_info().transaction(0x100E, response=0x2019).get_property().close_session().close()
    return write_pcap(tmp_path / "other.pcap", told.packets())


def test_ends_with_0_where_nothing_differs(run, one: Path) -> None:
    ran = run("diff", one, one)
    assert ran.code == 0
    assert "No differences" in ran.out


def test_ends_with_1_and_shows_where_they_part(run, one: Path, other: Path) -> None:
    ran = run("diff", one, other)
    assert ran.code == 1
    lines = ran.out.splitlines()
    at = lines.index("  ↓ first divergence")
    assert lines[at + 1].startswith("+ InitiateCapture(")
    assert "DeviceBusy" in lines[at + 1]


def test_shows_all_steps_when_asked(run, one: Path, other: Path) -> None:
    assert "OpenSession" in run("diff", one, other, "--all").out
    assert "step the same" not in run("diff", one, other, "--all").out


def test_writes_json(run, one: Path, other: Path, tmp_path: Path) -> None:
    assert json.loads(run("diff", one, other, "--format", "json").out)["differ"] is True
    assert run("diff", one, other, "-o", tmp_path / "a.json").code == 1
    assert json.loads((tmp_path / "a.json").read_text())["sessions"][0]["differences"] == 1


def test_says_in_one_line_what_it_can_not_do(run, one: Path, tmp_path: Path) -> None:
    for arguments in (("-", "-"), (one, tmp_path / "absent.pcap"), (one, one, "-o", tmp_path / "a.csv")):
        ran = run("diff", *arguments)
        assert ran.code == 2
        assert ran.err.count("\n") == 1
