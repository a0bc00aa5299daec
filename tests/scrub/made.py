"""Captures scrubbed, for tests: what goes in and comes out, and how tables of both compare."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.scrub import Report, scrub
from tests.support import Row, rows
from tests.traffic import Packet, pcap_bytes

KEY = b"a key of tests"

# The columns that tell of people, devices and networks, or quote them. All others have to be as they were.
PERSONAL = {
    "sessions": {
        "initiator_address", "responder_address", "initiator_guid", "initiator_name", "responder_guid",
        "responder_name", "vendor_evidence",
    },
    "packets": {"source", "destination"},
    "objects": {"filename", "sha256"},
    "findings": {"says", "proof"},
    "properties": {"value", "text"},
    "events": {"text"},
    "discovery": {"device", "source_address", "addresses", "guid", "text"},
    "transactions": set(),
    "messages": set(),
}  # fmt: skip


class Scrubbed(NamedTuple):
    """A capture before and after."""

    old: Analysis
    new: Analysis
    capture: bytes
    report: Report

    def close(self) -> None:
        """Give both back."""
        self.old.close()
        self.new.close()


def scrubbed(capture: bytes | Path | Sequence[Packet], key: bytes | None = KEY) -> Scrubbed:
    """A capture scrubbed, and both analysed."""
    if not isinstance(capture, bytes | Path):
        capture = pcap_bytes(capture, nano=True)
    old = analyze(io.BytesIO(capture) if isinstance(capture, bytes) else capture)
    out = io.BytesIO()
    report = scrub(old.results[0], out, key)
    return Scrubbed(old, analyze(io.BytesIO(out.getvalue())), out.getvalue(), report)


def without_personal(analysis: Analysis, table: str) -> list[Row]:
    """The rows of a table as far as they must not change."""
    found = rows(analysis, table, PERSONAL[table] | {"capture"})
    if table == "events":  # a value that a property had stands among the parameters of a polled event
        found = [{**row, "parameters": row["parameters"] and row["parameters"][:1]} for row in found]
    return found
