"""Values of tables as people read them."""

from __future__ import annotations

import pytest

from ptpip_analyze.tables.cells import READABLE, cell_text, status_style
from ptpip_analyze.tables.schema import TABLES, names

START_NS = 1_767_323_045_123_456_789  # 2026-01-02T03:04:05.123456789Z


@pytest.mark.parametrize("table", TABLES)
def test_prefers_columns_that_the_table_has(table: str) -> None:
    assert set(READABLE[table]) <= set(names(table))


@pytest.mark.parametrize(
    ("table", "name", "value", "text"),
    [
        ("transactions", "request_time", START_NS, "2026-01-02 03:04:05.123456"),
        ("transactions", "latency_s", 0.004, "4 ms"),
        ("transactions", "data_bytes", 1234567, "1,234,567"),
        ("transactions", "operation_code", 0x1009, "0x1009"),
        ("transactions", "parameters", [1, 0xFFFFFFFF], "0x00000001, 0xFFFFFFFF"),
        ("transactions", "parameters", [], ""),
        ("findings", "frames", [15, 17], "15, 17"),
        ("transactions", "transaction_id", 0xFFFFFFFF, "4294967295"),
        ("transactions", "operation", None, ""),
        ("messages", "type_code", 6, "6"),
        ("messages", "code", 0x2001, "0x2001"),
        ("messages", "offset", 1234567, "1234567"),
        ("messages", "length", 1234567, "1,234,567"),
    ],
)
def test_writes_a_value_as_a_person_reads_it(table: str, name: str, value: object, text: str) -> None:
    column = next(column for column in TABLES[table] if column.name == name)
    assert cell_text(column, value) == text


def test_colours_statuses() -> None:
    assert [status_style(status) for status in ("complete", "gap", "open")] == ["green", "red", "yellow"]
