"""`crosscheck`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.wireshark import crosscheck
from ptpip_analyze.wireshark.crosscheck import Heard

SAID = {"type": 1, "length": 38, "transaction_id": None, "code": None}


def test_ends_with_1_on_what_nothing_explains(run, monkeypatch: pytest.MonkeyPatch, plain_pcap: Path) -> None:
    monkeypatch.setattr(crosscheck, "listen", lambda path, dissector, reorder=False: iter([Heard(99, {"type": 6})]))
    ran = run("crosscheck", plain_pcap)
    assert ran.code == 1
    assert "! frame 4: only we find a message of type 1 here" in ran.out
    assert "not explained" in ran.out


def test_writes_json(run, monkeypatch: pytest.MonkeyPatch, plain_pcap: Path) -> None:
    monkeypatch.setattr(crosscheck, "listen", lambda path, dissector, reorder=False: iter(()))
    document = json.loads(run("crosscheck", plain_pcap, "--format", "json").out)
    assert [side["dissector"] for side in document["dissectors"]] == ["ptp_ip", "ptpip"]
    assert document["unexplained"] > 0


def test_ends_with_2_without_tshark(run, monkeypatch: pytest.MonkeyPatch, plain_pcap: Path) -> None:
    monkeypatch.setenv("PATH", "")
    ran = run("crosscheck", plain_pcap)
    assert (ran.code, ran.err) == (2, "ptpip-analyze: tshark is not installed\n")
