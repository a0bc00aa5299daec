"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ptpip import messages as m
from .case import Case
from .catalogue import CATALOGUE
from .evidence import Evidence
from .rule import INITIATOR, Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
SUSPECTED = "report"  # how ``Deviation.treat_as`` begins where nobody has confirmed it
ANONYMOUS = "ff" * 16  # GUID of an initiator that does not say who it is (2.3.1)
OPEN_SESSION, GET_DEVICE_INFO = 0x1002, 0x1001
FIVE_PARAMETERS = 38  # bytes of an Operation Request with all its parameters
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


@fingerprint("dev-libgphoto2-no-probe-response")
def libgphoto2_no_probe_response(seen: Evidence, finding: Finding) -> bool:
    """An initiator that begins as libgphoto2 does, is asked and never answers, and sends neither Cancel nor Probe."""
    case = seen.cases[finding.session]
    return finding.side == INITIATOR and _never_probes(seen, case) and _begins_as_libgphoto2(seen, case)


@fingerprint("dev-theta4j-no-probe-response")
def theta4j_no_probe_response(seen: Evidence, finding: Finding) -> bool:
    """An initiator that always sends five parameters, counts OpenSession with the rest, and never answers."""
    case = seen.cases[finding.session]
    requests, first = case.requests, case.requests[:1]
    padded = len(requests) >= 2 and bool((seen.length[requests] == FIVE_PARAMETERS).all())
    counted = bool(case.from_start and (seen.identity[first] > 0).all())
    opens = bool((seen.code[requests] == OPEN_SESSION).any())
    return finding.side == INITIATOR and padded and counted and opens and _never_probes(seen, case)


@fingerprint("dev-event-txid-zero")
def event_of_transaction_zero(seen: Evidence, finding: Finding) -> bool:
    """An Event with id 0. Only suspected: it stays a violation, and says that others were seen to do so."""
    row = finding.row
    return row is not None and seen.kind[row] == m.EVENT and int(seen.identity[row]) == 0


def _never_probes(seen: Evidence, case: Case) -> bool:
    """Does the initiator send no Cancel, no Probe Request and no Probe Response in a session?"""
    rows = np.concatenate([line.rows[INITIATOR] for line in case.lines])
    return not np.isin(seen.kind[rows], (m.CANCEL, m.PROBE_REQUEST, m.PROBE_RESPONSE)).any()


def _begins_as_libgphoto2(seen: Evidence, case: Case) -> bool:
    """A GUID of its own, OpenSession of session 1 with id 0, then GetDeviceInfo with id 1, each as short as can be."""
    command, requests = case.command, case.requests[:2]
    greeting = None if command is None else command.first(m.INIT_COMMAND_REQUEST, INITIATOR)
    said = None if greeting is None else seen.greeting(greeting)
    if said is None or said["guid"] in (None, ANONYMOUS) or not case.from_start or len(requests) < 2:
        return False
    shown = zip(*(column[requests].tolist() for column in (seen.code, seen.identity, seen.length)), strict=True)
    return list(shown) == [(OPEN_SESSION, 0, 22), (GET_DEVICE_INFO, 1, 18)] and seen.columns["word0"][requests[0]] == 1


def excuse(seen: Evidence, rulings: dict[str, Ruling]) -> None:
    """Mark the violations that are known deviations; those that are only suspected stay violations, and say so."""
    for deviation in CATALOGUE.deviations.values():
        recognise = FINGERPRINTS.get(deviation.id)
        if recognise is None:
            continue
        for rule in deviation.rules:
            for finding in rulings[rule].findings if rule in rulings else ():
                if finding.verdict is Verdict.VIOLATION and recognise(seen, finding):
                    finding.deviation = deviation.id
                    if not deviation.treat_as.startswith(SUSPECTED):
                        finding.verdict = Verdict.DEVIATION
