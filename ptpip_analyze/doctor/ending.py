"""How a session ended: by whom, after how long a silence, and in the middle of what.

Who was first is said where ``closing`` knows it. Source: CIPA DC-X005-2005 2.2.3.3, 2.3.13, 2.4, 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..capture import NO_TIME
from ..describe import counted, human_seconds
from ..facts.named import POWER_DOWN, RESET_DEVICE
from ..ptp import NO_ROW
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from .closing import Closing
from .patient import Patient, S
from .saying import Saying
from .work import unanswered_probes

POWER_OFF = {POWER_DOWN: "PowerDown", RESET_DEVICE: "ResetDevice"}  # after these a camera closes
LEAST_RESPONSE = 14  # bytes (2.3.7)
QUIET_S, IDLE_S = 1.0, 5.0
_PROBED = ", for which the standard has a side close (2.3.13)"
GUESS = " That it belongs to this session is a guess, from hosts and times."


def ending(patient: Patient) -> Iterator[Saying]:
    """What can be said of the end."""
    part = patient.command
    if part is None:
        return  # how a session ended shows on its command connection
    end = patient.closing(part)
    if end is None:
        says = "The session was still open when the capture ends: how it ended can't be known."
        yield Saying("unknown", "end", says, (part.tcp.last_packet + 1,))
        yield from _other_connection(patient, None)
        return
    last = _last_message(patient, end)
    idle = _idle(patient, last, end)
    quiet = "" if idle is None else f", {human_seconds(idle)} after the last message"
    frames = tuple(packet + 1 for packet in end.packets)
    if last is not None:
        frames = (patient.frame(last), *frames)
    time = None if end.time == NO_TIME else end.time
    act, note = _act(patient, part, end)
    if m.INIT_FAIL in part.rows:
        if end.reset:
            yield Saying("problem", "end", f"{act}{quiet}, after Init Fail.{note}", frames, time)
    elif _was_running(patient):
        grade, says = _in_the_middle(patient, part, act, quiet)
        frames = tuple(sorted({patient.frame(patient.request(-1)), *frames}))
        yield Saying(grade, "end", f"{says}.{note}", frames, time)
    else:
        grade, why = _why(patient, part, end, idle)
        yield Saying(grade, "end", f"{act}{'' if why.startswith(' after') else quiet}{why}.{note}", frames, time)
    yield from _other_connection(patient, end)


def _act(patient: Patient, part: Handshake, end: Closing) -> tuple[str, str]:
    """Who did what, and what has to be said besides."""
    how = "reset the connection (RST)" if end.reset else "closed the connection (FIN)"
    if end.crossed:
        return "Both sides closed the connection (FIN)", " Neither had received the other's FIN when it sent its own."
    if end.direction is not None:
        hidden = " Its FIN is not in the capture, but was acknowledged." if end.hidden else ""
        return f"{patient.side(part, end.direction, begins=True)} {how}", hidden
    ended = [one for one in (0, 1) if part.tcp.end_packets[one] is not None]
    if len(ended) == 1:
        who = patient.side(part, ended[0], begins=True)
        return f"{who} {how}", " Whether the other side had done so before can't be known from this capture."
    if end.hidden:
        return "The connection was closed", " Its FINs are not in the capture; what was acknowledged tells of them."
    how = "reset (RST)" if end.reset else "closed (FIN)"
    return f"The connection was {how}", " Which side did so first can't be known from this capture."


def _in_the_middle(patient: Patient, part: Handshake, act: str, quiet: str) -> tuple[str, str]:
    """It ended before the last operation was answered, as far as the capture has it: grade and sentence."""
    operation, row = patient.name("operation", int(patient.asked[-1])), patient.request(-1)
    asker = part.tcp.streams[part.initiator]
    if patient.whole(part):
        lost = " (nor acknowledged)" if patient.received(row, part) is False else ""
        return "problem", f"{act} in the middle of {operation}, which was not answered{lost}{quiet}"
    if asker.acknowledged - int(patient.columns["acknowledgment"][row]) >= LEAST_RESPONSE:
        says = f"{act} after {operation}{quiet}. What the camera sent after that request is not in the capture, but "
        return "unknown", f"{says}was acknowledged, so it was probably answered"
    return "unknown", f"{act} after {operation}{quiet}; no answer to it is in the capture"


def _why(patient: Patient, part: Handshake, end: Closing, idle: float | None) -> tuple[str, str]:
    """The grade of an end with nothing running, and what the capture says about its reason."""
    opened, closed = patient.session_at
    by_camera = end.direction is not None and end.direction != part.initiator
    if closed > opened:
        more = len(patient.asked) - 1 - closed
        after = f" after CloseSession and {counted(more, 'more operation')}" if more else " after CloseSession"
        return "fine", f"{after}: an orderly end"
    asked = patient.asked[patient.asked >= 0]
    if len(asked) and int(asked[-1]) in POWER_OFF and not end.reset:
        return "fine", f" after {POWER_OFF[int(asked[-1])]}"
    probe = next(iter(unanswered_probes(patient)), None)
    whole, grade = patient.whole(part), "problem" if end.reset else "fine"
    if probe is not None:
        row, _, sure = probe
        why = "was not answered" if sure else "has no answer in this capture"
        return (
            "problem" if sure else grade,
            f"; the Probe Request in frame {patient.frame(row)} {why}{_PROBED if sure else ''}",
        )
    if not len(patient.numbers):
        if m.OPERATION_REQUEST in part.rows or not whole or (m.INIT_COMMAND_ACK in part.rows and patient.event):
            return grade, ""
        return grade, "; the session was not established"
    why = "; no CloseSession is in the capture"
    if whole:
        why = ", without CloseSession" if opened >= 0 else "; no session was open"
    if idle is not None and idle >= IDLE_S:
        return "problem", f"{why}: nothing had been said for so long"
    if by_camera and opened >= 0 and whole:
        return "problem", f"{why}: the session was open, and nothing in the capture says why"
    if whole and (patient.answered >= 0).all():
        why += "; nothing was left unanswered"
    return grade, why


def _last_message(patient: Patient, end: Closing) -> int | None:
    """The last message of the session, on any of its connections, that came before it ended."""
    streams = [2 * part.tcp.number + direction for part in patient.pair.parts for direction in (0, 1)]
    rows = np.concatenate([patient.result.by_stream.of(stream) for stream in streams])
    last = patient.columns["last"][rows].astype(np.int64)
    last[last > max(end.packets)] = -1
    return int(rows[np.argmax(last)]) if len(rows) and last.max() >= 0 else None


def _idle(patient: Patient, last: int | None, end: Closing) -> float | None:
    """Seconds of silence before the end, None where they can't be known, or are not worth a word."""
    time = None if last is None else patient.time(last)
    if time is None or end.time == NO_TIME or end.hidden:
        return None
    waited = (end.time - time) / S
    return waited if waited >= QUIET_S and patient.trusts(waited) else None


def _was_running(patient: Patient) -> bool:
    """Was the last transaction not answered when the session ended?"""
    return len(patient.numbers) > 0 and (
        patient.response(-1) == NO_ROW
        and patient.request(-1) != NO_ROW
        and patient.status(int(patient.numbers[-1])) in ("open", "cancelled")
    )


def _other_connection(patient: Patient, end: Closing | None) -> Iterator[Saying]:
    """Did the event connection end at another time, or break? (2.2.3.3, 2.4: both are closed.)"""
    command, event = patient.command, patient.event
    if command is None or event is None:
        return
    other, guess = patient.closing(event), GUESS if patient.guessed else ""
    began, ended = (NO_TIME if one is None else one.time for one in (other, end))
    if other is not None:
        until = ended if ended != NO_TIME else command.tcp.last_time
        apart = 0.0 if NO_TIME in (began, until) else (until - began) / S
        long = apart >= IDLE_S and patient.trusts(apart)
        opened, closed = patient.session_at
        in_turn = end is None or min(other.packets) < min(end.packets)  # a clock that was set back says otherwise
        broken = in_turn and other.reset and closed <= opened and (end is None or (apart > 0 and not end.reset))
        long = long and in_turn
        if not long and not broken:
            return
        act, note = _act(patient, event, other)
        act = act.replace(" the connection (", " the event connection (", 1).replace(
            "The connection", "The event connection", 1
        )
        what = "the command connection ended" if end is not None else "the last packet of the command connection"
        before = f", {human_seconds(apart)} before {what}" if long else ""
        grade = "unknown" if other.direction is None and not other.crossed else "problem"
        frames = tuple(packet + 1 for packet in other.packets)
        yield Saying(grade, "end", f"{act}{before}.{note}{guess}", frames, None if began == NO_TIME else began)
    elif end is not None and NO_TIME not in (event.tcp.last_time, ended):
        later = (event.tcp.last_time - ended) / S
        if later > IDLE_S and patient.trusts(later):
            says = f"The event connection was still in use {human_seconds(later)} after the command connection ended."
            yield Saying("problem", "end", says + guess, (event.tcp.last_packet + 1,))


def silences(patient: Patient) -> Iterator[Saying]:
    """The longest time between an answer and the next request."""
    made, columns = patient.result.transactions, patient.columns
    if patient.command is None or not patient.whole(patient.command):
        return
    answers, requests = made.response[patient.numbers][:-1], made.request[patient.numbers][1:]
    known = (answers != NO_ROW) & (requests != NO_ROW)
    answers, requests = answers[known], requests[known]
    begin, end = columns["time"][answers], columns["time"][requests]
    timed = (begin != NO_TIME) & (end != NO_TIME)
    waits = np.where(timed, end - begin, 0) / S
    if waits.max(initial=0.0) < IDLE_S:
        return
    place = int(np.argmax(waits))
    longest, response, request = float(waits[place]), int(answers[place]), int(requests[place])
    if longest >= 10 * float(np.median(waits)) and patient.trusts(longest):
        says = f"For {human_seconds(longest)} {patient.initiator} asked nothing of the camera, the longest such pause "
        yield Saying(
            "slow", "silence", f"{says}between an answer and the next request.",
            (patient.frame(response), patient.frame(request)), int(columns["time"][request]),
        )  # fmt: skip
