"""Plots: places in percent, on axes with round numbers."""

from __future__ import annotations

import re

import pytest

from ptpip_analyze.describe import human_bytes, human_seconds
from ptpip_analyze.report.plots import operations, over_time, where_time_went
from ptpip_analyze.tables.stats import measured
from tests.support import analysed
from tests.traffic import Conversation, conversation


def timed() -> Conversation:
    talk = conversation().open()
    for seconds in (0.002, 0.02, 0.2):
        talk.request(0x1004).wait(seconds).response()
    return talk.get_object(1, bytes(100_000), chunk=20_000).close()


def test_puts_all_operations_on_one_axis_of_decades() -> None:
    found = operations(analysed(timed().packets()).arrow("transactions"))
    ticks = [tick["text"] for tick in found["latency"]["ticks"]]
    assert ticks[-1] == "1 s"
    assert "10 ms" in ticks
    assert [float(tick["x"]) for tick in found["latency"]["ticks"]][-1] == 100
    row = next(one for one in found["rows"] if one["operation"] == "GetStorageIDs")
    assert len(row["latency"]["bars"]) == 3
    places = [float(bar["x"]) for bar in row["latency"]["bars"]]
    decade = 100 / (len(ticks) - 1)
    assert places[1] - places[0] == pytest.approx(decade, abs=decade / 4)
    assert places[2] - places[1] == pytest.approx(decade, abs=decade / 4)
    assert places[1] == pytest.approx(float(row["latency"]["lines"]["p50"]), abs=decade / 8)
    assert all(0 <= float(bar["y"]) < 100 for bar in row["latency"]["bars"])


def test_measures_throughput_only_where_there_is_some() -> None:
    found = operations(analysed(timed().packets()).arrow("transactions"))
    assert [row["operation"] for row in found["rows"] if row["rate"]] == ["GetObject"]
    assert found["rate"]["ticks"][-1]["text"].endswith("/s")


def test_says_what_the_stats_table_says() -> None:
    transactions = analysed(timed().packets()).arrow("transactions")
    rows = {row["operation"]: row for row in measured(transactions)}
    for shown in operations(transactions)["rows"]:
        row = rows[shown["operation"]]
        said = [shown["latency"][name] for name in ("p50", "p95", "p99", "max")]
        assert said == [human_seconds(row[f"latency_{name}_s"]) for name in ("p50", "p95", "p99", "max")]
        assert shown["transactions"] == row["count"]
    (shown,) = (one for one in operations(transactions)["rows"] if one["rate"])
    assert shown["rate"]["all"] == f"{human_bytes(round(rows['GetObject']['throughput']))}/s"


def test_parts_the_time_of_all_sessions_and_of_each() -> None:
    slow = timed().packets()
    quick = conversation(command_port=51000, event_port=51001).open().request(0x1004).response().close().packets()
    analysis = analysed([*slow, *quick])
    found = where_time_went(analysis.arrow("transactions"), analysis.arrow("sessions"), 60)
    assert found is not None
    assert [one["session"] for one in found["sessions"]] == [0, 1]
    for bar in (found["all"], *found["sessions"]):
        assert [one["name"] for one in bar["segments"]] == ["client", "device", "transfer", "stalls", "else"]
        ends = [float(one["x"]) + float(one["width"]) for one in bar["segments"]]
        assert ends[-1] <= 100.01
        assert [float(one["x"]) for one in bar["segments"]][1:] == pytest.approx(ends[:-1], abs=0.01)
    device = found["sessions"][0]["segments"][1]
    assert float(device["width"]) > 50
    assert device["fits"] == "wide"


def test_has_one_bar_for_one_session_and_none_without() -> None:
    analysis = analysed(timed().packets())
    transactions, sessions = analysis.arrow("transactions"), analysis.arrow("sessions")
    found = where_time_went(transactions, sessions, 60)
    assert found is not None
    assert found["sessions"] == []
    assert where_time_went(transactions[:0], sessions[:0], 60) is None


def test_has_no_axis_without_times() -> None:
    found = operations(analysed(conversation().open().request(0x1004).packets()).arrow("transactions")[:0])
    assert (found["rows"], found["latency"], found["rate"]) == ([], None, None)


def test_draws_bytes_over_time_where_they_were_carried() -> None:
    talk = conversation().open().wait(9.0).get_object(1, bytes(100_000), chunk=20_000).close()
    with analysed(talk.packets()) as analysis:
        found = over_time(analysis.results[0], analysis.batches("packets"))
        assert found is not None
        heights = [float(value) for value in re.findall(r"V([\d.]+)", str(found["path"]))]
        assert len(heights) == 301
        assert min(heights) == 4  # the highest is just below the upper edge
        assert heights.index(min(heights)) > 250
        assert found["total"] == "100 kB"
        assert (found["top"], found["mean"], found["stretch"]) == ("3.33 MB/s", "11.1 kB/s", "30 ms")


def test_draws_nothing_without_a_session() -> None:
    with analysed(conversation().connect().raw(b"GET / HTTP/1.1\r\n\r\n").packets()) as analysis:
        assert over_time(analysis.results[0], analysis.batches("packets")) is None
