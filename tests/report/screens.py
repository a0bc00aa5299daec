"""The pictures of docs/report.md: ``python -m tests.report.screens`` takes them anew."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from tests.support import ROOT

from .browser import browsing
from .conftest import written

FOLDER: Final = ROOT / "docs" / "screens"
CAPTURE: Final = "captures/busy.pcap"
PARTS: Final = {"report-head": (".top", 980), "report-time": ("#time", 480), "report-timeline": ("#timeline", 1000)}
"""By name: the element at the top of the window, and the height of the window."""


def main() -> None:
    """Write the pictures, of 256 colours."""
    with tempfile.TemporaryDirectory() as folder, browsing(Path(folder) / "profile") as browser:
        page = Path(folder) / "report.html"
        page.write_text(written(CAPTURE))
        for name, (place, height) in PARTS.items():
            browser.open(page, width=1180, height=height)
            browser.run("document.documentElement.style.scrollPaddingTop = 0", place)
            browser.run("document.querySelector('.top').style.position = 'static'")
            browser.run("document.querySelector(arguments[0]).scrollIntoView()", place)
            picture = Image.open(io.BytesIO(browser.screenshot())).convert("RGB")
            few = picture.quantize(256, Image.Quantize.MAXCOVERAGE)
            few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
