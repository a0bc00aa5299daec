"""Responders that break off, beside the matrix: crossing packets, and what explains an early response."""

from __future__ import annotations

from dataclasses import replace

from ptpip_analyze.rules import Finding, Verdict
from ptpip_analyze.rules.cancel_responder import broken_off
from tests.rules import silence
from tests.rules.matrix import accused, judged
from tests.rules.seen import evidence
from tests.rules.stories.cancel import CANCELLED, READ, command_first, downloading, finish, uploading
from tests.rules.stories.cancel_responder import ACCESS_DENIED, STORE_FULL, refused_upload
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import UNKNOWN_TOTAL
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER


def of(told: Conversation | list[Packet], rule: str) -> list[Finding]:
    packets = told.packets() if isinstance(told, Conversation) else told
    return judged(packets, only=(rule,)).findings


def crossing(one: Conversation) -> list[Packet]:
    """The last response of a session left before the End Data that stands in front of it had come."""
    packets = one.packets()
    index = damage.segments(packets, "command", TO_INITIATOR)[-1]
    packets[index] = replace(packets[index], acknowledgment=packets[index].acknowledgment - 12)
    return packets


def test_sees_by_the_ack_number_that_a_response_had_left_before_the_last_data() -> None:
    """Beside the initiator the whole upload passes before the response does."""
    one = talk().open().request(0x100D, data_phase_info=2).data_phase(bytes(3000), TO_RESPONDER, "empty-end")
    packets = crossing(one.response(STORE_FULL))
    (found,) = of(packets, "cancel-r-case1")
    assert found.verdict is Verdict.PASS
    assert of(one, "cancel-r-case1") == []


def test_counts_the_bytes_that_a_responder_had_received() -> None:
    one = talk().open().request(0x100D, data_phase_info=2).start_data(3000, TO_RESPONDER)
    packets = crossing(one.data(bytes(2990), TO_RESPONDER).data(bytes(10), TO_RESPONDER, last=True).response())
    (found,) = of(packets, "cancel-r-error-code")
    assert found.says == "transaction 1 was answered OK after 2990 of 3000 bytes of its data"


def test_forgives_ok_where_all_data_had_come_without_end_data() -> None:
    """Another rule asks for End Data."""
    for direction, info in ((TO_RESPONDER, 2), (TO_INITIATOR, 1)):
        one = talk().open().request(0x100D, data_phase_info=info).start_data(2000, direction)
        found = judged(finish(one.data(bytes(2000), direction).response()).packets(), only=("cancel-*",))
        assert accused(found) == set()


def test_does_not_know_how_much_was_to_come_of_an_unknown_total() -> None:
    for direction, info in ((TO_RESPONDER, 2), (TO_INITIATOR, 1)):
        one = talk().open().request(0x100D, data_phase_info=info).start_data(UNKNOWN_TOTAL, direction)
        found = judged(finish(one.data(bytes(2000), direction).response()).packets(), only=("cancel-*",))
        assert accused(found) == set()


def test_names_a_refusal_before_any_data() -> None:
    one = finish(talk().open().request(0x100D, data_phase_info=2).response(STORE_FULL))
    (found,) = of(one, "cancel-r-case1")
    assert found.says == "transaction 1: the responder ended data-out early with StoreFull (0x200C) (responder case 1)"


def test_takes_what_the_initiator_cancelled_for_no_cancel_of_the_responder() -> None:
    for begin in (uploading, downloading):
        one = finish(command_first(begin(talk().open())).response(CANCELLED))
        found = judged(one.packets(), only=("cancel-r-*", "cancel-cancelled-without-cancel"))
        assert [finding.rule for finding in found.findings] == []


def test_does_not_blame_the_responder_while_a_cancel_may_be_missing() -> None:
    packets = finish(downloading(talk().open()).response(ACCESS_DENIED)).packets()
    part = damage.one_connection_only(packets, "command")
    for rule in ("cancel-r-case2", "cancel-cancelled-without-cancel"):
        assert of(part, rule) == []
    ruling = judged(part, only=("cancel-r-case2",)).rulings["cancel-r-case2"]
    assert list(ruling.why) == ["the event connection is not known for certain"]


def test_allows_the_initiator_what_it_had_queued() -> None:
    one = refused_upload()
    for _ in range(4):
        one.data(bytes(1000), TO_RESPONDER, 1)
    for tap in (TO_INITIATOR, TO_RESPONDER):
        packets = silence.seen_from(finish(one).packets(), tap)
        assert accused(judged(packets, only=("cancel-*",))) == set()


def test_tells_the_bytes_that_were_written_after_the_response() -> None:
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(READ).data(bytes(38), TO_RESPONDER, 1)
    (found,) = of(finish(one.data(bytes(38), TO_RESPONDER, 1)), "cancel-r-case1")
    assert (
        found.says == "100 bytes of data of transaction 1 were written after its response StoreFull (0x200C) was read"
    )


def test_takes_a_reset_of_both_connections_for_the_end_of_the_session() -> None:
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(0.1).close("reset", by="responder")
    assert of(one.wait(10), "cancel-r-discard-leftovers") == []


def test_takes_a_later_reset_for_one_of_another_reason() -> None:
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(8)
    one.close("reset", by="responder", connections=("command",)).wait(9).close(connections=("event",))
    assert of(one, "cancel-r-discard-leftovers") == []


def test_takes_a_reset_upon_another_request_for_one_of_another_reason() -> None:
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).request(0x100F, 1).wait(0.1)
    one.close("reset", by="responder", connections=("command",)).wait(9).close(connections=("event",))
    assert of(one, "cancel-r-discard-leftovers") == []


def test_lists_errors_by_how_often_they_came() -> None:
    one = talk().open()
    for code in (0x2005, 0x2009, 0x2009):
        one.transaction(0x1014, 1, response=code)
    (found,) = of(finish(one), "cancel-r-case3")
    assert found.says == (
        "3 error responses after complete data or without any: "
        "2 InvalidObjectHandle (0x2009), 1 OperationNotSupported (0x2005)"
    )


def test_finds_nothing_broken_off_in_a_usual_session() -> None:
    one = talk().open().get_object(1, bytes(3000), "tail").send_object(bytes(3000), "empty-end").get_property()
    assert broken_off(evidence(finish(one).packets())).all == []


def test_takes_end_data_behind_the_response_for_more_of_it() -> None:
    one = downloading(talk().open()).response(ACCESS_DENIED).data(b"", transaction_id=1, last=True)
    (found,) = of(finish(one), "cancel-r-case2")
    assert found.says.endswith("and went on sending it")


def test_cites_the_response_that_gives_no_reason() -> None:
    packets = finish(downloading(talk().open()).response().data(bytes(10), transaction_id=1)).packets()
    (found,) = of(packets, "cancel-r-case2")
    seen = evidence(packets)
    assert found.row is not None
    assert int(seen.code[found.row]) == 0x2001
    assert found.says.endswith("which is no reason")


def test_takes_a_reset_for_one_over_leftovers_while_the_event_connection_stays() -> None:
    """Whether that is closed much later, or not at all."""
    for closes in (True, False):
        one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(0.1)
        one.close("reset", by="responder", connections=("command",)).wait(9).event(0x4006)
        if closes:
            one.close(connections=("event",))
        assert len(of(one, "cancel-r-discard-leftovers")) == 1, closes


def test_does_not_know_what_became_of_leftovers_where_the_capture_ends_at_once() -> None:
    rule = "cancel-r-discard-leftovers"
    for seconds, known in ((0.1, False), (5.5, True)):
        one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(seconds).get_property()
        ruling = judged(one.packets(), only=(rule,)).rulings[rule]
        assert (bool(ruling.passed), bool(ruling.unsure)) == (known, not known)
