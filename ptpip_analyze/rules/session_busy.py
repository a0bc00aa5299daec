"""Rules of busy responders, asynchronous operations and several sessions at once (CIPA DC-X005-2005 1.6.2 to 1.6.4).

What a responder does inside can't be seen: most of these rules hint, name or measure.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts.named import (
    CAPTURE_COMPLETE,
    CLOSE_SESSION,
    DEVICE_BUSY,
    GET_DEVICE_INFO,
    INITIATE_CAPTURE,
    OK,
    OPEN_SESSION,
    OPERATION_NOT_SUPPORTED,
    SCRIPT,
    SEND_OBJECT_INFO,
    SESSION_NOT_OPEN,
)
from ..ptp.camera import DEVICE_INFO_BYTES, DeviceInfo, device_info
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .case import Case
from .evidence import EVENT, Evidence
from .numbering import OPEN, Asked, Numbering
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule
from .wording import NOT_COVERED

LEAST_TRIES = 3  # that make a busy loop
_NEVER_OPEN = "OpenSession was answered Session_Already_Open, which may be said of the other session"


@rule("session-device-busy-open")
def device_busy_open(seen: Evidence, ruling: Ruling) -> None:
    """OpenSession refused with Device_Busy: the initiator closes both connections, and may try again later."""
    grace = seen.limit_ns("close_grace_s")
    for case in seen.judged:
        told, line = seen.once(Numbering).of(case.index), case.command
        refused = np.flatnonzero((told.code == OPEN_SESSION) & (told.answer == DEVICE_BUSY))
        for place in refused.tolist():
            row = int(told.response[place])
            if line is None or not seen.timed(row):
                ruling.unknown(case.index, INITIATOR, NOT_COVERED)
                continue
            until = int(seen.time[row]) + grace
            again = np.flatnonzero(told.code[place + 1 :] == OPEN_SESSION) + place + 1
            ends = [each.closed_at() for each in case.lines]
            closed = None if None in ends else max(end for end in ends if end is not None)
            if len(again):
                following = int(told.request[again[0]])
                rows, number = (following,), int(told.number[place])
                says = "OpenSession was answered Device_Busy, and asked again on connections that stayed open"
                soon = seen.timed(following) and int(seen.time[following]) <= until
                if soon:
                    ruling.fires(case.index, INITIATOR, says, row=row, rows=rows, transaction=number)
                else:
                    ruling.names(case.index, INITIATOR, says, row=row, rows=rows, transaction=number, sure=False)
            elif closed is not None and NO_TIME < closed <= until:
                ruling.passes(case.index, INITIATOR)
            elif line.open_until(until) and line.nothing_missing_after(row):
                says = "OpenSession was answered Device_Busy, and the connections stayed open"
                ruling.fires(case.index, INITIATOR, says, row=row, transaction=int(told.number[place]))
            else:
                ruling.unknown(case.index, INITIATOR, NOT_COVERED)


def _captures(seen: Evidence, told: Asked) -> list[tuple[int, int]]:
    """InitiateCapture answered OK: its place, and the row of the CaptureComplete that names it; NO_ROW for none."""
    found = []
    events = seen.rows(m.EVENT, connection=EVENT, side=RESPONDER)
    events = events[(seen.code[events] == CAPTURE_COMPLETE) & seen.has(events, 14)]
    for place in np.flatnonzero((told.code == INITIATE_CAPTURE) & (told.answer == OK)).tolist():
        row = int(told.request[place])
        mine = events[(seen.session[events] == seen.session[row]) & (seen.identity[events] == seen.identity[row])]
        found.append((place, int(mine[0]) if len(mine) else NO_ROW))
    return found


@rule("session-device-busy-async")
def device_busy_async(seen: Evidence, ruling: Ruling) -> None:
    """What can't be done while a capture runs is answered Device_Busy, not left waiting."""
    patience = seen.limit_ns("immediate_ms")
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        for place, event in _captures(seen, told):
            began = int(told.response[place])
            if event == NO_ROW or not seen.timed(event, began):
                continue
            asked_at, rows = seen.time[told.request], told.response
            waiting = np.flatnonzero((asked_at > seen.time[began]) & (asked_at < seen.time[event]) & (rows != NO_ROW))
            held = [
                one
                for one in waiting.tolist()
                if int(seen.time[rows[one]]) >= int(seen.time[event]) > int(asked_at[one]) + patience
            ]
            if held:
                name = seen.named("operation", int(told.code[held[0]]), case.index)
                says = f"{name} was left waiting until CaptureComplete, instead of Device_Busy (0x2019)"
                row, number = int(told.request[held[0]]), int(told.number[held[0]])
                ruling.fires(case.index, RESPONDER, says, row=row, rows=(event,), transaction=number)


@rule("session-device-busy-reissue")
def device_busy_reissue(seen: Evidence, ruling: Ruling) -> None:
    """What was answered Device_Busy is asked again, after a while."""
    pause, window = seen.limit_ns("retry_hint_ms"), seen.limit_ns("response_stall_s")
    for case in seen.judged:
        told, line = seen.once(Numbering).of(case.index), case.command
        busy = np.flatnonzero((told.answer == DEVICE_BUSY) & (told.code != OPEN_SESSION))
        hasty, dropped = [], []
        for place in busy.tolist():
            again = np.flatnonzero(told.code[place + 1 :] == told.code[place]) + place + 1
            row = int(told.response[place])
            if not seen.timed(row):
                continue
            if len(again) == 0:
                known = line is not None and line.open_until(int(seen.time[row]) + window) is not None
                if known and line is not None and line.nothing_missing_after(int(told.request[place])):
                    dropped.append(place)
            elif seen.timed(int(told.request[again[0]])):
                waited = int(seen.time[told.request[again[0]]]) - int(seen.time[row])
                if waited < pause:
                    hasty.append(place)
        for places, least, what in (
            (hasty, LEAST_TRIES, "asked again at once after Device_Busy"),
            (dropped, 1, "answered Device_Busy and never asked again"),
        ):
            if len(places) >= least:
                name = seen.named("operation", int(told.code[places[0]]), case.index)
                says = f"{name} {what}" + (f", {len(places)} times" if len(places) > 1 else "")
                rows = tuple(int(told.response[one]) for one in places[1:8])
                row, number = int(told.response[places[0]]), int(told.number[places[0]])
                ruling.fires(case.index, INITIATOR, says, row=row, rows=rows, transaction=number)


@rule("session-async-response")
def async_response(seen: Evidence, ruling: Ruling) -> None:
    """How captures end: by an event that names them, or by none."""
    for case in seen.judged:
        captures = _captures(seen, seen.once(Numbering).of(case.index))
        ended = sum(event != NO_ROW for _, event in captures)
        if captures and case.event is not None:
            place = captures[0][0]
            row = int(seen.once(Numbering).of(case.index).response[place])
            says = f"{len(captures)} captures answered OK, {ended} of them ended by a CaptureComplete that names them"
            ruling.fires(case.index, RESPONDER, says, row=row)


@rule("session-isolation")
def isolation(seen: Evidence, ruling: Ruling) -> None:
    """That one session of a responder ends leaves the others open: they are answered as before."""
    grace = seen.limit_ns("close_grace_s")
    groups: dict[int, list[Case]] = {}
    for case in seen.judged:
        if case.command is not None and case.paired:
            groups.setdefault(case.command.part.responder[0], []).append(case)
    for cases in groups.values():
        closings = sorted(
            (int(seen.time[row]), case.index, int(row))
            for case in cases
            for row in _closings(seen, seen.once(Numbering).of(case.index)).tolist()
            if int(seen.time[row]) != NO_TIME
        )
        times = np.array([time for time, _, _ in closings], np.int64)
        for case in cases if len(cases) > 1 else ():
            told = seen.once(Numbering).of(case.index)
            open_here = told.state == OPEN
            opened = seen.code[told.since] == OK  # and not told that one is open already, which may be that of another
            refused = np.flatnonzero(open_here & (told.answer == SESSION_NOT_OPEN) & (told.code >> 12 == 1))
            answered = seen.time[told.response[open_here & (told.answer == OK)]]
            own = np.array([time for time, session, _ in closings if session == case.index], np.int64)
            ruling.passes(
                case.index, RESPONDER, int((_within(times, answered, grace) > _within(own, answered, grace)).sum())
            )
            for place in refused.tolist():
                row = int(told.response[place])
                time = int(seen.time[row])
                low, high = np.searchsorted(times, [time - grace, time])
                other = next((one for one in closings[low:high] if one[1] != case.index), None)
                if other is None or not opened[place]:
                    why = "nothing in another session explains the refusal" if other is None else _NEVER_OPEN
                    ruling.unknown(case.index, RESPONDER, why)
                    continue
                name = seen.named("operation", int(told.code[place]), case.index)
                says = f"{name} was answered Session_Not_Open in an open session, right after another one was closed"
                number = int(told.number[place])
                ruling.fires(case.index, RESPONDER, says, row=row, rows=(other[2],), transaction=number)


def _within(times: np.ndarray, until: np.ndarray, span: int) -> np.ndarray:
    """How many of some sorted times lie in the time before each of others, or at it."""
    return np.searchsorted(times, until, "right") - np.searchsorted(times, until - span)


def _closings(seen: Evidence, told: Asked) -> np.ndarray:
    """The responses that ended a session."""
    return told.response[(told.code == CLOSE_SESSION) & (told.answer == OK)]


def _most_at_once(cases: list[Case]) -> int:
    """The highest number of sessions whose command connections lived at the same time."""
    bounds = []
    for case in cases:
        if case.command is not None and NO_TIME not in (case.command.tcp.first_time, case.command.tcp.last_time):
            bounds += [(case.command.tcp.first_time, 1), (case.command.tcp.last_time, -1)]
    most = now = 0
    for _, change in sorted(bounds):
        now += change
        most = max(most, now)
    return most


def _by_responder(seen: Evidence) -> list[list[Case]]:
    groups: dict[int, list[Case]] = {}
    for case in seen.judged:
        if case.command is not None and case.established is not None:
            groups.setdefault(case.command.part.responder[0], []).append(case)
    return list(groups.values())


@rule("session-multi-initiator")
def multi_initiator(seen: Evidence, ruling: Ruling) -> None:
    """How many sessions a responder has at once."""
    for cases in _by_responder(seen):
        most = _most_at_once(cases)
        if most > 1:
            ruling.fires(cases[0].index, RESPONDER, f"{most} sessions with this responder at the same time")


@rule("session-limit-by-connections")
def limit_by_connections(seen: Evidence, ruling: Ruling) -> None:
    """A responder that is full says so before a session: by Init Fail."""
    for case in seen.judged:
        row = None if case.command is None else case.command.first(m.INIT_FAIL)
        if row is None or case.command is None or not seen.timed(row) or seen.code[row] != 2:
            continue
        here, time = case.command.part.responder[0], int(seen.time[row])
        others = sum(
            other.index != case.index
            and other.command is not None
            and other.command.part.responder[0] == here
            and other.established is not None
            and other.command.tcp.first_time <= time <= other.command.tcp.last_time
            for other in seen.judged
        )
        if others:
            says = f"refused as busy while {others} other sessions with this responder were established"
            ruling.fires(case.index, RESPONDER, says, row=row)


def device_infos(seen: Evidence) -> dict[int, tuple[int, DeviceInfo]]:
    """By session, the transaction in which the responder told who it is, and what it said; whole ones only."""
    found: dict[int, tuple[int, DeviceInfo]] = {}
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        for place in np.flatnonzero((told.code == GET_DEVICE_INFO) & (told.answer == OK)).tolist():
            number = int(told.number[place])
            data, whole = seen.data(number, DEVICE_INFO_BYTES)
            if whole and data:
                found[case.index] = number, device_info(data)
                break
    return found


@rule("session-supported-operations")
def supported_operations(seen: Evidence, ruling: Ruling) -> None:
    """An initiator asks for what DeviceInfo lists."""
    for case in seen.judged:
        known = seen.once(device_infos).get(case.index)
        if known is None or not known[1].operations:
            continue
        told = seen.once(Numbering).of(case.index)
        listed = among(told.code, known[1].operations)
        for mask, side, what in (
            ((told.code >= 0) & ~listed, INITIATOR, "is not among the operations that DeviceInfo lists"),
            (
                listed & (told.answer == OPERATION_NOT_SUPPORTED),
                RESPONDER,
                "is listed by DeviceInfo and was not supported",
            ),
        ):
            for code in np.unique(told.code[mask]).tolist():
                place = int(np.flatnonzero(mask & (told.code == code))[0])
                says = f"{seen.named('operation', code, case.index)} {what}"
                row, number = int(told.request[place]), int(told.number[place])
                ruling.fires(case.index, side, says, row=row, transaction=number)


@rule("session-identify-mtp-pictbridge")
def identify_mtp_pictbridge(seen: Evidence, ruling: Ruling) -> None:
    """Which protocols stand on PTP here."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        known = seen.once(device_infos).get(case.index)
        mtp = np.flatnonzero(told.code >> 8 == 0x98)
        said = known is not None and known[1].extension == 6 and "microsoft" in (known[1].extension_text or "").lower()
        if len(mtp) or said:
            row = int(told.request[mtp[0]]) if len(mtp) else None
            how = "operations 0x98xx were used" if len(mtp) else "DeviceInfo names Microsoft's extension"
            ruling.fires(case.index, BOTH, f"MTP: {how}", row=row)
        for place in np.flatnonzero(told.code == SEND_OBJECT_INFO).tolist():
            data, _ = seen.data(int(told.number[place]), 256)
            if len(data) >= 6 and int.from_bytes(data[4:6], "little") == SCRIPT and ".DPS".encode("utf-16-le") in data:
                says = "PictBridge: a script file was sent"
                row, number = int(told.request[place]), int(told.number[place])
                ruling.fires(case.index, BOTH, says, row=row, transaction=number)
                break
