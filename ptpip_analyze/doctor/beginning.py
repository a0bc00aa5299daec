"""How a session began: refused, waiting for somebody to confirm, without its event connection, or well.

Source: CIPA DC-X005-2005 2.2.3.1, 2.3.1 to 2.3.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import facts
from ..capture import NO_TIME
from ..describe import human_seconds
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from .event_connection import Attempts, event_connection
from .patient import Patient, S
from .saying import Saying
from .transport import Marks

WAIT_S = 2.0  # from here on somebody probably had to press a button: cameras answer within milliseconds
MEANINGS = {
    1: "it does not accept this initiator, often because it is not paired, or paired under another GUID or name",
    2: "it is busy, often because another initiator is connected, or the last session has not ended yet",
    3: "it gives no reason",
}


def beginning(patient: Patient, attempts: Attempts, marks: Marks) -> Iterator[Saying]:
    """What can be said of the handshake."""
    command = patient.command
    refused = [part for part in patient.pair.parts if m.INIT_FAIL in part.rows]
    for part in refused:
        yield _refusal(patient, part)
    if command is None:
        part = patient.pair.parts[0]
        yield Saying("unknown", "beginning", "Only an event connection was captured: what was asked and answered on "
                     "the command connection can't be known.", (part.tcp.first_packet + 1,))  # fmt: skip
        return
    request, ack = patient.row(m.INIT_COMMAND_REQUEST, command), patient.row(m.INIT_COMMAND_ACK, command)
    if request is None and ack is None and not refused:
        yield Saying("unknown", "beginning", "The capture has no Init Command Request: how the session was established "
                     "can't be known.", (command.tcp.first_packet + 1,))  # fmt: skip
        return
    if request is not None and ack is not None:
        yield from _wait(patient, request, ack)
    elif request is not None and not refused:
        yield _unanswered(patient, request)
    if ack is not None and not refused and not patient.fuji:
        yield from event_connection(patient, ack, attempts, marks)


def _identity(patient: Patient) -> str:
    said = patient.greeting
    parts = [f"GUID {said['guid']}"] if said.get("guid") else []
    parts += [f"version {said['version']}"] if said.get("version") else []
    return f" ({', '.join(parts)})" if parts else ""


def _refusal(patient: Patient, part: Handshake) -> Saying:
    row, request = (
        part.rows[m.INIT_FAIL],
        part.rows.get(m.INIT_EVENT_REQUEST if part.is_event else m.INIT_COMMAND_REQUEST),
    )
    known = int(patient.columns["known"][row]) >= 12
    code = int(patient.columns["code"][row])
    vendor = "fuji" if patient.fuji else None
    reason = "the reason was not captured"
    if known:
        reason = f"reason {facts.name_of('init_fail', code, vendor)} (0x{code:X})"
    where = "event" if part.is_event else "command"
    meaning = f": {MEANINGS[code]}" if known and code in MEANINGS and not patient.fuji else ""
    says = f"The camera refused {patient.initiator}{_identity(patient)} with Init Fail on the {where} connection"
    took = None if request is None else patient.between(request, row)
    asked = "asked for it" if part.is_event else "introduced itself"
    timed = took is not None and took >= 0 and patient.trusts(took)
    after = f", {human_seconds(took)} after it had {asked}" if took is not None and timed else ""
    frames = (patient.frame(row),) if request is None else (patient.frame(request), patient.frame(row))
    return Saying("problem", "refused", f"{says}, {reason}{meaning}{after}.", frames, patient.time(row))


def _wait(patient: Patient, request: int, ack: int) -> Iterator[Saying]:
    took = patient.between(request, ack)
    if took is not None and took - patient.round_trip >= WAIT_S and patient.trusts(took):
        says = (
            f"The camera took {human_seconds(took)} to answer Init Command Request. Cameras usually do so at once; "
            "somebody may have had to confirm on its screen."
        )
        yield Saying("slow", "pairing", says, (patient.frame(request), patient.frame(ack)), patient.time(ack))


def _unanswered(patient: Patient, request: int) -> Saying:
    command = patient.command
    assert command is not None
    frames, time = (patient.frame(request),), patient.time(request)
    end, who = patient.closing(command), f"{patient.initiator}{_identity(patient)}"
    if end is None or not patient.whole(command):
        says = (
            f"No answer to the Init Command Request of {who} is in the capture: whether there was one can't be known."
        )
        return Saying("unknown", "beginning", says, frames, time)
    got = patient.received(request, command)
    said = "acknowledged" if got else "neither acknowledged nor answered"
    says = f"The camera {said} the Init Command Request of {who}" + (", and never answered it" if got else "")
    waited = None if time is None or end.time == NO_TIME else (end.time - time) / S
    after = f" {human_seconds(waited)} later" if waited is not None and waited >= 0 and patient.trusts(waited) else ""
    how = "reset" if end.reset else "closed"
    if end.direction is None:
        says += f"; the connection was {how}{after}."
    else:
        says += f"; {patient.side(command, end.direction)} {how} the connection{after}."
    return Saying("problem", "beginning", says, (*frames, *(packet + 1 for packet in end.packets[:1])), time)
