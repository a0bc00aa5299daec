"""What rules found is doubted where the clock of the capture was set, or was that of two taps: they asked how long
something took, or what came first.

Which rules compare times their preconditions tell; says nothing of those that don't.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .catalogue import CATALOGUE
from .clock import STEPPED
from .evidence import Evidence
from .order import Order
from .rule import NOWHERE, Ruling, Verdict

SKEWED = "the capture has packets of two taps, whose clocks differ"
APART = "the file has several interfaces, whose clocks may differ"
TIMED = frozenset({"CLOCK", "WINDOW", "ORDER"})  # preconditions of rules that compare times

ACROSS = frozenset({"PAIRED", "ORDER"})  # of those that ask what came first of two connections


@cache
def _timed() -> frozenset[str]:
    return frozenset(rule for rule, entry in CATALOGUE.rules.items() if TIMED.intersection(entry.requires))


def doubt(seen: Evidence, rulings: Mapping[str, Ruling]) -> None:
    """Turn verdicts of rules that compare times into "can't know" for sessions with times that can't be compared."""
    clock, order = seen.clock, seen.once(Order)
    even = clock.seems_even()

    def why(session: int, *, accuses: bool) -> str | None:
        if (accuses or not even) and clock.stepped(session):
            return STEPPED
        return SKEWED if session != NOWHERE and order.skewed(seen.cases[session]) else None

    for rule, ruling in rulings.items():
        if rule not in _timed() or not (ruling.findings or ruling.passed):
            continue
        apart = APART if not seen.one_interface and ACROSS.issubset(CATALOGUE.rules[rule].requires) else None
        kept = []
        for finding in ruling.findings:
            doubted = None
            if finding.verdict is Verdict.VIOLATION:
                sessions = dict.fromkeys((finding.session, *seen.session[[*finding.rows]].tolist()))
                doubted = next(filter(None, (why(one, accuses=True) for one in sessions)), apart)
            if doubted:
                ruling.unknown(finding.session, finding.side, doubted)
            else:
                kept.append(finding)
        ruling.findings[:] = kept
        for (session, side), count in list(ruling.passed.items()):
            doubted = why(session, accuses=False)
            if doubted:
                del ruling.passed[session, side]
                ruling.unknown(session, side, doubted, count)
