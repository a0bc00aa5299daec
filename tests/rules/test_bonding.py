"""Rules of bonding at their edges, and the makers who are known to differ."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ptpip_analyze.rules import Finding, Verdict
from ptpip_analyze.rules.bonding import is_padded_address
from tests.rules.matrix import judged
from tests.rules.stories import bonding as told
from tests.rules.stories.bonding import NIKON, PLACEHOLDER, eight_bit, known
from tests.rules.stories.discovery import GUID, OTHER, session
from tests.traffic import Packet, damage
from tests.traffic.packet import STATIONS

ELSEWHERE = {"responder": "192.168.1.9", "command_port": 51001, "event_port": 51002, "number": 1}


def findings(packets: Sequence[Packet], rule: str, **options: object) -> list[Finding]:
    return judged(packets, only=(rule,), **options).findings


def verdicts(packets: Sequence[Packet], rule: str, **options: object) -> list[tuple[str, str | None]]:
    return [(one.verdict.value, one.deviation) for one in findings(packets, rule, **options)]


MAC = STATIONS[0]
VIOLATION, UNSURE = ("violation", None), ("inconclusive", None)


@pytest.mark.parametrize(
    ("guid", "said"),
    [
        (bytes(16), [VIOLATION]),
        (PLACEHOLDER, [VIOLATION]),
        (bytes(range(0x40, 0x50)), [UNSURE]),
        (bytes(range(16, 0, -1)), [UNSURE]),
        (b"a-camera-of-mine", [UNSURE]),
        (b"\xff" * 16, []),
        (GUID, []),
        (bytes(10) + b"\2\0\0\0\0\7", []),
    ],
)
def test_tells_numbers_from_placeholders(guid: bytes, said: list[tuple[str, str | None]]) -> None:
    assert verdicts(session(responder_guid=guid).packets(), "bonding-guid-present") == said
    assert verdicts(session(initiator_guid=guid, responder_guid=OTHER).packets(), "bonding-guid-present") == said


@pytest.mark.parametrize("guid", [bytes(10) + MAC, MAC + MAC + MAC[:4], MAC[2:] + MAC + MAC])
def test_knows_canons_ethernet_address_as_a_guid(guid: bytes) -> None:
    packets = session(responder_guid=guid).packets()
    assert is_padded_address(guid)
    if not guid.endswith(MAC):
        return
    assert verdicts(packets, "bonding-guid-present") == [("pass", "dev-canon-guid-mac")]
    assert verdicts(packets, "bonding-guid-present", strict=True) == [("pass", "dev-canon-guid-mac")]
    # Of another link, or behind a router, nobody can know whose address it is.
    assert verdicts(damage.on_link(packets, "raw"), "bonding-guid-present") == []
    assert verdicts(session(initiator_guid=guid, responder_guid=OTHER).packets(), "bonding-guid-present") == []


def test_excuses_the_placeholder_of_nikon_alone() -> None:
    one = known("1", "Nikon Corporation", "WU-1a", **NIKON)
    assert verdicts(one.packets(), "bonding-guid-present") == [("known-vendor-deviation", "dev-nikon-wu1-guid")]
    assert verdicts(one.packets(), "bonding-guid-present", strict=True) == [VIOLATION]
    other = known("1", responder_guid=PLACEHOLDER)
    assert verdicts(other.packets(), "bonding-guid-present") == [VIOLATION]


def test_excuses_two_adapters_of_nikon_with_one_guid() -> None:
    both = [
        known(serial, "Nikon Corporation", "WU-1a", **NIKON, **place) for serial, place in (("1", {}), ("2", ELSEWHERE))
    ]
    packets = damage.interleave(*(one.packets() for one in both))
    assert verdicts(packets, "bonding-guid-unique") == [("known-vendor-deviation", "dev-nikon-wu1-guid")]
    assert verdicts(packets, "bonding-guid-unique", strict=True) == [VIOLATION]
    assert verdicts(told.two_cameras(), "bonding-guid-unique") == [VIOLATION]


def test_takes_addresses_of_one_serial_number_for_those_of_one_device() -> None:
    """Two cameras with one GUID behind a router, both sides of it captured: each is seen at both addresses."""
    runs = [known("A1"), known("A2", command_port=51001, event_port=51002, number=1)]
    inner = damage.in_turn(*(run.packets() for run in runs))
    assert verdicts(inner, "bonding-guid-unique") == []
    elsewhere = [
        known("A1", **ELSEWHERE),
        known("A2", **{**ELSEWHERE, "number": 3, "command_port": 52001, "event_port": 52002}),
    ]
    outer = damage.in_turn(*(run.packets() for run in elsewhere))
    assert VIOLATION not in verdicts(damage.in_turn(inner, outer), "bonding-guid-unique")
    assert VIOLATION in verdicts(damage.in_turn(runs[0].packets(), elsewhere[1].packets()), "bonding-guid-unique")


@pytest.mark.parametrize("serial", ["", "0000", " "])
def test_takes_no_blank_serial_number_for_one(serial: str) -> None:
    packets = damage.in_turn(known("A1").packets(), known(serial, **ELSEWHERE).packets())
    assert verdicts(packets, "bonding-guid-unique") == []


def test_takes_two_addresses_at_once_for_a_doubt_and_one_after_the_other_for_none() -> None:
    one, other = session().packets(), session(**ELSEWHERE).packets()
    assert UNSURE in verdicts(damage.on_link(damage.interleave(one, other), "raw"), "bonding-guid-unique")
    assert verdicts(damage.on_link(damage.in_turn(one, other), "raw"), "bonding-guid-unique") == []


def test_takes_two_addresses_of_one_station_for_one_device() -> None:
    one, other = session().packets(), session(**ELSEWHERE).packets()
    assert verdicts(damage.interleave(one, other), "bonding-guid-unique") == []


def test_convicts_no_initiator_of_sharing_or_changing_its_guid() -> None:
    other = session(
        initiator="192.168.1.30", responder_guid=OTHER[::-1], command_port=51001, event_port=51002, number=1
    )
    packets = damage.on_link(damage.interleave(session().packets(), other.packets()), "raw")
    assert verdicts(packets, "bonding-guid-unique") == [UNSURE]
    assert verdicts(told.two_programs(), "bonding-guid-stable") == [UNSURE]


def test_knows_a_client_that_draws_a_guid_for_each_run() -> None:
    guids = [bytes([number]) + OTHER[1:] for number in range(3)]
    runs = [eight_bit(guid, number).packets() for number, guid in enumerate(guids)]
    rule = "bonding-guid-stable"
    assert verdicts(damage.in_turn(*runs), rule) == [("known-vendor-deviation", "dev-mmattes-init")]
    assert verdicts(damage.in_turn(*runs), rule, strict=True) == [VIOLATION]
    again = eight_bit(guids[0], 3).packets()
    assert verdicts(damage.in_turn(*runs, again), rule) == [UNSURE]  # one of several that keep theirs
    assert verdicts(damage.in_turn(runs[0], eight_bit(guids[0], 4).packets()), rule) == []
    assert verdicts(told.another_guid(), rule) == [VIOLATION]


def test_knows_that_another_name_is_another_client() -> None:
    other = session(initiator_guid=GUID[::-1], initiator_name="phone", command_port=51001, event_port=51002, number=1)
    assert verdicts(damage.in_turn(session().packets(), other.packets()), "bonding-guid-stable") == []


def test_tells_whether_the_anonymous_were_let_in() -> None:
    (one,) = findings(told.anonymous().packets(), "bonding-guid-anonymous")
    assert (one.says, one.verdict) == ("the initiator is anonymous and is accepted", Verdict.PASS)
    (one,) = findings(told.refused(b"\xff" * 16, 1).packets(), "bonding-guid-anonymous")
    assert (one.says, len(one.rows)) == ("the initiator is anonymous and is refused", 1)
    asked = told.refused(b"\xff" * 16, 1).packets()
    (one,) = findings(damage.drop(asked, segment=1), "bonding-guid-anonymous")
    assert (one.says, one.rows) == ("the initiator is anonymous", ())


def test_tells_pairing_from_filtering() -> None:
    (one,) = findings(told.paired_in_between(), "bonding-responder-filters")
    assert "paired" in one.says
    (one,) = findings(told.knows_whom(), "bonding-responder-filters")
    assert "knows whom" in one.says
    turned = damage.in_turn(session().packets(), told.refused(OTHER, 1).packets())
    assert findings(turned, "bonding-responder-filters") == []


def test_takes_no_lost_request_for_a_client_that_left() -> None:
    packets = told.leaves().packets()
    assert len(findings(packets, "bonding-initiator-filters")) == 1
    used = session().packets()
    alone = damage.one_connection_only(used, "command")
    assert findings(alone, "bonding-initiator-filters") == []
    assert findings(damage.drop(alone, segment=range(2, 9)), "bonding-initiator-filters") == []


def test_says_who_used_a_guid_from_another_station() -> None:
    (one,) = findings(session().packets(), "bonding-no-authentication")
    assert "Ethernet" not in one.says
