"""Data phases, beside the matrix: ids in use twice, what crosses, what a hole at the start of a capture hides."""

from __future__ import annotations

import struct

import pytest

from tests.rules.matrix import accused
from tests.rules.test_request import found, ours
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk


def test_blames_nobody_for_data_of_an_id_in_use_twice() -> None:
    """A request is sent again with its id while its data comes: nobody can tell which data is whose."""
    one = talk().open().request(0x1009, 1, transaction_id=1).start_data(100)
    one.request(0x1009, 1, transaction_id=1).data(b"x" * 100, last=True).response()
    one.start_data(100, transaction_id=1).data(b"x" * 100, transaction_id=1, last=True).response(transaction_id=1)
    one.wait(0.1).transaction(0x1014, 1, transaction_id=2).close()
    assert {rule for rule in accused(ours(one.packets())) if rule.startswith(("data-", "response-"))} == set()


@pytest.mark.parametrize("lost", [1, 2])
def test_knows_that_a_capture_lacks_the_first_data_it_should_have(lost: int) -> None:
    """It begins with a request, and the responder's first segments behind that are missing."""
    one = talk().open().get_property().get_object(1, b"x" * 2000, "empty-end").get_property().close()
    packets = one.packets()
    request = next(at for at, packet in enumerate(packets) if packet.payload[12:14] == b"\x09\x10")
    late = damage.begin_late(packets, request)
    assert accused(ours(damage.drop(late, segment=range(1, 1 + lost)))) == set()


def test_says_whose_data_has_which_id() -> None:
    one = talk().open().request(0x1009, 1, transaction_id=1).start_data(5, transaction_id=8)
    one.data(b"photo", transaction_id=8, last=True).response(transaction_id=1).close()
    (finding,) = found(one, "data-txid-consistent")
    assert finding.says == (
        "GetObject (0x1009) has TransactionID 1, the StartData that the responder sends meanwhile has 8"
    )


def test_lets_data_of_the_initiator_arrive_behind_an_error() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).start_data(9000, "to-responder").response(0x200C)
    for _ in range(3):
        one.data(b"x" * 1000, "to-responder", 1)
    assert accused(ours(one.wait(0.1).get_property().close_session().close().packets())) == set()


def test_names_what_a_responder_sends_behind_its_error() -> None:
    one = talk().open().request(0x1009, 1).start_data(9000).response(0x2002).data(b"x" * 1000, transaction_id=1)
    (finding,) = found(one.wait(0.1).get_property().close(), "data-phase-needs-request")
    assert finding.says == "the responder sends Data of GetObject (0x1009) behind its response"


def test_judges_one_transaction_in_one_session() -> None:
    """The same ids in another session are other transactions."""
    first = talk(seed=1).open().get_object(1, b"x" * 100).close_session().close()
    second = talk(seed=2, number=1, command_port=50011, event_port=50012, start_ns=Conversation.start_ns + 1_000_000)
    second.open().request(0x1009, 1).data(b"photo", last=True).response().close_session().close()
    result = ours(damage.interleave(first.packets(), second.packets()))
    assert [(finding.rule, finding.session) for finding in result.findings if finding.rule in accused(result)] == [
        ("data-start-first", 1)
    ]


@pytest.mark.parametrize(("info", "side"), [(1, 0), (2, 1), (3, 2)])
def test_blames_for_data_both_ways_by_what_was_announced(info: int, side: int) -> None:
    one = talk().open().request(0x9105, data_phase_info=info).data_phase(b"value", "to-responder").wait(0.1)
    (finding,) = found(one.data_phase(b"other").response().close_session().close(), "data-one-direction")
    assert finding.side == side


@pytest.mark.parametrize("carried", [1000, 2000])
def test_tells_a_missing_end_from_data_that_goes_on(carried: int) -> None:
    """The next request comes when all was sent, or when half of it was."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(2000, "to-responder")
    one.data(b"x" * carried, "to-responder").wait(0.1).request(0x1014, 1).wait(0.1).close()
    rule = "data-end-required" if carried == 2000 else "data-no-interleaving"
    assert {rule for rule in accused(ours(one.packets())) if rule.startswith("data-")} == {rule}


def test_does_not_blame_an_initiator_that_stops_because_of_an_early_ok() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).start_data(2000, "to-responder")
    one.data(b"x" * 1000, "to-responder").wait(0.1).response().get_property().close_session().close()
    assert accused(ours(one.packets())) == {"response-after-data"}


def test_does_not_blame_a_responder_for_end_data_that_never_comes() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).start_data(1000, "to-responder")
    one.data(b"x" * 1000, "to-responder").wait(0.1).response().get_property().close_session().close()
    assert accused(ours(one.packets())) == {"data-end-required"}


def test_waits_for_end_data_while_nothing_else_comes() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).start_data(1000, "to-responder")
    assert accused(ours(one.data(b"x" * 1000, "to-responder").wait(60).packets())) == set()


def test_joins_what_the_same_message_breaks() -> None:
    one = (
        talk().open().request(0x1009, 1).start_data(5).wait(0.1).data(b"x", "to-responder", last=True).wait(0.1).close()
    )
    (finding,) = found(one, "data-end-placement")
    assert set(finding.related) == {"data-one-direction", "data-start-first"}


def test_does_not_read_an_id_that_a_hole_took_as_zero() -> None:
    one = talk(segmentation="header").open().request(0x100D, data_phase_info=2)
    one.data_phase(b"x" * 100, "to-responder", "empty-end").response().close_session().close()
    packets = one.packets()
    for number in range(len(damage.segments(packets))):
        assert accused(ours(damage.drop(packets, segment=number))) == set(), number


def test_takes_what_looks_like_data_on_a_connection_of_unknown_place_for_nothing() -> None:
    one = talk().open().get_property().message(10, struct.pack("<I", 1), "to-initiator", "event").close()
    assert "data-data-placement" in accused(ours(one.packets()))
    without = damage.without_handshake(one.packets())
    assert accused(ours(without)) == set()


def test_counts_data_phases_by_sender() -> None:
    """Flawless ones, and one of two messages in an irregular transaction."""
    one = talk().open().get_object().send_object().request(0x1009, 1).start_data(100).data(b"x" * 10).data(b"x")
    one.response(0x2002)
    passed = ours(one.close_session().close().packets()).rulings["data-phase-needs-request"].passed
    assert passed == {(0, 0): 2, (0, 1): 2}


def test_counts_ends_and_successes_that_are_right() -> None:
    """In a transaction that is not flawless: a Cancel of another one is in its midst."""
    one = talk().open().get_property().request(0x1009, 1).start_data(10).data(b"x" * 10).wait(0.1).cancel(1)
    one.data(b"", transaction_id=2, last=True).response(transaction_id=2).close_session().close()
    rulings = ours(one.packets()).rulings
    assert rulings["data-nothing-after-end"].passed == rulings["data-end-required"].passed == {(0, 1): 2}
    assert rulings["data-total-length-overrun"].passed == rulings["data-total-length-exact"].passed == {(0, 1): 2}


def test_does_not_know_whose_data_a_capture_begins_with() -> None:
    one = talk().data(b"photo", transaction_id=41, last=True).response().get_property()
    unsure = ours(one.close().packets()).rulings["data-phase-needs-request"].unsure
    assert unsure == {(0, 1): 1}


def test_says_what_came_instead_of_end_data() -> None:
    begun = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    begun.data_phase(b"x" * 100, "to-responder", "empty-end", end=False).response().wait(0.1)
    (finding,) = found(begun.get_property().close(), "data-end-required")
    assert finding.says == (
        "all data of SetDevicePropValue (0x1016) is sent, and the next request comes without End Data"
    )
    assert len(finding.rows) == 1
    last = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    last.data_phase(b"x" * 100, "to-responder", "empty-end", end=False).response().wait(0.1)
    (other,) = found(last.close(), "data-end-required")
    assert other.says.endswith("is sent, and the connection ends without End Data")
    assert other.rows == ()
