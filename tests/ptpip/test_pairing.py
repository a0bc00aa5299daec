"""Command and event connections join to sessions: by number, by a guess that can't be wrong, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.ptpip import Conversation, Handshake, Pair, handshakes, pair
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.tcp import Connection
from ptpip_analyze.tcp.connection import FIN
from tests.engine import hear
from tests.traffic import STORIES, Packet, capture, conversation, damage, fuji_conversation

DESK, LAPTOP, CAMERA, OTHER_CAMERA = 20, 21, 1, 2
SECOND = 10**9


class Network:
    """Connections by hand, numbered as they come."""

    def __init__(self) -> None:
        self.count = 0

    def connection(
        self,
        initiator: int = DESK,
        responder: int = CAMERA,
        port: int = 15740,
        begin: float = 0,
        end: float = 100,
    ) -> Conversation:
        """One connection that lived from ``begin`` to ``end`` (seconds)."""
        own = (initiator, 50_000 + self.count)
        low, high = sorted([own, (responder, port)])
        tcp = Connection(self.count, low, high, packet=self.count, time=int(begin * SECOND))
        tcp.last_time = int(end * SECOND)
        self.count += 1
        conversation = Conversation(tcp)
        conversation.initiator = 0 if low == own else 1
        return conversation

    def command(self, number: int | None = None, at: float | None = None, **options: float) -> Handshake:
        """A command connection, with the number that the responder gave."""
        return self._shake(False, number, at, **options)

    def event(self, number: int | None = None, at: float | None = None, **options: float) -> Handshake:
        """An event connection, with the number that the initiator repeated."""
        return self._shake(True, number, at, **options)

    def _shake(self, is_event: bool, number: int | None, at: float | None, **options: float) -> Handshake:
        conversation = self.connection(**options)  # type: ignore[arg-type]
        assert conversation.initiator is not None
        time = None if number is None else int((options.get("begin", 0) if at is None else at) * SECOND)
        return Handshake(conversation, conversation.initiator, is_event, {}, number, time)


def joined(*shakes: Handshake) -> list[tuple[int | None, int | None, str]]:
    """Connection numbers of command and event, and why."""
    return [
        (one.command.tcp.number if one.command else None, one.event.tcp.number if one.event else None, one.paired_by)
        for one in pair(list(shakes))
    ]


def test_joins_by_connection_number() -> None:
    net = Network()
    shakes = [net.command(1), net.command(2), net.event(2), net.event(1)]
    assert joined(*shakes) == [(0, 3, "connection-number"), (1, 2, "connection-number")]


def test_joins_by_number_whichever_was_seen_first() -> None:
    net = Network()
    assert joined(net.event(5), net.command(5)) == [(1, 0, "connection-number")]


def test_joins_no_connections_of_different_numbers() -> None:
    net = Network()
    assert joined(net.command(1), net.event(2, initiator=LAPTOP)) == [(0, None, "alone"), (None, 1, "alone")]


def test_joins_no_connections_to_different_responders() -> None:
    net = Network()
    shakes = [net.command(1), net.event(1, responder=OTHER_CAMERA)]
    assert joined(*shakes) == [(0, None, "alone"), (None, 1, "alone")]


def test_joins_equal_numbers_to_the_camera_that_gave_them() -> None:
    net = Network()
    shakes = [
        net.command(1),
        net.command(1, responder=OTHER_CAMERA),
        net.event(1, responder=OTHER_CAMERA),
        net.event(1),
    ]
    assert joined(*shakes) == [(0, 3, "connection-number"), (1, 2, "connection-number")]


def test_joins_equal_numbers_in_turn_by_the_time_in_which_they_lived() -> None:
    net = Network()
    shakes = [net.command(1, begin=0, end=10), net.event(1, begin=1, end=10), net.command(1, begin=20, end=30),
              net.event(1, begin=21, end=30)]  # fmt: skip
    assert joined(*shakes) == [(0, 1, "connection-number"), (2, 3, "connection-number")]
    late = [net.command(1, begin=40, end=50), net.event(1, begin=51.5, end=60)]
    assert joined(*late) == [(4, None, "alone"), (None, 5, "alone")]
    slack = [net.command(1, begin=70, end=80), net.event(1, begin=80.5, end=90)]
    assert joined(*slack) == [(6, 7, "connection-number")]
    before = [net.command(1, begin=120, end=130), net.event(1, begin=100, end=118)]
    assert joined(*before) == [(8, None, "alone"), (None, 9, "alone")]


def test_joins_the_number_that_was_given_most_recently() -> None:
    """The responder gives a number again as soon as its event connection came (2.2.3.1)."""
    net = Network()
    shakes = [net.command(1, at=1), net.event(1, at=2), net.command(1, at=3), net.event(1, at=4)]
    assert joined(*shakes) == [(0, 1, "connection-number"), (2, 3, "connection-number")]
    waiting = [net.command(1, at=1), net.command(1, at=3), net.event(1, at=4)]
    assert joined(*waiting) == [(4, None, "alone"), (5, 6, "guess")], "two wait with one number: it proves nothing"


def test_joins_a_number_given_before_rather_than_one_given_just_after() -> None:
    """The slack is for clocks that disagree: it decides nothing while an earlier number fits."""
    net = Network()
    shakes = [net.command(1, at=1), net.event(1, at=1.5), net.command(1, at=1.7), net.event(1, at=1.9)]
    assert joined(*shakes) == [(0, 1, "connection-number"), (2, 3, "connection-number")]


def test_joins_no_number_that_was_not_given_yet() -> None:
    net = Network()
    shakes = [net.command(1, at=50, initiator=LAPTOP), net.event(1, at=2)]
    assert joined(*shakes) == [(0, None, "alone"), (None, 1, "alone")]
    crossing = [net.command(1, at=50), net.event(1, at=49.5)]
    assert joined(*crossing) == [(2, 3, "connection-number")], "two interfaces, two clocks"


def test_asks_the_order_of_packets_where_they_have_no_time() -> None:
    net = Network()
    shakes = [net.command(1), net.event(1), net.command(1), net.event(1)]
    for at, shake in enumerate(shakes):
        shake.numbered_at = shake.tcp.first_time = shake.tcp.last_time = NO_TIME
        shake.tcp.first_packet, shake.tcp.last_packet = 10 * at, 10 * at + (15 if at % 2 == 0 else 3)
    assert joined(*shakes) == [(0, 1, "connection-number"), (2, 3, "connection-number")]


def test_joins_by_number_though_only_one_of_both_has_a_time() -> None:
    net = Network()
    command, event = net.command(1, at=3), net.event(1)
    event.numbered_at = event.tcp.first_time = event.tcp.last_time = NO_TIME
    command.tcp.last_packet = event.tcp.first_packet
    assert joined(command, event) == [(0, 1, "connection-number")]


def test_prefers_the_same_port_then_the_same_initiator() -> None:
    net = Network()
    shakes = [net.command(1, port=9999, at=3), net.command(1, initiator=LAPTOP, at=3), net.command(1, at=1),
              net.event(1, at=4)]  # fmt: skip
    assert joined(*shakes) == [(0, None, "alone"), (1, None, "alone"), (2, 3, "connection-number")]
    other = [net.command(1, port=9999, at=3), net.command(1, initiator=LAPTOP, at=1), net.event(1, at=4)]
    assert joined(*other) == [(4, None, "alone"), (5, 6, "connection-number")]


def test_joins_by_number_across_ports_and_initiators_when_nothing_else_fits() -> None:
    net = Network()
    assert joined(net.command(1, port=9999), net.event(1)) == [(0, 1, "connection-number")]
    assert joined(net.command(1, initiator=LAPTOP), net.event(1)) == [(2, 3, "connection-number")]


def test_gives_a_command_connection_one_event_connection_only() -> None:
    net = Network()
    shakes = [net.command(1), net.event(1, at=1), net.event(1, at=2)]
    assert joined(*shakes) == [(0, 1, "connection-number"), (None, 2, "alone")]


# Where a handshake is missing


def test_guesses_when_one_command_connection_fits() -> None:
    net = Network()
    assert joined(net.command(), net.event()) == [(0, 1, "guess")]
    assert joined(net.command(7), net.event()) == [(2, 3, "guess")]
    assert joined(net.command(), net.event(7)) == [(4, 5, "guess")]


@pytest.mark.parametrize("other", [{"initiator": LAPTOP}, {"port": 9999}, {"responder": OTHER_CAMERA},
                                   {"begin": 200, "end": 300}])  # fmt: skip
def test_does_not_guess_across_hosts_ports_or_times(other: dict[str, float]) -> None:
    net = Network()
    assert joined(net.command(None, None, **other), net.event()) == [(0, None, "alone"), (None, 1, "alone")]


def test_does_not_guess_between_two() -> None:
    net = Network()
    shakes = [net.command(), net.command(), net.event()]
    assert joined(*shakes) == [(0, None, "alone"), (1, None, "alone"), (None, 2, "alone")]


def test_guesses_the_one_that_is_left_when_numbers_took_the_others() -> None:
    net = Network()
    shakes = [net.command(1), net.command(), net.event(), net.event(1)]
    assert joined(*shakes) == [(0, 3, "connection-number"), (1, 2, "guess")]


def test_guesses_in_turn_the_one_that_was_open() -> None:
    """Sessions one after another within the slack for clocks that disagree."""
    net = Network()
    shakes = [net.command(1, begin=0, end=0.01), net.event(begin=0.002, end=0.01), net.command(1, begin=0.04, end=0.05),
              net.event(begin=0.042, end=0.05)]  # fmt: skip
    assert joined(*shakes) == [(0, 1, "guess"), (2, 3, "guess")]


def test_guesses_by_slack_where_no_lifetimes_overlap() -> None:
    net = Network()
    assert joined(net.command(begin=0, end=1), net.event(begin=1.5, end=2)) == [(0, 1, "guess")]
    between = net.command(begin=0, end=1), opened(net.event(begin=1.5, end=1.6)), net.command(begin=2, end=3)
    assert joined(*between) == [(2, 3, "guess"), (4, None, "alone")], "the one that came before"


def opened(shake: Handshake) -> Handshake:
    """Its SYN is in the capture."""
    shake.tcp.syn_from = shake.initiator
    return shake


def test_guesses_the_one_whose_number_was_given_before() -> None:
    """The second session was greeted, or closed, when the event connection was opened: only the first one was not."""
    net = Network()
    first, second = net.command(1, at=1, begin=0, end=9), net.command(2, at=5, begin=4, end=9)
    closed = net.command(3, at=1, begin=0, end=9)
    closed.tcp.closed_at = 2 * SECOND
    assert joined(first, second, closed, opened(net.event(begin=3, end=9)))[0] == (0, 3, "guess")
    late = opened(net.event(begin=3, end=9)), opened(net.event(begin=6, end=9))
    assert joined(first, second, *late) == [(0, 4, "guess"), (1, 5, "guess")], "the other one is needed"
    assert joined(first, second, net.event(begin=3, end=9))[2] == (None, 6, "alone"), "when it was opened is not known"


def test_asks_the_order_of_packets_when_guessing_without_times() -> None:
    net = Network()
    shakes = [net.command(), net.event(), net.command()]
    for at, shake in enumerate(shakes):
        shake.tcp.first_time = shake.tcp.last_time = NO_TIME
        shake.tcp.first_packet, shake.tcp.last_packet = 10 * at, 100
    assert joined(*shakes) == [(0, 1, "guess"), (2, None, "alone")]


def test_guesses_no_number_against_another_where_one_is_missing() -> None:
    net = Network()
    shakes = [net.command(5, begin=1), net.command(begin=0), net.event(7, begin=2)]
    assert joined(*shakes) == [(0, None, "alone"), (1, 2, "guess")]


def test_does_not_guess_which_of_two_event_connections_is_meant() -> None:
    net = Network()
    shakes = [net.command(), net.event(), net.event()]
    assert joined(*shakes) == [(0, None, "alone"), (None, 1, "alone"), (None, 2, "alone")]


def test_guesses_nothing_in_a_crowd() -> None:
    net = Network()
    crowd = [net.command() for _ in range(300)]
    assert {one[2] for one in joined(*crowd, *(net.event() for _ in range(300)))} == {"alone"}


def test_does_not_guess_that_a_rejected_initiator_came_back_with_an_event_connection() -> None:
    net = Network()
    refused = net.command(7)
    refused.rows[m.INIT_FAIL] = 3
    assert joined(refused, net.event(8)) == [(0, None, "alone"), (None, 1, "alone")]
    accepted = net.command(7)
    assert joined(accepted, net.event(8)) == [(2, 3, "guess")], "a number misread or repeated wrongly"


def test_lists_sessions_by_the_first_packet_of_either_connection() -> None:
    net = Network()
    early, command, alone = net.event(9), net.command(3), net.event(4, initiator=LAPTOP)
    last = net.command(9)
    assert joined(command, last, alone, early) == [(3, 0, "connection-number"), (1, None, "alone"), (None, 2, "alone")]
    assert pair([]) == []


def test_lists_the_parts_of_a_session_command_first() -> None:
    net = Network()
    command, event = net.command(), net.event()
    assert Pair(command, event, "guess").parts == [command, event]
    assert Pair(None, event, "alone").parts == [event]
    assert Pair(command, None, "alone").parts == [command]


# What a connection says of itself


def shaken(conversation: Conversation, *said: tuple[int, int, int]) -> Handshake:
    """The handshake of a connection on which (direction, type, code) were said, in this order, a second apart."""
    stream = np.array([2 * conversation.tcp.number + direction for direction, _, _ in said], np.int32)
    kinds, codes = np.array([kind for _, kind, _ in said]), np.array([code for _, _, code in said])
    (one,) = handshakes([conversation], stream, kinds, codes, np.arange(len(said)) * SECOND, np.full(len(said), 38))
    return one


TO_RESPONDER_TYPES = [m.INIT_COMMAND_REQUEST, m.INIT_EVENT_REQUEST, m.OPERATION_REQUEST, m.CANCEL]
TO_INITIATOR_TYPES = [m.INIT_COMMAND_ACK, m.INIT_EVENT_ACK, m.INIT_FAIL, m.OPERATION_RESPONSE, m.EVENT]


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("kind", [*TO_RESPONDER_TYPES, *TO_INITIATOR_TYPES])
def test_knows_the_initiator_by_what_only_one_side_says(kind: int, direction: int) -> None:
    conversation = Network().connection()
    conversation.initiator = 1 - direction if kind in TO_RESPONDER_TYPES else direction  # whoever opened it
    said = shaken(conversation, (direction, kind, 0))
    assert said.initiator == (direction if kind in TO_RESPONDER_TYPES else 1 - direction)


def test_knows_the_initiator_by_who_opened_or_else_by_the_lower_port() -> None:
    net = Network()
    for direction in (0, 1):
        conversation = net.connection()
        conversation.initiator = direction
        assert shaken(conversation, (0, m.DATA, 0)).initiator == direction
        contrary = (0, m.OPERATION_REQUEST, 0), (0, m.OPERATION_RESPONSE, 0)
        assert shaken(conversation, *contrary).initiator == direction, "evidence for both sides"
    for initiator, expected in ((DESK, 1), (0, 0)):
        conversation = net.connection(initiator=initiator)
        conversation.initiator = None
        assert shaken(conversation, (0, m.DATA, 0)).initiator == expected


@pytest.mark.parametrize(
    ("kinds", "is_event"),
    [
        ([m.INIT_COMMAND_REQUEST], False),
        ([m.INIT_EVENT_REQUEST], True),
        ([m.INIT_EVENT_REQUEST, m.OPERATION_REQUEST], True),
        ([m.INIT_COMMAND_REQUEST, m.EVENT], False),
        ([m.INIT_EVENT_ACK], True),
        ([m.EVENT], True),
        ([m.PROBE_REQUEST], True),
        ([m.PROBE_RESPONSE], True),
        ([m.EVENT, m.OPERATION_RESPONSE], False),
        ([m.PROBE_REQUEST, m.DATA], False),
        ([m.INIT_COMMAND_ACK], False),
        ([m.OPERATION_REQUEST], False),
        ([m.START_DATA], False),
        ([m.END_DATA], False),
        ([m.INIT_FAIL], False),
        ([m.CANCEL], True),
        ([m.CANCEL, m.EVENT], True),
    ],
)
def test_knows_an_event_connection_by_what_is_said_there(kinds: list[int], is_event: bool) -> None:
    assert shaken(Network().connection(), *((0, kind, 0) for kind in kinds)).is_event is is_event


def test_remembers_the_first_message_of_each_type_and_no_others() -> None:
    said = shaken(Network().connection(), (1, m.OPERATION_RESPONSE, 1), (0, m.OPERATION_REQUEST, 1), (0, m.DATA, 2),
                  (1, m.DATA, 3), (0, m.OPERATION_REQUEST, 4), (0, m.UNFRAMED, 0), (0, 15, 0), (0, 0, 0))  # fmt: skip
    assert said.rows == {m.OPERATION_RESPONSE: 0, m.OPERATION_REQUEST: 1, m.DATA: 3}


@pytest.mark.parametrize("turned", [False, True])
def test_takes_a_greeting_that_both_sides_sent_from_the_one_that_may(turned: bool) -> None:
    """Which side's rows come first in the table depends on how packets arrived."""
    both = [(0, m.INIT_COMMAND_REQUEST, 1), (1, m.INIT_COMMAND_ACK, 2), (0, m.INIT_COMMAND_ACK, 3)]
    said = shaken(Network().connection(), *(both[::-1] if turned else both))
    assert said.number == 2


def test_knows_the_connection_number_and_when_it_was_said() -> None:
    command = shaken(Network().connection(), (0, m.INIT_COMMAND_REQUEST, 99), (1, m.INIT_COMMAND_ACK, 5))
    assert (command.number, command.numbered_at) == (5, SECOND)
    event = shaken(Network().connection(), (1, m.INIT_EVENT_ACK, 99), (0, m.INIT_EVENT_REQUEST, 6))
    assert (event.number, event.numbered_at) == (6, SECOND)
    none = shaken(Network().connection(), (0, m.INIT_COMMAND_REQUEST, 99))
    assert (none.number, none.numbered_at) == (None, None)


def test_asks_each_connection_about_its_own_messages() -> None:
    net = Network()
    first, second = net.connection(), net.connection()
    stream = np.array([2, 1, 3, 0])
    kinds = np.array([m.INIT_EVENT_REQUEST, m.INIT_COMMAND_REQUEST, m.INIT_EVENT_ACK, m.INIT_COMMAND_ACK])
    found = handshakes([first, second], stream, kinds, np.array([7, 0, 0, 8]), np.arange(4), np.full(4, 38))
    assert [(one.is_event, one.number, one.initiator) for one in found] == [(False, 8, 1), (True, 7, 0)]
    assert [one.rows for one in found] == [{1: 1, 2: 3}, {3: 0, 4: 2}]


# Stories


def paired(packets: list[Packet]) -> list[tuple[list[int], str]]:
    """The initiator's ports of each session, and why its connections are joined."""
    told = []
    for one in hear(packets).pairs:
        ports = [part.tcp.endpoint(part.initiator)[1] for part in one.parts]
        told.append((ports, one.paired_by))
    return told


@pytest.mark.parametrize("name", STORIES)
def test_finds_the_sessions_of_every_story(name: str) -> None:
    truths = [one.truth().session for one in STORIES[name]()]
    expected = sorted(
        [one[name] for name in ("command_port", "event_port", "live_view_port") if one.get(name)]
        for one in truths
        if one is not None
    )
    assert sorted(ports for ports, _ in paired(capture(name))) == expected


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("plain", ["connection-number"]),
        ("two_pairs", ["connection-number"] * 2),
        ("two_initiators", ["connection-number"] * 2),
        ("same_number_in_turn", ["connection-number"] * 3),
        ("same_number_at_once", ["connection-number"] * 2),
        ("ports_again_without_close", ["connection-number"] * 2),
        ("event_connection_first", ["guess"]),
        ("handshake_missing", ["connection-number"]),
        ("midstream", ["guess"]),
        ("no_event_connection", ["alone"]),
        ("fails_on_command", ["alone"]),
        ("only_the_camera", ["guess"]),
        ("fuji", ["dialect"]),
        ("fuji_elsewhere", ["dialect"]),
        ("fuji_silent", ["dialect"]),
        ("fuji_two_sessions", ["dialect"] * 2),
        ("fuji_refused", ["alone"]),
    ],
)
def test_says_by_what_it_joined(name: str, by: list[str]) -> None:
    assert [why for _, why in paired(capture(name))] == by


def test_joins_sessions_in_turn_though_all_their_init_event_requests_are_lost() -> None:
    """They follow one another within less than the slack for clocks."""
    one = [conversation(seed=at, number=at, command_port=50001 + 10 * at, event_port=50002 + 10 * at).init()
           .open_session().close().packets() for at in range(3)]  # fmt: skip
    packets = damage.in_turn(*one, pause_ns=40_000_000)
    lost = damage.segments(packets, "event", "to-responder")
    told = paired(damage.drop(packets, *lost))
    assert told == [([50001 + 10 * at, 50002 + 10 * at], "guess") for at in range(3)]


def test_joins_a_refused_event_connection_whose_request_is_lost() -> None:
    """Init Fail alone may be said on either; but only Init Event Request has 12 bytes."""
    packets = capture("fails_on_event")
    (lost,) = damage.segments(packets, "event", "to-responder")
    assert paired(damage.drop(packets, lost)) == [([50001, 50002], "guess")]
    refused = capture("fails_on_command")
    lost = damage.segments(refused, "command", "to-responder")[0]
    assert [one.command is None for one in hear(damage.drop(refused, lost)).pairs] == [False]


def test_does_not_guess_between_two_sessions_of_the_same_hosts() -> None:
    packets = [packet for packet in capture("two_initiators") if packet.payload]
    opened = max(at for at, packet in enumerate(packets) if packet.connection == "event" and len(packet.payload) <= 12)
    told = paired(damage.begin_late(packets, opened + 1))
    assert len(told) == 4
    assert {why for _, why in told} == {"alone"}


# Fujifilm's dialect


def test_gives_the_dialects_connections_to_the_session_they_follow() -> None:
    """Two sessions of the same hosts at once: whichever began last is the likelier one, and that is a guess."""
    first = fuji_conversation(seed=1).init(event=False).open_session().wait(1).poll()
    begin = first.start_ns + 300_000_000
    second = fuji_conversation(seed=2, number=1, command_port=50011, event_port=50012, start_ns=begin)
    second.init(event=False).open_session().connect("event").event(0xC004).wait(1).poll()
    told = paired(damage.interleave(first.close().packets(), second.close().packets()))
    assert told == [([50001], "alone"), ([50011, 50012], "guess")]


def test_leaves_the_dialects_connections_alone_where_no_session_was_alive() -> None:
    early = fuji_conversation(seed=1).init(event=False).open_session().close()
    late = fuji_conversation(seed=2, number=1, start_ns=early.start_ns + 10**9).connect("event").event(0xC004).close()
    told = paired(damage.interleave(early.packets(), late.packets()))
    assert told == [([50001], "alone"), ([50002], "alone")]


def test_never_gives_the_dialects_connections_to_a_session_of_the_standard() -> None:
    """One camera with both: its PTP-IP session has no event connection, and an event container comes by."""
    standard = conversation(seed=1).init(event=False).open_session().wait(1).get_property().close()
    begin = standard.start_ns + 10**8
    event = fuji_conversation(seed=2, number=1, start_ns=begin).connect("event").event(0xC004).close()
    told = paired(damage.interleave(standard.packets(), event.packets()))
    assert told == [([50001], "alone"), ([50002], "alone")]


def test_gives_the_dialects_connections_to_a_session_that_says_nothing_any_more() -> None:
    early = fuji_conversation(seed=1).init(event=False).open_session()
    late = fuji_conversation(seed=2, number=1, start_ns=early.start_ns + 10**9).connect("event").event(0xC004).close()
    told = paired(damage.interleave(early.packets(), late.packets()))
    assert told == [([50001, 50002], "dialect")]


@pytest.mark.parametrize(("late", "by"), [(0.02, "connection-number"), (0.06, "alone")])
def test_joins_by_number_what_two_taps_stamped_one_behind_the_other(late: float, by: str) -> None:
    net = Network()
    command, event = net.command(0, at=0.99, end=1), net.event(0, begin=1 + late, end=1.2)
    for shake in (command, event):
        shake.tcp.first_end, shake.tcp.end_flags, shake.tcp.syn_from = 0, [FIN, FIN], 0
    assert {told for *_, told in joined(command, event)} == {by}


def test_leaves_alone_what_had_ended_before_the_other_one_began() -> None:
    """Three connections of the same hosts, one after the other: a closed one is no part of what came later."""
    net = Network()
    first, event, last = net.command(1, end=1), net.event(0, begin=1.1, end=1.2), net.command(begin=1.3, end=2)
    for shake in (first, event, last):
        shake.tcp.first_end, shake.tcp.end_flags, shake.tcp.syn_from = 0, [FIN, FIN], 0
    assert joined(first, event, last) == [(0, None, "alone"), (None, 1, "alone"), (2, None, "alone")]
