"""Every transaction comes out once, as what it was; the fast way and the careful way agree on all stories."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ptpip_analyze.ptp import DIRECTIONS, NO_ROW, STATUSES, Transactions, build, transactions
from ptpip_analyze.ptp import walk as walk_module
from ptpip_analyze.ptpip import messages as m
from tests.engine import Heard, hear
from tests.traffic import STORIES, UNKNOWN_TOTAL, Packet, capture, damage
from tests.traffic import conversation as talk

# Stories whose truth is of the whole conversation while the capture holds a part of it.
PARTIAL = {"midstream", "handshake_missing", "only_the_camera", "event_connection_first"}


def told(heard: Heard, careful: bool = False) -> list[dict[str, Any]]:
    """The transactions in the words of the stories' truth."""
    columns, made = heard.columns, build(heard.columns, heard.pairs, careful=careful)
    rows = []
    for number in range(len(made)):
        request, response, start = (int(column[number]) for column in (made.request, made.response, made.start))
        total = int(columns["total"][start])
        identity = int(made.transaction_id[number])
        rows.append(
            {
                "transaction_id": None if identity < 0 else identity,
                "operation_code": None if request == NO_ROW else int(columns["code"][request]),
                "parameters": None if request == NO_ROW else words(columns, request),
                "data_direction": _direction(made, number),
                "announced_bytes": None if start == NO_ROW or total == UNKNOWN_TOTAL else total,
                "data_bytes": int(made.data_bytes[number]),
                "data_messages": int(made.data_messages[number]),
                "response_code": None if response == NO_ROW else int(columns["code"][response]),
                "response_parameters": None if response == NO_ROW else words(columns, response),
                "status": STATUSES[made.status[number]],
            }
        )
    return rows


def _direction(made: Transactions, number: int) -> str | None:
    """Without a data phase and its request, nobody knows whether there was one."""
    unknown = made.direction[number] == 0 and made.request[number] == NO_ROW
    return None if unknown else DIRECTIONS[made.direction[number]]


def words(columns: dict[str, np.ndarray], row: int) -> list[int]:
    return [int(columns[f"word{index}"][row]) for index in range(int(columns["words"][row]))]


def truth(name: str) -> list[dict[str, Any]]:
    """What the story says of its transactions, those of several conversations by time of their first packet."""
    stories = STORIES[name]()
    first: dict[tuple[Any, ...], int] = {}
    for at, packet in enumerate(capture(name)):
        for byte in range(packet.offset, packet.end):
            first.setdefault((*packet.key, byte), at)
    found = [one for story in stories for one in story.truth().transactions]
    found.sort(key=lambda one: min(first[(*extent[:3], extent[3])] for extent in one["extents"]))
    return found


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("name", [name for name in STORIES if name not in PARTIAL])
def test_tells_every_transaction_of_every_story(name: str, careful: bool) -> None:
    found = told(hear(capture(name)), careful)
    expected = [{key: one[key] for key in found[0]} for one in truth(name)] if found else truth(name)
    assert found == expected


@pytest.mark.parametrize("name", [name for name in STORIES if name not in PARTIAL])
def test_gives_every_message_of_a_transaction_to_it(name: str) -> None:
    heard = hear(capture(name))
    made = build(heard.columns, heard.pairs)
    for number, one in enumerate(truth(name)):
        rows = np.flatnonzero(made.of_message == number)
        expected = {(key[0], key[2], begin, end) for *key, begin, end in one["extents"]}
        cancels = {row for row in rows.tolist() if heard.columns["type"][row] == m.CANCEL}
        found = {
            (*place(heard, name, row), int(heard.columns["offset"][row]),
             int(heard.columns["offset"][row] + heard.columns["length"][row]))
            for row in rows.tolist() if row not in cancels
        }  # fmt: skip
        assert found == expected
        assert int(made.first[number]) == int(heard.columns["first"][rows].min())
        assert int(made.last[number]) == int(heard.columns["last"][rows].max())


def place(heard: Heard, name: str, row: int) -> tuple[int, str]:
    packet = capture(name)[int(heard.columns["first"][row])]
    return packet.conversation, packet.direction


DAMAGES: dict[str, Callable[[list[Packet]], list[Packet]]] = {
    "nothing": list,
    **{
        f"every seventh segment lost from {first}": lambda packets, first=first: damage.drop(  # type: ignore[misc]
            packets, *damage.segments(packets)[first::7]
        )
        for first in range(7)
    },
    "shuffled": lambda packets: damage.shuffle(packets, 9, 2),
    "snapped": lambda packets: damage.snap(packets, 80),
    "begun late": lambda packets: damage.begin_late(packets, len(packets) // 2),
    "ended early": lambda packets: damage.end_early(packets, len(packets) // 3),
    "to the responder only": lambda packets: damage.one_direction_only(packets, "to-responder"),
    "to the initiator only": lambda packets: damage.one_direction_only(packets, "to-initiator"),
    "repeated": lambda packets: damage.retransmit(packets, len(damage.segments(packets)) // 2),
}


def same(one: Transactions, other: Transactions) -> None:
    for field in dataclasses.fields(one):
        if field.name == "flawless":  # which says that the careful way was not needed
            continue
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)


@pytest.mark.parametrize("harm", DAMAGES)
@pytest.mark.parametrize("name", STORIES)
def test_finds_the_same_by_the_fast_way_as_by_the_careful_way(name: str, harm: str) -> None:
    heard = hear(DAMAGES[harm](capture(name)))
    fast = build(heard.columns, heard.pairs)
    same(fast, build(heard.columns, heard.pairs, careful=True))
    assert (np.diff(fast.first) >= 0).all(), "in order of first packet"
    for column in (fast.request, fast.response):
        rows = column[column != NO_ROW]
        assert len(np.unique(rows)) == len(rows), "each request and response once"
        assert (fast.of_message[rows] == np.flatnonzero(column != NO_ROW)).all()


@pytest.mark.parametrize("name", ["plain", "data_styles", "repeated_ids", "events_inside", "two_pairs"])
def test_loses_only_what_a_lost_segment_touches(name: str) -> None:
    """Each payload segment in turn: every transaction it does not touch comes out as if it had been there."""
    packets = capture(name)
    known = truth(name)
    whole = told(hear(packets))
    for segment in range(len(damage.segments(packets))):
        rest = damage.drop(packets, segment=segment)
        gone = damage.lost(packets, rest)
        expected = [row for row, one in zip(whole, known, strict=True) if not damage.touched(one["extents"], gone)]
        found = told(hear(rest))
        for row in expected:
            assert row in found, f"segment {segment}"
            found.remove(row)
        assert {row["status"] for row in found} <= {"gap", "open"}, f"segment {segment}"
        assert len(found) <= len(known) - len(expected), f"segment {segment}: one was invented"


# The fast way takes what is flawless, and nothing else


@pytest.fixture
def careful_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of messages that went the careful way, call by call."""
    counts: list[int] = []
    real = walk_module.walk

    def walk(messages: Any, session: int, late: bool) -> Any:
        counts.append(len(messages))
        return real(messages, session, late)

    monkeypatch.setattr(transactions, "walk", walk)
    return counts


@pytest.mark.parametrize("name", ["plain", "data_styles", "parameters", "two_pairs", "same_number_in_turn", "upload"])
def test_takes_flawless_conversations_without_looking_at_each_message(name: str, careful_rows: list[int]) -> None:
    heard = hear(capture(name))
    assert len(build(heard.columns, heard.pairs)) > 0
    assert careful_rows == []


def test_walks_only_the_transactions_that_have_a_flaw(careful_rows: list[int]) -> None:
    one = talk().open().get_property().request(0x1009, 1).data(b"no start").response().get_property().get_property()
    heard = hear(one.packets())
    found = told(heard)
    assert [row["status"] for row in found] == ["complete", "complete", "disordered", "complete", "complete"]
    assert careful_rows == [3]


# Cancels on the event connection


def cancelled_by_event(response: int | None, answered_first: bool = False) -> list[str]:
    one = talk().open().request(0x1009, 1).data_phase(bytes(3000), style="tail", end=False)
    if answered_first and response is not None:
        one.response(response)
        one.cancel(1, on=("event",))
    else:
        one.cancel(on=("event",))
        if response is not None:
            one.response(response)
    return [row["status"] for row in told(hear(one.get_property().packets()))][1:]


@pytest.mark.parametrize(
    ("response", "answered_first", "status"),
    [
        (0x201F, False, "cancelled"),
        (0x2002, False, "cancelled"),
        (None, False, "cancelled"),
        (0x2001, False, "disordered"),
        (0x2002, True, "complete"),
        (0x201F, True, "cancelled"),
    ],
)
def test_lets_a_cancel_on_the_event_connection_reach_its_transaction(
    response: int | None, answered_first: bool, status: str
) -> None:
    assert cancelled_by_event(response, answered_first) == [status, "complete"]


def test_compares_a_cancel_with_the_response_by_their_clocks() -> None:
    """Two queues of a capture card: what the initiator sent is written before what came for it."""
    one = talk().open().request(0x1009, 1).response(0x2002).wait(0.1).cancel(1, on=("event",)).get_property()
    packets = sorted(one.packets(), key=lambda packet: packet.direction == "to-initiator")
    assert [row["status"] for row in told(hear(packets))] == ["complete"] * 3
    late = talk().open().request(0x1009, 1).cancel(on=("event",)).wait(0.1).response(0x2002).get_property()
    packets = sorted(late.packets(), key=lambda packet: packet.direction == "to-responder")
    assert [row["status"] for row in told(hear(packets))] == ["complete", "cancelled", "complete"]


def test_lets_a_cancel_reach_only_the_transaction_of_its_id_and_session() -> None:
    one = talk().open().request(0x1009, 1).cancel(99, on=("event",)).response(0x2002)
    assert [row["status"] for row in told(hear(one.packets()))] == ["complete", "complete"]
    first = talk(seed=1).open().request(0x1009, 1).wait(1).response(0x2002)
    second = talk(seed=2, number=1, initiator="192.168.1.9", responder="192.168.1.2", start_ns=first.start_ns + 10**8)
    second.open().request(0x1009, 1).cancel(on=("event",)).wait(1).response(0x2002)
    rows = told(hear(damage.interleave(first.packets(), second.packets())))
    assert sorted(row["status"] for row in rows) == ["cancelled", "complete", "complete", "complete"]


def test_lets_a_cancel_reach_the_latest_transaction_of_a_repeated_id() -> None:
    one = talk().open().transaction(0x1009, transaction_id=7, response=0x2002)
    one.request(0x1009, transaction_id=7).cancel(on=("event",)).response(0x2002)
    one.transaction(0x1009, transaction_id=7, response=0x2002)
    assert [row["status"] for row in told(hear(one.packets()))] == ["complete", "complete", "cancelled", "complete"]


def test_cancels_nothing_that_a_gap_has_hidden() -> None:
    one = talk().open().request(0x1009, 1).data_phase(bytes(3000), style="tail", end=False)
    packets = one.cancel(on=("event",)).response(0x2002).packets()
    lost = damage.segments(packets, "command", "to-initiator")[3]
    assert [row["status"] for row in told(hear(damage.drop(packets, lost)))][-1] == "gap"


@pytest.mark.parametrize("careful", [False, True])
def test_misses_what_was_answered_before_the_first_byte_that_was_captured(careful: bool) -> None:
    """The capture begins with a request; its data is lost, only the response is there: no hole lies before that."""
    packets = talk().open().get_property().get_property().packets()
    requests = damage.segments(packets, "command", "to-responder")
    late = damage.begin_late(packets, requests[2])
    data = [at for at in damage.segments(late, "command", "to-initiator") if late[at].payload[4] in (9, 12)]
    heard = hear(damage.drop(late, *data[:2]))
    rows = told(heard, careful)
    assert [(row["status"], row["data_bytes"]) for row in rows] == [("gap", 0), ("complete", 1)]


# Nothing to tell


def test_makes_nothing_of_nothing() -> None:
    heard = hear(capture("http"))
    made = build(heard.columns, heard.pairs)
    assert len(made) == 0
    for field in dataclasses.fields(made):
        assert len(getattr(made, field.name)) == 0


def test_makes_no_transaction_of_an_event_connection_alone() -> None:
    packets = damage.one_connection_only(capture("cancels_in"), "event")
    heard = hear(packets)
    assert len(heard.pairs) == 1
    made = build(heard.columns, heard.pairs)
    assert len(made) == 0
    assert set(made.of_message.tolist()) == {NO_ROW}


def test_counts_packets_and_rows_over_all_sessions() -> None:
    heard = hear(capture("same_number_in_turn"))
    made = build(heard.columns, heard.pairs)
    assert made.session.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len(made) == 9
    assert made.of_message.shape == heard.columns["type"].shape


@pytest.mark.parametrize("name", ["zero_ids", "repeated_ids", "device_info_first", "last_ids"])
def test_mixes_no_transactions_with_one_id_whatever_stretch_is_lost(name: str) -> None:
    """The response of one and the request of the next are lost: that they are two, acknowledgments tell."""
    packets, known = capture(name), [*map(_codes, told(hear(capture(name))))]
    for size in (2, 3, 5, 10):
        for at in range(len(packets) - size):
            for one in told(hear([*packets[:at], *packets[at + size :]])):
                if one["operation_code"] is not None and one["response_code"] is not None:
                    assert _codes(one) in known, (at, size)


def _codes(one: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(one[name] for name in ("transaction_id", "operation_code", "parameters", "response_code"))
