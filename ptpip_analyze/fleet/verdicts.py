"""What each rule said of each side of each session: what a scorecard over many captures is made of. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ptpip_analyze.ptpip import Dialect
from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.rule import NOWHERE, SIDES
from ptpip_analyze.rules.run import Tally
from ptpip_analyze.tables.rows import batch_of
from ptpip_analyze.tables.schema import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

    from ptpip_analyze.result import Result

BATCH_SESSIONS = 1 << 10
COUNTED = {
    "passed": "passed", "inconclusive": "unsure", "violated": "violated", "deviations": "deviations",
    "one_of_both": "either",
}  # fmt: skip
"""Columns that count instances, and what a Tally calls them."""


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The verdicts table of one capture, by session, side and rule; sessions of a maker's dialect are not judged."""
    judged = result.judged
    standard = {
        number
        for number, pair in enumerate(result.pairs)
        if all(part.conversation.dialect is Dialect.STANDARD for part in pair.parts)
    }
    said: dict[int, list[tuple[int, str, Tally]]] = {}
    for rule in judged.rulings:
        entry = CATALOGUE.rules[rule]
        if not entry.checks or entry.undecidable:
            continue
        for (session, side), tally in judged.tallies(rule).items():
            if session != NOWHERE and session in standard:
                said.setdefault(session, []).append((side, rule, tally))
    sessions = sorted(said)
    for low in range(0, len(sessions), BATCH_SESSIONS):
        rows = [
            (session, *row)
            for session in sessions[low : low + BATCH_SESSIONS]
            for row in sorted(said[session], key=lambda row: row[:2])
        ]
        yield batch_of(
            {
                "session": [session for session, _, _, _ in rows],
                "subject": [SIDES[side] for _, side, _, _ in rows],
                "rule": [rule for _, _, rule, _ in rows],
                "verdict": [tally.verdict.value for _, _, _, tally in rows],
                **{name: [getattr(tally, field) for _, _, _, tally in rows] for name, field in COUNTED.items()},
            },
            arrow_schema("verdicts"),
        )
