"""The objects table: a row each, null where nothing is known."""

from __future__ import annotations

import hashlib
import io

import pandas as pd

from ptpip_analyze import analyze
from ptpip_analyze.tables.schema import names
from tests.test_objects import GET_OBJECT_INFO, GET_THUMB, PHOTO, object_info, open_camera, partial
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
