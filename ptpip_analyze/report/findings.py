"""What the rules and the doctor say, for the page: by rule and implementation, each finding with an anchor.

Promises anchors that stay what they are when the same capture is looked at again: rule and frame. Bounded: what is not
shown is counted beside what is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ptpip_analyze.conformance.explained import explained
from ptpip_analyze.describe import clock_time, counted
from ptpip_analyze.rules.catalogue import LEVELS

from .texts import Anchors, clipped, listed

MOST_GROUPS: Final = 240
MOST_OF_GROUP: Final = 10
MOST_FINDINGS: Final = 600
"""Findings in all, but that each rule has one."""

MOST_SAYINGS: Final = 300
MOST_CARDS: Final = 24
PROOF_DIGITS: Final = 64
"""Digits of the proof that are shown."""

KNOWN: Final = "known-vendor-deviation"
_CLASSES: Final = {
    "passed": "passed", "partly": "partly passed", "violated": "violated", "one_of_both": "one of both",
    "deviations": "known deviations", "inconclusive": "can't be known", "not_applicable": "nothing to judge",
}  # fmt: skip
"""Headings of the classes of a scorecard, as far as it has them."""
_GRADES: Final = {"problem": "Problem", "slow": "Slow", "fine": "As it should be", "unknown": "Can't be known"}


def conformance(
    document: Mapping[str, Any], captures: Sequence[str], anchors: Anchors
) -> tuple[dict[str, Any], list[str]]:
    """The document of ``conformance.checked`` as what the page shows, and sentences about what is left out."""
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    hints = [row for row in document["notes"] if row["verdict"] == "inconclusive"]
    for row in (*document["findings"], *hints):
        groups.setdefault((row["rule"], row["verdict"], row["subject"], row["implementation"]), []).append(row)
    several = len(captures) > 1
    shown, room = [], MOST_FINDINGS
    for rows in list(groups.values())[:MOST_GROUPS]:
        shown.append(_group(rows, rows[: min(MOST_OF_GROUP, max(room, 1))], captures, several, anchors))
        room -= len(shown[-1]["rows"])
    left = []
    if len(groups) > MOST_GROUPS:
        left.append(f"{counted(len(groups) - MOST_GROUPS, 'more rule')} broken: ptpip-analyze check lists them.")
    hidden = sum(group["more"] for group in shown)
    if hidden:
        left.append(f"{counted(hidden, 'finding')} beyond the first ones of a rule: ptpip-analyze findings.")
    people = document["implementations"]
    if len(people) > MOST_CARDS:
        left.append(f"{counted(len(people) - MOST_CARDS, 'scorecard')} more: ptpip-analyze check.")
    violations = [row for row in document["findings"] if row["verdict"] == "violation"]
    known = len(document["findings"]) - len(violations)
    return {
        "groups": shown,
        "violations": len(violations),
        "by_level": [
            {"level": level, "count": number}
            for level in LEVELS
            if (number := sum(row["level"] == level for row in violations))
        ],
        "known": known,
        "apart": [
            {"count": len(document[name]), "words": words}
            for name, words in (("joined", "shown by others already"), ("waived", "waived"))
            if document.get(name)
        ],
        "hints": len(hints),
        "judged": document["judged_sessions"],
        "cards": [_card(one, anchors) for one in people[:MOST_CARDS]],
        "undecidable": len(document["undecidable"]),
    }, left


def _group(
    rows: Sequence[Mapping[str, Any]],
    shown: Sequence[Mapping[str, Any]],
    captures: Sequence[str],
    several: bool,
    anchors: Anchors,
) -> dict[str, Any]:
    first = rows[0]
    return {
        "id": anchors.give("rule", first["rule"]),
        "rule": first["rule"],
        "level": first["level"],
        "verdict": first["verdict"],
        "kind": {"violation": "violation", KNOWN: "known deviation"}.get(first["verdict"], "points to something"),
        "subject": "one of both," if first["subject"] == "both" else first["subject"],
        "implementation": clipped(first["implementation"], 80),
        "title": first["title"],
        "clause": first["clause"],
        "deviation": first["deviation"],
        "count": len(rows),
        "more": len(rows) - len(shown),
        "rows": [_finding(row, captures, several, anchors) for row in shown],
        "explained": explained(first["rule"]),
    }


def _finding(row: Mapping[str, Any], captures: Sequence[str], several: bool, anchors: Anchors) -> dict[str, Any]:
    frames, more = listed(row["frames"] or ([row["frame"]] if row["frame"] else []))
    place = ["in", captures.index(row["capture"]) + 1] if several and row["capture"] in captures else []
    where = ["frame", row["frame"]] if row["frame"] else ["session", row["session"]]
    proof = row["proof"] or ""
    return {
        "id": anchors.give(row["rule"], *where, *place),
        "session": row["session"],
        "says": clipped(row["says"], 600),
        "frames": frames,
        "more_frames": more,
        "capture": clipped(row["capture"] or "", 80) if several else None,
        "time": None if row["time"] is None else clock_time(row["time"], digits=6),
        "proof": " ".join(proof[at : at + 2] for at in range(0, min(len(proof), PROOF_DIGITS), 2)),
        "proof_more": len(proof) > PROOF_DIGITS,
    }


def _card(one: Mapping[str, Any], anchors: Anchors) -> dict[str, Any]:
    card: Mapping[str, Mapping[str, int]] = one["scorecard"]
    totals = {
        name: sum(line[name] for line in card.values())
        for name in _CLASSES
        if any(name in line for line in card.values())
    }
    shown = [name for name, total in totals.items() if total]
    return {
        "id": anchors.give("scorecard", one["subject"], one["title"]),
        "subject": one["subject"],
        "title": clipped(one["title"], 80),
        "name": clipped(one["name"], 80) if one["name"] and one["name"] != one["title"] else None,
        "address": one["address"],
        "guid": one["guid"],
        "judged": one["judged"],
        "sessions": len(one["sessions"]),
        "classes": [{"name": name, "heading": _CLASSES[name], "total": total} for name, total in totals.items()],
        "lines": [{"topic": topic, "counts": [(name, line[name]) for name in shown]} for topic, line in card.items()],
        "broken": any(line.get(name) for line in card.values() for name in ("violated", "one_of_both", "deviations")),
    }


def verdicts(document: Mapping[str, Any], anchors: Anchors) -> tuple[dict[str, Any], list[str]]:
    """The document of ``doctor.examined`` as what the page shows, and sentences about what is left out."""
    room, left, shown = MOST_SAYINGS, 0, []
    several = len(document["captures"]) > 1
    grades = dict.fromkeys(_GRADES, 0)
    entries = [(None, one) for one in document["captures"]] + [(one["session"], one) for one in document["sessions"]]
    for session, one in entries:
        for saying in one["sayings"]:
            grades[saying["grade"]] += 1
        some = one["sayings"][: max(room, 0)]
        left += len(one["sayings"]) - len(some)
        room -= len(some)
        if not some:
            continue
        who = None
        if session is not None:
            who = f"{one['responder'] or 'the camera'} with {one['initiator'] or 'the initiator'}"
        shown.append(
            {
                "id": anchors.give("doctor", "capture" if session is None else f"session-{session}"),
                "session": session,
                "who": None if who is None else clipped(who, 160),
                "capture": clipped(one["capture"], 120) if several or session is None else None,
                "sayings": [_saying(saying, session, anchors) for saying in some],
            }
        )
    sentences = [f"{counted(left, 'sentence')} more of the doctor: ptpip-analyze doctor."] if left else []
    return {"entries": shown, "problems": grades["problem"], "slow": grades["slow"]}, sentences


def _saying(saying: Mapping[str, Any], session: int | None, anchors: Anchors) -> dict[str, Any]:
    frames, more = listed(saying["frames"])
    place = ["capture"] if session is None else ["session", session]
    return {
        "id": anchors.give("doctor", *place, saying["topic"], *(["frame", frames[0]] if frames else [])),
        "grade": saying["grade"],
        "grade_text": _GRADES[saying["grade"]],
        "says": clipped(saying["says"], 900),
        "frames": frames,
        "more_frames": more,
        "session": session,
    }


def notable_frames(check: Mapping[str, Any], doctor: Mapping[str, Any]) -> dict[int, set[int]]:
    """By session the frames that findings and sayings name: a reader will look for them in the ladder."""
    found: dict[int, set[int]] = {}
    shown = [row for group in check["groups"] for row in group["rows"]]
    for row in (*shown, *(one for entry in doctor["entries"] for one in entry["sayings"])):
        if row["session"] is not None:
            found.setdefault(row["session"], set()).update(row["frames"])
    return found
