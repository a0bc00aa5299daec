"""What can be known of a place: guards say "can't know" as soon as a byte is missing, and not before."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules.evidence import COMMAND, EVENT, NOT_JUDGED
from ptpip_analyze.rules.rule import INITIATOR, RESPONDER
from tests.traffic import TO_INITIATOR, Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.stories import STORIES

from .seen import evidence


def polling() -> Conversation:
    return talk().open().get_property().get_property().get_property().close_session().close()


def test_says_who_sent_a_message_and_on_which_connection() -> None:
    seen = evidence(polling().packets())
    (request,) = seen.rows(m.INIT_EVENT_REQUEST)
    (ack,) = seen.rows(m.INIT_COMMAND_ACK)
    assert (seen.connection[request], seen.side[request]) == (EVENT, INITIATOR)
    assert (seen.connection[ack], seen.side[ack]) == (COMMAND, RESPONDER)


def test_finds_messages_by_type_connection_and_side() -> None:
    seen = evidence(polling().event(0x4002).packets())
    assert len(seen.rows(m.OPERATION_REQUEST)) == len(seen.rows(m.OPERATION_RESPONSE, side=RESPONDER)) == 5
    assert len(seen.rows(m.OPERATION_REQUEST, side=RESPONDER)) == len(seen.rows(m.EVENT, connection=COMMAND)) == 0
    both = seen.rows(m.OPERATION_REQUEST, m.OPERATION_RESPONSE)
    assert both.tolist() == sorted(both.tolist())
    assert len(both) == 10


def test_gives_whoever_asks_again_rows_that_nobody_wrote_to() -> None:
    seen = evidence(polling().packets())
    rows = seen.rows(m.OPERATION_REQUEST, side=INITIATOR)
    with pytest.raises(ValueError, match="read-only"):
        rows[0] = 0
    assert seen.rows(m.OPERATION_REQUEST, side=INITIATOR) is rows
    assert seen.rows(m.OPERATION_REQUEST, side=RESPONDER) is not rows


def test_names_sender_and_session_in_one_number() -> None:
    seen = evidence(polling().packets())
    assert (seen.sender // 3 - 1).tolist() == seen.session.tolist()
    assert (seen.sender % 3).tolist() == seen.side.tolist()


def test_shows_rules_nothing_of_a_dialect() -> None:
    seen = evidence([packet for one in STORIES["fuji"]() for packet in one.packets()])
    assert set(seen.kind.tolist()) == {NOT_JUDGED}
    assert seen.judged == []


def test_anchors_all_messages_of_a_whole_capture() -> None:
    seen = evidence(polling().packets())
    assert seen.anchored.all()
    assert seen.synced.all()
    assert len(set(seen.run.tolist())) == 4  # one for each direction of two connections


def test_anchors_nothing_behind_a_lost_segment() -> None:
    packets = polling().packets()
    place = damage.segments(packets, "command", TO_INITIATOR)[3]
    seen = evidence(damage.drop(packets, place))
    rows = next(case for case in seen.judged).command.rows[RESPONDER]
    anchored = seen.anchored[rows].tolist()
    assert anchored[0]
    assert not anchored[-1]
    assert anchored == sorted(anchored, reverse=True)
    others = next(case for case in seen.judged).command.rows[INITIATOR]
    assert seen.anchored[others].all()


def test_syncs_again_behind_the_first_message_after_a_hole() -> None:
    packets = polling().packets()
    place = damage.segments(packets, "command", TO_INITIATOR)[3]
    seen = evidence(damage.drop(packets, place))
    rows = seen.judged[0].command.rows[RESPONDER]
    behind = [row for row in rows.tolist() if not seen.anchored[row] and seen.kind[row] > 0]
    assert [bool(seen.synced[row]) for row in behind][:2] == [False, True]


def test_anchors_nothing_of_a_capture_that_begins_late() -> None:
    seen = evidence(damage.begin_late(polling().packets(), 3))
    assert not seen.anchored[seen.connection == COMMAND].any()


def test_keeps_bytes_that_are_no_message_at_the_boundary_before_them() -> None:
    one = talk().connect().init_command_request().raw(struct.pack("<II", 4, 4), TO_INITIATOR).close()
    seen = evidence(one.packets())
    short = np.flatnonzero(seen.columns["reason"] == m.SHORT_LENGTH)
    assert seen.anchored[short].all()


def test_tears_the_conversation_where_either_side_lost_bytes() -> None:
    packets = polling().packets()
    whole = evidence(packets)
    assert len(set(whole.stretch[whole.transactions.sequence].tolist())) == 1
    lost = damage.segments(packets, "command", TO_INITIATOR)[4]
    seen = evidence(damage.drop(packets, lost))
    requests = seen.judged[0].requests
    stretches = seen.stretch[requests].tolist()
    assert -1 in stretches  # the request whose answer is lost may have been answered by anything
    assert stretches[0] != stretches[-1]
    assert min(stretches[0], stretches[-1]) >= 0


def test_does_not_know_what_was_answered_where_the_first_answers_are_missing() -> None:
    """Nothing of the responder is there but its Init Command Ack and what it said later."""
    packets = polling().packets()
    answers = [at for at, place in enumerate(damage.segments(packets)) if packets[place].payload[4:8] == b"\7\0\0\0"]
    seen = evidence(damage.drop(packets, segment=answers[0]))
    assert [int(seen.stretch[row]) for row in seen.conversation(0)[:2]] == [-1, -1]
    assert not seen.settled[seen.conversation(0)[:3]].any()


def test_knows_what_a_sender_had_heard() -> None:
    seen = evidence(polling().packets())
    requests, responses = seen.rows(m.OPERATION_REQUEST), seen.rows(m.OPERATION_RESPONSE)
    assert (seen.heard[responses] == (seen.offset + seen.length)[requests]).all()
    assert [seen.acknowledged(int(row)) for row in requests] == seen.heard[requests].tolist()
    alone = evidence(damage.one_direction_only(damage.without_handshake(polling().packets()), TO_INITIATOR))
    assert alone.acknowledged(int(alone.rows(m.OPERATION_RESPONSE)[0])) is None


def test_does_not_trust_a_capture_that_begins_behind_a_request() -> None:
    """The segment behind the first request is missing, and nothing of that side was captured before."""
    packets = polling().packets()
    first = next(at for at, packet in enumerate(packets) if packet.payload[12:14] == b"\x15\x10")
    seen = evidence(damage.drop(damage.begin_late(packets, first), segment=1))
    assert int(seen.heard[seen.conversation(0)[0]]) < 0
    assert int(seen.stretch[seen.conversation(0)[0]]) == -1


def test_is_settled_from_the_start_or_behind_a_request_and_its_response() -> None:
    packets = polling().packets()
    whole = evidence(packets)
    assert whole.settled[whole.conversation(0)].all()
    first = next(at for at, packet in enumerate(packets) if packet.payload[12:14] == b"\x15\x10")
    late = evidence(damage.begin_late(packets, first))
    settled = late.settled[late.conversation(0)].tolist()
    assert (settled[0], settled[3], settled[4], settled[-1]) == (False, False, True, True)


def test_is_not_settled_once_a_side_says_what_the_other_one_should() -> None:
    one = talk().open().get_property().message(7, struct.pack("<HI", 0x2001, 1)).wait(0.1).get_property().close()
    seen = evidence(one.packets())
    settled = seen.settled[seen.conversation(0)].tolist()
    assert settled[0]
    assert not settled[-1]


def test_gives_the_messages_of_a_transaction_in_order() -> None:
    seen = evidence(talk().open().get_object(1, b"x" * 3000, "tail").close().packets())
    steps = seen.steps(1).tolist()
    assert [int(seen.kind[row]) for row in steps] == [
        m.OPERATION_REQUEST, m.START_DATA, m.DATA, m.DATA, m.END_DATA, m.OPERATION_RESPONSE,
    ]  # fmt: skip


def test_orders_messages_by_stream_conversation_and_clock() -> None:
    seen = evidence(polling().wait(0.1).event(0x4002).packets())
    first, second = seen.rows(m.OPERATION_REQUEST)[:2]
    (response, *_) = seen.rows(m.OPERATION_RESPONSE)
    (event,) = seen.rows(m.EVENT)
    assert seen.surely_before(first, second)
    assert seen.surely_before(first, response)
    assert seen.surely_before(response, second)
    assert not seen.surely_before(second, response)
    assert seen.surely_before(first, event)
    assert not seen.surely_before(event, first)


def test_orders_nothing_across_connections_within_the_tolerance() -> None:
    seen = evidence(talk().open().event(0x4002).packets())
    (event,) = seen.rows(m.EVENT)
    (response,) = seen.rows(m.OPERATION_RESPONSE)
    assert abs(int(seen.time[event]) - int(seen.time[response])) < seen.limit_ns("skew_ms")
    assert not seen.surely_before(response, event)
    assert not seen.surely_before(event, response)


def test_says_what_the_sender_had_received() -> None:
    seen = evidence(polling().packets())
    (response, *_) = seen.rows(m.OPERATION_RESPONSE)
    (request, *_) = seen.rows(m.OPERATION_REQUEST)
    assert seen.acknowledged(int(response)) == seen.offset[request] + seen.length[request]


def test_knows_which_bytes_of_a_message_are_captured() -> None:
    seen = evidence(damage.snap(polling().packets(), 80))
    requests = seen.rows(m.OPERATION_REQUEST)
    assert seen.has(requests, 8).all()
    assert not seen.has(requests, 18).any()


def test_gives_thresholds_in_nanoseconds() -> None:
    seen = evidence(polling().packets())
    assert (seen.limit_ns("skew_ms"), seen.limit_ns("probe_s")) == (50_000_000, 10_000_000_000)
