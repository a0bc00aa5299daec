"""A session as rules see it: what was captured of its connections, and how they ended."""

from __future__ import annotations

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules.case import Line
from ptpip_analyze.rules.rule import INITIATOR, RESPONDER
from tests.rules.stories.association import joined_by_time
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import START_NS

from .seen import evidence


def short() -> Conversation:
    return talk().open().get_property().close_session().close()


def test_knows_that_a_session_is_captured_from_its_start() -> None:
    packets = short().packets()
    (case,) = evidence(packets).judged
    assert case.paired
    assert case.from_start
    assert case.established is not None
    assert case.command.syn_captured
    assert case.command.opened_at == packets[0].time_ns
    assert case.command.both_directions
    assert all(line.whole(side) for line in case.lines for side in (INITIATOR, RESPONDER))


def test_knows_that_the_start_is_not_captured() -> None:
    (case,) = evidence(damage.begin_late(short().packets(), 4)).judged
    assert not case.from_start


def test_is_sure_of_roles_by_the_syn_or_by_two_types_of_messages() -> None:
    packets = short().packets()
    (case,) = evidence(packets).judged
    assert case.command.roles_sure
    (late,) = evidence(damage.without_handshake(packets)).judged
    assert late.command.roles_sure
    requests = [p for p in packets if p.connection == "command" and p.direction == TO_RESPONDER]
    alone = evidence(requests[3:5]).judged
    assert not any(line.roles_sure for case in alone for line in case.lines)


def test_says_when_each_side_closed() -> None:
    seen = evidence(short().packets())
    (case,) = seen.judged
    line = case.command
    assert line.closed_by == INITIATOR
    assert not line.reset
    assert line.closed_at(INITIATOR) == line.closed_at() <= line.closed_at(RESPONDER)
    assert line.closing_packet(INITIATOR) < line.closing_packet(RESPONDER)


def test_says_that_nobody_closed() -> None:
    (case,) = evidence(talk().open().packets()).judged
    assert case.command.closed_at() is case.command.closed_by is case.command.closing_packet(INITIATOR) is None


def test_is_open_only_by_signs_of_the_connection_itself() -> None:
    one, other = talk().open(), talk(command_port=60001, event_port=60002, number=1, start_ns=START_NS + 10**11).open()
    line = evidence(damage.interleave(one.packets(), other.packets())).judged[0].command
    assert line.open_until(line.tcp.last_time) is True
    assert line.open_until(line.tcp.last_time + 1) is None


def command_line(packets: list[Packet]) -> Line:
    return evidence(packets).judged[0].command


def test_is_not_open_behind_an_end() -> None:
    line = command_line(short().packets())
    end = line.closed_at()
    assert (line.open_until(end - 1), line.open_until(end), line.open_until(end + 10**12)) == (True, False, False)


def test_is_open_for_one_side_where_the_other_one_left() -> None:
    """The initiator stays for ten seconds; behind a reset nobody does."""
    half = talk().open().hang_up("command", "half", "responder").wait(10).acknowledge().acknowledge(by="responder")
    line = command_line(half.packets())
    later = line.closed_at() + 5 * 10**9
    assert (line.open_until(later), line.open_until(later, RESPONDER), line.open_until(later, INITIATOR)) == (
        False, False, True,
    )  # fmt: skip
    reset = command_line(talk().open().hang_up("command", "reset", "responder").wait(10).acknowledge().packets())
    assert reset.open_until(reset.closed_at() + 1, INITIATOR) is False


def test_does_not_know_that_it_was_open_where_an_end_was_acknowledged_that_is_not_captured() -> None:
    half = talk().open().hang_up("command", "half", "responder").wait(10).acknowledge().acknowledge(by="responder")
    packets = half.packets()
    fin = next(at for at, one in enumerate(packets) if one.flags & 1)
    line = command_line(damage.drop(packets, fin))
    assert line.open_until(line.tcp.last_time) is None
    one_way = damage.one_direction_only(talk().open().wait(1).get_property().packets(), TO_RESPONDER)
    line = command_line(one_way)
    assert line.open_until(line.tcp.last_time) is None


def test_misses_what_a_side_said_last() -> None:
    packets = short().packets()
    last = damage.segments(packets, "command", TO_INITIATOR)[-1]
    seen = evidence(damage.drop(packets, last))
    (case,) = seen.judged
    row = int(case.command.rows[RESPONDER][0])
    assert not case.command.nothing_missing_after(row)
    assert not case.command.whole(RESPONDER)
    assert case.command.nothing_missing_after(int(case.command.rows[INITIATOR][0]))


def test_finds_the_first_message_of_a_type() -> None:
    seen = evidence(short().packets())
    (case,) = seen.judged
    assert case.command.first(m.OPERATION_REQUEST) == int(seen.rows(m.OPERATION_REQUEST)[0])
    assert case.command.first(m.OPERATION_REQUEST, RESPONDER) is None
    assert case.command.first(m.CANCEL) is None


def test_lists_its_requests_and_transactions() -> None:
    first, second = short(), talk(command_port=60001, event_port=60002, number=1).open().close()
    seen = evidence(damage.in_turn(first.packets(), second.packets()))
    assert [len(case.requests) for case in seen.judged] == [3, 1]
    assert [case.numbers.tolist() for case in seen.judged] == [[0, 1, 2], [3]]


def test_knows_both_connections_only_where_their_number_joins_them() -> None:
    packets = talk().open().close_session().close().packets()
    (case,) = evidence(packets).cases
    assert case.both == (case.command, case.event)
    for left in ("command", "event"):
        assert [one.both for one in evidence(damage.one_connection_only(packets, left)).cases] == [None]
    unnumbered = joined_by_time().packets()
    assert [(len(one.lines), one.both) for one in evidence(unnumbered).cases] == [(2, None)]
