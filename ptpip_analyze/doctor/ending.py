"""How a session ended: by whom, after how long a silence, and in the middle of what.

Source: CIPA DC-X005-2005 2.2.3.3, 2.4, 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..capture import NO_TIME
from ..describe import human_seconds
from ..ptp import NO_ROW
from ..ptpip import messages as m
from .patient import Patient, S
from .saying import Saying

CLOSE_SESSION = 0x1003
IDLE_S = 5.0


def ending(patient: Patient) -> Iterator[Saying]:
    """What can be said of the end."""
    part = patient.command or patient.event
    if part is None:
        return
    tcp = part.tcp
    if tcp.close_kind is None:
        says = "The session was still open when the capture ends: how it ended can't be known."
        yield Saying("unknown", "end", says, (tcp.last_packet + 1,))
        return
    packet = next((end for end in (tcp.end_packets[tcp.closed_by or 0],) if end is not None), tcp.last_packet)
    who = patient.side(part, tcp.closed_by, begins=True)
    how = "reset the connection (RST)" if tcp.close_kind == "reset" else "closed the connection (FIN)"
    last = _last_message(patient, packet)
    idle = _idle(patient, last, tcp.closed_at)
    running = _was_running(patient)
    frames = (packet + 1,) if last is None else (patient.frame(last), packet + 1)
    quiet = "" if idle is None else f", {human_seconds(idle)} after the last message"
    if running:
        operation = patient.name("operation", int(patient.asked[-1]))
        says = f"{who} {how} in the middle of {operation}, which was not answered{quiet}."
        grade = "problem" if patient.whole(part) else "unknown"
        yield Saying(grade, "end", says, frames, tcp.closed_at)
        return
    orderly = _closed_session(patient)
    if tcp.close_kind == "reset":
        says = f"{who} {how}{quiet}."
        yield Saying("problem", "end", says, frames, tcp.closed_at)
    elif orderly:
        yield Saying("fine", "end", f"{who} {how} after CloseSession: an orderly end.", frames, tcp.closed_at)
    elif idle is not None and idle >= IDLE_S:
        says = f"{who} {how}{quiet}, without CloseSession: it gave up on an idle session."
        yield Saying("problem", "end", says, frames, tcp.closed_at)
    elif m.INIT_FAIL not in part.rows:
        says = f"{who} {how}{quiet}, without CloseSession; nothing was left unanswered."
        yield Saying("fine", "end", says, frames, tcp.closed_at)
    yield from _other_connection(patient)


def _last_message(patient: Patient, packet: int) -> int | None:
    """The last message of the session, on any of its connections, that came before a packet."""
    rows = np.concatenate([patient.rows_of(part) for part in patient.pair.parts])
    last = patient.columns["last"][rows].astype(np.int64)
    last[last > packet] = -1
    return int(rows[np.argmax(last)]) if len(rows) and last.max() >= 0 else None


def _idle(patient: Patient, last: int | None, closed_at: int | None) -> float | None:
    if last is None or closed_at in (None, NO_TIME):
        return None
    time = patient.time(last)
    return None if time is None or closed_at is None else max(closed_at - time, 0) / S


def _was_running(patient: Patient) -> bool:
    """Was the last transaction not answered when the session ended?"""
    return len(patient.numbers) > 0 and (
        patient.response(-1) == NO_ROW
        and patient.request(-1) != NO_ROW
        and patient.status(int(patient.numbers[-1])) in ("open", "cancelled")
    )


def _closed_session(patient: Patient) -> bool:
    """Was CloseSession the last that was asked?"""
    asked = patient.asked[patient.asked >= 0]
    return bool((asked[-1:] == CLOSE_SESSION).any())


def _other_connection(patient: Patient) -> Iterator[Saying]:
    """Did the other connection end, too? (2.2.3.3: both are closed.)"""
    command, event = patient.command, patient.event
    if command is None or event is None or command.tcp.closed_at is None or event.tcp.close_kind is not None:
        return
    later = event.tcp.last_time - command.tcp.closed_at
    if NO_TIME not in (event.tcp.last_time, command.tcp.closed_at) and later > IDLE_S * S:
        says = f"The event connection was still in use {human_seconds(later / S)} after the command connection ended."
        yield Saying("problem", "end", says, (event.tcp.last_packet + 1,))


def silences(patient: Patient) -> Iterator[Saying]:
    """The longest time in which the initiator asked nothing."""
    made, columns = patient.result.transactions, patient.columns
    if patient.command is None or not patient.whole(patient.command):
        return
    numbers = patient.numbers
    pairs = [(int(made.response[one]), int(made.request[other])) for one, other in pairwise(numbers.tolist())]
    waits = [
        (patient.between(response, request) or 0.0, response, request)
        for response, request in pairs
        if NO_ROW not in (response, request)
    ]
    if not waits:
        return
    longest, response, request = max(waits)
    typical = float(np.median([wait for wait, _, _ in waits]))
    if longest >= IDLE_S and longest >= 10 * typical:
        says = f"For {human_seconds(longest)} {patient.initiator} asked nothing of the camera: its longest silence."
        yield Saying(
            "slow", "silence", says, (patient.frame(response), patient.frame(request)), int(columns["time"][request])
        )
