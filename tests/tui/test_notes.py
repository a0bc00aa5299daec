"""Marks and comments: kept beside the capture, shown again, never at the cost of what can't be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.tui.notes import SUFFIX, Notes, NotesError
from ptpip_analyze.tui.views import TableView

from .conftest import running


def test_keeps_marks_and_comments(tmp_path: Path) -> None:
    path = str(tmp_path / "a.pcap")
    notes = Notes([path])
    notes.mark(path, {3, 9}, True)
    notes.mark(path, {3}, False)
    notes.comment(path, 9, " why so late? ")
    again = Notes([path])
    assert again.read() == []
    assert again.marks[path] == {9}
    assert again.of(path, 9) == "why so late?"
    assert again.any


def test_leaves_no_file_behind_where_nothing_is_noted(tmp_path: Path) -> None:
    path = str(tmp_path / "a.pcap")
    notes = Notes([path])
    notes.comment(path, 9, "so")
    assert Path(path + SUFFIX).exists()
    notes.comment(path, 9, "")
    assert not Path(path + SUFFIX).exists()


@pytest.mark.parametrize("content", ["no notes", "[1]", '{"marks": ["x"]}', '{"comments": 5}'])
def test_leaves_alone_what_it_can_not_read(tmp_path: Path, content: str) -> None:
    path = str(tmp_path / "a.pcap")
    Path(path + SUFFIX).write_text(content)
    notes = Notes([path])
    (fault,) = notes.read()
    assert "stays as it is" in fault
    with pytest.raises(NotesError):
        notes.mark(path, {1}, True)
    assert Path(path + SUFFIX).read_text() == content


def test_says_when_notes_can_not_be_kept(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere" / "a.pcap")
    with pytest.raises(NotesError, match="not kept"):
        Notes([path]).mark(path, {1}, True)


async def test_comments_and_marks_come_back_with_the_capture(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "down", "semicolon")
        await seen.type("[b]who is this?")
        assert "[b]who is this?" in await seen.press("enter")
        await seen.press("end", "space")
    assert len(json.loads(Path(f"{polled}{SUFFIX}").read_text())["marks"]) == 1
    async with running(polled, (140, 40)) as seen:
        screen = await seen.press("2")
        assert "[b]who is this?" in screen
        assert "1 marked" in screen
        view = seen.app.view
        assert isinstance(view, TableView)
        assert view.grid.marked == {15}
