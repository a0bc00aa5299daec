"""Tests of the words for layouts."""

from __future__ import annotations

import pytest

from ptpip_analyze.facts.layout import SIZES, Field, Kind, Layout


def test_knows_exactly_the_kinds_that_its_readers_execute() -> None:
    assert {kind.name for kind in Kind} == {
        "U8", "U16", "U32", "U64", "GUID", "NAME", "STRING", "DATE", "ARRAY", "WORDS", "REST",
    }  # fmt: skip


def test_gives_a_size_to_the_kinds_that_never_vary() -> None:
    assert {kind.name: size for kind, size in SIZES.items()} == {"U8": 1, "U16": 2, "U32": 4, "U64": 8, "GUID": 16}


def test_keeps_rows_from_being_changed() -> None:
    layout = Layout("StorageIDs", (Field("storageIds", Kind.ARRAY, of=Kind.U32),), "PIMA 15740:2000")
    with pytest.raises(AttributeError):
        layout.fields[0].name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        layout.extra = 1  # type: ignore[attr-defined]


def test_lets_a_plain_field_be_written_with_name_and_kind_alone() -> None:
    assert Field("reason", Kind.U32) == ("reason", Kind.U32, "", None, 0)
