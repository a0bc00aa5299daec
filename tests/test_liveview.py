"""Pictures of live view, of each maker that sends them, and how steadily they come."""

from __future__ import annotations

import io
import struct

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.liveview import Frame, live_view_frames, pace
from tests.camera.jpeg import photo
from tests.test_objects import camera_of
from tests.traffic import Conversation, FujiConversation, Packet, capture, damage, fuji_conversation, pcap_bytes

PICTURES = [photo(number, 64, 48, size_bytes=5000) for number in range(3)]


def canon(jpeg: bytes) -> bytes:
    return struct.pack("<IIII", 16, 4, 0, 0) + struct.pack("<II", len(jpeg) + 8, 1) + jpeg + struct.pack("<II", 8, 0)


def nikon_ex(jpeg: bytes) -> bytes:
    return struct.pack(">HHIII", 1, 0, 0, 0, len(jpeg)).ljust(1024, b"\0") + jpeg


def sony(jpeg: bytes) -> bytes:
    return struct.pack("<IIII", 64, len(jpeg), 0, 0).ljust(64, b"\0") + jpeg


CAMERAS = {
    "canon": ("Canon Inc.", "Canon EOS R5", 0x9153, 0x00200000, canon),
    "nikon": ("Nikon Corporation", "D850", 0x9203, 0, lambda jpeg: bytes(384) + jpeg),
    "nikon_ex": ("Nikon Corporation", "Z 9", 0x9428, 0, nikon_ex),
    "sony": ("Sony Corporation", "ILCE-7M4", 0x1009, 0xFFFFC002, sony),
    "fuji": ("FUJIFILM", "X-T4", 0x1009, 0x80000001, lambda jpeg: jpeg),
    "olympus": ("OLYMPUS", "E-M1", 0x9484, 0, lambda jpeg: jpeg),
    "panasonic": ("Panasonic", "DC-GH5", 0x9706, 0, lambda jpeg: bytes(180) + jpeg),
}


def watched(name: str) -> Conversation:
    manufacturer, model, operation, word, framed = CAMERAS[name]
    story = camera_of(manufacturer, model).transaction(operation, word, response=0x2019)
    for jpeg in PICTURES:
        story = story.wait(0.05).transaction(operation, word, data_in=framed(jpeg))
    return story


def frames(packets: list[Packet]) -> list[Frame]:
    with analyze(io.BytesIO(pcap_bytes(packets))) as analysis:
        return list(live_view_frames(analysis.captures[0]))


@pytest.mark.parametrize("name", CAMERAS)
def test_finds_the_pictures_of_every_maker(name: str) -> None:
    found = frames(watched(name).packets())
    assert [frame.jpeg for frame in found] == PICTURES
    assert not any(frame.missing for frame in found)
    assert [frame.session for frame in found] == [0, 0, 0]


def test_shows_zeros_where_the_capture_lacks_bytes() -> None:
    packets = watched("canon").packets()
    big = [index for index in damage.segments(packets) if len(packets[index].payload) > 1000]
    first, *others = frames(damage.drop(packets, big[1]))
    ((start, end),) = first.missing
    assert end is not None
    assert first.jpeg == PICTURES[0][:start] + bytes(end - start) + PICTURES[0][end:]
    assert [frame.jpeg for frame in others] == PICTURES[1:]


def test_says_that_it_is_not_known_how_much_of_the_last_picture_is_missing() -> None:
    story = watched("olympus")
    packets = story.request(0x9484).start_data((1 << 64) - 1).data(PICTURES[0][:3000]).packets()
    assert frames(packets)[-1].missing == ((3000, None),)


def test_measures_how_steadily_they_come() -> None:
    even = pace([0, 50_000_000, 100_000_000], [10, 20, 60])
    assert (even.fps, even.interval_s, even.jitter_s, even.longest_interval_s) == (20.0, 0.05, 0.0, 0.05)
    assert (even.frames, even.bytes_min, even.bytes_mean, even.bytes_max) == (3, 10, 30.0, 60)
    uneven = pace([0, 40_000_000, 100_000_000], [1, 1, 1], 2)
    assert (uneven.fps, uneven.incomplete, uneven.longest_interval_s) == (20.0, 2, 0.06)
    assert uneven.jitter_s == pytest.approx(0.01)
    assert pace([5], [1])[2:6] == (None, None, None, None)
    assert pace([None, None], [1, 1])[2:6] == (None, None, None, None)
    assert pace([7, 7], [1, 1]).fps is None


def test_finds_pictures_that_a_camera_pushes() -> None:
    with analyze(io.BytesIO(pcap_bytes(capture("fuji")))) as analysis:
        found = list(live_view_frames(analysis.captures[0]))
    assert [len(frame.jpeg) for frame in found] == [2900, 700, 5000]
    assert {(frame.session, frame.transaction, frame.missing) for frame in found} == {(0, None, ())}


def pushed(count: int = 5) -> FujiConversation:
    story = fuji_conversation().open()
    for number in range(count):
        story = story.wait(0.04).frame(PICTURES[number % 3])
    return story


def test_tells_what_is_missing_of_a_picture_that_a_camera_pushes() -> None:
    packets = pushed().packets()
    whole = frames(packets)
    for lost in damage.segments(packets, "live-view", "to-initiator"):
        found = frames(damage.drop(packets, lost))
        assert len(found) == len(whole) == 5
        ((damaged, before),) = ((one, two) for one, two in zip(found, whole, strict=True) if one.jpeg != two.jpeg)
        ((start, end),) = damaged.missing
        assert end is not None
        assert end - start == len(packets[lost].payload)
        # With the first segment goes the frame's header of 18 bytes: where the picture began is then not known.
        sent = bytes(18) + before.jpeg if start == 0 else before.jpeg
        assert damaged.jpeg == sent[:start] + bytes(end - start) + sent[end:]


def test_knows_no_time_of_a_picture_whose_boundaries_are_lost() -> None:
    packets = pushed().packets()
    _, second, *_ = [at for at in damage.segments(packets, "live-view") if packets[at].offset % 5018 == 0]
    with analyze(io.BytesIO(pcap_bytes(damage.drop(packets, second)))) as analysis:
        result = analysis.captures[0]
        times = [frame.time(result) for frame in live_view_frames(result)]
    assert [time is None for time in times] == [False, True, False, False, False]


def test_says_why_a_picture_that_was_pushed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pushed(1).frame(b"no picture at all").frame(PICTURES[1]).packets()
    assert [frame.left_out for frame in frames(whole)] == [None, "no JPEG in it", None]
    monkeypatch.setattr("ptpip_analyze.liveview.MOST_FRAME_BYTES", 5000)
    found = frames(pushed(2).frame(b"\xff\xd8\xff\xd9").packets())
    assert [(frame.left_out is None, frame.jpeg) for frame in found] == [
        (False, b""),
        (False, b""),
        (True, b"\xff\xd8\xff\xd9"),
    ]
    assert {frame.left_out for frame in found} == {None, "larger than 64 MiB"}


def test_says_why_a_picture_that_was_asked_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    story = watched("olympus").transaction(0x9484, data_in=b"not now").transaction(0x9484, data_in=b"")
    assert [frame.left_out for frame in frames(story.packets())] == [None, None, None, "no JPEG in it"]
    monkeypatch.setattr("ptpip_analyze.liveview.MOST_FRAME_BYTES", 4999)
    assert {frame.left_out for frame in frames(watched("olympus").packets())} == {"larger than 64 MiB"}


def test_leaves_out_a_picture_of_which_no_byte_is_there() -> None:
    packets = watched("olympus").packets()
    big = [index for index in damage.segments(packets) if len(packets[index].payload) > 600]
    found = frames(damage.drop(packets, *big[4:8]))
    assert [(frame.left_out, len(frame.jpeg)) for frame in found] == [
        (None, 5000),
        ("no byte of it is in the capture", 0),
        (None, 5000),
    ]


def test_takes_a_thumbnail_for_no_picture_where_more_is_missing() -> None:
    thumbnail = b"\xff\xd8\xff\xe1" + bytes(400) + b"\xff\xd9"
    jpeg = b"\xff\xd8\xff\xe1" + bytes(2000) + thumbnail + bytes(3000) + b"\xff\xd9"
    story = camera_of("OLYMPUS", "E-M1").transaction(0x9484, data_in=jpeg, style="tail", chunk=1000)
    packets = story.packets()
    big = [index for index in damage.segments(packets) if len(packets[index].payload) > 300]
    for lost in big[-6:]:
        (frame,) = frames(damage.drop(packets, lost))
        assert (len(frame.jpeg), len(frame.missing)) == (len(jpeg), 1)


def test_counts_no_interval_over_a_picture_that_is_not_there() -> None:
    found = pace([0, 50_000_000, None, 150_000_000, 200_000_000], [1, 1, 1, 1])
    assert (found.fps, found.jitter_s, found.longest_interval_s) == (20.0, 0.0, 0.05)
    assert pace([], []) == (0, 0, None, None, None, None, None, None, None)
