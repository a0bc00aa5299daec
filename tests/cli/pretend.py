"""A pretend analysis of the shape the command line works on: tables from lists of dicts, no capture behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from ptpip_analyze.tables.events import EventKind
from ptpip_analyze.tables.schema import TABLES, arrow_schema

START_NS = 1_767_323_045_123_456_789  # 2026-01-02T03:04:05.123456789Z


@dataclass(frozen=True)
class Source:
    """How the file was stored."""

    compression: str | None = None
    links: Mapping[int, int] = field(default_factory=lambda: {1: 85})
    unknown_links: Mapping[int, int] = field(default_factory=dict)
    dropped: int | None = None


@dataclass(frozen=True)
class Discovered:
    """What was found of announcements."""

    left_out: int = 0


@dataclass
class Capture:
    """Facts of one capture file."""

    path: str = "walk.pcapng"
    format: str = "pcapng"
    source: Source = field(default_factory=Source)
    size: int = 12_111
    packets: int = 85
    times: tuple[int, int] | None = (START_NS, START_NS + 2_500_000_000)
    damage: object = None
    other_connections: int = 0
    discovery: Discovered = field(default_factory=Discovered)
    silent_connections: Mapping[int, int] = field(default_factory=dict)


@dataclass
class Analysis:
    """Rows by table; missing columns are null."""

    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=lambda: [Capture()])
    batch_rows: int = 1000
    repeated: list[tuple[str, str]] = field(default_factory=list)

    tables = tuple(TABLES)
    vendors: list[str | None] = field(default_factory=list)

    def arrow(self, table: str) -> pa.Table:
        return pa.Table.from_pylist(self.rows.get(table, []), schema=arrow_schema(table))

    def batches(self, table: str):
        yield from self.arrow(table).to_batches(max_chunksize=self.batch_rows)

    def beginning(self, row: int, most: int) -> bytes:
        return b""

    def event_kinds(self) -> Counter[EventKind]:
        found = self.rows.get("events", [])
        return Counter(EventKind(row.get("session"), row.get("event_code"), row.get("event")) for row in found)

    def __enter__(self) -> Analysis:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def session(number: int = 0, **columns: object) -> dict[str, object]:
    return {
        "session": number,
        "capture": "walk.pcapng",
        "initiator_address": "192.168.1.20",
        "responder_address": "192.168.1.1",
        "responder_port": 15740,
        "command_port": 50001,
        "event_port": 50002,
        "connection_number": 1,
        "initiator_name": "laptop",
        "responder_name": "Studio",
        "model": "Simulated Camera",
        "vendor": "nikon",
        "vendor_evidence": 'manufacturer "Nikon\x1b Corporation"',
        "dialect": "standard",
        "paired_by": "connection-number",
        "status": "established",
        "start_time": START_NS,
        "end_time": START_NS + 2_500_000_000,
        "duration_s": 2.5,
        "transactions": 2,
        "events": 1,
        "bytes_to_responder": 480,
        "bytes_to_initiator": 3_400_000,
        "closed_by": "initiator",
        "close_kind": "fin",
    } | columns


def transaction(number: int, operation: str = "GetObject", code: int | None = 0x1009, **columns: object):
    return {
        "session": 0,
        "transaction_id": number + 1,
        "operation": operation,
        "operation_code": code,
        "parameters": [number + 1],
        "data_phase_info": 1,
        "data_direction": "in",
        "data_bytes": 1_700_000,
        "response": "OK",
        "response_code": 0x2001,
        "response_parameters": [],
        "status": "complete",
        "request_time": START_NS + number * 1_000_000,
        "latency_s": 0.004 * (number + 1),
        "first_frame": 10 + number,
        "last_frame": 12 + number,
        "transaction": number,
        "capture": "walk.pcapng",
    } | columns
