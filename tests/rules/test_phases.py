"""The messages of irregular transactions: what came before what, whose id is in use twice, what was open."""

from __future__ import annotations

from ptpip_analyze.ptp import NO_ROW
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules.phases import Phases
from ptpip_analyze.rules.rule import INITIATOR, RESPONDER, Ruling
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk

from .seen import evidence


def phases_of(one: Conversation) -> Phases:
    return evidence(one.packets()).once(Phases)


def broken_off() -> Conversation:
    """An upload that the responder breaks off, between flawless transactions."""
    one = talk().open().get_property().request(0x100D, data_phase_info=2).start_data(3000, "to-responder")
    one.data(b"x" * 1000, "to-responder").response(0x200C).data(b"x" * 500, "to-responder", 2).wait(0.1)
    return one.get_property().close_session().close()


def test_has_the_steps_of_irregular_transactions_alone() -> None:
    phases = phases_of(broken_off())
    assert len(phases.numbers) == 1
    expected = [m.OPERATION_REQUEST, m.START_DATA, m.DATA, m.OPERATION_RESPONSE, m.DATA]
    assert phases.kind.tolist() == expected
    assert phases.side.tolist() == [INITIATOR, INITIATOR, INITIATOR, RESPONDER, INITIATOR]
    assert phases.payload.tolist() == [0, 0, 1000, 0, 500]


def test_counts_and_adds_up_what_came_before() -> None:
    phases = phases_of(broken_off())
    data = phases.kind == m.DATA
    assert phases.earlier(data).tolist() == [0, 0, 0, 1, 1]
    assert phases.earlier(data, phases.payload).tolist() == [0, 0, 0, 1000, 1000]
    assert phases.earlier_own(data).tolist() == [0, 0, 0, 0, 1]
    assert phases.total(data).tolist() == [2]
    assert phases.total(data, phases.payload).tolist() == [1500]
    assert phases.first(data).tolist() == [phases.row[2]]
    assert phases.first(phases.kind == m.END_DATA).tolist() == [NO_ROW]


def test_counts_within_each_transaction() -> None:
    one = broken_off()
    one = talk().open()
    for size in (10, 20):
        one.request(0x1009, 1).start_data(100).data(b"x" * size).response(0x2002)
    phases = phases_of(one.close_session().close())
    assert len(phases.numbers) == 2
    assert phases.total(phases.is_data, phases.payload).tolist() == [10, 20]
    assert phases.earlier(phases.is_data).tolist() == [0, 0, 1, 2] * 2


def test_says_how_it_ended() -> None:
    phases = phases_of(broken_off())
    assert (phases.refused.tolist(), phases.succeeded.tolist(), phases.cancelled.tolist()) == ([True], [False], [False])


def test_knows_what_lies_near_the_request() -> None:
    assert phases_of(broken_off()).near.all()
    packets = broken_off().packets()
    data = [at for at, place in enumerate(damage.segments(packets)) if packets[place].payload[4:8] == b"\x0a\0\0\0"]
    phases = evidence(damage.drop(packets, segment=data[0])).once(Phases)
    assert phases.near.tolist() == [True, True, False, False][: len(phases.near)]


def test_trusts_no_id_that_is_in_use_twice() -> None:
    one = talk().open().request(0x1009, 1, transaction_id=1).start_data(5)
    one.request(0x1009, 1, transaction_id=1).data(b"photo", last=True).response()
    assert not phases_of(one.close()).clear.any()


def test_trusts_an_id_that_is_used_again_later() -> None:
    one = talk().open()
    for _ in range(2):
        one.request(0x1009, 1, transaction_id=1).start_data(50).data(b"photo").response(0x2002)
    assert phases_of(one.close()).clear.tolist() == [True, True]


def test_takes_every_cancel_into_account() -> None:
    for on in (("command",), ("event",), ("command", "event")):
        one = talk().open().request(0x1009, 1).start_data(50).data(b"photo").cancel(on=on).response(0x2002)
        assert phases_of(one.close()).cancelled.tolist() == [True], on
    other = talk().open().get_property().request(0x1009, 1).start_data(50).data(b"photo").cancel(1)
    assert phases_of(other.response(0x2002, transaction_id=2).close()).cancelled.tolist() == [False]


def test_takes_a_cancel_without_id_for_any() -> None:
    one = talk(segmentation="header").open().request(0x1009, 1).start_data(50).data(b"photo").cancel(on=("event",))
    packets = one.response(0x2002).close().packets()
    segments = damage.segments(packets, "event")
    identity = max(at for at in segments if packets[at].direction == "to-responder")
    assert evidence(damage.drop(packets, identity)).once(Phases).cancelled.tolist() == [True]


def test_knows_which_requests_are_open() -> None:
    seen = evidence(talk().open().request(0x1014, 1).request(0x1014, 2).wait(0.1).response(0x2005, transaction_id=1)
                    .response(0x2005, transaction_id=2).get_property().close().packets())  # fmt: skip
    phases = seen.once(Phases)
    count, number = phases.open_before(seen.conversation(0))
    assert count.tolist() == [0, 1, 0, 1, 2, 1, 0, 1, 1, 1]
    assert [at for at in number.tolist() if at != NO_ROW] == [0, 1, 2, 3, 3, 3]


def test_passes_flawless_data_phases_to_their_senders() -> None:
    seen = evidence(talk().open().get_object().get_object().send_object().close_session().close().packets())
    ruling = Ruling("data-start-first", checks=True)
    seen.once(Phases).pass_flawless(ruling)
    assert ruling.passed == {(0, INITIATOR): 2, (0, RESPONDER): 2}
