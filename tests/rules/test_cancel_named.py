"""The cases by name, beside the matrix: which are told, and who is spared."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import Finding, Verdict
from tests.rules.matrix import Told, accused, judged, packets_of
from tests.rules.stories.cancel import APART, CANCELLED, READ, command_first, downloading, event_first, finish
from tests.rules.stories.cancel_named import (
    capturing,
    each_case_kept,
    late_cancel_answered,
    late_cancel_hits_the_next,
)
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk


def named(one: Told) -> list[tuple[str, Verdict]]:
    """The cases that are told, in order, and as what."""
    found = judged(packets_of(one), only=("cancel-i-*",)).findings
    return [(finding.rule.removeprefix("cancel-i-"), finding.verdict) for finding in found]


def of(one: Told, rule: str) -> list[Finding]:
    return judged(packets_of(one), only=(rule,)).findings


def formatting() -> Conversation:
    return talk().open().request(0x100F, 1)


def test_names_each_case_as_certain_that_is_the_only_candidate() -> None:
    assert sorted(case for case, _ in named(each_case_kept())) == [
        "case1-2", "case2-1", "case2-2", "case3-1", "case3-2", "case4-1", "case4-1", "case4-2",
    ]  # fmt: skip
    assert {verdict for _, verdict in named(each_case_kept())} == {Verdict.PASS}


def test_names_all_candidates_as_possible_where_there_are_two() -> None:
    """Two taps: by their clocks the event connection was established out of turn."""
    one = finish(formatting().wait(0.1).cancel().response(CANCELLED))
    assert named(one) == [("case4-1", Verdict.PASS)]
    skewed = damage.skewed(one.packets(), 10_000_000, connection="event")
    assert named(skewed) == [("case4-1", Verdict.INCONCLUSIVE), ("case4-2", Verdict.INCONCLUSIVE)]
    (said,) = of(skewed, "cancel-phase-unsure")
    assert said.says == "transaction 1: cancel case 4.1 or 4.2; the capture can't tell"


def test_accuses_nobody_in_a_case_that_is_one_of_two() -> None:
    """Answered OK, and 1.2 is possible: then that Cancel was to be ignored."""
    one = finish(talk().open().cancel(1, on=("event",)).request(0x100F, 1).wait(READ).response().wait(READ))
    assert "cancel-responder-answers-cancelled" not in accused(judged(one.packets()))
    assert ("case1-2", Verdict.INCONCLUSIVE) in named(one)


def test_names_the_early_cancel_beside_the_case_of_its_twin() -> None:
    one = talk().open().cancel(1, on=("event",)).wait(0.1).request(0x100F, 1)
    one.wait(0.1).cancel(1, on=("command",)).wait(READ).response()
    assert named(finish(one)) == [("case1-2", Verdict.PASS), ("case4-1", Verdict.VIOLATION)]


@pytest.mark.parametrize(
    ("operation", "by", "pause"),
    [(0x1003, "responder", 0.1), (0x1013, "responder", 0.1), (0x100F, "initiator", 0.1), (0x100F, "responder", 6),
     (0x9207, "responder", 0.1)],
)  # fmt: skip
def test_forgives_hanging_up_for_other_reasons(operation: int, by: str, pause: float) -> None:
    """CloseSession and PowerDown end a connection; so may the initiator, and time."""
    one = talk().open().get_property().cancel(2, on=("event",)).wait(0.1).request(operation).wait(pause).close(by=by)
    assert of(one, "cancel-i-case1-2") == [] or not accused(judged(one.packets(), only=("cancel-i-case1-2",)))


def test_forgives_hanging_up_where_the_cancel_had_not_been_received() -> None:
    one = talk().open().get_property().wait(0.1).cancel(2, on=("event",)).wait(0.02).request(0x100F, 1).wait(0.1)
    assert "cancel-i-case1-2" not in accused(judged(one.close(by="responder").packets()))


def test_forgives_an_answer_that_had_waited() -> None:
    """In the cases of the event connection the answer comes when both Cancels are there."""
    one = finish(event_first(formatting()).wait(0.5).response(CANCELLED))
    assert named(one) == [("case4-2", Verdict.PASS)]


def test_forgives_a_response_that_may_have_crossed_the_event_cancel() -> None:
    """Transaction_Cancelled right upon the event Cancel may be the responder's own cancel."""
    one = formatting().wait(APART).cancel(on=("event",)).response(CANCELLED).cancel(1, on=("command",)).wait(0.1)
    assert "cancel-i-case4-2" not in accused(judged(finish(one).packets()))


def test_blames_the_second_response_on_nobody_behind_a_hole() -> None:
    one = command_first(talk().open().transaction(0x100F, 1), 1)
    packets = finish(one.response(CANCELLED, transaction_id=1)).packets()
    for segment in range(len(damage.segments(packets))):
        found = accused(judged(damage.drop(packets, segment=segment)))
        assert found <= {"cancel-i-case5-1", "cancel-single-response"}


def test_takes_a_response_of_a_new_request_with_the_same_id_for_what_it_is() -> None:
    one = command_first(talk().open().transaction(0x100F, 1, transaction_id=1), 1)
    assert accused(judged(finish(one.transaction(0x1003, transaction_id=1)).packets(), only=("cancel-*",))) == set()


def test_leaves_the_next_transaction_to_its_own_cancel() -> None:
    one = talk().open().transaction(0x100F, 1).wait(APART).cancel(1, on=("event",)).request(0x100F, 2)
    one.wait(APART).cancel(1, on=("command",)).wait(0.1).cancel(2).response(CANCELLED)
    assert accused(judged(finish(one).packets(), only=("cancel-*",))) == set()


def test_lets_the_initiator_ask_when_it_has_the_response() -> None:
    """The event Cancel may still be on its way."""
    one = formatting().wait(APART).cancel(on=("command",)).response(CANCELLED).get_property().cancel(1, on=("event",))
    assert accused(judged(finish(one).packets(), only=("cancel-*",))) == set()


def test_waits_for_the_event_that_ends_a_capture() -> None:
    for pause, guilty in ((55, set()), (66, {"cancel-async-ends-with-event"})):
        one = command_first(capturing(talk().open()), 1).wait(pause).close_session().close()
        assert accused(judged(one.packets(), only=("cancel-*",))) == guilty, pause


def test_takes_polled_events_and_events_without_an_id_for_possible_ends() -> None:
    polling = command_first(capturing(talk().open()), 1).wait(70).transaction(0x90C7, data_in=b"\0\0").wait(1)
    assert accused(judged(polling.close_session().close().packets(), only=("cancel-*",))) == set()
    unnamed = command_first(capturing(talk().open()), 1).event(0x400D).wait(70).close_session().close()
    assert accused(judged(unnamed.packets(), only=("cancel-*",))) == set()


def test_forgives_a_running_transaction_that_was_cancelled_itself() -> None:
    one = command_first(capturing(talk().open()).request(0x100F, 1), 1).wait(0.1).cancel(2).response(CANCELLED)
    assert accused(judged(finish(one.event(0x400D, 1)).packets(), only=("cancel-*",))) == set()


def test_counts_what_it_could_not_name() -> None:
    packets = finish(command_first(downloading(talk().open())).response(CANCELLED)).packets()
    part = damage.one_connection_only(packets, "command")
    ruling = judged(part, only=("cancel-i-case3-1",)).rulings["cancel-i-case3-1"]
    assert ruling.findings == []
    assert list(ruling.why) == ["the event connection is not known for certain"]


def test_counts_what_was_kept() -> None:
    packets = finish(command_first(formatting()).response(CANCELLED)).packets()
    for rule, side in (
        ("cancel-i-case1-1", 0),
        ("cancel-single-response", 1),
        ("cancel-no-request-before-response", 0),
    ):
        ruling = judged(packets, only=(rule,)).rulings[rule]
        assert (ruling.passed, ruling.unsure) == ({(0, side): 1}, {}), rule
    nothing = finish(talk().open().cancel(9).wait(5)).packets()
    ruling = judged(nothing, only=("cancel-i-case1-1",)).rulings["cancel-i-case1-1"]
    assert (ruling.passed, ruling.unsure) == ({}, {(0, 0): 1})


def test_cites_both_cancels_the_request_and_the_response() -> None:
    (found,) = of(finish(command_first(formatting()).response(CANCELLED)), "cancel-i-case4-1")
    assert len({found.row, *found.rows}) == 4
    assert None not in found.rows


def test_says_what_a_late_cancel_did() -> None:
    (again,) = of(late_cancel_answered(), "cancel-i-case5-1")
    assert again.says.endswith("on the command connection first, and it was answered again")
    (instead,) = of(late_cancel_hits_the_next(), "cancel-i-case5-2")
    assert instead.says.endswith("and the next transaction was cancelled in its place")
