"""Runs the rules over a capture: one ruling per rule, related findings joined, known deviations told apart.

Decides which rules run and what a finding finally counts as; looks at no message itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import import_module

from .catalogue import CATALOGUE, Entry
from .evidence import Evidence
from .related import join, settle, speakers
from .rule import BOTH, INITIATOR, REGISTRY, RESPONDER, Finding, Ruling, Verdict

TOPICS = (
    "framing", "init", "init_answers", "name", "version", "association", "event", "request", "response", "data",
    "data_amounts", "cancel", "cancel_named", "cancel_responder", "probe", "shutdown", "session", "session_busy",
    "txid", "transport", "discovery", "bonding",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """How often a rule was kept by a side, can't be decided, was broken by it, or by one of both and nobody can tell.

    ``deviations`` are those of ``violated`` kind that known makers are excused for.
    """

    passed: int = 0
    unsure: int = 0
    violated: int = 0
    deviations: int = 0
    either: int = 0

    def add(self, other: Tally) -> None:
        """Count what another one counted, too."""
        self.passed += other.passed
        self.unsure += other.unsure
        self.violated += other.violated
        self.deviations += other.deviations
        self.either += other.either

    @property
    def verdict(self) -> Verdict:
        """The worst that was said. A side that may be the one or not is in doubt; a pass outweighs "can't know"."""
        if self.violated:
            return Verdict.VIOLATION
        if self.either:
            return Verdict.INCONCLUSIVE
        if self.deviations:
            return Verdict.DEVIATION
        return Verdict.PASS if self.passed else Verdict.INCONCLUSIVE if self.unsure else Verdict.NOT_APPLICABLE


@dataclass(slots=True)
class Judged:
    """What the rules say of one capture: a ruling for each rule that ran, and the findings that speak, in order of
    packet.
    """

    rulings: dict[str, Ruling]
    findings: list[Finding]

    def tallies(self, rule: str) -> dict[tuple[int, int], Tally]:
        """By session and side (of one of the two), what a rule counted; what it did not look at is not there.

        What another rule shows more precisely counts like any other finding.
        """
        found: dict[tuple[int, int], Tally] = {}
        for session, side, field, count in _counts(self.rulings[rule]):
            for one in (INITIATOR, RESPONDER) if side == BOTH else (side,):
                tally = found.setdefault((session, one), Tally())
                setattr(tally, field, getattr(tally, field) + count)
        return found

    def verdicts(self, rule: str) -> dict[tuple[int, int], Verdict]:
        """What a rule says of each side of each session that it looked at; what is not there is not applicable."""
        return {key: tally.verdict for key, tally in self.tallies(rule).items()}


def _counts(ruling: Ruling) -> Iterator[tuple[int, int, str, int]]:
    """Session, side, field of a tally and number, of all that a ruling has."""
    yield from ((session, side, "passed", count) for (session, side), count in ruling.passed.items())
    yield from ((session, side, "unsure", count) for (session, side), count in ruling.unsure.items())
    for one in (*ruling.findings, *ruling.joined):
        accuses = one.verdict in (Verdict.VIOLATION, Verdict.DEVIATION)
        yield one.session, one.side, "either" if accuses and one.side == BOTH else _FIELDS[one.verdict], 1


_FIELDS = {
    Verdict.VIOLATION: "violated",
    Verdict.DEVIATION: "deviations",
    Verdict.PASS: "passed",
    Verdict.INCONCLUSIVE: "unsure",
}


@cache
def load() -> Mapping[str, Callable[[Evidence, Ruling], None]]:
    """The functions of all rules, by id; imports their modules."""
    for topic in TOPICS:
        import_module(f"{__package__}.{topic}")
    return REGISTRY


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> list[Entry]:
    """The rules of the catalogue that match any glob of ``only`` (all without one) and none of ``skip``."""
    return [
        entry
        for entry in CATALOGUE.rules.values()
        if (not only or any(fnmatchcase(entry.id, glob) for glob in only))
        and not any(fnmatchcase(entry.id, glob) for glob in skip)
    ]


@lru_cache(maxsize=16)
def _plan(only: tuple[str, ...], skip: tuple[str, ...]) -> tuple[Mapping[str, None], list[tuple[str, bool, bool]]]:
    """The rules that are wanted, and all that have to look: id, does it check, does it hint."""
    wanted = dict.fromkeys(entry.id for entry in chosen(only, skip))
    names = wanted.keys() | speakers(wanted)
    looking = [entry for entry in CATALOGUE.rules.values() if entry.id in names]
    return wanted, [(one.id, one.checks, one.kind == "hint") for one in looking]


def judge(seen: Evidence, only: Sequence[str] = (), skip: Sequence[str] = (), *, strict: bool = False) -> Judged:
    """Let the rules look at the evidence. With ``strict`` known deviations count as violations.

    What is said of a rule does not depend on which others were chosen: those that may speak for it look as well.
    """
    from .deviations import excuse
    from .doubt import doubt

    wanted, looking = _plan(tuple(only), tuple(skip))
    functions = load()
    rulings: dict[str, Ruling] = {}
    for name, checks, hints in looking:
        rulings[name] = ruling = Ruling(name, checks, hints)
        if name in functions:
            functions[name](seen, ruling)
    doubt(seen, rulings)
    join(rulings)
    excuse(seen, rulings, strict=strict)
    settle(rulings, wanted)
    mine = {rule: rulings[rule] for rule in wanted}
    findings = [finding for ruling in mine.values() for finding in ruling.findings]
    findings.sort(key=lambda finding: place_of(seen, finding))
    return Judged(mine, findings)


def place_of(seen: Evidence, finding: Finding) -> int:
    """Number of the packet, from 0, that a finding points at; that of its session's first where it points at none."""
    if finding.packet is not None:
        return finding.packet
    if finding.row is not None:
        return int(seen.columns["last"][finding.row])
    if finding.session >= 0:
        return min(part.tcp.first_packet for part in seen.pairs[finding.session].parts)
    return 0
