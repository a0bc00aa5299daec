"""Tests of the makers' files: that they are found, that they are plain tables, that no code is claimed twice."""

from __future__ import annotations

import ast
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts import vendors
from ptpip_analyze.facts.lookup import STANDARDS, VENDORS, rows

FOLDER = Path(vendors.__file__).parent
PATHS = list(FOLDER.glob("[a-z]*.py"))
FILES = sorted(path.stem for path in PATHS if not path.stem.startswith("values_"))
VALUES = sorted(path.stem for path in PATHS if path.stem.startswith("values_"))
TABLES = [*PATHS, *(FOLDER.parent / f"{name}.py" for name in ("codes", "operations", "properties"))]

# Codes that one vendor uses under two names; the first is the usual one.
ALIASES = {
    # The client's view (libgphoto2) and the camera's view (vcam) of one number.
    ("fuji", "operation"): {0x9026, 0x9027, 0x902C, 0x902D, 0x902E},
    ("fuji", "property"): {0xD212, 0xD222, 0xDF01, 0xDF24},
    # A live-view poll and an event poll are one operation; its parameter tells which.
    ("panasonic", "operation"): {0x9414},
    # Later bodies (D850, Z) gave numbers of earlier bodies another meaning.
    ("nikon", "response"): {0xA022},
    ("nikon", "property"): {
        0xD02E, 0xD02F, 0xD030, 0xD038, 0xD04F, 0xD05D, 0xD061, 0xD164, 0xD180, 0xD1AC, 0xD1F8, 0x1D029,
    },
    # Two implementations read the numbers differently.
    ("olympus", "event"): {0xC102, 0xC103},
    ("olympus", "property"): {0xD112},
    ("sony_qx", "property"): {0xD617, 0xD61D},
    ("microsoft", "property"): {0xD181},
    # A wildcard means what the parameter that it stands in means.
    ("ptp", "wildcard"): {0, 0xFFFFFFFF},
}  # fmt: skip


def test_lists_every_file_and_finds_every_listed_file() -> None:
    assert sorted(set(vendors.MODULES.values())) == FILES


@pytest.mark.parametrize("file", FILES)
def test_keeps_in_a_file_the_rows_of_its_vendors_alone(file: str) -> None:
    listed = {vendor for vendor, module in vendors.MODULES.items() if module == file}
    module = import_module(f"ptpip_analyze.facts.vendors.{file}")
    assert {row.vendor for row in module.ROWS} == listed
    assert sum(len(vendors.rows(vendor)) for vendor in listed) == len(module.ROWS)


@pytest.mark.parametrize("file", FILES)
def test_puts_all_tables_of_a_file_into_its_rows(file: str) -> None:
    module = import_module(f"ptpip_analyze.facts.vendors.{file}")
    tables = {name: value for name, value in vars(module).items() if isinstance(value, tuple) and name != "ROWS"}
    assert sum(map(len, tables.values())) == len(module.ROWS)
    assert {id(row) for table in tables.values() for row in table} == {id(row) for row in module.ROWS}


@pytest.mark.parametrize("vendor", VENDORS)
def test_claims_no_code_twice_but_for_listed_aliases(vendor: str) -> None:
    twice = {key for key, number in Counter((row.kind, row.code) for row in rows(vendor)).items() if number > 1}
    listed = {(kind, code) for (owner, kind), codes in ALIASES.items() if owner == vendor for code in codes}
    assert twice == listed


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in STANDARDS])
def test_claims_no_code_of_the_standard_range_of_operations(vendor: str) -> None:
    assert [row for row in rows(vendor) if row.kind == "operation" and row.code < 0x9000] == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_writes_tables_as_literals_alone(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert {type(statement) for statement in tree.body[1:]} <= {ast.ImportFrom, ast.Assign, ast.AnnAssign}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls <= ({"Choices", "Scale"} if path.stem in VALUES else {"Code", "Event", "Operation"})


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_writes_one_row_per_line(path: Path) -> None:
    lines = Counter(node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    assert set(lines.values()) == {1}


def test_lists_every_maker_whose_values_are_known() -> None:
    assert [f"values_{maker}" for maker in sorted(vendors.VALUES)] == VALUES


@pytest.mark.parametrize("file", VALUES)
def test_keeps_the_values_of_a_makers_vendors_in_its_file(file: str) -> None:
    maker = file.removeprefix("values_")
    listed = {vendor for vendor, module in vendors.MODULES.items() if module == maker}
    module = import_module(f"ptpip_analyze.facts.vendors.{file}")
    assert {row.vendor for row in module.VALUES} <= listed
    assert sum(len(vendors.values(vendor)) for vendor in listed) == len(module.VALUES)


def test_knows_no_values_of_a_maker_without_a_file() -> None:
    assert vendors.values("casio") == ()


def test_refuses_a_vendor_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        vendors.rows("cannon")
    with pytest.raises(KeyError):
        vendors.values("cannon")


def test_gives_fujifilms_properties_the_names_that_they_have_over_a_network() -> None:
    assert [facts.name_of("property", code, "fuji") for code in (0xD222, 0xDF01)] == ["ObjectCount", "ClientState"]
    assert {row.name for row in facts.search("0xD222")} >= {"ObjectCount", "SensitivityFineTune1"}
