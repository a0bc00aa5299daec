"""Scorecards: by implementation and topic how many rules were kept or broken, and by how many instances that is known.

A rule counts for whoever kept or broke it. Who can't be told among two is never counted as guilty, and a rule that was
kept where the capture shows it says in how many other places the capture does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..rules import CATALOGUE, Judged
from ..rules.catalogue import Entry
from ..rules.rule import SIDES
from ..rules.run import Tally
from .implementations import Implementation

CARD = ("passed", "partly", "violated", "one_of_both", "deviations", "inconclusive", "not_applicable")
"""The classes of a rule, each in one: kept in every instance; kept where that can be known, and there are instances
where it can't; violated; violated by this peer or the other one; broken as known of a maker; not to be known; nothing
to judge."""


def scores(
    people: Sequence[Implementation], who: Mapping[tuple[int, int, int], Implementation], judged: Sequence[Judged]
) -> list[dict[str, Any]]:
    """For each implementation its ``scorecard``, ``instances`` and ``partly``.

    ``scorecard`` has by topic the number of rules in each class of CARD: those that can be violated, and by its side. A
    rule counts once, however many sessions there are, with the worst that was said of it. ``instances`` has the number
    of instances in which one of these rules was ``passed`` and was ``inconclusive``; ``partly`` the same for each rule
    of that class, the least known first. A dialect is not scored: all three are empty.
    """
    tallies = _tallies(who, judged)
    return [_score(one, tallies.get(id(one), {}), judged) for one in people]


def _tallies(
    who: Mapping[tuple[int, int, int], Implementation], judged: Sequence[Judged]
) -> dict[int, dict[str, Tally]]:
    """By id of an implementation and rule, what was counted in all its sessions."""
    found: dict[int, dict[str, Tally]] = {}
    for index, one in enumerate(judged):
        for rule in one.rulings:
            if _scored(CATALOGUE.rules[rule]):
                for (session, side), tally in one.tallies(rule).items():
                    peer = who.get((index, session, side))
                    if peer is not None:
                        found.setdefault(id(peer), {}).setdefault(rule, Tally()).add(tally)
    return found


def _scored(entry: Entry) -> bool:
    return entry.checks and not entry.undecidable


def _score(one: Implementation, tallies: Mapping[str, Tally], judged: Sequence[Judged]) -> dict[str, Any]:
    card: dict[str, dict[str, int]] = {}
    instances = {"passed": 0, "inconclusive": 0}
    partly: list[dict[str, Any]] = []
    for rule in judged[0].rulings if judged and one.judged else ():
        entry = CATALOGUE.rules[rule]
        if not _scored(entry) or (rule not in tallies and entry.subject not in (SIDES[one.side], "both")):
            continue
        tally = tallies.get(rule, Tally())
        line = card.setdefault(entry.topic, dict.fromkeys(CARD, 0))
        line[class_of(tally)] += 1
        instances["passed"] += tally.passed
        instances["inconclusive"] += tally.unsure
        if class_of(tally) == "partly":
            partly.append({"rule": rule, "passed": tally.passed, "inconclusive": tally.unsure})
    partly.sort(key=lambda row: row["passed"] / (row["passed"] + row["inconclusive"]))
    return {"scorecard": card, "instances": instances, "partly": partly}


def class_of(tally: Tally) -> str:
    """In which class of CARD a rule is for the side that it was counted for: the worst."""
    if tally.violated:
        return "violated"
    if tally.either:
        return "one_of_both"
    if tally.deviations:
        return "deviations"
    if tally.passed:
        return "partly" if tally.unsure else "passed"
    return "inconclusive" if tally.unsure else "not_applicable"
