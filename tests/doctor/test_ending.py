"""How a session ended."""

from __future__ import annotations

import pytest

from tests.traffic import conversation as talk
from tests.traffic import damage

from .made import sayings


def test_calls_an_end_behind_close_session_orderly() -> None:
    ((grade, says),) = sayings(talk().open().close_session().close().packets(), "end")
    assert grade == "fine"
    assert says == "The initiator “desk” closed the connection (FIN) after CloseSession: an orderly end."


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_says_who_gave_up_on_an_idle_session(by: str) -> None:
    ((grade, says),) = sayings(talk().open().wait(30).close(by=by).packets(), "end")
    assert grade == "problem"
    assert says.startswith("The initiator “desk” closed" if by == "initiator" else "The camera closed")
    assert "30 s after the last message" in says


def test_tells_what_a_reset_interrupted() -> None:
    one = talk().open().request(0x1009, 1).start_data(9000).data(bytes(1000)).close("reset", "responder")
    ((grade, says),) = sayings(one.packets(), "end")
    assert grade == "problem"
    assert says.startswith("The camera reset the connection (RST) in the middle of GetObject")


def test_does_not_know_an_end_behind_the_capture() -> None:
    assert [grade for grade, _ in sayings(talk().open().packets(), "end")] == ["unknown"]


def test_blames_nobody_for_an_answer_that_the_capture_lost() -> None:
    packets = talk().open().get_property().close().packets()
    last = damage.segments(packets, "command")[-1]
    assert "problem" not in [grade for grade, _ in sayings(damage.drop(packets, last), "end")]


@pytest.mark.parametrize(("pause", "told"), [(4.0, False), (20.0, True)])
def test_tells_the_longest_silence_of_the_initiator(pause: float, told: bool) -> None:
    one = talk().open().get_property().get_property().wait(pause).get_property().close_session().close()
    assert bool(sayings(one.packets(), "silence")) is told
