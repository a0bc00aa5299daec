"""What the tests of the whole engine share: packets become analyses, and analyses rows that can be compared.

Promises rows as plain values, so that a difference shows as one; refuses to know what any row ought to be.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import Analysis, Analyzer, analyze, open_capture
from ptpip_analyze.capture import PacketBatch
from tests.traffic import Packet, pcap_bytes

ROOT = Path(__file__).parents[1]
TABLES = ("sessions", "transactions", "messages", "events", "packets")
RECORDED = sorted(path for path in (ROOT / "captures").iterdir() if path.suffix in (".pcap", ".pcapng"))

# Frame numbers, and numbers of rows: what changes when a packet is missing elsewhere, or comes at another time.
PLACES = frozenset(
    {"first_frame", "last_frame", "frame", "message", "transaction", "capture", "caused_by", "polled_by"}
)
TIMES = frozenset(
    {"time", "request_time", "response_time", "latency_s", "first_byte_s", "transfer_s"}
    | {"think_s", "acknowledged_s", "device_s", "stalled_s", "transfer_stalled_s", "stall_cause"}
    | {"start_time", "end_time", "duration_s", "tap", "initiator_rtt_s", "responder_rtt_s"}
)

Row = dict[str, Any]


def program(name: str) -> str:
    """The path of a program that a test runs. Without it the test is skipped, and fails where CI=true promises it."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def analysed(packets: Sequence[Packet], **options: Any) -> Analysis:
    """Packets as a capture with nanoseconds, analysed in one go."""
    return analyze(io.BytesIO(pcap_bytes(packets, nano=True)), **options)


def slices(batch: PacketBatch, size: int) -> Iterator[PacketBatch]:
    """A batch as smaller ones of ``size`` packets."""
    for low in range(0, len(batch.time), size):
        part = slice(low, low + size)
        yield PacketBatch(
            batch.first + low,
            batch.base,
            batch.data,
            batch.time[part],
            batch.position[part],
            batch.captured[part],
            batch.original[part],
            batch.link[part],
        )


def in_batches(capture: bytes | Path, size: int = 0, chunk_bytes: int = 0) -> Analysis:
    """A capture fed in batches of ``size`` packets, or read ``chunk_bytes`` at a time."""
    source = open_capture(capture if isinstance(capture, Path) else io.BytesIO(capture))
    analyzer = Analyzer(source)
    for batch in source.batches(chunk_bytes) if chunk_bytes else source.batches():
        for part in slices(batch, size or len(batch.time)):
            analyzer.feed(part)
    return Analysis([analyzer.finish()])


def rows(analysis: Analysis, table: str, without: Iterable[str] = ()) -> list[Row]:
    """The rows of a table as plain values (times as nanoseconds since 1970), without some columns."""
    whole = analysis.arrow(table)
    whole = whole.drop_columns([name for name in whole.column_names if name in set(without)])
    columns = {}
    for name in whole.column_names:
        column = whole.column(name)
        columns[name] = (column.cast("int64") if str(column.type).startswith("timestamp") else column).to_pylist()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def key(row: Row) -> tuple[Any, ...]:
    """A row as something that can be counted."""
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in row.items())


def tables(analysis: Analysis, without: Iterable[str] = (), of: Sequence[str] = TABLES) -> dict[str, list[Row]]:
    """All tables as rows."""
    return {table: rows(analysis, table, without) for table in of}


def unordered(of_tables: dict[str, list[Row]]) -> dict[str, list[str]]:
    """The rows of tables whatever their order."""
    return {table: sorted(map(repr, of_table)) for table, of_table in of_tables.items()}
