"""A watch says each transaction once, as soon as it is known, as the whole capture has it, and then forgets it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from ptpip_analyze import analyze, open_capture, watch
from ptpip_analyze.tcp import GONE
from ptpip_analyze.watch import Watch
from tests.support import RECORDED, slices
from tests.traffic import Packet, capture, conversation, damage, pcap_bytes
from tests.traffic.announce import announced, mdns
from tests.traffic.conversation import START_NS
from tests.traffic.fuji import fuji_conversation
from tests.traffic.stories import STORIES

FUJI = sorted((Path(__file__).parents[2] / "shared" / "captures").glob("*fuji*.pcap"))


class Told:
    """What a watch says of a capture that comes ``size`` packets at a time."""

    def __init__(self, data: bytes | Path, size: int = 1) -> None:
        self.data = data
        self.source = open_capture(data if isinstance(data, Path) else io.BytesIO(data))
        self.watch = Watch(self.source)
        self.rows: list[dict] = []
        self.most = 0  # message rows that were remembered
        self._parts = self._all(size)

    def _all(self, size: int) -> Iterator[None]:
        for batch in self.source.batches():
            for part in slices(batch, size):
                self.watch.feed(part)
                self._take(self.watch.news())
                self.most = max(self.most, self.watch._analyzer.message_count)
                yield

    def _take(self, batches: Iterator[pa.RecordBatch]) -> None:
        for batch in batches:
            self.rows += plain(batch)

    def step(self) -> int:
        """The next part of the capture; how many rows were told so far."""
        next(self._parts)
        return len(self.rows)

    def to_end(self) -> Told:
        """All parts, without saying that there are no more."""
        for _ in self._parts:
            pass
        return self

    def finished(self) -> list[dict]:
        """The rows after the end, in order; of one that came twice the last."""
        self.to_end()
        self._take(self.watch.finish())
        latest = {row["transaction"]: row for row in self.rows}
        return [latest[number] for number in sorted(latest)]

    def expected(self) -> list[dict]:
        """The rows of the whole capture."""
        with analyze(self.data if isinstance(self.data, Path) else io.BytesIO(self.data)) as analysis:
            return plain(analysis.arrow("transactions"))


def plain(rows: pa.RecordBatch | pa.Table) -> list[dict]:
    columns = {
        name: (column.cast("int64") if pa.types.is_timestamp(column.type) else column).to_pylist()
        for name, column in zip(rows.schema.names, rows.columns, strict=True)
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def told(packets: Sequence[Packet], size: int = 1) -> Told:
    return Told(pcap_bytes(packets, nano=True), size)


@pytest.fixture(params=[(512, 8, watch.IDLE_NS), (4, 1, 0)], ids=["as it is", "forgetful"])
def forgetful(request, monkeypatch):
    monkeypatch.setattr(watch, "IDLE_NS", request.param[2])
    monkeypatch.setattr(watch, "FORGET_ROWS", request.param[0])
    monkeypatch.setattr(watch, "KEPT", request.param[1])


@pytest.mark.parametrize("path", [*RECORDED, *FUJI], ids=lambda path: path.name)
def test_says_what_the_whole_capture_says(path, forgetful):
    seen = Told(path, 5)
    assert seen.finished() == seen.expected()


@pytest.mark.parametrize("name", STORIES)
def test_says_what_the_whole_story_says(name, forgetful):
    seen = told(capture(name), 3)
    assert seen.finished() == seen.expected()


def test_says_a_transaction_with_the_packet_that_answers_it():
    packets = conversation().open().get_object(1, b"photo").packets()
    seen = told(packets)
    counts = [seen.step() for _ in packets]
    last = next(number for number, count in enumerate(counts) if count == 2)
    row = seen.rows[-1]
    assert (row["operation"], row["status"], row["last_frame"]) == ("GetObject", "complete", last + 1)
    assert counts[-1] == 2  # once


def test_lets_a_session_go_with_its_connections_that_carried_nothing(forgetful):
    """Fujifilm's for events and live view, one session behind the other."""
    seen = told(damage.in_turn(capture("fuji_silent"), capture("fuji_silent"), pause_ns=60 * 10**9), 3)
    assert seen.finished() == seen.expected()
    assert {row["session"] for row in seen.rows} == {0, 1}
    assert seen.watch.sessions == 2


def polls(count: int, **options: object):
    talk = conversation(**options).open()
    for _ in range(count):
        talk = talk.wait(0.5).get_property()
    return talk


def test_forgets_what_it_has_said(forgetful):
    seen = told(polls(1000).packets(), 20)
    assert seen.finished() == seen.expected()
    assert seen.most < 3 * 4 + 700 < 3 * 1000


def test_forgets_what_was_announced_while_nothing_was_asked(forgetful):
    talk = polls(30)
    for _ in range(500):
        talk = talk.wait(0.5).event(0x4006, 0xFFFFFFFF, 0x5007).event(0xC101).probe()
    seen = told(talk.get_property().packets(), 20)
    assert seen.finished() == seen.expected()
    assert seen.most < 700 < 4 * 500
    waited = seen.watch._analyzer._waits.told()
    assert len(waited.pauses[0]) < 300 < 2 * 500


def test_forgets_what_it_has_said_of_containers(forgetful):
    talk = fuji_conversation().init().open_session()
    for number in range(500):
        talk = talk.wait(0.5).poll((0xD240, number))
    seen = told(talk.packets(), 20)
    assert seen.finished() == seen.expected()
    assert seen.most < 700 < 3 * 500


def test_forgets_what_passed_between_segments():
    talk = conversation().open()
    for _ in range(1000):
        talk = talk.wait(0.5).request(0x1015, 0x5001).acknowledge(by="responder").wait(0.1).data_phase(b"d").response()
    seen = told(talk.packets(), 20).to_end()
    waited = seen.watch._analyzer._waits.told()
    assert 0 < len(waited.pauses[0]) < 700
    assert 0 < len(waited.turns[0]) < 700
    assert seen.finished() == seen.expected()
    assert all(row["think_s"] > 0.4 and row["acknowledged_s"] < 0.1 for row in seen.rows[1:])


def test_forgets_sessions_that_are_over(forgetful):
    packets = []
    for number in range(60):
        talk = conversation(
            start_ns=START_NS + number * 10**10, command_port=40000 + 2 * number, event_port=40001 + 2 * number,
            number=number,
        )  # fmt: skip
        packets += talk.open().get_property().close_session().close().packets()
    seen = told(packets, 7).to_end()
    assert len(seen.watch._analyzer._conversations.known) < 6
    assert sum(one is not GONE for one in seen.watch._analyzer._flows.connections) < 20
    assert seen.finished() == seen.expected()
    assert seen.watch.sessions == 60


def lossy():
    """Packets of polls of which one response was not captured."""
    packets = polls(12).packets()
    responses = [number for number, packet in enumerate(packets) if packet.payload[4:8] == b"\x07\0\0\0"]
    lost = responses[4]
    return packets[:lost] + packets[lost + 1 :]


def test_goes_on_behind_bytes_that_were_lost_two_seconds_after_they_were_acknowledged():
    packets = lossy()
    seen = told(packets)
    whole = told(packets).expected()
    seen.to_end()
    assert seen.watch.holes == 1
    answered = [row["transaction"] for row in seen.rows if row["status"] == "complete"]
    assert len(answered) >= len(whole) - 6  # those of the last two seconds may wait
    assert seen.finished() == whole
    assert [row["status"] for row in whole].count("gap") >= 1


def test_does_not_call_disordered_what_lacks_a_request():
    packets = polls(3).packets()
    requests = [number for number, packet in enumerate(packets) if packet.payload[4:8] == b"\x06\0\0\0"]
    seen = told(packets[: requests[-1]] + packets[requests[-1] + 1 :]).to_end()
    before = len(seen.rows)
    seen.watch._arrived -= 60.0  # a minute passes in which nothing comes
    seen._take(seen.watch.news())
    assert len(seen.rows) == before
    assert seen.finished() == seen.expected()
    assert [row["status"] for row in seen.rows[before:]] == ["gap"]


def test_says_what_began_earlier_when_nothing_more_comes():
    packets = polls(40).packets()
    responses = [number for number, packet in enumerate(packets) if packet.payload[4:8] == b"\x07\0\0\0"]
    seen = told(packets[responses[-20] :]).to_end()
    seen.watch._arrived -= 60.0
    seen._take(seen.watch.news())
    assert [row["status"] for row in seen.rows].count("began-earlier") == 1
    assert seen.finished() == seen.expected()


def test_waits_for_bytes_that_nobody_has_acknowledged():
    packets = polls(3).wait(0.1).request(0x1009, 1).data_phase(bytes(5000), chunk=1000).packets()
    carrying = [number for number, packet in enumerate(packets) if len(packet.payload) > 900]
    lost = packets[carrying[1]]
    kept = [packet for packet in packets if packet is not lost and packet.time_ns <= packets[carrying[-1]].time_ns]
    kept = [
        packet for packet in kept
        if packet.destination != lost.source or packet.time_ns < lost.time_ns
    ]  # fmt: skip
    seen = told(kept).to_end()
    seen.watch._arrived -= 60.0  # a minute passes in which nothing comes
    seen._take(seen.watch.news())
    assert seen.watch.holes == 0


def test_says_what_began_before_it_when_time_has_passed():
    packets = polls(30).packets()
    seen = told([packet for packet in packets if packet.time_ns > packets[20].time_ns + 1_000_000_000])
    seen.to_end()
    assert len(seen.rows) > 20
    assert seen.finished() == seen.expected()


def test_says_of_each_announcement_once():
    packets = [mdns(announced("Studio", target="studio.local"), at_s=second) for second in (0.0, 1.0, 2.0)]
    seen = told(packets)
    found = []
    for _ in packets:
        seen.step()
        found += [row.device for row in seen.watch.announcements()]
    assert found == ["Studio"]


def test_says_calls_when_asked():
    packets = conversation().open().get_property(0x5001).packets()
    source = open_capture(io.BytesIO(pcap_bytes(packets, nano=True)))
    seen = Watch(source, calls=True)
    for batch in source.batches():
        seen.feed(batch)
    (rows,) = seen.news()
    assert rows["call"].to_pylist()[-1] == "GetDevicePropValue(BatteryLevel)"
