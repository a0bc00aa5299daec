"""Tests of the codes that the code asks for by name: each is the row of the standard's tables that its name says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ptpip_analyze.facts import named, row_of, rows

NAMED = Path(named.__file__)
CODES = {name: code for name, code in vars(named).items() if name.isupper() and name != "VENDOR_OPERATIONS"}
KINDS = {0x1: "operation", 0x2: "response", 0x3: "format", 0x4: "event", 0x5: "property"}


def in_capitals(name: str) -> str:
    """As a constant: GetDeviceInfo is GET_DEVICE_INFO, OK is OK."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def constants(path: Path) -> list[tuple[str, int]]:
    """Names and the numbers that a module sets them to, one by one or several at once."""
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, int):
                    found.append((name.id.lstrip("_"), value.value))
    return found


@pytest.mark.parametrize("name", CODES)
def test_gives_a_code_the_name_that_the_tables_give_it(name: str) -> None:
    row = row_of(KINDS[CODES[name] >> 12], CODES[name])
    assert row is not None
    assert (in_capitals(row.name), row.source) == (name, "PIMA 15740:2000")


def test_knows_codes_of_each_kind() -> None:
    assert {KINDS[code >> 12] for code in CODES.values()} == set(KINDS.values())


def test_begins_makers_operations_behind_all_of_ptp() -> None:
    assert max(row.code for row in rows("ptp") if row.kind == "operation") < named.VENDOR_OPERATIONS


def test_is_the_one_place_where_they_are_numbers() -> None:
    known = set(CODES.items())
    assert known <= set(constants(NAMED))
    elsewhere = [path for path in NAMED.parents[1].rglob("*.py") if path != NAMED]
    assert {path: again for path in elsewhere if (again := known & set(constants(path)))} == {}
