"""The process that reads large captures: when it is started, and that it changes no answer."""

from __future__ import annotations

import gzip
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ptpip_analyze.cli import reader
from tests.cli.conftest import program
from tests.traffic import capture, pcap_bytes


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A conversation and, behind it, 10 MB of packets that nobody can dissect."""
    path = tmp_path / "large.pcap"
    record = (1).to_bytes(4, "little") + bytes(4) + (50_000).to_bytes(4, "little") * 2 + bytes(50_000)
    path.write_bytes(pcap_bytes(capture("plain")) + record * 200)
    return path


def test_is_worth_it_for_large_files_only(large: Path, plain_pcap: Path) -> None:
    assert reader.is_large(str(large))
    assert not reader.is_large(str(plain_pcap))
    assert not reader.is_large(str(large.parent))
    assert not reader.is_large("-")


def test_is_not_started_without_a_large_file(plain_pcap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    reader.begin(["export", str(plain_pcap), "-o", "x"])
    assert reader.ask([]) is None


@pytest.mark.parametrize("order", ["large first", "large last"])
def test_changes_no_answer(order: str, large: Path, plain_pcap: Path, tmp_path: Path) -> None:
    names = [large, plain_pcap] if order == "large first" else [plain_pcap, large]
    columns = ("--columns", "operation,status,response,first_frame")
    apart = program("transactions", *names, *columns)
    again = tmp_path / "again.pcap"
    again.write_bytes(plain_pcap.read_bytes())
    small = program("transactions", plain_pcap, again, *columns)
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


def test_does_not_wait_for_a_pipe(large: Path, tmp_path: Path) -> None:
    """The process that reads must not open what this one has read already."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen(["cp", str(large), str(pipe)])
    try:
        ran = program("sessions", large, pipe, "--columns", "capture", timeout=60)
    finally:
        writer.wait(10)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("\n") == 2


@pytest.mark.parametrize("first", ["-", "large"])
def test_reads_standard_input_beside_a_large_file(first: str, large: Path, plain_pcap: Path) -> None:
    names = ["-", large] if first == "-" else [large, "-"]
    with large.open("rb") as stream:
        ran = program("sessions", *names, "--columns", "session", stdin=stream)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == '{"session":0}\n{"session":1}\n'


def test_takes_a_dash_for_standard_input_whatever_files_there_are(large: Path, plain_pcap: Path) -> None:
    large.rename(large.parent / "-")
    with plain_pcap.open("rb") as stream:
        ran = program("sessions", "-", "--columns", "capture", stdin=stream, cwd=large.parent)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == '{"capture":"-"}\n'


def test_goes_on_without_what_it_asked_for(large: Path) -> None:
    """A packed capture that is large as a file and small as a capture: nobody takes what was read of it."""
    packed = large.parent / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(pcap_bytes(capture("plain"))) + bytes(9 << 20))
    ran = program("sessions", packed, large, "--columns", "session")
    assert (ran.returncode, ran.stdout) == (0, '{"session":0}\n{"session":1}\n')


def test_goes_on_when_the_first_large_file_is_no_capture_to_read(large: Path, tmp_path: Path) -> None:
    output = tmp_path / "old.jsonl"
    output.write_bytes(bytes(9 << 20))
    ran = program("transactions", "-o", output, large, "--columns", "operation")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert output.read_text() == program("transactions", large, "--columns", "operation").stdout != ""


def test_reads_packets_as_well_as_segments(large: Path, plain_pcap: Path) -> None:
    listed = program("packets", large, "--limit", "30", "--columns", "frame,source,session,flags")
    alone = program("packets", plain_pcap, "--limit", "30", "--columns", "frame,source,session,flags")
    assert listed.stdout.splitlines()[: alone.stdout.count("\n")] == alone.stdout.splitlines() != []


@pytest.mark.parametrize("closed", ["1", "2"])
def test_works_with_closed_streams(closed: str, large: Path, tmp_path: Path) -> None:
    command = (
        f"exec {shlex.quote(sys.executable)} -m ptpip_analyze sessions {large} -o {tmp_path / 'out.csv'} {closed}>&-"
    )
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert (tmp_path / "out.csv").exists()


def test_does_without_the_process_where_none_can_be_had(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("no process")

    monkeypatch.setattr(os, "fork", refuse)
    reader.begin(["sessions", str(large)])
    assert reader.ask([]) is None


def test_needs_none_for_help(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    for arguments in (["--help", str(large)], ["export", "-h", str(large)], ["codes", str(large)]):
        reader.begin(arguments)
