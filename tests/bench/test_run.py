"""The benchmark measures whole processes, refuses wrong answers, and judges by the targets."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from . import run

if TYPE_CHECKING:
    from pathlib import Path

# Answers as an export does, from the counts beside the capture; its one argument is added to the number of events.
PRETENDER = """
import json, sys
from pathlib import Path
import pyarrow as pa
import pyarrow.parquet as pq
more, command, *rest = sys.argv[1:]
if command == "export":
    capture, folder = Path(rest[0]), Path(rest[2])
    truth = json.loads(capture.with_suffix(".json").read_text())
    each = truth["transactions"]
    rows = {"sessions": truth["sessions"], "messages": sum(truth["messages"].values()),
            "events": truth["events"] + int(more)}
    for name, count in rows.items():
        pq.write_table(pa.table({"row": list(range(count))}), folder / f"{name}.parquet")
    data = [truth["data_bytes"]] + [0] * (each - 1)
    pq.write_table(pa.table({"data_bytes": data, "status": ["complete"] * each}), folder / "transactions.parquet")
"""


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The beginning of a command line that answers truly if a 0 follows."""
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    script = tmp_path / "pretender.py"
    script.write_text(PRETENDER)
    return f"{sys.executable} {script}"


def result(name: str, seconds: float, ratio: float | None, mib: float = 100.0, peak: float = 100.0) -> dict[str, Any]:
    return {"name": name, "capture": f"{name}.pcap", "mib": mib, "median_s": seconds, "ratio": ratio, "peak_mib": peak,
            "peer_median_s": None if ratio is None else seconds * ratio, "peer_peak_mib": ratio}  # fmt: skip


def test_measures_wall_clock_and_peak_memory_of_a_process() -> None:
    small = run.measure([sys.executable, "-c", "import time; time.sleep(0.3)"])
    large = run.measure([sys.executable, "-c", "x = b'x' * (600 << 20)"])
    assert 0.3 <= small[0] < 5
    assert small[1] < 600 < large[1] < 650


def test_says_why_a_process_failed() -> None:
    with pytest.raises(run.BenchmarkError, match="ended with 3: no luck"):
        run.measure([sys.executable, "-c", "import sys; print('no luck', file=sys.stderr); sys.exit(3)"])


def test_has_no_time_for_a_wrong_answer(pretender: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["chatty", "--mib", "0.3", "--runs", "1", "--peer-runs", "0", "-o", str(tmp_path / "out.json")]
    assert run.main([*arguments, "--product", f"{pretender} 1"]) == 2
    assert "chatty-0.3.pcap: events" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_compares_with_tshark_and_writes_what_it_found(pretender: str, tmp_path: Path) -> None:
    assert shutil.which("tshark") is not None, "the benchmark's peer is not installed"
    arguments = ["liveview", "bulk", "--mib", "4", "--runs", "2", "--full", "-o", str(tmp_path / "out.json")]
    assert run.main([*arguments, "--product", f"{pretender} 0"]) in {0, 1}
    found = json.loads((tmp_path / "out.json").read_text())
    assert [one["name"] for one in found["captures"]] == ["liveview", "bulk"]
    for one in found["captures"]:
        assert len(one["seconds"]) == len(one["peer_seconds"]) == 2
        assert one["ratio"] == pytest.approx(one["peer_median_s"] / one["median_s"])
        assert one["peak_mib"] > 20
    assert [one["small"]["mib"] < one["large"]["mib"] for one in found["growth"]] == [True, True]
    assert found["memory"]["large"]["mib"] > 3 * found["memory"]["small"]["mib"]
    assert found["start_up"]["help_s"] > 0
    assert [one["check_s"] > 0 for one in found["check"]] == [True, True]
    assert len(found["verdicts"]) == 10


def test_judges_by_the_targets() -> None:
    good: dict[str, Any] = {
        "captures": [result("bulk", 1.0, 20.0), result("chatty", 1.0, 15.0), result("bulk-damaged", 1.9, 3.0)],
        "growth": [{"name": "bulk", "small": result("bulk", 1.0, None, 25.0), "large": result("bulk", 4.2, 9.0)}],
        "memory": {"small": result("bulk", 1.0, None), "large": result("bulk", 4.0, None, 400.0, 124.0)},
        "start_up": {"help_s": 0.2, "summary_s": 0.6},
        "check": [
            {"name": "chatty", "check_s": 1.9, "export_s": 1.0, "check_peak_mib": 500.0, "export_peak_mib": 400.0}
        ],
    }
    assert [met for met, _ in run.verdicts(good)] == [True] * 9
    bad: dict[str, Any] = {
        "captures": [result("bulk", 1.0, 14.9, peak=401.0), result("bulk-damaged", 2.1, 3.0)],
        "growth": [{"name": "bulk", "small": result("bulk", 1.0, None, 25.0), "large": result("bulk", 5.1, 9.0)}],
        "memory": {"small": result("bulk", 1.0, None), "large": result("bulk", 4.0, None, 400.0, 126.0)},
        "start_up": {"help_s": 0.31, "summary_s": 0.71},
        "check": [
            {"name": "chatty", "check_s": 2.1, "export_s": 1.0, "check_peak_mib": 500.0, "export_peak_mib": 400.0}
        ],
    }
    assert [met for met, _ in run.verdicts(bad)] == [False] * 8
    assert run.verdicts({"captures": [result("liveview", 1.0, None)]}) == []


def test_prints_a_row_for_each_capture() -> None:
    lines = run.table([result("bulk", 2.0, 21.5), result("chatty", 1.0, None)]).splitlines()
    assert lines[0].split()[0] == "capture"
    assert lines[1].split() == ["bulk.pcap", "100.0", "2.00", "43.00", "21.5", "50", "100", "22"]
    assert lines[2].split()[3:5] == ["-", "-"]


@pytest.mark.parametrize(("arguments", "reason"), [(["nonsense"], "no such capture"), (["--runs", "0"], "at least 1")])
def test_refuses_what_it_can_not_do(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run.main(arguments)
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err
