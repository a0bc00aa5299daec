"""Cancelling, beside the matrix: near misses, and what can't be known."""

from __future__ import annotations

from tests.rules import silence
from tests.rules.matrix import accused, judged
from tests.rules.stories.cancel import (
    CANCELLED,
    LONG,
    READ,
    command_first,
    data_after_the_cancel,
    downloading,
    event_first,
    finish,
    uploading,
)
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

INITIATOR, RESPONDER = 0, 1


def counts(one: Conversation, rule: str, side: int) -> tuple[int, int]:
    """How many instances of a rule were kept, and how many can't be decided."""
    ruling = judged(one.packets(), only=(rule,)).rulings[rule]
    return ruling.passed.get((0, side), 0), ruling.unsure.get((0, side), 0)


def says(one: Conversation, rule: str) -> list[str]:
    return [finding.says for finding in judged(one.packets(), only=(rule,)).findings]


def formatting() -> Conversation:
    return talk().open().request(0x100F, 1)


def test_waits_for_the_twin_before_it_calls_one_missing() -> None:
    """Two seconds for the twin, three more should it be lost twice before the capture point, and one to be sure."""
    for pause, guilty in ((6.5, {"cancel-both-connections"}), (5.5, set())):
        one = formatting().wait(0.1).cancel(on=("command",)).response(CANCELLED).wait(pause).close()
        assert accused(judged(one.packets())) & {"cancel-both-connections"} == guilty, pause


def test_does_not_miss_a_twin_that_a_reset_hides() -> None:
    """A reset of the responder's tells nothing of what the initiator sent."""
    one = formatting().wait(0.1).cancel().response(CANCELLED).wait(LONG).close("reset", by="responder")
    packets = one.packets()
    segments = damage.segments(packets, "event", TO_RESPONDER)
    gone = {segments[-1]}
    gone |= {at for at in range(segments[-1], len(packets)) if packets[at].connection == "event" and at != segments[-1]}
    reset = [packet for packet in packets if packet.connection == "event"][-1]
    left = [packet for at, packet in enumerate(packets) if at not in gone or packet is reset]
    assert "cancel-both-connections" not in accused(judged(left))


def test_does_not_ask_for_a_twin_on_a_connection_that_it_does_not_know() -> None:
    one = finish(formatting().wait(0.1).cancel(on=("command",)).response(CANCELLED).wait(LONG))
    for connection in ("command", "event"):
        part = damage.one_connection_only(one.packets(), connection)
        assert "cancel-both-connections" not in accused(judged(part))


def test_counts_what_cannot_be_decided_as_such() -> None:
    crossed = finish(command_first(formatting()).response())
    assert counts(crossed, "cancel-responder-answers-cancelled", RESPONDER) == (0, 1)
    kept = finish(command_first(formatting()).response(CANCELLED))
    assert counts(kept, "cancel-responder-answers-cancelled", RESPONDER) == (1, 0)
    assert counts(kept, "cancel-response-present", RESPONDER) == (1, 0)
    assert counts(kept, "cancel-both-connections", INITIATOR) == (1, 0)
    at_once = finish(formatting().wait(0.1).cancel().response(CANCELLED))
    assert counts(at_once, "cancel-both-connections", INITIATOR) == (1, 0)
    assert counts(kept, "cancel-dataout-initiator-stops", INITIATOR) == (0, 0)
    assert counts(kept, "cancel-datain-responder-stops", RESPONDER) == (0, 0)


def test_forgives_ok_while_a_lost_response_may_be_on_its_way_again() -> None:
    for pause in (0.0, 1.0, 3.0):
        packets = finish(formatting().wait(0.1).cancel().wait(pause).response()).packets()
        assert accused(judged(packets)) == set(), pause


def test_judges_uploads_that_were_announced_and_never_begun() -> None:
    one = finish(command_first(talk().open().request(0x100D, data_phase_info=2)).response(CANCELLED))
    assert counts(one, "cancel-dataout-initiator-stops", INITIATOR) == (1, 0)


def test_tells_how_much_data_followed_a_cancel() -> None:
    one = command_first(uploading(talk().open())).data(bytes(88), TO_RESPONDER).data(b"", TO_RESPONDER, last=True)
    assert says(finish(one.response(CANCELLED)), "cancel-dataout-initiator-stops") == [
        "2 data messages (112 bytes) of transaction 1 behind its Cancel"
    ]
    assert says(data_after_the_cancel(), "cancel-datain-responder-stops") == [
        "8024 bytes of data of transaction 1 were written after its Cancel had been read"
    ]


def test_counts_data_from_the_first_message_that_was_surely_written_late() -> None:
    one = command_first(downloading(talk().open())).data(bytes(88)).wait(READ).data(bytes(38)).data(b"", last=True)
    (said,) = says(finish(one.response(CANCELLED)), "cancel-datain-responder-stops")
    assert said.startswith("62 bytes")


def test_allows_data_that_was_under_way() -> None:
    one = finish(command_first(downloading(talk().open())).data(bytes(4000)).data(bytes(4000), last=True).response())
    assert accused(judged(one.packets())) == set()
    assert counts(one, "cancel-datain-responder-stops", RESPONDER) == (0, 1)


def test_allows_data_that_may_have_waited_in_the_send_buffer() -> None:
    """What flows on without a pause, and fits a send buffer, may have been written before the Cancel came."""
    one = command_first(downloading(talk().open(), 200_000))
    for _ in range(100):
        one.wait(0.08).data(bytes(1000))
    packets = finish(one.data(b"", last=True).response(CANCELLED)).packets()
    assert accused(judged(packets)) == set()


def test_tells_the_slowest_answer_of_a_session() -> None:
    one = command_first(talk().open().request(0x100F, 1)).wait(2).response(CANCELLED)
    command_first(one.request(0x100F, 1)).wait(5).response(CANCELLED)
    command_first(one.request(0x100F, 1)).wait(3).response(CANCELLED)
    (said,) = says(finish(one), "cancel-prompt")
    assert said == "Transaction_Cancelled for transaction 2 came 5.0 s after the Cancel was received"


def test_measures_promptness_from_the_cancel_that_is_waited_for() -> None:
    """In the cases that begin on the event connection the responder has to wait for the other Cancel."""
    one = formatting().wait(0.1).cancel(on=("event",)).wait(1.5).cancel(1, on=("command",)).wait(0.3)
    assert says(finish(one.response(CANCELLED)), "cancel-prompt") == []
    late = formatting().wait(0.1).cancel(on=("event",)).wait(1.9).response(CANCELLED)
    assert len(says(finish(late), "cancel-prompt")) == 1


def test_does_not_miss_a_response_that_the_capture_may_lack() -> None:
    one = finish(command_first(formatting()).wait(READ).response(CANCELLED))
    packets = one.packets()
    for segment in damage.segments(packets, "command", TO_INITIATOR):
        left = [packet for at, packet in enumerate(packets) if at != segment]
        assert "cancel-response-present" not in accused(judged(left))


def test_takes_a_long_silence_for_a_hint() -> None:
    """A whole capture may show the response later: what ends earlier must not accuse."""
    for pause, hints in ((59, 0), (70, 1)):
        one = command_first(formatting()).wait(pause).close()
        found = judged(one.packets())
        assert "cancel-response-present" not in accused(found)
        assert sum(each.rule == "cancel-response-present" for each in found.findings) == hints


def test_finds_the_twin_of_a_cancel_that_was_lost_twice() -> None:
    one = formatting().wait(0.1).cancel(on=("command",)).wait(3.1).cancel(1, on=("event",)).wait(0.1)
    assert "cancel-both-connections" not in accused(judged(one.response(CANCELLED).wait(20).close().packets()))


def test_allows_a_cancel_of_an_id_whose_request_may_be_missing() -> None:
    packets = finish(downloading(talk().open()).cancel(9).data(bytes(8000), last=True).response()).packets()
    assert "cancel-txid-valid" not in accused(judged(damage.begin_late(packets, 10)))


def test_is_not_misled_by_either_tap() -> None:
    for first in (command_first, event_first):
        packets = finish(first(formatting()).response(CANCELLED)).packets()
        for tap in (TO_INITIATOR, TO_RESPONDER):
            for trip in (1_000_000, 30_000_000, 400_000_000):
                assert accused(judged(silence.seen_from(packets, tap, trip))) == set()


def test_takes_a_next_request_without_a_response_for_no_answer() -> None:
    """What the last message of the capture says is not the answer to it."""
    one = command_first(formatting()).wait(READ).request(0x1015, 0x5001).close("reset")
    assert "cancel-response-present" not in accused(judged(one.packets()))


def test_needs_both_connections_to_call_an_id_of_the_event_connection_wrong() -> None:
    """Without its Init Event Request an event connection may be that of another session."""
    one = talk().open().request(0x100F, 1).cancel(77, on=("event",)).wait(20).response()
    packets = finish(one).packets()
    assert "cancel-txid-valid" in accused(judged(packets))
    greeting = damage.segments(packets, "event", TO_RESPONDER)[0]
    assert "cancel-txid-valid" not in accused(judged(damage.drop(packets, greeting)))


def test_does_not_miss_a_response_that_the_capture_lost() -> None:
    """The next request is answered, and the answer to the cancelled one stands in a hole."""
    packets = finish(command_first(formatting()).wait(READ).response(CANCELLED)).packets()
    answers = damage.segments(packets, "command", TO_INITIATOR)
    assert "cancel-response-present" not in accused(judged(packets))
    for lost in answers:
        assert "cancel-response-present" not in accused(judged(damage.drop(packets, lost)))


def test_does_not_know_when_data_was_written_behind_a_hole() -> None:
    packets = data_after_the_cancel().packets()
    rule = "cancel-datain-responder-stops"
    assert rule in accused(judged(packets))
    for lost in damage.segments(packets, "command", TO_RESPONDER)[1:]:
        ruling = judged(damage.drop(packets, lost), only=(rule,)).rulings[rule]
        assert not ruling.passed, lost
    greeting = damage.segments(packets, "event", TO_RESPONDER)[0]
    assert rule not in accused(judged(damage.drop(packets, greeting)))
