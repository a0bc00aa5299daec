"""Files out of objects: safe names, none written over, what is missing said."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.extract import MANIFEST, ExtractError, extract
from tests.test_objects import GET_OBJECT_INFO, GET_THUMB, PHOTO, object_info, open_camera, partial
from tests.traffic import Conversation, Packet, damage, pcap_bytes


def extracted(story: Conversation | Sequence[Packet], folder: Path, **options: object) -> dict[str, object]:
    packets = story.packets() if isinstance(story, Conversation) else story
    with analyze(io.BytesIO(pcap_bytes(packets))) as analysis:
        return extract(analysis.captures, folder, **options)  # type: ignore[arg-type]


def named(story: Conversation, handle: int, name: str, data: bytes) -> Conversation:
    return story.transaction(GET_OBJECT_INFO, handle, data_in=object_info(name, len(data))).get_object(handle, data)


def test_writes_objects_under_their_names_with_a_manifest(tmp_path: Path) -> None:
    manifest = extracted(named(open_camera(), 7, "IMG_1.JPG", PHOTO), tmp_path / "out")
    assert (tmp_path / "out" / "IMG_1.JPG").read_bytes() == PHOTO
    assert manifest == json.loads((tmp_path / "out" / MANIFEST).read_text())
    (one,) = manifest["files"]  # type: ignore[misc]
    assert one["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert (one["complete"], one["missing"], one["handle"], one["name"]) == (True, [], 7, "IMG_1.JPG")
    assert sorted(os.listdir(tmp_path / "out")) == ["IMG_1.JPG", MANIFEST]


def test_never_writes_one_object_over_another(tmp_path: Path) -> None:
    story = named(named(named(open_camera(), 1, "a.jpg", b"one"), 2, "A.JPG", b"two"), 3, "a.jpg", b"three")
    extracted(story, tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path) if name != MANIFEST} == {
        "a.jpg": b"one",
        "A-2.JPG": b"two",
        "a-3.jpg": b"three",
    }


def test_leaves_files_alone_that_were_there(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"mine")
    extracted(named(open_camera(), 1, "a.jpg", b"theirs"), tmp_path)
    assert (tmp_path / "a.jpg").read_bytes() == b"mine"
    assert (tmp_path / "a-2.jpg").read_bytes() == b"theirs"


def test_refuses_a_folder_that_it_has_filled_unless_forced(tmp_path: Path) -> None:
    story = named(open_camera(), 1, "a.jpg", b"x")
    extracted(story, tmp_path)
    with pytest.raises(ExtractError, match=r"manifest\.json: is there already"):
        extracted(story, tmp_path)
    extracted(story, tmp_path, force=True)
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", MANIFEST]


def test_does_not_follow_a_link_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").symlink_to(outside)
    extracted(named(open_camera(), 1, "a.jpg", b"theirs"), tmp_path / "out", force=True)
    assert outside.read_bytes() == b"mine"
    assert (tmp_path / "out" / "a.jpg").read_bytes() == b"theirs"


def test_writes_hostile_names_inside_the_folder_only(tmp_path: Path) -> None:
    story = open_camera()
    for handle, name in enumerate(("../up.jpg", "/abs.jpg", "..", "a/b.jpg", "nul", ".part", MANIFEST), 1):
        story = named(story, handle, name, b"x")
    extracted(story, tmp_path / "deep" / "out")
    assert os.listdir(tmp_path) == ["deep"]
    assert os.listdir(tmp_path / "deep") == ["out"]
    names = os.listdir(tmp_path / "deep" / "out")
    assert len(names) == 8
    assert json.loads((tmp_path / "deep" / "out" / MANIFEST).read_text())["files"]


def test_names_an_incomplete_object_so_and_says_what_is_missing(tmp_path: Path) -> None:
    whole = named(open_camera(), 7, "IMG_1.JPG", PHOTO).packets()
    big = [index for index in damage.segments(whole) if len(whole[index].payload) > 1000]
    manifest = extracted(damage.drop(whole, big[1]), tmp_path)
    (one,) = manifest["files"]  # type: ignore[misc]
    assert one["file"] == "IMG_1.JPG.partial"
    assert (one["complete"], one["sha256"]) == (False, None)
    (hole,) = one["missing"]
    written = (tmp_path / "IMG_1.JPG.partial").read_bytes()
    assert len(written) == len(PHOTO)
    end = hole["offset"] + hole["bytes"]
    assert written == PHOTO[: hole["offset"]] + bytes(hole["bytes"]) + PHOTO[end:]


def test_calls_an_object_partial_whose_end_is_not_known(tmp_path: Path) -> None:
    extracted(partial(open_camera(), 0, 1000), tmp_path)
    assert (tmp_path / "object-00000007.partial").read_bytes() == PHOTO[:1000]


def test_writes_only_what_is_asked_for(tmp_path: Path) -> None:
    story = named(open_camera(), 7, "a.jpg", PHOTO).transaction(GET_THUMB, 7, data_in=b"thumb")
    extracted(story, tmp_path / "thumbnails", kinds=("thumbnails",))
    assert sorted(os.listdir(tmp_path / "thumbnails")) == ["a-thumbnail.jpg", MANIFEST]
    assert extracted(story, tmp_path / "live", kinds=("live-view",)) == {
        "captures": ["-"],
        "files": [],
        "live_view": [],
    }


def test_says_in_one_line_what_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExtractError) as error:
        extracted(named(open_camera(), 1, "a.jpg", b"x"), tmp_path / "file")
    assert str(tmp_path / "file") in str(error.value)
    assert "\n" not in str(error.value)


def test_leaves_no_unfinished_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ptpip_analyze.objects.Objects.chunks", broken)
    with pytest.raises(KeyboardInterrupt):
        extracted(named(open_camera(), 1, "a.jpg", b"x"), tmp_path)
    assert os.listdir(tmp_path) == []


def test_takes_memory_for_a_piece_not_for_the_object(tmp_path: Path) -> None:
    data = os.urandom(24 << 20)
    path = tmp_path / "big.pcap"
    path.write_bytes(pcap_bytes(damage.super_segments(named(open_camera(), 1, "big.bin", data).packets())))
    with analyze(path, packets=False) as analysis:
        tracemalloc.start()
        try:
            extract(analysis.captures, tmp_path / "out")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "out" / "big.bin").read_bytes() == data
    assert peak < 12 << 20
