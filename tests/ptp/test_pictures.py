"""Where a JPEG lies in a payload."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptp.pictures import find_jpeg, kind_text, told_jpeg

JPEG = b"\xff\xd8\xff\xdb" + b"picture" * 9 + b"\xff\xd9"


def test_finds_a_jpeg_behind_a_header_and_before_padding() -> None:
    assert find_jpeg(b"header" + JPEG + b"\0" * 7) == (6, 6 + len(JPEG))


def test_takes_a_cut_jpeg_to_the_end() -> None:
    assert find_jpeg(b"header" + JPEG[:-2]) == (6, 6 + len(JPEG) - 2)


def test_looks_only_where_it_is_told() -> None:
    assert find_jpeg(JPEG, 1) is None
    assert find_jpeg(JPEG + JPEG, 0, len(JPEG)) == (0, len(JPEG))
    assert find_jpeg(bytes(70_000) + JPEG) is None, "no live-view header is that long"
    assert find_jpeg(b"") is None


def test_believes_a_header_that_points_at_a_jpeg() -> None:
    assert told_jpeg(b"head" + JPEG, 4, 10) == (4, 14)
    assert told_jpeg(b"head" + JPEG, 4, 9999) == (4, 4 + len(JPEG))
    assert told_jpeg(b"head" + JPEG, 3, 10) is None
    assert told_jpeg(JPEG, 0, 0) is None
    assert told_jpeg(JPEG, 1 << 40, 5) is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (JPEG, "JPEG"),
        (b"\0\0\0\x18ftypcrx ", "CR3"),
        (b"\0\0\0\x18ftypqt  ", "MP4 or QuickTime"),
        (b"", None),
        (b"?", None),
    ],
)
def test_tells_a_file_by_its_beginning(data: bytes, kind: str | None) -> None:
    assert kind_text(data) == kind
