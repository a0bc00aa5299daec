"""The timeline's columns: what is packed is what the tables say, bounded, and what is left out is told."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.report import timeline as module
from ptpip_analyze.report.timeline import EVENTS, MARKS, SPENT, STRETCHES, UNKNOWN, rounded, timeline
from tests.support import ROOT, analysed
from tests.traffic import conversation, damage

from .conftest import everything, whole

DIFFERENCES = ("start", "at", "frame", "id")


def unpacked(text: str, layout: Sequence[tuple[str, int]]) -> dict[str, np.ndarray]:
    """What the script makes of packed columns, written down a second time."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    count = len(data) // sum(width for _, width in layout)
    found, at = {}, 0
    for name, width in layout:
        planes = data[at : at + width * count].reshape(width, count).astype(np.uint64)
        values = sum(planes[place] << np.uint64(8 * place) for place in range(width))
        at += width * count
        found[name] = (np.cumsum(values) & np.uint64(0xFFFFFFFF) if name in DIFFERENCES else values).astype(np.int64)
    return found


def made(analysis: Analysis) -> tuple[dict[str, Any], list[str]]:
    return timeline(analysis, analysis.arrow("transactions"))


def test_packs_what_the_table_of_transactions_says() -> None:
    with whole(everything()) as analysis:
        data, left = made(analysis)
        (part,) = data["captures"]
        marks, rows = unpacked(part["marks"], MARKS), analysis.transactions
        begins = analysis.results[0].times[0]
        assert part["count"] == part["of"] == len(rows)
        assert part["unit_us"] == 1.0
        assert marks["start"].tolist() == [(one.value - begins) // 1000 for one in rows["request_time"]]
        assert marks["took"] == pytest.approx(rows["latency_s"].to_numpy() * 1e6, abs=1)
        assert [data["operations"][code] for code in marks["operation"]] == rows["operation"].tolist()
        assert [data["outcomes"][one]["text"] for one in marks["outcome"]] == rows["response"].tolist()
        assert marks["frame"].tolist() == rows["first_frame"].tolist()
        assert (marks["frame"] + marks["frames"]).tolist() == rows["last_frame"].tolist()
        assert marks["id"].tolist() == rows["transaction_id"].tolist()
        assert marks["bytes"].tolist() == rows["data_bytes"].tolist()
        for name in SPENT:
            assert spent_of(marks[name]) == pytest.approx(rows[f"{name}_s"].to_numpy(float), rel=0.05, nan_ok=True)
        kinds = {one["text"]: one["kind"] for one in data["outcomes"]}
        assert kinds == {"OK": "ok", "InvalidObjectHandle": "refused", "DeviceBusy": "refused"}
        assert sum(part["density"]) == len(rows)
        assert left == []


def spent_of(numbers: np.ndarray) -> np.ndarray:
    """What the script makes of rounded times, in seconds, written down a second time."""
    number = numbers - 2.0
    ns = np.where(number < 0, 0, (10 + number % 90) * 10 ** (np.floor(number / 90) - 1))
    return np.where(numbers == 0, np.nan, ns / 1e9)


def test_keeps_two_digits_of_a_time() -> None:
    times = [np.nan, -0.5, 0.0, 1e-9, 0.999e-6, 0.00123, 0.0996, 1.25, 86_400.0]
    known = [np.nan, np.nan, 0.0, 1e-9, 1e-6, 0.0012, 0.1, 1.2, 86_000.0]
    assert spent_of(rounded(np.array(times))) == pytest.approx(known, nan_ok=True)


def test_says_what_stalled_a_transaction() -> None:
    silent = conversation().open().request(0x1009, 1)
    silent.start_data(4000).data(bytes(2000)).wait(0.4).data(bytes(2000), last=True).response().request(
        0x1004
    ).response()
    with whole(silent.close()) as analysis:
        data, _ = made(analysis)
        (part,) = data["captures"]
        marks = unpacked(part["marks"], MARKS)
        causes = [*data["causes"], None]
        assert [causes[one] for one in marks["cause"]] == [None, "silence", None]


def test_packs_what_the_table_of_events_says() -> None:
    with whole(everything().event(0x4008)) as analysis:
        data, _ = made(analysis)
        ticks, rows = unpacked(data["captures"][0]["events"], EVENTS), analysis.events
        assert (
            [data["events"][code] for code in ticks["event"]]
            == rows["event"].tolist()
            == ["ObjectAdded", "DeviceInfoChanged"]
        )
        assert ticks["frame"].tolist() == rows["frame"].tolist()


def test_says_what_was_never_answered_cancelled_or_is_not_in_the_capture() -> None:
    talk = conversation().open().request(0x1009, 1).start_data(10).cancel().response(0x201F).get_object(2, bytes(9000))
    packets = talk.request(0x1004).packets()
    packets = damage.drop(packets, damage.segments(packets, "command", "to-initiator")[-3])
    with analysed(packets) as analysis:
        data, _ = made(analysis)
        marks = unpacked(data["captures"][0]["marks"], MARKS)
        kinds = [data["outcomes"][one]["kind"] for one in marks["outcome"]]
        assert kinds == ["ok", "cancelled", "doubtful", "unanswered"]
        assert marks["took"][-1] == UNKNOWN


def test_keeps_all_that_did_not_end_well_and_the_longest_where_not_all_can_be(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_MARKS", 60)
    talk = conversation().open()
    for turn in range(300):
        talk.request(0x1004).wait(0.3 if turn == 150 else 0.001).response(0x2019 if turn % 50 == 7 else 0x2001)
    with whole(talk.close()) as analysis:
        data, left = made(analysis)
        (part,) = data["captures"]
        marks = unpacked(part["marks"], MARKS)
        assert len(marks["start"]) == part["count"] <= 61
        kinds = [data["outcomes"][one]["kind"] for one in marks["outcome"]]
        assert kinds.count("refused") == 6
        assert marks["took"].max() > 300_000
        assert sum(part["density"]) == part["of"] == 301
        assert f"{part['count']:,} of 301 transactions one by one" in left[0]


def test_spreads_what_is_kept_over_the_capture_where_most_did_not_end_well(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_MARKS", 40)
    talk = conversation().open()
    for turn in range(400):
        talk.transaction(0x1004, response=0x2001 if turn % 4 == 0 else 0x2019)
    with whole(talk.close()) as analysis:
        data, _ = made(analysis)
        marks = unpacked(data["captures"][0]["marks"], MARKS)
        assert len(marks["frame"]) <= 41
        assert np.diff(marks["frame"]).max() < analysis.transactions["last_frame"].max() / 4


def test_thins_marks_out_until_they_fit(monkeypatch) -> None:
    """Noise does not deflate: the bound holds all the same."""
    monkeypatch.setattr(module, "MOST_TEXT", 8_000)
    chance = np.random.default_rng(1)
    talk = conversation().open()
    for _ in range(1500):
        talk.request(0x1009, int(chance.integers(1 << 32))).wait(float(chance.random())).response()
    with whole(talk) as analysis:
        data, left = made(analysis)
        assert len(data["captures"][0]["marks"]) <= 8_000
        assert data["captures"][0]["count"] < 1501
        assert len(left) == 1


def test_thins_events_out_and_says_so(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 10)
    talk = conversation().open()
    for _ in range(45):
        talk.event(0x4002)
    with whole(talk) as analysis:
        data, left = made(analysis)
        assert data["captures"][0]["event_count"] == 9
        assert left == ["The timeline shows 9 of 45 events, evenly."]


def test_fits_a_capture_of_days_into_its_unit() -> None:
    with whole(conversation().open().wait(200_000.0).get_object(1, b"x").close()) as analysis:
        data, _ = made(analysis)
        (part,) = data["captures"]
        start = unpacked(part["marks"], MARKS)["start"]
        assert part["unit_us"] > 40
        assert start[-1] * part["unit_us"] == pytest.approx(200_000e6, rel=1e-4)


def test_numbers_the_sessions_of_each_capture_from_its_own_first() -> None:
    paths = [str(ROOT / "captures" / name) for name in ("busy.pcap", "two-initiators.pcapng")]
    with analyze(paths) as analysis:
        data, _ = made(analysis)
        first, second = data["captures"]
        assert second["first_session"] == len(analysis.results[0].pairs)
        for part, result in ((first, analysis.results[0]), (second, analysis.results[1])):
            assert set(unpacked(part["marks"], MARKS)["session"].tolist()) == set(range(len(result.pairs)))


def test_names_what_is_beyond_the_names_that_it_keeps_another(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_NAMES", 2)
    talk = conversation().open()
    for code in (0x1004, 0x1005, 0x1006, 0x1004):
        talk.transaction(code)
    with whole(talk) as analysis:
        data, _ = made(analysis)
        assert data["operations"] == ["OpenSession", "GetStorageIDs", "another operation"]
        assert unpacked(data["captures"][0]["marks"], MARKS)["operation"].tolist() == [0, 1, 2, 2, 1]


def test_shows_the_first_of_very_many_captures(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_CAPTURES", 1)
    with analyze([str(ROOT / "captures" / name) for name in ("busy.pcap", "config.pcap")]) as analysis:
        data, left = made(analysis)
        assert len(data["captures"]) == 1
        assert left == ["The timeline shows the first 1 captures, and leaves out 1."]


def test_has_room_for_a_capture_without_sessions() -> None:
    with whole(conversation().connect().raw(b"GET / HTTP/1.1\r\n\r\n")) as analysis:
        (part,) = made(analysis)[0]["captures"]
        assert (part["count"], part["sessions"], part["density"]) == (0, 0, [0] * STRETCHES)
