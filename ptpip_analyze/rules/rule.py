"""What a rule is: a function that looks at the evidence and gives a ruling. Judges nothing itself.

A ruling counts every instance that was looked at, by session and side: those that pass, those that can't be decided
because a precondition is not met, and those that are findings. "Can't know" is counted, never turned into a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

if TYPE_CHECKING:
    from .evidence import Evidence

INITIATOR, RESPONDER, BOTH = 0, 1, 2
SIDES = ("initiator", "responder", "both")
NOWHERE = -1  # session of what belongs to none


class Verdict(Enum):
    """The five answers, worst first."""

    VIOLATION = "violation"
    DEVIATION = "known-vendor-deviation"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"
    NOT_APPLICABLE = "not-applicable"


@dataclass(slots=True)
class Finding:
    """A rule that fired.

    ``verdict`` is VIOLATION or DEVIATION where a demand was broken, INCONCLUSIVE for a hint (indirect evidence), PASS
    where a rule only names or measures what happened. ``side`` is an index of SIDES, ``session`` an index into the
    sessions of the capture or NOWHERE. ``row`` is the message that proves it, ``rows`` further ones; where no message
    does (a SYN, a FIN), ``packet`` is the number of the packet, from 0, and ``packets`` are further ones.
    ``transaction`` is a transaction row. BOTH is one of the two where nobody can tell who. ``related`` are rules that
    the same bytes break as well and that keep silent for it; ``shown_by``, in a finding of those, is the one that
    speaks for it.
    """

    rule: str
    verdict: Verdict
    side: int
    session: int
    says: str
    row: int | None = None
    rows: tuple[int, ...] = ()
    packet: int | None = None
    packets: tuple[int, ...] = ()
    transaction: int | None = None
    deviation: str | None = None
    related: tuple[str, ...] = ()
    shown_by: Finding | None = None


class Shown(TypedDict, total=False):
    """What shows it: fields of a finding."""

    row: int | None
    rows: tuple[int, ...]
    packet: int | None
    packets: tuple[int, ...]
    transaction: int | None


@dataclass(slots=True)
class Ruling:
    """What one rule found in one capture.

    ``findings`` speak; ``joined`` are those that another rule shows more precisely, and count all the same. ``passed``
    and ``unsure`` count instances by (session, side). ``why`` says, once per reason, what was missing where the rule
    could not decide.
    """

    rule: str
    checks: bool
    hints: bool = False
    findings: list[Finding] = field(default_factory=list)
    joined: list[Finding] = field(default_factory=list)
    passed: dict[tuple[int, int], int] = field(default_factory=dict)
    unsure: dict[tuple[int, int], int] = field(default_factory=dict)
    why: dict[str, int] = field(default_factory=dict)

    def passes(self, session: int, side: int, count: int = 1) -> None:
        """Instances of this rule that were kept."""
        if count:
            self.passed[session, side] = self.passed.get((session, side), 0) + count

    def unknown(self, session: int, side: int, why: str, count: int = 1) -> None:
        """Instances that can't be decided, and the precondition that is not met."""
        if count:
            self.unsure[session, side] = self.unsure.get((session, side), 0) + count
            self.why[why] = self.why.get(why, 0) + count

    def fires(self, session: int, side: int, says: str, **shown: Unpack[Shown]) -> None:
        """The rule is broken; or, for rules that only name, hint or measure: this is what happened."""
        verdict = Verdict.VIOLATION if self.checks else Verdict.INCONCLUSIVE if self.hints else Verdict.PASS
        self.findings.append(Finding(self.rule, verdict, side, session, says, **shown))

    def names(self, session: int, side: int, says: str, *, sure: bool = True, **shown: Unpack[Shown]) -> None:
        """A case that the rule recognises and that keeps its demand; not ``sure``: one of several candidates."""
        verdict = Verdict.PASS if sure else Verdict.INCONCLUSIVE
        self.findings.append(Finding(self.rule, verdict, side, session, says, **shown))

    def weigh(
        self,
        seen: Evidence,
        rows: np.ndarray,
        kept: np.ndarray,
        sure: np.ndarray | None,
        says: Callable[[int], str],
        why: str = "bytes are missing before it",
        side: int | np.ndarray | None = None,
        beside: Callable[[int], tuple[int, ...]] | None = None,
    ) -> None:
        """Judge one instance per message row: kept or not, where the precondition ``sure`` holds (None: everywhere).

        ``rows`` are int64 message rows, ``kept`` and ``sure`` bool arrays of that length. ``says`` makes the sentence
        for a row that breaks the rule. The instance counts for the sender of the message, or for ``side`` (one for all,
        or one for each). ``beside`` gives further message rows that show it.
        """
        if len(rows) == 0:
            return
        key = seen.sender[rows] if side is None else (seen.session[rows] - NOWHERE) * 3 + side
        for number, count in _counts(key[kept if sure is None else sure & kept]):
            self.passes(number // 3 + NOWHERE, number % 3, count)
        if sure is not None:
            for number, count in _counts(key[~sure]):
                self.unknown(number // 3 + NOWHERE, number % 3, why, count)
        broken = ~kept if sure is None else sure & ~kept
        for place in broken.nonzero()[0].tolist():
            row = int(rows[place])
            self.fires(
                int(seen.session[row]),
                int(key[place]) % 3,
                says(row),
                row=row,
                rows=beside(row) if beside else (),
                transaction=seen.transaction_of(row),
            )


def _counts(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Small numbers and how many there are of each."""
    counts = np.bincount(numbers)
    found = counts.nonzero()[0]
    return zip(found.tolist(), counts[found].tolist(), strict=True)


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 message, 2,000 messages."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


Judge = Callable[["Evidence", Ruling], None]
_REGISTRY: dict[str, Judge] = {}
REGISTRY: Mapping[str, Judge] = MappingProxyType(_REGISTRY)
"""The function of each rule, by id."""


def rule(name: str) -> Callable[[Judge], Judge]:
    """Enter a function as that of a rule. Raises ValueError for a rule that has one already."""

    def enter(function: Judge) -> Judge:
        if name in _REGISTRY:
            raise ValueError(f"two functions for the rule {name}")
        _REGISTRY[name] = function
        return function

    return enter
