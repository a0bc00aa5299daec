"""The notebooks run, cell by cell, and show what they were kept with."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(notebook: Any) -> list[list[tuple[str, str]]]:
    """By cell what it shows, as text; of pictures that there is one."""
    cells = []
    for cell in notebook.cells:
        outputs = []
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            kinds = sorted(data.keys() - {"image/png", "text/html"}) or ["text"]
            text = "" if "image/png" in data else data.get("text/plain", output.get("text", ""))
            outputs.append((", ".join(["image/png"] if "image/png" in data else kinds), text))
        cells.append(outputs)
    return cells


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shows_again_what_was_kept(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import nbformat

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    kept, now = nbformat.read(path, as_version=4), runner().executed(path)
    assert shown(now) == shown(kept)
    assert any("image/png" in kind for cell in shown(kept) for kind, _ in cell)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_keeps_nothing_of_the_machine(path: Path) -> None:
    text = path.read_text()
    assert str(ROOT) not in text
    assert "/home/" not in text
    assert "<script" not in text  # what a viewer without JavaScript can't show


def test_lists_all_of_them() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert [path.stem for path in NOTEBOOKS if f"]({path.name})" not in readme] == []
    assert len(NOTEBOOKS) >= 6


def test_names_a_notebook_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner().main(["07-nothing"]) == 2
    assert "no such notebook: 07-nothing; there are 01-open-a-capture, " in capsys.readouterr().err
