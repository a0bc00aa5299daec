"""Tests of the row types, over all rows of all vendors."""

from __future__ import annotations

import re

from ptpip_analyze.facts import CONFIDENCES, KINDS, Code, Event, Operation, all_rows
from ptpip_analyze.facts.row import PARAMETER_KINDS

ROWS = list(all_rows())


def test_says_how_sure_every_row_is() -> None:
    assert {row.confidence for row in ROWS} == set(CONFIDENCES)


def test_says_why_a_row_is_a_guess() -> None:
    assert [row for row in ROWS if row.confidence == "guessed" and not row.note] == []


def test_lets_only_a_standard_or_a_maker_document_a_code() -> None:
    documented = {(row.vendor, row.source) for row in ROWS if row.confidence == "documented"}
    assert {vendor for vendor, _ in documented} == {"ptp", "mtp", "ricoh"}
    assert not {source for _, source in documented} & {"libgphoto2", "vcam", "libpict", "hkr", "unofficial notes"}


def test_gives_every_row_a_kind_of_the_list_and_every_kind_a_row() -> None:
    assert {row.kind for row in ROWS} == set(KINDS)


def test_keeps_codes_within_their_words() -> None:
    for row in ROWS:
        assert 0 <= row.code <= 0xFFFFFFFF, row
        if row.kind in ("operation", "response", "event", "format"):
            assert row.code <= 0xFFFF, row


def test_names_with_characters_that_any_output_can_carry() -> None:
    assert [row for row in ROWS if not re.fullmatch(r"[A-Za-z0-9_\-/.+()#: ]+", row.name)] == []


def test_describes_operations_in_the_language_of_parameters() -> None:
    parameter = re.compile(r"\w+:[a-z]\w+\??( \([^()]+\))?|\[\w+:[a-z]\w+( \([^()]+\))?\]|command dependent")
    for row in ROWS:
        if isinstance(row, Operation):
            assert row.data in ("in", "out", "none", None), row
            assert (row.request is None) == (row.response is None), row
            for parameters in (row.request or (), row.response or ()):
                assert len(parameters) <= 5, row
                assert [text for text in parameters if not parameter.fullmatch(text)] == [], row


def test_uses_every_kind_of_parameter_and_no_other() -> None:
    written = [
        text for row in ROWS if isinstance(row, Operation) for text in (row.request or ()) + (row.response or ())
    ]
    kinds = {found[1] for text in written if (found := re.match(r"\[?\w+:(\w+)", text))}
    assert kinds == set(PARAMETER_KINDS)


def test_describes_events_by_at_most_three_parameters() -> None:
    for row in ROWS:
        if isinstance(row, Event):
            assert len(row.parameters) <= 3, row
            assert row.carried, row


def test_tells_the_kind_of_operations_and_events_without_being_told() -> None:
    assert Operation("ptp", 0x1001, "GetDeviceInfo", "PIMA 15740:2000").kind == "operation"
    assert Event("ptp", 0x4002, "ObjectAdded", "PIMA 15740:2000").kind == "event"
    assert Code("format", "ptp", 0x3801, "EXIF_JPEG", "PIMA 15740:2000").kind == "format"
