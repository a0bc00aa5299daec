"""Files out of objects: safe names, none written over, what is missing said."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.carried import Carried
from ptpip_analyze.extract import MANIFEST, ExtractError, extract, suggested_name, write_object
from ptpip_analyze.objects import Objects
from tests.support import RECORDED, ROOT
from tests.test_liveview import PICTURES, pushed, watched
from tests.test_objects import (
    GET_OBJECT_INFO,
    GET_PARTIAL,
    GET_THUMB,
    PHOTO,
    camera_of,
    object_info,
    open_camera,
    partial,
)
from tests.traffic import Conversation, Packet, conversation, damage, pcap_bytes, write_pcap


def extracted(story: Conversation | Sequence[Packet], folder: Path, **options: Any) -> dict[str, Any]:
    packets = story.packets() if isinstance(story, Conversation) else story
    with analyze(io.BytesIO(pcap_bytes(packets))) as analysis:
        return extract(analysis.captures, folder, **options)


def named(story: Conversation, handle: int, name: str, data: bytes) -> Conversation:
    return story.transaction(GET_OBJECT_INFO, handle, data_in=object_info(name, len(data))).get_object(handle, data)


def test_writes_objects_under_their_names_with_a_manifest(tmp_path: Path) -> None:
    manifest = extracted(named(open_camera(), 7, "IMG_1.JPG", PHOTO), tmp_path / "out")
    assert (tmp_path / "out" / "IMG_1.JPG").read_bytes() == PHOTO
    assert manifest == json.loads((tmp_path / "out" / MANIFEST).read_text())
    (one,) = manifest["files"]
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


def test_gives_no_complete_object_the_name_of_an_incomplete_one(tmp_path: Path) -> None:
    extracted(named(open_camera(), 1, "a.jpg.partial", b"x"), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.jpg.partial_", MANIFEST]


def test_names_an_incomplete_object_so_and_says_what_is_missing(tmp_path: Path) -> None:
    whole = named(open_camera(), 7, "IMG_1.JPG", PHOTO).packets()
    big = [index for index in damage.segments(whole) if len(whole[index].payload) > 1000]
    manifest = extracted(damage.drop(whole, big[1]), tmp_path)
    (one,) = manifest["files"]
    assert one["file"] == "IMG_1.JPG.partial"
    assert (one["complete"], one["sha256"]) == (False, None)
    (hole,) = one["missing"]
    written = (tmp_path / "IMG_1.JPG.partial").read_bytes()
    assert len(written) == len(PHOTO)  # what is missing lies in the middle
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
        "captures": ["<capture>"],
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


def test_numbers_the_pictures_of_live_view_and_tells_how_they_came(tmp_path: Path) -> None:
    packets = watched("canon").packets()
    big = [index for index in damage.segments(packets) if len(packets[index].payload) > 1000]
    manifest = extracted(damage.drop(packets, big[1]), tmp_path)
    names = ["live-view-0-000001.jpg.partial", "live-view-0-000002.jpg", "live-view-0-000003.jpg"]
    assert sorted(os.listdir(tmp_path)) == [*names, MANIFEST]
    assert [(tmp_path / name).read_bytes() for name in names[1:]] == PICTURES[1:]
    (told,) = manifest["live_view"]
    assert (told["frames"], told["incomplete"], told["files"]) == (3, 1, names)
    assert 15 < told["fps"] < 20
    assert [one["complete"] for one in manifest["files"]] == [False, True, True]


def test_leaves_the_numbers_of_live_view_to_live_view(tmp_path: Path) -> None:
    story = named(watched("canon"), 1, "live-view-0-000001.jpg", b"x")
    extracted(story, tmp_path)
    assert (tmp_path / "live-view-0-000001.jpg").read_bytes() == PICTURES[0]
    assert (tmp_path / "_live-view-0-000001.jpg").read_bytes() == b"x"


def test_writes_nothing_far_behind_the_end_of_any_file(tmp_path: Path) -> None:
    story = open_camera().transaction(0x95C1, 7, 0, 0, 4, data_in=b"near")
    manifest = extracted(story.transaction(0x95C1, 7, 0, 0xFFFFFFFF, 3, data_in=b"far"), tmp_path)
    (one,) = manifest["files"]
    assert (one["carried_bytes"], one["unwritten_bytes"]) == (7, 3)
    assert one["missing"] == [{"offset": 4, "bytes": (0xFFFFFFFF << 32) - 4}]
    assert (tmp_path / one["file"]).read_bytes() == b"near"


def test_writes_no_zeros_for_what_is_missing_at_the_end(tmp_path: Path) -> None:
    manifest = extracted(open_camera().transaction(0x1009, 7, data_in=PHOTO, announced=1 << 40), tmp_path)
    (one,) = manifest["files"]
    assert one["missing"] == [{"offset": 9000, "bytes": (1 << 40) - 9000}]
    assert (tmp_path / one["file"]).read_bytes() == PHOTO


def test_loses_no_other_file_to_one_that_can_t_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Objects.chunks

    def full(self: Objects, carried: Carried, most: int | None = None) -> Iterator[tuple[int, bytes]]:
        if carried.handle == 2 and most is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        yield from whole(self, carried, most)

    monkeypatch.setattr(Objects, "chunks", full)
    story = named(named(named(open_camera(), 1, "a.jpg", b"one"), 2, "b.jpg", b"two"), 3, "c.jpg", b"three")
    manifest = extracted(story, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "c.jpg", MANIFEST]
    assert json.loads((tmp_path / MANIFEST).read_text()) == manifest
    _, failed, _ = manifest["files"]
    assert (failed["file"], failed["sha256"], failed["name"]) == (None, None, "b.jpg")
    assert failed["error"] == f"{tmp_path / 'b.jpg'}: No space left on device"


def test_tells_a_declared_size_that_differs_from_what_was_carried(tmp_path: Path) -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 9000))
    (one,) = extracted(story.get_object(7, PHOTO[:5000]), tmp_path)["files"]
    assert (one["file"], one["declared_bytes"], one["carried_bytes"], one["complete"]) == ("a.jpg", 9000, 5000, True)
    assert one["note"] == "9,000 bytes were declared, its transfer ended after 5,000"


def test_writes_what_two_objects_had_in_the_same_place_to_two_files(tmp_path: Path) -> None:
    story = open_camera()
    for data in (PHOTO, PHOTO[::-1]):
        for start in (0, 4500):
            story = partial(story, start, 4500, data)
    manifest = extracted(story, tmp_path)
    first, second = manifest["files"]
    assert [(tmp_path / one["file"]).read_bytes() for one in (first, second)] == [PHOTO, PHOTO[::-1]]
    assert (first["note"], "taken for another object" in second["note"]) == (None, True)


def test_writes_no_file_for_a_folder(tmp_path: Path) -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 1, data_in=object_info("DCIM", 4096, 0x3001))
    story = story.transaction(GET_PARTIAL, 1, 0, 0x1000, data_in=b"")
    assert extracted(story, tmp_path / "out")["files"] == []
    assert os.listdir(tmp_path / "out") == [MANIFEST]
    extracted(story.transaction(GET_PARTIAL, 1, 0, 0x1000, data_in=b"odd"), tmp_path / "odd")
    assert (tmp_path / "odd" / "DCIM.partial").read_bytes() == b"odd"


def test_leaves_no_pushed_picture_out_without_a_word(tmp_path: Path) -> None:
    story = pushed(2).frame(b"no picture")
    for jpeg in (*PICTURES, PICTURES[0]):
        story = story.wait(0.04).frame(jpeg)
    packets = story.packets()
    (lost,) = [at for at in damage.segments(packets, "live-view") if packets[at].offset == 2 * 5018 + 28]
    manifest = extracted(damage.drop(packets, lost), tmp_path)
    (told,) = manifest["live_view"]
    assert (told["frames"], told["incomplete"], told["left_out"]) == (6, 1, {"no JPEG in it": 1})
    assert [name.endswith(".partial") for name in told["files"]] == [False, False, True, False, False, False]
    assert told["longest_interval_s"] < 0.06  # two of them have the lost picture between them
    damaged = manifest["files"][2]
    assert damaged["missing"] == [{"offset": 0, "bytes": 1448}]


def test_counts_no_answer_without_a_picture_as_one(tmp_path: Path) -> None:
    story = watched("olympus").transaction(0x9484, data_in=b"not now").wait(5).transaction(0x9484, data_in=b"nor now")
    (told,) = extracted(story, tmp_path)["live_view"]
    assert (told["frames"], told["left_out"]) == (3, {"no JPEG in it": 2})
    assert told["longest_interval_s"] < 1


def test_tells_of_live_view_of_which_no_picture_can_be_written(tmp_path: Path) -> None:
    story = camera_of("OLYMPUS", "E-M1").transaction(0x9484, data_in=b"not now")
    manifest = extracted(story, tmp_path)
    (told,) = manifest["live_view"]
    assert (told["frames"], told["bytes_min"], told["left_out"]) == (0, None, {"no JPEG in it": 1})


def test_names_the_transactions_and_frames_that_each_file_came_from(tmp_path: Path) -> None:
    story = partial(partial(open_camera(), 5000, 4000), 0, 5000).close()
    with analyze(io.BytesIO(pcap_bytes(story.packets()))) as analysis:
        (one,) = analysis.extract(tmp_path)["files"]
        rows = analysis.transactions.iloc[1:3]
        for source, (_, row) in zip(one["transactions"], rows.iterrows(), strict=True):
            for name in ("transaction", "transaction_id", "first_frame", "last_frame", "operation"):
                assert source[name] == row[name]
        assert [source["offset"] for source in one["transactions"]] == [5000, 0]
        with pytest.raises(ValueError, match="nothing is called 'photos'"):
            analysis.extract(tmp_path / "other", ["photos"])


def test_never_writes_over_the_capture_it_reads(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", named(open_camera(), 1, "a.pcap", b"x").packets())
    before = path.read_bytes()
    with analyze(path) as analysis:
        analysis.extract(tmp_path, force=True)
    assert path.read_bytes() == before
    assert (tmp_path / "a-2.pcap").read_bytes() == b"x"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_extracts_what_was_recorded(path: Path, tmp_path: Path) -> None:
    with analyze(path) as analysis:
        manifest = analysis.extract(tmp_path)
        table = analysis.objects
    listed = [one["sha256"] for one in manifest["files"]]
    assert listed == [None if pd.isna(one) else one for one in table["sha256"]]
    for one in manifest["files"]:
        data = (tmp_path / one["file"]).read_bytes()
        assert one["file"].endswith(".partial") == (one["complete"] is not True)
        if one["complete"]:
            assert hashlib.sha256(data).hexdigest() == one["sha256"]
            assert len(data) == one["carried_bytes"] == one["declared_bytes"]
            if one["format"] in ("EXIF_JPEG", "JFIF"):
                assert (data[:3], data[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


CAPTURES = ROOT.parent / "shared" / "captures"


def declared_pixels(analysis: Analysis) -> dict[tuple[int, int, str], tuple[int, int]]:
    """Width and height that ObjectInfo tells of a picture and of its thumbnail, by session and handle."""
    told: dict[tuple[int, int, str], tuple[int, int]] = {}
    for row in analysis.transactions.query("operation == 'GetObjectInfo' and response == 'OK'").to_dict("records"):
        info = analysis.dataset(row)
        for kind, name in (("object", "image"), ("thumbnail", "thumb")):
            size = info and (info.value(f"{name}PixWidth"), info.value(f"{name}PixHeight"))
            if size and all(size):
                told[row["session"], row["parameters"][0], kind] = size
    return told


@pytest.mark.parametrize(
    "path", [*RECORDED, *sorted(CAPTURES.glob("*.pcap"))], ids=lambda path: f"{path.parent.parent.name}-{path.name}"
)
def test_extracts_pictures_that_an_image_library_opens_in_their_declared_size(path: Path, tmp_path: Path) -> None:
    with analyze(path, packets=False) as analysis:
        manifest = analysis.extract(tmp_path)
        told = declared_pixels(analysis)
    compared = 0
    for one in manifest["files"]:
        path_of_file = tmp_path / one["file"]
        if not one["complete"]:
            continue
        if path_of_file.read_bytes()[:3] != b"\xff\xd8\xff":
            assert one.get("format") not in ("EXIF_JPEG", "JFIF")
            assert one["kind"] != "live-view"
            continue
        with Image.open(path_of_file) as picture:
            picture.load()
            size = told.get((one["session"], one.get("handle"), one["kind"]))
            assert size in (None, picture.size)
            compared += size is not None
    assert compared > 1 or path.name != "list-and-get.pcapng"


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="captures of other programs are not at hand")
def test_finds_the_same_photo_in_captures_of_other_programs() -> None:
    digests: dict[str, set[str]] = {}
    for name in ("eos-getall", "eos-midstream-skip20", "net-loss3-s2c"):
        with analyze(CAPTURES / f"{name}.pcap", packets=False) as analysis:
            for row in analysis.objects.query("complete and kind == 'object'").to_dict("records"):
                digests.setdefault(row["filename"], set()).add(row["sha256"])
    assert len(digests) >= 5
    assert all(len(found) == 1 for found in digests.values())


def test_one_object_is_written_by_its_row(tmp_path: Path) -> None:
    stories = [conversation().open().get_object(1, b"first").get_object(2, b"second")]
    stories.append(conversation().open().get_object(3, b"third"))
    paths = [write_pcap(tmp_path / f"{number}.pcap", story.packets()) for number, story in enumerate(stories)]
    with analyze(paths) as found:
        for row, data in enumerate((b"first", b"second", b"third")):
            stream = io.BytesIO()
            assert write_object(found.results, row, stream) == len(data)
            assert stream.getvalue() == data
            assert suggested_name(found.results, row) == f"object-{row + 1:08X}"
        with pytest.raises(IndexError):
            write_object(found.results, 3, io.BytesIO())
