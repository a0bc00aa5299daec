"""How hosts get addresses, from messages written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptpip.addressing import Lease, arp, dhcp
from tests.traffic import announce as say

CAMERA = 0xFFFF_C0A80101
STATION = 0x020000000001


@pytest.mark.parametrize(("code", "kind"), [(1, "discover"), (2, "offer"), (3, "request"), (5, "ack"), (6, "nak")])
def test_names_dhcp_messages(code: int, kind: str) -> None:
    assert dhcp(say.dhcp(code)) == Lease(STATION, kind, None)


def test_tells_the_address_and_who_gets_it() -> None:
    options = ((12, b"EOS-R5\0"), (60, b"camera"), (51, b"\0\0\x0e\x10"))
    lease = dhcp(say.dhcp(5, "192.168.1.1", b"\2\0\0\0\0\1", *options))
    assert lease == Lease(STATION, "ack", CAMERA, "EOS-R5", "camera", 3600)
    said = lease.said("dhcp")
    assert (said.device, said.text, said.ttl) == ("EOS-R5", "client 02:00:00:00:00:01; vendor class camera", 3600)


def test_knows_the_address_that_is_asked_for() -> None:
    lease = dhcp(say.dhcp(3, "0.0.0.0", b"\2\0\0\0\0\1", (50, bytes([192, 168, 1, 1]))))
    assert lease is not None
    assert lease.address == CAMERA


@pytest.mark.parametrize("payload", [b"", say.dhcp(1)[:240], say.dhcp(99), bytes(300), say.dhcp(1)[:242]])
def test_takes_nothing_else_for_dhcp(payload: bytes) -> None:
    assert dhcp(payload) is None


def test_ends_at_an_option_that_runs_out() -> None:
    broken = say.dhcp(1)[:-1] + b"\x0c\xff" + b"x" * 10
    assert dhcp(broken) == Lease(STATION, "discover", None)


def test_reads_probes_and_claims_and_no_everyday_question() -> None:
    def body(sender: str, target: str) -> bytes:
        return say.arp(sender, target).frame[14:42]

    assert arp(body("0.0.0.0", "169.254.3.4")) == Lease(STATION, "probe", 0xFFFF_A9FE0304)
    assert arp(body("169.254.3.4", "169.254.3.4")) == Lease(STATION, "claim", 0xFFFF_A9FE0304)
    assert arp(body("192.168.1.20", "192.168.1.1")) is None
    assert arp(body("0.0.0.0", "169.254.3.4")[:27]) is None


@given(st.binary(max_size=400))
def test_never_raises(payload: bytes) -> None:
    dhcp(payload)
    dhcp(say.dhcp(5)[:240] + payload)
    arp(payload)
