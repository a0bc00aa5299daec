"""Memory that was freed is kept during a job, where a cluster's nanny had it given back at once."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ptpip_analyze.fleet import work as working
from ptpip_analyze.fleet.allocator import freed_memory_kept
from tests.traffic import capture, write_pcap

from .here import job

FAULTS = """
import json, resource
from ptpip_analyze.fleet.allocator import freed_memory_kept
def faults():
    for _ in range(3):
        bytearray(1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        bytearray(1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
found = [faults()]
with freed_memory_kept():
    found.append(faults())
found.append(faults())
print(json.dumps(found))
"""


def faults(**environment: str) -> list[int]:
    """Pages that the kernel had to give for 20 MiB, asked for one at a time: before, while memory is kept, after."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-c", FAULTS], env=kept | environment, check=True, capture_output=True, text=True
    )
    found: list[int] = json.loads(run.stdout)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="settings of glibc")
def test_keeps_what_is_freed_and_puts_the_settings_back() -> None:
    before, while_kept, after = faults(MALLOC_TRIM_THRESHOLD_="65536")
    assert while_kept < 500 < before
    assert after > 500


@pytest.mark.parametrize(
    "environment", [{}, *({"MALLOC_TRIM_THRESHOLD_": said} for said in ("many", str(1 << 30), str(64 << 20), "-1"))]
)
def test_touches_nothing_where_nobody_gives_memory_back_early(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("asked for the C library"))
    with freed_memory_kept(environment):
        pass


def calls_of_mallopt(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, name: int, value: int) -> None:
            calls.append((name, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    return calls


def test_leaves_a_threshold_that_the_user_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of_mallopt(monkeypatch)
    with freed_memory_kept({"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "1048576"}):
        pass
    assert calls == [(-1, 64 << 20), (-1, 65536)]


def test_does_without_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    with freed_memory_kept({"MALLOC_TRIM_THRESHOLD_": "65536"}):
        pass


def test_is_in_force_during_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MALLOC_TRIM_THRESHOLD_", "65536")
    calls = calls_of_mallopt(monkeypatch)
    written, during = working._written, []

    def seen(*arguments: object) -> object:
        during.extend(calls)
        return written(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "_written", seen)
    working.work(job(tmp_path / "d", write_pcap(tmp_path / "plain.pcap", capture("plain"))))
    assert during == [(-1, 64 << 20), (-3, 32 << 20)]
    assert calls == [*during, (-1, 65536), (-3, 128 << 10)]
