"""Busy responders, beside the matrix: thresholds and what is told."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules.rule import RESPONDER
from tests.rules.matrix import accused, judged, packets_of, spoken
from tests.rules.stories import session_busy as stories
from tests.traffic import conversation as talk
from tests.traffic.conversation import _codes, _string

BUSY, ALREADY_OPEN = 0x2019, 0x201E


def said(packets: list, rule: str) -> list[str]:
    return [one.says for one in judged(packets).findings if one.rule == rule]


@pytest.mark.parametrize(("pause", "guilty"), [(0.5, True), (4.5, True), (6.0, False)])
def test_minds_a_second_try_on_open_connections_only_soon(pause: float, guilty: bool) -> None:
    one = talk().init().request(0x1002, 1, transaction_id=0).response(BUSY).wait(pause)
    found = judged(one.request(0x1002, 1, transaction_id=0).response().close_session().close().packets())
    assert ("session-device-busy-open" in accused(found)) is guilty
    assert "session-device-busy-open" in spoken(found)


def test_minds_no_other_operation_behind_a_busy_open_session() -> None:
    one = talk().init().request(0x1002, 1, transaction_id=0).response(BUSY).wait(0.1)
    found = judged(one.transaction(0x1001, data_in=bytes(40)).close().packets())
    assert "session-device-busy-open" not in accused(found)


@pytest.mark.parametrize(("rounds", "told"), [(2, False), (3, True)])
def test_calls_three_hasty_tries_a_loop(rounds: int, told: bool) -> None:
    one = talk().open()
    for _ in range(rounds):
        one.transaction(0x100E, response=BUSY)
    assert bool(said(one.transaction(0x100E).close().packets(), "session-device-busy-reissue")) is told


def test_counts_captures_and_how_they_ended() -> None:
    one = talk().open().transaction(0x100E, transaction_id=5).event(0x400D, 5).transaction(0x100E, transaction_id=6)
    assert said(one.close().packets(), "session-async-response") == [
        "2 captures answered OK, 1 of them ended by a CaptureComplete that names them"
    ]


def test_recognises_mtp_by_what_device_info_says() -> None:
    def told(extension: int, text: str) -> list[str]:
        info = (
            b"\x64\0" + extension.to_bytes(4, "little") + b"\x64\0" + _string(text) + b"\0\0" + _codes(0x1001) * 5
            + _string("Example") * 4
        )  # fmt: skip
        one = talk().init().transaction(0x1001, data_in=info, transaction_id=0).open_session().close()
        return said(one.packets(), "session-identify-mtp-pictbridge")

    assert told(6, "microsoft.com: 1.0") == ["MTP: DeviceInfo names Microsoft's extension"]
    assert told(6, "example.com: 1.0") == told(11, "microsoft.com: 1.0") == []


def test_keeps_apart_sessions_that_were_not_disturbed() -> None:
    """The one that goes on when the other has ended; of that one nothing is known."""
    found = judged(packets_of(stories.two_sessions_side_by_side())).rulings["session-isolation"]
    assert set(found.passed) == {(1, RESPONDER)}
    assert found.unsure == {}


def test_does_not_know_whose_session_a_responder_calls_open_already() -> None:
    """It may mean that of the other initiator: when that one ends, this one has none, and is told so."""
    first = stories.pair(0).open().wait(1).close_session().close()
    second = stories.pair(1, 0.2).init().transaction(0x1002, 1, response=ALREADY_OPEN, transaction_id=0).wait(1.2)
    found = judged(packets_of([first, second.transaction(0x1015, 0x5001, response=stories.NOT_OPEN).close()]))
    assert "session-isolation" not in accused(found)
    assert found.rulings["session-isolation"].unsure == {(1, RESPONDER): 1}


def test_says_nothing_of_sessions_that_were_not_asked_after_the_other_had_ended() -> None:
    first = stories.pair(0).open().wait(1).close_session().close()
    second = stories.pair(1, 0.2).open().wait(0.2).get_property().wait(9).get_property().close_session().close()
    found = judged(packets_of([first, second])).rulings["session-isolation"]
    assert (dict(found.passed), found.unsure) == ({}, {})
