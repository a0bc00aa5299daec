"""`report`: a page in a file or on standard output, complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import ROOT

from .conftest import program


def test_writes_a_page_and_says_how_large_it_is(run, plain_pcap: Path, tmp_path: Path) -> None:
    ran = run("report", plain_pcap, "-o", tmp_path / "a.html")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{tmp_path / 'a.html'}: ")
    assert ran.out.endswith(" kB\n")
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


def test_writes_to_standard_output(plain_pcap: Path, tmp_path: Path) -> None:
    ran = program("report", plain_pcap, "-o", "-")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("<!doctype html>")
    assert ran.stdout.endswith("</html>")


def test_makes_one_page_of_several_captures(run, tmp_path: Path) -> None:
    captures = [ROOT / "captures" / name for name in ("busy.pcap", "config.pcap")]
    assert run("report", *captures, "-o", tmp_path / "a.htm").code == 0
    page = (tmp_path / "a.htm").read_text()
    assert "busy.pcap and 1 other capture" in page
    assert all(str(capture) in page for capture in captures)


@pytest.mark.parametrize("name", ["a.pdf", "a.json", "a.html.gz"])
def test_refuses_a_suffix_that_is_not_html(run, plain_pcap: Path, tmp_path: Path, name: str) -> None:
    ran = run("report", plain_pcap, "-o", tmp_path / name)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "a report is .html" in ran.err
    assert os.listdir(tmp_path) == []


def test_needs_a_place_and_a_capture(run, plain_pcap: Path, tmp_path: Path) -> None:
    assert run("report", plain_pcap).code == 2
    ran = run("report", tmp_path / "none.pcap", "-o", tmp_path / "a.html")
    assert ran.code == 2
    assert "none.pcap" in ran.err
    assert os.listdir(tmp_path) == []


def test_does_not_overwrite_a_capture(run, plain_pcap: Path, tmp_path: Path) -> None:
    named, before = tmp_path / "capture.html", plain_pcap.read_bytes()
    named.write_bytes(before)
    ran = run("report", named, "-o", named)
    assert ran.code == 2
    assert named.read_bytes() == before


def test_leaves_no_half_of_a_page(run, plain_pcap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier page stays as it was when the new one can't be finished."""
    from ptpip_analyze.report import page

    place = tmp_path / "a.html"
    place.write_text("before")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(page, "_policy", interrupted)
    assert run("report", plain_pcap, "-o", place).code == 130
    assert place.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.html"]


def test_says_how_much_it_left_out(run, tmp_path: Path) -> None:
    from tests.traffic import conversation, write_pcap

    talk = conversation().open()
    for handle in range(500):
        talk.transaction(0x1008, handle)
    path = write_pcap(tmp_path / "long.pcap", talk.packets())
    assert "1 thing left out for its size" in run("report", path, "-o", tmp_path / "a.html").out
