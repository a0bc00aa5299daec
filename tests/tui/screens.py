"""The main screens as pictures: ``python -m tests.tui.screens [NAME...]`` draws those that differ anew.

A picture is a claim: look at it before it is kept (a browser shows SVG). The README shows some of them.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

from tests.support import ROOT

from .conftest import running

FOLDER: Final = ROOT / "docs" / "screens"
SIZES: Final = ((80, 24), (140, 40))
SCREENS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "overview": ("capture-and-download.pcapng", ()),
    "transactions": ("capture-and-download.pcapng", ("2", "down", "down", "down")),
    "details": ("capture-and-download.pcapng", ("2", "down", "enter", "down", "down", "down", "down")),
    "ladder": (
        "two-initiators.pcapng",
        ("space", "space", "d", "pagedown", "up", "up"),
    ),
    "findings": ("cancel-and-probe.pcapng", ("7",)),
    "doctor": ("init-fail.pcapng", ("8",)),
}
"""By name the capture and the keys that lead to it."""

CASES: Final = tuple(f"{name}-{width}x{height}" for name in SCREENS for width, height in SIZES)


async def draw(case: str) -> str:
    """The picture of a screen; the working directory must be the project's."""
    name, size = case.rsplit("-", 1)
    width, height = map(int, size.split("x"))
    capture, keys = SCREENS[name]
    async with running(Path("captures") / capture, (width, height)) as seen:
        await seen.press(*keys)
        await seen.until(lambda: "Reading" not in seen.screen)
        await seen.rest()
        drawn = seen.app.export_screenshot(title=f"ptpip-analyze: {name}", simplify=True)
    # Textual numbers its pictures by chance, and names fonts that are fetched from elsewhere.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return re.sub(r"terminal-\d+-", "terminal-", drawn)


def main(names: list[str]) -> int:
    """Draw the named ones anew, or all, and forget what is none."""
    os.chdir(ROOT)
    FOLDER.mkdir(exist_ok=True)
    for case in names or CASES:
        path = FOLDER / f"{case}.svg"
        drawn = asyncio.run(draw(case))
        if not path.exists() or path.read_text(encoding="utf-8") != drawn:
            path.write_text(drawn, encoding="utf-8")
            print(f"drawn: {path}")
    for path in FOLDER.glob("*.svg"):
        if path.stem not in CASES:
            path.unlink()
            print(f"forgotten: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
