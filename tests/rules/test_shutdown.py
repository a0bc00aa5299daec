"""Ends, beside the matrix: thresholds, and the sentences."""

from __future__ import annotations

import pytest

from tests.rules.matrix import accused, judged
from tests.traffic import conversation as talk


def said(packets: list, rule: str) -> list[str]:
    return [one.says for one in judged(packets).findings if one.rule == rule]


@pytest.mark.parametrize(("pause", "guilty"), [(4.9, False), (5.1, True)])
def test_gives_the_other_connection_five_seconds(pause: float, guilty: bool) -> None:
    one = talk().open().close_session().close(connections=("command",)).wait(pause).close(connections=("event",))
    assert ("shutdown-both-connections" in accused(judged(one.packets()))) is guilty


def test_says_which_connection_went_on() -> None:
    for ended, survivor in (("command", "event"), ("event", "command")):
        one = talk().open().close_session().close(connections=(ended,)).wait(20).close(connections=(survivor,))
        (says,) = said(one.packets(), "shutdown-both-connections")
        assert says.startswith(f"the {ended} connection ended, and the {survivor} connection went on for 20")


def test_says_how_the_session_was_left() -> None:
    rule = "shutdown-close-session-first"
    assert said(talk().open().close_session().close().packets(), rule) == ["the connections ended after CloseSession"]
    assert said(talk().open().get_property().close().packets(), rule) == [
        "the connections ended without CloseSession, after GetDevicePropValue"
    ]
    refused = talk().open().transaction(0x1003, response=0x2002).close()
    assert said(refused.packets(), rule) == ["the connections ended without CloseSession, after CloseSession"]


def test_says_that_a_session_is_still_open() -> None:
    assert said(talk().open().packets(), "shutdown-loss-detection") == ["still open when the capture ends"]
