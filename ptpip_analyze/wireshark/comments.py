"""Our verdicts as comments of packets, so that Wireshark shows them. Refuses to change a byte of any frame."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from ..analysis import Analysis
from ..capture.copying import Copy
from ..tables.comments import comments

_TABLES = ("packets", "transactions", "findings")


def annotate(analysis: Analysis, stream: BinaryIO) -> tuple[int, int]:
    """All frames of the captures as one pcapng file with comments; how many frames, how many of them with one."""
    copy, frames, with_comment = Copy(stream), 0, 0
    of_captures = zip(*(analysis.batches_by_capture(table) for table in _TABLES), strict=True)
    for (result, packets), (_, transactions), (_, findings) in of_captures:
        mine = comments(result.path, transactions, findings, analysis.vendors, analysis.beginning)
        numbers = [batch["frame"].to_numpy() for batch in packets]
        every = np.concatenate(numbers) if numbers else np.empty(0, np.int64)
        frames += copy.add(result.path, every.astype(np.int64), mine)
        with_comment += len(mine)
    return frames, with_comment
