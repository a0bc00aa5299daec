"""Cases of cancelling: crossing packets leave candidates, and ACK numbers decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ptpip_analyze.rules.cancel_cases import Cancelling, cancels
from tests.rules import silence
from tests.rules.matrix import accused, judged
from tests.rules.seen import evidence
from tests.rules.stories.cancel import (
    APART,
    CANCELLED,
    READ,
    command_first,
    downloading,
    event_first,
    finish,
    uploading,
)
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

CANCEL, CANCEL_BYTES = 11, 12


def cancelling(packets: Sequence[Packet] | Conversation) -> list[Cancelling]:
    return cancels(evidence(packets.packets() if isinstance(packets, Conversation) else packets)).all


def cases(packets: Sequence[Packet] | Conversation) -> list[tuple[str, ...]]:
    return [one.candidates for one in cancelling(packets)]


def crossing(one: Conversation, segment: int) -> list[Packet]:
    """The packets, but a segment of the responder left before the last Cancel came: its ACK does not cover that."""
    packets = one.packets()
    index = damage.segments(packets, "command", TO_INITIATOR)[segment]
    packets[index] = replace(packets[index], acknowledgment=packets[index].acknowledgment - CANCEL_BYTES)
    return packets


def formatting() -> Conversation:
    return talk().open().request(0x100F, 1)


@pytest.mark.parametrize(
    ("begin", "first", "case"),
    [
        (uploading, command_first, "2.1"),
        (uploading, event_first, "2.2"),
        (downloading, command_first, "3.1"),
        (downloading, event_first, "3.2"),
        (lambda one: one.request(0x100F, 1), command_first, "4.1"),
        (lambda one: one.request(0x100F, 1), event_first, "4.2"),
        (lambda one: one.request(0x1009, 1).data_phase(bytes(5000)), command_first, "4.1"),
        (lambda one: one.request(0x1009, 1).data_phase(bytes(5000)), event_first, "4.2"),
        (lambda one: one.request(0x100D, data_phase_info=2).data_phase(b"123", TO_RESPONDER), command_first, "4.1"),
        (lambda one: one.request(0x100D, data_phase_info=2).data_phase(b"123", TO_RESPONDER), event_first, "4.2"),
        (lambda one: one.request(0x100D, data_phase_info=2), command_first, "2.1"),
    ],
)
def test_names_the_case_by_the_phase_and_the_first_connection(begin, first, case) -> None:  # type: ignore[no-untyped-def]
    assert cases(finish(first(begin(talk().open())).response(CANCELLED))) == [(case,)]


def test_leaves_two_candidates_where_the_phase_is_not_declared() -> None:
    one = command_first(talk().open().request(0x9999, data_phase_info=3)).response(CANCELLED)
    assert cases(finish(one)) == [("2.1", "4.1")]


def test_names_case_5_where_the_response_does_not_acknowledge_the_cancel() -> None:
    """Seen beside the initiator, the response comes after the Cancel; but it had left before that arrived."""
    one = finish(formatting().wait(0.1).cancel(on=("command",)).response().wait(0.1).cancel(1, on=("event",)))
    assert cases(crossing(one, 2)) == [("5.1",)]
    assert accused(judged(crossing(one, 2))) == set()


def test_is_unsure_where_the_response_acknowledges_the_cancel_but_may_have_been_written_before() -> None:
    for pause in (0.0, 0.05, 0.5, 2.5):
        one = finish(command_first(formatting()).wait(pause).response())
        assert cases(one) == [("4.1", "5.1")], pause
        assert accused(judged(one.packets())) == set(), pause


def test_is_unsure_where_only_the_event_cancel_may_have_been_heard() -> None:
    one = finish(event_first(formatting()).response())
    assert cases(crossing(one, 2)) == [("4.2", "5.2")]


def test_names_case_5_from_either_tap() -> None:
    one = command_first(talk().open().transaction(0x100F, 1).wait(0.1), 1)
    for tap in (TO_INITIATOR, TO_RESPONDER):
        assert cases(silence.seen_from(finish(one).packets(), tap)) == [("5.1",)]


def test_never_takes_a_download_that_was_complete_for_one_that_ran() -> None:
    """End Data left without the Cancel, and the response with it."""
    one = downloading(talk().open()).data(bytes(1000), last=True).wait(0.1).cancel(on=("command",)).response(CANCELLED)
    assert cases(finish(one.wait(0.1).cancel(1, on=("event",)))) == [("4.1",)]


def test_is_unsure_while_the_end_of_a_download_is_on_its_way() -> None:
    """End Data began before the Cancel came, but the initiator did not have all of it when it cancelled."""
    packets = finish(
        command_first(talk().open().request(0x1009, 1).data_phase(bytes(5000))).response(CANCELLED)
    ).packets()
    assert cases(packets) == [("4.1",)]
    at = damage.segments(packets, "command", TO_RESPONDER)[3]
    assert packets[at].payload[4] == CANCEL
    packets[at] = replace(packets[at], acknowledgment=packets[at].acknowledgment - 1)
    assert cases(packets) == [("3.1", "4.1")]


def test_takes_the_phase_in_which_the_first_of_both_came() -> None:
    """The upload ends between the two Cancels."""
    one = uploading(talk().open()).wait(APART).cancel(on=("event",)).wait(APART)
    one.data(bytes(8000), TO_RESPONDER, last=True).wait(APART).cancel(on=("command",)).response(CANCELLED)
    assert cases(finish(one)) == [("2.2",)]


def test_is_unsure_of_the_order_within_the_tolerance() -> None:
    assert cases(finish(formatting().wait(0.1).cancel().response(CANCELLED))) == [("4.1", "4.2")]
    assert cases(finish(formatting().wait(0.1).cancel(on=("event", "command")).response(CANCELLED))) == [("4.1", "4.2")]


def test_is_unsure_of_the_order_where_two_taps_may_differ_by_more() -> None:
    """40 ms between the Cancels are too few; nor does a clock count that contradicts the order of packets."""
    one = formatting().wait(0.1).cancel(on=("command",)).wait(0.04).cancel(on=("event",)).response(CANCELLED)
    assert cases(finish(one)) == [("4.1", "4.2")]
    packets = finish(command_first(formatting()).response(CANCELLED)).packets()
    assert cases(packets) == [("4.1",)]
    (place,) = (at for at in damage.segments(packets, "event", TO_RESPONDER) if packets[at].payload[4] == CANCEL)
    assert cases(damage.clock_set(packets, place, -200_000_000)) != [("4.2",)]


def test_names_case_1_2_only_where_the_event_cancel_was_acknowledged_before_the_request() -> None:
    one = talk().open().cancel(1, on=("event",)).wait(0.1).request(0x100F, 1)
    one.wait(0.1).cancel(1, on=("command",)).response(CANCELLED)
    (found,) = cancelling(finish(one))
    assert found.ignored
    assert found.candidates == ("4.1",)
    unacknowledged = talk().open().cancel(1, on=("event",)).wait(0.02).request(0x100F, 1)
    unacknowledged.wait(0.1).cancel(1, on=("command",)).response(CANCELLED)
    (found,) = cancelling(finish(unacknowledged))
    assert not found.ignored
    assert "1.2" in found.candidates


def test_takes_a_cancel_for_asynchronous_only_if_the_answer_came_before_it() -> None:
    capturing = talk().open().transaction(0x100E, 0, 0).wait(0.1)
    assert cases(finish(command_first(capturing, 1).event(0x400D, 1))) == [("async",)]
    running = talk().open().request(0x100E, 0, 0)
    assert cases(finish(command_first(running).response(CANCELLED))) == [("4.1",)]


def test_does_not_take_a_completed_capture_for_one_that_goes_on() -> None:
    one = talk().open().transaction(0x100E, 0, 0).wait(0.1).event(0x400D, 1).wait(0.1)
    assert cases(finish(command_first(one, 1))) == [("5.1",)]


def test_is_unsure_whether_a_capture_had_completed_where_that_came_beside_the_cancel() -> None:
    one = talk().open().transaction(0x100E, 0, 0).wait(0.1).event(0x400D, 1).wait(0.03).cancel(1, on=("command",))
    assert cases(finish(one.wait(APART).cancel(1, on=("event",)))) == [("5.1", "async")]


def test_knows_the_end_of_a_capture_that_another_tap_stamped_before_its_request() -> None:
    one = talk().open().transaction(0x100E, 0, 0).event(0x400D, 1).wait(0.2)
    packets = finish(command_first(one, 1)).packets()
    assert cases(damage.skewed(packets, 20_000_000, connection="command")) == [("5.1", "5.2")]


def test_is_unsure_whether_a_capture_had_completed_where_its_end_may_be_lost() -> None:
    one = finish(command_first(talk().open().transaction(0x100E, 0, 0).wait(0.1).event(0x400D, 1).wait(0.1), 1))
    packets = one.event(0x4002).packets()
    (place,) = (at for at in damage.segments(packets, "event", TO_INITIATOR) if b"\x0d\x40" in packets[at].payload)
    assert cases(damage.drop(packets, place)) == [("5.1", "async")]


def test_does_not_know_whether_an_operation_of_a_maker_goes_on() -> None:
    one = talk().open().transaction(0x9207, 1).wait(0.1)
    assert cases(finish(command_first(one, 1))) == [("5.1", "async")]


def test_pairs_the_cancels_of_one_id_and_not_those_of_two() -> None:
    one = downloading(talk().open().get_property().wait(0.1)).cancel(on=("command",)).cancel(1, on=("event",))
    found = cancelling(finish(one.response(CANCELLED, transaction_id=2).wait(5)))
    assert [(each.identity, each.alone) for each in found] == [(2, True), (1, True)]


def test_pairs_no_cancels_that_are_too_far_apart() -> None:
    one = formatting().cancel(on=("command",)).wait(5.5).cancel(1, on=("event",)).wait(7).response(CANCELLED)
    assert [each.alone for each in cancelling(finish(one))] == [True, True]


def test_gives_each_use_of_an_id_its_own_cancel() -> None:
    one = talk().open()
    for _ in range(2):
        one.request(0x100F, 1, transaction_id=7).wait(0.1).cancel().response(CANCELLED).wait(3)
    first, second = cancelling(finish(one))
    assert first.transaction != second.transaction
    assert first.response != second.response


def test_does_not_classify_behind_a_hole() -> None:
    one = finish(command_first(downloading(talk().open())).data(bytes(500)).response(CANCELLED))
    packets = one.packets()
    for segment in range(len(damage.segments(packets))):
        for found in cancelling(damage.drop(packets, segment=segment)):
            assert found.candidates in ((), ("3.1",)), segment
            assert found.candidates or found.why, segment


def test_does_not_classify_without_the_event_connection() -> None:
    one = finish(command_first(formatting()).response(CANCELLED))
    (found,) = cancelling(damage.one_connection_only(one.packets(), "command"))
    assert found.candidates == ()
    assert "event connection" in found.why


def test_does_not_know_whether_a_request_that_was_cut_off_goes_on() -> None:
    one = talk().open().transaction(0x101C, 0, 0).wait(0.1).cancel(1, on=("command",)).event(0x400D, 1).wait(5)
    (found,) = cancelling(damage.snap(finish(one).packets(), 79))
    assert found.asynchronous is None


@pytest.mark.parametrize(("first", "case"), [("command", "4.1"), ("event", "4.2")])
def test_names_the_case_by_the_order_in_which_one_tap_saw_the_two(first: str, case: str) -> None:
    second = "event" if first == "command" else "command"
    one = formatting().wait(APART).cancel(on=(first,)).cancel(on=(second,)).wait(APART).response(CANCELLED)
    (told,) = cancelling(finish(one))
    assert told.candidates == ("4.1", "4.2")
    assert told.by_order == (case,)
    skewed = damage.skewed(one.packets(), 10_000_000, connection="event")
    (unsure,) = cancelling(skewed)
    assert unsure.by_order == unsure.candidates


def test_believes_by_the_order_of_packets_that_a_request_came_before_its_cancels() -> None:
    """By the clock of another tap the event Cancel may have been there before the request: 1.2."""
    one = formatting().cancel(on=("event",)).cancel(on=("command",)).wait(READ).response(CANCELLED)
    (told,) = cancelling(finish(one))
    assert "1.2" in told.candidates
    assert told.by_order == ("4.2",)
    early = talk().open().cancel(1, on=("event",)).request(0x100F, 1).cancel(on=("command",)).wait(READ)
    (unsure,) = cancelling(finish(early.response(CANCELLED)))
    assert "1.2" in unsure.candidates
    assert unsure.by_order == unsure.candidates


def test_accuses_nobody_by_the_order_of_two_that_were_sent_at_once() -> None:
    """Answered OK: a fault, whichever came first, and not the fault of one of the two cases."""
    one = formatting().wait(APART).cancel(on=("command",)).cancel(on=("event",)).wait(READ).response()
    found = judged(finish(one).packets())
    assert accused(found) == {"cancel-responder-answers-cancelled"}
    (note,) = (one.says for one in found.findings if one.rule == "cancel-i-case4-1")
    assert note.endswith("(case 4.1), if the capture has its packets in order")
