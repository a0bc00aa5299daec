"""`extract` and `objects` as commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import program
from tests.test_liveview import pushed
from tests.test_objects import PHOTO, camera_of, object_info, open_camera
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


def test_says_what_does_not_agree(tmp_path: Path) -> None:
    story = open_camera().transaction(0x1008, 7, data_in=object_info("a.jpg", 9000)).get_object(7, PHOTO[:5000])
    ran = program("extract", write_pcap(tmp_path / "a.pcap", story.packets()), "-o", tmp_path / "out")
    note = "9,000 bytes were declared, its transfer ended after 5,000"
    assert ran.stdout == f"{tmp_path / 'out' / 'a.jpg'}: object, 5 kB, complete ({note})\n"


def test_says_in_one_line_what_could_not_be_written_and_writes_the_rest(tmp_path: Path) -> None:
    path, output = write_pcap(tmp_path / "a.pcap", open_camera().get_object(7, PHOTO).packets()), tmp_path / "out"
    limit = f"ulimit -f 4; trap '' XFSZ; exec {sys.executable} -m ptpip_analyze extract {path} -o {output}"
    ran = subprocess.run(["bash", "-c", limit], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == f"ptpip-analyze: {output / 'object-00000007'}: File too large\n"
    assert sorted(os.listdir(output)) == ["manifest.json"]


def test_tells_of_pictures_that_have_no_file(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", pushed(2).frame(b"no picture").packets())
    ran = program("extract", path, "-o", tmp_path / "out")
    assert "2 live-view frames, " in ran.stdout
    assert ", 1 without a file: no JPEG in it, " in ran.stdout
    path = write_pcap(
        tmp_path / "b.pcap", camera_of("OLYMPUS", "E-M1").transaction(0x9484, data_in=b"not now").packets()
    )
    ran = program("extract", path, "-o", tmp_path / "none")
    assert ran.stdout == "session 0, 0 live-view frames, 1 without a file: no JPEG in it\n"
