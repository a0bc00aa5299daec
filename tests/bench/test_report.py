"""The benchmark of the report measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import report


@pytest.mark.parametrize(
    ("took", "size", "ms", "code"),
    [(2.9, 10, 40.0, 0), (3.1, 10, 1.0, 1), (1.0, 6_000_000, 1.0, 1), (1.0, 10, 60.0, 1)],
)
def test_holds_time_size_and_drawing_to_the_targets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, took: float, size: int, ms: float, code: int, capsys
) -> None:
    def ours(command: str, path: Path, output: Path) -> tuple[float, float]:
        if command == "report":
            with output.open("wb") as page:
                page.truncate(size)
        return (took if command == "report" else 1.0), 50.0

    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "make", lambda name, mib: Path(__file__))
    monkeypatch.setattr(report, "ours", ours)
    monkeypatch.setattr(report, "drawn", lambda page: [900.0, ms, 1.0])
    assert report.main(["--runs", "1"]) == code
    assert f"{took:.2f} times" in capsys.readouterr().out


def test_measures_a_real_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    report.main(["--runs", "1", "--mib", "0.3"])
    out = capsys.readouterr().out
    assert "MB (less than 6)" in out
    assert len(report.drawn(tmp_path / "chatty.html")) == len(report.MOVES)
