"""Tests of the look-ups, of what importing the facts costs, and of what they may import."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ptpip_analyze import facts

FOLDER = Path(facts.__file__).parent
SHARED = FOLDER.parents[2] / "shared" / "facts"


@pytest.mark.parametrize(
    ("kind", "code", "vendor", "name"),
    [
        ("operation", 0x1009, None, "GetObject"),
        ("operation", 0x1009, "nikon", "GetObject"),
        ("operation", 0x9805, None, "GetObjectPropList"),
        ("operation", 0x9116, "canon_eos", "GetEvent"),
        ("operation", 0x9116, None, "0x9116"),
        ("operation", 0x9201, "nikon", "StartLiveView"),
        ("operation", 0x9201, "sony", "SDIO_Connect"),
        ("response", 0x2001, None, "OK"),
        ("response", 0x2019, "fuji", "DeviceBusy"),
        ("event", 0x4002, None, "ObjectAdded"),
        ("event", 0xC201, "sony", "ObjectAdded"),
        ("property", 0x5007, None, "FNumber"),
        ("property", 0xD402, None, "DeviceFriendlyName"),
        ("object_property", 0xDC07, None, "ObjectFileName"),
        ("format", 0x3801, None, "EXIF_JPEG"),
        ("message", 13, None, "ProbeRequest"),
        ("operation", 0x9, None, "0x0009"),
        ("property", 0x0001D029, None, "0x1D029"),
        ("event", 0xCAFE, "canon", "0xCAFE"),
    ],
)
def test_names_a_code_as_seen_with_a_vendors_camera(kind: str, code: int, vendor: str | None, name: str) -> None:
    assert facts.name_of(kind, code, vendor) == name


def test_prefers_ptp_over_mtp_and_keeps_both_searchable() -> None:
    for kind in facts.KINDS:
        for row in facts.rows("ptp"):
            if row.kind == kind:
                assert facts.table(kind)[row.code].vendor == "ptp"
    assert {row.vendor for row in facts.search("ReadOnly") if row.kind == "protection"} == {"ptp", "mtp"}


def test_keeps_microsofts_extensions_out_of_other_vendors_numbers() -> None:
    assert facts.name_of("operation", 0x9301) == "0x9301"
    assert facts.name_of("operation", 0x9301, "mtp") == "GetServiceIDs"
    assert facts.name_of("operation", 0x9301, "microsoft") == "GetServiceIDs"
    assert facts.name_of("operation", 0x9301, "casio") == "0x9301"
    assert facts.name_of("operation", 0x9801, "casio") == "GetObjectPropsSupported"


def test_prefers_the_usual_name_of_an_alias() -> None:
    assert facts.name_of("property", 0xDF01, "fuji") == "ClientState"
    assert {row.name for row in facts.search("0xDF01") if row.vendor == "fuji"} == {"InitSequence", "ClientState"}


def test_gives_the_row_behind_a_name_and_none_for_an_unknown_code() -> None:
    row = facts.row_of("operation", 0x1009)
    assert isinstance(row, facts.Operation)
    assert (row.name, row.vendor, row.source) == ("GetObject", "ptp", "PIMA 15740:2000")
    assert facts.row_of("operation", 0x9116) is None


def test_refuses_kinds_and_vendors_that_do_not_exist() -> None:
    with pytest.raises(KeyError, match="operations"):
        facts.name_of("operations", 0x1009)
    with pytest.raises(KeyError, match="cannon"):
        facts.name_of("operation", 0x1009, "cannon")
    with pytest.raises(KeyError, match="cannon"):
        facts.rows("cannon")


def test_hands_out_tables_that_nobody_can_change() -> None:
    with pytest.raises(TypeError):
        facts.names_of("operation")[0x1009] = "Mine"  # type: ignore[index]


@pytest.mark.parametrize("text", ["0x1009", "0X1009", "1009h", "1009H", "4105", " 4105 "])
def test_finds_a_code_however_it_is_written(text: str) -> None:
    assert next((row.kind, row.name) for row in facts.search(text)) == ("operation", "GetObject")


def test_finds_names_of_all_vendors_in_any_case() -> None:
    found = {(row.vendor, row.name) for row in facts.search("getliveview")}
    assert {("nikon", "GetLiveViewImg"), ("panasonic", "GetLiveViewParameters")} <= found
    assert facts.search("GETLIVEVIEW") == facts.search("getliveview")


def test_finds_codes_before_names() -> None:
    found = facts.search("64")
    by_code = [row.code == 64 for row in found]
    assert by_code == sorted(by_code, reverse=True)
    assert "GetPartialObject64" in {row.name for row in found}


def test_finds_nothing_for_nonsense_and_everything_for_nothing() -> None:
    assert facts.search("no such name") == []
    assert facts.search("") == list(facts.all_rows())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the tables that the facts were taken from are not here")
def test_holds_every_row_of_the_tables_it_was_taken_from() -> None:
    import csv

    # The standard's own words where the tables use a nickname, and the kind that the project calls a message.
    renamed = {
        ("message", "Ping"): "ProbeRequest",
        ("message", "Pong"): "ProbeResponse",
        ("init_fail", "RejectedInitiator"): "FAIL_REJECTED_INITIATOR",
        ("init_fail", "Busy"): "FAIL_BUSY",
        ("init_fail", "Unspecified"): "FAIL_UNSPECIFIED",
    }
    expected, with_parameters = set(), {}
    with (SHARED / "codes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            kind = "message" if row["kind"] == "packet_type" else row["kind"]
            name = renamed.get((kind, row["name"]), row["name"])
            expected.add((kind, row["vendor"], int(row["code"], 16), name))
    with (SHARED / "operations.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            request = tuple(row[f"req{index}"] for index in range(1, 6) if row[f"req{index}"])
            with_parameters[row["vendor"], int(row["code"], 16), row["name"]] = request
    # Fujifilm's containers have no type codes of their own on the wire: those are the project's.
    found = {
        (row.kind, row.vendor, row.code, row.name)
        for row in facts.all_rows()
        if (row.kind, row.vendor) != ("message", "fuji")
    }
    added = {(0x943A, "GetDevicePropDescEx"), (0x943B, "GetDevicePropValueEx"), (0x943C, "SetDevicePropValueEx")}
    assert found - expected == {("operation", "nikon", *row) for row in added}
    assert expected <= found
    operations = {(row.vendor, row.code, row.name): row for row in facts.all_rows() if isinstance(row, facts.Operation)}
    for key, request in with_parameters.items():
        assert (operations[key].request or ()) == request, key


def test_imports_nothing_but_the_standard_library_and_itself() -> None:
    allowed = {"__future__", "collections.abc", "enum", "functools", "importlib", "re", "types", "typing"}
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= allowed, path
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module in allowed, path
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= len(path.relative_to(FOLDER).parts), f"{path} imports from above"


def test_reads_a_makers_file_only_when_it_is_asked_for() -> None:
    script = """
import sys
from ptpip_analyze import facts
def loaded(): return sorted(n.rpartition(".")[2] for n in sys.modules if n.startswith("ptpip_analyze.facts.vendors."))
facts.name_of("operation", 0x9116)
print(loaded())
facts.name_of("operation", 0x9116, "canon_eos")
print(loaded())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['canon']"]


def test_is_imported_quickly() -> None:
    # Best of three, because a busy machine is not a slow import; the facts take about 0.02 s.
    script = "import time; t = time.perf_counter(); import ptpip_analyze.facts; print(time.perf_counter() - t)"
    seconds = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        seconds.append(float(done.stdout))
        time.sleep(0.01)
    assert min(seconds) < 0.2


def test_names_what_relatives_name_after_the_vendors_own() -> None:
    """An EOS answers operations of older Canon cameras, an OM-D has the properties of Olympus."""
    for vendor in ("canon", "canon_eos"):
        assert facts.name_of("operation", 0x9052, vendor) == "ExecuteEventProc"
    row = facts.row_of("operation", 0x9052, "canon_eos")
    assert row is not None
    assert row.vendor == "canon"
    assert facts.name_of("property", 0xD002, "olympus_omd") == facts.name_of("property", 0xD002, "olympus")
    assert facts.name_of("operation", 0x96F2, "sony") == "0x96F2"
