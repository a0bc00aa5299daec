"""The benchmark of the terminal application sees what a process writes to its terminal, and judges by the targets."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from . import run, terminal

# Writes a coloured word, then what was typed, until it is told to quit.
PRETENDER = """
import sys, termios, time, tty
tty.setraw(0)
sys.stdout.write("\\x1b[2J\\x1b[31mrow\\x1b[0ms at last\\r\\n"); sys.stdout.flush()
while (key := sys.stdin.read(1)) != "q":
    if key != "x":
        sys.stdout.write(f"<{key}>"); sys.stdout.flush()
"""


@pytest.fixture
def pretender() -> list[str]:
    return [sys.executable, "-c", PRETENDER]


def result(**changed: Any) -> dict[str, Any]:
    return {"name": "chatty", "overview_s": 0.5, "rows_s": 0.6, "load_s": 2.0, "judged_s": 3.0, "export_s": 4.0,
            "peak_mib": 100.0, "export_peak_mib": 100.0, "keys": {"p50_s": 0.01, "p95_s": 0.02}} | changed  # fmt: skip


def test_waits_for_a_text_whatever_its_colours(pretender: list[str]) -> None:
    with terminal.Session(pretender) as session:
        assert session.until("rows at la[s]t") > 0
    assert session.peak_mib > 1


def test_says_which_text_never_came(pretender: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "PATIENCE_S", 0.5)
    with (
        terminal.Session(pretender) as session,
        pytest.raises(run.BenchmarkError, match=r"'nothing' was not written.*rows at last"),
    ):
        session.until("nothing")


def test_times_a_key_that_paints_and_knows_one_that_does_not(pretender: list[str]) -> None:
    with terminal.Session(pretender) as session:
        session.until("at last")
        painted = session.latency(b"a")
        assert painted is not None
        assert painted > 0
        assert session.latency(b"x") is None


@pytest.mark.parametrize(
    "missed",
    [
        {"overview_s": 1.1}, {"rows_s": 1.1}, {"load_s": 6.1}, {"peak_mib": 151.0},
        {"keys": {"p50_s": 0.01, "p95_s": 0.06}},
    ],
)  # fmt: skip
def test_judges_by_each_target(missed: dict[str, Any]) -> None:
    assert all(met for met, _ in terminal.verdicts([result()]))
    assert sum(not met for met, _ in terminal.verdicts([result(**missed)])) == 1
