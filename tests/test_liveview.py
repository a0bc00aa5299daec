"""Pictures of live view, of each maker that sends them, and how steadily they come."""

from __future__ import annotations

import io
import struct

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.liveview import Frame, live_view_frames, pace
from tests.camera.jpeg import photo
from tests.test_objects import camera_of
from tests.traffic import Conversation, Packet, capture, damage, pcap_bytes

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


def test_tells_what_is_missing_of_a_picture_that_a_camera_pushes() -> None:
    packets = capture("fuji")
    pushed = damage.segments(packets, "live-view", "to-initiator")
    whole = frames(packets)
    damaged = 0
    for lost in pushed:
        found = frames(damage.drop(packets, lost))
        assert len(found) in (2, 3)
        for frame in found:
            if frame.missing:
                (jpeg,) = (one.jpeg for one in whole if len(one.jpeg) == len(frame.jpeg))
                ((start, end),) = frame.missing
                assert end is not None
                assert frame.jpeg == jpeg[:start] + bytes(end - start) + jpeg[end:]
                damaged += 1
            else:
                assert frame.jpeg in [one.jpeg for one in whole]
    assert damaged > 2
