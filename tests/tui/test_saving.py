"""Rows and frames as files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tui.notes import Notes
from ptpip_analyze.tui.saving import SaveError, checked, comments_of, save
from tests.support import ROOT
from tests.traffic import conversation, write_pcap

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


def test_frames_bear_names_findings_and_notes_as_comments(polled: Path, tmp_path: Path) -> None:
    loading = loaded(polled)
    of = listing(loading)
    notes = Notes([str(polled)])
    notes.comment(str(polled), of.value("first_frame", 15), "the\x1b photo")
    save(of, np.array([14, 15]), tmp_path / "a.pcapng", loading, notes)
    told = subprocess.run(
        ["tshark", "-r", tmp_path / "a.pcapng", "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "#15 GetObject(handle=0x7)" in told
    assert "#14 InvalidObjectHandle after" in told
    assert "the\\x1b photo" in told


def test_findings_stand_in_the_comments_of_their_frames(tmp_path: Path) -> None:
    path = write_pcap(
        tmp_path / "a.pcap", conversation().open().transaction(0x1009, 1, data_in=b"x", announced=9).packets()
    )
    loading = loaded(path)
    findings = loading.table("findings").to_pylist()
    said = comments_of(str(path), np.arange(1, 100), loading)
    assert findings
    assert all(any(row["rule"] in text for text in said[row["frame"]]) for row in findings if row["frame"])
