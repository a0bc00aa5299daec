"""Times the terminal application as a person sees it: a process in a pseudo-terminal, keys in, what it writes out.

Promises that a time is that of whole processes, from their start until the text in question has been written to the
terminal. Refuses to import anything heavy, as ``run`` does.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import run

WIDTH, HEIGHT = 140, 40
FIRST_ROWS_S = 1.0
LOAD_TIMES = 1.5  # the time of export
KEY_S = 0.05  # p95, with all transactions of chatty
MEMORY_TIMES = 1.5  # that of export
QUIET_S = 0.06  # nothing written for so long: the screen is painted
PATIENCE_S = 120.0
KEYS = (b"\x1b[B", b"\x1b[6~", b"\x1b[A", b"\x1b[C", b"\x1b[5~", b"\x1b[F", b"\x1b[D", b"\x1b[H", b"j", b"G", b"k")

_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;:?<>=$]*[ -/]*[@-~]|[PX^_\]].*?(?:\x1b\\|\x07)|[()].|[@-Z=>])", re.DOTALL)

Result = dict[str, Any]


class Session:
    """A process in a pseudo-terminal of WIDTH by HEIGHT. A context manager: at its end the process is ended, too."""

    def __init__(self, command: Sequence[str]) -> None:
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
            os.execvp(command[0], list(command))
        self.begun = time.perf_counter()
        self._raw = bytearray()
        self.peak_mib = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.send(b"q")
        end = time.perf_counter() + 5
        while self.peak_mib == 0 and time.perf_counter() < end:
            self._take(0.05)
            with contextlib.suppress(ChildProcessError):
                ended, _, usage = os.wait4(self._pid, os.WNOHANG)
                if ended:
                    self.peak_mib = usage.ru_maxrss / 1024
        if self.peak_mib == 0:
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def send(self, keys: bytes) -> None:
        """Press keys."""
        with contextlib.suppress(OSError):
            os.write(self._terminal, keys)

    def _take(self, seconds: float) -> bool:
        """Take what is written within some time; False when nothing is."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return False
        try:
            self._raw += os.read(self._terminal, 1 << 20)
        except OSError:  # the process has ended
            time.sleep(min(seconds, 0.01))
            return False
        return True

    def until(self, text: str) -> float:
        """Wait until a text (a regular expression) is written; seconds since the start. BenchmarkError if it is not."""
        wanted = re.compile(text.encode())
        while time.perf_counter() < self.begun + PATIENCE_S:
            if wanted.search(_ESCAPES.sub(b"", bytes(self._raw))):
                return time.perf_counter() - self.begun
            if self._take(1.0) and len(self._raw) > 1 << 19:
                del self._raw[: -(1 << 18)]
        said = _ESCAPES.sub(b"", bytes(self._raw[-4000:])).decode(errors="replace")
        raise run.BenchmarkError(f"{text!r} was not written within {PATIENCE_S:g} s: {said}")

    def rest(self, seconds: float = QUIET_S) -> None:
        """Wait until nothing is written for a while, and forget what was."""
        while self._take(seconds):
            pass
        self._raw.clear()

    def latency(self, key: bytes) -> float | None:
        """Seconds from a key to the last byte of what it painted; None where it painted nothing."""
        self.rest()
        begin = last = time.perf_counter()
        self.send(key)
        painted = False
        while self._take(QUIET_S if painted else 1.0):
            painted, last = True, time.perf_counter()
        return last - begin if painted else None


def first_rows(product: Sequence[str], path: Path) -> Result:
    """Seconds until the first page shows a session, and until the list of transactions shows one."""
    with Session([*product, "tui", str(path)]) as session:
        frame = session.until("Overview")
        overview = session.until(r"[1-9][0-9,]* transactions? ·")
    with Session([*product, "tui", str(path)]) as session:
        session.send(b"2")
        rows = session.until(r"OpenSession\(")
    return {"frame_s": frame, "overview_s": overview, "rows_s": rows}


def load(product: Sequence[str], path: Path) -> Result:
    """Seconds until every transaction is there, and until the rules have judged them; peak memory in MiB."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    session = Session([*product, "tui", str(path)])
    with session:
        session.send(b"2")
        rows = session.until(f"{truth['transactions']:,} rows")
        session.send(b"1")
        judged = session.until("violations? of|no violation")
    return {"load_s": rows, "judged_s": judged, "peak_mib": session.peak_mib}


def keys(product: Sequence[str], path: Path, presses: int) -> Result:
    """Seconds per key in the list of all transactions, none folded."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with Session([*product, "tui", str(path)]) as session:
        session.until("violations? of|no violation")
        session.send(b"2")
        session.until(f"{truth['transactions']:,} rows")
        session.send(b"Z")
        session.rest(0.5)
        found = [session.latency(KEYS[number % len(KEYS)]) for number in range(presses)]
    painted = sorted(seconds for seconds in found if seconds is not None)
    if len(painted) < presses // 2:
        raise run.BenchmarkError(f"of {presses} keys only {len(painted)} painted anything")
    return {
        "presses": presses, "painted": len(painted), "p50_s": painted[len(painted) // 2],
        "p95_s": painted[int(len(painted) * 0.95)], "max_s": painted[-1],
    }  # fmt: skip


def measured(product: Sequence[str], name: str, mib: float, runs: int, presses: int) -> Result:
    """All of one capture; medians of several runs, beside those of ``export`` with all tables."""
    path = run.make(name, mib)
    run.warm(path)
    firsts = [first_rows(product, path) for _ in range(runs)]
    exports, loads = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=run.FOLDER) as folder:
            exports.append(run.measure([*product, "export", str(path), "-o", folder]))
        loads.append(load(product, path))
    result: Result = {
        "name": name, "runs": runs,
        **{key: statistics.median(one[key] for one in firsts) for key in firsts[0]},
        **{key: statistics.median(one[key] for one in loads) for key in loads[0]},
        "export_s": statistics.median(seconds for seconds, _ in exports),
        "export_peak_mib": statistics.median(peak for _, peak in exports),
    }  # fmt: skip
    if presses:
        result["keys"] = keys(product, path, presses)
    return result


def verdicts(results: Sequence[Result]) -> list[tuple[bool, str]]:
    """Each target: whether it is met, and the sentence that says so."""
    said = []
    for one in results:
        name = one["name"]
        first = max(one["overview_s"], one["rows_s"])
        text = f"first rows after {one['overview_s']:.2f} s, transactions after {one['rows_s']:.2f} s"
        said.append((first <= FIRST_ROWS_S, f"{name}: {text} (limit {FIRST_ROWS_S:g})"))
        times = one["load_s"] / one["export_s"]
        text = f"loaded after {one['load_s']:.2f} s, {times:.2f} times export (limit {LOAD_TIMES:g})"
        said.append((times <= LOAD_TIMES, f"{name}: {text}; judged after {one['judged_s']:.2f} s"))
        times = one["peak_mib"] / one["export_peak_mib"]
        text = f"{one['peak_mib']:.0f} MiB at most in memory, {times:.2f} times export (limit {MEMORY_TIMES:g})"
        said.append((times <= MEMORY_TIMES, f"{name}: {text}"))
        if "keys" in one:
            found = one["keys"]
            text = f"a key repaints in {found['p50_s'] * 1e3:.0f} ms, p95 {found['p95_s'] * 1e3:.0f} ms"
            said.append((found["p95_s"] <= KEY_S, f"{name}: {text} (limit {KEY_S * 1e3:g})"))
    return said


def main(arguments: Sequence[str] | None = None, tell: Callable[[str], None] = print) -> int:
    """Command line: 0 if every target is met, 1 if not, 2 if a process failed."""
    parser = argparse.ArgumentParser(description="Time the terminal application.")
    parser.add_argument("captures", nargs="*", help="of bulk, chatty, liveview; bulk and chatty by default")
    parser.add_argument("--runs", type=int, default=3, help="runs per capture (3)")
    parser.add_argument("--presses", type=int, default=200, help="keys pressed (200); 0 leaves them out")
    parser.add_argument("--mib", type=float, help="size of every capture, instead of its own")
    parser.add_argument("-o", "--output", type=Path, default=run.FOLDER / "terminal.json", help="where the JSON goes")
    options = parser.parse_args(arguments)
    run.FOLDER.mkdir(parents=True, exist_ok=True)
    product = run.default_product()
    try:
        results = [
            measured(product, name, options.mib or run.MIB[name], options.runs, options.presses)
            for name in options.captures or ("bulk", "chatty")
        ]
    except run.BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    found = verdicts(results)
    told = [{"met": met, "text": text} for met, text in found]
    options.output.write_text(json.dumps({"captures": results, "verdicts": told}, indent=1) + "\n", encoding="utf-8")
    for met, text in found:
        tell(f"{'met   ' if met else 'MISSED'} {text}")
    return 0 if all(met for met, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
