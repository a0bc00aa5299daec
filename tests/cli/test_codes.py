"""`codes`: names and numbers over all vendors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.traffic import conversation, write_pcap


@pytest.mark.parametrize("text", ["GetObjectHandles", "getobjecthandles", "0x1007", "4103"])
def test_finds_a_code_by_its_name_and_by_its_number(run, text: str) -> None:
    ran = run("codes", text)
    assert ran.code == 0
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {"kind": "operation", "vendor": "ptp", "code": 0x1007, "name": "GetObjectHandles"}.items() <= rows[0].items()
    assert all(row["source"] for row in rows)


def test_shows_a_table_when_asked(run) -> None:
    lines = run("codes", "GetObjectHandles", "--format", "table").out.splitlines()
    assert lines[0].split() == ["kind", "vendor", "code", "name", "confidence", "source"]
    assert "0x1007" in lines[1]


def test_shows_only_headings_when_nothing_matches(run) -> None:
    assert len(run("codes", "NoSuchNameAnywhere", "--format", "table").out.splitlines()) == 1
    assert run("codes", "NoSuchNameAnywhere").out == ""


def test_lists_everything_without_a_text(run, tmp_path: Path) -> None:
    assert run("codes", "-o", tmp_path / "codes.csv").code == 0
    assert len((tmp_path / "codes.csv").read_text().splitlines()) > 100


def test_limits_what_it_shows(run) -> None:
    assert len(run("codes", "Get", "--limit", "2").out.splitlines()) == 2


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A capture with an operation that nobody has named."""
    one = conversation().open().transaction(0x9FFE, 1, data_in=b"\x01\x00").close_session()
    return write_pcap(tmp_path / "strange.pcap", one.packets())


def test_lists_what_nothing_names(run, strange: Path) -> None:
    ran = run("codes", "--unknown", strange)
    assert (ran.code, ran.err) == (0, "")
    (row,) = [json.loads(line) for line in ran.out.splitlines()]
    assert (row["kind"], row["code"], row["count"], row["parameters"], row["payload"]) == (
        "operation",
        0x9FFE,
        1,
        "(0x1)",
        "u16",
    )
    head, line = run("codes", "--unknown", strange, "--format", "table").out.splitlines()
    assert head.split()[:3] == ["kind", "vendor", "code"]
    assert "0x9FFE" in line
    assert run("codes", "--unknown", strange, "--limit", "0").out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unknown"], "--unknown names no capture"),
        (["Get", "Object"], "one TEXT is looked up at a time, not 2; of captures, --unknown lists codes"),
    ],
)
def test_says_what_it_was_not_given(run, arguments: list[str], said: str) -> None:
    assert run("codes", *arguments) == (2, "", f"ptpip-analyze: {said}\n")


def test_looks_up_the_codes_of_one_vendor(run) -> None:
    rows = [json.loads(line) for line in run("codes", "0x9203", "--vendor", "sony").out.splitlines()]
    assert {row["vendor"] for row in rows} == {"sony"}
