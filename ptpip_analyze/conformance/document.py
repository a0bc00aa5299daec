"""The outcome of a check as one document of plain values: findings by rule, scorecards, what was waived, what is new.

Promises that nothing disappears: a finding that is waived, known from a baseline or excused by a known deviation is
still in it, under its own heading. Wording is left to the faces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..result import Result
from ..rules import CATALOGUE, Finding, Judged, Verdict
from ..rules.rule import BOTH, NOWHERE, SIDES
from ..rules.run import chosen
from ..tables.findings import batches_of
from .implementations import Implementation, by_part, implementations
from .settings import Waiver

FAIL_ON = ("must", "should", "never")
_BREAKS = (Verdict.VIOLATION.value, Verdict.DEVIATION.value)
_COUNTED = {
    Verdict.VIOLATION: "violated",
    Verdict.DEVIATION: "deviations",
    Verdict.PASS: "passed",
    Verdict.INCONCLUSIVE: "inconclusive",
}
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
    covered by a waiver or the baseline; ``notes`` what rules name, measure or hint at. Each is a row of the findings
    table with ``title``, ``implementation`` and ``fingerprint``. ``implementations`` have a ``scorecard`` by topic;
    ``compared`` tells that there was a baseline.
    ``rules`` say for each rule how often it passed, was violated or could not be decided, and why not.
    """
    asked = options or Options()
    people = implementations(list(results))
    who = by_part(people)
    judged = [
        result.judge(asked.only, asked.skip, strict=asked.strict, thresholds=asked.thresholds) for result in results
    ]
    groups: dict[str, list[dict[str, Any]]] = {"findings": [], "waived": [], "known": [], "notes": []}
    used: set[int] = set()
    left = dict(asked.baseline or {})
    today = asked.today or date.today()
    for row in _rows(results, judged, who):
        if row["verdict"] not in _BREAKS:
            groups["notes"].append(row)
            continue
        number = _waiver(asked.waivers, row, today)
        if number is not None:
            used.add(number)
            groups["waived"].append({**row, "reason": asked.waivers[number].reason})
        elif left.get(row["fingerprint"], 0) > 0:
            left[row["fingerprint"]] -= 1
            groups["known"].append(row)
        else:
            groups["findings"].append(row)
    for rows in groups.values():
        rows.sort(key=_worst_first)
    entries = chosen(asked.only, asked.skip)
    return {
        "captures": [result.path for result in results],
        "implementations": [
            {**one.facts, "sessions": _sessions(results, one), "scorecard": card}
            for one, card in zip(people, _scorecards(people, who, judged), strict=True)
        ],
        **groups,
        "unused_waivers": [
            {"rule": one.rule, "reason": one.reason, "line": one.line, "why": _why_unused(one, today)}
            for number, one in enumerate(asked.waivers)
            if number not in used
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


def _rows(
    results: Sequence[Result], judged: Sequence[Judged], who: Mapping[tuple[int, int, int], Implementation]
) -> Iterator[dict[str, Any]]:
    """The rows of the findings table of all captures, with what else a document says of them."""
    for number, (result, found) in enumerate(zip(results, judged, strict=True)):
        findings = iter(found.findings)
        for batch in batches_of(result, found):
            for row, finding in zip(_plain(batch), findings, strict=False):
                implementation = _who(number, finding, who)
                yield {
                    **row,
                    "title": CATALOGUE.rules[finding.rule].title,
                    "implementation": implementation,
                    "fingerprint": _fingerprint(result, finding, implementation),
                }


def _plain(batch: Any) -> list[dict[str, Any]]:
    """Rows as plain values; times in ns since the epoch, because Python's own would cut them."""
    import pyarrow as pa

    time = batch.column("time").cast(pa.int64())
    at = batch.schema.get_field_index("time")
    return list(batch.set_column(at, "time", time).to_pylist())


def _who(number: int, finding: Finding, who: Mapping[tuple[int, int, int], Implementation]) -> str:
    if finding.session == NOWHERE:
        return _NOBODY
    sides = (1, 0) if finding.side == BOTH else (finding.side,)
    titles = [who[number, finding.session, side].title for side in sides if (number, finding.session, side) in who]
    return " and ".join(titles) or _NOBODY


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


def _waiver(waivers: Sequence[Waiver], row: Mapping[str, Any], today: date) -> int | None:
    for number, one in enumerate(waivers):
        if not one.is_over(today) and one.covers(row["rule"], row["subject"], row["implementation"]):
            return number
    return None


def _why_unused(waiver: Waiver, today: date) -> str:
    return f"expired on {waiver.expires}" if waiver.is_over(today) else "nothing to waive"


def _sessions(results: Sequence[Result], one: Implementation) -> list[int]:
    return [part.session + results[part.result].first_session for part in one.parts]


def _scorecards(
    people: Sequence[Implementation], who: Mapping[tuple[int, int, int], Implementation], judged: Sequence[Judged]
) -> list[dict[str, dict[str, int]]]:
    """For each implementation by topic: how many rules it kept, broke, or could not be judged by.

    Only rules that can be violated, and by its side. A rule counts once, however many sessions there are, with the
    worst that was said of it. A dialect is not scored: its card is empty.
    """
    cards: list[dict[str, dict[str, int]]] = [{} for _ in people]
    number_of = {id(one): number for number, one in enumerate(people)}
    order = list(_COUNTED)
    for rule in judged[0].rulings if judged else ():
        entry = CATALOGUE.rules[rule]
        if not entry.checks or entry.undecidable:
            continue
        worst: dict[int, Verdict] = {}
        for index, found in enumerate(judged):
            for (session, side), verdict in found.verdicts(rule).items():
                one = who.get((index, session, side))
                if one is not None:
                    worst[id(one)] = min(verdict, worst.get(id(one), verdict), key=order.index)
        for one in people:
            # Who may send a message at all is asked of the one who should not, too.
            if one.judged and (entry.subject in (SIDES[one.side], "both") or id(one) in worst):
                line = cards[number_of[id(one)]].setdefault(
                    entry.topic, dict.fromkeys([*_COUNTED.values(), "not_applicable"], 0)
                )
                line[_COUNTED[worst[id(one)]] if id(one) in worst else "not_applicable"] += 1
    return cards


def _rule(rule: str, judged: Sequence[Judged]) -> dict[str, Any]:
    entry = CATALOGUE.rules[rule]
    why: dict[str, int] = {}
    for found in judged:
        for reason, count in found.rulings[rule].why.items():
            why[reason] = why.get(reason, 0) + count
    findings = [one for found in judged for one in found.rulings[rule].findings]
    return {
        "rule": rule,
        "level": entry.level,
        "kind": entry.kind,
        "title": entry.title,
        "clause": entry.clause,
        "passed": sum(sum(found.rulings[rule].passed.values()) for found in judged),
        "inconclusive": sum(sum(found.rulings[rule].unsure.values()) for found in judged),
        "violated": sum(one.verdict is Verdict.VIOLATION for one in findings),
        "deviations": sum(one.verdict is Verdict.DEVIATION for one in findings),
        "why_inconclusive": why,
    }
