"""Times `report` beside `export` on the chatty capture, and the drawing of its timeline in headless Chromium."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench.run import FOLDER, MIB, make, measure, warm
from tests.report.browser import browsing

TIMES = 3.0  # the time of export
MOST_BYTES = 6_000_000
DRAW_MS = 50.0  # the slowest drawing of the timeline, of those after the first
PROGRAM = (sys.executable, "-m", "ptpip_analyze")
MOVES = ("0", "+", "ArrowRight", "ArrowLeft", "-", "+", "+", "+", "ArrowRight", "-", "0", "n", "x", "0")
DRAWN = """
const canvas = document.getElementById("timeline-canvas"), frame = () => new Promise(requestAnimationFrame);
const found = [];
for (const key of arguments[0]) {
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key }));
  await frame();
  await frame();
  found.push(+canvas.dataset.drawMs);
}
return found;
"""


def ours(command: str, path: Path, output: Path) -> tuple[float, float]:
    """Time a command that writes: seconds and peak MiB."""
    return measure([*PROGRAM, command, str(path), "-o", str(output)])


def drawn(page: Path) -> list[float]:
    """Milliseconds that each drawing of the timeline takes, while it is zoomed and moved."""
    with tempfile.TemporaryDirectory() as folder, browsing(Path(folder)) as browser:
        browser.open(page)
        return [float(one) for one in browser.run(f"return (async () => {{ {DRAWN} }})()", list(MOVES))]


def main(arguments: list[str] | None = None) -> int:
    """Command line: 0 if the targets are met, 1 if not."""
    parser = argparse.ArgumentParser(description="Time report beside export, and what the page draws.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mib", type=float, default=MIB["chatty"], help="size of the capture")
    options = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path, page = make("chatty", options.mib), FOLDER / "chatty.html"
    warm(path)
    pairs = [(ours("report", path, page), ours("export", path, FOLDER / "exported")) for _ in range(options.runs)]
    seconds = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    peaks = [max(pair[side][1] for pair in pairs) for side in (0, 1)]
    size, times = page.stat().st_size, drawn(page)
    ratio, slowest = seconds[0] / seconds[1], max(times[1:])
    print(
        f"{path.name}: report {seconds[0]:.2f} s, export {seconds[1]:.2f} s, {ratio:.2f} times (at most {TIMES}); "
        f"peak {peaks[0]:.0f} and {peaks[1]:.0f} MiB\n"
        f"page: {size / 1e6:.2f} MB (less than {MOST_BYTES / 1e6:.0f}); timeline drawn in "
        f"{statistics.median(times):.1f} ms, at most {slowest:.1f} ms (at most {DRAW_MS:.0f})"
    )
    return 0 if ratio <= TIMES and size < MOST_BYTES and slowest <= DRAW_MS else 1


if __name__ == "__main__":
    sys.exit(main())
