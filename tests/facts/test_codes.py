"""Tests of the responses, events, formats and small numbers of PTP and MTP."""

from __future__ import annotations

from ptpip_analyze.facts.codes import EVENTS, FORMATS, OTHERS, RESPONSES


def test_holds_all_responses_of_ptp_without_a_hole() -> None:
    assert [row.code for row in RESPONSES if row.vendor == "ptp"] == list(range(0x2000, 0x2024))


def test_holds_all_events_of_ptp_without_a_hole() -> None:
    assert [row.code for row in EVENTS if row.vendor == "ptp"] == list(range(0x4000, 0x400F))


def test_holds_image_formats_of_ptp_and_media_formats_of_mtp() -> None:
    names = {row.code: row.name for row in FORMATS}
    assert (names[0x3801], names[0x3808], names[0x3811], names[0xB982]) == ("EXIF_JPEG", "JFIF", "DNG", "MP4")


def test_names_the_parameters_of_events() -> None:
    events = {row.code: row for row in EVENTS}
    assert events[0x4002].parameters == ("ObjectHandle",)
    assert events[0x4006].parameters == ("DevicePropCode",)
    assert {row.carried for row in EVENTS} == {"event"}


def test_keeps_each_code_in_the_table_of_its_kind() -> None:
    assert {row.kind for row in RESPONSES} == {"response"}
    assert {row.kind for row in FORMATS} == {"format"}
    assert not {row.kind for row in OTHERS} & {"response", "event", "format", "operation", "property", "message"}


def test_leaves_vendors_out() -> None:
    assert {row.vendor for row in (*RESPONSES, *EVENTS, *FORMATS, *OTHERS)} == {"ptp", "mtp"}
