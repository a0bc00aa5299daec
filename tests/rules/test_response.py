"""Responses, beside the matrix: crossing packets, holes on either side, ids that stand still, and known makers."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules import silence
from tests.rules.matrix import accused, judged
from tests.rules.seen import evidence
from tests.rules.test_request import found, ours
from tests.traffic import TO_RESPONDER, Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import FIN


def answer(code: int, transaction_id: int) -> bytes:
    """The body of an Operation Response without parameters."""
    return struct.pack("<HI", code, transaction_id)


def two_answers(first: int, second: int) -> Conversation:
    """Three requests; the response to the third has an id of its own, and so has one more behind it."""
    one = talk().open().get_property().get_property().request(0x1014, 0x5001)
    one.message(7, answer(0x2005, first), "to-initiator").wait(0.1)
    return one.message(7, answer(0x2005, second), "to-initiator").wait(0.1).close()


def test_names_both_ids() -> None:
    (finding,) = found(two_answers(77, 3), "response-txid-matches")
    assert finding.says == "GetDevicePropDesc (0x1014) has TransactionID 3, its response has 77"
    assert (finding.side, len(finding.rows)) == (1, 1)


@pytest.mark.parametrize(("identity", "known"), [(1, True), (2, True), (4, False), (0x80, False)])
def test_knows_stale_responses_by_their_ids_and_excuses_nobody(identity: int, known: bool) -> None:
    (finding,) = found(two_answers(identity, 3), "response-txid-matches")
    assert finding.verdict is Verdict.VIOLATION
    assert (finding.deviation == "dev-stale-responses") is known
    strict = ours(two_answers(identity, 3).packets(), strict=True)
    assert found(strict, "response-txid-matches")[0].verdict is Verdict.VIOLATION


def test_knows_stale_responses_while_nothing_is_open() -> None:
    one = talk().open().get_property().get_property().message(7, answer(0x2001, 1), "to-initiator").wait(0.1).close()
    (finding,) = found(one, "response-unsolicited")
    assert finding.deviation == "dev-stale-responses"
    again = talk().open().get_property().get_property().message(7, answer(0x2001, 2), "to-initiator").wait(0.1).close()
    assert found(again, "response-unsolicited")[0].verdict is Verdict.VIOLATION


def closing_with_zero(operation: int) -> Conversation:
    """The last request of a session is answered with id 0."""
    one = talk().open().get_property().request(operation).message(7, answer(0x2001, 0), "to-initiator")
    return one.wait(0.1).close()


def test_knows_leica_by_the_id_of_close_session() -> None:
    (finding,) = found(closing_with_zero(0x1003), "response-txid-matches")
    assert finding.deviation == "dev-leica-close-session-tx0"
    strict = ours(closing_with_zero(0x1003).packets(), strict=True)
    assert found(strict, "response-txid-matches")[0].verdict is Verdict.VIOLATION
    (other,) = found(closing_with_zero(0x100F), "response-txid-matches")
    assert other.deviation == "dev-stale-responses"  # 0 was the id of OpenSession


def test_says_nothing_of_a_response_when_two_requests_are_open() -> None:
    one = talk().open().request(0x1014, 1).request(0x1014, 2).message(7, answer(0x2005, 99), "to-initiator").wait(0.1)
    result = ours(one.close().packets())
    assert not found(result, "response-txid-matches")
    assert result.rulings["response-txid-matches"].unsure


def test_takes_a_request_sent_again_for_the_same() -> None:
    """A request is repeated with its id, one response comes: nobody can know which of them it answers."""
    one = talk().open().request(0x1014, 1, transaction_id=1).wait(3).request(0x1014, 1, transaction_id=1)
    one.message(7, answer(0x2005, 1), "to-initiator").transaction(0x1014, 2, transaction_id=2)
    one.transaction(0x1014, 3, transaction_id=3).transaction(0x1003, transaction_id=4).close()
    assert not found(one, "response-for-every-request")


@pytest.mark.parametrize("from_responder", [True, False])
def test_wants_the_whole_conversation_before_it_misses_a_response(from_responder: bool) -> None:
    one = talk().open().request(0x100F, 1).wait(3).get_property().get_property().close_session().close()
    direction = "to-initiator" if from_responder else "to-responder"
    assert "response-for-every-request" in accused(ours(one.packets()))
    half = damage.one_direction_only(one.packets(), direction)
    assert "response-for-every-request" not in accused(ours(half))


def test_does_not_miss_what_may_still_come() -> None:
    """The response of the request before the last may be on its way when the capture ends."""
    one = talk().open().request(0x100F, 1).wait(3).get_property()
    result = ours(one.packets())
    assert not found(result, "response-for-every-request")
    assert result.rulings["response-for-every-request"].unsure


@pytest.mark.parametrize(("seconds", "accuses"), [(4, False), (6, True)])
def test_gives_a_closing_responder_time(seconds: float, accuses: bool) -> None:
    one = talk().open().get_property().request(0x100F, 1).wait(seconds).close(by="responder")
    assert bool(found(one, "response-for-every-request")) is accuses


def test_takes_no_clock_that_was_set_for_a_wait() -> None:
    """The camera leaves after a second, of which the clock makes an hour."""
    packets = talk().open().get_property().request(0x100F, 1).wait(1).close(by="responder").packets()
    place = next(at for at, packet in enumerate(packets) if packet.flags & FIN)
    late = ours(damage.clock_set(packets, place, 3_600_000_000_000))
    assert not found(late, "response-for-every-request")
    assert late.rulings["response-for-every-request"].unsure


@pytest.mark.parametrize("kind", ["fin", "reset"])
def test_blames_nobody_when_the_initiator_leaves_or_the_network_breaks(kind: str) -> None:
    one = talk().open().get_property().request(0x100F, 1).wait(10)
    one.close(kind, by="initiator" if kind == "fin" else "responder")
    assert not found(one, "response-for-every-request")


@pytest.mark.parametrize(("seconds", "names"), [(59, False), (61, True)])
def test_names_a_long_wait_without_judging_it(seconds: float, names: bool) -> None:
    one = talk().open().get_property().request(0x100F, 1).wait(seconds).close()
    said = found(one, "response-for-every-request")
    assert bool(said) is names
    assert all(finding.verdict is Verdict.INCONCLUSIVE for finding in said)


@pytest.mark.parametrize("arriving", ["to-responder", "to-initiator"])
def test_reads_early_success_from_acknowledgments(arriving: str) -> None:
    """OK crosses the End Data: where it was captured makes no difference."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(1000, "to-responder")
    one.data(b"x" * 1000, "to-responder").wait(0.1).response().data(b"", "to-responder", 1, last=True).wait(0.1)
    packets = silence.seen_from(one.get_property().close_session().close().packets(), arriving)
    assert "response-after-data" in accused(ours(packets))


def test_trusts_a_responder_that_had_acknowledged_end_data() -> None:
    """The capture has the response in front of the End Data that it acknowledges."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(1000, "to-responder")
    one.data(b"x" * 1000, "to-responder", last=True).response().close_session().close()
    packets = one.packets()
    end = next(at for at, segment in enumerate(damage.segments(packets)) if packets[segment].payload[4:5] == b"\x0c")
    assert accused(ours(damage.delay(packets, end, 1))) == set()


def test_counts_refusals_once() -> None:
    one = talk().open()
    for handle in range(4):
        one.transaction(0x1009, handle, response=0x2009)
    (finding,) = found(one.close_session().close(), "response-error-without-data")
    assert finding.says == (
        "4 operations that would give data answered with an error instead: InvalidObjectHandle (0x2009) 4 times"
    )


def test_measures_from_the_end_of_data_that_was_sent() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).wait(4).data_phase(b"x" * 100, "to-responder").wait(2)
    (finding,) = found(one.response().close_session().close(), "response-latency")
    assert "at most 2 s (SendObject (0x100D), transaction 1)" in finding.says
    assert finding.verdict is Verdict.PASS


def test_asks_no_response_of_power_down() -> None:
    one = talk().open().request(0x1013).wait(3).get_property().get_property().close_session().close()
    assert not found(one, "response-for-every-request")


def test_blames_no_responder_that_follows_an_initiator_that_leaves() -> None:
    """The initiator closes the event connection, and the responder the other one."""
    one = talk().open().get_property().request(0x100F, 1).wait(10)
    before = len(one.whole_packets())
    packets = one.close(by="responder").packets()
    turned = [
        replace(packet, direction=_other(packet.direction), source=packet.destination, destination=packet.source,
                sequence=packet.acknowledgment, acknowledgment=packet.sequence)
        if at >= before and packet.connection == "event" else packet
        for at, packet in enumerate(packets)
    ]  # fmt: skip
    assert "response-for-every-request" in accused(ours(packets))
    assert "response-for-every-request" not in accused(ours(turned))


def _other(direction: str) -> str:
    return {"to-responder": "to-initiator", "to-initiator": "to-responder"}[direction]


def test_counts_what_it_knows_and_what_not() -> None:
    """One response twice, and one at the start of a capture, whose request may have come before."""
    twice = talk().open().get_property().message(7, answer(0x2001, 1), "to-initiator").wait(0.1).close()
    assert ours(twice.packets()).rulings["response-unsolicited"].unsure == {}
    assert ours(twice.packets()).rulings["response-unsolicited"].passed == {(0, 1): 2}
    late = talk().response(0x2001, transaction_id=41).transaction(0x1014, 1, transaction_id=42).close()
    assert ours(late.packets()).rulings["response-unsolicited"].unsure == {(0, 1): 1}


def test_counts_successes_with_data_alone() -> None:
    one = talk().open().get_object().transaction(0x1009, 2, data_in=b"photo", response=0x2002).send_object()
    assert ours(one.close_session().close().packets()).rulings["response-after-data"].passed == {(0, 1): 3}


def test_points_at_what_had_not_come() -> None:
    begun = talk().open().request(0x100D, data_phase_info=2).start_data(2000, "to-responder")
    begun.data(b"x" * 1000, "to-responder").wait(0.1).response()
    none = talk().open().request(0x1016, 0x5007, data_phase_info=2).wait(0.1).response()
    ended = talk().open().request(0x100D, data_phase_info=2).start_data(5, "to-responder").wait(0.1).response()
    ended.data(b"photo", "to-responder", 1, last=True)
    for one, kind in ((begun, 9), (none, 6), (ended, 12)):
        seen = evidence(one.wait(0.1).get_property().close().packets())
        (finding,) = found(ours(one.packets()), "response-after-data")
        assert seen.kind[list(finding.rows)].tolist() == [kind]


def test_does_not_take_end_data_behind_the_response_for_one_in_front() -> None:
    one = (
        talk().open().request(0x1009, 1).start_data(5).response().data(b"photo", transaction_id=1, last=True).wait(0.1)
    )
    (finding,) = found(one.get_property().close(), "data-end-required")
    assert finding.related == ("response-after-data",)


def test_compares_no_id_that_a_snap_length_cut() -> None:
    one = talk().open().request(0x1009, 1, transaction_id=1)
    one.start_data(5, transaction_id=8).data(b"photo", transaction_id=8, last=True).response(transaction_id=1).close()
    assert accused(ours(one.packets())) == {"data-txid-consistent"}
    assert accused(ours(damage.snap(one.packets(), 66 + 16))) == set()


def test_names_a_wait_that_goes_on() -> None:
    one = talk().open().get_property().request(0x100F, 1).wait(61).message(13)
    (finding,) = found(one, "response-for-every-request")
    assert finding.says == "FormatStore (0x100F) has no response after 60 s, which an operation may take"


@pytest.mark.parametrize("kind", [0, 15])
def test_does_not_miss_the_request_that_came_under_another_type(kind: int) -> None:
    """What is answered stands in the message before, whose type is wrong: only its sender is at fault."""
    one = talk().open().message(kind, struct.pack("<IHI", 1, 0x1004, 1)).wait(0.1)
    one.message(7, answer(0x2002, 1), "to-initiator").wait(0.1).transaction(0x1004, transaction_id=2)
    result = judged(one.transaction(0x1003, transaction_id=3).close().packets())
    assert accused(result) == {"framing-type-reserved" if kind else "framing-type-zero"}


def test_takes_an_answer_to_swapped_numbers_for_one() -> None:
    one = talk().open().message(6, struct.pack(">IHI", 1, 0x1004, 1)).wait(0.1)
    one.message(7, answer(0x2002, 1), "to-initiator").wait(0.1).transaction(0x1004, transaction_id=2)
    result = judged(one.transaction(0x1003, transaction_id=3).close().packets())
    assert accused(result) == {"framing-little-endian"}


def test_waits_no_answer_of_who_still_waits_for_data() -> None:
    """The initiator announces data, sends none, and asks on."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    for _ in range(3):
        one.get_property()
    result = ours(one.close_session().close().packets())
    assert not [each for each in result.findings if each.side == 1 and each.verdict is Verdict.VIOLATION]


def test_accuses_nobody_of_asking_too_early_where_answers_have_other_ids() -> None:
    """Each response has the id of the request before it: the initiator waited for one each time."""
    one = talk().open()
    for identity in range(1, 6):
        one.request(0x1014, 0x5001, transaction_id=identity)
        one.message(7, answer(0x2005, identity - 1), "to-initiator").wait(0.1)
    result = ours(one.close().packets())
    assert "session-one-transaction" not in accused(result)
    assert {each.side for each in result.findings if each.verdict is Verdict.VIOLATION} == {1}


def test_does_not_blame_the_responder_where_the_initiator_may_have_left_first() -> None:
    """Its FINs are not in the capture, and were acknowledged: the responder closed because it was left."""
    packets = talk().open().request(0x100F, 1).wait(10).close().packets()
    rule = "response-for-every-request"
    ends = [at for at, one in enumerate(packets) if one.direction == TO_RESPONDER and one.flags & 1]
    assert len(ends) == 2
    for lost in (ends, ends[:1], ends[1:]):
        assert rule not in accused(judged(damage.drop(packets, *lost)))
    by_camera = talk().open().request(0x100F, 1).wait(10).close(by="responder").packets()
    assert rule in accused(judged(by_camera))


def test_does_not_take_a_request_for_open_whose_response_may_be_missing() -> None:
    """What is answered twice is so; the request in front of it was answered where the capture had not begun yet."""
    one = talk().open().get_property().wait(0.1).message(7, answer(0x2001, 1), "to-initiator").wait(0.1).close()
    packets = one.packets()
    assert "response-unsolicited" in accused(judged(packets))
    of_responder = damage.segments(packets, "command", "to-initiator")
    late = [packet for place, packet in enumerate(packets) if place > 11 or place == damage.segments(packets)[4]]
    late = [packet for packet in late if packet is not packets[of_responder[1]]]
    told = judged(late)
    assert accused(told) == set()
    assert told.rulings["response-txid-matches"].unsure
