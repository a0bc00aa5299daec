"""Datasets read the same in Lua as in Python: every field of flat layouts, and the values of properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.facts.datasets import BY_NAME
from ptpip_analyze.facts.layout import Kind
from ptpip_analyze.wireshark.lua import snake
from tests.support import ROOT, rows
from tests.traffic import capture, write_pcap

from . import tshark

FLAT = ("DeviceInfo", "StorageIDs", "StorageInfo", "ObjectHandles", "ObjectInfo")
NUMBERS = (Kind.U8, Kind.U16, Kind.U32, Kind.U64)
RECORDED = ("summary.pcapng", "list-and-get.pcapng", "config.pcap", "upload-delete.pcap")


def told(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def theirs(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for frame in tshark.layers(path, "-2", "-Y", "frame", protocols="ptp_ip"):
        for name, value in tshark.flat(frame.get("ptp_ip", [])):
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("name", RECORDED)
def test_reads_flat_layouts_field_by_field(name: str) -> None:
    path = ROOT / "captures" / name
    mine: dict[str, list[Any]] = {}
    with analyze(path) as analysis:
        for row in rows(analysis, "transactions"):
            dataset = analysis.dataset(row)
            if dataset is None or dataset.name not in FLAT:
                continue
            for field in BY_NAME[dataset.name].fields:
                key = f"ptp_ip.dataset.{snake(dataset.name)}.{snake(field.name)}"
                mine.setdefault(key, []).extend(told(dataset.value(field.name)))
    said = theirs(path)
    assert len(mine) > 10
    for key, values in mine.items():
        numeric = any(isinstance(value, int) for value in values)
        found = [int(one, 0) for one in said.get(key, [])] if numeric else said.get(key, [])
        assert found == values, key


def test_reads_values_of_properties_as_a_photographer_does() -> None:
    path = ROOT / "captures" / "config.pcap"
    said = theirs(path)
    with analyze(path) as analysis:
        mine = [row for row in rows(analysis, "properties") if row["role"] == "current" and row["text"]]
    pairs = set(zip(said["ptp_ip.property.value"], said["ptp_ip.property.text"], strict=True))
    assert len({row["property"] for row in mine}) > 5
    for row in mine:
        assert (row["value"], row["text"]) in pairs, row["property"]


def test_reads_the_records_of_canon(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "canon.pcap", capture("canon_polls"))
    said = tshark.run(["-r", str(path), "-o", "ptp_ip.vendor:canon_eos", "-V", "-O", "ptp_ip"])
    with analyze(path) as analysis:
        texts = [row["event"] for row in rows(analysis, "events") if row["source"] == "polled"]
    assert texts
    assert all(text in said for text in texts), [text for text in texts if text not in said]
