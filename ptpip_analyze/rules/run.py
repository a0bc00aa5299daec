"""Runs the rules over a capture: one ruling per rule, related findings joined, known deviations told apart.

Decides which rules run and what a finding finally counts as; looks at no message itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module

from .catalogue import CATALOGUE, Entry
from .evidence import Evidence
from .rule import BOTH, INITIATOR, REGISTRY, RESPONDER, Finding, Ruling, Verdict

TOPICS = (
    "framing", "init", "init_answers", "name", "version", "association", "event", "request", "response", "data",
    "data_amounts", "cancel", "cancel_named", "cancel_responder", "probe", "shutdown", "session", "session_busy",
    "txid", "transport", "discovery", "bonding",
)  # fmt: skip


@dataclass
class Judged:
    """What the rules say of one capture: a ruling for each rule that ran, and all findings, in order of packet."""

    rulings: dict[str, Ruling]
    findings: list[Finding]

    @cached_property
    def _spoken_for(self) -> dict[str, list[Finding]]:
        """By rule, the findings of others that speak for it."""
        found: dict[str, list[Finding]] = {}
        for one in self.findings:
            for rule in one.related:
                found.setdefault(rule, []).append(one)
        return found

    def verdicts(self, rule: str) -> dict[tuple[int, int], Verdict]:
        """What a rule says of each side of each session that it looked at; what is not there is not applicable.

        The worst finding wins, then a pass, then "can't know".
        """
        ruling = self.rulings[rule]
        said: list[tuple[int, int, Verdict]] = [
            *((session, side, Verdict.PASS) for session, side in ruling.passed),
            *((session, side, Verdict.INCONCLUSIVE) for session, side in ruling.unsure),
            *((one.session, one.side, one.verdict) for one in ruling.findings),
            *((one.session, one.side, one.verdict) for one in self._spoken_for.get(rule, ())),
        ]
        found: dict[tuple[int, int], Verdict] = {}
        for session, side, verdict in said:
            for one in (INITIATOR, RESPONDER) if side == BOTH else (side,):
                before = found.get((session, one))
                if before is None or _RANK[verdict] < _RANK[before]:
                    found[session, one] = verdict
        return found


_RANK = {
    verdict: rank
    for rank, verdict in enumerate((Verdict.VIOLATION, Verdict.DEVIATION, Verdict.PASS, Verdict.INCONCLUSIVE))
}


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


def judge(seen: Evidence, only: Sequence[str] = (), skip: Sequence[str] = (), *, strict: bool = False) -> Judged:
    """Let the rules look at the evidence. With ``strict`` known deviations count as violations."""
    from .deviations import excuse
    from .doubt import doubt
    from .related import join

    functions = load()
    rulings: dict[str, Ruling] = {}
    for entry in chosen(only, skip):
        ruling = Ruling(entry.id, checks=entry.checks, hints=entry.kind == "hint")
        if entry.id in functions:
            functions[entry.id](seen, ruling)
        rulings[entry.id] = ruling
    doubt(seen, rulings)
    join(rulings)
    if not strict:
        excuse(seen, rulings)
    findings = [finding for ruling in rulings.values() for finding in ruling.findings]
    findings.sort(key=lambda finding: place_of(seen, finding))
    return Judged(rulings, findings)


def place_of(seen: Evidence, finding: Finding) -> int:
    """Number of the packet, from 0, that a finding points at; that of its session's first where it points at none."""
    if finding.packet is not None:
        return finding.packet
    if finding.row is not None:
        return int(seen.columns["last"][finding.row])
    if finding.session >= 0:
        return min(part.tcp.first_packet for part in seen.pairs[finding.session].parts)
    return 0
