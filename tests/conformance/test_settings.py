"""Waivers, thresholds and baselines: read as written, and a mistake has a line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ptpip_analyze.conformance import Waiver, baseline_of, thresholds_of, waivers_of
from ptpip_analyze.tomlfile import TomlFileError


def written(folder: Path, text: str, name: str = "file.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_reads_waivers(tmp_path: Path) -> None:
    text = """
[[waiver]]
rule = "name-*"
reason = "long host names"
expires = 2027-01-31
implementation = "desk*"
subject = "initiator"

[[waiver]]
rule = "version-is-1-0"
reason = "old firmware"
expires = "2027-02-01"
"""
    assert waivers_of(written(tmp_path, text)) == [
        Waiver("name-*", "long host names", date(2027, 1, 31), "desk*", "initiator", 2),
        Waiver("version-is-1-0", "old firmware", date(2027, 2, 1), None, None, 9),
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[[waiver]]\nrule = "name-*"\n', 1, "'reason' must be a text"),
        ('[[waiver]]\nrule = "name-*"\nreason = ""\n', 1, "'reason' must be a text"),
        ('\n[[waiver]]\nrule = "nmae-*"\nreason = "x"\n', 2, "no rule is called 'nmae-*'"),
        ('[[waiver]]\nrule = "name-*"\nreason = "x"\nuntil = 1\n', 1, "no such key: 'until'"),
        ('[[waiver]]\nrule = "name-*"\nreason = "x"\nexpires = "soon"\n', 1, "must be a day"),
        ('[[waiver]]\nrule = "name-*"\nreason = "x"\nexpires = 7\n', 1, "must be a day"),
        ('[[waiver]]\nrule = "name-*"\nreason = "x"\nsubject = "camera"\n', 1, "must be one of initiator, responder"),
        ("# mine\nwaivers = 1\n", 2, "'waivers' is not known here"),
        ('waiver = "x"\n', 1, "written as tables"),
        ("[[waiver]\n", 1, ""),
    ],
)
def test_says_the_line_of_a_waiver_that_is_wrong(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(TomlFileError) as caught:
        waivers_of(written(tmp_path, text))
    assert caught.value.line == line
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "text", ["probe_s = 20\nclose_grace_s = 1.5\n", "[thresholds]\nprobe_s = 20\nclose_grace_s = 1.5\n"]
)
def test_reads_thresholds(tmp_path: Path, text: str) -> None:
    assert thresholds_of(written(tmp_path, text)) == {"probe_s": 20.0, "close_grace_s": 1.5}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("probe_s = 20\nprobe_x = 1\n", 2, "no threshold is called 'probe_x'"),
        ('probe_s = "20"\n', 1, "must be a number"),
        ("[thresholds]\nprobe_s = -1\n", 2, "must be a number"),
        ("probe_s = true\n", 1, "must be a number"),
        ("probe_s = nan\n", 1, "must be a number"),
        ("thresholds = 3\n", 1, "no threshold is called 'thresholds'"),
    ],
)
def test_says_the_line_of_a_threshold_that_is_wrong(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(TomlFileError) as caught:
        thresholds_of(written(tmp_path, text))
    assert caught.value.line == line
    assert reason in caught.value.reason


def test_counts_the_findings_of_a_baseline(tmp_path: Path) -> None:
    rows = [{"fingerprint": "a"}, {"fingerprint": "b"}, {"fingerprint": "a"}]
    path = written(tmp_path, json.dumps({"findings": rows, "joined": [{"fingerprint": "c"}]}), "old.json")
    assert baseline_of(path) == {"a": 2, "b": 1, "c": 1}
    assert baseline_of(written(tmp_path, json.dumps({"findings": rows}), "older.json")) == {"a": 2, "b": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"findings": 3}', '{"findings": [{}]}', "null"])
def test_refuses_a_baseline_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(TomlFileError, match=r"old\.json"):
        baseline_of(written(tmp_path, text, "old.json"))


def test_refuses_a_baseline_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TomlFileError, match="No such file"):
        baseline_of(tmp_path / "absent.json")
