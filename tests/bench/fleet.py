"""Times datasets of many captures: one process against two, a Dask cluster against them, a run that finds all done, and
the memory of one process on large captures.

Promises whole processes, and datasets whose counts are compared with what is true of the captures. Refuses to import
anything heavy before the clock runs: on Linux a child's peak memory is at least what its parent had.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.run import FOLDER, BenchmarkError, default_product, make, warm

CAPTURES, MIB = 200, 5.0
SMALL_MIB, LARGE_MIB = 256, 1024

SCALING = 0.85  # of the cores: two processes take at most 1 / (2 * 0.85) of the time of one
OVERHEAD = 1.15  # a cluster of two workers, against two processes
IDLE_S = 10.0  # how long an idle cluster is looked at
SKIP_S = 3.0  # for a run of CAPTURES that are done
GROWTH = 1.25  # memory on LARGE_MIB of bulk, against SMALL_MIB
BYTES_EACH = 600  # memory for each message more, of chatty

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0") as cluster:
        cluster.wait_for_workers(2)
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""

COUNT = """
import json, sys
from ptpip_analyze.fleet import open_fleet
fleet = open_fleet(sys.argv[1])
rows = {name: fleet.dataset(name).count_rows() for name in ("sessions", "transactions", "messages", "events")}
print(json.dumps(rows | {"failed": sum(record.status != "done" for record in fleet.records)}))
"""

Result = dict[str, Any]
WAYS = ("jobs_1", "jobs_2", "dask_2", "done")


def copies(name: str, mib: float, count: int) -> tuple[Path, Result]:
    """A folder with this many captures of one kind, each with other bytes, and what is true of them together."""
    one = make(name, mib)
    truth = _truth(one)
    folder = FOLDER / f"{count}-{one.stem}"
    if not folder.exists():
        content = one.read_bytes()
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for number in range(count):
            # Of the header, "significant figures" mean nothing to anybody.
            (part / f"{number:05d}.pcap").write_bytes(content[:12] + number.to_bytes(4, "little") + content[16:])
        part.rename(folder)
    wanted = {name: truth[name] * count for name in ("sessions", "transactions", "events")}
    return folder, wanted | {"messages": sum(truth["messages"].values()) * count, "failed": 0}


def verify(folder: Path, wanted: Result) -> None:
    """Compare a dataset with what is true of its captures. Raises BenchmarkError where they differ."""
    counted = subprocess.run([sys.executable, "-c", COUNT, str(folder)], check=True, capture_output=True, text=True)
    found = json.loads(counted.stdout)
    if found != wanted:
        raise BenchmarkError(f"{folder.name}: {found} and not {wanted}")


@dataclass
class Cost:
    """What a run took: seconds of wall clock and of processors, and the peak resident MiB of its largest process.

    Where others compute on the same cores, the seconds of processors are what can be compared.
    """

    seconds: float
    processor_s: float
    peak_mib: float


def exported(product: Sequence[str], captures: Path, target: Path, *options: str, helper: int | None = None) -> Cost:
    """Run `export --dataset` as ``watched`` does."""
    return watched([*product, "export", str(captures), "-o", str(target), "--dataset", *options], helper)


def watched(command: Sequence[str], helper: int | None = None, codes: Sequence[int] = (0,)) -> Cost:
    """Run a command and look at it, its processes, and those below the process ``helper``, meanwhile.

    BenchmarkError where it ends with another code than these.
    """
    before = sum(_used(pid)[0] for pid in _below(helper)) if helper else 0.0
    used: dict[int, tuple[float, ...]] = {}
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid in (*_below(process.pid), *(_below(helper) if helper else ())):
                now = zip(used.get(pid, (0.0, 0.0)), _used(pid), strict=True)
                used[pid] = tuple(max(pair) for pair in now)  # one that has ended tells no memory any more
            time.sleep(0.02)
    seconds = time.perf_counter() - begin
    if process.returncode not in codes:
        raise BenchmarkError(f"{' '.join(command)}: ended with {process.returncode}")
    processor_s = sum(one for one, _ in used.values()) - before
    return Cost(seconds, processor_s, max(peak for _, peak in used.values()))


def _below(pid: int) -> list[int]:
    """A process, and those that descend from it."""
    parents: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        parents.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _used(pid: int) -> tuple[float, float]:
    """Processor seconds and VmHWM in MiB of a process so far; zeros for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    peak = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak


def _idle(pid: int) -> float:
    """Processors that a process and those below it keep busy while nobody asks for anything."""
    before = sum(_used(one)[0] for one in _below(pid))
    time.sleep(IDLE_S)
    return (sum(_used(one)[0] for one in _below(pid)) - before) / IDLE_S


@contextmanager
def cluster() -> Iterator[tuple[str, int]]:
    """The address of a cluster of two workers on this machine, and the process that began it."""
    command = [sys.executable, "-c", CLUSTER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.communicate()


def scaling(product: Sequence[str], count: int, mib: float, runs: int, tell: Callable[[str], None]) -> Result:
    """Median seconds with one process, two, and a cluster of two, in alternation; and of a run that finds all done."""
    folder, wanted = copies("chatty", mib, count)
    size = sum(path.stat().st_size for path in folder.iterdir())
    for path in folder.iterdir():
        warm(path)
    target = FOLDER / "dataset"
    costs: dict[str, list[Cost]] = {name: [] for name in WAYS}

    def run(name: str, *options: str, helper: int | None = None) -> None:
        costs[name].append(exported(product, folder, target, *options, helper=helper))
        verify(target, wanted)
        tell(f"{name:<8}{costs[name][-1].seconds:8.1f} s{costs[name][-1].processor_s:8.1f} s of processors")

    with cluster() as (address, helper):
        exported(product, next(folder.iterdir()), target, "--scheduler", address)  # workers load once in their life
        idle = _idle(helper)
        for _ in range(runs):
            shutil.rmtree(target, ignore_errors=True)
            run("jobs_1", "--jobs", "1")
            shutil.rmtree(target)
            run("jobs_2", "--jobs", "2")
            shutil.rmtree(target)
            run("dask_2", "--scheduler", address, helper=helper)
            run("done", "--jobs", "2")
    shutil.rmtree(target)
    return {
        "captures": count,
        "mib": size / (1 << 20),
        "costs": {name: [asdict(cost) for cost in values] for name, values in costs.items()},
        "median_s": {name: statistics.median(one.seconds for one in values) for name, values in costs.items()},
        "processor_s": {name: statistics.median(one.processor_s for one in values) for name, values in costs.items()},
        "cluster_idle": idle,
        "load": os.getloadavg()[0],
    }


def memory(product: Sequence[str], name: str, small: float, large: float) -> Result:
    """Peak memory of the largest process of a run with one worker, on a small and on a large capture of one kind."""
    paths = [make(name, mib) for mib in (small, large)]
    peaks = []
    for path in paths:
        target = FOLDER / "dataset"
        shutil.rmtree(target, ignore_errors=True)
        peaks.append(exported(product, path, target, "--jobs", "1").peak_mib)
        shutil.rmtree(target)
    return {
        "name": name,
        "mib": [path.stat().st_size / (1 << 20) for path in paths],
        "messages": [sum(_truth(path)["messages"].values()) for path in paths],
        "peak_mib": peaks,
    }


def _truth(capture: Path) -> Result:
    """What is true of a generated capture."""
    said: Result = json.loads(capture.with_suffix(".json").read_text(encoding="utf-8"))
    return said


def verdicts(results: Result) -> list[tuple[bool, str]]:
    """Each target that these results can decide: whether it is met, and the sentence that says so."""
    said: list[tuple[bool, str]] = []
    if "scaling" in results:
        one = results["scaling"]
        times = one["median_s"]
        ratio = times["jobs_1"] / times["jobs_2"]
        what = f"{one['captures']} captures of {one['mib'] / one['captures']:.1f} MiB"
        # An idle cluster asks itself how it is all the time: that grows with the seconds, not with the work.
        used = one["processor_s"] | {"dask_2": one["processor_s"]["dask_2"] - one["cluster_idle"] * times["dask_2"]}
        said.append(
            (ratio >= 2 * SCALING, f"{what}: 2 processes are {ratio:.2f} times as fast (at least {2 * SCALING:g})")
        )
        for told, values in (("seconds", times), ("working seconds of processors", used)):
            over = values["dask_2"] / values["jobs_2"]
            text = f"{what}: Dask with 2 workers takes {over:.2f} times the {told} of 2 processes (limit {OVERHEAD:g})"
            said.append((over <= OVERHEAD, text))
        said.append((times["done"] <= SKIP_S, f"{what}: {times['done']:.1f} s where all is done (limit {SKIP_S:g})"))
    for one in results.get("memory", []):
        grown = one["peak_mib"][1] / one["peak_mib"][0]
        sizes = " and ".join(f"{mib:.0f}" for mib in one["mib"])
        peaks = " and ".join(f"{mib:.0f}" for mib in one["peak_mib"])
        text = f"{one['name']}: {sizes} MiB take {peaks} MiB of memory, {grown:.2f} times"
        if one["name"] == "bulk":
            said.append((grown <= GROWTH, f"{text} (limit {GROWTH:g})"))
        else:
            few, many = one["messages"]
            each = (one["peak_mib"][1] - one["peak_mib"][0]) * (1 << 20) / (many - few)
            text += f", {each:.0f} bytes for each of {many:,} messages (limit {BYTES_EACH})"
            said.append((each <= BYTES_EACH, text))
    return said


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Raises SystemExit as argparse does."""
    parser = argparse.ArgumentParser(description="Time datasets of many captures.")
    parser.add_argument("--captures", type=int, default=CAPTURES, help=f"how many ({CAPTURES})")
    parser.add_argument("--mib", type=float, default=MIB, help=f"size of each ({MIB:g})")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way (3)")
    parser.add_argument("--no-scaling", action="store_true", help="leave out the times")
    parser.add_argument(
        "--memory",
        type=float,
        nargs="*",
        metavar="MIB",
        help="also memory, on two sizes of bulk, and an eighth of them of chatty",
    )
    parser.add_argument("-o", "--output", type=Path, default=FOLDER / "fleet.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    if options.memory == []:
        options.memory = [SMALL_MIB, LARGE_MIB]
    if options.memory is not None and len(options.memory) != 2:
        parser.error("--memory takes two sizes")
    if min(options.captures, options.runs) < 1:
        parser.error("--captures and --runs must be at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 if every target that was measured is met, 1 if not, 2 if a process failed."""
    options = options_of(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    product, results = default_product(), {}

    def tell(line: str) -> None:
        print(line, flush=True)

    try:
        if not options.no_scaling:
            results["scaling"] = scaling(product, options.captures, options.mib, options.runs, tell)
        if options.memory:
            results["memory"] = [
                memory(product, "bulk", *options.memory),
                memory(product, "chatty", *(mib / 8 for mib in options.memory)),
            ]
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    results["verdicts"] = [{"met": met, "text": text} for met, text in verdicts(results)]
    options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for verdict in results["verdicts"]:
        print(f"{'met   ' if verdict['met'] else 'MISSED'} {verdict['text']}")
    print(f"written: {options.output}")
    return 0 if all(verdict["met"] for verdict in results["verdicts"]) else 1


if __name__ == "__main__":
    sys.exit(main())
