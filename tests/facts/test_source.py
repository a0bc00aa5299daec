"""Tests of the bibliography."""

from __future__ import annotations

import re

from ptpip_analyze.facts import SOURCES, VENDORS, all_rows, values
from ptpip_analyze.facts.packets import NUMBERS_SOURCE
from ptpip_analyze.facts.wildcards import WILDCARDS

MEANINGS = [row for vendor in VENDORS for row in values.rows(vendor)]
CITED = {row.source for row in (*all_rows(), *MEANINGS, *WILDCARDS)} | {NUMBERS_SOURCE}


def test_knows_every_source_that_a_row_cites() -> None:
    assert CITED - set(SOURCES) == set()


def test_lists_no_source_that_nothing_cites() -> None:
    assert set(SOURCES) - CITED == set()


def test_says_where_each_source_can_be_read() -> None:
    for key, source in SOURCES.items():
        assert source.title, key
        assert source.where, key


def test_tells_nothing_about_a_machine() -> None:
    texts = [" ".join(source) for source in SOURCES.values()] + [
        f"{row.note} {row.source}" for row in (*all_rows(), *MEANINGS)
    ]
    assert [text for text in texts if re.search(r"(^|\s)(/\w|~|\.\./|[A-Z]:\\|file:)", text)] == []
