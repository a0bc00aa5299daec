"""What Sigma cameras answer."""

from __future__ import annotations

from ptpip_analyze.ptp.datasets import decode, live_view_jpeg

from .build import u8, u16, u32
from .samples import JPEG


def test_reads_a_list_of_tags() -> None:
    data = u32(25, 1) + u16(1, 3) + u32(1, 7) + b"more" + u8(0x5A)
    read = decode(data, operation=0x9030, vendor="sigma")
    assert read is not None
    assert (read.value("data"), read.value("checksum"), read.notes) == (b"more", 0x5A, ())
    assert [part.value for part in read.fields[2].parts] == [1, 3, 1, 7]


def test_notes_a_list_that_claims_too_much() -> None:
    read = decode(u32(99, 7) + u16(1, 3) + u32(1, 7), operation=0x9030, vendor="sigma")
    assert read is not None
    assert [note.text for note in read.notes] == ["says 99 bytes, there are 20", "ends inside entries 2 of 7"]


def test_finds_the_picture_of_live_view() -> None:
    assert live_view_jpeg(bytes(10) + JPEG, "sigma", 0x902B) == (10, 10 + len(JPEG))
