"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from ..among import among
from ..facts.containers import PORTS
from ..facts.named import CLOSE_SESSION, DEVICE_BUSY, GET_DEVICE_INFO, INVALID_PARAMETER, OPEN_SESSION
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .announced import greets_in_8_bits, station_of
from .case import Case
from .catalogue import CATALOGUE, Treatment
from .data_amounts import Amounts
from .evidence import EVENT, Evidence
from .greeting import ANONYMOUS, PROTOCOL_VERSION, Greeting, by_row
from .numbering import Numbering
from .opening import openings
from .rule import INITIATOR, RESPONDER, Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
_HOST_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")  # RFC 1123 2.1
_HOST_NAME_UNITS = 99  # libgphoto2 camlibs/ptp2/ptpip.c
_REJECTED = 1  # reason of Init Fail (2.3.5)
_VCAM_GUID = bytes.fromhex("0000000000000000000100bbc1859fab")  # vcam src/ptpip.c
FIVE_PARAMETERS = 38  # bytes of an Operation Request with all its parameters
COUNTS_AS = {
    Treatment.ALLOWED: Verdict.PASS,
    Treatment.KNOWN: Verdict.DEVIATION,
    Treatment.REPORT: Verdict.VIOLATION,
}
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


def excuse(seen: Evidence, rulings: dict[str, Ruling], *, strict: bool = False) -> None:
    """Mark the violations in which a deviation is recognised, and treat them as the catalogue says.

    With ``strict`` nobody is excused: only what the standard leaves room for is no violation.
    """
    for deviation in CATALOGUE.deviations.values():
        recognise = FINGERPRINTS.get(deviation.id)
        if recognise is None or (strict and deviation.treat_as is not Treatment.ALLOWED):
            continue
        for rule in deviation.rules:
            for finding in rulings[rule].findings if rule in rulings else ():
                broken = finding.verdict is Verdict.VIOLATION
                if deviation.treat_as is Treatment.REPORT and finding.deviation is not None:
                    continue  # a suspicion says nothing where it is known whose it is
                if (broken or deviation.treat_as is Treatment.ALLOWED) and recognise(seen, finding):
                    finding.deviation = deviation.id
                    finding.verdict = COUNTS_AS[deviation.treat_as]


@fingerprint("dev-libgphoto2-long-hostname")
def _libgphoto2_long_hostname(seen: Evidence, finding: Finding) -> bool:
    """The name, in an otherwise sound greeting, is a host name that libgphoto2's buffer can hold, and it goes on so."""
    one = _greeting(seen, finding.row)
    if one is None or one.kind != m.INIT_COMMAND_REQUEST or one.version != PROTOCOL_VERSION:
        return False
    named = len(one.units) <= _HOST_NAME_UNITS and all(chr(unit) in _HOST_NAME for unit in one.units)
    return named and _begins_as_libgphoto2(seen, seen.cases[finding.session])


@fingerprint("dev-no-version-field")
def _no_version_field(seen: Evidence, finding: Finding) -> bool:
    """A greeting that is GUID and name alone: it ends with the NUL of the name."""
    one = _greeting(seen, finding.row)
    return one is not None and one.rest == b"" and len(one.units) > 0


@fingerprint("dev-libpict-init-36")
def _libpict_init_36(seen: Evidence, finding: Finding) -> bool:
    """The structure of fixed size in which longer names overwrite their NUL and the version; always anonymous."""
    return finding.row is not None and _is_libpict(seen, finding.row)


@fingerprint("dev-libpict-no-event-connection")
def _libpict_no_event_connection(seen: Evidence, finding: Finding) -> bool:
    """The same greeting, and operations with no event connection before them."""
    request = _request_of(seen, finding.session)
    case = seen.cases[finding.session]
    if request is None or not _is_libpict(seen, request) or len(case.requests) == 0:
        return False
    event = None if case.event is None else case.event.first(m.INIT_EVENT_REQUEST, INITIATOR)
    return event is None or seen.surely_before(int(case.requests[0]), event)


@fingerprint("dev-libpict-connection-number-1")
def _libpict_connection_number_1(seen: Evidence, finding: Finding) -> bool:
    """The number 1 whatever was given, and the same greeting."""
    request = _request_of(seen, finding.session)
    return (
        finding.row is not None and seen.code[finding.row] == 1 and request is not None and _is_libpict(seen, request)
    )


@fingerprint("dev-libpict-startdata-0x20")
def _libpict_startdata_0x20(seen: Evidence, finding: Finding) -> bool:
    """Start Data of the initiator that declares 0x20 bytes, where 20 were meant, and the same greeting."""
    row, request = finding.row, _request_of(seen, finding.session)
    if row is None or request is None or seen.kind[row] != m.START_DATA or seen.side[row] != INITIATOR:
        return False
    return bool(seen.length[row] == 0x20) and _is_libpict(seen, request)


@fingerprint("dev-nikon-wu1-guid")
def _nikon_wu1_guid(seen: Evidence, finding: Finding) -> bool:
    """The placeholder, from a responder that is Nikon's by what it says and does."""
    said = None if finding.row is None else seen.greeting(finding.row)
    is_nikon = finding.session >= 0 and seen.vendors[finding.session] == "nikon"
    return finding.side == RESPONDER and is_nikon and str(said and said["guid"]).startswith("0011223344556677")


@fingerprint("dev-canon-guid-mac")
def _canon_guid_mac(seen: Evidence, finding: Finding) -> bool:
    """A GUID that ends in the Ethernet address of its packets."""
    said = None if finding.row is None else seen.greeting(finding.row)
    station = station_of(seen, seen.cases[finding.session], finding.side)
    return station != 0 and str(said and said["guid"]).endswith(f"{station:012x}")


@fingerprint("dev-mmattes-init")
def _mmattes_init(seen: Evidence, finding: Finding) -> bool:
    """A request that ends with a name of 8 bits for each letter and one NUL byte."""
    body = b"" if finding.row is None else seen.greetings.get(finding.row, b"")
    is_request = seen.kind[finding.row] == m.INIT_COMMAND_REQUEST and len(body) == seen.length[finding.row]
    return bool(is_request) and greets_in_8_bits(body)


@fingerprint("dev-fuji-fail-reasons")
def _fuji_fail_reasons(seen: Evidence, finding: Finding) -> bool:
    """Fujifilm's two reasons, from a port or a host that speaks its dialect."""
    if finding.row is None or int(seen.code[finding.row]) not in (DEVICE_BUSY, INVALID_PARAMETER):
        return False
    part = seen.pairs[finding.session].parts[0]
    return part.responder[1] in PORTS or part.responder[0] in seen.once(_fujifilm)


def _fujifilm(seen: Evidence) -> set[int]:
    """The addresses of responders that speak Fujifilm's dialect."""
    return {other.responder[0] for case in seen.cases if not case.judged for other in case.pair.parts}


@fingerprint("dev-pairing-prompt-delay")
def _pairing_prompt_delay(seen: Evidence, finding: Finding) -> bool:
    """Only Init Command Request was answered late, by acceptance or rejection, at the first contact of this GUID."""
    rows = [row for row in (finding.row, *finding.rows) if row is not None]
    if [int(seen.kind[row]) for row in rows] not in ([m.INIT_COMMAND_REQUEST, kind] for kind in (2, m.INIT_FAIL)):
        return False
    if seen.kind[rows[1]] == m.INIT_FAIL and seen.code[rows[1]] != _REJECTED:
        return False
    mine = _greeting(seen, rows[0])
    if mine is None or mine.guid.hex() == ANONYMOUS:
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
def _libgphoto2_no_close_on_event_fail(seen: Evidence, finding: Finding) -> bool:
    """The event connection was refused with Init Fail, and the command connection lingers in silence."""
    row, case = finding.row, seen.cases[finding.session]
    if row is None or seen.kind[row] != m.INIT_FAIL or seen.connection[row] != EVENT or case.command is None:
        return False
    return bool(seen.kind[case.command.rows[INITIATOR]].tolist() == [m.INIT_COMMAND_REQUEST])


@fingerprint("dev-vcam-ignores-number")
def _vcam_ignores_number(seen: Evidence, finding: Finding) -> bool:
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


@fingerprint("dev-libgphoto2-no-probe-response")
def _libgphoto2_no_probe_response(seen: Evidence, finding: Finding) -> bool:
    """An initiator that begins as libgphoto2 does, is asked and never answers, and sends neither Cancel nor Probe."""
    case = seen.cases[finding.session]
    return finding.side == INITIATOR and _never_probes(seen, case) and _begins_as_libgphoto2(seen, case)


@fingerprint("dev-theta4j-no-probe-response")
def _theta4j_no_probe_response(seen: Evidence, finding: Finding) -> bool:
    """An initiator that always sends five parameters, counts OpenSession with the rest, and never answers."""
    case = seen.cases[finding.session]
    requests, first = case.requests, case.requests[:1]
    padded = len(requests) >= 2 and bool((seen.length[requests] == FIVE_PARAMETERS).all())
    counted = bool(case.from_start and (seen.identity[first] > 0).all())
    opens = bool((seen.code[requests] == OPEN_SESSION).any())
    return finding.side == INITIATOR and padded and counted and opens and _never_probes(seen, case)


@fingerprint("dev-event-txid-zero")
def _event_of_transaction_zero(seen: Evidence, finding: Finding) -> bool:
    """An Event with id 0. Only suspected: it stays a violation, and says that others were seen to do so."""
    row = finding.row
    return row is not None and seen.kind[row] == m.EVENT and int(seen.identity[row]) == 0


def _never_probes(seen: Evidence, case: Case) -> bool:
    """Does the initiator send no Cancel, no Probe Request and no Probe Response in a session?"""
    rows = np.concatenate([line.rows[INITIATOR] for line in case.lines])
    return not among(seen.kind[rows], (m.CANCEL, m.PROBE_REQUEST, m.PROBE_RESPONSE)).any()


def _begins_as_libgphoto2(seen: Evidence, case: Case) -> bool:
    """A GUID of its own, OpenSession of session 1 with id 0, then GetDeviceInfo with id 1, each as short as can be."""
    command, requests = case.command, case.requests[:2]
    greeting = None if command is None else command.first(m.INIT_COMMAND_REQUEST, INITIATOR)
    said = None if greeting is None else seen.greeting(greeting)
    if said is None or said["guid"] in (None, ANONYMOUS) or not case.from_start or len(requests) < 2:
        return False
    shown = zip(*(column[requests].tolist() for column in (seen.code, seen.identity, seen.length)), strict=True)
    return list(shown) == [(OPEN_SESSION, 0, 22), (GET_DEVICE_INFO, 1, 18)] and seen.columns["word0"][requests[0]] == 1


def _cancelling(seen: Evidence) -> set[int]:
    """The sessions in which the initiator cancels or probes."""
    return set(seen.session[seen.rows(m.CANCEL, m.PROBE_REQUEST, m.PROBE_RESPONSE, side=INITIATOR)].tolist())


@fingerprint("dev-libgphoto2-null-dataout-no-end")
def _null_object_without_end(seen: Evidence, finding: Finding) -> bool:
    """Start Data of 0 bytes without End Data, from an initiator that begins so, never cancels and never probes."""
    row = finding.row
    if row is None or seen.kind[row] != m.START_DATA or seen.columns["total"][row] != 0:
        return False
    if finding.side != INITIATOR or finding.session in seen.once(_cancelling):
        return False
    return _begins_as_libgphoto2(seen, seen.cases[finding.session])


def _totals(seen: Evidence) -> dict[int, int]:
    """How much more than announced came from initiators, by transaction."""
    amounts = seen.once(Amounts)
    out = amounts.side == INITIATOR
    beyond = amounts.carried[out] - amounts.total[out].astype(np.int64)
    return dict(zip(amounts.number[out].tolist(), beyond.tolist(), strict=True))


@fingerprint("dev-libgphoto2-total-32bit")
def _half_a_total(seen: Evidence, finding: Finding) -> bool:
    """What an initiator announces is what comes, modulo 2**32."""
    beyond = seen.once(_totals).get(finding.transaction if finding.transaction is not None else NO_ROW, 0)
    return finding.side == INITIATOR and beyond > 0 and beyond % (1 << 32) == 0


@fingerprint("dev-leica-close-session-tx0")
def _close_session_zero(seen: Evidence, finding: Finding) -> bool:
    """CloseSession is answered with id 0."""
    row, request = finding.row, finding.rows[0]
    return row is not None and seen.identity[row] == 0 and int(seen.code[request]) == CLOSE_SESSION


def _first_places(seen: Evidence) -> dict[tuple[int, int], int]:
    """By session and TransactionID, the place in the numbering at which it was used first."""
    numbering = seen.once(Numbering)
    keys = list(zip(numbering.session.tolist(), numbering.identity.tolist(), strict=True))
    return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))


@fingerprint("dev-stale-responses")
def _stale_response(seen: Evidence, finding: Finding) -> bool:
    """The response has the id of an earlier request of its session, and a later one has been sent since."""
    if finding.row is None:
        return False
    numbering = seen.once(Numbering)
    low, high = np.searchsorted(numbering.session, [finding.session, finding.session + 1]).tolist()
    latest = low + bisect_left(numbering.row[low:high], seen.rank[finding.row], key=lambda row: seen.rank[row]) - 1
    stale = int(seen.identity[finding.row])
    place = seen.once(_first_places).get((finding.session, stale), latest)
    return latest >= low and place < latest and stale < int(numbering.identity[latest])


@fingerprint("dev-libpict-resend-same-tx")
def _sent_again(seen: Evidence, finding: Finding) -> bool:
    """The very bytes of a request that had no response, once more, by an initiator that greets so."""
    greeting = _request_of(seen, finding.session)
    if finding.row is None or not finding.rows or greeting is None or not _is_libpict(seen, greeting):
        return False
    again, before = finding.row, finding.rows[0]
    if int(seen.kind[again]) != m.OPERATION_REQUEST or int(seen.kind[before]) != m.OPERATION_REQUEST:
        return False
    number = seen.transaction_of(before)
    response = NO_ROW if number is None else int(seen.transactions.response[number])
    late = response == NO_ROW or bool(seen.rank[response] > seen.rank[again])
    size = int(seen.length[again])
    return late and size == seen.length[before] and seen.head(again, size) == seen.head(before, size)


def _sixes(seen: Evidence) -> np.ndarray:
    """bool by session: it has three requests or more, all of them with id 6."""
    numbering = seen.once(Numbering)
    count = np.bincount(numbering.session, minlength=len(seen.pairs))
    six = np.bincount(numbering.session[numbering.identity == 6], minlength=len(seen.pairs))
    return (count >= 3) & (count == six)


@fingerprint("dev-mmattes-constant-tx")
def _always_six(seen: Evidence, finding: Finding) -> bool:
    """All requests of the session have id 6."""
    return bool(seen.once(_sixes)[finding.session])


@fingerprint("dev-mmattes-64bit-params")
def _long_parameters(seen: Evidence, finding: Finding) -> bool:
    """Parameters of eight bytes each, whose upper halves are zero."""
    row = finding.row
    if row is None or int(seen.kind[row]) != m.OPERATION_REQUEST or (int(seen.length[row]) - 18) % 8:
        return False
    message = seen.head(row, 58)  # five of them
    if len(message) != int(seen.length[row]) or len(message) < 26:
        return False
    return not np.frombuffer(message[18:], np.uint8).reshape(-1, 8)[:, 4:].any()


@fingerprint("dev-theta4j-continuous-tx")
def _one_counter(seen: Evidence, finding: Finding) -> bool:
    """One counter for a connection: OpenSession takes the next number, and so does what follows it."""
    if finding.row is None or len(finding.rows) < 2:
        return False
    opened, previous = finding.rows[:2]
    first, begun, used = (int(seen.identity[row]) for row in (finding.row, opened, previous))
    same = seen.columns["stream"][previous] == seen.columns["stream"][opened]
    return bool(same) and begun == used + 1 and first == begun + 1
