"""Rules of bonding (CIPA DC-X005-2005 2.3.1, 2.3.2, 5.3): who devices say they are, and who is let in.

A GUID proves no person and an address no device: two programs of one computer may have a GUID each, and one computer
may have two addresses. Only what can't be one device is held against two.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from ..ptpip import messages as m
from .announced import Identity, greets_in_8_bits, identities, is_camera, station_of
from .case import Case
from .evidence import Evidence
from .greeting import ANONYMOUS
from .rule import BOTH, INITIATOR, NOWHERE, RESPONDER, SIDES, Ruling, rule

REJECTED = 1  # Init Fail: rejected by the user or by the list of those who may connect (2.3.5)
PLACEHOLDER = bytes.fromhex("0011223344556677")
MAC_PADDING = 10  # bytes of a GUID that is an Ethernet address behind zeros


@rule("bonding-guid-present")
def guid_present(seen: Evidence, ruling: Ruling) -> None:
    """Both sides have a number of their own."""
    for (session, side), greeting in seen.once(identities).items():
        raw = bytes.fromhex(greeting.guid)
        who = SIDES[side]
        if len(set(raw)) == 1 and any(raw):
            continue  # the anonymous one has rules of its own
        if not any(raw):
            ruling.fires(session, side, f"the GUID of the {who} is all zero", row=greeting.row)
        elif raw.startswith(PLACEHOLDER):
            says = f"the GUID of the {who} is a placeholder: {greeting.guid}"
            ruling.fires(session, side, says, row=greeting.row)
        elif is_padded_address(raw):
            if _is_own_address(raw, station_of(seen, seen.cases[session], side)):
                says = f"the GUID of the {who} is nothing but its Ethernet address: {greeting.guid}"
                ruling.names(session, side, says, row=greeting.row, sure=False)
            else:
                ruling.unknown(session, side, "whether these bytes are an Ethernet address of the device is not known")
        elif _looks_made_up(raw):
            says = f"the GUID of the {who} looks like a placeholder: {greeting.guid}"
            ruling.names(session, side, says, row=greeting.row, sure=False)
        else:
            ruling.passes(session, side)


def is_padded_address(raw: bytes) -> bool:
    """Is a GUID made of six bytes, with zeros before them or repeated?"""
    return not any(raw[:MAC_PADDING]) or (raw[:6] == raw[6:12] and raw[12:] == raw[:4]) or raw[4:10] == raw[10:]


def _is_own_address(raw: bytes, station: int) -> bool:
    return station != 0 and station.to_bytes(6, "big") in (raw[-6:], raw[:6])


def _looks_made_up(raw: bytes) -> bool:
    """Do its bytes count up or down, or are they the letters of a text?"""
    steps = {(after - before) & 0xFF for before, after in pairwise(raw)}
    letters = all(0x20 <= byte < 0x7F for byte in raw)
    return (len(steps) == 1 and steps != {0}) or letters


class _Use(NamedTuple):
    """A GUID in one session, from one side."""

    case: Case
    greeting: Identity
    address: int
    station: int


def _uses(seen: Evidence) -> dict[tuple[int, str], list[_Use]]:
    """By side and GUID, where it was used; the anonymous one, and others of one digit, are nobody's."""
    found: dict[tuple[int, str], list[_Use]] = defaultdict(list)
    for (session, side), greeting in seen.once(identities).items():
        if len(set(greeting.guid)) > 1:
            case = seen.cases[session]
            part = case.lines[0].part
            address = part.initiator_address if side == INITIATOR else part.responder[0]
            found[side, greeting.guid].append(_Use(case, greeting, address, station_of(seen, case, side)))
    return found


@rule("bonding-guid-unique")
def guid_unique(seen: Evidence, ruling: Ruling) -> None:
    """No two devices have one GUID. Two addresses may be one device; two addresses and serial numbers are two."""
    for (side, guid), uses in seen.once(_uses).items():
        other = _another_device(seen, uses) if side == RESPONDER else None
        doubtful = _at_once_elsewhere(uses)
        if other is not None:
            says = f"responders with different serial numbers at different addresses have the GUID {guid}"
            ruling.fires(other.case.index, side, says, row=other.greeting.row, rows=(uses[0].greeting.row,))
        elif doubtful is not None:
            says = f"the GUID {guid} is used from two addresses at once: one device with both, or two devices"
            row = doubtful.greeting.row
            ruling.names(doubtful.case.index, side, says, row=row, rows=(uses[0].greeting.row,), sure=False)
        else:
            for use in uses:
                ruling.passes(use.case.index, side)


def _another_device(seen: Evidence, uses: list[_Use]) -> _Use | None:
    """A use by a responder at another address with another serial number than the first one; None for none.

    Addresses at which one serial number was seen are those of one device, or of one router.
    """
    told = [(use, serial) for use in uses if (serial := _serial(seen, use))]
    at: dict[str, set[int]] = {}
    for use, serial in told:
        at.setdefault(serial, set()).add(use.address)
    return next((use for use, serial in told if at[serial].isdisjoint(at[told[0][1]])), None)


def _serial(seen: Evidence, use: _Use) -> str | None:
    """What a responder says is its serial number; None where it says nothing or only zeros."""
    camera = seen.cameras.get(use.case.index)
    serial = (camera.serial_number or "").strip() if camera else ""
    return serial if serial.strip("0 ") else None


def _at_once_elsewhere(uses: list[_Use]) -> _Use | None:
    """A use that begins while an earlier one from another host goes on; None for none."""
    latest: dict[int, int] = {}  # by address, the packet up to which a session of it lasted
    stations: dict[int, int] = {}
    for use in sorted(uses, key=lambda use: use.case.lines[0].tcp.first_packet):
        tcp = use.case.lines[0].tcp
        for address, last in latest.items():
            # One host may have an address of each family on one link.
            same_link = use.station != 0 and use.station == stations[address]
            if address != use.address and last > tcp.first_packet and not same_link:
                return use
        latest = {address: last for address, last in latest.items() if last > tcp.first_packet}
        latest[use.address] = max(latest.get(use.address, 0), tcp.last_packet)
        stations[use.address] = use.station
    return None


@rule("bonding-guid-stable")
def guid_stable(seen: Evidence, ruling: Ruling) -> None:
    """A device keeps its GUID. Programs of one computer may have one each, so only a responder can be convicted."""
    devices: dict[tuple[int, object], list[tuple[Case, Identity]]] = defaultdict(list)
    for (session, side), greeting in seen.once(identities).items():
        if greeting.guid == ANONYMOUS:
            continue
        case = seen.cases[session]
        part = case.lines[0].part
        if side == INITIATOR:
            devices[side, (part.initiator_address, seen.greetings[greeting.row][24:])].append((case, greeting))
        else:
            use = _Use(case, greeting, part.responder[0], 0)
            serial = _serial(seen, use)
            camera = seen.cameras.get(session)
            if serial and camera:
                devices[side, (camera.manufacturer, camera.model, serial)].append((case, greeting))
    for (side, _), greeted in devices.items():
        changed = next((later for earlier, later in pairwise(greeted) if earlier[1].guid != later[1].guid), None)
        first = greeted[0][1]
        if changed is None:
            for case, _ in greeted if len(greeted) > 1 else ():
                ruling.passes(case.index, side)
            continue
        case, greeting = changed
        if side == RESPONDER:
            says = f"the responder with this serial number had the GUID {first.guid} before, now {greeting.guid}"
            ruling.fires(case.index, side, says, row=greeting.row, rows=(first.row,))
        elif greets_in_8_bits(seen.greetings[greeting.row]) and len({one.guid for _, one in greeted}) == len(greeted):
            says = f"the initiator has another GUID in each of {len(greeted)} sessions"
            ruling.fires(case.index, side, says, row=greeting.row, rows=(first.row,))
        else:
            says = "a host of the same name had another GUID before: it does not keep it, or two programs have one each"
            ruling.names(case.index, side, says, row=greeting.row, rows=(first.row,), sure=False)


@rule("bonding-guid-anonymous")
def guid_anonymous(seen: Evidence, ruling: Ruling) -> None:
    """The initiator does not say who it is; the responder may take it or leave it."""
    for (session, side), greeting in seen.once(identities).items():
        line = seen.cases[session].command
        if side != INITIATOR or greeting.guid != ANONYMOUS or line is None:
            continue
        accepted, refused = (line.first(kind, RESPONDER) for kind in (m.INIT_COMMAND_ACK, m.INIT_FAIL))
        answer = accepted if accepted is not None else refused
        ending = "" if answer is None else " and is accepted" if answer == accepted else " and is refused"
        rows = () if answer is None else (answer,)
        ruling.fires(session, side, f"the initiator is anonymous{ending}", row=greeting.row, rows=rows)


@rule("bonding-responder-guid-anonymous")
def responder_anonymous(seen: Evidence, ruling: Ruling) -> None:
    """The anonymous GUID is defined for initiators alone."""
    for (session, side), greeting in seen.once(identities).items():
        if side == RESPONDER and greeting.guid == ANONYMOUS:
            says = "the responder presents the anonymous GUID, which is defined for initiators"
            ruling.fires(session, side, says, row=greeting.row)


class _Attempt(NamedTuple):
    case: Case
    guid: str
    accepted: bool
    row: int  # of the answer


@rule("bonding-responder-filters")
def responder_filters(seen: Evidence, ruling: Ruling) -> None:
    """One initiator is refused and another accepted, or one is refused and accepted later."""
    attempts: dict[tuple[int, int], list[_Attempt]] = defaultdict(list)
    for (session, side), greeting in seen.once(identities).items():
        case = seen.cases[session]
        line = case.command
        if side != INITIATOR or line is None:
            continue
        accepted, refused = (line.first(kind, RESPONDER) for kind in (m.INIT_COMMAND_ACK, m.INIT_FAIL))
        if accepted is not None:
            attempts[line.part.responder].append(_Attempt(case, greeting.guid, True, accepted))
        elif refused is not None and int(seen.known[refused]) >= 12 and int(seen.code[refused]) == REJECTED:
            attempts[line.part.responder].append(_Attempt(case, greeting.guid, False, refused))
    for made in attempts.values():
        refusals = [one for one in made if not one.accepted]
        if not refusals or len(refusals) == len(made):
            continue
        refused_one = refusals[0]
        same = [one for one in made if one.accepted and one.guid == refused_one.guid]
        later = next((one for one in same if seen.surely_before(refused_one.row, one.row)), None)
        other = next((one for one in made if one.accepted and one.guid != refused_one.guid), None)
        if later is not None:
            says = "the responder refused this initiator and accepted it later: it was paired in between"
            ruling.fires(later.case.index, RESPONDER, says, row=later.row, rows=(refused_one.row,))
        elif other is not None:
            says = "the responder refused one initiator and accepted another: it knows whom it lets in"
            ruling.fires(refused_one.case.index, RESPONDER, says, row=refused_one.row, rows=(other.row,))


@rule("bonding-initiator-filters")
def initiator_filters(seen: Evidence, ruling: Ruling) -> None:
    """The initiator leaves at once when it knows who answered, or never connects to one that was announced."""
    for case in seen.judged:
        line = case.command
        ack = None if line is None else line.first(m.INIT_COMMAND_ACK, RESPONDER)
        if line is None or ack is None or case.event is not None or not line.whole(INITIATOR):
            continue
        packet, closed = line.closing_packet(INITIATOR), line.closed_at(INITIATOR)
        if closed is None or line.closed_by != INITIATOR or len(line.rows[INITIATOR]) != 1:
            continue
        said = [seen.once(identities).get((case.index, side)) for side in (INITIATOR, RESPONDER)]
        versions = [seen.greeting(one.row) for one in said if one is not None]
        if len(versions) == 2 and versions[0] and versions[1] and versions[0]["version"] == versions[1]["version"]:
            says = "the initiator closed as soon as it knew the GUID of the responder"
            ruling.fires(case.index, INITIATOR, says, row=ack, packet=packet)
    _leaves_alone(seen, ruling)


def _leaves_alone(seen: Evidence, ruling: Ruling) -> None:
    """Cameras that an initiator was told of, and never called while it called another."""
    asked = {row.source for row in seen.discovery.rows if row.kind == "query"}
    initiators = {case.lines[0].part.initiator_address for case in seen.judged}
    if not asked & initiators:
        return
    called = {address for tcp in seen.connections for address in (tcp.low[0], tcp.high[0])}
    for row in seen.discovery.rows:
        if row.names_device and is_camera(row) and row.addresses and called.isdisjoint((*row.addresses, row.source)):
            says = f'"{row.device or row.service}" was announced, and no initiator called it'
            ruling.fires(NOWHERE, INITIATOR, says, packet=row.packets[0])


@rule("bonding-no-authentication")
def no_authentication(seen: Evidence, ruling: Ruling) -> None:
    """Who reads a GUID can use it."""
    for (side, guid), uses in seen.once(_uses).items():
        accepted = [use for use in uses if _accepted(use.case)]
        if side != INITIATOR or not accepted:
            continue
        first = accepted[0]
        stations = {use.station for use in accepted} - {0}
        moved = f"; {len(stations)} Ethernet addresses used it" if len(stations) > 1 else ""
        says = f"the initiator was let in by the GUID {guid}, which is readable here and can be replayed{moved}"
        ruling.fires(first.case.index, BOTH, says, row=first.greeting.row)
        return


def _accepted(case: Case) -> bool:
    return case.command is not None and case.command.first(m.INIT_COMMAND_ACK, RESPONDER) is not None
