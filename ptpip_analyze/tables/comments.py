"""What was found, as comments of packets: calls where they begin and where they end, findings at their frame.

Promises escaped lines. Refuses to know where they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.describe import counted, human_seconds, safe_text

from .calls import calls


def comments(
    path: str,
    transactions: Iterable[pa.RecordBatch],
    findings: Iterable[pa.RecordBatch],
    vendors: Sequence[str | None],
    beginning: Callable[[int, int], bytes],
    frames: np.ndarray | None = None,
) -> dict[int, list[str]]:
    """By frame of the capture that is named so what Wireshark shall say of it.

    ``transactions`` and ``findings`` are batches of these tables, ``vendors`` and ``beginning`` as for ``calls``. With
    ``frames`` only calls that begin or end in these are told.
    """
    said: dict[int, list[str]] = {}
    for batch in transactions:
        mine = pc.fill_null(pc.equal(batch["capture"].cast(pa.string()), path), False)
        for name in ("first_frame", "last_frame"):
            chosen = mine if frames is None else pc.and_(mine, pc.is_in(batch[name], pa.array(frames)))
            rows = batch.filter(chosen)
            texts = calls(rows, vendors, beginning) if name == "first_frame" else _endings(rows)
            numbers = rows["transaction"].to_pylist()
            for frame, number, text in zip(rows[name].to_pylist(), numbers, texts, strict=True):
                if text is not None:
                    said.setdefault(frame, []).append(safe_text(f"#{number} {text}"))
    for batch in findings:
        for row in batch.select(["capture", "frame", "level", "rule", "says"]).to_pylist():
            if row["capture"] == path and row["frame"] is not None:
                said.setdefault(row["frame"], []).append(safe_text(f"{row['level']}: {row['rule']}: {row['says']}"))
    return said


def _endings(rows: pa.RecordBatch) -> list[str]:
    """How transactions ended: response, after which time, payload, and the status of those that are not complete."""
    texts = []
    for row in rows.select(["response", "latency_s", "data_bytes", "status"]).to_pylist():
        text = row["response"] or "no response"
        if row["latency_s"] is not None:
            text += f" after {human_seconds(row['latency_s'])}"
        if row["data_bytes"]:
            text += f", {counted(row['data_bytes'], 'byte')} of data"
        texts.append(text if row["status"] == "complete" else f"{text} ({row['status']})")
    return texts
