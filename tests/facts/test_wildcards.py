"""Tests of the numbers that stand for no one object, storage or format."""

from __future__ import annotations

import re

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts.wildcards import WILDCARDS


@pytest.mark.parametrize(
    ("operation", "parameter", "value", "text"),
    [
        (0x1007, "StorageID", 0xFFFFFFFF, "all"),
        (0x1007, "ObjectFormatCode", 0, "any"),
        (0x1007, "ObjectFormatCode", 0xFFFFFFFF, "all images"),
        (0x1007, "ParentHandle", 0, "any"),
        (0x1007, "ParentHandle", 0xFFFFFFFF, "root"),
        (0x100B, "ObjectHandle", 0xFFFFFFFF, "all"),
        (0x1009, "ObjectHandle", 0xFFFFFFFF, None),
        (0x1005, "StorageID", 0, None),
        (0x1007, "StorageID", 0x00010001, None),
    ],
)
def test_says_what_a_number_stands_for_where_it_does(operation: int, parameter: str, value: int, text: str) -> None:
    assert facts.wildcard(operation, parameter, value) == text


def test_speaks_of_parameters_that_the_operations_have() -> None:
    for row in WILDCARDS:
        for code in row.operations:
            rows = [found for found in facts.all_rows() if found.kind == "operation" and found.code == code]
            names = {re.match(r"\[?(\w+)", text)[1] for found in rows for text in found.request or ()}
            assert row.parameter in names, (hex(code), row)


def test_says_one_thing_of_a_number_in_its_place() -> None:
    places = [(code, row.parameter, row.value) for row in WILDCARDS for code in row.operations]
    assert len(places) == len(set(places))


def test_agrees_with_the_wildcards_of_the_code_tables() -> None:
    named = {(row.code, row.name) for row in facts.rows("ptp") if row.kind == "wildcard"}
    assert named == {(0, "AllFormats"), (0, "AllAssociations"), (0xFFFFFFFF, "AllStorages"), (0xFFFFFFFF, "RootParent")}
    said = {(row.parameter, row.value): row.text for row in WILDCARDS if 0x1007 in row.operations}
    assert {value for _, value in said} == {value for value, _ in named}
