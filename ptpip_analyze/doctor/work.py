"""What went wrong in between: errors and what changed before them, busy cameras, slow answers, probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..capture import NO_TIME
from ..describe import counted, human_seconds
from ..ptp import NO_ROW
from ..ptpip import messages as m
from .patient import Patient, S
from .saying import Saying

OK, DEVICE_BUSY = 0x2001, 0x2019
ROUNDS = 3  # refusals in a row are a loop
SLOW_S = 1.0
SLOW_TIMES = 10.0  # the median of the same operation
MOST = 5  # sayings of one kind; the rest is counted
NAMED = 6  # frames named of many
PROBE_S = 10.0  # 2.3.13: a probe is answered at once; after ten seconds the other side is taken for gone


def errors(patient: Patient, changes: Mapping[int, Sequence[Mapping[str, Any]]]) -> Iterator[Saying]:
    """Responses other than OK, by operation and response, and what changed before the first of each.

    ``changes`` has for transaction rows of the analysis the rows of the table of changes before failures. Those that
    make a loop are left to ``loops``.
    """
    looping = {place for low, high in _runs(patient) for place in range(low, high)}
    groups: dict[tuple[int, int], list[int]] = {}
    for place in np.flatnonzero((patient.answered >= 0) & (patient.answered != OK)).tolist():
        if place not in looping:
            groups.setdefault((int(patient.asked[place]), int(patient.answered[place])), []).append(place)
    ordered = sorted(groups.items(), key=lambda item: item[1][0])
    for (operation, answer), places in ordered[:MOST]:
        first = int(patient.numbers[places[0]])
        times = f" {counted(len(places), 'time')}" if len(places) > 1 else ""
        called = patient.call(places[0]) if len(places) == 1 else patient.name("operation", operation)
        was = f"{called} was answered with {patient.name('response', answer)}{times}"
        rows = [patient.response(place) for place in places[:NAMED]]
        says = f"{was[0].upper()}{was[1:]}{_before(patient, first, changes)}."
        yield Saying("problem", "error", says, tuple(map(patient.frame, rows)), patient.time(rows[0]))
    if len(ordered) > MOST:
        more = counted(len(ordered) - MOST, "more kind")
        says = f"{more} of errors: transactions --where 'response_code != 0x2001' lists them."
        yield Saying("problem", "error", says)


def _before(patient: Patient, number: int, changes: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    rows = changes.get(number + patient.result.first_transaction, ())
    said = Counter(f"{row['property']} {row['role']} to {row['text'] or row['value']}" for row in rows)
    if not said:
        return ""
    named = list(said)[-3:]
    more = f" and {counted(len(said) - len(named), 'more change')}" if len(said) > len(named) else ""
    return f"; in the seconds before: {', '.join(named)}{more}"


def loops(patient: Patient) -> Iterator[Saying]:
    """The same refusal again and again: a busy camera, or an operation repeated until it is ready."""
    for low, high in _runs(patient)[:MOST]:
        first, last = patient.request(low), patient.response(high - 1)
        took = patient.between(first, last)
        lasted = "" if took is None else f" over {human_seconds(took)}"
        codes = sorted(set(patient.asked[low:high].tolist()))
        names = ", ".join(patient.name("operation", code) for code in codes[:3])
        end = ""
        if high < len(patient.numbers) and patient.answered[high] == OK:
            end = f"; then {patient.name('operation', int(patient.asked[high]))} was answered OK"
        answer = patient.name("response", int(patient.answered[low]))
        says = f"The camera answered {answer} {high - low:,} times in a row{lasted}, to {names}{end}."
        frames = (patient.frame(patient.response(low)), patient.frame(last))
        yield Saying("problem", "busy", says, frames, patient.time(last))


def _runs(patient: Patient) -> list[tuple[int, int]]:
    """Places (from, to) of transactions with the same refusal in a row: of one operation, unless it is Device Busy.

    A transaction whose request or answer was not captured ends a run.
    """
    asked, answered = patient.asked, patient.answered
    key = np.where(answered == DEVICE_BUSY, 0, asked) << 16 | answered
    usable = (asked >= 0) & (answered >= 0) & (answered != OK)
    key = np.where(usable, key, -1 - np.arange(len(key)))
    edges = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(key)]
    return [(low, high) for low, high in pairwise(edges) if high - low >= ROUNDS]


def slow(patient: Patient) -> Iterator[Saying]:
    """Answers that took long, and much longer than others of the same operation."""
    made, times = patient.result.transactions, patient.columns["time"]
    known = (patient.asked >= 0) & (made.response[patient.numbers] != NO_ROW)
    places = np.flatnonzero(known)
    numbers = patient.numbers[places]
    begin, end = times[made.request[numbers]], times[made.response[numbers]]
    timed = (begin != NO_TIME) & (end != NO_TIME)
    places, latency = places[timed], (end - begin)[timed] / S
    code = patient.asked[places]
    found = []
    for one in np.unique(code).tolist():
        mine = np.flatnonzero(code == one)
        median = float(np.median(latency[mine]))
        worst = int(mine[np.argmax(latency[mine])])
        if latency[worst] >= SLOW_S and (len(mine) < 3 or latency[worst] >= SLOW_TIMES * median):
            found.append((float(latency[worst]), int(places[worst]), median, len(mine)))
    for took, place, median, count in sorted(found, reverse=True)[:MOST]:
        request, response = patient.request(place), patient.response(place)
        usual = f"; the median of {counted(count, 'such answer')} is {human_seconds(median)}" if count > 2 else ""
        operation = patient.name("operation", int(patient.asked[place]))
        says = f"{operation} took {human_seconds(took)} from request to response{usual}."
        yield Saying("slow", "latency", says, (patient.frame(request), patient.frame(response)), patient.time(response))


def probes(patient: Patient) -> Iterator[Saying]:
    """Probe Requests that were not answered (2.3.13, 2.3.14)."""
    columns = patient.columns
    for part in patient.pair.parts:
        rows = patient.rows_of(part)
        kinds = patient.result.roles[rows]
        waiting: dict[int, int] = {}
        for row, kind in zip(rows.tolist(), kinds.tolist(), strict=True):
            direction = int(columns["stream"][row]) & 1
            if kind == m.PROBE_REQUEST:
                waiting.setdefault(direction, row)
            elif kind == m.PROBE_RESPONSE:
                waiting.pop(1 - direction, None)
        for direction, row in waiting.items():
            asked, end = patient.time(row), part.tcp.last_time
            if asked is None or end == NO_TIME:
                continue
            if not patient.whole(part) or ((end - asked) / S < PROBE_S and part.tcp.close_kind is None):
                says = "No answer to a Probe Request is in the capture: whether there was one can't be known."
                yield Saying("unknown", "probe", says, (patient.frame(row),), asked)
                continue
            asker = patient.side(part, direction, begins=True)
            silent = patient.side(part, 1 - direction)
            says = f"{asker} probed whether {silent} is still there, and got no answer."
            yield Saying("problem", "probe", says, (patient.frame(row),), asked)
