"""Events, beside the matrix: what may be named, and by whom."""

from __future__ import annotations

import struct

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import accused, judged, packets_of
from tests.rules.stories.event import CAPTURE_COMPLETE, NONE, OBJECT_ADDED, PROPERTY_CHANGED, SHUTTER, finish
from tests.rules.stories.event import event_of_transaction_zero as of_zero
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER


def guilty(told: Conversation | list[Packet]) -> set[str]:
    packets = told.packets() if isinstance(told, Conversation) else told
    return accused(judged(packets, only=("event-*",)))


@pytest.mark.parametrize("count", range(6))
def test_allows_three_parameters_and_no_fourth(count: int) -> None:
    one = talk().open().event(PROPERTY_CHANGED, NONE, *range(count)).get_property()
    assert guilty(finish(one)) == ({"event-param-count"} if count > 3 else set())


def test_says_how_many_parameters_there_are() -> None:
    body = struct.pack("<HI", PROPERTY_CHANGED, NONE) + bytes(6)
    one = talk().open().message(8, body, TO_INITIATOR, "event").get_property()
    (found,) = judged(finish(one).packets(), only=("event-param-count",)).findings
    assert found.says == "Event of 20 bytes: 1.5 parameters, at most 3 are allowed"


@pytest.mark.parametrize(
    ("code", "fine"),
    [(0x4000, True), (0x4FFF, True), (0xC000, True), (0x3FFF, False), (0x5000, False), (0xD000, False)],
)
def test_knows_the_ranges_of_event_codes(code: int, fine: bool) -> None:
    assert guilty(finish(talk().open().event(code).get_property())) == (set() if fine else {"event-code-range"})


def test_allows_an_event_of_a_request_that_is_on_its_way() -> None:
    """The connections are two: what left later may be written first."""
    one = talk().open().get_property().event(OBJECT_ADDED, 2, 7).get_property()
    assert guilty(finish(one)) == set()


def test_allows_events_of_all_transactions_so_far_and_of_the_session_before() -> None:
    one = talk().open().get_property().get_property().wait(SHUTTER)
    one.event(OBJECT_ADDED, 1, 7).event(OBJECT_ADDED, 2, 8).close_session()
    one.open_session(2).request(0x1015, 0x5001, transaction_id=1).data_phase(b"\0").response()
    assert guilty(finish(one.event(OBJECT_ADDED, 3, 9).get_property())) == set()


def test_does_not_know_what_a_request_may_be_that_is_missing() -> None:
    one = finish(talk().open().get_property().get_property().wait(SHUTTER).event(OBJECT_ADDED, 2, 7).get_property())
    packets = one.packets()
    for segment in range(len(damage.segments(packets))):
        assert guilty(damage.drop(packets, segment=segment)) == set(), segment


def test_does_not_know_whether_the_last_request_is_missing() -> None:
    """The request of the event was lost, and nothing after it shows that anything is missing."""
    one = talk().open().get_property().wait(SHUTTER).request(0x1015, 0x5001).event(OBJECT_ADDED, 2, 7)
    packets = one.packets()
    request, event = damage.segments(packets)[-2:]
    assert guilty([*packets[:request], packets[event]]) == set()


def test_does_not_know_the_id_of_a_request_that_was_cut_off() -> None:
    """A snap length cuts the end of a long segment: the request in it has no id, the event on its own has."""
    one = talk(segmentation="coalesced").open().send_object(bytes(200))
    one.request(0x1015, 0x5001).request(0x1015, 0x5002).wait(SHUTTER).event(OBJECT_ADDED, 4, 7).wait(SHUTTER)
    packets = finish(one.data_phase(b"\0").response()).packets()
    assert guilty(packets) == set()
    at = damage.segments(packets, "command")[-4]
    assert packets[at].payload.endswith(bytes.fromhex("02500000"))
    assert guilty(damage.cut(packets, at, len(packets[at].frame) - 10)) == set()


def test_calls_id_zero_a_suspected_deviation_and_a_violation_all_the_same() -> None:
    for strict in (False, True):
        (found,) = judged(of_zero().packets(), only=("event-txid-known-or-none",), strict=strict).findings
        assert found.verdict is Verdict.VIOLATION
        assert found.deviation == (None if strict else "dev-event-txid-zero")
    other = finish(talk().open().get_property().wait(SHUTTER).event(OBJECT_ADDED, 9, 7).wait(SHUTTER).get_property())
    (found,) = judged(other.packets(), only=("event-txid-known-or-none",)).findings
    assert (found.verdict, found.deviation) == (Verdict.VIOLATION, None)


def test_does_not_know_which_request_of_id_zero_an_event_may_name() -> None:
    """OpenSession has id 0 and may change a property: where it may be missing, the event may be of it."""
    one = finish(talk().open().wait(SHUTTER).event(PROPERTY_CHANGED, 0, 0x5007).wait(SHUTTER).get_property())
    packets = one.packets()
    assert guilty(packets) == set()
    for count in range(len(packets)):
        assert guilty(damage.begin_late(packets, count)) == set(), count
    again = talk().open().get_property().close_session().open_session(2).wait(SHUTTER)
    packets = finish(again.event(PROPERTY_CHANGED, 0, 0x5007).wait(SHUTTER).get_property()).packets()
    for segment in range(len(damage.segments(packets))):
        assert guilty(damage.drop(packets, segment=segment)) == set(), segment


def test_knows_that_an_event_names_zero_before_anything_was_asked() -> None:
    one = finish(talk().init().event(PROPERTY_CHANGED, 0, 0x5007).wait(SHUTTER).open_session().get_property())
    assert guilty(one) == {"event-txid-known-or-none"}
    requests = damage.segments(one.packets(), "command", TO_RESPONDER)
    assert guilty(damage.drop(one.packets(), requests[1])) == set()  # OpenSession


@pytest.mark.parametrize(
    "told",
    [
        talk().open().transaction(0x100E, 0, 0).transaction(0x101C, 0, 0),  # two may be meant
        talk().open().transaction(0x100E, 0, 0).transaction(0x9207, 1),  # a maker's operation may capture
        talk().open().transaction(0x100E, 0, 0, response=0x2019),  # refused
        talk().open().transaction(0x9207, 1),  # it may have been of any kind
        talk().open().get_property(),  # somebody pressed a button
        talk().open().transaction(0x100E, 0, 0).wait(SHUTTER).event(CAPTURE_COMPLETE, 1),  # it is complete
    ],
)
def test_does_not_know_which_capture_is_meant(told: Conversation) -> None:
    assert guilty(finish(told.wait(SHUTTER).event(CAPTURE_COMPLETE).get_property())) == set()


def test_asks_each_capture_for_its_own_event() -> None:
    one = talk().open().transaction(0x100E, 0, 0).wait(SHUTTER).event(CAPTURE_COMPLETE, 1)
    one.wait(SHUTTER).transaction(0x100E, 0, 0).wait(SHUTTER).event(CAPTURE_COMPLETE).get_property()
    (found,) = judged(finish(one).packets(), only=("event-txid-specific",)).findings
    assert found.says == "CaptureComplete names no transaction; transaction 2 began the capture"


def test_names_sessions_without_events_only_where_they_were_seen_whole() -> None:
    silent = finish(talk().open().get_property())
    (found,) = judged(silent.packets(), only=("event-none-seen",)).findings
    assert found.says == "no Event message in 3 transactions"
    assert judged(damage.without_handshake(silent.packets()), only=("event-none-seen",)).findings == []
    assert judged(talk().init().close().packets(), only=("event-none-seen",)).findings == []


def test_does_not_take_a_late_beginning_for_an_early_event() -> None:
    packets = finish(talk().open().event(PROPERTY_CHANGED).get_property()).packets()
    for count in range(1, len(packets)):
        assert guilty(damage.begin_late(packets, count)) == set()


def two_sessions(identity: int, *, later: bool = False) -> list[Conversation]:
    """Two sessions with one camera; events of the second name a transaction, which the first may ask for only later."""
    first = talk(seed=1).open().get_property().get_property()
    second = talk(seed=2, number=1, initiator="192.168.1.21", connection_number=2).open()
    first.wait(4 if later else 0).transaction(0x100E, 0, 0).wait(1)
    second.wait(2).event(CAPTURE_COMPLETE, identity).event(OBJECT_ADDED, identity, 7).wait(SHUTTER)
    return [finish(first), finish(second)]


@pytest.mark.parametrize(("identity", "later", "count"), [(3, False, 1), (3, True, 0), (9, False, 0)])
def test_calls_an_event_that_of_another_session_once_and_only_if_that_had_asked_for_it(
    identity: int, later: bool, count: int
) -> None:
    found = judged(packets_of(two_sessions(identity, later=later)))
    assert "event-txid-known-or-none" in accused(found)
    assert len([one for one in found.findings if one.rule == "event-session-scope"]) == count


def test_does_not_call_an_event_that_of_another_session_where_its_own_request_may_be_missing() -> None:
    first, second = (one.packets() for one in two_sessions(3))
    for lost in damage.segments(second, "command", TO_RESPONDER):
        packets = damage.interleave(first, damage.drop(second, lost))
        assert judged(packets, only=("event-session-scope",)).findings == []


def test_does_not_trust_a_boundary_behind_a_hole() -> None:
    one = talk().open().get_property().event(PROPERTY_CHANGED).wait(SHUTTER).event(OBJECT_ADDED, 9, 7).wait(SHUTTER)
    packets = finish(one.get_property()).packets()
    assert guilty(packets) == {"event-txid-known-or-none"}
    lost = damage.segments(packets, "event", TO_INITIATOR)[1]
    assert guilty(damage.drop(packets, lost)) == set()


def test_does_not_know_which_capture_ended_where_an_event_is_missing() -> None:
    """The capture ended by an event that is lost; then somebody pressed the button."""
    one = talk().open().transaction(0x100E, 0, 0).wait(SHUTTER).event(CAPTURE_COMPLETE, 1).wait(SHUTTER)
    packets = finish(one.event(CAPTURE_COMPLETE).get_property()).packets()
    assert guilty(packets) == set()
    assert guilty(damage.drop(packets, damage.segments(packets, "event", TO_INITIATOR)[1])) == set()


def test_does_not_know_which_capture_ended_where_the_last_request_is_missing() -> None:
    """It may have begun another one; nothing after it shows that anything is missing."""
    one = talk().open().transaction(0x100E, 0, 0).wait(SHUTTER).request(0x101C, 0, 0).wait(SHUTTER)
    packets = one.event(CAPTURE_COMPLETE).packets()
    request, event = damage.segments(packets)[-2:]
    assert guilty([*packets[:request], packets[event]]) == set()


def test_tells_of_equal_ids_in_two_sessions_nothing() -> None:
    first = talk(seed=1).open().get_property().get_property().transaction(0x100E, 0, 0).wait(1)
    second = talk(seed=2, number=1, initiator="192.168.1.21", connection_number=2)
    second.open().get_property().get_property().get_property().wait(1).event(CAPTURE_COMPLETE, 3)
    packets = damage.interleave(finish(first).packets(), finish(second).packets())
    assert judged(packets, only=("event-session-scope",)).findings == []


def test_does_not_know_which_capture_ended_where_a_request_is_missing() -> None:
    """The request that is lost may have begun the capture that ended."""
    one = finish(talk().open().transaction(0x100E, 0, 0).get_property().wait(SHUTTER).event(CAPTURE_COMPLETE, NONE))
    packets = one.packets()
    whole = guilty(packets)
    assert whole
    lost = damage.segments(packets, "command", "to-responder")[3]
    assert guilty(damage.drop(packets, lost)) < whole
