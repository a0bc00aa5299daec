"""Probes, beside the matrix: whose turn it was, and what else may explain silence."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import Finding, Verdict
from tests.rules import silence
from tests.rules.matrix import accused, judged
from tests.rules.stories.probe import NEW, NEW_NAME, finish, formatting, probe_without_a_visitor
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import PROBE_REQUEST, PROBE_RESPONSE
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER


def of(told: Conversation | list[Packet], rule: str, **options: bool) -> list[Finding]:
    packets = told.packets() if isinstance(told, Conversation) else told
    return judged(packets, only=(rule,), **options).findings


def guilty(told: Conversation | list[Packet]) -> set[str]:
    packets = told.packets() if isinstance(told, Conversation) else told
    return accused(judged(packets, only=("probe-*",)))


def asked_by_the_camera(one: Conversation) -> Conversation:
    """The camera asks and gets no answer; the session goes on."""
    return finish(one.probe(TO_INITIATOR, answered=False).wait(12).event(0x4006).get_property())


@pytest.mark.parametrize(("pause", "fine"), [(9, True), (10.5, True), (11.5, False)])
def test_gives_an_answer_its_ten_seconds(pause: float, fine: bool) -> None:
    one = formatting().probe(answered=False).wait(pause).event(0x4006).response()
    assert ("probe-answered" in guilty(one.get_property())) is not fine


def test_hints_at_a_slow_answer() -> None:
    one = formatting().probe(answered=False).wait(3).message(PROBE_RESPONSE, b"", TO_INITIATOR, "event")
    (found,) = of(finish(one.response()), "probe-answered")
    assert (found.verdict, found.says) == (
        Verdict.INCONCLUSIVE, "the responder took 3.0 s to answer a Probe Request",
    )  # fmt: skip
    assert of(finish(formatting().probe().response()), "probe-answered") == []


def test_asks_no_answer_of_a_host_that_did_not_get_the_question() -> None:
    one = formatting().probe(answered=False).wait(13).event(0x4006).response()
    packets = finish(one.get_property()).packets()
    asked = next(at for at, packet in enumerate(packets) if packet.payload[4:8] == PROBE_REQUEST.to_bytes(4, "little"))
    deaf = [
        packet
        for at, packet in enumerate(packets)
        if at <= asked or packet.connection == "command" or packet.direction == TO_RESPONDER
    ]
    assert "probe-answered" not in guilty(deaf)


def test_gives_each_answer_to_the_oldest_question_that_waits() -> None:
    one = formatting()
    for _ in range(3):
        one.message(PROBE_REQUEST, b"", TO_RESPONDER, "event")
    for _ in range(3):
        one.message(PROBE_RESPONSE, b"", TO_INITIATOR, "event")
    assert guilty(finish(one.response())) == set()
    one = formatting().probe(answered=False).wait(12).probe().event(0x4006).wait(12).event(0x4006).response()
    (found,) = [finding for finding in of(finish(one), "probe-answered") if finding.verdict is Verdict.VIOLATION]
    assert found.row == min(finding.row for finding in of(finish(one), "probe-answered") if finding.row is not None)


def test_counts_no_answer_as_unsolicited_whose_question_may_be_missing() -> None:
    packets = finish(formatting().probe().probe(TO_INITIATOR).response()).packets()
    for segment in range(len(damage.segments(packets))):
        assert "probe-response-unsolicited" not in guilty(damage.drop(packets, segment=segment))
    for count in range(1, len(packets)):
        assert "probe-response-unsolicited" not in guilty(damage.begin_late(packets, count))


def test_lets_questions_of_both_sides_cross() -> None:
    one = (
        formatting()
        .message(PROBE_REQUEST, b"", TO_RESPONDER, "event")
        .message(PROBE_REQUEST, b"", TO_INITIATOR, "event")
    )
    one.message(PROBE_RESPONSE, b"", TO_RESPONDER, "event").message(PROBE_RESPONSE, b"", TO_INITIATOR, "event")
    packets = finish(one.response()).packets()
    for tap in (TO_INITIATOR, TO_RESPONDER):
        assert guilty(silence.seen_from(packets, tap)) <= {"probe-responder-on-new-session"}


@pytest.mark.parametrize(
    ("close", "fine"),
    [
        (lambda one: one.wait(3).close("reset"), False),
        (lambda one: one.wait(3).close(), False),
        (lambda one: one.wait(0.5).close("reset"), True),  # too soon to have waited for an answer
        (lambda one: one.wait(9.5).close(), True),
        (lambda one: one.wait(3).close(by="responder"), True),
        (lambda one: one.wait(3).response().close(), True),  # something was said in between
        (lambda one: one.wait(1).response().close_session().wait(2).close(), True),
    ],
)
def test_forgives_closing_for_other_reasons(close, fine) -> None:  # type: ignore[no-untyped-def]
    assert ("probe-timeout-10s" in guilty(close(formatting().probe(answered=False)))) is not fine


def test_forgives_closing_without_a_session() -> None:
    one = talk().init().transaction(0x1003).wait(1).probe(answered=False).wait(3).close()
    assert "probe-timeout-10s" not in guilty(one)


@pytest.mark.parametrize(("pause", "fine"), [(60, True), (70, False)])
def test_gives_the_asker_a_minute_to_close(pause: float, fine: bool) -> None:
    one = formatting().probe(answered=False).wait(pause).event(0x4006).response()
    assert ("probe-timeout-closes-session" in guilty(finish(one.get_property()))) is not fine


def test_lets_the_asker_ask_again_before_it_closes() -> None:
    one = formatting().probe(answered=False).wait(20).probe(answered=False).wait(20).probe(answered=False).wait(40)
    assert "probe-timeout-closes-session" not in guilty(one.response().close())
    answered = formatting().probe(answered=False).wait(20).probe().wait(70).event(0x4006).response()
    assert "probe-timeout-closes-session" not in guilty(finish(answered))


def test_forgives_a_probe_that_crosses_the_response() -> None:
    for pause, fine in ((0.0, True), (0.8, True), (1.5, False)):
        one = finish(talk().open().get_property().wait(pause).probe().wait(2).get_property())
        assert ("probe-initiator-during-transaction" in guilty(one)) is not fine, pause


def test_forgives_a_probe_before_a_request_that_may_be_on_its_way() -> None:
    one = finish(talk().open().wait(2).probe().request(0x100F, 1).wait(2).response())
    assert "probe-initiator-during-transaction" not in guilty(one)


def test_hints_at_a_probe_while_a_capture_may_go_on() -> None:
    one = talk().open().transaction(0x101C, 0, 0).wait(2).probe().wait(2).event(0x400D, 1).wait(2).probe().wait(2)
    found = of(finish(one.get_property()), "probe-initiator-during-transaction")
    assert [finding.verdict for finding in found] == [Verdict.INCONCLUSIVE, Verdict.VIOLATION]


def test_does_not_take_a_missing_request_for_idleness() -> None:
    packets = finish(formatting().wait(2).probe().wait(2).response()).packets()
    for segment in range(len(damage.segments(packets))):
        assert "probe-initiator-during-transaction" not in guilty(damage.drop(packets, segment=segment)), segment


def test_hints_at_a_probe_without_a_visitor_where_one_initiator_alone_was_seen() -> None:
    one = finish(talk().open().wait(20).probe(TO_INITIATOR))
    (found,) = of(one, "probe-responder-on-new-session")
    assert found.verdict is Verdict.INCONCLUSIVE
    both = damage.interleave(*(one.packets() for one in probe_without_a_visitor()))
    assert [finding.verdict for finding in of(both, "probe-responder-on-new-session")] == [Verdict.VIOLATION]
    late = [packet for packet in both if packet.time_ns > both[-1].time_ns - 10**10]
    assert of(late, "probe-responder-on-new-session") == []


def test_takes_any_new_connection_for_a_visitor() -> None:
    first = talk().open().wait(20).probe(TO_INITIATOR)
    knock = talk(start_ns=first.start_ns + 15 * 10**9, **NEW, **NEW_NAME).connect()
    third = talk(seed=5, number=2, initiator="192.168.1.22", connection_number=3).open().wait(20).close()
    packets = damage.interleave(finish(first).packets(), knock.packets(), third.packets())
    assert guilty(packets) == set()


@pytest.mark.parametrize(("pause", "told"), [(9, 1), (10.5, 0)])
def test_measures_probes_that_come_within_ten_seconds(pause: float, told: int) -> None:
    one = formatting().probe().wait(pause).probe().wait(1).response()
    assert len(of(finish(one), "probe-rate")) == told


def test_knows_libgphoto2_by_how_it_begins() -> None:
    libgphoto2 = asked_by_the_camera(talk().open().get_device_info())
    (found,) = of(libgphoto2, "probe-answered")
    assert (found.verdict, found.deviation) == (Verdict.DEVIATION, "dev-libgphoto2-no-probe-response")
    (strict,) = of(libgphoto2, "probe-answered", strict=True)
    assert strict.verdict is Verdict.VIOLATION


@pytest.mark.parametrize(
    "begins",
    [
        talk().open(),  # another operation comes second
        talk(initiator_guid=b"\xff" * 16).open().get_device_info(),  # libpict is anonymous
        talk().open(2).get_device_info(),  # another session
        talk().init().open_session(1, 1).get_device_info(2),  # OpenSession counts
        talk().open().get_device_info().probe(),  # it probes itself
        talk().open().get_device_info().probe(TO_INITIATOR),  # it did answer
        talk().init().request(0x1002, 1, 0, transaction_id=0).response().get_device_info(1),  # a parameter more
    ],
)
def test_takes_others_for_libgphoto2_by_no_means(begins: Conversation) -> None:
    found = of(asked_by_the_camera(begins), "probe-answered")
    assert [one.verdict for one in found] == [Verdict.VIOLATION]


def theta4j(*, first: int, parameters: int = 5) -> Conversation:
    one = talk().init()
    one.request(0x1002, 1, *[0] * (parameters - 1), transaction_id=first).response()
    return one.request(0x1003, *[0] * parameters, transaction_id=first + 1).response()


def test_knows_theta4j_by_its_five_parameters_and_its_counting() -> None:
    def asked(one: Conversation) -> Conversation:
        one.probe(TO_INITIATOR, answered=False).wait(12).event(0x4006)
        return one.request(0x1003, 0, 0, 0, 0, 0, transaction_id=3).response().close()

    (found,) = of(asked(theta4j(first=1)), "probe-answered")
    assert (found.verdict, found.deviation) == (Verdict.DEVIATION, "dev-theta4j-no-probe-response")
    for other in (theta4j(first=0), theta4j(first=1, parameters=4), theta4j(first=1).probe(TO_INITIATOR)):
        assert [one.verdict for one in of(asked(other), "probe-answered")] == [Verdict.VIOLATION]


def test_counts_what_was_kept_and_what_cannot_be_known() -> None:
    def counts(one: Conversation, rule: str, side: int) -> tuple[int, int]:
        ruling = judged(finish(one).packets(), only=(rule,)).rulings[rule]
        return ruling.passed.get((0, side), 0), ruling.unsure.get((0, side), 0)

    assert counts(formatting().probe().response(), "probe-response-unsolicited", 1) == (1, 0)
    assert counts(formatting().probe(answered=False).response(), "probe-response-unsolicited", 1) == (0, 0)
    during = "probe-initiator-during-transaction"
    assert counts(formatting().probe().wait(0.5).response(), during, 0) == (1, 0)
    assert counts(talk().open().get_property().wait(0.5).probe().wait(2).get_property(), during, 0) == (0, 1)
    assert counts(formatting().probe(), during, 0) == (1, 0)


def test_pairs_an_answer_that_was_written_before_its_question() -> None:
    """Two queues of a capture may write neighbours the other way round; the ACK number tells."""
    packets = finish(formatting().probe().response()).packets()
    at = next(at for at, packet in enumerate(packets) if packet.payload[4:8] == PROBE_REQUEST.to_bytes(4, "little"))
    packets[at], packets[at + 1] = packets[at + 1], packets[at]
    assert guilty(packets) == set()
