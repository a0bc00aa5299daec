"""The benchmark of ``scrub``, on captures that are no measure of anything."""

from __future__ import annotations

import pytest

from tests.bench.run import BenchmarkError, default_product
from tests.bench.scrub import is_met, line, main, scrub


def test_measures_a_right_answer() -> None:
    found = scrub(default_product(), "chatty", 0.5, 1)
    assert found["mb_per_s"] > 0
    assert found["peak_mib"] > 0
    assert "chatty" in line(found)


def test_has_no_time_for_a_process_that_fails() -> None:
    with pytest.raises(BenchmarkError):
        scrub(["false"], "chatty", 0.5, 1)


@pytest.mark.parametrize("name", ["bulk", "liveview", "chatty"])
def test_holds_each_capture_to_the_target(name: str) -> None:
    assert is_met({"name": name, "mb_per_s": 50.0})
    assert not is_met({"name": name, "mb_per_s": 49.9})


def test_measures_all_kinds_unless_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def measured(product: object, name: str, mib: float, runs: int) -> dict[str, object]:
        asked.append(name)
        return {"name": name, "mib": mib, "seconds": 1.0, "cpu_s": 1.0, "mb_per_s": 60.0, "peak_mib": 1.0}

    monkeypatch.setattr("tests.bench.scrub.scrub", measured)
    monkeypatch.setattr("tests.bench.scrub.line", str)
    assert main([]) == 0
    assert asked == ["bulk", "liveview", "chatty"]
    assert main(["bulk"]) == 0
    assert asked[3:] == ["bulk"]
