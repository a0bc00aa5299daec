"""Times tshark with our dissector and without it on the generated captures.

Each prints the same fields of every message: ours those of ``ptp_ip``, the other those of Wireshark's own ``ptpip``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from tests.bench.run import FOLDER, MIB, PEER_FIELDS, make, measure, peer, warm

LUA = Path(__file__).resolve().parents[2] / "dissectors" / "ptp_ip.lua"
FIELDS = (*PEER_FIELDS[:3], "ptp_ip.type", "ptp_ip.operation", "ptp_ip.transaction_id")
RATIO = 2.5  # times the time of tshark without it, on liveview and chatty
NAMES = ("liveview", "chatty")


def ours(path: Path) -> tuple[float, float]:
    """Time tshark with our dissector on the capture: seconds and peak MiB."""
    chosen = [part for name in FIELDS for part in ("-e", name)]
    return measure(["tshark", "-X", f"lua_script:{LUA}", "-r", str(path), "-Y", "ptp_ip", "-T", "fields", *chosen])


def main(arguments: list[str] | None = None) -> int:
    """Command line: 0 if both captures meet the target, 1 if not."""
    parser = argparse.ArgumentParser(description="Time tshark with and without our dissector.")
    parser.add_argument("captures", nargs="*", default=list(NAMES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mib", type=float, help="size of every capture, instead of its own")
    options = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    met = True
    for name in options.captures:
        path = make(name, options.mib or MIB[name])
        warm(path)
        pairs = [(ours(path), peer(path)) for _ in range(options.runs)]
        seconds = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
        peaks = [max(pair[side][1] for pair in pairs) for side in (0, 1)]
        ratio = seconds[0] / seconds[1]
        met &= ratio <= RATIO
        print(
            f"{path.name}: {seconds[0]:.2f} s with ours, {seconds[1]:.2f} s without, {ratio:.2f} times "
            f"(at most {RATIO}); peak {peaks[0]:.0f} and {peaks[1]:.0f} MiB",
            flush=True,
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
