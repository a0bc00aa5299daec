"""Our verdicts as comments of packets, so that Wireshark shows them. Promises a line for each transaction where it
begins and for each finding at its frame, escaped; refuses to change a byte of any frame.
"""

from __future__ import annotations

from collections import defaultdict
from typing import BinaryIO

import numpy as np

from ..analysis import Analysis
from ..capture.copying import Copy
from ..describe import human_seconds, safe_text


def comments(analysis: Analysis) -> dict[str, dict[int, list[str]]]:
    """By capture, the comments of each frame that has any."""
    lines: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in analysis.arrow("transactions").to_pylist():
        lines[row["capture"], row["first_frame"]].append(_transaction(row))
    for row in analysis.arrow("findings").to_pylist():
        if row["frame"] is not None:
            lines[row["capture"], row["frame"]].append(f"{row['level'].upper()} {row['rule']}: {row['says']}")
    found: dict[str, dict[int, list[str]]] = defaultdict(dict)
    for (capture, frame), said in lines.items():
        found[capture][frame] = [safe_text(line) for line in said]
    return dict(found)


def _transaction(row: dict[str, object]) -> str:
    """A transaction in one line."""
    identity = "" if row["transaction_id"] is None else f" {row['transaction_id']}"
    said = f"transaction{identity}: {row['operation'] or 'unknown operation'} → {row['response'] or 'no response'}"
    if isinstance(row["latency_s"], float):
        said += f" after {human_seconds(row['latency_s'])}"
    if row["data_bytes"]:
        said += f", {row['data_bytes']:,} bytes of data"
    return said if row["status"] == "complete" else f"{said} ({row['status']})"


def annotate(analysis: Analysis, stream: BinaryIO) -> tuple[int, int]:
    """All frames of the captures as one pcapng file with comments; how many frames, how many of them with one."""
    of_capture = comments(analysis)
    copy, frames, with_comment = Copy(stream), 0, 0
    for result, batches in analysis.batches_by_capture("packets"):
        numbers = [batch["frame"].to_numpy() for batch in batches]
        mine = of_capture.get(result.path, {})
        every = np.concatenate(numbers) if numbers else np.empty(0, np.int64)
        frames += copy.add(result.path, every.astype(np.int64), mine)
        with_comment += len(mine)
    return frames, with_comment
