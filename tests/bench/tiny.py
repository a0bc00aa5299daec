"""Times a dataset of very many small captures: made, run again when all is done, and read by `check` and `stats`.

Promises whole processes and a dataset that is compared with what is true of its captures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import fleet
from tests.bench.run import BenchmarkError, default_product

CAPTURES = 10_000
KIB = 9.0
FOUND = (0, 1)  # `check` ends with 1 where it found something


def measured(count: int, kib: float, tell: Callable[[str], None]) -> dict[str, fleet.Cost]:
    """What each step took, by its name. Raises BenchmarkError where one fails, or the dataset is wrong."""
    folder, wanted = fleet.copies("chatty", kib / 1024, count)
    target = fleet.FOLDER / "tiny"
    shutil.rmtree(target, ignore_errors=True)
    product, costs = default_product(), {}
    export = [*product, "export", str(folder), "-o", str(target), "--dataset", "--jobs", "2"]
    steps: dict[str, tuple[Sequence[str], Sequence[int]]] = {
        "made": (export, (0,)),
        "done": (export, (0,)),
        "check": ([*product, "check", str(target)], FOUND),
        "stats": ([*product, "stats", str(target), "--by", "firmware"], (0,)),
    }
    for name, (command, codes) in steps.items():
        cost = costs[name] = fleet.watched(command, codes=codes)
        if name in ("made", "done"):
            fleet.verify(target, wanted)
        tell(f"{name:<8}{cost.seconds:8.1f} s{cost.processor_s:8.1f} s of processors{cost.peak_mib:8.0f} MiB")
    shutil.rmtree(target)
    return costs


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0, or 2 if a process failed."""
    parser = argparse.ArgumentParser(description="Time a dataset of many small captures.")
    parser.add_argument("--captures", type=int, default=CAPTURES, help=f"how many ({CAPTURES})")
    parser.add_argument(
        "--kib", type=float, default=KIB, help=f"size of each ({KIB:g}), at least one session of chatty"
    )
    parser.add_argument("-o", "--output", type=Path, default=fleet.FOLDER / "tiny.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    if options.captures < 1:
        parser.error("--captures must be at least 1")
    fleet.FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        costs = measured(options.captures, options.kib, lambda line: print(line, flush=True))
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    said = {"captures": options.captures, "costs": {name: asdict(cost) for name, cost in costs.items()}}
    options.output.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(f"written: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
