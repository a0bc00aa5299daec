"""The findings table, and which transactions have findings. Says what the rules found; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import pyarrow as pa

from ..capture import NO_TIME
from ..result import Result
from ..rules import CATALOGUE, Finding, Judged, Verdict
from ..rules.rule import NOWHERE, SIDES
from . import arrow
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS = 1 << 14
PROOF_BYTES = 64
COLUMN = "findings"


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result, in order of frame."""
    return batches_of(result, result.judged)


def batches_of(result: Result, judged: Judged) -> Iterator[pa.RecordBatch]:
    """The same of rules that were run with options."""
    rows = iter(judged.findings)
    while part := list(islice(rows, BATCH_ROWS)):
        yield _batch(result, part)


def _batch(result: Result, part: list[Finding]) -> pa.RecordBatch:
    made = result.transactions
    entries = [CATALOGUE.rules[one.rule] for one in part]
    transactions = [one.transaction for one in part]
    identities = [None if one is None else int(made.transaction_id[one]) for one in transactions]
    frames = [frames_of(result, one) for one in part]
    number = result.numbers
    return batch_of(
        {
            "rule": [one.rule for one in part],
            "level": [entry.level for entry in entries],
            "verdict": [one.verdict.value for one in part],
            "subject": [SIDES[one.side] for one in part],
            "session": [None if one.session == NOWHERE else one.session + result.first_session for one in part],
            "transaction_id": [None if one is None or one < 0 else one for one in identities],
            "frame": [shown_in(result, one) for one in part],
            "time": np.array([_time(result, one) for one in part], np.int64),
            "says": [one.says for one in part],
            "clause": [entry.clause for entry in entries],
            "deviation": [one.deviation for one in part],
            "frames": frames,
            "proof": [None if one.row is None else result.message_head(one.row, PROOF_BYTES).hex() for one in part],
            "message": [None if one.row is None else int(number[one.row]) + result.first_message for one in part],
            "transaction": [None if one is None else one + result.first_transaction for one in transactions],
            "related": [",".join(one.related) or None for one in part],
            "capture": [result.path] * len(part),
        },
        arrow_schema("findings"),
    )


def _time(result: Result, finding: Finding) -> int:
    """Time of the packet that shows it, ns or NO_TIME.

    It is known of the packets in which messages begin or end, and of those that open or end a connection.
    """
    columns, row, packet = result.messages, finding.row, finding.packet
    if packet is None:
        return NO_TIME if row is None else int(columns["time"][row])
    if finding.session != NOWHERE:
        for tcp in (part.tcp for part in result.pairs[finding.session].parts):
            known = (tcp.first_packet, tcp.first_time), (tcp.last_packet, tcp.last_time)
            for number, time in (*zip(tcp.end_packets, tcp.end_times, strict=True), *known):
                if number == packet:
                    return time
    for name, time_of in (("last", "time"), ("first", "began")):
        rows = np.flatnonzero(columns[name] == packet)
        if len(rows):
            return int(columns[time_of][rows[0]])
    return NO_TIME


def shown_in(result: Result, finding: Finding) -> int | None:
    """Number of the frame that shows a finding, from 1; None where it is not one frame."""
    if finding.packet is not None:
        return finding.packet + 1
    return None if finding.row is None else int(result.messages["last"][finding.row]) + 1


def frames_of(result: Result, finding: Finding) -> list[int]:
    """Numbers of the frames in which the messages that prove a finding end, and of its packet; ascending, from 1."""
    rows = [row for row in (finding.row, *finding.rows) if row is not None]
    found = {int(result.messages["last"][row]) + 1 for row in rows}
    return sorted(found | {packet + 1 for packet in (finding.packet, *finding.packets) if packet is not None})


def with_findings(batch: pa.RecordBatch, results: Sequence[Result]) -> pa.RecordBatch:
    """A batch of the transactions table with a last column: the rules that each transaction violates, or null."""
    broken: dict[int, set[str]] = {}
    for result in results:
        for one in result.judged.findings:
            if one.transaction is not None and one.verdict is Verdict.VIOLATION:
                broken.setdefault(one.transaction + result.first_transaction, set()).update((one.rule, *one.related))
    (kind,) = arrow_schema("transactions", [COLUMN]).types
    texts = [
        ",".join(sorted(broken[number])) if number in broken else None for number in batch["transaction"].to_pylist()
    ]
    return batch.append_column(COLUMN, arrow.texts(texts).cast(kind))
