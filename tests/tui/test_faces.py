"""Columns of lists: they are those of the tables, and what makes room is among what is shown."""

from __future__ import annotations

import pytest

from ptpip_analyze.tables.schema import columns, on_demand
from ptpip_analyze.tui.faces import DERIVED, EXPENDABLE, FACE, SOURCES, TITLES, WIDE


@pytest.mark.parametrize("table", FACE)
def test_shows_columns_of_the_table(table: str) -> None:
    known = {column.name for column in columns(table)} | set(on_demand(table))
    assert set(FACE[table]) <= known | {*DERIVED.get(table, ("at",)), "note"}
    assert {SOURCES[name] for name in FACE[table] if name in SOURCES} <= known


@pytest.mark.parametrize("table", FACE)
def test_what_makes_room_is_shown(table: str) -> None:
    assert set(EXPENDABLE[table]) <= set(FACE[table]) - WIDE


def test_no_two_columns_of_a_list_have_one_heading() -> None:
    for names in FACE.values():
        headings = [TITLES.get(name, name) for name in names]
        assert len(set(headings)) == len(headings)
