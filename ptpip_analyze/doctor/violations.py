"""What breaks a MUST of the standard in a session, as the rules say: it often explains what went wrong.

Judges nothing itself, and leaves out what the doctor has said in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..describe import counted
from ..result import Result
from ..rules import CATALOGUE, Finding, Verdict
from ..rules.rule import INITIATOR, NOWHERE, RESPONDER
from .patient import Patient
from .saying import Saying

MOST = 5  # rules told in full
TOLD = {  # rules that say what the doctor says itself, by the topic of its sentence
    "probe-answered": "probe",
    "response-for-every-request": "unanswered",
    "association-number-echoed": "event connection",
    "init-event-answered": "event connection",
    "init-close-command-if-event-fails": "event connection",
    "init-event-connection-required": "event connection",
}


class Violations:
    """The violations of the MUST rules in one capture, by session index; those of no session under NOWHERE."""

    def __init__(self, result: Result) -> None:
        musts = [entry.id for entry in CATALOGUE.rules.values() if entry.level == "must" and entry.kind == "check"]
        self._found: dict[int, list[Finding]] = {}
        self._result = result
        for finding in result.judge(musts).findings:
            if finding.verdict is Verdict.VIOLATION:
                self._found.setdefault(finding.session, []).append(finding)

    def of_session(self, patient: Patient, said: Sequence[Saying]) -> Iterator[Saying]:
        """Those of a session that were not said yet."""
        topics = {one.topic for one in said if one.grade in ("problem", "slow")}
        left = [one for one in self._found.get(patient.index, []) if TOLD.get(one.rule) not in topics]
        names = {
            INITIATOR: f"{patient.initiator[0].upper()}{patient.initiator[1:]} breaks",
            RESPONDER: "The camera breaks",
        }
        return self._told(left, names, "Both sides break")

    def of_capture(self) -> Iterator[Saying]:
        """Those on connections that belong to no session."""
        return self._told(self._found.get(NOWHERE, []), {}, "A connection to a PTP-IP port breaks")

    def _told(self, findings: Sequence[Finding], names: dict[int, str], others: str) -> Iterator[Saying]:
        groups: dict[tuple[str, int], list[Finding]] = {}
        for one in findings:
            groups.setdefault((one.rule, one.side), []).append(one)
        for (rule, side), group in list(groups.items())[:MOST]:
            often = f" ({len(group):,} times; this is the first)" if len(group) > 1 else ""
            says = f"{names.get(side, others)} the standard (MUST {rule}): {group[0].says}{often}."
            yield Saying("problem", "standard", says, self._frames(group[0]), self._time(group[0]))
        if len(groups) > MOST:
            more = counted(len(groups) - MOST, "more rule")
            yield Saying("problem", "standard", f"{more} of the standard that were broken: check lists them.")

    def _frames(self, finding: Finding) -> tuple[int, ...]:
        last = self._result.messages["last"]
        rows = [row for row in (finding.row, *finding.rows) if row is not None]
        packets = [int(last[row]) for row in rows] + ([] if finding.packet is None else [finding.packet])
        return tuple(packet + 1 for packet in packets[:6])

    def _time(self, finding: Finding) -> int | None:
        time = None if finding.row is None else int(self._result.messages["time"][finding.row])
        return None if time is None or time < 0 else time
