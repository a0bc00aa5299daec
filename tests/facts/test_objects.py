"""Each operation that carries objects is one that the operations' own tables know, and means what they say."""

from __future__ import annotations

import pytest

from ptpip_analyze.facts import Operation, row_of
from ptpip_analyze.facts.objects import (
    ANNOUNCING,
    CONTENTS,
    DELETING,
    ENDING,
    FORMATTING,
    OBJECT_REMOVED,
    STORE_REMOVED,
    TRANSFERS,
    Transfer,
)


@pytest.mark.parametrize("row", TRANSFERS, ids=lambda row: f"{row.vendor}-{row.operation:04X}")
def test_agrees_with_the_operation_s_own_row(row: Transfer) -> None:
    operation = row_of("operation", row.operation, row.vendor)
    assert isinstance(operation, Operation)
    assert operation.vendor == row.vendor
    assert operation.data == ("out" if row.outward else "in")
    assert row.kind in CONTENTS
    words = operation.request or ()
    assert all("Offset" in words[place] for place in row.offset)
    assert all(any(name in words[place] for name in ("MaxBytes", "Size", "Length")) for place in row.most)
    assert row.last is None or "Terminate" in words[row.last]
    assert (row.handle is not None) == any("ObjectHandle" in word for word in words)


def test_lists_an_operation_once() -> None:
    assert len({(row.vendor, row.operation) for row in TRANSFERS}) == len(TRANSFERS)


@pytest.mark.parametrize(("vendor", "code"), sorted(ANNOUNCING | DELETING | ENDING | FORMATTING))
def test_names_operations_that_there_are(vendor: str, code: int) -> None:
    row = row_of("operation", code, vendor)
    assert row is not None
    assert row.vendor == vendor


@pytest.mark.parametrize(("vendor", "code"), sorted(OBJECT_REMOVED | STORE_REMOVED))
def test_names_events_that_there_are(vendor: str, code: int) -> None:
    row = row_of("event", code, vendor)
    assert row is not None
    assert row.vendor == vendor
    assert row.name == ("StoreRemoved" if (vendor, code) in STORE_REMOVED else "ObjectRemoved")
