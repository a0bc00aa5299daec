"""The benchmark of datasets counts what it made, and judges by the targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import fleet, run


def test_makes_captures_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    folder, wanted = fleet.copies("chatty", 0.1, 3)
    contents = {path.read_bytes() for path in folder.iterdir()}
    assert len(contents) == 3
    (truth,) = (json.loads(path.read_text()) for path in tmp_path.glob("*.json"))
    assert wanted["transactions"] == 3 * truth["transactions"]
    assert fleet.copies("chatty", 0.1, 3) == (folder, wanted)


def test_measures_and_verifies_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    folder, wanted = fleet.copies("chatty", 0.1, 2)
    cost = fleet.exported(run.default_product(), folder, tmp_path / "d", "--jobs", "1")
    assert cost.seconds > 0
    assert cost.processor_s > 0.1  # the processes that did the work are among those looked at
    assert cost.peak_mib > 50
    fleet.verify(tmp_path / "d", wanted)
    with pytest.raises(run.BenchmarkError, match="and not"):
        fleet.verify(tmp_path / "d", wanted | {"sessions": 1})


def results(**seconds: float) -> fleet.Result:
    times = {"jobs_1": 10.0, "jobs_2": 5.5, "dask_2": 6.0, "done": 2.0} | seconds
    return {
        "scaling": {
            "captures": 200,
            "mib": 1000.0,
            "median_s": times,
            "processor_s": dict.fromkeys(times, 10.0) | {"dask_2": 12.0},
            "cluster_idle": 0.1,  # 0.6 seconds while it works
        },
        "memory": [
            {"name": "bulk", "mib": [256.0, 1024.0], "peak_mib": [160.0, 200.0]},
            {"name": "chatty", "mib": [32.0, 128.0], "peak_mib": [257.0, 532.0], "messages": [200_000, 1_000_000]},
        ],
    }


def test_judges_by_the_targets() -> None:
    assert [met for met, _ in fleet.verdicts(results())] == [True] * 6
    bad = results(jobs_2=6.0, dask_2=7.0, done=3.1)
    bad["scaling"]["processor_s"]["dask_2"] = 12.3
    bad["memory"][0]["peak_mib"][1] = 201.0
    bad["memory"][1]["messages"][1] = 600_000
    assert [met for met, _ in fleet.verdicts(bad)] == [False] * 6
    assert fleet.verdicts({}) == []


@pytest.mark.parametrize("arguments", [["--memory", "1"], ["--captures", "0"], ["--runs", "0"]])
def test_refuses_what_it_can_not_do(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        fleet.main(arguments)
    assert stopped.value.code == 2
