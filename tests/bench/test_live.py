"""The benchmark of watching live judges by its targets, and replays long enough to mean it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import live


def latency(p95: float) -> dict[str, Any]:
    return {"means": "dumpcap", "p50_s": 0.1, "p95_s": p95, "most_s": p95}


def rate(seen: int, dropped: int) -> dict[str, Any]:
    return {"means": "dumpcap", "sent": 1000, "seen": seen, "dropped": dropped, "mbps": 200.0, "pps": 24_000.0}


def hour(last: float) -> dict[str, Any]:
    return {"transactions": 9, "peak_mib": 120.0, "second_quarter_mib": 100.0, "last_quarter_mib": last}


@pytest.mark.parametrize(
    ("results", "met"),
    [
        (([latency(0.24)], [rate(1000, 0)], hour(104.0)), [True, True, True]),
        (([latency(0.26)], [rate(999, 0)], hour(106.0)), [False, False, False]),
        (([], [rate(1000, 1)], None), [False]),
    ],
)
def test_judges_by_the_targets(results, met):
    assert [found for found, _ in live.verdicts(*results)] == met


@pytest.mark.parametrize(("last", "met"), [(101.0, [True, True]), (110.0, [False, False])])
def test_judges_what_long_watching_costs(last, met):
    found = {**hour(last), "connections": 10_000, "events": 1000}
    assert [one for one, _ in live.verdicts([], [], None, found, found)] == met


@pytest.mark.parametrize(("name", "rate_option"), [("chatty", "--pps=300000"), ("bulk", "--mbps=1600")])
def test_replays_as_long_as_no_buffer_can_hide(name, rate_option):
    amount = float(rate_option.partition("=")[2])
    lasts = live.loops(name, rate_option) * (269_666 / amount if name == "chatty" else 856 / amount)
    assert 4.0 < lasts < 6.0


def test_counts_the_rows_of_an_hour():
    found = live.hour(0.5)
    assert found["transactions"] > 500
    assert found["peak_mib"] > 10
