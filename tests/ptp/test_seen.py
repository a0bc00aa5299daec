"""Which codes outside the standards a session used."""

from __future__ import annotations

import io

from ptpip_analyze import analyze
from ptpip_analyze.facts.named import OPERATION_NOT_SUPPORTED
from ptpip_analyze.ptp.seen import seen_codes
from tests.traffic import Packet, conversation, damage, pcap_bytes


def seen(packets: list[Packet]) -> tuple[list[set[int]], list[set[int]], list[set[int]]]:
    with analyze(io.BytesIO(pcap_bytes(packets))) as told:
        (result,) = told.results
        found = seen_codes(result.messages, result.transactions, result.places[0], len(result.pairs))
        for codes in found:
            for session in codes:
                assert all(result.messages["type"][row] in (6, 8) for row in session.values())
        operations, events, properties, _ = ([set(session) for session in codes] for codes in found)
        return operations, events, properties


def test_finds_operations_events_and_properties_outside_the_standards() -> None:
    one = conversation().open().transaction(0x90C7).transaction(0x90C7).transaction(0x90C8)
    one.get_property(0xD10B).get_property(0x5001).event(0xC101).event(0x4002).close_session()
    assert seen(one.packets()) == ([{0x90C7, 0x90C8}], [{0xC101}], [{0xD10B}])


def test_sets_apart_what_the_camera_does_not_support() -> None:
    one = conversation().open().request(0x9114, 1).response(OPERATION_NOT_SUPPORTED).transaction(0x9115, 1)
    with analyze(io.BytesIO(pcap_bytes(one.packets()))) as told:
        (result,) = told.results
        found = seen_codes(result.messages, result.transactions, result.places[0], 1)
    assert [set(codes) for codes in (*found.operations, *found.refused)] == [{0x9115}, {0x9114}]


def test_keeps_what_was_asked_and_never_answered() -> None:
    assert seen(conversation().open().request(0x9114, 1).packets())[0] == [{0x9114}]


def test_keeps_sessions_apart() -> None:
    first = conversation(seed=1).open().transaction(0x90C7).close().packets()
    second = conversation(seed=2, initiator="192.168.1.77").open().transaction(0x9116).close().packets()
    assert seen(damage.in_turn(first, second))[0] == [{0x90C7}, {0x9116}]


def test_gives_the_first_message_of_a_code() -> None:
    one = conversation().open().transaction(0x1004).transaction(0x90C7).transaction(0x90C7)
    with analyze(io.BytesIO(pcap_bytes(one.packets()))) as told:
        (result,) = told.results
        found = seen_codes(result.messages, result.transactions, result.places[0], 1)
        rows = [row for row in range(result.message_count) if result.messages["code"][row] == 0x90C7]
        assert found.operations == [{0x90C7: min(rows)}]
