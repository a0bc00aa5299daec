"""The objects table: a row each, null where nothing is known."""

from __future__ import annotations

import hashlib
import io
import struct

import pandas as pd
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tables.schema import names
from tests.test_objects import GET_OBJECT_INFO, GET_PARTIAL, GET_THUMB, PHOTO, object_info, open_camera, partial
from tests.traffic import Conversation, pcap_bytes


def objects(story: Conversation) -> pd.DataFrame:
    with analyze(io.BytesIO(pcap_bytes(story.packets()))) as analysis:
        return analysis.objects


def test_tells_all_of_a_complete_object() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("IMG_1.JPG", len(PHOTO)))
    table = objects(story.get_object(7, PHOTO))
    assert tuple(table.columns) == names("objects")
    (row,) = table.to_dict("records")
    assert (row["session"], row["handle"], row["filename"], row["kind"]) == (0, 7, "IMG_1.JPG", "object")
    assert (row["declared_bytes"], row["carried_bytes"], row["complete"]) == (len(PHOTO), len(PHOTO), True)
    assert row["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert (row["operation"], row["parts"]) == ("GetObject", 1)
    assert pd.isna(row["missing"])


def test_leaves_null_what_is_not_known() -> None:
    (row,) = objects(partial(open_camera(), 0, 1000)).to_dict("records")
    for name in ("filename", "format", "declared_bytes", "complete", "sha256", "missing"):
        assert pd.isna(row[name]), name


def test_says_that_declared_and_carried_bytes_differ() -> None:
    story = open_camera().transaction(GET_OBJECT_INFO, 7, data_in=object_info("a.jpg", 9000))
    (row,) = objects(story.get_object(7, PHOTO[:5000])).to_dict("records")
    assert (row["declared_bytes"], row["carried_bytes"], row["complete"]) == (9000, 5000, True)
    assert row["note"] == "9,000 bytes were declared, its transfer ended after 5,000"


@pytest.mark.parametrize(
    ("datatype", "value"),
    [(10, (1 << 64).to_bytes(16, "little")), (8, struct.pack("<Q", 1 << 63)), (7, struct.pack("<q", -5))],
)
def test_keeps_sizes_as_they_are_beside_sizes_that_can_not_be(datatype: int, value: bytes) -> None:
    story = open_camera()
    for handle, kind, size in ((7, datatype, value), (8, 8, struct.pack("<Q", (1 << 53) + 1))):
        listing = struct.pack("<IIHH", 1, handle, 0xDC04, kind) + size
        story = story.transaction(0x9805, handle, 0, 0xDC04, 0, 0, data_in=listing)
        story = story.transaction(GET_PARTIAL, handle, 0, 4, data_in=PHOTO[:4])
    assert objects(story)["declared_bytes"].tolist() == [pd.NA, (1 << 53) + 1]


def test_knows_no_size_that_no_file_can_have() -> None:
    story = open_camera().transaction(0x1009, 7, data_in=PHOTO, announced=1 << 63)
    story = story.transaction(0x95C1, 8, 0xFFFFFFFF, 0xFFFFFFFF, 10, data_in=b"far")
    table = objects(story.get_object(9, PHOTO))
    assert table["declared_bytes"].tolist() == [pd.NA, pd.NA, 9000]
    assert table["carried_bytes"].tolist() == [9000, 3, 9000]


def test_names_missing_ranges_by_their_first_and_last_byte() -> None:
    story = partial(partial(open_camera(), 0, 100), 200, 100)
    (row,) = objects(partial(story, 8000, 9999)).to_dict("records")
    assert (row["missing"], row["complete"], row["parts"]) == ("100-199, 300-7999", False, 3)


def test_has_a_row_for_each_object_in_order() -> None:
    story = open_camera().get_object(3, b"a").transaction(GET_THUMB, 3, data_in=b"t").get_object(1, b"b")
    assert objects(story)[["handle", "kind"]].to_numpy().tolist() == [[3, "object"], [3, "thumbnail"], [1, "object"]]


def test_is_empty_where_nothing_was_carried() -> None:
    table = objects(open_camera())
    assert len(table) == 0
    assert tuple(table.columns) == names("objects")
