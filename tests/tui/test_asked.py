"""Filters that were asked for: kept across runs, bounded, never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.tui.asked import MOST, Asked, state_file


def test_another_run_knows_what_was_asked_the_last_one_last(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "filters.json"
    one = Asked(path)
    for text in ("session == 0", "latency_s > 1", "session == 0"):
        one.add("transactions", text)
    assert Asked(path).of("transactions") == ["latency_s > 1", "session == 0"]
    assert Asked(path).of("events") == []


def test_two_runs_at_once_take_nothing_from_each_other(tmp_path: Path) -> None:
    path = tmp_path / "filters.json"
    one, other = Asked(path), Asked(path)
    one.of("events")
    other.add("events", "frame > 1")
    one.add("events", "frame > 2")
    assert Asked(path).of("events") == ["frame > 1", "frame > 2"]


def test_keeps_so_many_of_each_table(tmp_path: Path) -> None:
    asked = Asked(tmp_path / "filters.json")
    for number in range(MOST + 5):
        asked.add("events", f"frame > {number}")
    assert Asked(tmp_path / "filters.json").of("events") == [f"frame > {number}" for number in range(5, MOST + 5)]


def test_keeps_no_text_without_measure(tmp_path: Path) -> None:
    Asked(tmp_path / "filters.json").add("events", "frame > 1" + " " * 100_000)
    assert not (tmp_path / "filters.json").exists()


@pytest.mark.parametrize("content", ["", "no json", "[1]", '{"events": 1}', '{"events": [1, null]}'])
def test_what_can_not_be_read_is_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "filters.json"
    path.write_text(content)
    asked = Asked(path)
    assert asked.of("events") == []
    asked.add("events", "frame > 1")
    assert json.loads(path.read_text()) == {"events": ["frame > 1"]}


def test_where_nothing_can_be_written_it_is_kept_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    asked = Asked(tmp_path / "file" / "filters.json")
    asked.add("events", "frame > 1")
    asked.add("events", "frame > 2")
    assert asked.of("events") == ["frame > 1", "frame > 2"]


def test_the_environment_says_where_a_users_state_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_file() == tmp_path / "ptpip-analyze" / "filters.json"
    monkeypatch.setenv("HOME", str(tmp_path))
    for none in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", none)
        assert state_file() == tmp_path / ".local" / "state" / "ptpip-analyze" / "filters.json"
