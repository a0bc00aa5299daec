"""Watching live: how late a row is, at which rates packets are lost, what an hour costs in memory.

Promises that nothing is measured of a wrong answer: rows are compared with those of the saved file, packets with those
that were sent. Needs root (network namespaces), dumpcap and tcpreplay.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import run
from tests.bench.generate import cached
from tests.bench.lasting import cached as made_lasting
from tests.network import CAMERA, Camera, Network

LATENCY_S = 0.25  # p95, from the response's packet to its row
RATES = {"200 Mbit/s": ("bulk", "--mbps=200"), "50,000 packets/s": ("chatty", "--pps=50000")}
STEPS = (("chatty", "--pps", (20_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000)),
         ("bulk", "--mbps", (200, 400, 600, 800, 1200, 1600, 2400)))  # fmt: skip
LASTING_S = 5.0  # a replay lasts about so long, so that no buffer hides what can't be kept up
GROWTH_MIB = 5.0  # memory from the second quarter of the hour to its last, medians
CONNECTION_BYTES = 1500  # of memory for each connection that has ended, on ports that may be used again
REPLAY_MIB = 96
VISITS, EVENTS = 10_000, 600_000  # sessions of 20,000 connections in three hours; 83 hours of events
HOUR_MIB = 220  # of chatty: 384,024 transactions, 107 a second for an hour

Result = dict[str, Any]


def polled(means: str, transactions: int) -> Result:
    """How late rows are: transactions at odd moments between two namespaces, watched from the client's."""
    client = (
        "import random, sys, time\n"
        "from tests.camera import Initiator\n"
        "with Initiator(sys.argv[1]) as initiator:\n"
        "    initiator.open_session()\n"
        "    for _ in range(int(sys.argv[2])):\n"
        "        time.sleep(random.uniform(0.005, 0.2))\n"
        "        initiator.transact(0x1014, 0x5001)\n"
    )
    late: list[float] = []
    with Network() as network, Camera(CAMERA, "1000", "0", prefix=network.camera_side), Live(network, means) as live:

        def read() -> None:
            for line in live.process.stdout:
                now, row = time.time(), json.loads(line)
                if row["operation"] == "GetDevicePropDesc":
                    when = np.datetime64(row["response_time"].rstrip("Z")).astype(np.int64) / 1e9
                    late.append(now - when)

        reader = threading.Thread(target=read)
        reader.start()
        command = [*network.app_side, sys.executable, "-c", client, CAMERA, str(transactions)]
        subprocess.run(command, check=True, cwd=run.HERE.parents[1])
        time.sleep(0.5)
        live.end()
        reader.join()
    if len(late) != transactions:
        raise run.BenchmarkError(f"{len(late)} of {transactions} transactions were told")
    p50, p95 = np.percentile(late, [50, 95])
    return {"means": means, "p50_s": float(p50), "p95_s": float(p95), "most_s": max(late)}


class Live:
    """`live` on the app's side of a network; what it says at the end is kept."""

    def __init__(self, network: Network, means: str, *options: str, rows: int = subprocess.PIPE) -> None:
        self.said: list[str] = []
        command = [*network.app_side, sys.executable, "-m", "ptpip_analyze", "live", network.interface]
        command += ["--with", means, "--format", "jsonl", "--filter", "ip", *options]
        self.process = subprocess.Popen(
            command, cwd=run.HERE.parents[1], stdin=subprocess.DEVNULL, stdout=rows, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        self.said.append(self.process.stderr.readline())

    def end(self) -> None:
        """Ctrl-C, and wait."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        self.said += self.process.stderr.read().splitlines()
        self.process.wait()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def loops(name: str, rate: str) -> int:
    """How often a capture is replayed at a rate (an option of tcpreplay), so that it lasts."""
    option, _, amount = rate.partition("=")
    packets, bits = (269_666, 145e6) if name == "chatty" else (103_981, 856e6)
    return max(1, round(LASTING_S * (float(amount) / packets if option == "--pps" else float(amount) * 1e6 / bits)))


def replayed(means: str, name: str, rate: str) -> Result:
    """What comes of a capture that is replayed at a rate: packets sent, seen and dropped, and the rate that was had."""
    path = cached(name, REPLAY_MIB if name == "bulk" else REPLAY_MIB / 4)
    with tempfile.TemporaryDirectory() as folder, Network() as network:
        saved = Path(folder) / "live.pcapng"
        with Live(network, means, "-w", str(saved), rows=subprocess.DEVNULL) as live:
            command = [
                *network.camera_side,
                "tcpreplay",
                "-q",
                "-K",
                rate,
                f"--loop={loops(name, rate)}",
                "-i",
                "wlan8",
                str(path),
            ]
            sent = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            time.sleep(1.5)
            begun = time.perf_counter()
            live.end()
            behind = time.perf_counter() - begun
        said = "\n".join(live.said)
        found = re.search(r"([\d,]+) packets?, ([\d,]+) dropped .*?([\d,]+) transactions?", said)
        actual = re.search(r"Actual: (\d+) packets .*\n.*Rated: ([\d.]+) Bps, ([\d.]+) Mbps, ([\d.]+) pps", sent)
        if found is None or actual is None:
            raise run.BenchmarkError(f"live or tcpreplay said: {said}\n{sent}")
        seen, dropped, transactions = (int(text.replace(",", "")) for text in found.groups())
    return {
        "means": means, "rate": rate, "sent": int(actual[1]), "seen": seen, "dropped": dropped,
        "transactions": transactions, "mbps": float(actual[3]), "pps": float(actual[4]), "end_s": behind,
    }  # fmt: skip


def hour(mib: float) -> Result:
    """Memory while an hour of polling passes, read from a pipe as fast as it is analysed; rows are checked."""
    return lasting(cached("chatty", mib))


def lasting(path: Path) -> Result:
    """Memory while a capture passes through a pipe as fast as it is analysed; the number of rows is checked."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    wanted = truth["transactions"] if isinstance(truth["transactions"], int) else len(truth["transactions"])
    memory: list[float] = []
    with path.open("rb") as capture, tempfile.TemporaryFile() as rows:
        process = subprocess.Popen(
            [sys.executable, "-m", "ptpip_analyze", "live", "-", "--format", "jsonl"],
            cwd=run.HERE.parents[1], stdin=capture, stdout=rows, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        begun = time.perf_counter()
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            if found := re.search(r"VmRSS:\s+(\d+)", status):
                memory.append(int(found[1]) / 1024)
            time.sleep(0.1)
        took = time.perf_counter() - begun
        rows.seek(0)
        told = sum(1 for _ in rows)
    if told != wanted:
        raise run.BenchmarkError(f"{told} rows of {wanted} transactions")
    quarter = max(len(memory) // 4, 1)
    return {
        "transactions": told, "seconds": took, "peak_mib": max(memory), "memory_mib": memory,
        "connections": 2 * truth["sessions"], "events": truth["events"],
        "second_quarter_mib": float(np.median(memory[quarter : 2 * quarter] or memory)),
        "last_quarter_mib": float(np.median(memory[-quarter:])),
    }  # fmt: skip


def grown(memory: Result) -> float:
    """MiB by which memory has grown, from the second quarter of the time to the last."""
    return float(memory["last_quarter_mib"] - memory["second_quarter_mib"])


def verdicts(
    latency: Sequence[Result],
    rates: Sequence[Result],
    memory: Result | None,
    visits: Result | None = None,
    announcements: Result | None = None,
) -> list[tuple[bool, str]]:
    """Each target: whether it is met, and the sentence that says so."""
    said = []
    for one in latency:
        text = f"rows {one['p50_s'] * 1e3:.0f} ms behind, p95 {one['p95_s'] * 1e3:.0f} ms"
        said.append((one["p95_s"] < LATENCY_S, f"{one['means']}: {text} (limit {LATENCY_S * 1e3:g})"))
    for one in rates:
        text = f"{one['mbps']:.0f} Mbit/s, {one['pps']:,.0f} packets/s: {one['seen']:,} of {one['sent']:,} seen"
        met = one["dropped"] == 0 and one["seen"] == one["sent"]
        said.append((met, f"{one['means']}: {text}, {one['dropped']:,} dropped (limit 0)"))
    if memory is not None:
        more = grown(memory)
        text = f"{memory['transactions']:,} transactions, {memory['peak_mib']:.0f} MiB at most, {more:+.1f} MiB from"
        said.append((more <= GROWTH_MIB, f"an hour: {text} its second quarter to its last (limit {GROWTH_MIB:g})"))
    if visits is not None:
        each = grown(visits) * (1 << 20) / (visits["connections"] / 2)  # half of them came in between
        text = f"{visits['connections']:,} connections, {visits['peak_mib']:.0f} MiB at most, {each:,.0f} bytes each"
        said.append((each <= CONNECTION_BYTES, f"sessions that come and go: {text} (limit {CONNECTION_BYTES:,})"))
    if announcements is not None:
        more = grown(announcements)
        text = f"{announcements['events']:,} events and no transaction, {more:+.1f} MiB (limit {GROWTH_MIB:g})"
        said.append((more <= GROWTH_MIB, text))
    return said


def steps(means: str, tell: Callable[[str], None]) -> list[Result]:
    """Where drops begin: faster and faster replays, until there are some."""
    found = []
    for name, option, rates in STEPS:
        for rate in rates:
            one = replayed(means, name, f"{option}={rate}")
            found.append(one)
            lost = one["sent"] - one["seen"]
            tell(
                f"       {means}: {name} at {one['pps']:,.0f} packets/s, {one['mbps']:.0f} Mbit/s: {lost:,} of "
                f"{one['sent']:,} lost, {one['dropped']:,} told; {one['end_s']:.1f} s to its end"
            )
            if lost:
                break
    return found


def main(arguments: Sequence[str] | None = None, tell: Callable[[str], None] = print) -> int:
    """Command line: 0 if every target is met, 1 if not, 2 if a process failed."""
    parser = argparse.ArgumentParser(description="Time what is watched live.")
    parser.add_argument(
        "what", nargs="*", help="of latency, rates, hour, visits, announcements, steps; all but steps by default"
    )
    parser.add_argument("--transactions", type=int, default=300, help="transactions whose rows are timed (300)")
    parser.add_argument("--mib", type=float, default=HOUR_MIB, help="size of the hour's capture")
    parser.add_argument("-o", "--output", type=Path, default=run.FOLDER / "live.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    what = options.what or ["latency", "rates", "hour", "visits", "announcements"]
    run.FOLDER.mkdir(parents=True, exist_ok=True)
    both = ("dumpcap", "sockets")
    try:
        latency = [polled(means, options.transactions) for means in both] if "latency" in what else []
        rates = [replayed("dumpcap", *rate) for rate in RATES.values()] if "rates" in what else []
        memory = hour(options.mib) if "hour" in what else None
        visits = lasting(made_lasting("visits", VISITS)) if "visits" in what else None
        events = lasting(made_lasting("announcements", EVENTS)) if "announcements" in what else None
        stepped = {means: steps(means, tell) for means in both} if "steps" in what else {}
    except (run.BenchmarkError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    found = verdicts(latency, rates, memory, visits, events)
    told = [{"met": met, "text": text} for met, text in found]
    document = {
        "latency": latency, "rates": rates, "hour": memory, "visits": visits, "announcements": events,
        "steps": stepped, "verdicts": told,
    }  # fmt: skip
    options.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for met, text in found:
        tell(f"{'met   ' if met else 'MISSED'} {text}")
    return 0 if all(met for met, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
