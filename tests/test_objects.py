"""Objects out of transactions: every byte in its place, and nothing called complete that may not be."""

from __future__ import annotations

import hashlib
import io
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.carried import Carried
from ptpip_analyze.objects import Objects, _Session
from ptpip_analyze.ptp.objects import Info
from tests.traffic import TO_RESPONDER, Conversation, Packet, conversation, damage, pcap_bytes
from tests.traffic.conversation import device_info

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
        objects = Objects(result)
        return [(one, dict(objects.chunks(one))) for one in objects.found]


def bytes_of(pieces: dict[int, bytes]) -> bytes:
    return b"".join(pieces[offset] for offset in sorted(pieces))


def open_camera() -> Conversation:
    return conversation().open()


def test_tells_an_object_with_what_was_said_of_it() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("IMG_1.JPG", len(PHOTO)))
    ((one, pieces),) = found(story.get_object(7, PHOTO, style="tail", chunk=700))
    assert (one.kind, one.upload, one.handle, one.complete, one.size) == ("object", False, 7, True, len(PHOTO))
    assert one.info is not None
    assert (one.info.filename, one.info.format, one.info.size) == ("IMG_1.JPG", 0x3801, len(PHOTO))
    assert bytes_of(pieces) == PHOTO


def test_has_all_of_an_object_of_which_only_start_data_is_lost() -> None:
    for story in (open_camera().get_object(7, PHOTO, style="tail", chunk=700), open_camera().send_object(PHOTO)):
        packets = story.packets()
        start = next(at for at in damage.segments(packets) if packets[at].payload[4:5] == b"\x09")
        ((one, pieces),) = found(damage.drop(packets, start))
        assert (one.complete, one.size, one.unplaced, one.missing) == (True, len(PHOTO), 0, [])
        assert bytes_of(pieces) == PHOTO


def test_takes_what_was_said_before_an_object_over_what_is_said_later() -> None:
    story = open_camera().get_object(7, b"a").transaction(GET_OBJECT_INFO, 7, data_in=object_info("old.jpg", 1))
    story = story.get_object(7, b"b").transaction(GET_OBJECT_INFO, 7, data_in=object_info("new.jpg", 1))
    names = [one.info.filename for one, _ in found(story.get_object(7, b"c")) if one.info]
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
    assert (one.complete, one.size, one.partial) == (True, len(PHOTO), True)
    assert len(one.transactions) == len(order)
    assert bytes_of(pieces) == PHOTO


def test_puts_overlapping_parts_together() -> None:
    story = partial(partial(partial(open_camera(), 1000, 3000), 0, 2000), 3500, 9000)
    ((one, pieces),) = found(story)
    assert one.complete is True
    assert bytes_of(pieces) == PHOTO


def test_does_not_know_the_end_of_parts_that_were_all_as_long_as_asked_for() -> None:
    ((one, _),) = found(partial(partial(open_camera(), 0, 3000), 3000, 3000))
    assert (one.complete, one.size, one.canvas.bytes, one.missing) == (None, None, 6000, [])


def test_knows_the_end_of_parts_by_the_size_that_was_said() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", len(PHOTO)))
    ((one, _),) = found(partial(partial(story, 0, 3000), 3000, 3000))
    assert (one.complete, one.missing) == (False, [(6000, 9000)])


def test_names_the_part_that_nobody_asked_for_as_missing() -> None:
    ((one, pieces),) = found(partial(partial(open_camera(), 0, 2000), 5000, 9000))
    assert (one.complete, one.missing) == (False, [(2000, 5000)])
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
    assert [one.missing for one, _ in found(both)] == [[], [(0, 4000)]]


def test_begins_a_new_object_when_a_complete_one_is_fetched_again() -> None:
    story = partial(open_camera(), 0, 9999)
    assert [bytes_of(pieces) for _, pieces in found(partial(story, 0, 9999, b"x" * 10))] == [PHOTO, b"x" * 10]


def test_tells_uploads_with_the_handle_that_the_responder_gave() -> None:
    story = open_camera().transaction(0x100C, 1, 0, data_out=object_info("up.jpg", len(PHOTO)), returns=(1, 0, 0x99))
    ((one, pieces),) = found(story.transaction(0x100D, data_out=PHOTO))
    assert (one.upload, one.handle, one.complete, one.info and one.info.filename) == (True, 0x99, True, "up.jpg")
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
    ((offset, end),) = one.missing
    assert end is not None
    length = end - offset
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
        objects = Objects(analysis.captures[0])
        whole, holed = objects.found
        assert objects.sha256(whole) == hashlib.sha256(PHOTO).hexdigest()
        assert objects.sha256(holed) is None


def test_fills_a_hole_with_bytes_that_were_asked_for_again() -> None:
    story = partial(partial(open_camera(), 0, 8999), 0, 9999)
    packets = story.packets()
    lost = [
        index for index in damage.segments(packets, "command", "to-initiator") if len(packets[index].payload) > 1000
    ]
    ((one, pieces),) = found(damage.drop(packets, lost[1], lost[-2]))
    assert one.complete is True
    assert bytes_of(pieces) == PHOTO


def data_packets(packets: Sequence[Packet]) -> list[int]:
    """Packets that begin with a Data message in which 1024 bytes are."""
    begins = struct.pack("<II", 1036, 10)
    return [index for index, packet in enumerate(packets) if packet.payload.startswith(begins)]


def test_places_what_follows_a_lost_message_by_the_announced_size() -> None:
    packets = open_camera().get_object(7, PHOTO, style="tail", chunk=1024).packets()
    ((one, pieces),) = found(damage.drop(packets, data_packets(packets)[2]))
    assert (one.complete, one.missing, one.unplaced) == (False, [(2048, 3072)], 0)
    assert bytes_of(pieces) == PHOTO[:2048] + PHOTO[3072:]


def test_places_what_follows_several_lost_messages_that_were_as_long_as_the_others() -> None:
    data = PHOTO * 4
    packets = open_camera().get_object(7, data, style="tail", chunk=1024).packets()
    numbers = data_packets(packets)
    ((one, pieces),) = found(damage.drop(packets, numbers[3], numbers[20], numbers[21]))
    assert one.missing == [(3 * 1024, 4 * 1024), (20 * 1024, 22 * 1024)]
    assert bytes_of(pieces) == data[: 3 * 1024] + data[4 * 1024 : 20 * 1024] + data[22 * 1024 :]


def test_does_not_place_what_follows_a_lost_message_when_no_size_was_announced() -> None:
    story = open_camera().transaction(0x1009, 7, data_in=PHOTO, style="tail", chunk=1024, announced=(1 << 64) - 1)
    packets = story.packets()
    ((one, pieces),) = found(damage.drop(packets, data_packets(packets)[2]))
    assert (one.complete, one.missing) == (False, [(2048, None)])
    assert one.unplaced == len(PHOTO) - 3072
    assert bytes_of(pieces) == PHOTO[:2048]


def test_keeps_what_came_of_a_transfer_that_was_cancelled() -> None:
    story = open_camera().request(0x1009, 7).start_data(len(PHOTO)).data(PHOTO[:2000]).cancel()
    ((one, pieces),) = found(story.data(b"", last=True).response(0x201F).close())
    assert one.complete is False
    assert bytes_of(pieces) == PHOTO[:2000]


def test_does_not_call_complete_what_is_less_than_was_announced() -> None:
    ((one, _),) = found(open_camera().transaction(0x1009, 7, data_in=PHOTO, announced=5 << 30))
    assert (one.complete, one.missing) == (False, [(len(PHOTO), 5 << 30)])
    assert one.note == f"5,368,709,120 bytes were announced, its transfer ended after {len(PHOTO):,}"


def test_does_not_say_that_a_transfer_went_as_far_as_was_announced() -> None:
    """The object has all the bytes that were declared; Start Data counts its header, too."""
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", len(PHOTO)))
    ((one, _),) = found(story.transaction(0x1009, 7, data_in=PHOTO, announced=len(PHOTO) + 8))
    assert (one.complete, one.missing) == (False, [(len(PHOTO), len(PHOTO) + 8)])
    assert one.note == (
        f"{len(PHOTO):,} bytes were declared, {len(PHOTO) + 8:,} announced, its transfer ended after {len(PHOTO):,}"
    )


def test_gives_an_object_that_took_a_deleted_one_s_handle_no_old_name() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("old.jpg", 3)).get_object(7, b"old")
    ((first, _), (second, _)) = found(story.transaction(0x100B, 7).get_object(7, b"new"))
    assert first.info is not None
    assert (first.info.filename, second.info) == ("old.jpg", None)


def test_begins_a_new_object_when_the_camera_has_put_another_one_there() -> None:
    """Fujifilm's cameras offer each photo as object 1 in turn."""
    story = open_camera()
    for name, data in (("A.JPG", PHOTO), ("B.JPG", PHOTO[::-1])):
        story = story.transaction(GET_OBJECT_INFO, 1, data_in=object_info(name, 9000))
        story = partial(story, 0, 4000, data, 1)
    assert [(one.info and one.info.filename, bytes_of(pieces)) for one, pieces in found(story)] == [
        ("A.JPG", PHOTO[:4000]),
        ("B.JPG", PHOTO[::-1][:4000]),
    ]


def camera_of(manufacturer: str, model: str) -> Conversation:
    return conversation().open().transaction(0x1001, data_in=device_info(manufacturer, model))


def eos_added(handle: int, size: int, name: str) -> bytes:
    body = struct.pack("<IIHHIIIII", handle, 0x10001, 0x3801, 0, 0, 0x20, size, 0, handle)
    body += name.encode().ljust(16, b"\0") + struct.pack("<I", 0)
    return struct.pack("<II", len(body) + 8, 0xC181) + body + struct.pack("<II", 8, 0)


def test_names_what_canon_s_event_list_announced_and_ends_it_with_the_transfer() -> None:
    story = camera_of("Canon Inc.", "Canon EOS R5").transaction(0x9116, data_in=eos_added(9, len(PHOTO), "IMG_9.JPG"))
    for _ in range(2):
        story = story.transaction(0x9107, 9, 0, 5000, data_in=PHOTO[:5000])
        story = story.transaction(0x9107, 9, 5000, 5000, data_in=PHOTO[5000:]).transaction(0x9117, 9)
    for one, pieces in found(story):
        assert (one.complete, one.info and one.info.filename, len(one.transactions)) == (True, "IMG_9.JPG", 2)
        assert bytes_of(pieces) == PHOTO
    assert len(found(story)) == 2


def test_names_what_a_canon_folder_listed() -> None:
    entry = struct.pack("<IIHHIIIII", 9, 0x10001, 0x3801, 0, 1, 0x20, len(PHOTO), 0, 9)
    entry += b"IMG_9.JPG".ljust(16, b"\0") + struct.pack("<I", 0)
    listing = struct.pack("<II", 1, len(entry) + 4) + entry
    story = camera_of("Canon Inc.", "Canon EOS R5").transaction(0x9109, 1, 0, 0x100000, data_in=listing)
    ((one, _),) = found(story.transaction(0x9104, 9, data_in=PHOTO))
    assert one.info is not None
    assert (one.info.filename, one.info.size) == ("IMG_9.JPG", len(PHOTO))


def test_puts_parts_of_64_bit_offsets_together() -> None:
    story = open_camera().transaction(0x95C1, 7, 0, 0, 4000, data_in=PHOTO[:4000])
    ((one, _),) = found(story.transaction(0x95C1, 7, 0, 1, 4000, data_in=PHOTO[4000:5000]))
    assert (one.size, one.missing) == ((1 << 32) + 1000, [(4000, 1 << 32)])


def test_puts_parts_without_offsets_one_behind_the_other() -> None:
    story = camera_of("Nikon Corporation", "D850").transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 9000))
    for start in range(0, 9000, 3000):
        story = story.transaction(0x9400, 7, 3000, 0, data_in=PHOTO[start : start + 3000], returns=(3000, 0, 0))
    ((one, pieces),) = found(story)
    assert one.complete is True
    assert bytes_of(pieces) == PHOTO


def test_tells_parts_that_were_sent() -> None:
    story = open_camera()
    for start in (0, 4000):
        story = story.transaction(0x95C2, 7, start, 0, 4000, data_out=PHOTO[start : start + 4000])
    ((one, pieces),) = found(story)
    assert one.upload
    assert bytes_of(pieces) == PHOTO[:8000]


def test_tells_an_upload_that_mtp_announced_by_properties() -> None:
    name = text("up.jpg")
    listing = struct.pack("<IIHH", 1, 0, 0xDC07, 0xFFFF) + name
    story = open_camera().transaction(0x9808, 1, 0, 0x3801, 0, 9000, data_out=listing, returns=(1, 0, 0x99))
    ((one, _),) = found(story.transaction(0x100D, data_out=PHOTO))
    assert one.info is not None
    assert (one.handle, one.info.filename, one.info.size, one.info.format) == (0x99, "up.jpg", 9000, 0x3801)


def test_leaves_live_view_to_live_view() -> None:
    story = camera_of("Sony Corporation", "ILCE-7M4").transaction(0x1009, 0xFFFFC002, data_in=JPEG)
    assert found(story) == []
    assert [one.handle for one, _ in found(story.transaction(0x1009, 0xFFFFC001, data_in=JPEG))] == [0xFFFFC001]


def test_does_not_take_data_that_goes_the_wrong_way_for_an_object() -> None:
    story = open_camera().request(0x1009, 7).data_phase(PHOTO, TO_RESPONDER).response()
    assert found(story) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("style", ["end", "empty-end", "tail"])
def test_puts_no_byte_in_a_wrong_place_whatever_is_lost(style: str, seed: int) -> None:
    chance, data = random.Random(seed), PHOTO * 3
    story = open_camera().get_object(7, data, style=style, chunk=chance.choice([500, 1024, 4096]))
    packets = story.send_object(data, style=style).close().packets()
    for _ in range(8):
        lost = chance.sample(damage.segments(packets), chance.choice([1, 2, 5]))
        for one, pieces in found(damage.shuffle(damage.drop(packets, *lost), 3, seed)):
            assert all(data[at : at + len(piece)] == piece for at, piece in pieces.items())
            assert sum(map(len, pieces.values())) == one.canvas.bytes
            assert one.complete == (one.canvas.bytes == len(data))
            assert one.complete or one.missing


OTHER = random.Random(6).randbytes(9000)


def half(story: Conversation, data: bytes, part: int, handle: int = 7) -> Conversation:
    """The first or second half; the end of an object of 9000 bytes is told by the second one."""
    return story.transaction(
        GET_PARTIAL, handle, 4500 * part, 4500 + part, data_in=data[4500 * part : 4500 + 4500 * part]
    )


def eos_removed(kind: int, value: int) -> bytes:
    return struct.pack("<III", 12, kind, value) + struct.pack("<II", 8, 0)


SIGNS = {
    "DeleteObject": lambda story: story.transaction(0x100B, 7),
    "DeleteObject of all": lambda story: story.transaction(0x100B, 0xFFFFFFFF),
    "DeleteObject that deleted some": lambda story: story.transaction(0x100B, 0xFFFFFFFF, response=0x2012),
    "FormatStore": lambda story: story.transaction(0x100F, 0x10001, 0),
    "EOS FormatStore": lambda story: story.transaction(0x9106, 0x10001),
    "ObjectRemoved": lambda story: story.event(0x4003, 0xFFFFFFFF, 7).wait(0.01),
    "ObjectRemoved of nobody": lambda story: story.event(0x4003).wait(0.01),
    "StoreRemoved": lambda story: story.event(0x4005, 0xFFFFFFFF, 0x1FFFF).wait(0.01),
    "EOS record ObjectRemoved": lambda story: story.transaction(0x9116, data_in=eos_removed(0xC182, 7)),
    "EOS record StoreRemoved": lambda story: story.transaction(0x9116, data_in=eos_removed(0xC193, 0x10001)),
    "OpenSession": lambda story: story.transaction(0x1003).transaction(0x1002, 1),
}


@pytest.mark.parametrize("sign", SIGNS)
def test_never_makes_one_object_of_what_was_read_before_and_after_the_first_is_gone(sign: str) -> None:
    maker = ("Canon Inc.", "Canon EOS R5") if "EOS" in sign else ("Example", "Pretend Camera")
    story = half(SIGNS[sign](half(camera_of(*maker), PHOTO, 0)), OTHER, 1)
    (first, early), (second, late) = found(story)
    assert (first.complete, bytes_of(early)) == (None, PHOTO[:4500])
    assert (second.complete, second.missing, bytes_of(late)) == (False, [(0, 4500)], OTHER[4500:])


def test_forgets_names_with_their_objects() -> None:
    for sign in ("FormatStore", "ObjectRemoved"):
        story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("old.jpg", 9000)).get_object(7, PHOTO)
        ((first, _), (second, _)) = found(SIGNS[sign](story).get_object(7, OTHER))
        assert (first.info and first.info.filename, second.info) == ("old.jpg", None)


@pytest.mark.parametrize(
    "sign",
    [
        lambda story: story.transaction(0x100B, 7, response=0x200F),
        lambda story: story.transaction(0x100B, 8),
        lambda story: story.transaction(0x100F, 0x10001, response=0x200E),
        lambda story: story.transaction(0x100F, 0x20001, 0),
        lambda story: story.event(0x4003, 0xFFFFFFFF, 8).wait(0.01),
        lambda story: story.event(0x4005, 0xFFFFFFFF, 0x20001).wait(0.01),
        lambda story: story.event(0xC202, 0xFFFFFFFF, 7).wait(0.01),  # Sony's, of a camera that isn't Sony's
    ],
)
def test_goes_on_with_an_object_while_others_go(sign: Callable[[Conversation], Conversation]) -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 9000))
    ((one, pieces),) = found(half(sign(half(story, PHOTO, 0)), PHOTO, 1))
    assert (one.complete, one.note, bytes_of(pieces)) == (True, None, PHOTO)


def test_takes_an_object_that_is_deleted_with_its_folder_for_gone() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 3, data_in=object_info("DCIM", 0, 0x3001))
    story = half(half(story, PHOTO, 0).transaction(0x100B, 3), OTHER, 1)
    assert [one.complete for one, _ in found(story)] == [None, False]


def test_keeps_an_object_that_another_one_takes_the_place_of_without_a_word() -> None:
    story = open_camera()
    for data in (PHOTO, OTHER):
        for start in (0, 4500):
            story = partial(story, start, 4500, data)
    (first, early), (second, late) = found(story)
    assert [bytes_of(early), bytes_of(late)] == [PHOTO, OTHER]
    assert (first.note, len(first.transactions), len(second.transactions)) == (None, 2, 2)
    assert second.note is not None
    assert "taken for another object" in second.note


def test_gives_another_object_its_beginning_though_it_is_the_same_as_the_first_one_s() -> None:
    story, other = open_camera(), PHOTO[:16] + OTHER[16:]
    for data in (PHOTO, other):
        story = partial(partial(partial(story, 0, 16, data), 5000, 4000, data), 16, 4984, data)
    assert [(bytes_of(pieces), len(one.transactions)) for one, pieces in found(story)] == [(PHOTO, 3), (other, 3)]


def test_takes_what_was_read_twice_for_one_object_while_it_is_the_same() -> None:
    """Programs read the beginning for what Exif says, and then all of it."""
    ((one, pieces),) = found(partial(partial(open_camera(), 0, 1000), 0, 9999))
    assert (one.complete, len(one.transactions), bytes_of(pieces)) == (True, 2, PHOTO)


def test_begins_a_new_object_behind_the_end_of_a_complete_one() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 4500))
    story = half(half(story, PHOTO, 0), PHOTO, 1)
    assert [(one.complete, one.canvas.bytes) for one, _ in found(story)] == [(True, 4500), (False, 4500)]


def test_does_not_believe_parts_to_be_the_last_one_of_a_camera_that_never_gives_as_many_as_it_is_asked_for() -> None:
    story = open_camera()
    for start in (0, 3000, 6000):
        story = story.transaction(GET_PARTIAL, 7, start, 9000, data_in=PHOTO[start : start + 3000])
    ((one, pieces),) = found(story)
    assert (one.complete, bytes_of(pieces)) == (None, PHOTO)
    ((one, _),) = found(story.transaction(GET_PARTIAL, 7, 9000, 9000, data_in=b""))
    assert one.complete is True


def test_cannot_know_the_end_where_the_declared_size_and_the_last_part_contradict_each_other() -> None:
    """A part shorter than asked for is the last one by PIMA 15740; a camera's limit looks the same."""
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 100_000))
    ((one, pieces),) = found(partial(partial(story, 0, 5000), 5000, 5000))
    assert (one.complete, one.missing, one.declared, one.ended) == (None, [], 100_000, 9000)
    assert one.note == "100,000 bytes were declared, its transfer ended after 9,000"
    assert bytes_of(pieces) == PHOTO


def test_believes_the_last_part_where_the_declared_size_is_what_a_maker_says_of_every_object() -> None:
    story = camera_of("FUJIFILM", "X-T4").transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 0x19000))
    ((one, _),) = found(partial(partial(story, 0, 5000), 5000, 5000))
    assert (one.complete, one.size, one.declared) == (True, 9000, 0x19000)
    assert one.note == "102,400 bytes were declared, its transfer ended after 9,000"


def test_says_that_a_whole_transfer_was_not_as_large_as_declared() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 9000))
    ((one, _),) = found(story.get_object(7, PHOTO[:5000]))
    assert (one.complete, one.note) == (True, "9,000 bytes were declared, its transfer ended after 5,000")
    ((one, _),) = found(open_camera().get_object(7, PHOTO))
    assert one.note is None


def test_says_that_more_was_carried_than_declared() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 5000))
    ((one, _),) = found(partial(story, 0, 9000))
    assert (one.complete, one.note) == (None, "5,000 bytes were declared, 9,000 were transferred")


def test_names_what_is_missing_at_the_end_of_the_last_part() -> None:
    packets = partial(open_camera(), 0, 9999).packets()
    big = [at for at in damage.segments(packets, "command", "to-initiator") if len(packets[at].payload) > 300]
    ((one, _),) = found(damage.drop(packets, big[-1]))
    ((start, end),) = one.missing
    assert (one.complete, end) == (False, 9000)
    assert start == one.canvas.bytes


def test_ends_parts_without_offsets_where_the_initiator_says_so() -> None:
    """Nikon's GetPartialObjectHiSpeed: the third parameter is Terminate."""
    story = camera_of("Nikon Corporation", "D850")
    for data in (PHOTO, OTHER):
        for start in (0, 1000):
            story = story.transaction(0x9400, 7, 1000, int(start > 0), data_in=data[start : start + 1000])
    assert [bytes_of(pieces) for _, pieces in found(story)] == [PHOTO[:2000], OTHER[:2000]]


def test_does_not_call_a_cancelled_transfer_complete_that_was_carried_to_its_end() -> None:
    story = open_camera().request(0x1009, 7).start_data(len(PHOTO)).data(PHOTO[:5000]).cancel()
    ((one, pieces),) = found(story.data(PHOTO[5000:], last=True))
    assert (one.complete, bytes_of(pieces)) == (False, PHOTO)


def test_gives_an_upload_no_name_that_was_announced_in_another_session() -> None:
    story = open_camera().transaction(0x100C, 1, 0, data_out=object_info("old.jpg", 9000), returns=(1, 0, 0x99))
    ((one, _),) = found(story.transaction(0x1003).transaction(0x1002, 1).transaction(0x100D, data_out=PHOTO))
    assert (one.handle, one.info) == (None, None)


def test_follows_an_object_to_the_store_that_was_told_last() -> None:
    state = _Session()
    state.learn(7, Info("a.jpg", store=0x10001))
    state.learn(7, Info("a.jpg", store=0x20001))
    state.forget_store(0x1FFFF)
    assert 7 in state.infos
    state.forget_store(0x20001)
    assert 7 not in state.infos


def test_tells_objects_in_the_order_in_which_they_began() -> None:
    story, other = open_camera(), PHOTO[:16] + OTHER[16:]
    story = partial(partial(partial(story, 0, 16), 16, 4984), 0, 16, other).get_object(8, PHOTO)
    found_now = found(partial(story, 16, 4984, other))
    assert [(one.handle, one.transactions[0]) for one, _ in found_now] == [(7, 1), (7, 3), (8, 4)]


class NotWalked(dict[Any, Any]):
    """A table in which things are found by their key, or not at all."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("walked over")

    keys = values = items = __iter__  # type: ignore[assignment]


def test_forgets_an_object_without_looking_at_all_others() -> None:
    state = _Session()
    state.open, state.infos, state.nameless = NotWalked(), NotWalked(), NotWalked()
    state.stores = NotWalked()
    for handle in range(100):
        state.open[handle] = {}
        state.learn(handle, Info("a.jpg", store=0x10001))
    state.forget(7)
    state.forget_store(0x10001)
    assert len(state.open) == len(state.infos) == 0
