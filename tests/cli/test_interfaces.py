"""`interfaces` lists them for people and for scripts; a reason that many share is said once."""

from __future__ import annotations

import json

import pytest

from ptpip_analyze.capture import interfaces
from ptpip_analyze.capture.interfaces import Interface

FOUND = [
    Interface("lo", "loopback", "up", ["127.0.0.1", "::1"], None, "dumpcap", None),
    Interface("wlan7", "wireless", "up", [], "02:00:00:00:00:01", None, "no permission to capture: ask somebody"),
    Interface("eth7", "ethernet", "up", ["192.0.2.1"], None, None, "no permission to capture: ask somebody"),
    Interface("eth8", "ethernet", "down", [], None, None, "it is down"),
]


@pytest.fixture(autouse=True)
def found(monkeypatch):
    monkeypatch.setattr(interfaces, "interfaces", lambda: FOUND)


def test_lists_them_for_people(run):
    assert run("interfaces", "--format", "table").out == (
        "interface  kind      state  addresses       capture\n"
        "lo         loopback  up     127.0.0.1, ::1  with dumpcap\n"
        "wlan7      wireless  up     -               no (1)\n"
        "eth7       ethernet  up     192.0.2.1       no (1)\n"
        "eth8       ethernet  down   -               no, it is down\n"
        "(1) no permission to capture: ask somebody\n"
    )


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_lists_them_for_scripts(run, form):
    out = run("interfaces", "--format", form).out
    rows = json.loads(out) if form == "json" else [json.loads(line) for line in out.splitlines()]
    assert rows == [one._asdict() for one in FOUND]
