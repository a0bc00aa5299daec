"""Properties at a moment, and what changed before a failure."""

from __future__ import annotations

import math

import pytest

from ptpip_analyze.tables import moments
from ptpip_analyze.tables.moments import Moment, MomentError, changes_before, moment_of, state_at
from tests.support import Row, analysed, rows
from tests.traffic import capture, conversation
from tests.traffic.conversation import TO_RESPONDER


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("120", Moment(frame=120)),
        ("1.5s", Moment(since=1_500_000_000)),
        ("+2s", Moment(since=2_000_000_000)),
        ("0.25", Moment(since=250_000_000)),
        ("2026-01-02T03:04:05.123456789Z", Moment(time=1_767_323_045_123_456_789)),
        ("2026-01-02 03:04:05", Moment(time=1_767_323_045_000_000_000)),
        ("2026-01-02T04:04:05.5+01:00", Moment(time=1_767_323_045_500_000_000)),
        ("2026-01-02T03:04:05,9Z", Moment(time=1_767_323_045_900_000_000)),
        ("12345678", Moment(frame=12_345_678)),
        ("020260103", Moment(frame=20_260_103)),
    ],
)
def test_reads_frames_times_and_seconds(text: str, moment: Moment) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize("text", ["", "noon", "-5", "1e3", "0x10", "٣", "2026-13-01", "9" * 40, "20260103"])
def test_refuses_what_is_no_moment(text: str) -> None:
    with pytest.raises(MomentError):
        moment_of(text)


def state(name: str, moment: Moment) -> list[tuple[str, str, str]]:
    with analysed(capture(name)) as told:
        (result,) = told.results
        assert result.times
        table = state_at(told.batches("properties"), moment, result.times[0])
        table.validate(full=True)
        return [
            (row["property"], row["text"], row["role"])
            for row in table.select(["property", "text", "role"]).to_pylist()
        ]


def all_rows(name: str) -> list[Row]:
    with analysed(capture(name)) as told:
        return rows(told, "properties")


def test_tells_the_last_value_up_to_a_frame_and_no_refused_one() -> None:
    told = all_rows("canon_polls")
    assert state("canon_polls", Moment(frame=told[0]["frame"] - 1)) == []
    first = [("Aperture", "f/5.6", "current"), ("ISOSpeed", "ISO 100", "current")]
    assert state("canon_polls", Moment(frame=told[0]["frame"])) == first
    assert state("canon_polls", Moment(frame=told[3]["frame"] - 1)) == first
    assert state("canon_polls", Moment(frame=told[3]["frame"])) == [first[0], ("ISOSpeed", "ISO 200", "set")]
    assert state("canon_polls", Moment(frame=10**9)) == [first[0], ("ISOSpeed", "ISO 200", "current")]


def test_tells_the_same_by_time_and_by_seconds_from_the_beginning() -> None:
    row = all_rows("canon_polls")[3]
    with analysed(capture("canon_polls")) as told:
        begins = told.results[0].times[0]  # type: ignore[index]
    by_frame = state("canon_polls", Moment(frame=row["frame"]))
    assert state("canon_polls", Moment(time=row["time"])) == by_frame
    assert state("canon_polls", Moment(since=row["time"] - begins)) == by_frame
    assert state("canon_polls", Moment(time=row["time"] - 1)) != by_frame


def test_knows_of_a_reset_property_that_its_value_is_not_known() -> None:
    assert state("nikon_polls", Moment(frame=10**9)) == [
        ("ExposureTime", None, "notified"),
        ("ExposureBiasCompensation", None, "reset"),
    ]


def test_keeps_sessions_apart() -> None:
    one = conversation().open().get_property(0x5007, b"\x90\x01").close()
    two = conversation(number=1, command_port=50011, event_port=50012, start_ns=one.start_ns + 10**9)
    with analysed([*one.packets(), *two.open().get_property(0x5007, b"\x30\x02").close().packets()]) as told:
        table = state_at(told.batches("properties"), Moment(frame=10**9))
        assert table.select(["session", "text"]).to_pylist() == [
            {"session": 0, "text": "f/4"}, {"session": 1, "text": "f/5.6"},
        ]  # fmt: skip


def test_tells_for_each_failure_what_was_changed_in_the_seconds_before() -> None:
    one = conversation().open().get_property(0x5007, b"\x90\x01")
    one.transaction(0x1016, 0x5007, data_out=b"\x30\x02").wait(5)
    one.get_property(0x5007, b"\x30\x02").transaction(0x1016, 0x500F, data_out=b"\x64\x00").wait(1)
    one.transaction(0x100E, 0, 0, response=0x2019).wait(3).transaction(0x100E, 0, 0, response=0x2002)
    with analysed(one.packets()) as told:
        found = [
            [(row["failed_response"], row["text"], row["role"], round(row["before_s"])) for batch in changes_before(
                told.batches("transactions"), told.batches("properties"), seconds) for row in batch.select(
                ["failed_response", "text", "role", "before_s"]).to_pylist()]
            for seconds in (0.5, 2, 5, 60)
        ]  # fmt: skip
    iso = [("DeviceBusy", "ISO 100", "set", 1), ("GeneralError", "ISO 100", "set", 4)]
    aperture = [("DeviceBusy", "f/5.6", "set", 6), ("GeneralError", "f/5.6", "set", 9)]
    assert found == [[], iso[:1], iso, aperture + iso]


def test_does_not_take_a_refused_request_for_its_own_cause() -> None:
    one = conversation().open().transaction(0x1016, 0x5007, data_out=b"\x30\x02", response=0x201C)
    with analysed(one.packets()) as told:
        assert list(changes_before(told.batches("transactions"), told.batches("properties"), 60)) == []


def test_says_of_a_set_value_that_it_stands_from_its_response_on() -> None:
    one = conversation().open().get_property(0x5007, b"\x90\x01")
    one.request(0x1016, 0x5007, data_phase_info=2).data_phase(b"\x30\x02", TO_RESPONDER).wait(5).response()
    with analysed(one.packets()) as told:
        (row,) = (row for row in rows(told, "properties") if row["role"] == "set")
        (of,) = (of for of in rows(told, "transactions") if of["operation_code"] == 0x1016)
        assert (row["time"], row["frame"]) == (of["response_time"], of["last_frame"])
        before = state_at(told.batches("properties"), Moment(frame=row["frame"] - 1))
        assert before["text"].to_pylist() == ["f/4"]


def test_knows_no_value_once_an_event_said_that_it_changed() -> None:
    one = conversation().open().get_property(0x5007, b"\x90\x01")
    one.event(0x4006, 0xFFFFFFFF, 0x5007).transaction(0x1009, 1, response=0x2009)
    with analysed(one.packets()) as told:
        at = state_at(told.batches("properties"), Moment(frame=10**9)).to_pylist()
        assert [(row["property"], row["value"], row["role"], row["source"]) for row in at] == [
            ("FNumber", None, "notified", "DevicePropChanged")
        ]
        changes = changes_before(told.batches("transactions"), told.batches("properties"), 10)
        assert [row["role"] for batch in changes for row in batch.to_pylist()] == ["notified"]


def test_knows_a_value_that_was_read_after_the_event() -> None:
    one = conversation().open().event(0x4006, 0xFFFFFFFF, 0x5007).get_property(0x5007, b"\x90\x01")
    with analysed(one.packets()) as told:
        assert state_at(told.batches("properties"), Moment(frame=10**9))["text"].to_pylist() == ["f/4"]


@pytest.mark.parametrize(("seconds", "found"), [(1e300, 1), (math.inf, 1), (0, 0)])
def test_takes_any_number_of_seconds(seconds: float, found: int) -> None:
    one = (
        conversation().open().transaction(0x1016, 0x5007, data_out=b"\x30\x02").transaction(0x1009, 1, response=0x2009)
    )
    with analysed(one.packets()) as told:
        changes = changes_before(told.batches("transactions"), told.batches("properties"), seconds)
        assert sum(batch.num_rows for batch in changes) == found


@pytest.mark.parametrize("seconds", [math.nan, -1])
def test_refuses_what_is_no_number_of_seconds(seconds: float) -> None:
    with analysed(capture("plain")) as told, pytest.raises(MomentError):
        list(changes_before(told.batches("transactions"), told.batches("properties"), seconds))


def test_hands_out_changes_in_batches_however_many_failures_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_BATCH_ROWS", 8)
    one = conversation().open()
    for _ in range(10):
        one.transaction(0x1016, 0x5007, data_out=b"\x30\x02").transaction(0x1009, 1, response=0x2009)
    with analysed(one.packets()) as told:
        found = list(changes_before(told.batches("transactions"), told.batches("properties"), 60))
    assert [batch.num_rows for batch in found] == [8] * 6 + [7]
