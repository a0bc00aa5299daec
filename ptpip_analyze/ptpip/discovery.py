"""How cameras and computers found each other: announcements in UDP datagrams, joined to the sessions that followed.

Decodes on demand what the capture floor only picked. Datagrams of hosts that have sessions come first, then those that
name a camera's service, then others of who named one. Promises bounds in time and memory for hostile captures: of
datagrams read, of different ones decoded, of rows; what is left out is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from ..capture import NO_TIME
from ..facts.discovery import (
    DHCP_PORTS,
    DNS_PORT,
    FUJI_AUTOSAVE_PORTS,
    LINK_LOCAL,
    NAME_PORTS,
    SSDP_PORT,
)
from . import mdns, ssdp
from .addressing import METHODS
from .announcement import (
    ADDRESSING,
    ARP,
    DHCP,
    MOST_PACKETS,
    QUERY,
    Announcement,
    Book,
    Datagram,
    Said,
    carried,
)
from .beacons import Beacons, fuji

MOST_READ = 1_000_000  # datagrams whose bytes are looked at
MOST_DECODED = 20_000  # different ones
MOST_BYTES = 9000  # of a datagram: the largest of multicast DNS (RFC 6762 17)
MOST_SESSIONS = 64  # joined to one row

Chunk = Mapping[str, np.ndarray]
Read = Callable[[int, int], bytes]


class Peers(NamedTuple):
    """Who a session is between. Addresses are numbers of 128 bits, ``guid`` is the responder's as 32 hex digits.

    ``begin`` (ns or NO_TIME) and ``packet`` are of its first packet.
    """

    session: int
    initiator: int
    responder: int
    port: int
    guid: str | None
    name: str | None
    begin: int
    packet: int


@dataclass(slots=True)
class Discovered:
    """What a capture tells of discovery: rows in order of first packet; how many there were no room for."""

    rows: list[Announcement] = field(default_factory=list)
    left_out: int = 0
    udp_packets: int = 0


def discover(parts: Callable[[], Iterable[Chunk]], read: Read, peers: Sequence[Peers], udp_packets: int) -> Discovered:
    """Decode the datagrams that a capture has picked.

    ``parts`` gives their columns (``analysis.DATAGRAM_COLUMNS``), each time from the beginning; ``read`` gives bytes of
    the capture by position and length. ``udp_packets`` are those of the whole capture.
    """
    search = _Search(read, peers)
    for phase in (search.of_peers, search.telling, search.of_tellers):
        for chunk in parts():
            phase(_Part(chunk))
    search.beacons.write(search.book)
    hosts = search.hosts()
    for chunk in parts():
        search.addressing(_Part(chunk), hosts)
    rows = sorted(search.book, key=lambda row: row.packets[0])
    _join(rows, peers)
    return Discovered(rows, search.book.left_out + search.not_read, udp_packets)


class _Part:
    """Some datagrams as columns, with the masks by which they are told apart."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        ports = chunk["source_port"], chunk["destination_port"]
        self.arp = (ports[0] == 0) & (ports[1] == 0)
        self.dhcp, self.names, self.ssdp, self.fuji = (
            np.isin(ports[0], wanted) | np.isin(ports[1], wanted)
            for wanted in (tuple(DHCP_PORTS), tuple(NAME_PORTS), (SSDP_PORT,), FUJI_AUTOSAVE_PORTS)
        )
        self.unicast_names = self.names & ((ports[0] == DNS_PORT) | (ports[1] == DNS_PORT))

    def sent_by(self, hosts: Iterable[int]) -> np.ndarray:
        """bool: datagrams of some hosts."""
        halves = np.array([(one >> 64, one & (1 << 64) - 1) for one in hosts], np.uint64).reshape(-1, 2)
        low = np.isin(self.chunk["source_low"], halves[:, 1])
        return low & np.isin(self.chunk["source_high"], halves[:, 0])

    def datagrams(self, mask: np.ndarray) -> Iterator[Datagram]:
        """Those that a mask chooses."""
        rows = np.flatnonzero(mask)
        chunk = {name: values[rows].tolist() for name, values in self.chunk.items()}
        ends = [
            [high << 64 | low for high, low in zip(chunk[f"{side}_high"], chunk[f"{side}_low"], strict=True)]
            for side in ("source", "destination")
        ]
        chunk["source"], chunk["destination"] = ends
        return map(Datagram._make, zip(*(chunk[name] for name in Datagram._fields), strict=True))


class _Search:
    """The state of one search through a capture."""

    def __init__(self, read: Read, peers: Sequence[Peers]) -> None:
        self.book = Book()
        self.beacons = Beacons()
        self.not_read = 0
        self._read_bytes = read
        self._read = self._decoded = 0
        self._responders = {one.responder for one in peers}
        self._initiators = {one.initiator for one in peers}
        self._guids: dict[int, set[str]] = defaultdict(set)
        self._ports: dict[int, set[int]] = defaultdict(set)
        for one in peers:
            self._ports[one.responder].add(one.port)
            if one.guid:
                self._guids[one.responder].add(one.guid)
        self._all_guids = sorted(set().union(*self._guids.values()))[:MOST_SESSIONS]
        self._names = mdns.Names(self._responders)
        self._tellers: set[int] = set()
        self._repeated: dict[tuple[int, bytes], list[tuple[Announcement, bool]]] = {}
        self._responder_bytes = [
            (one & 0xFFFFFFFF).to_bytes(4, "big") if one >> 32 == 0xFFFF else one.to_bytes(16, "big")
            for one in sorted(self._responders)[:MOST_SESSIONS]
        ]

    # The phases

    def of_peers(self, part: _Part) -> None:
        """All that hosts with sessions sent."""
        if not self._responders:
            return
        speaking = part.names & ~part.unicast_names | part.ssdp
        peers = part.sent_by(self._responders | self._initiators)
        for datagram in part.datagrams(peers & speaking):
            self._take(datagram, self._bytes(datagram), peer=True)
        others = peers & ~(part.names | part.ssdp | part.dhcp | part.arp)
        for datagram in part.datagrams(others & part.sent_by(self._responders)):
            payload = self._bytes(datagram)
            if payload is None:
                continue
            host = datagram.source
            if (said := fuji(payload)) is not None:
                self.book.note(datagram, said._replace(carries=carried(payload, self._guids.get(host, ()))))
            else:
                self.beacons.take(datagram, payload, self._guids.get(host, ()), self._ports[host])

    def telling(self, part: _Part) -> None:
        """What others sent that names a camera's service, and names of responders."""
        peers = part.sent_by(self._responders | self._initiators)
        for mask, tells in ((part.names & ~part.unicast_names, mdns.TELLS), (part.ssdp, ssdp.TELLS)):
            for datagram in part.datagrams(mask & ~peers):
                payload = self._bytes(datagram)
                if payload is not None and tells.search(payload):
                    self._tellers.add(datagram.source)
                    self._take(datagram, payload)
        for datagram in part.datagrams(part.fuji & ~part.sent_by(self._responders)):
            payload = self._bytes(datagram)
            if payload is not None and (said := fuji(payload)) is not None:
                self.book.note(datagram, said)
        for datagram in part.datagrams(part.unicast_names) if self._responders else ():
            payload = self._bytes(datagram)
            if payload is not None and any(address in payload for address in self._responder_bytes):
                self._take(datagram, payload)

    def of_tellers(self, part: _Part) -> None:
        """What else those sent who named a camera's service: the rest of its records."""
        if not self._tellers:
            return
        mask = part.sent_by(self._tellers) & ~part.sent_by(self._responders | self._initiators)
        for wanted, tells in ((part.names & ~part.unicast_names, mdns.TELLS), (part.ssdp, ssdp.TELLS)):
            for datagram in part.datagrams(mask & wanted):
                payload = self._bytes(datagram)
                if payload is not None and not tells.search(payload):
                    self._take(datagram, payload)

    def hosts(self) -> set[int]:
        """Hosts of sessions and of announcements."""
        told = {host for row in self.book if row.names_device for host in (row.source, *row.addresses)}
        return self._responders | self._initiators | told

    def addressing(self, part: _Part, hosts: set[int]) -> None:
        """How these hosts got their addresses: all DHCP of their Ethernet addresses, and ARP about them."""
        waiting: dict[int, list[tuple[Datagram, str, Said]]] = defaultdict(list)
        ours: set[int] = set()
        for method, mask in ((ARP, part.arp), (DHCP, part.dhcp)):
            for datagram in part.datagrams(mask):
                payload = self._bytes(datagram)
                lease = None if payload is None else METHODS[method](payload)
                if lease is None:
                    continue
                if lease.address in hosts:
                    ours.add(lease.station)
                if len(waiting) < MOST_DECODED:
                    waiting[lease.station].append((datagram, method, lease.said(method)))
        for station in ours:
            for datagram, _, said in waiting[station]:
                self.book.note(datagram, said)

    # One datagram

    def _bytes(self, datagram: Datagram) -> bytes | None:
        """The captured bytes of a datagram; None when too many were read."""
        if self._read >= MOST_READ:
            self.not_read += 1
            return None
        self._read += 1
        return self._read_bytes(datagram.position, min(datagram.captured, MOST_BYTES))

    def _take(self, datagram: Datagram, payload: bytes | None, peer: bool = False) -> None:
        if payload is None:
            return
        key = datagram.source, blake2b(payload, digest_size=16).digest()
        before = self._repeated.get(key)
        if before is not None:
            for row, complete in before:
                self.book.again(datagram, row)
                if complete and datagram.whole and len(row.complete) < MOST_PACKETS:
                    row.complete.append(datagram.packet)
            return
        if self._decoded >= MOST_DECODED:
            self.not_read += 1
            return
        self._decoded += 1
        rows: list[tuple[Announcement, bool]] = []
        self._repeated[key] = rows
        guid = carried(payload, self._guids.get(datagram.source) or self._all_guids)
        for said in self._said(datagram, payload, peer):
            noted = self.book.note(datagram, said._replace(carries=guid))
            if noted is not None:
                rows.append((noted, said.complete))

    def _said(self, datagram: Datagram, payload: bytes, peer: bool) -> Iterator[Said]:
        if SSDP_PORT in (datagram.source_port, datagram.destination_port):
            notice = ssdp.parse(payload)
            if notice is None:
                return
            # A computer that has sessions asks for everything; what it offers itself is no camera.
            by_initiator = datagram.source in self._initiators - self._responders
            if not (peer and by_initiator and notice.kind != QUERY) or ssdp.TELLS.search(payload):
                yield ssdp.said(notice)
            return
        message = mdns.parse(payload)
        if message is not None:
            yield from self._names.read(datagram, message)


def _join(rows: list[Announcement], peers: Sequence[Peers]) -> None:
    """Join each row to the sessions that began after it: by GUID, else by address, else by name."""
    ordered = sorted(peers, key=lambda one: one.packet)
    by_guid, by_responder, by_initiator, by_name = (defaultdict[object, list[Peers]](list) for _ in range(4))
    for one in ordered:
        by_responder[one.responder].append(one)
        by_initiator[one.initiator].append(one)
        if one.guid:
            by_guid[one.guid].append(one)
        if one.name:
            by_name[one.name].append(one)
    for row in rows:
        if row.kind == QUERY:
            choices = [("address", by_initiator[row.source])]
        elif row.method in ADDRESSING:
            either = [one for host in row.addresses for one in (*by_responder[host], *by_initiator[host])]
            choices = [("address", either)]
        else:
            hosts = dict.fromkeys((*row.addresses, row.source))
            choices = [
                ("guid", [one for guid in {row.guid, *row.carries} - {None} for one in by_guid[guid]]),
                ("address", [one for host in hosts for one in by_responder[host] if row.port in (None, one.port)]),
                ("name", by_name[row.device] if row.device else []),
            ]
        for by, found in choices:
            later = sorted({one.session for one in found[: MOST_SESSIONS * 4] if follows(row, one)})
            if later:
                row.sessions, row.joined_by = later[:MOST_SESSIONS], by
                break


def follows(row: Announcement, peers: Peers) -> bool:
    """Did the session begin after the words, by the clock where there is one?"""
    if NO_TIME in (row.times[0], peers.begin):
        return row.packets[0] < peers.packet
    return row.times[0] < peers.begin


def is_link_local(address: int) -> bool:
    """Is it an IPv4 address that a host takes by itself (169.254/16)?"""
    return address >> 32 == 0xFFFF and address >> 16 & 0xFFFF == LINK_LOCAL
