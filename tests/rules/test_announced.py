"""What rules of discovery and bonding look at."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules.announced import (
    before,
    by_host,
    greets_in_8_bits,
    identities,
    is_camera,
    station_of,
    tells_port,
)
from ptpip_analyze.rules.rule import INITIATOR, RESPONDER
from tests.rules.seen import evidence
from tests.rules.stories.bonding import eight_bit
from tests.rules.stories.discovery import GUID, OTHER, after, session
from tests.traffic import announce, damage

CAMERA = 0xFFFF_C0A80101


def test_lists_announcements_by_every_host_they_are_about() -> None:
    told = announce.announced("Cam", address="192.168.1.7")
    found = by_host(evidence(after(announce.mdns(told))))
    assert sorted(found) == [CAMERA, CAMERA + 6]


def test_leaves_out_questions_goodbyes_and_addressing() -> None:
    asked = announce.dns(questions=(announce.question("_ptp._tcp.local"),), answer=False)
    said = [
        announce.mdns(asked),
        announce.mdns(announce.announced("Cam", ttl=0)),
        announce.arp("0.0.0.0", announce.CAMERA),
    ]
    assert by_host(evidence(after(*said))) == {}


@pytest.mark.parametrize(
    ("packet", "camera", "port"),
    [
        (announce.mdns(announce.announced("Cam")), True, True),
        (announce.mdns(announce.announced("Cam", service="_nikon._tcp.local")), True, False),
        (announce.mdns(announce.announced("Cam", service="_http._tcp.local")), False, False),
        (announce.to_group(announce.notify("x")), True, False),
        (announce.to_group(announce.notify("x", "upnp:rootdevice")), False, False),
        (announce.udp(b"1" + GUID + b"\x3d\x7c", (announce.CAMERA, 9), (announce.BROADCAST, 9)), True, True),
    ],
)
def test_tells_cameras_from_other_services(packet: object, camera: bool, port: bool) -> None:
    (row,) = evidence(after(packet)).discovery.rows  # type: ignore[arg-type]
    assert (is_camera(row), tells_port(row)) == (camera, port)


@pytest.mark.parametrize(("at_s", "earlier"), [(-1, True), (5, False)])
def test_knows_what_was_said_before_a_connection(at_s: float, earlier: bool) -> None:
    seen = evidence(after(announce.mdns(announce.announced("Cam"), at_s)))
    line = seen.cases[0].command
    assert line is not None
    assert before(seen.discovery.rows[0], line) is earlier


def test_reads_greetings_that_are_captured_and_no_others() -> None:
    packets = session().packets()
    found = identities(evidence(packets))
    assert found[0, INITIATOR].guid == OTHER.hex()
    assert (found[0, RESPONDER].guid, found[0, RESPONDER].name) == (GUID.hex(), "camera")
    assert identities(evidence(damage.drop(packets, segment=0))).keys() == {(0, RESPONDER)}
    assert identities(evidence(damage.snap(packets, 90))) == {}


def test_reads_the_guid_of_a_greeting_that_breaks_its_layout() -> None:
    seen = evidence(eight_bit(OTHER, 1).packets())
    greeting = identities(seen)[0, INITIATOR]
    assert greeting.guid == OTHER.hex()
    assert greets_in_8_bits(seen.greetings[greeting.row])


@pytest.mark.parametrize("tail", [b"", b"\0", b"desk", "desk\0".encode("utf-16-le"), b"d\1sk\0"])
def test_takes_only_8_bit_names_for_such(tail: bytes) -> None:
    assert not greets_in_8_bits(bytes(24) + tail)
    assert greets_in_8_bits(bytes(24) + b"desk\0")


def test_knows_stations_of_both_sides() -> None:
    seen = evidence(session().packets())
    assert [station_of(seen, seen.cases[0], side) for side in (INITIATOR, RESPONDER)] == [
        0x020000000002,
        0x020000000001,
    ]
    seen = evidence(damage.on_link(session().packets(), "raw"))
    assert station_of(seen, seen.cases[0], INITIATOR) == 0
