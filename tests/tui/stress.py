"""Random keys, clicks and sizes for as long as wanted:

``python -m tests.tui.stress [--seconds 120] [--seed N] [CAPTURE...]``

Ends with 1 at the first error, and tells seed and keys, so that it can be had again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support import RECORDED

from .conftest import running

KEYS: Final = (
    *"123456789", *"zZpsfFdnbmetiovc;Phl/", "ctrl+f", "up", "down", "left", "right", "pagedown", "pageup", "home",
    "end", "enter", "enter", "escape", "escape", "tab", "space", "left_square_bracket", "right_square_bracket",
    "question_mark", "N", "g",
)  # fmt: skip
SIZES: Final = ((80, 24), (140, 40), (60, 15), (300, 100))
NAMES: Final = {";": "semicolon", "/": "slash"}


async def press_any(capture: Path, seed: int, presses: int, pressed: list[str]) -> None:
    """Press keys, click and change the size by chance in one run of the application; ``pressed`` receives all that."""
    chosen = random.Random(seed)
    async with running(capture, chosen.choice(SIZES)) as seen:
        width, height = seen.app.size
        for _ in range(presses):
            kind = chosen.random()
            if kind < 0.03:
                width, height = chosen.choice(SIZES)
                pressed.append(f"size:{width}x{height}")
                await seen.pilot.resize_terminal(width, height)
            elif kind < 0.12:
                at = chosen.randrange(width), chosen.randrange(height - 1)  # the last line has the key that ends it all
                pressed.append(f"click:{at[0]},{at[1]}")
                await seen.pilot.click(offset=at, times=chosen.choice((1, 2)))
            else:
                key = chosen.choice(KEYS)
                pressed.append(NAMES.get(key, key))
                await seen.press(pressed[-1])
            await seen.rest()
            if any(ord(letter) < 0x20 and letter != "\n" for letter in seen.screen):
                raise AssertionError("a control character is on the screen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Press random keys.")
    parser.add_argument("captures", nargs="*", type=Path, default=RECORDED)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--presses", type=int, default=120, help="keys per run (120)")
    options = parser.parse_args(arguments)
    end, seed, keys = time.monotonic() + options.seconds, options.seed, 0
    while time.monotonic() < end:
        capture, pressed = random.Random(seed).choice(list(options.captures)), list[str]()
        try:
            asyncio.run(press_any(capture, seed, options.presses, pressed))
        except BaseException:
            traceback.print_exc()
            print(f"failed: --seed {seed} {capture}, after {' '.join(pressed)}", file=sys.stderr)
            return 1
        keys, seed = keys + len(pressed), seed + 1
    print(f"{keys:,} keys in {seed - options.seed} runs, no error")
    return 0


if __name__ == "__main__":
    sys.exit(main())
