"""Messages of both directions get one order: TCP's within each, acknowledgments across, packets where both are free."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.ptp import build
from ptpip_analyze.ptp.order import Side, merge
from tests.engine import Heard, hear
from tests.traffic import capture, damage

Told = list[tuple[int, int, int]]  # end, acknowledged, packet
UNKNOWN = -1


def merged(out: Told, back: Told, holes: str = "") -> str:
    """The order as text: capital letters to the responder, small ones to the initiator; ``holes`` are missing bytes."""
    sides = []
    for told, letters in ((out, "ABCDEFGHIJ"), (back, "abcdefghij")):
        columns = np.array(told, np.int64).reshape(-1, 3).T
        sides.append(Side(*columns, np.array([letter in holes for letter in letters[: len(told)]], bool)))
    order = merge(*sides)
    names = "ABCDEFGHIJ"[: len(out)] + "abcdefghij"[: len(back)]
    return "".join(names[index] for index in order.tolist())


# A request of 10 bytes, an answer of 20, and so on: each acknowledges what came before.
OUT: Told = [(10, 0, 0), (20, 20, 2), (30, 40, 4)]
BACK: Told = [(20, 10, 1), (40, 20, 3), (60, 30, 5)]


def test_takes_turns_as_the_conversation_did() -> None:
    assert merged(OUT, BACK) == "AaBbCc"


def test_trusts_acknowledgments_and_not_the_order_of_the_file() -> None:
    packets = list(range(6))
    for seed in range(50):
        random.Random(seed).shuffle(packets)
        out = [(end, acknowledged, packets[2 * at]) for at, (end, acknowledged, _) in enumerate(OUT)]
        back = [(end, acknowledged, packets[2 * at + 1]) for at, (end, acknowledged, _) in enumerate(BACK)]
        assert merged(out, back) == "AaBbCc"


def test_asks_the_packets_where_acknowledgments_say_nothing() -> None:
    out = [(end, UNKNOWN, packet) for end, _, packet in OUT]
    back = [(end, UNKNOWN, packet) for end, _, packet in BACK]
    assert merged(out, back) == "AaBbCc"
    assert merged([(10, UNKNOWN, 0), (20, UNKNOWN, 1), (30, UNKNOWN, 9)], back) == "ABabcC"


def test_puts_a_lost_answer_behind_every_request_that_may_wait_for_it() -> None:
    """What lies behind the hole may have been written into the file before the request whose answer is lost."""
    out = [(10, 0, 0), (20, 20, 5), (30, 40, 6)]
    back = [(20, 10, 1), (40, UNKNOWN, 2), (60, 30, 2)]
    assert merged(out, back, holes="b") == "AaBbCc"
    assert merged(out[:2], [(20, 10, 1), (40, UNKNOWN, 0)], holes="b") == "AaBb", "nobody acknowledged it: at the end"


def test_puts_a_lost_request_behind_the_answer_that_it_was_sent_after() -> None:
    """Its own ACK is lost: the request behind it says the most that it can have acknowledged."""
    out = [(10, 0, 0), (11, UNKNOWN, 1), (30, 40, 1)]  # of a hole the end is that of its first byte
    back = [(20, 10, 3), (40, 20, 4), (60, 30, 5)]
    assert merged(out, back, holes="B") == "AaBbCc"


def test_believes_no_late_copy_of_a_request_about_what_it_acknowledged() -> None:
    out = [(10, 60, 9), (20, 20, 2), (30, 40, 4)]  # the first one was sent again at the end, and that copy was captured
    assert merged(out, BACK) == "AaBbCc"


def test_puts_an_answer_behind_the_request_that_it_acknowledges() -> None:
    assert merged([(10, 0, 7)], [(20, 10, 3)]) == "Aa"
    assert merged([(10, 0, 7)], [(20, 9, 3)]) == "aA", "one byte short: it had not been received"


def test_puts_an_answer_before_the_request_that_acknowledges_it() -> None:
    assert merged([(10, 20, 3)], [(20, 0, 7)]) == "aA"
    assert merged([(10, 19, 3)], [(20, 0, 7)]) == "Aa", "one byte short: it had not been received"


def test_keeps_packets_order_between_what_acknowledgments_allow() -> None:
    """Both sides spoke at once: neither had received the other."""
    for answer, order in ((0, "aAB"), (2, "AaB"), (4, "ABa")):
        assert merged([(10, 0, 1), (20, 0, 3)], [(5, 0, answer)]) == order


def test_keeps_the_order_of_each_stream_whatever_is_claimed() -> None:
    """Acknowledgments that contradict one another move nothing within a direction."""
    assert merged([(10, 60, 5), (20, 0, 0)], [(20, 20, 9), (40, 0, 1), (60, 0, 2)]) == "ABabc"
    out = [(10, 0, 9), (20, 0, 1), (30, 0, 5)]
    assert merged(out, [(5, UNKNOWN, 4)]).replace("a", "") == "ABC"


def test_keeps_one_direction_alone_as_it_is() -> None:
    assert merged(OUT, []) == "ABC"
    assert merged([], BACK) == "abc"
    assert merged([], []) == ""
    assert merged([], [(20, 10, 5), (40, 20, 3)]) == "ab"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=10), st.integers(0, 2**32))
def test_does_not_depend_on_the_order_of_the_file_in_strict_alternation(
    turns: list[tuple[bool, int]], seed: int
) -> None:
    """Everyone who speaks has received all that was said before: then packets decide nothing."""
    out: Side = []
    back: Side = []
    ends = [0, 0]
    expected = ""
    numbers = list(range(len(turns)))
    random.Random(seed).shuffle(numbers)
    for (outward, size), number in zip(turns, numbers, strict=True):
        side, own, other = (out, 0, 1) if outward else (back, 1, 0)
        ends[own] += size
        expected += "ABCDEFGHIJ"[len(out)] if outward else "abcdefghij"[len(back)]
        side.append((ends[own], ends[other], number))
    assert merged(out, back) == expected


@pytest.mark.parametrize("window", [4, 10, 25])
@pytest.mark.parametrize("name", ["plain", "zero_ids", "repeated_ids", "header_apart", "sequence_wraps"])
def test_finds_the_same_transactions_in_any_order_of_the_file(name: str, window: int) -> None:
    def told(heard: Heard) -> list[tuple[int, ...]]:
        columns = heard.columns
        made = build(columns, heard.pairs)
        code = columns["code"]
        return sorted(
            (int(made.transaction_id[at]), int(code[made.request[at]]), int(code[made.response[at]]),
             int(made.status[at]), int(made.data_bytes[at]), int(columns["offset"][made.request[at]]))
            for at in range(len(made))
        )  # fmt: skip

    packets = capture(name)
    assert told(hear(damage.shuffle(packets, window, seed=window))) == told(hear(packets))
