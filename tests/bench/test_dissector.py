"""The benchmark of the dissector measures what it says."""

from __future__ import annotations

import pytest

from tests.bench import dissector


@pytest.mark.parametrize(("took", "code"), [(2.4, 0), (2.6, 1)])
def test_holds_the_ratio_to_the_target(monkeypatch: pytest.MonkeyPatch, took: float, code: int, capsys) -> None:
    monkeypatch.setattr(dissector, "make", lambda name, mib: dissector.LUA)
    monkeypatch.setattr(dissector, "ours", lambda path: (took, 100.0))
    monkeypatch.setattr(dissector, "peer", lambda path: (1.0, 50.0))
    assert dissector.main(["chatty", "--runs", "1"]) == code
    assert f"{took:.2f} times" in capsys.readouterr().out
