"""Bytes over time: what PTP-IP sessions carried in each of some equal stretches of a capture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


def bytes_over_time(packets: Iterable[pa.RecordBatch], begins: int, ends: int, stretches: int) -> np.ndarray:
    """TCP payload of packets that belong to a session, by stretch of time (int64).

    ``packets`` are batches of the packets table; ``begins`` and ``ends`` are ns, both inside. Retransmitted bytes count
    again: it is what the network carried.
    """
    found = np.zeros(max(stretches, 1), np.int64)
    width = max((ends - begins + 1) / len(found), 1)
    for batch in packets:
        time = batch["time"].cast(pa.int64())
        counted = batch["session"].is_valid().to_numpy(False) & time.is_valid().to_numpy(False)
        size = batch["tcp_payload_bytes"].fill_null(0).to_numpy(zero_copy_only=False)
        at = ((time.fill_null(begins).to_numpy(zero_copy_only=False) - begins) / width).astype(np.int64)
        counted &= (at >= 0) & (at < len(found))
        found += np.bincount(at[counted], size[counted], len(found)).astype(np.int64)
    return found
