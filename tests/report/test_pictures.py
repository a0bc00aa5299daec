"""Pictures on the page: decoded, bounded, written anew."""

from __future__ import annotations

import base64
import io
import random
import struct
import warnings

import pytest
from PIL import Image

from ptpip_analyze.report import pictures as module
from ptpip_analyze.report.pictures import Budget, NoPictureError, carried, live_views, small
from ptpip_analyze.report.texts import Anchors
from tests.camera.jpeg import photo
from tests.traffic import conversation, fuji_conversation

from .conftest import PICTURE, everything, whole


def opened(source: str) -> Image.Image:
    head, _, data = source.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)), formats=["JPEG"])


def test_shrinks_a_picture_and_keeps_its_shape() -> None:
    found = small(photo(1, 640, 320), Budget())
    assert (found["width"], found["height"], found["real"]) == (176, 88, "640 × 320")
    assert opened(found["src"]).size == (176, 88)


def test_finds_a_picture_behind_other_bytes() -> None:
    assert small(b"RAW\0" * 50 + PICTURE, Budget())["real"] == "96 × 64"


def test_takes_over_no_byte_of_what_a_picture_says_of_itself() -> None:
    evil = b"<script>GPS 12.3</script>"
    comment = b"\xff\xfe" + struct.pack(">H", len(evil) + 2) + evil
    found = small(PICTURE[:2] + comment + PICTURE[2:], Budget())
    written = base64.b64decode(found["src"].partition(",")[2])
    assert b"script" not in written
    assert b"Simulated" in PICTURE
    assert b"Simulated" not in written
    assert not opened(found["src"]).getexif()


def test_shows_a_part_of_a_picture_that_is_cut_off() -> None:
    assert small(PICTURE[: len(PICTURE) // 2], Budget())["real"] == "96 × 64"


@pytest.mark.parametrize(
    "data", [b"", b"plain text", b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(500), b"\xff\xd8\xff"]
)
def test_says_why_there_is_no_picture(data: bytes) -> None:
    with pytest.raises(NoPictureError):
        small(data, Budget())


def test_decodes_no_picture_that_is_too_large() -> None:
    frame = PICTURE.index(b"\xff\xc0")
    huge = PICTURE[: frame + 5] + struct.pack(">HH", 12500, 10000) + PICTURE[frame + 9 :]
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(NoPictureError, match="10000 × 12500 pixels are too many"),
    ):
        small(huge, Budget())


@pytest.mark.parametrize("budget", [Budget(pictures=1), Budget(text=1), Budget(pixels=1)])
def test_stops_where_enough_was_shown_and_counts_the_others(budget: Budget) -> None:
    small(PICTURE, budget)
    with pytest.raises(NoPictureError, match="enough"):
        small(PICTURE, budget)
    assert budget.refused == 1


def test_shows_objects_with_what_the_table_says_of_them() -> None:
    with whole(everything()) as analysis:
        found, left = carried(analysis.results, Budget(), Anchors())
        rows = analysis.objects
        assert [one["kind"] for one in found] == rows["kind"].tolist() == ["thumbnail", "object", "upload"]
        assert [one["complete"] for one in found] == rows["complete"].tolist()
        assert [one["frame"] for one in found] == rows["frame"].tolist()
        assert [one["last_frame"] for one in found] == rows["last_frame"].tolist()
        assert found[1]["name"] == "DSC_0007.JPG"
        assert found[1]["picture"]["real"] == "96 × 64"
        assert (found[2]["picture"], found[2]["why"]) == (None, "no JPEG")
        assert left == []


def test_counts_the_objects_that_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_OBJECTS", 2)
    talk = conversation().open()
    for handle in range(5):
        talk.get_object(handle, b"text")
    with whole(talk.close()) as analysis:
        found, left = carried(analysis.results, Budget(), Anchors())
        assert len(found) == 2
        assert left == ["3 objects more: ptpip-analyze objects, or extract."]


def test_shows_some_frames_of_live_view_evenly() -> None:
    talk = fuji_conversation().init().open_session()
    for number in range(40):
        talk.wait(0.04).frame(photo(number % 3, 64, 48))
    from tests.support import analysed

    with analysed(talk.close().packets()) as analysis:
        (found,), left = live_views(analysis.results, Budget())
        assert left == []
        assert found["frames"] == 40
        assert found["fps"] == pytest.approx("25.0") or 20 < float(found["fps"]) <= 25
        frames = [one["frame"] for one in found["pictures"]]
        assert len(frames) == module.FRAMES_SHOWN
        assert max(frames) > len(analysis.packets) / 2
