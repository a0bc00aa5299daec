"""Rows and frames as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tui.saving import SaveError, checked, save
from tests.support import ROOT

from .conftest import listing, loaded


def test_writes_rows_as_csv_and_parquet(polled: Path, tmp_path: Path) -> None:
    loading = loaded(polled)
    rows = np.array([1, 14])
    assert save(listing(loading), rows, tmp_path / "a.csv", loading).startswith("2 rows of transactions")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3
    save(listing(loading), rows, tmp_path / "a.parquet", loading)
    assert pq.read_table(tmp_path / "a.parquet")["operation"].to_pylist() == ["GetDeviceInfo", "GetObject"]


def test_copies_the_frames_of_transactions(polled: Path, tmp_path: Path) -> None:
    loading = loaded(polled)
    of = listing(loading)
    save(of, np.array([15]), tmp_path / "a.pcapng", loading)
    found = analyze(tmp_path / "a.pcapng").transactions
    assert found["operation"].tolist() == ["GetObject"]
    assert found["data_bytes"].tolist() == [5124]
    assert found["latency_s"].iloc[0] == pytest.approx(of.value("latency_s", 15))


def test_copies_sessions_without_the_others(tmp_path: Path) -> None:
    loading = loaded(ROOT / "captures" / "two-initiators.pcapng")
    sessions = listing(loading, "sessions")
    save(sessions, np.array([1]), tmp_path / "one.pcapng", loading)
    found = analyze(tmp_path / "one.pcapng").sessions
    assert len(found) == 1
    assert found["transactions"].iloc[0] == sessions.value("transactions", 1)


def test_copies_frames_of_findings_and_events(polled: Path, tmp_path: Path) -> None:
    loading = loaded(polled)
    said = save(listing(loading, "events"), np.array([0]), tmp_path / "e.pcapng", loading)
    assert said.startswith("1 frame ")


@pytest.mark.parametrize("name", ["a.txt", "", "nowhere/a.csv"])
def test_refuses_what_it_can_not_write(polled: Path, tmp_path: Path, name: str) -> None:
    loading = loaded(polled)
    with pytest.raises(SaveError):
        checked(str(tmp_path / name) if name else "", loading)


def test_never_overwrites_the_capture(polled: Path, tmp_path: Path) -> None:
    loading = loaded(polled)
    link = tmp_path / "same.pcapng"
    link.symlink_to(polled)
    with pytest.raises(SaveError, match="the capture itself"):
        checked(str(link), loading)
