"""How the cameras and clients of many captures keep to the standard: by model and firmware, by rule. Judges nothing
anew: the rules spoke when the captures were put into the dataset.

Two sessions are of one implementation where side, vendor, model and firmware agree, and of those that name no model
the friendly name. Promises that a session counts once, however often it broke a rule, and the classes that ``check`` of
captures has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ptpip_analyze.conformance.scorecard import CARD, class_of
from ptpip_analyze.rules import Verdict
from ptpip_analyze.rules.catalogue import Entry
from ptpip_analyze.rules.run import Tally, chosen

from .reading import Fleet
from .verdicts import COUNTED

SIDES: Final = ("responder", "initiator")

_LEVELS: Final = ("must", "should", "may", "info")
_SESSION_COLUMNS: Final = (
    "session", "capture", "dialect", "vendor", "model", "device_version", "responder_name", "initiator_name",
)  # fmt: skip
_BROKEN: Final = (Verdict.VIOLATION.value, Verdict.DEVIATION.value)

Key = tuple[str, str | None, str | None, str | None, str | None]


@dataclass(slots=True)
class Implementation:
    """One side of sessions. For each rule ``verdicts`` count the sessions by verdict, and ``tallies`` the instances in
    all of them; ``judged`` sessions are those in the standard's dialect.
    """

    subject: str
    vendor: str | None
    model: str | None
    device_version: str | None
    name: str | None
    sessions: int = 0
    judged: int = 0
    captures: set[str] = field(default_factory=set)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called."""
        named = self.model or self.name or "without a name"
        return f"{named} {self.device_version}" if self.device_version else named


def checked(
    fleet: Fleet, only: Sequence[str] = (), skip: Sequence[str] = (), *, strict: bool = False
) -> dict[str, Any]:
    """The document: ``implementations`` with a ``scorecard`` (the number of rules in each class of
    ``conformance.scorecard.CARD``) and ``instances`` (in how many a rule was passed, and can't be known), ``findings``
    (rules that were broken, by whom, in how many sessions and captures, with one place), and the captures that
    ``failed``.

    ``only`` and ``skip`` are globs over rule names; ``strict`` takes known deviations for violations. FleetError for a
    dataset without the tables that this needs.
    """
    entries = {entry.id: entry for entry in chosen(only, skip) if entry.checks and not entry.undecidable}
    found, of_session = _implementations(fleet)
    for who, rule, verdict, sessions, tally in _counts(fleet, of_session):
        if rule in entries:
            if strict:
                verdict = Verdict.VIOLATION.value if verdict in _BROKEN else verdict
                tally.violated, tally.deviations = tally.violated + tally.deviations, 0
            found[who].verdicts.setdefault(rule, Counter())[verdict] += sessions
            found[who].tallies.setdefault(rule, Tally()).add(tally)
    places = _places(fleet, of_session, set(entries))
    findings = [
        _finding(one, entries[rule], verdict, places.get((number, rule), {}))
        for number, one in enumerate(found)
        for rule in sorted(one.verdicts)
        for verdict in _BROKEN
        if one.verdicts[rule][verdict]
    ]
    findings.sort(key=lambda row: (_BROKEN.index(row["verdict"]), _LEVELS.index(row["level"]), row["rule"]))
    return {
        "dataset": fleet.name,
        "captures": sum(one.status == "done" for one in fleet.records),
        "failed": [{"capture": one.capture, "failure": one.failure} for one in fleet.records if one.status != "done"],
        "implementations": [_facts(one, entries) for one in found],
        "findings": findings,
        "judged_sessions": sum(one.judged for one in found if one.subject == SIDES[0]),
    }


def _implementations(fleet: Fleet) -> tuple[list[Implementation], dict[int, tuple[int, ...]]]:
    """All of them, and by session the places in that list of its SIDES."""
    found: dict[Key, Implementation] = {}
    of_session: dict[int, tuple[Implementation, ...]] = {}
    for batch in fleet.batches("sessions", _SESSION_COLUMNS):
        for row in batch.to_pylist():
            of_session[row["session"]] = both = tuple(
                found.setdefault(key, Implementation(*key)) for key in (_key(row, side) for side in SIDES)
            )
            for one in both:
                one.sessions += 1
                one.judged += row["dialect"] == "standard"
                one.captures.add(row["capture"])
    ordered = sorted(found.values(), key=lambda one: (SIDES.index(one.subject), one.vendor or "~", one.title))
    place = {id(one): number for number, one in enumerate(ordered)}
    return ordered, {session: tuple(place[id(one)] for one in both) for session, both in of_session.items()}


def _counts(fleet: Fleet, of_session: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[int, str, str, int, Tally]]:
    """Place of an implementation, rule, verdict, in how many sessions it was said, and of how many instances; one more
    than once.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(of_session, pa.int64())
    sides = [pa.array([both[side] for both in of_session.values()], pa.int64()) for side in range(len(SIDES))]
    for batch in fleet.batches("verdicts", ["session", "subject", "rule", "verdict", *COUNTED]):
        at = pc.index_in(batch["session"], value_set=known)
        who = pc.if_else(pc.equal(batch["subject"], SIDES[0]), sides[0].take(at), sides[1].take(at))
        said = ["rule", "verdict", *COUNTED]
        rows = pa.table([who, *(batch[name] for name in said)], ["who", *said])
        counted = rows.group_by(["who", "rule", "verdict"]).aggregate(
            [([], "count_all"), *((one, "sum") for one in COUNTED)]
        )
        names = ("who", "rule", "verdict", "count_all", *(f"{one}_sum" for one in COUNTED))
        for of, rule, verdict, sessions, *instances in zip(*(counted[name].to_pylist() for name in names), strict=True):
            yield of, rule, verdict, sessions, Tally(**dict(zip(COUNTED.values(), instances, strict=True)))


def _key(row: Mapping[str, Any], side: str) -> Key:
    if side == "initiator":
        return side, None, None, None, row["initiator_name"]
    named = None if row["model"] else row["responder_name"]
    return side, row["vendor"], row["model"], row["device_version"], named


def _places(
    fleet: Fleet, of_session: Mapping[int, tuple[int, ...]], rules: set[str]
) -> dict[tuple[int, str], dict[str, Any]]:
    """By implementation and broken rule, the first finding that shows it, and the captures that have one."""
    import pyarrow.compute as pc

    found: dict[tuple[int, str], dict[str, Any]] = {}
    columns = ["session", "subject", "rule", "verdict", "capture", "frame", "says", "deviation", "related"]
    broken = pc.field("verdict").isin(_BROKEN) & pc.field("session").is_valid()
    for batch in fleet.batches("findings", columns, broken):
        for row in batch.to_pylist():
            sides = SIDES if row["subject"] == "both" else (row["subject"],)
            for rule in {row["rule"], *(row["related"] or "").split(",")} & rules:
                for side in sides:
                    who = of_session[row["session"]][SIDES.index(side)]
                    place = found.setdefault((who, rule), {**row, "captures": set()})
                    place["captures"].add(row["capture"])
    return found


def _finding(one: Implementation, entry: Entry, verdict: str, place: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rule": entry.id,
        "level": entry.level,
        "verdict": verdict,
        "title": entry.title,
        "clause": entry.clause,
        "subject": one.subject,
        "implementation": one.title,
        "vendor": one.vendor,
        "model": one.model,
        "device_version": one.device_version,
        "sessions": one.verdicts[entry.id][verdict],
        "looked_at": one.verdicts[entry.id].total(),
        "captures": len(place.get("captures", ())) or None,
        "capture": place.get("capture"),
        "frame": place.get("frame"),
        "says": place.get("says"),
        "deviation": place.get("deviation"),
    }


def _facts(one: Implementation, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """What is known of it, with its scorecard; that of a dialect is empty."""
    card = dict.fromkeys(CARD, 0)
    for rule, entry in entries.items():
        tally = one.tallies.get(rule)
        # Who may send a message at all is asked of the one who should not, too.
        if one.judged and (tally is not None or entry.subject in (one.subject, "both")):
            card[class_of(tally or Tally())] += 1
    return {
        "subject": one.subject,
        "title": one.title,
        "vendor": one.vendor,
        "model": one.model,
        "device_version": one.device_version,
        "name": one.name,
        "sessions": one.sessions,
        "judged_sessions": one.judged,
        "captures": len(one.captures),
        "scorecard": card,
        "instances": {
            "passed": sum(tally.passed for tally in one.tallies.values()),
            "inconclusive": sum(tally.unsure for tally in one.tallies.values()),
        },
    }
