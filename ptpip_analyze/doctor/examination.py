"""The examination: every session looked at from beginning to end, as one document of plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..capture import CaptureError
from ..describe import counted, human_seconds
from ..facts.packets import DEFAULT_PORT
from ..ptp import NO_ROW
from ..result import Result
from ..tcp import Connection
from .announced import announced
from .beginning import beginning
from .changes import Change, changes_before
from .ending import ending, silences
from .event_connection import Attempts
from .patient import SURE, Patient
from .saying import Saying
from .transport import Marks, transport
from .violations import Violations
from .work import errors, loops, probes, slow, unanswered

DOUBT_S = 0.1  # clocks that are off by less are not worth a word


def examined(results: Sequence[Result]) -> dict[str, Any]:
    """What the doctor says of captures.

    ``sessions``: one entry each with ``session``, ``capture``, who talked, and ``sayings``: rows of ``grade`` (of
    ``GRADES``), ``topic``, ``says``, ``frames``, ``time`` (ns or None). ``captures``: sayings about a whole capture.
    Needs analyses that keep the packets table.
    """
    sessions, captures = [], []
    for result in results:
        violations = Violations(result)
        of_capture = [*_of_capture(result), *violations.of_capture(), *announced(result)]
        captures.append({"capture": result.path, "sayings": [_plain(one) for one in of_capture]})
        marks, attempts, changes = Marks(result), Attempts(result), changes_before(result)
        for index in range(len(result.pairs)):
            patient = Patient(result, index)
            sayings = [*_sayings(patient, marks, attempts, changes)]
            sayings[-1:-1] = violations.of_session(patient, sayings)
            if not sayings:
                sayings = [Saying("unknown", "beginning", "Only a live-view connection was captured.")]
            if not any(one.grade in ("problem", "slow") for one in sayings):
                sayings[:0] = _nothing_wrong(patient)
            sessions.append(
                {
                    "session": index + result.first_session,
                    "capture": result.path,
                    "initiator": patient.greeting.get("name"),
                    "responder": patient.answer.get("name"),
                    "sayings": [_plain(one) for one in sayings],
                }
            )
    return {"sessions": sessions, "captures": captures}


def heading(document: Mapping[str, Any], session: Mapping[str, Any]) -> str:
    """What stands above the sayings about a session: who talked, and of several captures in which one."""
    who = f"{session['responder'] or 'the camera'} with {session['initiator'] or 'the initiator'}"
    where = f" in {session['capture']}" if len(document["captures"]) > 1 else ""
    return f"Session {session['session']}: {who}{where}"


def _sayings(
    patient: Patient, marks: Marks, attempts: Attempts, changes: Mapping[int, Sequence[Change]]
) -> Iterator[Saying]:
    yield from beginning(patient, attempts, marks)
    yield from loops(patient)
    yield from errors(patient, changes)
    yield from unanswered(patient)
    yield from slow(patient)
    yield from silences(patient)
    yield from probes(patient)
    yield from transport(patient, marks)
    yield from _clocks(patient)
    yield from ending(patient)


def _clocks(patient: Patient) -> Iterator[Saying]:
    """What the times of the capture are not worth. Asked for only where it was asked before: it takes its time."""
    if patient.doubted and patient.doubt >= DOUBT_S:
        says = (
            f"The times contradict what the packets acknowledge, or run backwards, by up to "
            f"{human_seconds(patient.doubt)}: waits of less than {human_seconds(SURE * patient.doubt)} are not told."
        )
        part = patient.pair.parts[0]
        yield Saying("unknown", "clock", says, (part.tcp.first_packet + 1,))


def _nothing_wrong(patient: Patient) -> Iterator[Saying]:
    asked, answered = patient.requested, patient.replied
    if not asked:
        if patient.command is not None and patient.whole(patient.command):
            yield Saying("fine", "work", "No operation was requested.")
        return
    if not answered:
        says = f"{counted(asked, 'operation')} requested, and no answer was captured."
        first = next(place for place in range(len(patient.numbers)) if patient.request(place) != NO_ROW)
        yield Saying("unknown", "work", says, (patient.frame(patient.request(first)),))
        return
    rest = "all of them answered" if answered == asked else f"of {asked - answered:,} no answer was captured"
    yield Saying("fine", "work", f"Nothing went wrong that shows: {counted(asked, 'transaction')}, {rest}.")


def _of_capture(result: Result) -> Iterator[Saying]:
    if isinstance(result.damage, CaptureError):
        yield Saying(
            "unknown", "capture", f"The file is damaged ({result.damage.reason}): what follows can't be known."
        )
    if not result.pairs:
        silent = sum(result.silent_connections.values())
        says = "No PTP-IP session is in this capture."
        if silent:
            says += f" {counted(silent, 'connection')} to a PTP-IP port carried nothing."
        yield Saying("unknown", "capture", says)
    refused = [tcp for tcp in result.connections if _nobody_listened(tcp)]
    if refused:
        many = counted(len(refused), "connection")
        says = f"{many} to port {DEFAULT_PORT} ended in a reset before anything was said: nobody listened there."
        yield Saying("problem", "capture", says, tuple(tcp.first_packet + 1 for tcp in refused[:6]))


def _nobody_listened(tcp: Connection) -> bool:
    """Was a SYN to the PTP-IP port answered by a reset, and by nothing else?

    RFC 9293 3.10.7.1: such a reset has sequence number 0; one of a connection that was accepted goes on from its SYN.
    """
    opener = tcp.syn_from
    return (
        opener is not None
        and tcp.endpoint(1 - opener)[1] == DEFAULT_PORT
        and (tcp.close_kind, tcp.closed_by) == ("reset", 1 - opener)
        and tcp.ends[1 - opener] == 0
        and not tcp.streams[1 - opener].syn
        and all(stream.high == 0 for stream in tcp.streams)
    )


def _plain(saying: Saying) -> dict[str, Any]:
    return {
        "grade": saying.grade,
        "topic": saying.topic,
        "says": saying.says,
        "frames": sorted(set(saying.frames)),
        "time": saying.time,
    }
