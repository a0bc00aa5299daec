"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from collections.abc import Callable

from ..facts.containers import PORTS
from ..ptpip import messages as m
from .catalogue import CATALOGUE
from .evidence import EVENT, Evidence
from .greeting import PROTOCOL_VERSION, Greeting, by_row
from .opening import openings
from .rule import INITIATOR, RESPONDER, Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
_HOST_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")  # RFC 1123 2.1
_HOST_NAME_UNITS = 99  # libgphoto2 camlibs/ptp2/ptpip.c
_REJECTED = 1  # reason of Init Fail (2.3.5)
_VCAM_GUID = bytes.fromhex("0000000000000000000100bbc1859fab")  # vcam src/ptpip.c
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


@fingerprint("dev-libgphoto2-long-hostname")
def libgphoto2_long_hostname(seen: Evidence, finding: Finding) -> bool:
    """The name of the initiator, in an otherwise sound greeting, is a host name that libgphoto2's buffer can hold."""
    one = _greeting(seen, finding.row)
    if one is None or one.kind != m.INIT_COMMAND_REQUEST or one.version != PROTOCOL_VERSION:
        return False
    return len(one.units) <= _HOST_NAME_UNITS and all(chr(unit) in _HOST_NAME for unit in one.units)


@fingerprint("dev-no-version-field")
def no_version_field(seen: Evidence, finding: Finding) -> bool:
    """A greeting that is GUID and name alone: it ends with the NUL of the name."""
    one = _greeting(seen, finding.row)
    return one is not None and one.rest == b"" and len(one.units) > 0


@fingerprint("dev-libpict-init-36")
def libpict_init_36(seen: Evidence, finding: Finding) -> bool:
    """The structure of fixed size in which longer names overwrite their NUL and the version; always anonymous."""
    return finding.row is not None and _is_libpict(seen, finding.row)


@fingerprint("dev-libpict-no-event-connection")
def libpict_no_event_connection(seen: Evidence, finding: Finding) -> bool:
    """The same greeting, and operations with no event connection before them."""
    request = _request_of(seen, finding.session)
    case = seen.cases[finding.session]
    if request is None or not _is_libpict(seen, request) or len(case.requests) == 0:
        return False
    event = None if case.event is None else case.event.first(m.INIT_EVENT_REQUEST, INITIATOR)
    return event is None or seen.surely_before(int(case.requests[0]), event)


@fingerprint("dev-libpict-connection-number-1")
def libpict_connection_number_1(seen: Evidence, finding: Finding) -> bool:
    """The number 1 whatever was given, and the same greeting."""
    request = _request_of(seen, finding.session)
    return (
        finding.row is not None and seen.code[finding.row] == 1 and request is not None and _is_libpict(seen, request)
    )


@fingerprint("dev-libpict-startdata-0x20")
def libpict_startdata_0x20(seen: Evidence, finding: Finding) -> bool:
    """Start Data of the initiator that declares 0x20 bytes, where 20 were meant, and the same greeting."""
    row, request = finding.row, _request_of(seen, finding.session)
    if row is None or request is None or seen.kind[row] != m.START_DATA or seen.side[row] != INITIATOR:
        return False
    return bool(seen.length[row] == 0x20) and _is_libpict(seen, request)


@fingerprint("dev-mmattes-init")
def mmattes_init(seen: Evidence, finding: Finding) -> bool:
    """A request that ends with a name of 8 bits for each letter and one NUL byte."""
    body = b"" if finding.row is None else seen.greetings.get(finding.row, b"")
    name = body[24:-1]
    return (
        seen.kind[finding.row] == m.INIT_COMMAND_REQUEST
        and len(body) == seen.length[finding.row]
        and len(name) > 0
        and body[-1:] == b"\0"
        and all(0x20 <= byte < 0x7F for byte in name)
    )


@fingerprint("dev-fuji-fail-reasons")
def fuji_fail_reasons(seen: Evidence, finding: Finding) -> bool:
    """Fujifilm's two reasons, from a port or a host that speaks its dialect."""
    if finding.row is None or int(seen.code[finding.row]) not in (0x2019, 0x201D):
        return False
    part = seen.pairs[finding.session].parts[0]
    return part.responder[1] in PORTS or part.responder[0] in seen.once(_fujifilm)


def _fujifilm(seen: Evidence) -> set[int]:
    """The addresses of responders that speak Fujifilm's dialect."""
    return {other.responder[0] for case in seen.cases if not case.judged for other in case.pair.parts}


@fingerprint("dev-pairing-prompt-delay")
def pairing_prompt_delay(seen: Evidence, finding: Finding) -> bool:
    """Only Init Command Request was answered late, by acceptance or rejection, at the first contact of this GUID."""
    rows = [row for row in (finding.row, *finding.rows) if row is not None]
    if [int(seen.kind[row]) for row in rows] not in ([m.INIT_COMMAND_REQUEST, kind] for kind in (2, m.INIT_FAIL)):
        return False
    if seen.kind[rows[1]] == m.INIT_FAIL and seen.code[rows[1]] != _REJECTED:
        return False
    mine = _greeting(seen, rows[0])
    if mine is None:
        return False
    part = seen.pairs[finding.session].parts[0]
    return part.tcp.first_packet <= seen.once(_first_contacts).get(
        (part.responder[0], mine.guid), part.tcp.first_packet
    )


def _first_contacts(seen: Evidence) -> dict[tuple[int, bytes], int]:
    """The packet with which the first session began that a responder accepted of an initiator, by address and GUID."""
    found: dict[tuple[int, bytes], int] = {}
    for one in openings(seen).commands:
        mine = _greeting(seen, one.first(INITIATOR, m.INIT_COMMAND_REQUEST))
        if mine is not None and one.first(RESPONDER, m.INIT_COMMAND_ACK) is not None:
            key, first = (one.hosts[1], mine.guid), one.line.tcp.first_packet
            found[key] = min(found.get(key, first), first)
    return found


@fingerprint("dev-libgphoto2-no-close-on-event-fail")
def libgphoto2_no_close_on_event_fail(seen: Evidence, finding: Finding) -> bool:
    """The event connection was refused with Init Fail, and the command connection lingers in silence."""
    row, case = finding.row, seen.cases[finding.session]
    if row is None or seen.kind[row] != m.INIT_FAIL or seen.connection[row] != EVENT or case.command is None:
        return False
    return bool(seen.kind[case.command.rows[INITIATOR]].tolist() == [m.INIT_COMMAND_REQUEST])


@fingerprint("dev-vcam-ignores-number")
def vcam_ignores_number(seen: Evidence, finding: Finding) -> bool:
    """The emulator gives the number 1 to everybody, with a GUID that is part of it."""
    command = seen.cases[finding.session].command
    ack = None if command is None else command.first(m.INIT_COMMAND_ACK, RESPONDER)
    one = _greeting(seen, ack)
    return one is not None and ack is not None and seen.code[ack] == 1 and one.guid == _VCAM_GUID


def _greeting(seen: Evidence, row: int | None) -> Greeting | None:
    found = None if row is None else by_row(seen).get(row)
    return found if isinstance(found, Greeting) else None


def _request_of(seen: Evidence, session: int) -> int | None:
    """The Init Command Request of a session."""
    command = seen.cases[session].command
    return None if command is None else command.first(m.INIT_COMMAND_REQUEST, INITIATOR)


def _is_libpict(seen: Evidence, row: int) -> bool:
    """Is this libpict's Init Command Request: 36 bytes, an anonymous GUID?"""
    body = seen.greetings.get(row, b"")
    return bool(seen.kind[row] == m.INIT_COMMAND_REQUEST and len(body) == 36 and body[8:24] == b"\xff" * 16)


def excuse(seen: Evidence, rulings: dict[str, Ruling]) -> None:
    """Mark the violations that are known deviations."""
    for deviation in CATALOGUE.deviations.values():
        recognise = FINGERPRINTS.get(deviation.id)
        if recognise is None:
            continue
        for rule in deviation.rules:
            for finding in rulings[rule].findings if rule in rulings else ():
                if finding.verdict is Verdict.VIOLATION and recognise(seen, finding):
                    finding.verdict, finding.deviation = Verdict.DEVIATION, deviation.id
