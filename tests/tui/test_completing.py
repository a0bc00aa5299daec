"""What may come next in a filter."""

from __future__ import annotations

import pytest

from ptpip_analyze.tables.where import parse_where
from ptpip_analyze.tui.completing import completions, equals, joined


def values(column: str) -> list[str]:
    return {"operation": ["GetObject", 'Get"Quote', "OpenSession"]}.get(column, [])


def test_completes_columns_and_joining_words() -> None:
    assert completions("lat", "transactions", values) == ["latency_s"]
    assert completions("latency_s > 1 an", "transactions", values) == ["latency_s > 1 and"]


def test_completes_values_in_quotes() -> None:
    assert completions('operation == "Op', "transactions", values) == ['operation == "OpenSession"']
    assert 'operation == "Get\\"Quote"' in completions("operation == ", "transactions", values)


def test_offers_nothing_inside_other_texts() -> None:
    assert completions('call.str.contains("lat', "transactions", values) == []
    assert completions("", "transactions", values) == []


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("operation", 'a"b', 'operation == "a\\"b"'), ("latency_s", None, "latency_s.isna()"),
        ("session", 3, "session == 3"), ("latency_s", 0.5, "latency_s == 0.5"), ("parameters", [1], None),
    ],
)  # fmt: skip
def test_says_what_holds_for_a_value(column: str, value: object, wanted: str | None) -> None:
    found = equals(column, value)
    assert found == wanted
    if found is not None:
        parse_where(found, "transactions")


def test_joins_expressions() -> None:
    assert joined("", "a == 1") == "a == 1"
    assert joined("a == 1 or b == 2", "c == 3") == "(a == 1 or b == 2) and c == 3"
