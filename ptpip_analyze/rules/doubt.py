"""What rules found is doubted where a step of the capture's clock lies under it: they asked how long something took.

Which rules compare times their preconditions tell; says nothing of those that don't.
"""

from __future__ import annotations

from collections.abc import Mapping

from .catalogue import CATALOGUE
from .clock import STEPPED
from .evidence import Evidence
from .rule import Ruling, Verdict

TIMED = frozenset({"CLOCK", "WINDOW", "ORDER"})  # preconditions of rules that compare times


def doubt(seen: Evidence, rulings: Mapping[str, Ruling]) -> None:
    """Turn verdicts of rules that compare times into "can't know" for sessions in which the clock was set."""
    clock = seen.clock
    even = clock.seems_even()
    for rule, ruling in rulings.items():
        if not TIMED.intersection(CATALOGUE.rules[rule].requires):
            continue
        kept = []
        for finding in ruling.findings:
            if finding.verdict is Verdict.VIOLATION and clock.stepped(finding.session):
                ruling.unknown(finding.session, finding.side, STEPPED)
            else:
                kept.append(finding)
        ruling.findings[:] = kept
        if even:
            continue
        for (session, side), count in list(ruling.passed.items()):
            if clock.stepped(session):
                del ruling.passed[session, side]
                ruling.unknown(session, side, STEPPED, count)
