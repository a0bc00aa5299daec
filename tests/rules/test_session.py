"""What is known of the state of a session, beside the matrix: what passes, and what can't be known."""

from __future__ import annotations

import pytest

from tests.rules.matrix import accused, judged
from tests.rules.stories import session as stories
from tests.traffic import TO_INITIATOR, TO_RESPONDER, damage
from tests.traffic import conversation as talk

INITIATOR, RESPONDER, BOTH = 0, 1, 2


@pytest.mark.parametrize(
    ("rule", "side", "count"),
    [
        ("session-open-before-operations", INITIATOR, 4),
        ("session-ended-operations-stop", INITIATOR, 4),
        ("session-deviceinfo-without-session", RESPONDER, 1),
        ("session-one-transaction", INITIATOR, 6),
    ],
)
def test_counts_what_was_kept(rule: str, side: int, count: int) -> None:
    found = judged(stories.one_session_after_the_other().packets()).rulings[rule]
    assert found.passed == {(0, side): count}
    assert found.unsure == {}


def test_knows_nothing_of_the_state_before_the_capture() -> None:
    packets = damage.begin_late(talk().open().get_property().close_session().get_property().close().packets(), 18)
    found = judged(packets)
    assert accused(found) & {"session-open-before-operations", "session-refuse-without-session"} == set()
    assert found.rulings["session-open-before-operations"].unsure == {(0, INITIATOR): 1}
    assert found.rulings["session-ended-operations-stop"].passed == {}


def test_knows_nothing_behind_a_hole() -> None:
    one = talk().open().close_session().get_property().get_property().close()
    packets = one.packets()
    assert "session-ended-operations-stop" in accused(judged(packets))
    lost = damage.segments(packets, "command", TO_INITIATOR)[2]  # the answer to CloseSession
    found = judged(damage.drop(packets, lost))
    assert "session-ended-operations-stop" not in accused(found)


def test_passes_a_refusal_without_a_session() -> None:
    found = judged(stories.refused_without_session().packets()).rulings["session-refuse-without-session"]
    assert (found.passed, found.unsure) == ({(0, RESPONDER): 1}, {})


def test_does_not_know_an_answer_that_is_not_there() -> None:
    found = judged(talk().init().request(0x1004).packets()).rulings["session-refuse-without-session"]
    assert (found.passed, found.unsure) == ({}, {(0, RESPONDER): 1})


def test_says_how_many_sessions_were_opened_and_ended() -> None:
    one = talk().open().close_session().transaction(0x1002, 3)
    said = [one.says for one in judged(one.packets()).findings if one.rule == "session-opened-by-ok"]
    assert said == ["2 opened by OpenSession and 1 ended by CloseSession on these connections"]


def test_leaves_it_open_which_of_two_crossing_messages_was_first() -> None:
    """The next request acknowledges the response that the file has behind it: reordered on its way into the file."""
    packets = talk().open().get_property().close_session().close().packets()
    answers = damage.segments(packets, "command", TO_INITIATOR)
    late = damage.delay(packets, damage.segments(packets).index(answers[-2]), 3)
    assert "session-one-transaction" not in accused(judged(late))


def test_takes_a_reset_of_the_device_for_the_end_of_its_session() -> None:
    one = talk().open().transaction(0x1010).get_property().close()
    found = judged(one.packets())
    assert "session-ended-operations-stop" in accused(found)
    (says,) = (finding.says for finding in found.findings if finding.rule == "session-ended-operations-stop")
    assert says == "GetDevicePropValue (0x1015) was requested after ResetDevice had been answered OK"


def test_does_not_know_the_session_behind_a_request_that_nobody_can_read() -> None:
    """The type of OpenSession is a reserved one: it was answered OK, whatever it was."""
    packets = talk().open().get_property().close_session().close().packets()
    opens = damage.segments(packets, "command", TO_RESPONDER)[1]
    header = len(packets[opens].whole) - len(packets[opens].payload)
    guilty = accused(judged(damage.flip(packets, opens, header + 4, 0x40)))
    assert "framing-type-reserved" in guilty
    assert not guilty & {"session-open-before-operations", "session-refuse-without-session"}


def test_does_not_hold_a_new_session_against_those_whose_last_one_the_responder_does_not_know() -> None:
    """The camera lost it, says so, and is asked for another one."""
    one = talk().open(1).get_property().transaction(0x1004, response=0x2003).transaction(0x1002, 2)
    found = judged(one.get_property().close_session().close().packets())
    assert not accused(found) & {"session-one-per-pair", "session-open-twice"}
    assert found.rulings["session-one-per-pair"].unsure == {(0, BOTH): 1}
    assert "session-one-per-pair" in accused(judged(stories.opens_two_sessions().packets()))


def test_does_not_hold_an_end_against_who_had_not_heard_of_it() -> None:
    """The next request goes out before CloseSession is answered: that it does not wait is its one fault."""
    one = talk().open().request(0x1003).request(0x1004).response(transaction_id=1).response(0x2003, transaction_id=2)
    guilty = accused(judged(one.close().packets()))
    assert "session-one-transaction" in guilty
    assert "session-ended-operations-stop" not in guilty
