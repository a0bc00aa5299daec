"""Multicast DNS out of bytes written by hand: instances with place, text and address; nothing hostile hurts."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.ptpip import mdns
from ptpip_analyze.ptpip.announcement import Datagram, Said
from tests.traffic import announce as say

CAMERA = 0xFFFF_C0A80101
SERVICE = "_ptp._tcp.local"
INSTANCE = f"My Camera.{SERVICE}"


def at(source: int = CAMERA, port: int = 5353) -> Datagram:
    return Datagram(0, 0, source, 0, port, port, 0, 100, 100, 0)


def told(*payloads: bytes, names: mdns.Names | None = None, source: int = CAMERA, port: int = 5353) -> list[Said]:
    names = names or mdns.Names(())
    return [
        said
        for payload in payloads
        if (message := mdns.parse(payload))
        for said in names.read(at(source, port), message)
    ]


def test_tells_all_that_one_datagram_holds() -> None:
    (said,) = told(say.announced("My Camera", b"guid=" + b"0123456789abcdef" * 2, b"ver=1"))
    assert said == Said(
        "mdns", "announcement", "_ptp._tcp", "My Camera", (CAMERA,), 15740, "0123456789abcdef" * 2,
        "guid=" + "0123456789abcdef" * 2 + " ver=1", 120, complete=True,
    )  # fmt: skip


def test_follows_compressed_names() -> None:
    head = struct.pack(">6H", 0, 0x8400, 0, 2, 0, 0)
    owner = len(head)
    data = b"\x03Cam" + struct.pack(">H", 0xC000 | owner)  # Cam, and the name of the service
    first = say.name(SERVICE) + struct.pack(">HHIH", 12, 1, 10, len(data)) + data
    where = owner + len(say.name(SERVICE)) + 10
    second = struct.pack(">H", 0xC000 | where) + struct.pack(">HHIH", 33, 0x8001, 10, 14)
    second += (
        struct.pack(">HHH", 0, 0, 15741)
        + b"\x05cam-1"
        + struct.pack(">H", 0xC000 | (owner + len(say.name("_ptp._tcp")) - 1))
    )
    (said,) = told(head + first + second)
    assert (said.device, said.port) == ("Cam", 15741)


def test_puts_records_of_several_datagrams_together() -> None:
    names = mdns.Names(())
    parts = [
        say.dns(say.host("cam.local", "192.168.1.1")), say.dns(say.srv(INSTANCE, 15740, "cam.local")),
        say.dns(say.txt(INSTANCE, b"a=1")),
    ]  # fmt: skip
    found = told(*parts, names=names)
    assert [(one.port, one.text, one.addresses, one.complete) for one in found] == [
        (15740, None, (CAMERA,), False), (15740, "a=1", (CAMERA,), False)
    ]  # fmt: skip


def test_keeps_what_one_source_says_from_another() -> None:
    names = mdns.Names(())
    told(say.dns(say.host("cam.local", "192.168.1.1")), names=names)
    (said,) = told(say.dns(say.srv(INSTANCE, 15740, "cam.local")), names=names, source=CAMERA + 1)
    assert said.addresses == ()


def test_hears_a_goodbye() -> None:
    names = mdns.Names(())
    told(say.announced("My Camera"), names=names)
    (said,) = told(say.announced("My Camera", ttl=0), names=names)
    assert (said.kind, said.device, said.ttl) == ("goodbye", "My Camera", 0)


def test_takes_the_shortest_time_to_live_for_that_of_all() -> None:
    (said,) = told(say.dns(say.ptr(SERVICE, INSTANCE, 4500), say.srv(INSTANCE, 1, "c.local", 120)))
    assert said.ttl == 120


def test_hears_who_asks() -> None:
    asked = say.dns(questions=(say.question(SERVICE), say.question("_http._tcp.local")), answer=False)
    assert told(asked) == [Said("mdns", "query", "_ptp._tcp")]
    assert told(say.dns(questions=(say.question(INSTANCE, say.SRV),), answer=False))[0].device == "My Camera"


def test_reads_services_in_any_case_of_letters_and_with_subtypes() -> None:
    (said,) = told(say.dns(say.ptr("_x._sub._PTP._TCP.local", "Cam._Ptp._tcp.local")))
    assert (said.device, said.service) == ("Cam", "_ptp._tcp")


def test_keeps_dots_and_letters_of_any_language_in_a_name() -> None:
    (said,) = told(say.dns(say.ptr(SERVICE, f"Kamera Nr\\. 1 ü.{SERVICE}")))
    assert said.device == "Kamera Nr. 1 ü"


def test_says_nothing_of_printers_unless_they_have_sessions() -> None:
    printer = say.announced("Printer", service="_ipp._tcp.local")
    assert told(printer) == []
    (said,) = told(printer, names=mdns.Names((CAMERA,)))
    assert said.service == "_ipp._tcp"


def test_names_the_host_of_a_session() -> None:
    plain = say.dns(say.host("cam.local", "192.168.1.1"))
    assert told(plain) == []
    (said,) = told(plain, names=mdns.Names((CAMERA,)))
    assert (said.service, said.device, said.addresses) == (None, "cam.local", (CAMERA,))
    (said,) = told(plain, names=mdns.Names((CAMERA,)), port=53, source=9)
    assert (said.method, said.kind, said.device) == ("dns", "answer", "cam.local")


@pytest.mark.parametrize("value", [b"guid=" + bytes(range(16)), b"UUID=" + bytes(range(16)).hex().upper().encode()])
def test_reads_an_identity_as_bytes_or_digits(value: bytes) -> None:
    assert told(say.announced("C", value))[0].guid == bytes(range(16)).hex()


def test_takes_no_other_text_for_an_identity() -> None:
    assert told(say.announced("C", b"guid=none", b"x=" + bytes(range(16))))[0].guid is None


# Hostile bytes


def loops() -> Iterator[bytes]:
    head = struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0)
    yield head + struct.pack(">H", 0xC00C)  # a pointer to itself
    yield head + b"\x01a" + struct.pack(">H", 0xC00C)  # back to its own beginning
    yield head + struct.pack(">H", 0xC0FF)  # to nowhere
    yield head + (b"\x3f" + b"a" * 63) * 8 + b"\0"  # longer than any name
    yield say.dns(say.record(SERVICE, say.PTR, struct.pack(">H", 0xC00C + 17 + 10)))


@pytest.mark.parametrize("payload", list(loops()))
def test_survives_names_without_end(payload: bytes) -> None:
    message = mdns.parse(payload)
    assert message is not None
    assert (message.records, message.whole) == ([], False)


def test_keeps_what_stands_before_a_fault() -> None:
    broken = say.dns(say.ptr(SERVICE, INSTANCE), say.record(INSTANCE, say.SRV, b"\0"))
    (said,) = told(broken)
    assert (said.device, said.port) == ("My Camera", None)


def test_believes_no_count_and_no_length() -> None:
    assert told(say.dns(say.ptr(SERVICE, INSTANCE), counts=(0, 65535)))[0].device == "My Camera"
    lying = say.dns(say.ptr(SERVICE, INSTANCE))
    message = mdns.parse(lying[:-5])
    assert message is not None
    assert not message.whole


def test_reads_only_so_many_records() -> None:
    many = say.dns(*(say.host(f"h{number}.local", "10.0.0.1") for number in range(600)))
    begin = time.perf_counter()
    message = mdns.parse(many)
    assert message is not None
    assert (len(message.records), message.whole) == (mdns.MOST_RECORDS, False)
    assert time.perf_counter() - begin < 0.5


def test_remembers_only_so_many_names_of_one_source() -> None:
    names = mdns.Names(())
    for number in range(0, mdns.MOST_NAMES * 2, 50):
        told(say.dns(*(say.host(f"h{one}.local", "10.0.0.1") for one in range(number, number + 50))), names=names)
    assert names._of[CAMERA].size <= mdns.MOST_NAMES


def test_takes_other_operations_for_no_announcement() -> None:
    assert mdns.parse(struct.pack(">6H", 0, 0x2800, 0, 0, 0, 0)) is None  # an update
    assert mdns.parse(b"short") is None


@given(st.binary(max_size=80), st.integers(0, 200), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_never_raises(tail: bytes, place: int, value: int) -> None:
    payload = bytearray(say.announced("My Camera", b"guid=1") + tail)
    payload[place % len(payload)] = value
    told(bytes(payload), names=mdns.Names((CAMERA,)))


def test_finds_camera_services_without_reading_names() -> None:
    assert mdns.TELLS.search(say.announced("C"))
    assert mdns.TELLS.search(say.announced("C").replace(b"_ptp", b"_PTP"))
    assert not mdns.TELLS.search(say.announced("C", service="_ipp._tcp.local"))


def test_leaves_the_parser_alone_until_there_is_something_to_read() -> None:
    code = "import sys, ptpip_analyze.ptpip.discovery; print('dns' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
