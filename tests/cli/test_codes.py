"""`codes`: names and numbers over all vendors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


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
