"""Multicast DNS and DNS-SD (RFC 6762, RFC 6763): which service instances a datagram names, with place, text, addresses.

Names and records are dnspython's work, which is imported only here and only when a capture has such datagrams. Promises
bounds for hostile ones: records by datagram, names by source. What can't be read ends the datagram, not the analysis.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..facts.discovery import DNS_PORT, DNS_SD_SERVICES, LLMNR_PORT, MDNS_PORT
from .announcement import (
    ANNOUNCEMENT,
    ANSWER,
    DNS,
    GOODBYE,
    LLMNR,
    MDNS,
    MOST_TEXT,
    QUERY,
    Datagram,
    Said,
    uuid_digits,
)

MOST_RECORDS = 64  # of a datagram; those of cameras have a dozen
MOST_NAMES = 1000  # remembered of one source
MAPPED = 0xFFFF << 32
_A, _PTR, _TXT, _AAAA, _SRV, _ANY = 1, 12, 16, 28, 33, 255
_READ = frozenset({_A, _PTR, _TXT, _AAAA, _SRV})
_PORTS = {MDNS_PORT: MDNS, LLMNR_PORT: LLMNR, DNS_PORT: DNS}
_CAMERAS = frozenset(service.name for service in DNS_SD_SERVICES)
_IDENTITY_KEYS = frozenset({"guid", "uuid", "id"})

Name = tuple[bytes, ...]  # labels in lower case, without the root

TELLS = re.compile(
    b"|".join(
        b"".join(bytes([len(label)]) + re.escape(label.encode()) for label in service.split("."))
        for service in sorted(_CAMERAS)
    ),
    re.IGNORECASE,
)
"""Finds datagrams that name a camera's service; a name is spelled out where it stands first."""


class Record(NamedTuple):
    """One resource record; ``value`` is a name, (target, port), strings, or an address of 128 bits; None: not read."""

    name: Name
    label: str  # the first label as it was written
    kind: int
    ttl: int
    value: Any


class Message(NamedTuple):
    """A datagram's questions and records. ``whole``: it was read to its end."""

    is_answer: bool
    questions: list[tuple[Name, str, int]]  # name, its first label as it was written, type
    records: list[Record]
    whole: bool


def parse(payload: bytes) -> Message | None:
    """Read a DNS message as far as it can be read; None for what has no DNS header."""
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.wire

    if len(payload) < 12:
        return None
    _, flags, *counts = struct.unpack(">6H", payload[:12])
    if flags & 0x7800:  # of another operation than a query: nothing that multicast DNS has (RFC 6762 18.3)
        return None
    parser = dns.wire.Parser(payload, 12)
    message = Message(bool(flags & 0x8000), [], [], True)
    try:
        for _ in range(min(counts[0], MOST_RECORDS)):
            name = dns.name.from_wire_parser(parser).labels
            kind, _ = parser.get_struct("!HH")
            message.questions.append((_lower(name), _text(name[0]), kind))
        for _ in range(min(sum(counts[1:]), MOST_RECORDS)):
            name = dns.name.from_wire_parser(parser).labels
            # The upper bit of the class is multicast DNS's own (RFC 6762 10.2): the class is always IN here.
            kind, _, ttl, size = parser.get_struct("!HHIH")
            if kind not in _READ:
                parser.get_bytes(size)
                continue
            with parser.restrict_to(size):
                value = _value(dns.rdata.from_wire_parser(dns.rdataclass.IN, kind, parser), kind)
            message.records.append(Record(_lower(name), _text(name[0]) if name else "", kind, ttl, value))
    except (dns.exception.DNSException, struct.error, ValueError):
        return message._replace(whole=False)
    too_many = counts[0] > MOST_RECORDS or sum(counts[1:]) > MOST_RECORDS
    return message._replace(whole=not too_many)


def _value(data: Any, kind: int) -> Any:
    if kind == _PTR:
        return data.target.labels
    if kind == _SRV:
        return _lower(data.target.labels), data.port
    if kind == _TXT:
        return tuple(data.strings)
    return address_of(data.address)


def address_of(text: str) -> int:
    """An address as a number of 128 bits. ValueError for what is none."""
    import ipaddress

    address = ipaddress.ip_address(text)
    return int(address) | (MAPPED if address.version == 4 else 0)


def _lower(labels: tuple[bytes, ...]) -> Name:
    return tuple(label.lower() for label in labels if label)


def _text(label: bytes) -> str:
    return label.decode("utf-8", "replace")


def service_of(name: Name) -> str | None:
    """The service type in a name, of itself or of an instance of it: ``_ptp._tcp``; None where there is none."""
    for at in range(len(name) - 1):
        if name[at + 1] in (b"_tcp", b"_udp") and name[at].startswith(b"_"):
            return f"{_text(name[at])}.{_text(name[at + 1])}"
    return None


@dataclass(slots=True)
class _Known:
    """What one source has said, by name."""

    labels: dict[Name, str] = field(default_factory=dict)  # of instances, as they are written
    places: dict[Name, tuple[Name, int | None]] = field(default_factory=dict)
    texts: dict[Name, tuple[bytes, ...]] = field(default_factory=dict)
    hosts: dict[Name, list[int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.labels) + len(self.places) + len(self.texts) + len(self.hosts)


class Names:
    """What all sources have said so far: records of one device may come in several datagrams."""

    def __init__(self, cameras: Collection[int]) -> None:
        self._cameras = cameras  # addresses of responders of sessions
        self._of: dict[int, _Known] = {}

    def read(self, datagram: Datagram, message: Message) -> Iterator[Said]:
        """What a datagram says of cameras: their services, and of responders of sessions any service and name."""
        method = _PORTS.get(datagram.source_port) or _PORTS.get(datagram.destination_port, MDNS)
        if not message.is_answer:
            for name, label, kind in message.questions:
                service = service_of(name)
                if service in _CAMERAS and kind in (_PTR, _SRV, _TXT, _ANY):
                    yield Said(method, QUERY, service, None if label.startswith("_") else label)
            return
        if method != MDNS:
            yield from self._answers(method, message)
            return
        yield from self._instances(self._of.setdefault(datagram.source, _Known()), datagram, message)

    def _answers(self, method: str, message: Message) -> Iterator[Said]:
        for record in message.records:
            if record.kind in (_A, _AAAA) and record.value in self._cameras:
                yield Said(method, ANSWER, None, _text(b".".join(record.name)), (record.value,), ttl=record.ttl)

    def _instances(self, known: _Known, datagram: Datagram, message: Message) -> Iterator[Said]:
        named: dict[Name, dict[int, int]] = {}  # instance -> kinds of its records in this datagram, with their ttl
        hosts: dict[Name, int] = {}
        for record in message.records:
            if known.size >= MOST_NAMES:
                break
            if record.kind in (_A, _AAAA):
                hosts[record.name] = record.ttl
                if record.ttl and record.value not in known.hosts.setdefault(record.name, []):
                    known.hosts[record.name].append(record.value)
                continue
            name = _lower(record.value) if record.kind == _PTR else record.name
            if service_of(name) is None or (name and name[0].startswith(b"_")):
                continue  # the list of service types, or a name for an address
            label = _text(record.value[0]) if record.kind == _PTR else record.label
            known.labels.setdefault(name, label)
            named.setdefault(name, {})[record.kind] = record.ttl
            if record.kind == _SRV:
                known.places[name] = record.value
            elif record.kind == _TXT:
                known.texts[name] = record.value
        for name, (target, _) in known.places.items() if hosts else ():
            if target in hosts:
                named.setdefault(name, {})
        shown = set()
        for name, kinds in named.items():
            service = service_of(name)
            target, port = known.places.get(name, ((), None))
            addresses = tuple(known.hosts.get(target, ()))
            shown.add(target)
            if service not in _CAMERAS and not self._is_camera(datagram, addresses):
                continue
            ttl = min((seconds for seconds in kinds.values() if seconds), default=0 if kinds else hosts.get(target))
            gone = bool(kinds) and not any(kinds.values())
            texts = known.texts.get(name)
            at_once = {_PTR, _SRV, _TXT} <= kinds.keys() and target in hosts and message.whole
            yield Said(
                MDNS,
                GOODBYE if gone else ANNOUNCEMENT,
                service,
                known.labels[name] if name in known.labels else _text(name[0]),
                addresses,
                port,
                _identity(texts),
                _told(texts),
                ttl,
                complete=at_once and not gone,
            )
        for name, ttl in hosts.items():
            addresses = tuple(known.hosts.get(name, ()))
            if name not in shown and self._cameras and not set(addresses).isdisjoint(self._cameras):
                kind = ANNOUNCEMENT if ttl else GOODBYE
                yield Said(MDNS, kind, None, _text(b".".join(name)), addresses, ttl=ttl)

    def _is_camera(self, datagram: Datagram, addresses: tuple[int, ...]) -> bool:
        return datagram.source in self._cameras or any(address in self._cameras for address in addresses)


def _told(texts: tuple[bytes, ...] | None) -> str | None:
    """The strings of a TXT record in one line; None for none, "" for one that says nothing."""
    if texts is None:
        return None
    return " ".join(_text(text) for text in texts if text)[:MOST_TEXT]


def _identity(texts: tuple[bytes, ...] | None) -> str | None:
    for text in texts or ():
        key, _, value = text.partition(b"=")
        if _text(key).lower() in _IDENTITY_KEYS:
            if len(value) == 16:
                return value.hex()
            return uuid_digits(_text(value))
    return None
