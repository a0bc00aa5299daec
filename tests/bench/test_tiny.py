"""The benchmark of many small captures runs every step, and says where one fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import fleet, run, tiny


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fleet, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    return tmp_path


def test_measures_each_step(folder: Path) -> None:
    assert tiny.main(["--captures", "2", "-o", str(folder / "tiny.json")]) == 0
    said = json.loads((folder / "tiny.json").read_text())
    assert said["captures"] == 2
    assert list(said["costs"]) == ["made", "done", "check", "stats"]
    assert all(cost["seconds"] > 0 for cost in said["costs"].values())
    assert not (folder / "tiny").exists()


def test_says_which_command_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tiny, "FOUND", ())
    assert tiny.main(["--captures", "1"]) == 2
    assert " check " in capsys.readouterr().err


def test_refuses_no_captures() -> None:
    with pytest.raises(SystemExit):
        tiny.main(["--captures", "0"])
