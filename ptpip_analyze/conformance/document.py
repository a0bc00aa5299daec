"""The outcome of a check as one document of plain values: findings by rule, scorecards, what was waived, what is new.

Promises that nothing disappears: a finding that is waived, known from a baseline, excused by a known deviation or shown
by another one is still in it, under its own heading; and that a rule's findings are judged alike whether others were
checked with it or not. Wording is left to the faces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ..result import Result
from ..rules import CATALOGUE, Finding, Judged, Verdict
from ..rules.rule import BOTH, INITIATOR, NOWHERE, RESPONDER, SIDES
from ..rules.run import chosen
from ..tables.findings import batches_of
from .implementations import Implementation, by_part, implementations
from .scorecard import scores
from .settings import Waiver

FAIL_ON = ("must", "should", "never")
_BREAKS = (Verdict.VIOLATION.value, Verdict.DEVIATION.value)
_LEVELS = {"must": 0, "should": 1, "may": 2, "info": 3}
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Options:
    """How to check. ``only`` and ``skip`` are globs over rule names; ``baseline`` counts known findings by fingerprint;
    ``today`` decides which waivers have expired.
    """

    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    strict: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)
    waivers: Sequence[Waiver] = ()
    baseline: Mapping[str, int] | None = None
    today: date | None = None


def checked(results: Sequence[Result], options: Options | None = None) -> dict[str, Any]:
    """The document.

    ``findings`` are violations and known deviations that count, worst first; ``waived`` and ``known`` those that are
    covered by a waiver or the baseline; ``joined`` those that one of ``findings`` shows more precisely, its rule named
    in ``shown_by``; ``notes`` what rules name, measure or hint at. Each is a row of the findings table with ``title``,
    ``implementation`` and ``fingerprint``. ``implementations`` have what ``scores`` says of them; ``compared`` tells
    that there was a baseline. ``rules`` say for each rule how often it passed, was violated or could not be decided,
    and why not.
    """
    asked = options or Options()
    people = implementations(list(results))
    who = by_part(people)
    judged = [
        result.judge(asked.only, asked.skip, strict=asked.strict, thresholds=asked.thresholds) for result in results
    ]
    today = asked.today or date.today()
    sorter = _Sorter(asked.waivers, dict(asked.baseline or {}), today)
    for row, finding, parties in _rows(results, judged, who):
        sorter.take(row, finding, parties)
    groups = sorter.groups
    for rows in groups.values():
        rows.sort(key=_worst_first)
    entries = chosen(asked.only, asked.skip)
    return {
        "captures": [result.path for result in results],
        "implementations": [
            {**one.facts, "sessions": _sessions(results, one), **scored}
            for one, scored in zip(people, scores(people, who, judged), strict=True)
        ],
        **groups,
        "unused_waivers": [
            {"rule": one.rule, "reason": one.reason, "line": one.line, "why": _why_unused(one, today)}
            for number, one in enumerate(asked.waivers)
            if number not in sorter.used
        ],
        "rules": [_rule(entry.id, judged) for entry in entries],
        "undecidable": [{"rule": entry.id, "why": entry.undecidable} for entry in entries if entry.undecidable],
        "compared": asked.baseline is not None,
        "judged_sessions": sum(1 for key, one in who.items() if key[2] == 1 and one.judged),
    }


def fails(document: Mapping[str, Any], fail_on: str) -> bool:
    """Does it have a violation that counts at this level or above? A known deviation does not fail a check."""
    if fail_on == "never":
        return False
    return any(
        row["verdict"] == Verdict.VIOLATION.value and _LEVELS[row["level"]] <= _LEVELS[fail_on]
        for row in document["findings"]
    )


class _Sorter:
    """Puts rows under their headings, as waivers and the baseline want it."""

    def __init__(self, waivers: Sequence[Waiver], left: dict[str, int], today: date) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("findings", "joined", "waived", "known", "notes")
        }
        self.used: set[int] = set()  # numbers of waivers
        self._waivers, self._left, self._today = waivers, left, today
        self._counted: set[int] = set()  # ids of findings

    def take(self, row: dict[str, Any], finding: Finding, parties: Sequence[str]) -> None:
        """Take the row of a finding; findings that speak come before those for which they do.

        Where the one that speaks is waived or known, and this one is not, this one counts itself.
        """
        if row["verdict"] not in _BREAKS:
            self.groups["notes"].append(row)
            return
        number = _waiver(self._waivers, row, parties, self._today)
        if number is not None:
            self.used.add(number)
            self.groups["waived"].append({**row, "reason": self._waivers[number].reason})
        elif self._left.get(row["fingerprint"], 0) > 0:
            self._left[row["fingerprint"]] -= 1
            self.groups["known"].append(row)
        elif finding.shown_by is not None and id(finding.shown_by) in self._counted:
            self.groups["joined"].append({**row, "shown_by": finding.shown_by.rule})
        else:
            self._counted.add(id(finding))
            self.groups["findings"].append(row)


def _rows(
    results: Sequence[Result], judged: Sequence[Judged], who: Mapping[tuple[int, int, int], Implementation]
) -> Iterator[tuple[dict[str, Any], Finding, list[str]]]:
    """The rows of the findings table of all captures with what else a document says of them, their findings, and the
    implementations that each speaks of. Of each capture those come first that speak, then those that are joined.
    """
    for number, (result, found) in enumerate(zip(results, judged, strict=True)):
        joined = [one for ruling in found.rulings.values() for one in ruling.joined]
        for part in (found, replace(found, findings=joined)):
            findings = iter(part.findings)
            for batch in batches_of(result, part):
                for row, finding in zip(_plain(batch), findings, strict=False):
                    parties = _who(number, finding, who)
                    implementation = " or ".join(parties)
                    more = {
                        "title": CATALOGUE.rules[finding.rule].title,
                        "implementation": implementation,
                        "fingerprint": _fingerprint(result, finding, implementation),
                    }
                    yield {**row, **more}, finding, parties


def _plain(batch: Any) -> list[dict[str, Any]]:
    """Rows as plain values; times in ns since the epoch, because Python's own would cut them."""
    import pyarrow as pa

    time = batch.column("time").cast(pa.int64())
    at = batch.schema.get_field_index("time")
    return list(batch.set_column(at, "time", time).to_pylist())


def _who(number: int, finding: Finding, who: Mapping[tuple[int, int, int], Implementation]) -> list[str]:
    """What those are called of whom a finding speaks; two where it was one of both."""
    sides = (RESPONDER, INITIATOR) if finding.side == BOTH else (finding.side,)
    keys = [(number, finding.session, side) for side in sides]
    return [who[key].title for key in keys if finding.session != NOWHERE and key in who] or [_NOBODY]


def _fingerprint(result: Result, finding: Finding, implementation: str) -> str:
    """What stays the same when the same fault is captured again: the rule, who broke it, and on what occasion."""
    columns, what = result.messages, ""
    if finding.row is not None:
        what = str(int(columns["type"][finding.row]))
    if finding.transaction is not None:
        request = int(result.transactions.request[finding.transaction])
        what += f":{int(columns['code'][request]) if request >= 0 else ''}"
    text = "|".join((finding.rule, SIDES[finding.side], implementation, what))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _worst_first(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        row["verdict"] != Verdict.VIOLATION.value,
        _LEVELS[row["level"]],
        row["rule"],
        row["implementation"],
        row["capture"],
        row["frame"] or 0,
    )


def _waiver(waivers: Sequence[Waiver], row: Mapping[str, Any], parties: Sequence[str], today: date) -> int | None:
    for number, one in enumerate(waivers):
        if not one.is_over(today) and one.covers(row["rule"], row["subject"], parties):
            return number
    return None


def _why_unused(waiver: Waiver, today: date) -> str:
    return f"expired on {waiver.expires}" if waiver.is_over(today) else "nothing to waive"


def _sessions(results: Sequence[Result], one: Implementation) -> list[int]:
    return [part.session + results[part.result].first_session for part in one.parts]


def _rule(rule: str, judged: Sequence[Judged]) -> dict[str, Any]:
    entry = CATALOGUE.rules[rule]
    why: dict[str, int] = {}
    for found in judged:
        for reason, count in found.rulings[rule].why.items():
            why[reason] = why.get(reason, 0) + count
    findings = [one for found in judged for one in (*found.rulings[rule].findings, *found.rulings[rule].joined)]
    said = {verdict: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    named = said if entry.checks else dict.fromkeys(Verdict, 0)  # instances only where something is demanded
    return {
        "rule": rule,
        "level": entry.level,
        "kind": entry.kind,
        "title": entry.title,
        "clause": entry.clause,
        "passed": sum(sum(found.rulings[rule].passed.values()) for found in judged) + named[Verdict.PASS],
        "inconclusive": sum(sum(found.rulings[rule].unsure.values()) for found in judged) + named[Verdict.INCONCLUSIVE],
        "violated": said[Verdict.VIOLATION],
        "deviations": said[Verdict.DEVIATION],
        "why_inconclusive": why,
    }
