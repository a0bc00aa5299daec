"""A folder that nothing leaves, and in which no unfinished file has its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ptpip_analyze.extract.folder import ExtractError, Folder, TakenError


def test_names_a_file_when_it_is_complete(tmp_path: Path) -> None:
    with Folder(tmp_path / "a" / "b") as folder:
        with folder.file("x.jpg") as stream:
            stream.write(b"1")
            stream.flush()
            assert "x.jpg" not in folder.names()
        assert folder.names() == ["x.jpg"]
    assert (tmp_path / "a" / "b" / "x.jpg").read_bytes() == b"1"


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, SystemExit])
def test_leaves_nothing_of_a_file_that_was_not_finished(tmp_path: Path, fault: type[BaseException]) -> None:
    (tmp_path / "x.jpg").write_bytes(b"before")

    def half(folder: Folder) -> None:
        with folder.file("x.jpg") as stream:
            stream.write(b"half")
            raise fault

    with Folder(tmp_path, force=True) as folder, pytest.raises(fault):
        half(folder)
    assert os.listdir(tmp_path) == ["x.jpg"]
    assert (tmp_path / "x.jpg").read_bytes() == b"before"


def test_refuses_to_overwrite_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"mine")
    with (
        Folder(tmp_path) as folder,
        pytest.raises(TakenError, match=r"is there already; force=True"),
        folder.file("x.jpg"),
    ):
        pass
    assert (tmp_path / "x.jpg").read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["x.jpg"]


@pytest.mark.parametrize("goal", ["outside", "nowhere"])
def test_replaces_a_symbolic_link_and_not_what_it_points_to(tmp_path: Path, goal: str) -> None:
    (tmp_path / "outside").write_bytes(b"mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jpg").symlink_to(tmp_path / goal)
    with Folder(tmp_path / "in") as folder, pytest.raises(ExtractError):
        folder.refuse("x.jpg")
    with Folder(tmp_path / "in", force=True) as folder, folder.file("x.jpg") as stream:
        stream.write(b"theirs")
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()
    assert not (tmp_path / "in" / "x.jpg").is_symlink()


def test_stays_in_its_folder_when_that_is_moved(tmp_path: Path) -> None:
    with Folder(tmp_path / "a") as folder:
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").symlink_to("/")
        with folder.file("x.jpg") as stream:
            stream.write(b"1")
    assert (tmp_path / "b" / "x.jpg").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a"])
def test_takes_no_paths(tmp_path: Path, name: str) -> None:
    with Folder(tmp_path) as folder, pytest.raises(ValueError, match="no file name"), folder.file(name):
        pass


def test_says_in_one_line_what_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExtractError) as error:
        Folder(tmp_path / "file")
    assert str(tmp_path / "file") in str(error.value)
    (tmp_path / "x").mkdir()
    with Folder(tmp_path, force=True) as folder, pytest.raises(ExtractError, match="x: Is a dir"), folder.file("x"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["file", "x"]
