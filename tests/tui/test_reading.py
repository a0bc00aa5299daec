"""Reading beside the screen: what the application is told, in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze.tui.loading import Loading
from ptpip_analyze.tui.reading import Reading
from ptpip_analyze.tui.rows import Listing


class Told:
    """In place of the application: writes down what it is told."""

    def __init__(self, capture: Path) -> None:
        self.held = Loading([str(capture)])
        self.follow, self.paused, self.has_ended, self.incoming = False, False, False, None
        self.said: list[tuple[str, Any]] = []
        self.transactions_view = self

    def call_from_thread(self, callback, *arguments: Any, **named: Any) -> None:
        callback(*arguments, **named)

    def alike(self, listing: Listing) -> Listing:
        return listing

    def listing_of(self, table: str, rows: Any) -> Listing:
        assert self.held.analysis is not None
        return Listing(table, rows, self.held.begins, self.held.analysis.vendors)

    def take(self, step: Any, known: Any, listing: Listing) -> None:
        self.said.append(("rows", (step.complete, len(known.sessions), listing.rows.num_rows)))

    def learn(self, **more: Any) -> None:
        self.said += list(more.items())

    def take_transactions(self, listing: Listing) -> None:
        self.said.append(("judged", "findings" in listing.rows.column_names))

    def failed(self, fault: str) -> None:
        self.said.append(("fault", fault))


def test_tells_rows_then_throughput_then_findings(polled: Path) -> None:
    told = Told(polled)
    Reading(told).run(None)  # type: ignore[arg-type]
    assert [name for name, _ in told.said[-5:]] == ["rows", "throughput", "span_s", "worst", "judged"]
    assert dict(told.said)["rows"] == (True, 1, 16)
    assert dict(told.said)["throughput"].sum() > 5000
    assert dict(told.said)["span_s"] == pytest.approx(2.4, abs=0.5)


def test_a_fault_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.pcap").write_bytes(b"no capture")
    told = Told(tmp_path / "no.pcap")
    Reading(told).run(None)  # type: ignore[arg-type]
    assert [name for name, _ in told.said] == ["fault"]
    assert "not a capture" in told.said[0][1]
