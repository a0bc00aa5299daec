"""Tests of the layouts of datasets and of what carries them."""

from __future__ import annotations

import pytest

from ptpip_analyze.facts import KINDS, SOURCES, VENDORS, Operation, row_of
from ptpip_analyze.facts.datasets import (
    BY_NAME,
    CARRIED,
    FAMILIES,
    LAYOUTS,
    OLC_FIELDS,
    OLC_SIZES,
    WORDINGS,
    Carried,
)
from ptpip_analyze.facts.layout import SIZES, Kind, Layout


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_writes_layouts_in_words_that_exist(layout: Layout) -> None:
    assert layout.source in SOURCES
    assert len({field.name for field in layout.fields}) == len(layout.fields)
    for field in layout.fields:
        assert field.codes in ("", *KINDS, *WORDINGS), field
        assert (field.of in SIZES) == (field.kind is Kind.ARRAY), field
    assert not any(field.kind in (Kind.REST, Kind.WORDS) for field in layout.fields[:-1]), "nothing follows the rest"


def test_names_each_layout_once() -> None:
    assert len(BY_NAME) == len(LAYOUTS)


@pytest.mark.parametrize("row", CARRIED, ids=lambda row: f"{row.vendor}-{row.operation:04X}")
def test_says_what_operations_carry_that_carry_data(row: Carried) -> None:
    assert row.vendor in VENDORS
    operation = row_of("operation", row.operation, row.vendor)
    assert isinstance(operation, Operation), "the operation has no row"
    assert operation.data in ("in", "out", None), "the operation has no data phase"


def test_says_it_once() -> None:
    assert len({(row.vendor, row.operation, row.first) for row in CARRIED}) == len(CARRIED)


def test_relates_vendors_that_exist() -> None:
    assert {vendor for family in FAMILIES.values() for vendor in family} | FAMILIES.keys() <= set(VENDORS)


def test_gives_every_olc_field_a_size_for_every_version() -> None:
    assert [version for versions in OLC_SIZES for version in versions] == list(range(0x15))
    assert {len(sizes) for sizes in OLC_SIZES.values()} == {len(OLC_FIELDS)}
