"""What went wrong in between: errors and what changed before them, busy cameras, slow answers, probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..capture import NO_TIME
from ..describe import counted, human_seconds
from ..facts.named import DEVICE_BUSY, OK, TRANSACTION_CANCELED
from ..ptp import NO_ROW
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from .changes import Change
from .patient import Patient, S
from .saying import Saying

ROUNDS = 3  # refusals in a row are a loop
SLOW_S = 1.0
SLOW_TIMES = 10.0  # the median of the same operation
MOST = 5  # sayings of one kind; the rest is counted
NAMED = 6  # frames named of many
PROBE_S = 10.0  # 2.3.13: a probe is answered at once; after ten seconds the other side is taken for gone


def errors(patient: Patient, changes: Mapping[int, Sequence[Change]]) -> Iterator[Saying]:
    """Responses other than OK, by operation and response, and what changed before the first of each.

    ``changes`` has what changed before a failure, by transaction row. Those that make a loop are left to ``loops``.
    """
    failed = np.flatnonzero((patient.answered >= 0) & (patient.answered != OK)).tolist()
    if not failed:
        return
    cancels = _cancels(patient)
    looping = {place for low, high in _runs(patient) for place in range(low, high)}
    groups: dict[tuple[int, int], list[int]] = {}
    called: list[tuple[int, Saying]] = []
    for place in failed:
        if place in looping:
            continue
        cancelled = _cancelled(patient, place, cancels)
        if cancelled is not None:
            called.append((place, cancelled))
        else:
            groups.setdefault((int(patient.asked[place]), int(patient.answered[place])), []).append(place)
    ordered = sorted(groups.items(), key=lambda item: item[1][0])
    for (operation, answer), places in ordered[:MOST]:
        first = int(patient.numbers[places[0]])
        times = f" {counted(len(places), 'time')}" if len(places) > 1 else ""
        what = patient.call(places[0]) if len(places) == 1 else patient.name("operation", operation)
        if operation < 0:
            what = "an operation whose code was not captured"
        was = f"{what} was answered with {patient.name('response', answer)}{times}"
        if patient.request(places[0]) == NO_ROW:
            was = _without_request(patient, places[0], times)
        rows = [patient.response(place) for place in places[:NAMED]]
        says = f"{was[0].upper()}{was[1:]}{_before(patient, first, changes)}."
        yield Saying("problem", "error", says, tuple(map(patient.frame, rows)), patient.time(rows[0]))
    if len(ordered) > MOST:
        more = counted(len(ordered) - MOST, "more kind")
        says = f"{more} of errors: transactions --where 'response_code != 0x2001' lists them."
        yield Saying("problem", "error", says)
    yield from _few([saying for _, saying in called], ("more cancelled operation", ""), 'status == "cancelled"')


def _few(sayings: Sequence[Saying], nouns: tuple[str, str], where: str) -> Iterator[Saying]:
    """The first ones, and how many more there are."""
    yield from sayings[:MOST]
    if len(sayings) > MOST:
        says = f"{counted(len(sayings) - MOST, *nouns)}: transactions --where '{where}' lists them."
        yield Saying(sayings[0].grade, sayings[0].topic, says)


def _without_request(patient: Patient, place: int, times: str) -> str:
    """An answer without its request: because that is not in the capture, or because there was none."""
    identity = int(patient.result.transactions.transaction_id[patient.numbers[place]])
    answer = patient.name("response", int(patient.answered[place]))
    named = "" if identity < 0 or times else f" (TransactionID {identity})"
    if patient.command is not None and patient.whole(patient.command):
        return f"the camera answered {answer}{named}{times} to no request that the capture has"
    return f"an operation that is not in the capture was answered with {answer}{named}{times}"


def _cancels(patient: Patient) -> dict[int, list[int]]:
    """The Cancels of the initiator (message rows) by TransactionID, on all connections."""
    found: dict[int, list[int]] = {}
    for part in patient.pair.parts:
        rows = patient.result.by_stream.of(2 * part.tcp.number + part.initiator)
        for row in rows[patient.columns["type"][rows] == m.CANCEL].tolist():
            found.setdefault(int(patient.columns["transaction_id"][row]), []).append(row)
    return found


def _cancelled(patient: Patient, place: int, cancels: Mapping[int, Sequence[int]]) -> Saying | None:
    """An operation that the initiator cancelled: that it did not end well is what was asked for."""
    made, request, response = patient.result.transactions, patient.request(place), patient.response(place)
    identity = int(made.transaction_id[patient.numbers[place]])
    if not cancels or request == NO_ROW or identity not in cancels:
        return None
    frame = patient.columns["first"]
    low, high = int(frame[request]), int(patient.columns["last"][response])
    once = int((made.transaction_id[patient.numbers] == identity).sum()) == 1  # else those in between are meant
    rows = [row for row in cancels[identity] if once or low <= int(frame[row]) <= high]
    if not rows:
        return None
    answer = patient.name("response", int(patient.answered[place]))
    who = patient.initiator[0].upper() + patient.initiator[1:]
    says = f"{who} cancelled {patient.call(place)}, which was then answered with {answer}."
    grade = "fine" if int(patient.answered[place]) == TRANSACTION_CANCELED else "problem"
    frames = (patient.frame(request), *map(patient.frame, rows), patient.frame(response))
    return Saying(grade, "cancel", says, frames, patient.time(response))


def unanswered(patient: Patient) -> Iterator[Saying]:
    """Requests without a response of their TransactionID, though others followed; the last one is of the end."""
    command, made = patient.command, patient.result.transactions
    lacking = np.flatnonzero((made.response[patient.numbers] == NO_ROW) & (made.request[patient.numbers] != NO_ROW))
    if command is None or not len(lacking):
        return
    end = patient.closing(command)
    found, lost = [], []
    whole = patient.whole(command)
    for place in lacking.tolist():
        if place == len(patient.numbers) - 1 and end is not None:
            continue
        row, operation = patient.request(place), patient.call(place)
        later = next((patient.request(one) for one in range(place + 1, len(patient.numbers))
                      if patient.request(one) != NO_ROW), None)  # fmt: skip
        frames = (patient.frame(row),) if later is None else (patient.frame(row), patient.frame(later))
        if not whole or later is None:
            lost.append(row)
            continue
        got = ", though the camera acknowledged it" if patient.received(row, command) else ""
        waited = patient.between(row, later)
        timed = waited is not None and waited >= SLOW_S and patient.trusts(waited)
        after = f" {human_seconds(waited)} later" if waited is not None and timed else ""
        says = (
            f"{operation} got no response with its TransactionID{got}; the next request came{after or ' all the same'}."
        )
        found.append(Saying("problem", "unanswered", says, frames, patient.time(row)))
    yield from _few(found, ("more operation without an answer", "more operations without an answer"),
                    "response_code is null")  # fmt: skip
    if lost:
        says = f"The answers to {len(lost):,} operations are not in the capture: whether there were any can't be known."
        if len(lost) == 1:
            says = f"No answer to {patient.message(lost[0])} is in the capture: whether there was one can't be known."
        yield Saying("unknown", "unanswered", says, tuple(map(patient.frame, lost[:NAMED])), patient.time(lost[0]))


def _before(patient: Patient, number: int, changes: Mapping[int, Sequence[Change]]) -> str:
    said = Counter(f"{one.name} {one.role} to {one.value}" for one in changes.get(number, ()))
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
        lasted = "" if took is None or not patient.trusts(took) else f" over {human_seconds(took)}"
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
    if not ((answered >= 0) & (answered != OK)).any():
        return []
    key = np.where(answered == DEVICE_BUSY, 0, asked) << 16 | answered
    usable = (asked >= 0) & (answered >= 0) & (answered != OK)
    key = np.where(usable, key, -1 - np.arange(len(key)))
    edges = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(key)]
    return [(low, high) for low, high in pairwise(edges) if high - low >= ROUNDS]


def slow(patient: Patient) -> Iterator[Saying]:
    """Answers that took long, and much longer than others of the same operation."""
    made, times = patient.result.transactions, patient.columns["time"]
    least = SLOW_S + patient.round_trip
    known = (patient.asked >= 0) & (made.response[patient.numbers] != NO_ROW)
    places = np.flatnonzero(known)
    numbers = patient.numbers[places]
    begin, end = times[made.request[numbers]], times[made.response[numbers]]
    timed = (begin != NO_TIME) & (end != NO_TIME)
    places, latency = places[timed], (end - begin)[timed] / S
    if latency.max(initial=0.0) <= least:
        return
    code = patient.asked[places]
    found = []
    for one in np.unique(code).tolist():
        mine = np.flatnonzero(code == one)
        median = float(np.median(latency[mine]))
        worst = int(mine[np.argmax(latency[mine])])
        if latency[worst] > least and (len(mine) < 3 or latency[worst] >= SLOW_TIMES * median):
            found.append((float(latency[worst]), int(places[worst]), median, len(mine)))
    for took, place, median, count in sorted(found, reverse=True)[:MOST]:
        if not patient.trusts(took):
            continue
        request, response = patient.request(place), patient.response(place)
        usual = f"; the median of {counted(count, 'such answer')} is {human_seconds(median)}" if count > 2 else ""
        operation = patient.name("operation", int(patient.asked[place]))
        says = f"{operation} took {human_seconds(took)} from request to response{usual}."
        yield Saying("slow", "latency", says, (patient.frame(request), patient.frame(response)), patient.time(response))


def probes(patient: Patient) -> Iterator[Saying]:
    """Probe Requests that were not answered (2.3.13, 2.3.14)."""
    for row, part, sure in unanswered_probes(patient):
        if not sure:
            says = "No answer to a Probe Request is in the capture: whether there was one can't be known."
            yield Saying("unknown", "probe", says, (patient.frame(row),), patient.time(row))
            continue
        direction = int(patient.columns["stream"][row]) & 1
        asker = patient.side(part, direction, begins=True)
        silent = patient.side(part, 1 - direction)
        says = f"{asker} probed whether {silent} is still there, and got no answer."
        yield Saying("problem", "probe", says, (patient.frame(row),), patient.time(row))


def unanswered_probes(patient: Patient) -> list[tuple[int, Handshake, bool]]:
    """The first Probe Request (row) of each side of each connection that no response is left for, its connection, and
    whether it is sure that there was none.

    The order of the two in the file says nothing: a response is taken for an answer to any request that its sender had
    received, or that is not far behind it by the clock.
    """
    columns, found = patient.columns, []
    for part in patient.pair.parts:
        sides = [patient.result.by_stream.of(2 * part.tcp.number + direction) for direction in (0, 1)]
        for direction in (0, 1):
            asked, answers = (
                rows[columns["type"][rows] == kind]
                for rows, kind in ((sides[direction], m.PROBE_REQUEST), (sides[1 - direction], m.PROBE_RESPONSE))
            )
            if not len(asked):
                continue
            left = answers.tolist()
            for row in asked.tolist():
                while left and _is_before(patient, left[0], row, part):
                    left.pop(0)
                if left:
                    left.pop(0)
                    continue
                time, end = patient.time(row), part.tcp.last_time
                if time is not None and end != NO_TIME:
                    long = (end - time) / S >= PROBE_S or patient.closing(part) is not None
                    found.append((row, part, long and patient.whole(part) and bool(patient.received(row, part))))
                break
    return found


def _is_before(patient: Patient, answer: int, request: int, part: Handshake) -> bool:
    """Was a Probe Response surely sent before a Probe Request had arrived?"""
    columns = patient.columns
    direction = int(columns["stream"][answer]) & 1
    shift = part.tcp.streams[direction].acknowledgment_shift(part.tcp.streams[1 - direction])
    if shift is not None:
        heard = int(columns["acknowledgment"][answer]) + shift
        return heard < int(columns["offset"][request] + columns["length"][request])
    return int(columns["last"][answer]) < int(columns["first"][request])
