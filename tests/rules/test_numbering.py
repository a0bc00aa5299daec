"""Requests in order: in which state of the session each was sent, and what takes part in its numbering."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules.numbering import CLOSED, OPEN, UNKNOWN, Numbering
from tests.rules.matrix import packets_of
from tests.rules.stories.session_busy import pair
from tests.traffic import NOT_APPLICABLE, TO_INITIATOR, TO_RESPONDER, Conversation, damage
from tests.traffic import conversation as talk

from .seen import evidence

NOT_OPEN = 0x2003


def numbering_of(one: Conversation) -> Numbering:
    return evidence(one.packets()).once(Numbering)


def two_sessions() -> Conversation:
    """GetDeviceInfo, a session, GetDeviceInfo, another session."""
    one = talk().init().get_device_info(0).open_session().get_property().close_session().get_device_info(0)
    return one.open_session(2).transaction(0x1014, 1, transaction_id=1).close()


def test_follows_sessions_from_the_start_of_a_connection() -> None:
    numbering = numbering_of(two_sessions())
    assert numbering.state.tolist() == [CLOSED, CLOSED, OPEN, OPEN, CLOSED, CLOSED, OPEN]
    assert numbering.identity.tolist() == [0, 0, 1, 2, 0, 0, 1]


def test_counts_what_has_a_number_of_the_session() -> None:
    numbering = numbering_of(two_sessions())
    assert numbering.counted.tolist() == [2, 3, 6]
    before, after = numbering.following
    assert (before.tolist(), after.tolist()) == ([2], [3])
    openers, firsts = numbering.beginnings
    assert (openers.tolist(), firsts.tolist()) == ([1, 5], [2, 6])


def test_counts_no_reserved_values() -> None:
    one = talk().open().get_property().get_device_info(0)
    one.transaction(0x9105, transaction_id=NOT_APPLICABLE).get_property().close()
    assert numbering_of(one).counted.tolist() == [1, 4]


@pytest.mark.parametrize(("operation", "code", "state"), [
    (0x1002, 0x2001, OPEN), (0x1002, 0x201E, OPEN), (0x1002, 0x2019, CLOSED), (0x1001, 0x2001, CLOSED),
])  # fmt: skip
def test_knows_what_opens_a_session(operation: int, code: int, state: int) -> None:
    one = talk().init().transaction(operation, 1, transaction_id=0, response=code)
    one.transaction(0x9105, transaction_id=NOT_APPLICABLE).close()
    assert numbering_of(one).state.tolist() == [CLOSED, state]


@pytest.mark.parametrize(("operation", "code", "state"), [
    (0x1003, 0x2001, CLOSED), (0x1003, 0x2002, OPEN), (0x1010, 0x2001, CLOSED), (0x1010, 0x2002, OPEN),
    (0x1014, 0x2001, OPEN), (0x1003, NOT_OPEN, UNKNOWN), (0x1014, NOT_OPEN, UNKNOWN), (0x9105, NOT_OPEN, UNKNOWN),
])  # fmt: skip
def test_knows_what_ends_a_session(operation: int, code: int, state: int) -> None:
    one = talk().open().transaction(operation, response=code).transaction(0x9105).close()
    assert numbering_of(one).state.tolist() == [CLOSED, OPEN, state]


@pytest.mark.parametrize("operation", [0x1002, 0x1003, 0x1010])
def test_does_not_know_the_state_behind_an_answer_that_is_missing(operation: int) -> None:
    one = talk().open().get_property().request(operation, 2).wait(3).transaction(0x9105).close()
    assert numbering_of(one).state.tolist()[-1] == UNKNOWN


def test_takes_an_operation_that_needs_a_session_for_proof_of_one() -> None:
    def state(operation: int, response: int = 0x2001, identity: int = 8) -> int:
        one = talk().transaction(0x9105, transaction_id=7)
        one.transaction(operation, transaction_id=identity, response=response).transaction(
            0x9105, transaction_id=9
        ).close()
        return int(numbering_of(one).state[-1])

    assert state(0x1004) == state(0x101B) == OPEN
    assert state(0x1001) == state(0x9105) == state(0x1004, 0x2003) == UNKNOWN
    assert state(0x1004, identity=NOT_APPLICABLE) == state(0x1004, identity=0) == UNKNOWN


def test_knows_no_state_across_a_hole() -> None:
    one = talk().open().transaction(0x9105).transaction(0x9106).transaction(0x9107).close()
    packets = one.packets()
    requests = [at for at, place in enumerate(damage.segments(packets)) if packets[place].payload[4:8] == b"\6\0\0\0"]
    numbering = evidence(damage.drop(packets, segment=requests[2])).once(Numbering)
    assert numbering.state.tolist() == [CLOSED, OPEN, UNKNOWN]
    assert numbering.following[0].tolist() == []


def test_stays_without_a_session_where_the_responder_says_so() -> None:
    one = talk().init().transaction(0x1004, transaction_id=NOT_APPLICABLE, response=NOT_OPEN).get_device_info(0)
    assert numbering_of(one.close()).state.tolist() == [CLOSED, CLOSED]


def test_knows_the_state_across_a_hole_in_what_the_responder_said() -> None:
    """Initiators open and end sessions: what they asked is there, and every answer that matters."""
    packets = talk().open().get_property().close_session().get_device_info(0).transaction(0x9105).close().packets()
    answer = damage.segments(packets, "command", TO_INITIATOR)[-2]  # to GetDeviceInfo
    numbering = evidence(damage.drop(packets, answer)).once(Numbering)
    assert numbering.shown.tolist() == [CLOSED, OPEN, OPEN, CLOSED, CLOSED]
    told = numbering.of(0)
    assert told.since.tolist()[-1] == told.response[2]  # CloseSession's


@pytest.mark.parametrize("direction", [TO_RESPONDER, TO_INITIATOR])
def test_knows_no_state_behind_what_nobody_can_read(direction: str) -> None:
    """Of the initiator it may have opened a session; who was told it by the responder may have lost his way."""
    strange = talk().init().message(0x40, bytes(10), direction).transaction(0x9105).transaction(0x9106)
    assert numbering_of(strange.close()).state.tolist() == [UNKNOWN, UNKNOWN]
    later = talk().open().transaction(0x9105).message(0x40, bytes(10), direction).transaction(0x9106).close()
    assert numbering_of(later).state.tolist() == [CLOSED, OPEN, UNKNOWN]


def test_does_not_hold_one_session_s_riddles_against_the_next() -> None:
    first = pair(0).open().message(0x40, bytes(10)).close()
    second = pair(1, 5).init().transaction(0x9105, transaction_id=NOT_APPLICABLE).close()
    assert evidence(packets_of([first, second])).once(Numbering).of(1).state.tolist() == [CLOSED]


def test_does_not_take_an_answer_for_heard_that_was_not_waited_for() -> None:
    one = talk().open().request(0x1003).request(0x9105).response(transaction_id=1).response(transaction_id=2)
    assert numbering_of(one.transaction(0x9106).close()).state.tolist() == [CLOSED, OPEN, UNKNOWN, CLOSED]


@pytest.mark.parametrize(("answer", "host", "state"), [
    (0x2001, "192.168.1.1", UNKNOWN), (0x2002, "192.168.1.1", OPEN), (0x2001, "192.168.1.2", OPEN),
])  # fmt: skip
def test_knows_of_no_session_of_a_device_that_another_initiator_reset(answer: int, host: str, state: int) -> None:
    first = pair(0).open().wait(1).transaction(0x1010, response=answer).close()
    second = pair(1, 0.2)
    second.responder = host
    second.open().transaction(0x9105).wait(2).transaction(0x9106).transaction(0x9107).close()
    numbering = evidence(packets_of([first, second])).once(Numbering)
    assert numbering.of(1).state.tolist() == [CLOSED, OPEN, state, state]


def test_shows_apart_what_was_asked_in_each_session() -> None:
    packets = packets_of([pair(0).open().transaction(0x9105).close(), pair(1, 0.2).open().close()])
    numbering = evidence(packets).once(Numbering)
    assert numbering.of(0).code.tolist() == [0x1002, 0x9105]
    assert numbering.of(1).code.tolist() == [0x1002]
    assert numbering.of(0).answer.tolist() == [0x2001, 0x2001]
    assert numbering.of(2).code.tolist() == []


def test_is_made_once_for_all_rules() -> None:
    seen = evidence(talk().open().close().packets())
    assert seen.once(Numbering) is seen.once(Numbering)
