"""Rules of discovery (CIPA DC-X005-2005 5.1, 5.2): how the initiator learned of the responder, and what was announced.

What happened before the capture, on another link or over HTTP can't be known: nothing is held against a device for
that. What one datagram holds whole is all that is ever judged.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from ..capture import NO_TIME
from ..facts.packets import DEFAULT_PORT
from ..ptpip.announcement import ARP, DHCP, MDNS, SSDP, UDP, Announcement
from ..ptpip.discovery import is_link_local
from .announced import before, by_host, identities, is_camera, station_of, tells_port
from .case import Case
from .evidence import Evidence, S
from .rule import BOTH, INITIATOR, NOWHERE, RESPONDER, Ruling, rule

LOOKED_S = 60  # of capture in which an announcement would have come
MAPPED = 0xFFFF
_WORDS = {"mdns": "multicast DNS", "ssdp": "SSDP", "udp": "an announcement by UDP", "dns": "DNS", "llmnr": "LLMNR"}


@rule("discovery-method")
def method(seen: Evidence, ruling: Ruling) -> None:
    """How the initiator learned the responder's address."""
    for case in seen.judged:
        line = case.command
        if line is None or not line.syn_captured:
            continue
        told = [row for row in seen.once(by_host).get(line.part.responder[0], []) if before(row, line)]
        if told:
            ways = " and ".join(dict.fromkeys(_WORDS[row.method] for row in told))
            last = told[-1]
            service = f" ({last.service})" if last.service else ""
            says = f"the responder was announced by {ways}{service} before the connection was opened"
            ruling.fires(case.index, BOTH, says, packet=last.packets[0])
        elif not seen.discovery.udp_packets or NO_TIME in (line.opened_at, seen.first_time):
            ruling.unknown(case.index, BOTH, "the capture has no UDP at all")
        elif line.opened_at - seen.first_time < LOOKED_S * S:
            ruling.unknown(case.index, BOTH, "the capture begins shortly before the connection")
        else:
            waited = (line.opened_at - seen.first_time) / S
            says = (
                f"nothing announced the responder in {waited:.0f} s before: its address was set by hand or remembered"
            )
            ruling.fires(case.index, BOTH, says, packet=line.tcp.first_packet)


@rule("discovery-port-consistent")
def port_consistent(seen: Evidence, ruling: Ruling) -> None:
    """The connection goes to the port that was announced."""
    for case in seen.judged:
        line = case.command
        if line is None or not line.syn_captured:
            continue
        host, port = line.part.responder
        told = [row for row in seen.once(by_host).get(host, []) if tells_port(row) and before(row, line)]
        ports = {row.port for row in told}
        if port in ports:
            ruling.passes(case.index, INITIATOR)
        elif ports:
            listed = " or ".join(map(str, sorted(one for one in ports if one is not None)))
            says = f"port {listed} was announced, and the connection goes to port {port}"
            ruling.fires(case.index, INITIATOR, says, packet=line.tcp.first_packet)


@rule("discovery-guid-announced")
def guid_announced(seen: Evidence, ruling: Ruling) -> None:
    """The GUID of the responder stands in what announces it."""
    judged: set[tuple[int, int, str]] = set()
    for (index, side), greeting in seen.once(identities).items():
        line = seen.cases[index].command
        if side != RESPONDER or line is None:
            continue
        host, port = line.part.responder
        rows = seen.once(by_host).get(host, [])
        announced = [row for row in rows if is_camera(row)]
        if not announced or (host, port, greeting.guid) in judged:
            continue
        judged.add((host, port, greeting.guid))
        named = [row for row in rows if greeting.guid in (row.guid, *row.carries)]
        instances = [row for row in announced if row.method == MDNS and tells_port(row) and row.port == port]
        if named:
            ruling.passes(index, RESPONDER)
        elif len(set(greeting.guid)) == 1:
            ruling.unknown(index, RESPONDER, "the GUID is no identity")
        elif len(instances) < len(rows):
            ruling.unknown(index, RESPONDER, "it announces itself in other ways, too, which are not read to their end")
        elif any(row.guid for row in instances):
            ruling.unknown(index, RESPONDER, "what it announces is another identity")
        elif not all(row.complete for row in instances):
            ruling.unknown(index, RESPONDER, "no announcement is in the capture whole")
        else:
            says = f'it announces itself as "{instances[0].device}" without its GUID {greeting.guid}'
            ruling.fires(index, RESPONDER, says, row=greeting.row, packet=instances[0].complete[0])


@rule("discovery-mdns")
def mdns_complete(seen: Evidence, ruling: Ruling) -> None:
    """An instance has a pointer, a place, a text and an address; and the address is the one that is used."""
    instances: dict[tuple[str, str], list[Announcement]] = defaultdict(list)
    for row in seen.discovery.rows:
        if row.method == MDNS and row.names_device and is_camera(row) and row.device is not None:
            instances[row.service or "", row.device].append(row)
    for (_, device), rows in instances.items():
        first = rows[0]
        session = _session_of(rows)
        lacking = [
            what
            for what, there in (
                ("SRV", any(row.port is not None for row in rows)),
                ("TXT", any(row.text is not None for row in rows)),
                ("address", any(row.addresses for row in rows)),
            )
            if not there
        ]
        if any(row.cut for row in rows):
            ruling.unknown(session, RESPONDER, "an announcement is cut")
        elif lacking:
            says = f'of "{device}" no {" and no ".join(lacking)} record is announced'
            ruling.fires(session, RESPONDER, says, packet=first.packets[0])
        elif not _names_used_address(seen, session, rows):
            says = f'the session does not go to an address that "{device}" announces'
            ruling.fires(session, RESPONDER, says, packet=first.packets[0])


def _session_of(rows: list[Announcement]) -> int:
    return min((session for row in rows for session in row.sessions), default=NOWHERE)


def _names_used_address(seen: Evidence, session: int, rows: list[Announcement]) -> bool:
    """Is the responder's address among those announced, or of a family of which none is?"""
    line = seen.cases[session].command if session != NOWHERE else None
    if line is None:
        return True
    used = line.part.responder[0]
    alike = {one for row in rows for one in row.addresses if (one >> 32 == MAPPED) == (used >> 32 == MAPPED)}
    return not alike or used in alike


@rule("discovery-ssdp")
def ssdp_complete(seen: Evidence, ruling: Ruling) -> None:
    """An announcement says where the device description is, and that is where the camera is."""
    for row in seen.discovery.rows:
        if row.method != SSDP or not row.names_device or not is_camera(row):
            continue
        session = _session_of([row])
        if row.cut:
            ruling.unknown(session, RESPONDER, "an announcement is cut")
        elif not row.addresses and not (row.text or "").startswith("LOCATION:"):
            says = "an SSDP announcement does not say where the device description is (LOCATION)"
            ruling.fires(session, RESPONDER, says, packet=row.packets[0])
        elif row.addresses and row.source not in row.addresses and _same_family(row):
            says = "LOCATION of an SSDP announcement points to another host than the one that sent it"
            ruling.fires(session, RESPONDER, says, packet=row.packets[0])


def _same_family(row: Announcement) -> bool:
    return all((one >> 32 == MAPPED) == (row.source >> 32 == MAPPED) for one in row.addresses)


@rule("discovery-custom-udp")
def custom_udp(seen: Evidence, ruling: Ruling) -> None:
    """Announcements that are neither multicast DNS nor SSDP: to which port, how often, and what is in them."""
    for row in seen.discovery.rows:
        if row.method != UDP or not row.names_device:
            continue
        fields = [
            name for name, there in (("GUID", row.carries), ("address", row.addresses), ("port", row.port)) if there
        ]
        content = f", with its {' and '.join(fields)}" if fields else ""
        gaps = sorted(later - earlier for earlier, later in pairwise(row.times) if NO_TIME not in (earlier, later))
        often = f" every {gaps[len(gaps) // 2] / S:.1f} s" if gaps else ""
        kind = f" ({row.service})" if row.service else ""
        says = f"it announces itself by UDP{kind}{often}{content}"
        ruling.fires(_session_of([row]), RESPONDER, says, packet=row.packets[0])


@rule("discovery-manual-list")
def manual_list(seen: Evidence, ruling: Ruling) -> None:
    """Several addresses are tried before one answers: a list, or a scan."""
    tries = seen.once(_failed_tries)
    for case in seen.judged:
        line = case.command
        if line is None or line.tcp.syn_from is None or not line.both_directions:
            continue
        host, number = line.part.responder[0], line.tcp.first_packet
        before_it = tries.get(line.part.initiator_address, [])
        others = {one for one, _, ended in before_it if one != host and ended < number}
        if others and not any(
            other.pair is not case.pair and _began(other) < number for other in _of_initiator(seen, case)
        ):
            says = (
                f"{len(others)} other address{'es' if len(others) > 1 else ''} did not answer before: a list, or a scan"
            )
            ruling.fires(case.index, INITIATOR, says, packet=min(at for _, at, ended in before_it if ended < number))


def _failed_tries(seen: Evidence) -> dict[int, list[tuple[int, int, int]]]:
    """By host, the connections to the standard's port that came to nothing: to whom, first and last packet."""
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for tcp in seen.connections:
        if tcp.syn_from is None or tcp.endpoint(1 - tcp.syn_from)[1] != DEFAULT_PORT:
            continue
        answer = tcp.streams[1 - tcp.syn_from]
        if not answer.syn and (tcp.close_kind is None or tcp.closed_by != tcp.syn_from):
            found[tcp.endpoint(tcp.syn_from)[0]].append(
                (tcp.endpoint(1 - tcp.syn_from)[0], tcp.first_packet, tcp.last_packet)
            )
    return dict(found)


def _of_initiator(seen: Evidence, case: Case) -> list[Case]:
    return seen.once(_by_initiator)[case.lines[0].part.initiator_address][:2]


def _by_initiator(seen: Evidence) -> dict[int, list[Case]]:
    found: dict[int, list[Case]] = defaultdict(list)
    for case in sorted(seen.judged, key=_began):
        found[case.lines[0].part.initiator_address].append(case)
    return found


def _began(case: Case) -> int:
    return min(line.tcp.first_packet for line in case.lines)


@rule("discovery-address-config")
def address_config(seen: Evidence, ruling: Ruling) -> None:
    """How hosts of sessions got their addresses: by DHCP, or by taking one of 169.254/16."""
    rows = [row for row in seen.discovery.rows if row.method in (DHCP, ARP)]
    if not rows:
        return
    about: dict[int, list[Announcement]] = defaultdict(list)
    of_client: dict[int, list[Announcement]] = defaultdict(list)
    for row in rows:
        of_client[row.client].append(row)
        for address in row.addresses:
            about[address].append(row)
    done: set[int] = set()
    for case in seen.judged:
        line = case.lines[0]
        for side, host in ((INITIATOR, line.part.initiator_address), (RESPONDER, line.part.responder[0])):
            if host in done or not about[host]:
                continue
            done.add(host)
            says = _config(seen, case, side, host, about, of_client)
            if says:
                ruling.fires(case.index, side, says, packet=about[host][0].packets[0])


def _config(
    seen: Evidence,
    case: Case,
    side: int,
    host: int,
    about: dict[int, list[Announcement]],
    of_client: dict[int, list[Announcement]],
) -> str | None:
    rows = about[host]
    if not is_link_local(host):
        given = any(row.method == DHCP and row.kind == "ack" for row in rows)
        return "its address was given by DHCP" if given else None
    clients = {row.client for row in rows if row.method == ARP} or {station_of(seen, case, side)}
    offered = [row for client in clients for row in of_client[client] if row.kind in ("offer", "ack")]
    asked = [row for client in clients for row in of_client[client] if row.method == DHCP]
    if offered:
        return "it took a link-local address by itself, although a DHCP server offered it one"
    after = " after asking for DHCP in vain" if asked else ""
    return f"it took a link-local address by itself{after}"
