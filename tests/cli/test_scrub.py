"""`scrub`: a capture to be given away."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

NAME = "darkroom".encode("utf-16-le")


def test_writes_a_capture_without_names(run, tmp_path: Path) -> None:
    ran = run("scrub", ROOT / "captures" / "list-and-get.pcapng", "-o", tmp_path / "out.pcapng")
    assert ran.code == 0
    assert "292 packets; replaced 2 GUIDs, 1 name, 1 text" in ran.err
    new = (tmp_path / "out.pcapng").read_bytes()
    assert NAME in (ROOT / "captures" / "list-and-get.pcapng").read_bytes()
    assert NAME not in new
    listed = run(
        "transactions", tmp_path / "out.pcapng", "--format", "csv", "--columns", "operation,response,data_bytes"
    )
    before = run(
        "transactions", ROOT / "captures" / "list-and-get.pcapng", "--format", "csv", "--columns",
        "operation,response,data_bytes",
    )  # fmt: skip
    assert listed.out == before.out


def test_writes_a_report_without_values_and_a_map_with_them(run, tmp_path: Path, plain_pcap: Path) -> None:
    ran = run(
        "scrub", plain_pcap, "-o", tmp_path / "out.pcap", "--report", tmp_path / "report.json",
        "--map", tmp_path / "map.json",
    )  # fmt: skip
    assert ran.code == 0
    report = json.loads((tmp_path / "report.json").read_text())
    values = json.loads((tmp_path / "map.json").read_text())
    assert report["replaced"] == {kind: len(known) for kind, known in values.items()}
    assert "192.168" not in (tmp_path / "report.json").read_text()
    assert set(values["ipv4"]) == {"192.168.1.1", "192.168.1.20"}


def test_gives_the_same_capture_with_the_same_key(run, tmp_path: Path, plain_pcap: Path) -> None:
    for name, key in (("a", "one"), ("b", "one"), ("c", "two")):
        assert run("scrub", plain_pcap, "-o", tmp_path / f"{name}.pcap", "--key", key).code == 0
    first, again, other = ((tmp_path / f"{name}.pcap").read_bytes() for name in "abc")
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "out.pcapng"), "is written as what it is, pcap, and not compressed; name the output "),
        (("-o", "out.pcapng"), "/out.pcap\n"),
        (("-o", "out.new.pcapng.gz"), "/out.new.pcap\n"),
        (("-o", "out.pcap.gz"), "/out.pcap\n"),
        (("-o", "out.pcap", "--map", "out.pcap"), "a file each"),
        (("-o", "out.pcap", "--key", ""), "a key has to be something"),
        ((), "Missing option"),
    ],
)
def test_refuses_in_one_line(run, tmp_path: Path, plain_pcap: Path, arguments: tuple[str, ...], says: str) -> None:
    placed = [str(tmp_path / one) if one.startswith("out") else one for one in arguments]
    ran = run("scrub", plain_pcap, *placed)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.glob("out*"))


def test_never_overwrites_the_capture(run, tmp_path: Path, plain_pcap: Path) -> None:
    mine = tmp_path / "mine.pcap"
    mine.write_bytes(plain_pcap.read_bytes())
    assert run("scrub", mine, "-o", mine).code == 2
    assert mine.read_bytes() == plain_pcap.read_bytes()


def test_writes_to_a_pipe_and_reads_from_one(plain_pcap: Path) -> None:
    command = [sys.executable, "-m", "ptpip_analyze", "scrub", "-", "-o", "-"]
    ran = subprocess.run(command, input=gzip.compress(plain_pcap.read_bytes()), capture_output=True, check=True)
    assert len(ran.stdout) == plain_pcap.stat().st_size
    assert ran.stdout[:4] == plain_pcap.read_bytes()[:4]
    assert b"replaced" in ran.stderr


def test_takes_one_capture_at_a_time(run, tmp_path: Path) -> None:
    ran = run("scrub", ROOT / "captures", "-o", tmp_path / "out.pcap")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert re.search(r"/captures: has \d+ captures; scrub takes one capture at a time$", ran.err)


def test_takes_the_one_capture_of_a_folder(run, tmp_path: Path, plain_pcap: Path) -> None:
    (tmp_path / "in").mkdir()
    ran = run("scrub", tmp_path / "in", "-o", tmp_path / "out.pcap")
    assert (ran.code, ran.err) == (2, f"ptpip-analyze: {tmp_path}/in: no captures in this directory\n")
    (tmp_path / "in" / "a.pcap").write_bytes(plain_pcap.read_bytes())
    (tmp_path / "in" / "b.pcap").symlink_to("a.pcap")
    assert run("scrub", tmp_path / "in", "-o", tmp_path / "out.pcap").code == 0


def test_reads_nothing_of_many_captures(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptpip_analyze.cli.scrub.analysed", lambda *_, **__: pytest.fail("analysed"))
    assert run("scrub", ROOT / "captures" / "*.pcap", "-o", tmp_path / "out.pcap").code == 2


def test_says_what_the_documentation_shows(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "sharing.md").read_text()
    (tmp_path / "captures").symlink_to(ROOT / "captures")
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"```console\n\$ ptpip-analyze (.*)\n(.*\n)```", page)
    assert shown
    for arguments, says in shown:
        assert run(*arguments.split()).err == says
