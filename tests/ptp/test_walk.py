"""Message by message, every legal story is told as what it is, and every illegal step shows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from ptpip_analyze.ptp.transitions import TRANSITIONS, State, Step
from ptpip_analyze.ptp.walk import NO_ROW, Message, Outcome, Status, walk
from ptpip_analyze.ptpip import messages as m

ID = 7
OK, CANCELLED, BUSY = 0x2001, 0x201F, 0x2019


@dataclass
class Said:
    """One message to be walked; ``after`` flawless transactions lie before it."""

    kind: int
    outward: bool = False
    identity: int | None = ID
    code: int = 0
    status: int = m.COMPLETE
    known: int = 38
    length: int = 12
    lost: int = 0
    total: int = 0
    reason: int = m.FINE
    after: int = 0
    info: int = 0


def ask(identity: int | None = ID, status: int = m.COMPLETE, after: int = 0, info: int = 0) -> Said:
    return Said(m.OPERATION_REQUEST, True, identity, 0x1009, status, after=after, info=info)


def begin(identity: int | None = ID, total: int = 5, outward: bool = False, known: int = 20) -> Said:
    return Said(m.START_DATA, outward, identity, total=total, known=known, length=20)


def data(size: int = 3, identity: int | None = ID, outward: bool = False, lost: int = 0) -> Said:
    return Said(m.DATA, outward, identity, length=12 + size, lost=lost, status=m.GAP if lost else m.COMPLETE)


def end(size: int = 2, identity: int | None = ID, outward: bool = False) -> Said:
    return Said(m.END_DATA, outward, identity, length=12 + size)


def answer(code: int = OK, identity: int | None = ID, outward: bool = False, after: int = 0) -> Said:
    return Said(m.OPERATION_RESPONSE, outward, identity, code, length=14, after=after)


def cancel(identity: int = ID) -> Said:
    return Said(m.CANCEL, True, identity)


def hole(after: int = 0, length: int = 12, outward: bool = False) -> Said:
    return Said(m.UNFRAMED, outward, status=m.GAP, length=length, lost=100, reason=m.HIDDEN, identity=None, after=after)


def nonsense() -> Said:
    return Said(m.UNFRAMED, status=m.MALFORMED, reason=m.GARBAGE, identity=None)


def begun_earlier(lost: int = 0) -> Said:
    return Said(m.UNFRAMED, status=m.GAP, reason=m.BEGAN_EARLIER, identity=None, lost=lost)


def walked(*said: Said, late: bool = False) -> list[Outcome]:
    """The messages have row numbers from 100 on."""
    place, messages = 40, []
    for row, one in enumerate(said, 100):
        place += 1 + one.after
        messages.append(
            Message(row, place, one.outward, False, one.kind, one.identity, one.code, one.status, one.known, one.length,
                    one.lost, one.total, one.reason, one.info)
        )  # fmt: skip
    return walk(messages, 3, late)


def statuses(*said: Said, late: bool = False) -> list[str]:
    return [outcome.status.value for outcome in walked(*said, late=late)]


REACHING = {
    State.UNSEEN: [],
    State.REQUESTED: [ask()],
    State.TRANSFERRING: [ask(), begin()],
    State.EMPTY: [ask(), begin(total=0)],
    State.DELIVERED: [ask(), begin(), end()],
    State.ANSWERED: [ask(), answer()],
}
STEPS = {
    Step.START: begin(),
    Step.START_EMPTY: begin(total=0),
    Step.DATA: data(),
    Step.END: end(),
    Step.WHOLE: Said(m.CONTAINER_DATA, length=14, total=2, known=14),
    Step.SUCCESS: answer(),
    Step.FAILURE: answer(BUSY),
}


@pytest.mark.parametrize(("state", "step"), list(TRANSITIONS))
def test_takes_every_legal_step(state: State, step: Step) -> None:
    (outcome,) = walked(*REACHING[state], STEPS[step], late=True)
    assert outcome.state is TRANSITIONS[state, step]
    assert not outcome.disordered
    assert not outcome.gap
    assert outcome.began_earlier is (state is State.UNSEEN)


ILLEGAL = [pair for pair in itertools.product(State, Step) if pair not in TRANSITIONS]


@pytest.mark.parametrize(("state", "step"), [pair for pair in ILLEGAL if pair[0] is not State.ANSWERED])
def test_remembers_every_illegal_step_and_follows_it(state: State, step: Step) -> None:
    (outcome,) = walked(*REACHING[state], STEPS[step])
    assert outcome.disordered
    assert outcome.status is Status.DISORDERED
    expected = {Step.START: State.TRANSFERRING, Step.START_EMPTY: State.EMPTY, Step.DATA: State.TRANSFERRING,
                Step.END: State.DELIVERED, Step.WHOLE: State.DELIVERED, Step.SUCCESS: State.ANSWERED}  # fmt: skip
    assert outcome.state is expected[step]


@pytest.mark.parametrize("step", [Step.START, Step.START_EMPTY, Step.DATA, Step.END, Step.WHOLE])
def test_keeps_data_behind_a_response_with_its_transaction(step: Step) -> None:
    (outcome,) = walked(ask(), answer(), STEPS[step])
    assert (outcome.state, outcome.status) == (State.ANSWERED, Status.DISORDERED)
    assert outcome.messages == [100, 101, 102]


def test_takes_a_container_for_the_whole_data_phase() -> None:
    (outcome,) = walked(ask(), Said(m.CONTAINER_DATA, outward=True, length=17, total=5, known=17), answer())
    assert outcome.status is Status.COMPLETE
    assert (outcome.start, outcome.first_data, outcome.last_data) == (101, 101, 101)
    assert (outcome.outward, outcome.data_bytes, outcome.data_messages) == (True, 5, 1)


@pytest.mark.parametrize("code", [OK, BUSY])
def test_makes_a_transaction_of_a_second_response(code: int) -> None:
    first, second = walked(ask(), answer(), answer(code))
    assert first.status is Status.COMPLETE
    assert (second.status, second.request, second.response) == (Status.DISORDERED, NO_ROW, 102)


# What is written down


def test_writes_down_where_everything_is() -> None:
    (one,) = walked(ask(), begin(), data(3), data(4), end(5), answer(BUSY))
    assert (one.session, one.identity) == (3, ID)
    assert (one.request, one.start, one.first_data, one.last_data, one.response) == (100, 101, 101, 104, 105)
    assert (one.data_messages, one.data_bytes, one.response_code) == (3, 12, BUSY)
    assert one.outward is False
    assert one.messages == [100, 101, 102, 103, 104, 105]


def test_writes_down_nothing_of_a_data_phase_that_was_not() -> None:
    (one,) = walked(ask(), answer())
    assert (one.start, one.first_data, one.last_data, one.outward) == (NO_ROW, NO_ROW, NO_ROW, None)
    assert (one.data_messages, one.data_bytes) == (0, 0)


def test_counts_only_the_payload_that_was_carried() -> None:
    (one,) = walked(ask(), begin(), data(100, lost=30), end(5), answer())
    assert (one.data_bytes, one.status) == (75, Status.GAP)
    short = Said(m.DATA, length=9)
    (other,) = walked(ask(), begin(), short, end(5), answer())
    assert other.data_bytes == 5


def test_knows_the_direction_of_a_data_phase_and_a_change_of_it() -> None:
    (one,) = walked(ask(), begin(outward=True), end(outward=True), answer())
    assert (one.outward, one.status) == (True, Status.COMPLETE)
    (turned,) = walked(ask(), begin(outward=True), end(outward=False), answer())
    assert (turned.outward, turned.status) == (True, Status.DISORDERED)


def test_keeps_the_first_of_two_starts() -> None:
    (one,) = walked(ask(), begin(), begin(), end(), answer())
    assert (one.start, one.first_data, one.status) == (101, 101, Status.DISORDERED)


def test_does_not_take_a_total_that_was_not_captured_for_zero() -> None:
    (one,) = walked(ask(), begin(total=0, known=19), data(), end(), answer())
    assert one.status is Status.COMPLETE
    assert statuses(ask(), begin(total=0, known=20), data(), end(), answer()) == ["disordered"]


# What can be said of a transaction


@pytest.mark.parametrize(
    ("said", "late", "expected"),
    [
        ([ask(), answer()], False, ["complete"]),
        ([ask(), answer(BUSY)], False, ["complete"]),
        ([ask(), begin(), end(), answer()], False, ["complete"]),
        ([ask(), begin(), data(), data(), end(0), answer()], False, ["complete"]),
        ([ask(), begin(total=0), answer()], False, ["complete"]),
        ([ask(), begin(total=0), end(0), answer()], False, ["complete"]),
        ([ask(), begin(), data(), answer(BUSY)], False, ["complete"]),
        ([ask(), begin(), answer()], False, ["disordered"]),
        ([ask()], False, ["open"]),
        ([ask(), begin(), data()], False, ["open"]),
        ([ask(), begin(), end()], False, ["open"]),
        ([ask(), answer(CANCELLED)], False, ["cancelled"]),
        ([ask(), begin(), data(), cancel(), answer(CANCELLED)], False, ["cancelled"]),
        ([ask(), begin(), data(), cancel(), data(), answer(BUSY)], False, ["cancelled"]),
        ([ask(), cancel()], False, ["cancelled"]),
        ([ask(), cancel(), answer()], False, ["complete"]),
        ([ask(), cancel(8), answer(BUSY)], False, ["complete"]),
        ([ask(), answer(), cancel()], False, ["complete"]),
        ([cancel()], False, []),
        ([ask(), begin(), data(), answer(CANCELLED), data()], False, ["cancelled"]),
        ([ask(), hole(), answer()], False, ["gap"]),
        ([ask(), hole()], False, ["gap"]),
        ([ask(), hole(), answer(CANCELLED)], False, ["gap"]),
        ([ask(status=m.GAP), answer()], False, ["gap"]),
        ([ask(), begin(), data(lost=1), end(), answer()], False, ["gap"]),
        ([ask(None, status=m.GAP), answer()], False, ["gap"]),
        ([ask(None, status=m.CUT), answer()], False, ["complete"]),
        ([ask(), nonsense(), answer()], False, ["disordered"]),
        ([ask(), answer(), hole(), ask(8), answer(identity=8)], False, ["complete", "complete"]),
        ([ask(), answer(), nonsense(), ask(8), answer(identity=8)], False, ["complete", "complete"]),
        ([answer()], True, ["began-earlier"]),
        ([data(), end(), answer()], True, ["began-earlier"]),
        ([begun_earlier(), answer()], True, ["began-earlier"]),
        ([data(lost=4), end(), answer()], True, ["began-earlier"]),
        ([begun_earlier(100), answer()], True, ["gap"]),
        ([ask(), begun_earlier(), answer()], True, ["gap"]),
        ([answer()], False, ["disordered"]),
        ([hole(), answer()], False, ["gap"]),
        ([hole(), answer()], True, ["gap"]),
        ([hole(), end(), answer()], False, ["gap"]),
        ([ask(), answer(), hole(), answer(identity=8)], False, ["complete", "gap"]),
        ([ask(), answer(), answer(identity=8)], True, ["complete", "disordered"]),
        ([ask(), answer(), nonsense(), answer(identity=8)], False, ["complete", "disordered"]),
        ([ask(), answer(), hole(), ask(9), answer(identity=9), answer(identity=8)], False,
         ["complete", "complete", "disordered"]),
        ([Said(m.OPERATION_REQUEST, outward=False)], False, ["disordered"]),
        ([ask(), answer(outward=True)], False, ["disordered"]),
    ],
)  # fmt: skip
def test_says(said: list[Said], late: bool, expected: list[str]) -> None:
    assert statuses(*said, late=late) == expected


def test_says_the_most_limiting_first() -> None:
    outcome = Outcome(0, ID, State.ANSWERED, response_code=OK)
    told = [outcome.status]
    for change in ("disordered", "cancel_seen", "gap", "began_earlier"):
        setattr(outcome, change, True)
        if change == "cancel_seen":
            outcome.response_code = BUSY
        told.append(outcome.status)
    assert told == [Status.COMPLETE, Status.DISORDERED, Status.CANCELLED, Status.GAP, Status.BEGAN_EARLIER]


def test_lists_the_statuses_in_the_order_of_their_numbers() -> None:
    assert [status.index for status in Status] == list(range(6))


# Whose message it is


def test_gives_messages_to_the_transaction_of_their_id() -> None:
    first, second = walked(ask(1), ask(2), begin(identity=1), end(identity=1), answer(identity=2), answer(identity=1))
    assert (first.messages, second.messages) == ([100, 102, 103, 105], [101, 104])
    assert (first.status, second.status) == (Status.COMPLETE, Status.COMPLETE)


def test_gives_messages_to_the_latest_of_equal_ids() -> None:
    first, second = walked(ask(), ask(), begin(), end(), answer())
    assert (first.status, second.status) == (Status.OPEN, Status.COMPLETE)
    assert first.messages == [100]
    older, newer = walked(ask(), ask(), cancel(), answer(BUSY))
    assert (older.status, newer.status) == (Status.OPEN, Status.CANCELLED)


def test_gives_a_message_without_its_id_to_the_one_that_is_running() -> None:
    (one,) = walked(ask(), begin(identity=None), end(identity=None), answer(identity=None))
    assert (one.messages, one.identity) == ([100, 101, 102, 103], ID)
    told = walked(ask(1), ask(2), answer(identity=None))
    assert [outcome.messages for outcome in told] == [[100], [101, 102]], (
        "the newest: a new request ends the one before"
    )


def test_learns_the_id_of_a_request_that_lacks_it() -> None:
    """It fell into a hole, or a snap length cut it off."""
    (lost,) = walked(ask(None, status=m.GAP), begin(identity=9), end(identity=9), answer(identity=9))
    assert (lost.identity, lost.status) == (9, Status.GAP)
    (cut,) = walked(ask(None, status=m.CUT), begin(identity=9), end(identity=9), answer(identity=9))
    assert (cut.identity, cut.status) == (9, Status.COMPLETE)
    told = walked(ask(None), ask(2), answer(identity=9))
    assert [outcome.identity for outcome in told] == [None, 2, 9], "not when another request has come since"


def test_does_not_take_the_response_of_another_id_for_its_own() -> None:
    told = walked(ask(1), answer(identity=2))
    assert [(outcome.identity, outcome.status) for outcome in told] == [(1, Status.OPEN), (2, Status.DISORDERED)]


def test_takes_no_response_for_a_request_whose_id_is_known() -> None:
    told = walked(ask(1, status=m.GAP), answer(identity=2))
    assert [(outcome.identity, outcome.status.value) for outcome in told] == [(1, "gap"), (2, "disordered")]


def test_makes_a_transaction_of_what_the_responder_asks_behind_a_response() -> None:
    told = walked(ask(), begin(), data(), answer(BUSY), hole(), answer(BUSY))
    assert [outcome.messages for outcome in told] == [[100, 101, 102, 103], [105]]


def test_gives_late_data_to_the_transaction_that_was_just_answered() -> None:
    (one,) = walked(ask(), begin(outward=True), data(outward=True), answer(CANCELLED), end(2, outward=True))
    assert (one.messages, one.data_bytes, one.status) == ([100, 101, 102, 103, 104], 5, Status.CANCELLED)
    told = walked(ask(1), answer(identity=1), ask(2), data(identity=1))
    assert [outcome.messages for outcome in told] == [[100, 101], [102], [103]], "not behind the next request"


def test_gives_data_behind_a_hole_to_a_request_that_was_lost_in_it() -> None:
    """The same id again: the first one's data phase was over, so this is another's."""
    told = walked(ask(), begin(), end(), answer(), hole(), begin(), end(), answer())
    assert [outcome.status for outcome in told] == [Status.COMPLETE, Status.GAP]
    unfinished = walked(ask(), begin(outward=True), data(outward=True), answer(CANCELLED), hole(), data(outward=True))
    assert [outcome.messages for outcome in unfinished] == [[100, 101, 102, 103, 105]]
    anew = walked(ask(), begin(outward=True), data(outward=True), answer(CANCELLED), hole(), begin(outward=True))
    assert len(anew) == 2
    turned = walked(ask(), begin(outward=True), data(outward=True), answer(CANCELLED), hole(), data(outward=False))
    assert len(turned) == 2


def test_forgets_what_was_before_flawless_transactions() -> None:
    """They lie between messages that are not neighbours: a request was seen, and the last answer is not this one."""
    told = walked(answer(), answer(after=5), late=True)
    assert [outcome.status for outcome in told] == [Status.BEGAN_EARLIER, Status.DISORDERED]
    beyond = walked(ask(), answer(), hole(), answer(identity=8, after=5))
    assert [outcome.status for outcome in beyond] == [Status.COMPLETE, Status.DISORDERED]
    late_data = walked(ask(), answer(), Said(m.DATA, after=5))
    assert len(late_data) == 2


def test_lists_transactions_in_order_of_their_first_message() -> None:
    told = walked(ask(3), ask(1), answer(identity=1), answer(identity=3), ask(2))
    assert [outcome.identity for outcome in told] == [3, 1, 2]


# Ids that repeat, and holes


IN, OUT = 1, 2  # DataPhaseInfo: no data or data in, data out
ANSWER_LOST, REQUEST_LOST = hole(length=14), hole(length=18, outward=True)


@pytest.mark.parametrize(
    "first",
    [
        [ask(info=IN)],
        [ask(), begin(), end()],
        [ask(info=IN), begin(), data()],
        [ask(info=OUT), begin(outward=True), end(outward=True)],
    ],
)
@pytest.mark.parametrize("holes", [[ANSWER_LOST, REQUEST_LOST], [REQUEST_LOST, ANSWER_LOST]])
@pytest.mark.parametrize("rest", [[answer(BUSY)], [begin(), end(9), answer(BUSY)], [end(9), answer(BUSY)]])
def test_gives_no_transaction_the_response_of_the_next_one_with_its_id(
    first: list[Said], holes: list[Said], rest: list[Said]
) -> None:
    """The initiator had no data to send (any more): what it said before the response was the next request."""
    one, next_one = walked(*first, *holes, *rest)
    assert (one.status, one.response, one.messages) == (Status.GAP, NO_ROW, list(range(100, 100 + len(first))))
    assert (next_one.status, next_one.request, next_one.identity) == (Status.GAP, NO_ROW, ID)
    assert next_one.response_code == BUSY
    assert next_one.data_bytes == sum(said.length - 12 for said in rest if said.kind == m.END_DATA)


@pytest.mark.parametrize(
    "said",
    [
        [ask(info=IN), REQUEST_LOST],  # only this side misses bytes: there is room for no other response
        [ask(info=IN), ANSWER_LOST],
        [ask(info=IN), ANSWER_LOST, hole(length=12, outward=True)],  # a Cancel
        [ask(info=IN), hole(length=13), REQUEST_LOST],
        [ask(info=OUT), ANSWER_LOST, REQUEST_LOST],  # its own data
        [ask(info=OUT), begin(outward=True), ANSWER_LOST, REQUEST_LOST],
        [ask(), ANSWER_LOST, REQUEST_LOST],
    ],
)
def test_gives_a_transaction_the_response_of_its_id_where_holes_have_no_room_for_another(said: list[Said]) -> None:
    (one,) = walked(*said, answer())
    assert (one.status, one.response_code) == (Status.GAP, OK)


def test_gives_data_behind_the_response_to_it_where_no_hole_lies_between() -> None:
    """Of the transaction all before the response is lost; the initiator's last data came late (2.7.2.1)."""
    (one,) = walked(hole(), answer(CANCELLED), data(outward=True))
    assert (one.status, one.data_messages) == (Status.GAP, 1)
    assert len(walked(hole(), answer(CANCELLED), hole(), data(outward=True))) == 2


@pytest.mark.parametrize(
    "said",
    [
        [ask(), begin(), end(5), hole(), begin(), end(5), answer()],
        [ask(), begin(), data(), hole(), begin(), end(5), answer()],
        [ask(), begin(), end(5), hole(), end(2), answer()],
        [ask(), begin(), end(5), hole(), data(2), answer()],
        [ask(), begin(), end(5), hole(), begin(outward=True), end(2, outward=True), answer()],
        [ask(), begin(), data(), hole(), data(outward=True), answer()],
        [ask(), Said(m.CONTAINER_DATA, length=40), hole(), Said(m.CONTAINER_DATA, length=50), answer()],
    ],
)
def test_mixes_no_data_of_two_transactions_of_one_id(said: list[Said]) -> None:
    """The hole holds the response and the next request, which has the same id: 0, or one that a camera repeats."""
    first, second = walked(*said)
    split = next(at for at, one in enumerate(said) if one.kind == m.UNFRAMED)
    assert first.messages == list(range(100, 100 + split))
    assert second.messages == list(range(101 + split, 100 + len(said)))
    assert (first.status, second.status) == (Status.GAP, Status.GAP)


@pytest.mark.parametrize(
    "said",
    [
        [ask(), begin(), hole(), data(), end(), answer()],
        [ask(), hole(), begin(), end(5), answer()],
        [ask(), begin(), data(), hole(), end(), answer()],
        [ask(), begin(), end(5), hole(), answer()],
        [hole(), ask(), begin(), end(5), begin(), end(5), answer()],
        [ask(), hole(), begin(), end(5), begin(), end(5), answer()],
    ],
)
def test_keeps_the_data_of_one_transaction_together(said: list[Said]) -> None:
    """A hole in the middle, or no hole in between."""
    assert len(walked(*said)) == 1


@pytest.mark.parametrize(("length", "outward", "transactions"), [(14, False, 2), (13, False, 1), (14, True, 1)])
def test_takes_a_hole_behind_the_responders_end_data_for_its_response(
    length: int, outward: bool, transactions: int
) -> None:
    """What comes next from there is its response: it was in the hole, if that has room for it."""
    told = walked(ask(), begin(outward=outward), end(5, outward=outward), hole(length=length), answer())
    assert len(told) == transactions
    assert [outcome.response for outcome in told] == [NO_ROW, 104][2 - transactions :]
