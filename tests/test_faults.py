"""A lost segment costs the transaction it belongs to, and nothing else.

Every payload segment of every story is lost in turn (of the longest stories every n-th), then pairs of them, then all
packets of a moment. Whatever
the lost bytes do not touch must come out identical in every column but its place; what they do touch says "gap"; no
transaction is invented and none disappears. Where that can't be, ``Loss`` says why.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.support import PLACES, Row, analysed, key, rows
from tests.traffic import STORIES, Packet, capture, damage

# Read of the codes, which are compared: without its DeviceInfo, a camera's own codes have no names.
NAMES = {"vendor", "operation", "response", "dataset"}
# Told with what stands beside a transaction: the response before it, acknowledgments, pauses of the other side.
BESIDE = {"think_s", "acknowledged_s", "stalled_s", "transfer_stalled_s", "stall_cause"}
MOST = 80  # segments of one story that are lost in turn
PAIRS = 6  # of each story
WINDOWS = (2, 3, 5, 10)  # neighbouring packets of each story that are lost together
FIN, SYN, ACK = 1, 2, 16

# Bytes that nobody waits for: the initiator's last data, sent before it saw that the responder had broken off the
# transaction (2.7.2.1). The response has ended the transaction, and what is behind it is not part of the object.
DISCARDED = {("cancels_by_responder", 2)}


@dataclass(frozen=True)
class Told:
    """A transaction of a story: its row without damage, and which bytes it consists of."""

    row: Row
    extents: tuple[damage.Extent, ...]

    @property
    def frames(self) -> range:
        return range(self.row["first_frame"], self.row["last_frame"] + 1)


@dataclass(frozen=True)
class Loss:
    """Some segments of a story lost, and what may follow from it."""

    packets: Sequence[Packet]
    gone: tuple[int, ...]  # indices of packets

    @property
    def rest(self) -> list[Packet]:
        return [packet for index, packet in enumerate(self.packets) if index not in self.gone]

    @property
    def extents(self) -> list[damage.Extent]:
        lost = (self.packets[index] for index in self.gone)
        return [(*packet.key, packet.offset, packet.end) for packet in lost]

    def touches(self, told: Told) -> bool:
        """Whether bytes of the transaction's messages are lost."""
        return damage.touched(told.extents, self.extents)

    def takes_all_of(self, told: Told) -> bool:
        """Whether nothing is left of the transaction: no row can tell of it."""
        return not any(_carries(packet, told.extents) for packet in self.rest)

    def falls_into(self, told: Told) -> bool:
        """Whether bytes of no transaction (a Cancel) are lost on the command connection while this one was running:
        nobody can know that they were not its own.
        """
        return any(
            index + 1 in told.frames and (lost := self.packets[index]).connection == "command"
            and lost.conversation == told.extents[0][0]
            for index in self.gone
        )  # fmt: skip

    @property
    def leaves_no_trace(self) -> bool:
        """Whether nothing in the capture tells that bytes are missing: no SYN and no segment lies before them, or
        nothing follows them and nobody acknowledged them.
        """
        return any(self._is_unknown(self.packets[index]) for index in self.gone)

    def _is_unknown(self, lost: Packet) -> bool:
        before = after = acknowledged = False
        for packet in self.rest:
            if packet.conversation == lost.conversation and packet.connection == lost.connection:
                if packet.direction == lost.direction:
                    distance = _signed(packet.sequence - lost.sequence)
                    before |= distance < 0
                    after |= distance > 0 and bool(packet.payload or packet.flags & FIN)
                else:
                    distance = _signed(packet.acknowledgment - lost.sequence)
                    acknowledged |= bool(packet.flags & ACK) and distance > 0
        return not before or not (after or acknowledged)


def _signed(difference: int) -> int:
    return (difference + 0x80000000 & 0xFFFFFFFF) - 0x80000000


@cache
def story(name: str) -> tuple[list[Packet], list[Told]]:
    """The packets of a story and the transactions in them."""
    packets = capture(name)
    first_of: dict[tuple[int, int], tuple[damage.Extent, ...]] = {}
    for one in STORIES[name]():
        for truth in one.truth().transactions:
            extents = tuple(truth["extents"])
            first = next((at for at, packet in enumerate(packets, 1) if _carries(packet, extents)), None)
            if first is not None:
                first_of[first, truth["transaction_id"]] = extents
    with analysed(packets) as analysis:
        found = rows(analysis, "transactions")
    assert len(found) == len(first_of)
    return packets, [Told(row, first_of[row["first_frame"], row["transaction_id"]]) for row in found]


def _carries(packet: Packet, extents: Sequence[damage.Extent]) -> bool:
    return bool(packet.payload) and damage.touched([(*packet.key, packet.offset, packet.end)], extents)


def without_place(row: Row) -> Any:
    return key({name: value for name, value in row.items() if name not in PLACES | NAMES | BESIDE})


def after(loss: Loss) -> list[Row]:
    with analysed(loss.rest) as analysis:
        return rows(analysis, "transactions")


def steps(name: str) -> range:
    """Which payload segments of a story are lost in turn."""
    count = len(damage.segments(story(name)[0]))
    return range(0, count, -(-count // MOST)) if count else range(0)


def split(loss: Loss, told: list[Told], found: list[Row]) -> tuple[list[Row], list[Row]]:
    """The untouched transactions that are not there as they were, and the rows of all others."""
    left = list(found)
    changed = []
    for one in told:
        if loss.touches(one) or loss.falls_into(one):
            continue
        same = next((row for row in left if without_place(row) == without_place(one.row)), None)
        if same is None:
            changed.append(one.row)
        else:
            left.remove(same)
    return changed, left


def fault(name: str, loss: Loss, told: list[Told]) -> str:
    """What is wrong about the analysis after this loss of one segment; "" if nothing is."""
    changed, left = split(loss, told, after(loss))
    if changed:
        return f"untouched transactions changed: {changed}"
    touched = [one for one in told if loss.touches(one)]
    if not touched:  # a lost Cancel: all is as before, but for the status, and there may have been more data
        unknown = {"status": "gap", "transfer_s": None, "device_s": None}
        hit = [one.row | unknown for one in told if loss.falls_into(one)]
        hit = [row | ({"data_direction": None} if row["data_direction"] == "none" else {}) for row in hit]
        return "" if list(map(without_place, left)) == list(map(without_place, hit)) else f"{left} for {hit}"
    if loss.leaves_no_trace:
        fine = len(left) <= len(touched) and {row["status"] for row in left} <= {"open", "began-earlier", "gap"}
        return "" if fine else f"{left} where no trace is left"
    touched = [one for one in touched if not loss.takes_all_of(one)]
    if len(left) != len(touched):
        return f"{left} for {[one.row for one in touched]}"
    return "; ".join(
        f"{row} for {one.row}" for row, one in zip(left, touched, strict=True) if not explains(name, loss, row, one)
    )


def explains(name: str, loss: Loss, row: Row, told: Told) -> bool:
    """Whether the row is of this transaction, says that bytes are missing, and knows nothing wrong."""
    before = told.row
    if (name, before["transaction_id"]) in DISCARDED and loss.extents[0] == told.extents[-1]:
        return bool(row["status"] == before["status"] == "cancelled")
    # What began before the capture is less known than what misses bytes, and keeps saying so.
    statuses = {"gap", "began-earlier"} if before["status"] == "began-earlier" else {"gap"}
    known = ("session", "transaction_id", "operation_code", "parameters", "response_code", "response_parameters")
    return (
        row["status"] in statuses
        and row["data_bytes"] <= before["data_bytes"]
        and row["data_messages"] <= before["data_messages"]
        and all(row[column] in (None, before[column]) for column in known)
        and (row["latency_s"] is None or row["latency_s"] >= 0)
    )


@pytest.mark.parametrize("name", STORIES)
def test_loses_only_the_transaction_of_a_lost_segment(name: str) -> None:
    packets, told = story(name)
    segments = damage.segments(packets)
    faults = {number: fault(name, Loss(packets, (segments[number],)), told) for number in steps(name)}
    assert {number: text for number, text in faults.items() if text} == {}


@pytest.mark.parametrize("name", STORIES)
def test_loses_only_the_transactions_of_two_lost_segments(name: str) -> None:
    packets, told = story(name)
    segments = damage.segments(packets)
    chance = random.Random(name)
    for _ in range(min(PAIRS, len(segments) // 2)):
        loss = Loss(packets, tuple(chance.sample(segments, 2)))
        changed, _ = split(loss, told, after(loss))
        assert changed == [], loss.gone


@pytest.mark.parametrize("name", STORIES)
def test_loses_only_the_transactions_of_lost_neighbours(name: str) -> None:
    """All packets of a moment, those of both sides and without payload too; without its SYN a session may be none."""
    packets, told = story(name)
    chance = random.Random(name)
    for size in WINDOWS:
        window = range(at := chance.randrange(max(len(packets) - size, 1)), min(at + size, len(packets)))
        loss = Loss(packets, tuple(index for index in window if not packets[index].flags & SYN))
        changed, left = split(loss, told, after(loss))
        assert changed == [], loss.gone
        assert len(left) <= sum(loss.touches(one) or loss.falls_into(one) for one in told), loss.gone


def test_injects_many_faults() -> None:
    assert sum(len(steps(name)) for name in STORIES) > 1200
