"""`extract` and `objects` as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import program
from tests.test_objects import PHOTO, object_info, open_camera
from tests.traffic import write_pcap


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    story = open_camera().transaction(0x1008, 7, data_in=object_info("IMG_1.JPG", len(PHOTO))).get_object(7, PHOTO)
    return write_pcap(tmp_path / "a.pcap", story.packets())


def test_says_what_it_has_written(photos: Path, tmp_path: Path) -> None:
    ran = program("extract", photos, "-o", tmp_path / "out")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{tmp_path / 'out' / 'IMG_1.JPG'}: object, 9 kB, complete\n"
    assert (tmp_path / "out" / "IMG_1.JPG").read_bytes() == PHOTO


def test_refuses_to_write_into_what_it_has_written(photos: Path, tmp_path: Path) -> None:
    program("extract", photos, "-o", tmp_path / "out")
    ran = program("extract", photos, "-o", tmp_path / "out")
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "--force" in ran.stderr
    assert program("extract", photos, "-o", tmp_path / "out", "--force").returncode == 0


def test_refuses_a_kind_that_does_not_exist(photos: Path, tmp_path: Path) -> None:
    ran = program("extract", photos, "-o", tmp_path / "out", "--what", "photos")
    assert ran.returncode == 2
    assert "photos" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_says_so_when_there_is_nothing(plain_pcap: Path, tmp_path: Path) -> None:
    ran = program("extract", plain_pcap, "-o", tmp_path / "out", "--what", "live-view")
    assert ran.stdout == "no objects and no live-view frames in what was captured\n"


def test_lists_objects(photos: Path) -> None:
    ran = program("objects", photos)
    (row,) = map(json.loads, ran.stdout.splitlines())
    assert (row["filename"], row["complete"], row["carried_bytes"]) == ("IMG_1.JPG", True, len(PHOTO))
