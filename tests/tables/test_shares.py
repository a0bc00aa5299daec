"""Who took the time, in words."""

from __future__ import annotations

import pytest

from ptpip_analyze.tables.shares import captured_at, causes, shares
from ptpip_analyze.tables.stats import Spent


def session(tap: str | None, initiator: float | None = 0.001, responder: float | None = 0.002) -> dict[str, object]:
    return {"tap": tap, "initiator_rtt_s": initiator, "responder_rtt_s": responder}


def test_shares_the_whole_time() -> None:
    lines = shares(Spent(1.0, 2.0, 0.5, {"silence": 1.5, "zero-window": 4.0}, 1.0, 10.0))
    assert [(one.name, one.seconds, one.share) for one in lines] == [
        ("client", 1.0, 0.1), ("device", 2.0, 0.2), ("transfer", 0.5, 0.05), ("stalls", 5.5, 0.55), ("else", 1.0, 0.1),
    ]  # fmt: skip
    assert lines[3].says == "zero-window 4 s, silence 1.5 s"


def test_shares_more_than_the_sessions_lasted_without_a_share_above_one() -> None:
    lines = shares(Spent(3.0, 1.0, 0.0, {}, 0.0, 2.0))
    assert sum(one.share for one in lines) == pytest.approx(1)


def test_shares_no_time_at_all() -> None:
    spent = Spent(0.0, 0.0, 0.0, {}, 0.0, 0.0)
    assert [one.share for one in shares(spent)] == [0.0] * 5
    assert causes(spent) == ""


AT_INITIATOR = "Captured at the initiator: what the device took has the way to it and back in it"
AT_RESPONDER = "Captured at the responder: what the client took has the way to it and back in it"


@pytest.mark.parametrize(
    ("sessions", "says"),
    [
        ([session("initiator")], f"{AT_INITIATOR} (2 ms)."),
        ([session("responder")], f"{AT_RESPONDER} (1 ms)."),
        ([session("initiator"), session("initiator", responder=0.005)], f"{AT_INITIATOR} (2 ms to 5 ms)."),
        ([session(None)], "1 ms from the place of capture to the client and back, 2 ms to the device and back."),
        ([session("initiator", None)], "Where this was captured is not known"),
        ([session("initiator"), session("responder")], "The sessions were captured at different places"),
    ],
    ids=["initiator", "responder", "several", "unclear", "unknown", "different"],
)
def test_says_where_it_was_captured(sessions: list[dict[str, object]], says: str) -> None:
    assert captured_at(sessions).startswith(says)
