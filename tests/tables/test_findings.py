"""The findings table: what a rule found, with its frames and bytes, in order of frame."""

from __future__ import annotations

from ptpip_analyze.tables.findings import with_findings
from tests.conformance.captures import analysed, bad, good

RULE = "framing-fixed-size-types"


def test_has_a_row_for_a_broken_rule() -> None:
    analysis = analysed(bad())
    rows = analysis.findings.query("verdict == 'violation'")
    assert rows["rule"].tolist() == [RULE]
    row = rows.iloc[0]
    message = analysis.messages.iloc[int(row["message"])]
    assert message["type"] == "InitEventRequest"
    assert row["frame"] == message["last_frame"]
    assert row["time"] == message["time"]
    assert bytes.fromhex(row["proof"]) == analysis.bytes(message)


def test_numbers_sessions_over_all_captures() -> None:
    analysis = analysed(good(), bad(command_port=50003, event_port=50004))
    assert analysis.findings.query("verdict == 'violation'")["session"].tolist() == [1]


def test_has_the_time_of_the_packet_that_shows_it() -> None:
    """The closing packet shows it, whatever message it is about."""
    one = good()
    packets = one.packets()
    rows = analysed(one).findings.query("rule == 'shutdown-close-session-first'")
    for frame, time in zip(rows["frame"], rows["time"], strict=True):
        assert time.value == packets[int(frame) - 1].time_ns
    assert len(rows) == 1


def test_is_in_order_of_frame() -> None:
    frames = analysed(bad(), bad(command_port=50003, event_port=50004)).findings["frame"].dropna().tolist()
    assert frames == sorted(frames)


def test_leaves_the_column_of_innocent_transactions_null() -> None:
    analysis = analysed(good())
    (batch,) = analysis.batches("transactions")
    assert with_findings(batch, analysis.results)["findings"].null_count == batch.num_rows
