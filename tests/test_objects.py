"""Objects out of transactions: every byte in its place, and nothing called complete that may not be."""

from __future__ import annotations

import hashlib
import io
import random
import struct
from collections.abc import Sequence

import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.objects import Carried, Objects, live_view_frames, pieces_of, plan_of, sha256_of
from tests.traffic import Conversation, Packet, capture, conversation, damage, pcap_bytes

PHOTO = random.Random(5).randbytes(9000)
JPEG = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"
GET_OBJECT_INFO, GET_THUMB, GET_PARTIAL, GET_RESIZED = 0x1008, 0x100A, 0x101B, 0x1022


def text(value: str) -> bytes:
    units = (value + "\0").encode("utf-16-le") if value else b""
    return bytes([len(units) // 2]) + units


def object_info(name: str, size: int, form: int = 0x3801) -> bytes:
    return (
        struct.pack("<IHHIHIIIIIIIHII", 0x10001, form, 0, size, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        + text(name)
        + b"\0\0\0"
    )


def told(packets: Sequence[Packet]) -> Analysis:
    return analyze(io.BytesIO(pcap_bytes(packets)))


def found(story: Conversation | Sequence[Packet]) -> list[tuple[Carried, dict[int, bytes]]]:
    """The objects, each with its pieces by offset."""
    packets = story.packets() if isinstance(story, Conversation) else story
    with told(packets) as analysis:
        result = analysis.captures[0]
        return [(one, dict(pieces_of(result, one))) for one in Objects(result).found]


def bytes_of(pieces: dict[int, bytes]) -> bytes:
    return b"".join(pieces[offset] for offset in sorted(pieces))


def open_camera() -> Conversation:
    return conversation().open()


def test_tells_an_object_with_what_was_said_of_it() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("IMG_1.JPG", len(PHOTO)))
    ((one, pieces),) = found(story.get_object(7, PHOTO, style="tail", chunk=700))
    assert (one.kind, one.upload, one.handle, one.complete, one.end) == ("object", False, 7, True, len(PHOTO))
    assert one.info is not None
    assert (one.info.name, one.info.format, one.info.size) == ("IMG_1.JPG", 0x3801, len(PHOTO))
    assert bytes_of(pieces) == PHOTO


def test_takes_what_was_said_before_an_object_over_what_is_said_later() -> None:
    story = open_camera().get_object(7, b"a").transaction(GET_OBJECT_INFO, 7, data_in=object_info("old.jpg", 1))
    story = story.get_object(7, b"b").transaction(GET_OBJECT_INFO, 7, data_in=object_info("new.jpg", 1))
    names = [one.info.name for one, _ in found(story.get_object(7, b"c")) if one.info]
    assert names == ["old.jpg", "old.jpg", "new.jpg"]


def test_counts_a_whole_object_that_is_fetched_again_as_another_one() -> None:
    assert [one.handle for one, _ in found(open_camera().get_object(7, PHOTO).get_object(7, PHOTO))] == [7, 7]


def partial(story: Conversation, offset: int, most: int, data: bytes = PHOTO, handle: int = 7) -> Conversation:
    return story.transaction(GET_PARTIAL, handle, offset, most, data_in=data[offset : offset + most])


@pytest.mark.parametrize(
    "order", [(0, 4000, 8000), (8000, 0, 4000), (4000, 0, 8000), (0, 0, 4000, 4000, 8000)], ids=str
)
def test_puts_parts_together_in_any_order(order: tuple[int, ...]) -> None:
    story = open_camera()
    for offset in order:
        story = partial(story, offset, 4000)
    ((one, pieces),) = found(story)
    assert (one.complete, one.end, one.partial) == (True, len(PHOTO), True)
    assert len(one.transactions) == len(order)
    assert bytes_of(pieces) == PHOTO


def test_puts_overlapping_parts_together() -> None:
    story = partial(partial(partial(open_camera(), 1000, 3000), 0, 2000), 3500, 9000)
    ((one, pieces),) = found(story)
    assert one.complete is True
    assert bytes_of(pieces) == PHOTO


def test_does_not_know_the_end_of_parts_that_were_all_as_long_as_asked_for() -> None:
    ((one, _),) = found(partial(partial(open_camera(), 0, 3000), 3000, 3000))
    assert (one.complete, one.end, one.carried, one.missing()) == (None, None, 6000, [])


def test_knows_the_end_of_parts_by_the_size_that_was_said() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", len(PHOTO)))
    ((one, _),) = found(partial(partial(story, 0, 3000), 3000, 3000))
    assert (one.complete, one.missing()) == (False, [(6000, 3000)])


def test_names_the_part_that_nobody_asked_for_as_missing() -> None:
    ((one, pieces),) = found(partial(partial(open_camera(), 0, 2000), 5000, 9000))
    assert (one.complete, one.missing()) == (False, [(2000, 3000)])
    assert bytes_of(pieces) == PHOTO[:2000] + PHOTO[5000:]


def test_keeps_parts_of_two_objects_and_two_sessions_apart() -> None:
    story = partial(partial(open_camera(), 0, 4000), 0, 4000, PHOTO[::-1], 8)
    assert [(one.handle, bytes_of(pieces)) for one, pieces in found(partial(story, 4000, 9000))] == [
        (7, PHOTO),
        (8, PHOTO[::-1][:4000]),
    ]
    both = damage.in_turn(
        partial(open_camera(), 0, 4000).close().packets(), partial(conversation(seed=8).open(), 4000, 9000).packets()
    )
    assert [one.missing() for one, _ in found(both)] == [[], [(0, 4000)]]


def test_begins_a_new_object_when_a_complete_one_is_fetched_again() -> None:
    story = partial(open_camera(), 0, 9999)
    assert [bytes_of(pieces) for _, pieces in found(partial(story, 0, 9999, b"x" * 10))] == [PHOTO, b"x" * 10]


def test_tells_uploads_with_the_handle_that_the_responder_gave() -> None:
    story = open_camera().transaction(0x100C, 1, 0, data_out=object_info("up.jpg", len(PHOTO)), returns=(1, 0, 0x99))
    ((one, pieces),) = found(story.transaction(0x100D, data_out=PHOTO))
    assert (one.upload, one.handle, one.complete, one.info and one.info.name) == (True, 0x99, True, "up.jpg")
    assert bytes_of(pieces) == PHOTO


def test_tells_thumbnails_and_pictures_made_smaller_apart_from_objects() -> None:
    story = open_camera().transaction(GET_THUMB, 7, data_in=b"t").transaction(GET_RESIZED, 7, 640, 480, data_in=b"p")
    assert [one.kind for one, _ in found(story)] == ["thumbnail", "preview"]


def test_leaves_out_what_the_responder_refused() -> None:
    story = open_camera().request(0x1009, 7).response(0x2009)
    assert found(story) == []


def test_names_the_hole_that_a_lost_segment_left() -> None:
    whole = open_camera().get_object(7, PHOTO).packets()
    big = [index for index in damage.segments(whole) if len(whole[index].payload) > 1000]
    packets = damage.drop(whole, big[2])
    ((one, pieces),) = found(packets)
    ((offset, length),) = one.missing()
    assert (one.complete, length) == (False, len(whole[big[2]].payload))
    assert all(PHOTO[at : at + len(data)] == data for at, data in pieces.items())
    assert bytes_of(pieces) == PHOTO[:offset] + PHOTO[offset + length :]


def test_knows_that_bytes_never_came_when_the_capture_ends() -> None:
    packets = open_camera().get_object(7, PHOTO).packets()
    ((one, _),) = found(packets[: damage.segments(packets)[-2]])
    assert one.complete is False
    assert one.size == len(PHOTO)


def test_digests_complete_objects_only() -> None:
    packets = partial(partial(open_camera().get_object(7, PHOTO), 0, 100, handle=8), 200, 100, handle=8).packets()
    with told(packets) as analysis:
        result = analysis.captures[0]
        whole, holed = Objects(result).found
        assert sha256_of(result, whole) == hashlib.sha256(PHOTO).hexdigest()
        assert sha256_of(result, holed) is None


@pytest.mark.parametrize("seed", range(30))
def test_keeps_the_first_copy_of_every_byte_wherever_parts_overlap(seed: int) -> None:
    chance = random.Random(seed)
    one = Carried(0, "object", False, 1, True)
    truth: dict[int, int] = {}
    for part in range(12):
        offset, length = chance.randrange(60), chance.randrange(1, 25)
        for at in range(offset, offset + length):
            truth.setdefault(at, 1000 * part + at - offset)
        one.put(offset, length, 1000 * part)
        assert one.parts == sorted(one.parts)
    here = {at + step: position + step for at, size, position in one.parts for step in range(size)}
    assert here == truth
    assert one.carried == len(truth)


def test_plans_by_the_vendor_s_own_operations() -> None:
    assert plan_of(0x9107, None) is None
    eos = plan_of(0x9107, "canon_eos")
    assert eos is not None
    assert (eos.kind, eos.handle, eos.offset, eos.most, eos.partial) == ("object", 0, 1, 2, True)
    wide = plan_of(0x95C1, "android")
    assert wide is not None
    assert (wide.offset, wide.offset_high, wide.most) == (1, 2, 3)


def test_finds_live_view_frames_by_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    block = struct.pack("<II", len(JPEG) + 8, 1) + JPEG
    story = open_camera()
    for _ in range(3):
        story = story.wait(0.05).transaction(0x9153, 0x00200000, data_in=block)
    with told(story.packets()) as analysis:
        result = analysis.captures[0]
        assert list(live_view_frames(result)) == []  # nothing tells whose camera it is
        result.__dict__["vendors"] = ["canon_eos"]
        frames = list(live_view_frames(result))
        assert [frame.jpeg for frame in frames] == [JPEG] * 3
        assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
        assert Objects(result).found == []


def test_finds_frames_that_a_camera_pushes() -> None:
    with told(capture("fuji")) as analysis:
        found = list(live_view_frames(analysis.captures[0]))
    assert [len(frame.jpeg) for frame in found] == [2900, 700, 5000]
    assert all(frame.jpeg.startswith(b"\xff\xd8") and frame.jpeg.endswith(b"\xff\xd9") for frame in found)
    assert {(frame.session, frame.transaction) for frame in found} == {(0, None)}
