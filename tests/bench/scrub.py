"""Times ``scrub`` on the generated captures and holds it to its target. Promises that a wrong answer has no time: the
tables of what was written are compared with what is true of the capture. Refuses to compare it with anything: tools
that replace addresses alone do another thing.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.run import FOLDER, MIB, NAMES, BenchmarkError, Result, default_product, export, make, measure, warm

MB_PER_S = 50.0  # of CPU time, on each of them


def scrub(product: Sequence[str], name: str, mib: float, runs: int) -> Result:
    """Medians of seconds on the clock and of the CPU, MB per second of the latter, largest memory."""
    path = make(name, mib)
    warm(path)
    measured, cpu = [], []
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        out = Path(folder) / path.name
        for _ in range(runs):
            before = os.times()
            measured.append(measure([*product, "scrub", str(path), "-o", str(out)]))
            after = os.times()
            cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
        shutil.copy(path.with_suffix(".json"), out.with_suffix(".json"))
        export(product, out)
        # Not read whole: a child's largest memory counts from what this process has when it begins.
        if filecmp.cmp(out, path, shallow=False):
            raise BenchmarkError(f"{path.name}: nothing was scrubbed")
    megabytes, seconds = path.stat().st_size / 1e6, statistics.median(cpu)
    return {
        "name": name,
        "megabytes": megabytes,
        "median_s": statistics.median(one for one, _ in measured),
        "cpu_s": seconds,
        "mb_per_s": megabytes / seconds,
        "peak_mib": max(peak for _, peak in measured),
    }


def line(result: Result) -> str:
    """A result as one line."""
    return (
        f"{result['name']:12} {result['megabytes']:8.0f} MB  {result['median_s']:7.2f} s  "
        f"{result['cpu_s']:7.2f} s CPU  {result['mb_per_s']:6.1f} MB/s of CPU  {result['peak_mib']:6.0f} MiB"
    )


def is_met(result: Result) -> bool:
    """Is it as fast as it has to be?"""
    return result["mb_per_s"] >= MB_PER_S


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 if the target is met, 1 if not, 2 if a process failed."""
    parser = argparse.ArgumentParser(description="Time scrub.")
    parser.add_argument("captures", nargs="*", choices=[[], *NAMES], help="bulk, liveview and chatty without")
    parser.add_argument("--mib", type=float, help="size of each capture, instead of its usual one")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    met = True
    try:
        for name in options.captures or ("bulk", "liveview", "chatty"):
            result = scrub(default_product(), name, options.mib or MIB[name], options.runs)
            met &= is_met(result)
            print(line(result), "" if is_met(result) else "MISSED", flush=True)
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
