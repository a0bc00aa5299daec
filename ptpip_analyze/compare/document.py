"""The comparison of two captures as one document of plain values: sessions in turn, step by step, cameras, timing.

Says that something differs only where both captures show it; what bytes are missing for is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from .. import facts
from ..ptp.camera import DeviceInfo
from ..result import Result
from .align import Pairing, aligned
from .steps import Step, folded, steps_of

SIDES = ("left", "right")
SLOWER = 2.0  # times the median latency, from which on timing is told
SLOW_S = 0.01  # and at least this much


def compared(left: Sequence[Result], right: Sequence[Result], *, polls: bool = False) -> dict[str, Any]:
    """The document. ``left`` and ``right`` are the captures of each side.

    ``sessions`` pairs the sessions of both sides in order of time. Each has ``steps``: rows of ``kind`` "same",
    "missing" (only on the left), "extra" (only on the right), "parameters", "value" (other data was sent), "response"
    or "unknown" (bytes are missing on one side), with the step of each side. ``first_divergence`` is the index of the
    first step that differs, None without any. ``polls``: operations that fetch lists of events are left out of the
    comparison unless asked for, since how often they run is a matter of time; ``polled`` counts them. ``differ`` tells
    whether anything but timing does.
    """
    pairs = _side_by_side(_sessions(left), _sessions(right))
    lists = [tuple(steps_of(*place) if place else [] for place in pair) for pair in pairs]
    sessions = [_session(pair, steps, polls) for pair, steps in zip(pairs, lists, strict=True)]
    cameras = [_cameras(one, other) for one, other in pairs if one and other]
    return {
        "left": [result.path for result in left],
        "right": [result.path for result in right],
        "sessions": sessions,
        "cameras": [one for one in cameras if one],
        "timing": _timing(lists),
        "differ": any(one["first_divergence"] is not None or one["only"] for one in sessions) or any(cameras),
    }


Place = tuple[Result, int] | None


def _sessions(results: Sequence[Result]) -> list[tuple[Result, int]]:
    return [(result, index) for result in results for index in range(len(result.pairs))]


def _side_by_side(left: list[tuple[Result, int]], right: list[tuple[Result, int]]) -> list[tuple[Place, Place]]:
    count = max(len(left), len(right))
    return [(left[at] if at < len(left) else None, right[at] if at < len(right) else None) for at in range(count)]


def _session(pair: tuple[Place, Place], lists: Sequence[list[Step]], polls: bool) -> dict[str, Any]:
    left, right = pair
    kept = [folded([step for step in steps if polls or not step.polled]) for steps in lists]
    names = _Names()
    rows = [_row(pairing, names) for pairing in aligned(*kept)] if left and right else []
    different = [at for at, row in enumerate(rows) if row["kind"] not in ("same", "unknown")]
    return {
        "left": _number(left),
        "right": _number(right),
        "only": None if left and right else "left" if left else "right",
        "steps": rows,
        "first_divergence": different[0] if different else None,
        "differences": len(different),
        "polled": {side: sum(step.polled for step in steps) for side, steps in zip(SIDES, lists, strict=True)},
    }


def _number(place: Place) -> int | None:
    return None if place is None else place[1] + place[0].first_session


class _Names:
    """Which id of one conversation is which of the other: the first ones that stand side by side are the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, int], int] = {}

    def agree(self, left: Step, right: Step) -> bool:
        """Do the ids of two steps name the same things, as far as that is known?"""
        same = True
        for (kind, one), (_, other) in zip(left.given, right.given, strict=True):
            same &= self._known.setdefault((0, kind, one), other) == other
            same &= self._known.setdefault((1, kind, other), one) == one
        return same


def _row(pairing: Pairing, names: _Names) -> dict[str, Any]:
    return {"kind": _kind(pairing, names), "left": _step(pairing.left), "right": _step(pairing.right)}


def _kind(pairing: Pairing, names: _Names) -> str:
    left, right = pairing.left, pairing.right
    if left is None or right is None:
        return "unknown" if not pairing.sure else "missing" if right is None else "extra"
    if left.key != right.key:
        return "parameters" if left.known and right.known else "unknown"
    if not names.agree(left, right):
        return "parameters"
    if not (left.known and right.known):
        return "unknown"
    if left.response != right.response:
        return "response" if None not in (left.response, right.response) else "unknown"
    if left.sent_bytes is not None and right.sent_bytes is not None and left.sent_bytes != right.sent_bytes:
        return "value"
    if left.sent is not None and right.sent is not None and left.sent != right.sent:
        return "value"
    return "same"


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "transaction": step.row,
        "frame": step.frame,
        "operation": step.name,
        "call": step.text,
        "parameters": list(step.parameters),
        "response_code": step.response,
        "response": None if step.response is None else facts.name_of("response", step.response),
        "data_direction": step.direction,
        "sent_bytes": step.sent_bytes,
        "sent_sha256": None if step.sent is None else step.sent.hex(),
        "latency_s": None if step.latency_ns is None else step.latency_ns / 1e9,
        "rounds": step.rounds,
    }


def _cameras(left: tuple[Result, int], right: tuple[Result, int]) -> dict[str, Any]:
    """What differs between what the two cameras say of themselves; empty where that is nothing, or not known."""
    one, other = left[0].cameras.get(left[1]), right[0].cameras.get(right[1])
    if one is None or other is None:
        return {}
    found: dict[str, Any] = {}
    for name in ("manufacturer", "model", "device_version", "extension", "extension_text"):
        if getattr(one, name) != getattr(other, name):
            found[name] = {"left": getattr(one, name), "right": getattr(other, name)}
    for name, kind in (("operations", "operation"), ("events", "event"), ("properties", "property")):
        lists = _lists(one, other, name)
        for side, codes, place in zip(SIDES, lists, (left, right), strict=True):
            if codes:
                vendor = place[0].vendors[place[1]]
                found.setdefault(name, {})[f"only_{side}"] = [facts.name_of(kind, code, vendor) for code in codes]
    return found and {"left": _number(left), "right": _number(right), **found}


def _lists(one: DeviceInfo, other: DeviceInfo, name: str) -> tuple[list[int], list[int]]:
    left, right = set(getattr(one, name)), set(getattr(other, name))
    return sorted(left - right), sorted(right - left)


def _timing(lists: Sequence[tuple[list[Step], ...]]) -> list[dict[str, Any]]:
    """Operations that were clearly slower on one side: by median latency, over all sessions."""
    latencies: list[dict[str, list[float]]] = [{}, {}]
    for pair in lists:
        for side, steps in enumerate(pair):
            for step in steps:
                if step.latency_ns is not None and step.known:
                    latencies[side].setdefault(step.name, []).append(step.latency_ns / 1e9)
    found = []
    for name in sorted(set(latencies[0]) & set(latencies[1])):
        one, other = median(latencies[0][name]), median(latencies[1][name])
        low, high = sorted((one, other))
        if high - low >= SLOW_S and high >= SLOWER * low:
            found.append(
                {
                    "operation": name,
                    **{f"{side}_median_s": median(one[name]) for side, one in zip(SIDES, latencies, strict=True)},
                    **{f"{side}_count": len(one[name]) for side, one in zip(SIDES, latencies, strict=True)},
                }
            )
    return found
