"""The summary's figures: counted from the tables, in a stable order."""

from __future__ import annotations

import json
from typing import Any

from ptpip_analyze.tables.summary import summarize
from tests.cli.pretend import START_NS, Analysis, session, transaction


def test_counts_operations_with_their_bytes_and_latencies() -> None:
    rows = [transaction(number, latency_s=latency) for number, latency in enumerate((0.1, 0.3, 0.2, None))]
    rows.append(transaction(4, "GetThumb", 0x100A, data_bytes=5, response="Device_Busy", response_code=0x2019))
    first, second = summarize(Analysis({"transactions": rows}))["operations"]
    assert first == {
        "operation": "GetObject",
        "operation_code": 0x1009,
        "vendor": None,
        "unasked": False,
        "transactions": 4,
        "data_bytes": 4 * 1_700_000,
        "not_ok": 0,
        "latency_median_s": 0.2,
        "latency_max_s": 0.3,
    }
    assert (second["operation"], second["transactions"], second["not_ok"]) == ("GetThumb", 1, 1)


def test_keeps_requests_that_were_not_captured_apart() -> None:
    rows = [transaction(0, None, None, latency_s=None)]  # type: ignore[arg-type]
    (row,) = summarize(Analysis({"transactions": rows}))["operations"]
    assert (row["operation"], row["operation_code"], row["latency_median_s"]) == (None, None, None)


def test_tells_a_response_that_nobody_asked_for_from_a_request_that_was_lost() -> None:
    nobody = dict.fromkeys(("operation", "code", "request_time"))
    silent: dict[str, Any] = {**nobody, "response": "GeneralError", "response_code": 0x2002}
    states = ("gap", "began-earlier", "disordered", "cancelled")
    rows = [transaction(at, **silent | {"status": status}) for at, status in enumerate(states)]
    told = summarize(Analysis({"transactions": rows}))
    for part in ("operations", "responses"):
        assert [(row["unasked"], row["transactions"]) for row in told[part]] == [(False, 2), (True, 2)]


def test_lists_responses_other_than_ok_with_the_first_frames() -> None:
    rows = [transaction(number, response="Device_Busy", response_code=0x2019) for number in range(8)]
    rows += [transaction(8), transaction(9, response=None, response_code=None)]
    (row,) = summarize(Analysis({"transactions": rows}))["responses"]
    assert row == {
        "response": "Device_Busy",
        "response_code": 0x2019,
        "operation": "GetObject",
        "unasked": False,
        "capture": "walk.pcapng",
        "transactions": 8,
        "frames": [12, 13, 14, 15, 16],
    }


def test_counts_statuses_and_events_for_each_session() -> None:
    rows = {
        "sessions": [session(0), session(1)],
        "transactions": [transaction(0), transaction(1, status="gap"), transaction(2, session=1)],
        "events": [{"session": 1, "event": "ObjectAdded", "event_code": 0x4002}] * 2 + [{"event": "lost"}],
    }
    facts = summarize(Analysis(rows))
    assert [row["transactions_by_status"] for row in facts["sessions"]] == [{"complete": 1, "gap": 1}, {"complete": 1}]
    assert [row["events_by_name"] for row in facts["sessions"]] == [{}, {"ObjectAdded": 2}]
    assert facts["events"][0] == {"event": "ObjectAdded", "event_code": 0x4002, "count": 2}


def test_counts_message_types_over_batches_and_groups_their_problems() -> None:
    rows: list[dict[str, object]] = [
        {"session": 0, "type": "Data", "type_code": 10, "status": "complete", "first_frame": number}
        for number in range(9)
    ]
    rows += [
        {
            "session": 0,
            "type": None,
            "type_code": 99,
            "status": "malformed",
            "reason": "no such type",
            "first_frame": 30 - n,
        }
        for n in range(7)
    ]
    facts = summarize(Analysis({"messages": rows}, batch_rows=2))
    assert facts["messages"] == [
        {"type": "Data", "type_code": 10, "messages": 9},
        {"type": None, "type_code": 99, "messages": 7},
    ]
    (problem,) = facts["problems"]
    assert (problem["status"], problem["reason"], problem["count"]) == ("malformed", "no such type", 7)
    assert problem["frames"] == [24, 25, 26, 27, 28]


def test_says_nothing_is_wrong_when_nothing_is() -> None:
    facts = summarize(Analysis({"sessions": [session()], "transactions": [transaction(0)]}))
    assert facts["problems"] == []
    assert facts["responses"] == []


def test_gives_plain_values_for_an_empty_analysis() -> None:
    facts = summarize(Analysis())
    assert json.loads(json.dumps(facts)) == facts
    assert facts["captures"][0]["duration_s"] == 2.5
    assert [facts[name] for name in ("sessions", "operations", "responses", "events", "messages", "problems")] == [
        []
    ] * 6


def test_gives_times_with_every_nanosecond() -> None:
    facts = summarize(Analysis({"sessions": [session(start_time=START_NS)]}))
    assert facts["sessions"][0]["start_time"] == "2026-01-02T03:04:05.123456789Z"
    assert facts["captures"][0]["first_time"] == "2026-01-02T03:04:05.123456789Z"
