"""Captures of long watching hold what their counts say."""

from __future__ import annotations

import json

import pytest

from ptpip_analyze import analyze
from tests.bench.lasting import KINDS, cached


@pytest.mark.parametrize("name", KINDS)
def test_holds_what_it_counts(name, tmp_path):
    path = cached(name, 200, tmp_path)
    truth = json.loads(path.with_suffix(".json").read_text())
    with analyze(path) as analysis:
        (capture,) = analysis.captures
        assert capture.packets == truth["packets"]
        assert len(analysis.sessions) == truth["sessions"]
        assert set(analysis.transactions["status"]) == {"complete"}
        assert len(analysis.transactions) == truth["transactions"]
        assert len(analysis.events) == truth["events"]
    assert (truth["sessions"], truth["events"]) == ((200, 0) if name == "visits" else (1, 200))


def test_makes_a_capture_once(tmp_path):
    path = cached("visits", 3, tmp_path)
    written = path.stat().st_mtime_ns
    assert cached("visits", 3, tmp_path) == path
    assert path.stat().st_mtime_ns == written
