"""The discovery table: what was announced and asked for in UDP, in order of first frame. Decodes nothing itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ..ptpip.announcement import Announcement
from ..result import Result
from .addresses import address_text, station_text
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS = 1 << 13


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    rows = result.discovery.rows
    for low in range(0, len(rows), BATCH_ROWS):
        yield _batch(result, rows[low : low + BATCH_ROWS])


def _batch(result: Result, part: list[Announcement]) -> pa.RecordBatch:
    sessions = [[one + result.first_session for one in row.sessions] for row in part]
    return batch_of(
        {
            "device": [row.device or None for row in part],
            "method": [row.method for row in part],
            "kind": [row.kind for row in part],
            "service": [row.service for row in part],
            "time": np.array([row.times[0] for row in part], np.int64),
            "source_address": [address_text(row.source) if row.source else None for row in part],
            "addresses": [",".join(map(address_text, row.addresses)) or None for row in part],
            "port": [row.port for row in part],
            "guid": [min(row.carries, default=row.guid) for row in part],
            "text": [row.text or None for row in part],
            "expires_s": [row.ttl for row in part],
            "session": [one[0] if one else None for one in sessions],
            "sessions": [one or None for one in sessions],
            "joined_by": [row.joined_by for row in part],
            "count": [row.count for row in part],
            "frame": [row.packets[0] + 1 for row in part],
            "frames": [[packet + 1 for packet in row.packets] for row in part],
            "last_time": np.array([row.last_time for row in part], np.int64),
            "hardware_address": [station_text(row.station) if row.station else None for row in part],
            "capture": [result.path] * len(part),
        },
        arrow_schema("discovery"),
    )
