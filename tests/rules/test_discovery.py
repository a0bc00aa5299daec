"""Rules of discovery at their edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ptpip_analyze.rules import Finding, Verdict
from tests.rules.matrix import judged
from tests.rules.stories import discovery as told
from tests.rules.stories.discovery import GUID, KEY, after, session
from tests.traffic import Packet, announce, damage
from tests.traffic import conversation as talk


def findings(packets: Sequence[Packet], rule: str) -> list[Finding]:
    return judged(packets, only=(rule,)).findings


def verdict(packets: Sequence[Packet], rule: str) -> Verdict | None:
    """What a rule says of the responder of the first session."""
    return judged(packets, only=(rule,)).verdicts(rule).get((0, 1))


def test_names_all_ways_and_the_last_packet_before_the_connection() -> None:
    packets = after(
        announce.mdns(announce.announced("C", KEY), -9),
        announce.to_group(announce.notify(announce.uuid_text(GUID)), -2),
        announce.mdns(announce.announced("C", KEY), 9),
    )  # fmt: skip
    (one,) = findings(packets, "discovery-method")
    assert "multicast DNS and SSDP" in one.says
    assert one.packet == 1


@pytest.mark.parametrize(("waited", "speaks"), [(59.9, False), (61, True)])
def test_calls_nothing_manual_that_began_within_a_minute(waited: float, speaks: bool) -> None:
    printer = announce.mdns(announce.announced("P", service="_ipp._tcp.local", address="10.0.0.1"), -waited, "10.0.0.1")
    assert bool(findings(after(printer), "discovery-method")) is speaks


def test_takes_any_udp_for_a_sign_that_udp_was_captured() -> None:
    other = announce.udp(b"x", ("10.0.0.1", 4000), ("10.0.0.2", 4001), -70)
    assert len(findings(after(other), "discovery-method")) == 1


def test_does_not_hold_a_port_against_anybody_that_was_announced_later() -> None:
    late = announce.mdns(announce.announced("C", KEY, port=15741), 9)
    assert findings(after(late), "discovery-port-consistent") == []


def test_accepts_one_of_several_announced_ports() -> None:
    said = [announce.mdns(announce.announced(name, KEY, port=port), -2) for name, port in (("A", 15741), ("B", 15740))]
    assert findings(after(*said), "discovery-port-consistent") == []


def bare(*strings: bytes, **options: object) -> Packet:
    return announce.mdns(announce.announced("C", *strings, **options), -1)  # type: ignore[arg-type]


def test_accuses_nobody_for_what_may_be_said_elsewhere() -> None:
    rule = "discovery-guid-announced"
    assert verdict(after(bare(b"v=1")), rule) is Verdict.VIOLATION
    ssdp = announce.to_group(announce.notify("0" * 36))
    assert verdict(after(bare(b"v=1"), ssdp), rule) is Verdict.INCONCLUSIVE  # its description is HTTP
    assert verdict(after(ssdp), rule) is Verdict.INCONCLUSIVE
    assert verdict(after(bare(b"v=1", port=15741)), rule) is Verdict.INCONCLUSIVE
    assert verdict(after(bare(b"uuid=" + GUID[::-1].hex().encode()[:30] + b"00")), rule) is Verdict.INCONCLUSIVE
    assert verdict(damage.snap(after(bare(b"v=1")), 120), rule) is not Verdict.VIOLATION


def test_needs_all_records_at_once_to_miss_the_guid() -> None:
    whole = "C._ptp._tcp.local"
    parts = [announce.ptr("_ptp._tcp.local", whole), announce.srv(whole, 15740, "c.local"), announce.txt(whole, b"v=1")]
    said = [announce.mdns(announce.dns(part), -3 + at) for at, part in enumerate(parts)]
    assert verdict(after(*said), "discovery-guid-announced") is Verdict.INCONCLUSIVE


def test_takes_a_guid_of_one_byte_for_no_identity() -> None:
    packets = after(bare(b"v=1"), conversation=session(responder_guid=bytes(16)))
    assert verdict(packets, "discovery-guid-announced") is Verdict.INCONCLUSIVE


def test_accuses_once_for_all_sessions_of_a_camera() -> None:
    second = session(command_port=51000, event_port=51001, number=1).packets()
    packets = damage.in_turn(after(bare(b"v=1")), second)
    assert len(findings(packets, "discovery-guid-announced")) == 1


def test_accepts_a_guid_that_another_family_of_addresses_announces() -> None:
    said = announce.mdns(announce.announced("C", b"x=" + GUID), -1, source="fe80::1")
    assert verdict(after(said), "discovery-guid-announced") is Verdict.PASS


def test_names_what_an_instance_lacks() -> None:
    (one,) = findings(told.pointer_alone(), "discovery-mdns")
    assert one.says == 'of "My Camera" no SRV and no TXT and no address record is announced'
    cut = damage.snap(told.pointer_alone(), 80)
    assert findings(cut, "discovery-mdns") == []


def test_compares_addresses_of_one_family_only() -> None:
    said = announce.mdns(announce.announced("C", KEY, address="fe80::1"))
    assert findings(after(said), "discovery-mdns") == []


def test_misses_location_only_where_the_datagram_is_whole() -> None:
    packet = announce.to_group(announce.notify(announce.uuid_text(GUID)).replace(b"LOCATION", b"ELSEWHERE"))
    (one,) = findings(after(packet), "discovery-ssdp")
    assert "LOCATION" in one.says
    assert findings(damage.snap(after(packet), 90), "discovery-ssdp") == []


def test_takes_a_name_in_location_for_the_sender() -> None:
    said = announce.notify(announce.uuid_text(GUID), location="http://camera.local/x.xml")
    assert findings(after(announce.to_group(said)), "discovery-ssdp") == []


def test_measures_how_often_a_beacon_comes() -> None:
    (one,) = findings(told.beacon(), "discovery-custom-udp")
    assert one.says == "it announces itself by UDP (udp/40001) every 5.0 s, with its address and port"
    (one,) = findings(told.fuji_autosave(), "discovery-custom-udp")
    assert "PCAUTOSAVE/1.0" in one.says


def test_tells_once_of_a_list_that_was_tried() -> None:
    again = session(command_port=51000, event_port=51001, number=5).packets()
    packets = damage.in_turn(told.tries_others(), again)
    (one,) = findings(packets, "discovery-manual-list")
    assert one.says == "2 other addresses did not answer before: a list, or a scan"
    assert one.packet == 0


def test_takes_no_address_that_answered_for_a_failed_try() -> None:
    other = talk(responder="192.168.1.7", command_port=40007, number=7).connect().close()
    assert findings(damage.in_turn(other.packets(), session().packets()), "discovery-manual-list") == []


def test_takes_no_silence_for_a_refusal_where_one_direction_was_captured() -> None:
    one_way = damage.one_direction_only(told.tries_others(), "to-responder")
    assert findings(one_way, "discovery-manual-list") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "it took a link-local address by itself"),
        ([announce.dhcp_packet(1, at_s=-9)], "it took a link-local address by itself after asking for DHCP in vain"),
    ],
)
def test_tells_how_a_link_local_address_was_taken(said: list[Packet], words: str) -> None:
    claims = [announce.arp("0.0.0.0", told.HOST, -5), announce.arp(told.HOST, told.HOST, -4)]
    packets = after(*said, *claims, conversation=session(responder=told.HOST))
    (one,) = findings(packets, "discovery-address-config")
    assert (one.says, one.side) == (words, 1)


def test_holds_no_offer_to_another_client_against_a_host() -> None:
    other = b"\2\0\0\0\0\x77"
    said = [announce.dhcp_packet(2, "192.168.1.50", -8, station=other), announce.arp("0.0.0.0", told.HOST, -5)]
    (one,) = findings(after(*said, conversation=session(responder=told.HOST)), "discovery-address-config")
    assert "offered" not in one.says


def test_takes_no_order_from_a_clock_that_stands_still() -> None:
    packets = [replace(one, time_ns=10**18) for one in told.multicast_dns()]
    assert findings(packets, "discovery-method") == []
