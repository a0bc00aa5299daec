"""How a session began: refused, waiting for somebody to confirm, without its event connection, or well.

Source: CIPA DC-X005-2005 2.2.3.1, 2.3.1 to 2.3.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import facts
from ..describe import human_seconds
from ..ptpip import messages as m
from .patient import Patient
from .saying import Saying

WAIT_S = 2.0  # from here on somebody probably had to press a button: cameras answer within milliseconds
LATE_S = 1.0
MEANINGS = {
    1: "it does not accept this initiator: it is not paired, or paired under another GUID or name",
    2: "it is busy: often another initiator is connected, or the last session has not ended yet",
    3: "it gives no reason",
}


def beginning(patient: Patient) -> Iterator[Saying]:
    """What can be said of the handshake."""
    command = patient.command
    if command is None:
        yield Saying("unknown", "beginning", "Only an event connection was captured: what was asked and answered on "
                     "the command connection can't be known.")  # fmt: skip
        return
    request, ack = patient.row(m.INIT_COMMAND_REQUEST, command), patient.row(m.INIT_COMMAND_ACK, command)
    refused = [(part, part.rows[m.INIT_FAIL]) for part in patient.pair.parts if m.INIT_FAIL in part.rows]
    for part, row in refused:
        yield _refusal(patient, row, part.is_event, request)
    if request is None and ack is None and not refused:
        yield Saying("unknown", "beginning", "The capture has no Init Command Request: how the session was established "
                     "can't be known.", (command.tcp.first_packet + 1,))  # fmt: skip
        return
    if request is not None and ack is not None:
        yield from _wait(patient, request, ack)
    elif request is not None and not refused:
        yield _unanswered(patient, request)
    if ack is not None and not refused and not patient.fuji:
        yield from _event_connection(patient, ack)


def _identity(patient: Patient) -> str:
    said = patient.greeting
    parts = [f"GUID {said['guid']}"] if said.get("guid") else []
    parts += [f"version {said['version']}"] if said.get("version") else []
    return f" ({', '.join(parts)})" if parts else ""


def _refusal(patient: Patient, row: int, on_event: bool, request: int | None) -> Saying:
    known = int(patient.columns["known"][row]) >= 12
    code = int(patient.columns["code"][row])
    vendor = "fuji" if patient.fuji else None
    reason = f"{facts.name_of('init_fail', code, vendor)} (0x{code:X})" if known else "a reason that was not captured"
    where = "event" if on_event else "command"
    meaning = f": {MEANINGS[code]}" if known and code in MEANINGS and not patient.fuji else ""
    says = f"The camera refused {patient.initiator}{_identity(patient)} with Init Fail on the {where} connection"
    took = None if request is None else patient.between(request, row)
    after = f", {human_seconds(took)} after it had introduced itself" if took is not None and took >= 0 else ""
    frames = (patient.frame(row),) if request is None else (patient.frame(request), patient.frame(row))
    return Saying("problem", "refused", f"{says}, reason {reason}{meaning}{after}.", frames, patient.time(row))


def _wait(patient: Patient, request: int, ack: int) -> Iterator[Saying]:
    took = patient.between(request, ack)
    if took is not None and took >= WAIT_S:
        says = (
            f"The camera took {human_seconds(took)} to answer Init Command Request. Cameras usually do so at once; "
            "somebody may have had to confirm on its screen."
        )
        yield Saying("slow", "pairing", says, (patient.frame(request), patient.frame(ack)), patient.time(ack))


def _unanswered(patient: Patient, request: int) -> Saying:
    command = patient.command
    assert command is not None
    frames, time = (patient.frame(request),), patient.time(request)
    tcp, asked = command.tcp, patient.time(request)
    who = f"{patient.initiator}{_identity(patient)}"
    if tcp.closed_at is None or asked is None or not patient.whole(command):
        says = (
            f"No answer to the Init Command Request of {who} is in the capture: whether there was one can't be known."
        )
        return Saying("unknown", "beginning", says, frames, time)
    closer, waited = patient.side(command, tcp.closed_by), human_seconds(max(tcp.closed_at - asked, 0) / 1e9)
    how = "reset" if tcp.close_kind == "reset" else "closed"
    says = f"The camera never answered the Init Command Request of {who}; {closer} {how} the connection {waited} later."
    ends = tuple(packet + 1 for packet in tcp.end_packets if packet is not None)
    return Saying("problem", "beginning", says, (*frames, *sorted(ends)[:1]), time)


def _event_connection(patient: Patient, ack: int) -> Iterator[Saying]:
    command, event = patient.command, patient.event
    assert command is not None
    number = patient.answer.get("connection_number")
    frame = patient.frame(ack)
    if event is None:
        asked = m.OPERATION_REQUEST in command.rows
        if command.tcp.close_kind is None and not asked:
            return
        says = "No event connection followed Init Command Ack in this capture"
        more = ", and operations were requested all the same" if asked else ""
        says += f"{more}. Either it was not opened, or it was not captured (a capture filter, another interface)."
        yield Saying("unknown", "event connection", says, (frame,), patient.time(ack))
        return
    request, answer = patient.row(m.INIT_EVENT_REQUEST, event), patient.row(m.INIT_EVENT_ACK, event)
    if request is None:
        return
    took = patient.between(ack, request)
    if event.number is not None and number is not None and event.number != number:
        says = f"The event connection names number {event.number}, but the camera had given {number}."
        yield Saying("problem", "event connection", says, (frame, patient.frame(request)), patient.time(request))
    if took is not None and took >= LATE_S:
        who = patient.side(event, event.initiator, begins=True)
        says = f"{who} opened the event connection only {human_seconds(took)} after Init Command Ack."
        yield Saying("slow", "event connection", says, (frame, patient.frame(request)), patient.time(request))
    if answer is None and m.INIT_FAIL not in event.rows:
        says = "Init Event Request was not answered"
        certain = event.tcp.close_kind is not None and patient.whole(event)
        says += "." if certain else " in this capture."
        grade = "problem" if certain else "unknown"
        yield Saying(grade, "event connection", says, (patient.frame(request),), patient.time(request))
