"""A clock that is set while a capture runs makes nobody guilty; a pause that is one still counts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.headers import Headers
from ptpip_analyze.result import Result
from ptpip_analyze.rules import Evidence
from ptpip_analyze.rules.clock import Clock
from tests.rules.matrix import accused, judged
from tests.rules.seen import evidence
from tests.traffic import Packet, damage, pcap_bytes
from tests.traffic import conversation as talk

HOUR = 3_600_000_000_000


def usual() -> list[Packet]:
    return talk().open().get_property().get_property().close_session().close().packets()


def clock_of(packets: list[Packet]) -> tuple[Clock, Evidence]:
    seen = evidence(packets)
    return seen.clock, seen


def test_is_even_in_a_usual_capture() -> None:
    clock, _ = clock_of(usual())
    assert clock.seems_even()
    assert not clock.stepped(0)
    assert not clock.stepped(-1)


def test_sees_that_it_was_set_back() -> None:
    clock, _ = clock_of(damage.clock_set(usual(), 12, -40_000_000_000))
    assert not clock.seems_even()
    assert clock.stepped(0)
    assert clock.stepped(-1)


def test_sees_by_the_timestamps_of_segments_that_it_was_set_forward() -> None:
    assert clock_of(damage.clock_set(usual(), 12, HOUR))[0].stepped(0)


def test_takes_a_pause_for_one() -> None:
    for pause in (3, 40, 3600):
        one = talk().open().wait(pause).get_property().close_session().close()
        assert not clock_of(one.packets())[0].stepped(0)


def test_takes_a_pause_for_one_where_segments_have_no_timestamps() -> None:
    bare = [replace(packet, options=b"") for packet in damage.clock_set(usual(), 12, HOUR)]
    assert not clock_of(bare)[0].stepped(0)


def test_leaves_sessions_alone_that_had_ended() -> None:
    later = talk(number=1, command_port=50011, event_port=50012).open().get_property().close_session().close()
    packets = damage.in_turn(usual(), later.packets())
    clock, _ = clock_of(damage.clock_set(packets, len(usual()) + 5, -40_000_000_000))
    assert [clock.stepped(session) for session in (0, 1)] == [False, True]


@pytest.mark.parametrize("place", range(1, 30, 3))
@pytest.mark.parametrize("step", [-100_000_000_000, -50_000_000, HOUR])
def test_makes_nobody_guilty(place: int, step: int) -> None:
    assert accused(judged(damage.clock_set(usual(), place, step))) == set()


def test_a_real_pause_is_still_a_violation() -> None:
    one = talk().open().close_session().close(connections=("command",)).wait(20).close(connections=("event",))
    assert "shutdown-both-connections" in accused(judged(one.packets()))


def test_says_so_where_a_verdict_is_withdrawn() -> None:
    one = talk().open().close_session().close(connections=("command",)).wait(20).close(connections=("event",))
    ruling = judged(damage.clock_set(one.packets(), 14, -40_000_000_000)).rulings["shutdown-both-connections"]
    assert ruling.why == {"the clock of the capture was set in this time": 1}


def test_is_read_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[None] = []
    headers = Result._headers_again

    def counted(result: Result) -> Iterator[Headers]:
        read.append(None)
        return headers(result)

    monkeypatch.setattr(Result, "_headers_again", counted)
    with analyze(io.BytesIO(pcap_bytes(damage.clock_set(usual(), 12, HOUR), nano=True))) as analysis:
        (result,) = analysis.results
        result.judge(only=("response-for-every-request",))
        assert result.clock.stepped(0)
        before = len(read)
        result.judge(only=("response-for-every-request",))
        assert len(read) == before == 1
