"""Flow numbers: equal addresses, equal numbers, in any batches and whatever the hashes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ptpip_analyze.tcp import numbering
from ptpip_analyze.tcp.numbering import FlowKey, FlowNumbers
from tests.engine import Segments, numbered
from tests.traffic import STORIES, Packet, capture

MAPPED = 0xFFFF << 32


def numbers(packets: list[Packet], batch: int = 0) -> tuple[list[int], list[bool], list[FlowKey]]:
    """Flow, sender is the higher endpoint, and the keys in order, of packets taken ``batch`` at a time."""
    seen, flows = Segments(packets), FlowNumbers()
    flow: list[int] = []
    swapped: list[bool] = []
    keys: list[FlowKey] = []
    for low in range(0, len(packets), batch or max(len(packets), 1)):
        part = slice(low, low + (batch or len(packets)))
        ends = [(two[0][part], two[1][part]) for two in (seen.source, seen.destination, seen.ports)]
        found = flows.number(ends[0], ends[1], ends[2])
        flow += found[0].tolist()
        swapped += found[1].tolist()
        keys += found[2]
    return flow, swapped, keys


@pytest.mark.parametrize("name", STORIES)
def test_gives_the_same_numbers_in_any_batches(name: str) -> None:
    packets = capture(name)
    assert numbers(packets, 1) == numbers(packets, 7) == numbers(packets)


def test_counts_flows_in_order_of_first_packet_and_names_each_once() -> None:
    packets = capture("two_pairs")
    flow, swapped, keys = numbers(packets, 3)
    firsts = [flow.index(number) for number in sorted(set(flow))]
    assert firsts == sorted(firsts)
    assert len(keys) == len(set(keys)) == max(flow) + 1
    for packet, number, higher in zip(packets, flow, swapped, strict=True):
        low = (keys[number][1], keys[number][4] >> 16)
        high = (keys[number][3], keys[number][4] & 0xFFFF)
        source = (MAPPED | int.from_bytes(bytes(map(int, packet.source[0].split(".")))), packet.source[1])
        assert source == (high if higher else low)


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_tells_flows_apart_whose_hashes_collide(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = capture("two_pairs") + capture("ports_again")
    packets += [replace(packets[0], source=("192.168.1.9", 52_000 + number)) for number in range(30)] * 2
    expected = numbered(packets, batch)
    for mix in ("_MIX_1", "_MIX_2", "_MIX_3"):
        monkeypatch.setattr(numbering, mix, np.uint64(0))  # every IPv4 connection hashes to zero now
    colliding = numbered(packets, batch)
    assert colliding[1] == expected[1]
    assert [(one.low, one.high, one.first_packet) for one in colliding[0].connections] == [
        (one.low, one.high, one.first_packet) for one in expected[0].connections
    ]
