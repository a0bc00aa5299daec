"""Tests of the dialect's layouts, against what libgphoto2 camlibs/ptp2/fujiptpip.c reads and writes."""

from __future__ import annotations

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts import containers, packets
from ptpip_analyze.facts.layout import SIZES, Field, Kind

# type code, name, shortest, longest
SEEN = [
    (0x10001, "OperationRequest", 12, 32),
    (0x10002, "Data", 12, None),
    (0x10003, "OperationResponse", 12, 32),
    (0x10004, "Event", 12, 32),
    (0x10005, "LiveViewFrame", 18, None),
    (0x10006, "SessionEnd", 8, 8),
]


def _fixed(field: Field) -> int:
    return SIZES.get(field.kind, 0)


def test_lists_what_was_seen_and_nothing_else() -> None:
    rows = containers.CONTAINERS.values()
    assert [(row.code, row.name, row.minimum_length, row.maximum_length) for row in rows] == SEEN
    assert list(containers.CONTAINERS) == [row.code for row in rows]


@pytest.mark.parametrize("row", containers.CONTAINERS.values(), ids=lambda row: row.name)
def test_states_the_lengths_that_the_fields_add_up_to(row: containers.Container) -> None:
    fixed = 4 + sum(map(_fixed, row.fields))
    if row.name == "LiveViewFrame":
        assert row.minimum_length == containers.PICTURE_AT > fixed  # ten bytes that nobody has explained
    else:
        assert row.minimum_length == fixed
    words = sum(4 * field.upto for field in row.fields if field.kind is Kind.WORDS)
    assert row.maximum_length == (None if row.fields[-1].kind is Kind.REST else fixed + words)


def test_numbers_its_types_where_no_message_of_the_standard_is() -> None:
    assert not containers.CONTAINERS.keys() & packets.MESSAGES.keys()
    types = facts.names_of("usb_container_type")
    assert {code - containers.BASE for code in list(containers.CONTAINERS)[:4]} <= types.keys()


def test_is_found_among_the_codes_of_fujifilm_and_of_nobody_else() -> None:
    assert facts.name_of("message", 0x10001, "fuji") == "OperationRequest"
    assert facts.name_of("message", 6, "fuji") == "OperationRequest"
    assert facts.name_of("message", 0x10001) == "0x10001"
    assert [row.vendor for row in facts.search("0x10005")] == ["fuji"]
    assert {row.source for row in containers.CONTAINERS.values()} <= facts.SOURCES.keys()
    assert {row.confidence for row in containers.CONTAINERS.values()} <= set(facts.CONFIDENCES)
