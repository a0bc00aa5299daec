"""Where a person wants to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.going import fault_of, row_at

from .conftest import listing, loaded


@pytest.mark.parametrize("text", ["120", "#7", "1.5s", "2026-01-02T03:04:05Z"])
def test_takes_frames_transactions_and_moments(text: str) -> None:
    assert fault_of(text) == ""


@pytest.mark.parametrize("text", ["", "#", "#x", "nonsense", "-1"])
def test_says_what_is_wrong(text: str) -> None:
    assert fault_of(text)


def test_finds_the_row(polled: Path) -> None:
    loading = loaded(polled)
    rows, begins = listing(loading), loading.begins
    assert begins is not None
    assert row_at(rows, "#14", begins) == 14
    assert row_at(rows, "#16", begins) is None
    assert row_at(rows, str(rows.value("first_frame", 3)), begins) == 3
    assert row_at(rows, "1", begins) is None  # a frame before the first transaction
    assert row_at(rows, "1.0s", begins) == 6
    assert row_at(rows, "2030-01-01T00:00:00Z", begins) == 15
