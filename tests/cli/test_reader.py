"""The process that reads large captures: when it is started, and that it changes no answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ptpip_analyze.cli import reader
from tests.cli.conftest import program
from tests.traffic import capture, pcap_bytes


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A conversation and, behind it, 5 MB of packets that nobody can dissect."""
    path = tmp_path / "large.pcap"
    record = (1).to_bytes(4, "little") + bytes(4) + (50_000).to_bytes(4, "little") * 2 + bytes(50_000)
    path.write_bytes(pcap_bytes(capture("plain")) + record * 100)
    return path


def test_is_worth_it_for_large_files_only(large: Path, plain_pcap: Path) -> None:
    assert reader.is_large(str(large))
    assert not reader.is_large(str(plain_pcap))
    assert not reader.is_large(str(large.parent))
    assert not reader.is_large("-")


def test_is_not_started_without_a_large_file(plain_pcap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    reader.begin(["export", str(plain_pcap), "-o", "x"])
    assert reader.ask([str(plain_pcap)], True) is None


@pytest.mark.parametrize("order", ["large first", "large last"])
def test_changes_no_answer(order: str, large: Path, plain_pcap: Path) -> None:
    names = [large, plain_pcap] if order == "large first" else [plain_pcap, large]
    columns = ("--columns", "operation,status,response,first_frame")
    apart = program("transactions", *names, *columns)
    small = program("transactions", plain_pcap, plain_pcap, *columns)
    assert apart.returncode == 0
    assert apart.stderr == ""
    assert apart.stdout == small.stdout != ""


def test_says_what_is_wrong_with_a_large_file_in_one_line(large: Path) -> None:
    large.write_bytes(b"no capture" + large.read_bytes())
    ran = program("summary", large)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "not a capture" in ran.stderr


def test_reports_damage_at_the_end_of_a_large_file(large: Path) -> None:
    large.write_bytes(large.read_bytes()[:-7])
    ran = program("transactions", large, "--columns", "operation")
    assert ran.returncode == 0
    assert "left" in ran.stderr
    assert "everything before it is analysed" in ran.stderr
