"""What the command line's tests share: commands run in this process or in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ptpip_analyze.cli import main
from tests.traffic import capture, write_pcap

from .pretend import START_NS, Analysis, session, transaction

ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process."""

    def command(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    return command


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """A pretend analysis that every command gets, whatever capture it names."""
    rows = {
        "sessions": [session()],
        "transactions": [transaction(0), transaction(1), transaction(2, "GetThumb", 0x100A, data_bytes=30_000)],
        "events": [
            {
                "session": 0,
                "event": "ObjectAdded",
                "event_code": 0x4002,
                "parameters": [7],
                "time": START_NS,
                "frame": 44,
                "source": "connection",
                "capture": "walk.pcapng",
            }
        ],
        "messages": [{"message": 0, "session": 0, "type": "Data", "type_code": 10, "status": "complete"}],
    }
    analysis = Analysis(rows)
    monkeypatch.setattr("ptpip_analyze.analysis.analyze", lambda captures, **_: analysis)
    return analysis


@pytest.fixture(scope="session")
def plain_pcap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One session: open, look, download, close."""
    return write_pcap(tmp_path_factory.mktemp("captures") / "plain.pcap", capture("plain"))


def program(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m ptpip_analyze` in a process of its own."""
    command = [sys.executable, "-m", "ptpip_analyze", *map(str, arguments)]
    options = {"capture_output": True, "text": True, "timeout": 60, "env": ENVIRONMENT} | options
    return subprocess.run(command, check=False, **options)  # type: ignore[call-overload]
