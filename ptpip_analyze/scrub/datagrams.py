"""What hosts tell each other beside TCP: names and addresses replaced in multicast DNS, SSDP, DHCP, ARP and ICMPv6.

Promises as many bytes as there were. Refuses to let pass what it does not know: any other datagram becomes zeros.
"""

from __future__ import annotations

import ipaddress
import re

from ..facts.discovery import DHCP_PORTS, NAME_PORTS, SSDP_PORT
from .pseudonyms import Pseudonyms

_MOST_RECORDS = 256
_MOST_LABELS = 128
_A, _NS, _CNAME, _PTR, _TXT, _AAAA, _SRV, _NSEC = 1, 2, 5, 12, 16, 28, 33, 47
_PUBLIC_LABELS = frozenset({b"local", b"arpa", b"in-addr", b"ip6", b"com", b"net", b"org"})
_GUID = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NUMBER = re.compile(r"\d{0,5}")

# SSDP headers whose values are the standard's (UPnP Device Architecture 1.1, 1.2, 1.3).
_PLAIN_HEADERS = frozenset({"NTS", "MAN", "MX", "CACHE-CONTROL", "EXT", "BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG"})
_PLAIN_VALUE = re.compile(r'"?ssdp:[a-z]+"?|max-age ?= ?\d+|\d{0,10}', re.IGNORECASE)
_TYPE = re.compile(r"(?:urn|ssdp|upnp):\S*")
_USN = re.compile(r"uuid:([^:]+)(::(?:urn|upnp):\S*)?")
_LOCATION = re.compile(r"(https?://)([^/:]+)(:\d+)?(/\S*)?")
_START = re.compile(r"(?:NOTIFY|M-SEARCH) \* HTTP/1\.\d|HTTP/1\.\d \d+ OK")
_CAMERA_PATH = re.compile(r"/?[a-z]*/?CameraDevDesc\.xml", re.IGNORECASE)

# DHCP options (RFC 2132) by what is in them; of all others nothing stays.
_PLAIN_OPTIONS = frozenset({1, 51, 53, 55, 57, 58, 59})
_ADDRESS_OPTIONS = frozenset({3, 6, 28, 50, 54})
_HOST_NAME, _VENDOR, _CLIENT = 12, 60, 61


def scrubbed_datagram(ports: tuple[int, int], payload: bytes, length: int, pseudonyms: Pseudonyms) -> bytes:
    """A UDP payload; ``length`` is that on the wire: of a datagram that is cut, nothing stays."""
    if len(payload) == length and payload:
        for known, read in ((NAME_PORTS, _names), ({SSDP_PORT}, _ssdp), (DHCP_PORTS, _dhcp)):
            if known & set(ports):
                try:
                    found = read(payload, pseudonyms)
                except (IndexError, ValueError):
                    found = b""
                if len(found) == len(payload):
                    return found
    pseudonyms.counts["bytes of other datagrams"] += len(payload)
    return bytes(len(payload))


def arp(packet: bytes, pseudonyms: Pseudonyms) -> bytes:
    """ARP for IPv4 over Ethernet (RFC 826); zeros of any other."""
    if len(packet) < 28 or packet[:6] != b"\0\1\x08\0\x06\4":
        return packet[:2].ljust(len(packet), b"\0") if len(packet) > 2 else bytes(len(packet))
    out = bytearray(len(packet))
    out[:8] = packet[:8]
    for at in (8, 18):
        out[at : at + 6] = pseudonyms.mac(packet[at : at + 6])
        out[at + 6 : at + 10] = _ipv4(packet[at + 6 : at + 10], pseudonyms)
    return bytes(out)


def icmp6(message: bytes, pseudonyms: Pseudonyms) -> bytes:
    """What stays of an ICMPv6 message behind its checksum: neighbours and their Ethernet addresses (RFC 4861)."""
    kind = message[0]
    if kind in (128, 129):
        return message[4:8]
    if kind not in (133, 135, 136) or len(message) < 8:
        return b""
    out = bytearray(message[4:8])
    if kind != 133:
        if len(message) < 24:
            return bytes(out)
        out += pseudonyms.ipv6(message[8:24])
    at = 4 + len(out)
    while at + 8 <= len(message) and message[at] in (1, 2) and message[at + 1] == 1:
        out += message[at : at + 2] + pseudonyms.mac(message[at + 2 : at + 8])
        at += 8
    return bytes(out)


def _ipv4(address: bytes, pseudonyms: Pseudonyms) -> bytes:
    return pseudonyms.ipv4(int.from_bytes(address, "big")).to_bytes(4, "big")


class _Names:
    """A DNS message whose names are replaced in their places: label by label, so that pointers stay right."""

    def __init__(self, data: bytes, pseudonyms: Pseudonyms) -> None:
        self.data, self.out = data, bytearray(len(data))
        self._pseudonyms = pseudonyms

    def name(self, at: int) -> int:
        for _ in range(_MOST_LABELS):
            size = self.data[at]
            if size & 0xC0 == 0xC0:
                self.out[at : at + 2] = self.data[at : at + 2]
                return at + 2
            if size & 0xC0:
                raise ValueError
            self.out[at] = size
            if size == 0:
                return at + 1
            self.out[at + 1 : at + 1 + size] = self._label(self.data[at + 1 : at + 1 + size])
            at += 1 + size
        raise ValueError

    def _label(self, label: bytes) -> bytes:
        if label.startswith(b"_") or label.lower() in _PUBLIC_LABELS:
            return label
        return _as_long(self._pseudonyms.friendly_name(label.decode("latin-1")), label)

    def record(self, at: int) -> int:
        at = self.name(at)
        self.out[at : at + 10] = self.data[at : at + 10]
        kind, size = int.from_bytes(self.data[at : at + 2], "big"), int.from_bytes(self.data[at + 8 : at + 10], "big")
        at += 10
        end = at + size
        if end > len(self.data):
            raise ValueError
        data = self.data[at:end]
        if kind == _A and size == 4:
            self.out[at:end] = _ipv4(data, self._pseudonyms)
        elif kind == _AAAA and size == 16:
            self.out[at:end] = self._pseudonyms.ipv6(data)
        elif kind in (_NS, _CNAME, _PTR):
            self.name(at)
        elif kind == _SRV:
            self.out[at : at + 6] = self.data[at : at + 6]
            self.name(at + 6)
        elif kind == _NSEC:
            bits = self.name(at)
            self.out[bits:end] = self.data[bits:end]
        elif kind == _TXT:
            while at < end:
                string = self.data[at + 1 : at + 1 + self.data[at]]
                self.out[at] = self.data[at]
                self.out[at + 1 : at + 1 + len(string)] = self._string(string)
                at += 1 + len(string)
        return end

    def _string(self, string: bytes) -> bytes:
        key, equals, value = string.partition(b"=")
        if not equals:
            return _as_long(self._pseudonyms.scrambled(string.decode("latin-1")), string)
        return key + equals + _value(value, self._pseudonyms)


def _names(payload: bytes, pseudonyms: Pseudonyms) -> bytes:
    message = _Names(payload, pseudonyms)
    message.out[:12] = payload[:12]
    counts = [int.from_bytes(payload[at : at + 2], "big") for at in (4, 6, 8, 10)]
    if sum(counts) > _MOST_RECORDS or len(payload) < 12:
        raise ValueError
    at = 12
    for _ in range(counts[0]):
        at = message.name(at)
        message.out[at : at + 4] = payload[at : at + 4]
        at += 4
    for _ in range(sum(counts[1:])):
        at = message.record(at)
    return bytes(message.out)


def _value(value: bytes, pseudonyms: Pseudonyms) -> bytes:
    text = value.decode("latin-1")
    if _NUMBER.fullmatch(text):
        return value
    if _GUID.fullmatch(text):
        return _guid(text, pseudonyms).encode()
    return _as_long(pseudonyms.scrambled(text), value)


def _guid(text: str, pseudonyms: Pseudonyms) -> str:
    """A GUID in digits, with dashes or without, as that of greetings is replaced."""
    new = pseudonyms.guid(bytes.fromhex(text.replace("-", ""))).hex()
    new = new.upper() if text.isupper() else new
    return f"{new[:8]}-{new[8:12]}-{new[12:16]}-{new[16:20]}-{new[20:]}" if "-" in text else new


def _as_long(text: str, old: bytes) -> bytes:
    new = text.encode("latin-1", "replace")
    return new if len(new) == len(old) else b"x" * len(old)


def _ssdp(payload: bytes, pseudonyms: Pseudonyms) -> bytes:
    lines = payload.decode("latin-1").split("\n")
    return "\n".join(_line(line, pseudonyms) for line in lines).encode("latin-1", "replace")


def _line(line: str, pseudonyms: Pseudonyms) -> str:
    text = line.rstrip("\r")
    ending = line[len(text) :]
    if not text or _START.fullmatch(text):
        return line
    name, colon, rest = text.partition(":")
    value = rest.strip()
    lead = rest[: len(rest) - len(rest.lstrip())]
    trail = rest[len(lead) + len(value) :]
    upper = name.upper()
    if not colon:
        return pseudonyms.scrambled(text) + ending
    if (
        (upper in _PLAIN_HEADERS and _PLAIN_VALUE.fullmatch(value))
        or (upper == "HOST" and value.startswith(("239.255.255.250", "[ff")))
        or (upper in ("ST", "NT") and _TYPE.fullmatch(value))
    ):
        new = value
    elif usn := _USN.fullmatch(value):
        new = f"uuid:{_uuid(usn[1], pseudonyms)}{usn[2] or ''}"
    elif location := _LOCATION.fullmatch(value):
        path = location[4] or ""
        path = path if _CAMERA_PATH.fullmatch(path) else "/" + pseudonyms.scrambled(path[1:]) if path else ""
        new = location[1] + _host(location[2], pseudonyms) + (location[3] or "") + path
    else:
        new = pseudonyms.scrambled(value)
    return f"{name}:{lead}{new}{trail}{ending}"


def _uuid(text: str, pseudonyms: Pseudonyms) -> str:
    return _guid(text, pseudonyms) if _GUID.fullmatch(text) else pseudonyms.scrambled(text)


def _host(host: str, pseudonyms: Pseudonyms) -> str:
    """An address in a text: as in packets where that is as long, else digits."""
    try:
        new = str(ipaddress.IPv4Address(pseudonyms.ipv4(int(ipaddress.IPv4Address(host)))))
    except ValueError:
        return pseudonyms.scrambled(host)
    return new if len(new) == len(host) else pseudonyms.scrambled(host)


def _dhcp(payload: bytes, pseudonyms: Pseudonyms) -> bytes:
    out = bytearray(len(payload))
    if len(payload) < 240 or payload[236:240] != b"\x63\x82\x53\x63":
        raise ValueError
    out[:12] = payload[:12]
    for at in (12, 16, 20, 24):
        out[at : at + 4] = _ipv4(payload[at : at + 4], pseudonyms)
    if payload[1] == 1 and payload[2] == 6:
        out[28:34] = pseudonyms.mac(payload[28:34])
    out[236:240] = payload[236:240]
    at = 240
    while at < len(payload):
        code = out[at] = payload[at]
        if code == 0xFF:
            break
        if code == 0:
            at += 1
            continue
        size = out[at + 1] = payload[at + 1]
        begin, at = at + 2, at + 2 + size
        value = payload[begin:at]
        if len(value) < size:
            raise ValueError
        out[begin:at] = _option(code, value, pseudonyms)
    return bytes(out)


def _option(code: int, value: bytes, pseudonyms: Pseudonyms) -> bytes:
    if code in _PLAIN_OPTIONS:
        return value
    if code in _ADDRESS_OPTIONS and len(value) % 4 == 0:
        return b"".join(_ipv4(value[at : at + 4], pseudonyms) for at in range(0, len(value), 4))
    if code == _HOST_NAME:
        return _as_long(pseudonyms.friendly_name(value.decode("latin-1")), value)
    if code == _VENDOR:
        return _as_long(pseudonyms.scrambled(value.decode("latin-1")), value)
    if code == _CLIENT and len(value) == 7 and value[0] == 1:
        return value[:1] + pseudonyms.mac(value[1:])
    return bytes(len(value))
