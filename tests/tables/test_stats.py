"""Operations are counted as anybody would count them in the transactions table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.tables import stats
from ptpip_analyze.tables.stats import By
from tests.support import RECORDED, ROOT, analysed
from tests.traffic import capture, conversation, damage, write_pcap
from tests.traffic.timed import answered, asked, at_once, later, sent_again, shut, tapped

PHOTO = bytes(20_000)
CAPTURES = ROOT / "captures"


def rows(analysis: Analysis, by: By | None = None) -> list[dict[str, object]]:
    models = stats.models_of(analysis.arrow("sessions"))
    found = stats.measured(stats.needed(analysis.batches("transactions")), models, by)
    return [row for batch in stats.batches_of(found) for row in batch.to_pylist()]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_agrees_with_pandas_about_recorded_captures(path: Path) -> None:
    with analyze(path) as analysis:
        found = analysis.stats.set_index(["session", "operation"])
        known = analysis.transactions.dropna(subset=["operation"]).groupby(["session", "operation"])
        assert len(found[found.index.get_level_values(1).notna()]) == known.ngroups
        for key, group in known:
            row = found.loc[key]
            assert row["count"] == len(group)
            assert row["errors"] == (group["response_code"].fillna(0x2001) != 0x2001).sum()
            assert row["bytes"] == group["data_bytes"].sum()
            for name, of in (("latency", "latency_s"), ("first_byte", "first_byte_s")):
                times = group[of].dropna().astype(float)
                for percent in (50, 95, 99):
                    same(row[f"{name}_p{percent}_s"], times.quantile(percent / 100) if len(times) else None)
                same(row[f"{name}_max_s"], times.max() if len(times) else None)
            for name in ("think_s", "device_s", "transfer_s", "stalled_s", "transfer_stalled_s"):
                values = group[name].dropna()
                same(row[name], values.sum() if len(values) else None)


def same(found: object, expected: float | None) -> None:
    assert pd.isna(found) if expected is None else found == pytest.approx(expected, abs=1e-12)


def test_counts_over_all_captures_or_by_what_they_are_of() -> None:
    with analyze([CAPTURES / "summary.pcapng", CAPTURES / "list-and-get.pcapng"]) as analysis:
        every = {row["operation"]: row for row in rows(analysis)}
        assert (every["GetDeviceInfo"]["count"], every["GetDeviceInfo"]["session"]) == (5, None)
        assert every["GetDeviceInfo"]["capture"] is None
        assert (every["GetThumb"]["session"], every["GetThumb"]["model"]) == (3, "Simulated Camera")
        by_capture = [row for row in rows(analysis, "capture") if row["operation"] == "GetDeviceInfo"]
        assert [row["count"] for row in by_capture] == [2, 3]
        assert [row["capture"] for row in by_capture] == [str(CAPTURES / name) for name in (
            "summary.pcapng", "list-and-get.pcapng")]  # fmt: skip
        by_model = [row for row in rows(analysis, "model") if row["operation"] == "GetDeviceInfo"]
        assert [(row["model"], row["count"]) for row in by_model] == [("Simulated Camera", 5)]
        assert rows(analysis, "session") == analysis.arrow("stats").to_pylist()


def test_names_no_operation_where_no_request_was_captured() -> None:
    with analysed(capture("response_alone")) as analysis:
        found = rows(analysis)
    assert [row["operation"] for row in found] == [None, "GetObject"]
    assert found[0]["latency_p50_s"] is None


def test_says_nothing_of_no_transactions() -> None:
    with analysed(capture("http")) as analysis:
        assert rows(analysis) == []
        assert len(analysis.stats) == 0


def test_measures_throughput_from_the_request_to_the_end_of_the_data() -> None:
    packets = at_once(conversation().open().get_object(1, PHOTO).packets())
    packets = later(packets, answered(packets, 2), 0.5)
    packets = later(packets, answered(packets, -2), 1.5)  # the last data
    with analysed(later(packets, answered(packets, -1), 3.0)) as analysis:
        (row,) = (row for row in rows(analysis) if row["operation"] == "GetObject")
    assert row["throughput"] == 10_000


def test_times_nothing_with_a_clock_that_was_set_back() -> None:
    packets = at_once(conversation().open().request(0x1004).response().packets())
    with analysed(later(packets, answered(packets, -1), -0.5)) as analysis:
        assert float(analysis.transactions["latency_s"].min()) < 0
        (row,) = (row for row in rows(analysis) if row["operation"] == "GetStorageIDs")
    assert (row["count"], row["latency_p50_s"], row["latency_max_s"]) == (1, None, None)


def test_tells_where_the_time_of_sessions_went() -> None:
    packets = at_once(conversation().open().get_object(1, PHOTO).close_session().packets())
    packets = later(packets, asked(packets, 2), 10.0)
    packets = later(packets, answered(packets, 2), 2.0)
    packets = later(packets, answered(packets, 4), 0.02)
    packets = shut(packets, answered(packets, 5), 0.5)
    packets = sent_again(packets, answered(packets, 5), 0.3, answered(packets, 8))
    packets = later(packets, asked(packets, 0), 0.25)
    with analysed(packets) as analysis:
        (part,) = stats.parts(stats.needed(analysis.batches("transactions")), analysis.arrow("sessions"), None)
    spent = part.spent
    assert (spent.client, spent.device, spent.transfer) == pytest.approx((10.0, 2.0, 0.02))
    assert spent.stalls == pytest.approx({"zero-window": 0.8})  # by the cause of most of it
    assert (spent.other, spent.whole) == pytest.approx((0.25, 13.07))


def test_takes_out_of_the_time_of_the_camera_what_the_network_took() -> None:
    packets = at_once(conversation().open().get_object(1, PHOTO).packets())
    packets = sent_again(packets, asked(packets, 2), 0.3, asked(packets, 2) + 1)
    packets = tapped(later(packets, answered(packets, 2), 0.1), 0.00002, 0.004)
    with analysed(packets) as analysis:
        (part,) = stats.parts(stats.needed(analysis.batches("transactions")), analysis.arrow("sessions"), None)
    assert part.spent.device == pytest.approx(0.1)
    assert part.spent.stalls == pytest.approx({"retransmission": 0.3})


def test_knows_no_throughput_of_what_took_no_time() -> None:
    with analysed(at_once(conversation().open().get_object(1, PHOTO).packets())) as analysis:
        assert [row["throughput"] for row in rows(analysis)] == [None, None]


def test_counts_what_the_client_takes_to_begin_sending() -> None:
    packets = at_once(conversation().open().transaction(0x100D, data_out=PHOTO).packets())
    with analysed(later(packets, asked(packets, 3), 0.4)) as analysis:
        (part,) = stats.parts(stats.needed(analysis.batches("transactions")), analysis.arrow("sessions"), None)
        (row,) = (row for row in rows(analysis) if row["operation"] == "SendObject")
    assert (part.spent.client, row["sending_s"]) == pytest.approx((0.4, 0.4))


def test_parts_the_time_by_what_it_is_of(tmp_path: Path) -> None:
    one, other = (tmp_path / name for name in ("a.pcap", "b.pcap"))
    packets = at_once(conversation().open().get_property().packets())
    write_pcap(one, later(packets, answered(packets, 2), 1.0))
    write_pcap(other, packets)
    with analyze([one, other]) as analysis:
        transactions, sessions = stats.needed(analysis.batches("transactions")), analysis.arrow("sessions")
        found = [(part.name, part.spent.device) for part in stats.parts(transactions, sessions, "capture")]
        assert found == [(str(one), 1.0), (str(other), 0.0)]
        assert [(part.name, len(part.sessions)) for part in stats.parts(transactions, sessions, "model")] == [(None, 2)]


def test_loses_no_time_of_any_capture() -> None:
    for path in RECORDED:
        with analyze(path) as analysis:
            transactions = stats.needed(analysis.batches("transactions"))
            for part in stats.parts(transactions, analysis.arrow("sessions"), "session"):
                told = part.spent
                parts = (told.client, told.device, told.transfer, *told.stalls.values(), told.other)
                assert min(parts) >= 0
                assert sum(parts) == pytest.approx(told.whole)


def test_counts_the_same_in_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    packets = damage.drop(capture("plain"), 20)
    with analysed(packets) as analysis:
        expected = analysis.arrow("stats").to_pylist()
    monkeypatch.setattr("ptpip_analyze.tables.build.BATCH_ROWS", 1)
    with analysed(packets) as analysis:
        assert analysis.arrow("stats").to_pylist() == expected


def test_interpolates_as_numpy_does() -> None:
    row = stats._percentiles("latency", np.array([1.0, 2.0, 4.0]))
    assert row == pytest.approx(
        {"latency_p50_s": 2.0, "latency_p95_s": 3.8, "latency_p99_s": 3.96, "latency_max_s": 4.0}
    )
