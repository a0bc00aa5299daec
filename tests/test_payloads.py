"""The bytes of data phases by their place, whole or not, read a step at a time."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from ptpip_analyze import analyze, payloads
from ptpip_analyze.payloads import Payload, Payloads, short_payloads
from tests.support import analysed
from tests.traffic import STORIES, Packet, capture, conversation, damage, pcap_bytes

DATA = random.Random(3).randbytes(20_000)


def told(packets: list[Packet]) -> tuple[Payload, list[tuple[int, bytes]]]:
    """The payload of the second transaction, and all its bytes."""
    with analyze(io.BytesIO(pcap_bytes(packets))) as analysis:
        found = Payloads(analysis.captures[0])
        payload = found.payload(1)
        return payload, [step for low, high in payload.held for step in found.read(1, low, high)]


def packets_of(style: str, chunk: int = 1024) -> list[Packet]:
    return conversation().open().get_object(7, DATA, style=style, chunk=chunk).close().packets()


@pytest.mark.parametrize("style", ["end", "empty-end", "tail"])
def test_reads_every_byte_of_a_whole_data_phase(style: str) -> None:
    payload, steps = told(packets_of(style))
    assert payload == Payload(((0, len(DATA)),), len(DATA), 0)
    assert b"".join(data for _, data in steps) == DATA


@pytest.mark.parametrize("start", [0, 1, 1023, 1024, 5000, 19_999, 20_000])
@pytest.mark.parametrize("length", [0, 1, 1024, 7000])
def test_reads_any_range(start: int, length: int) -> None:
    with analyze(io.BytesIO(pcap_bytes(packets_of("tail")))) as analysis:
        steps = list(Payloads(analysis.captures[0]).read(1, start, min(start + length, len(DATA))))
    assert b"".join(data for _, data in steps) == DATA[start : start + length]
    assert [place for place, _ in steps][:1] == ([start] if steps else [])


def test_reads_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "STEP_BYTES", 4000)
    _, steps = told(packets_of("end"))
    assert len(steps) > 4
    assert max(len(data) for _, data in steps) <= 4000
    assert all(DATA[place : place + len(data)] == data for place, data in steps)


def test_reads_nothing_into_a_hole() -> None:
    packets = packets_of("tail")
    for lost in damage.segments(packets, "command", "to-initiator")[3:]:
        payload, steps = told(damage.drop(packets, lost))
        assert all(DATA[place : place + len(data)] == data for place, data in steps)
        assert sum(len(data) for _, data in steps) == sum(high - low for low, high in payload.held)
        assert payload.unplaced == 0


def test_has_what_a_snap_length_left() -> None:
    payload, steps = told(damage.snap(packets_of("tail"), 300))
    assert payload.size == len(DATA)
    assert len(payload.held) > 10
    assert all(DATA[place : place + len(data)] == data for place, data in steps)


def test_knows_no_size_when_the_capture_ends_before_the_data() -> None:
    story = conversation().open().request(0x1009, 7).start_data((1 << 64) - 1).data(DATA[:5000])
    assert told(story.packets())[0] == Payload(((0, 5000),), None, 0)
    story = conversation().open().request(0x1009, 7).start_data(len(DATA)).data(DATA[:5000])
    assert told(story.packets())[0] == Payload(((0, 5000),), len(DATA), 0)


@pytest.mark.parametrize("name", STORIES)
def test_gives_short_data_phases_many_at_a_time_as_each_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "_WINDOW_BYTES", 300)
    packets = capture(name)
    for lost in (len(packets), *range(3, len(packets), 7)):
        with analysed([*packets[:lost], *packets[lost + 1 :]]) as told:
            result = told.captures[0]
            numbers = np.arange(len(result.transactions))
            for number, data in enumerate(short_payloads(result, numbers, 200)):
                if data is not None:
                    assert data == told.data(number, strict=True)
                    assert len(data) <= 200
        if lost > 40:
            break


def test_gives_short_data_phases_at_all() -> None:
    with analysed(capture("nikon_polls")) as told:
        rows = told.transactions.query("data_bytes > 0 and data_bytes <= 200")["transaction"].to_numpy()
        found = short_payloads(told.captures[0], rows, 200)
    assert len(found) > 5
    assert None not in found
