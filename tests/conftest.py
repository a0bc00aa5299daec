"""What tests of several rooms share."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.traffic import capture, write_pcap

# A shell starts what it puts in the background with SIGINT ignored, and programs inherit that; ours shall be stopped.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def path_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The capture file of a case: "recorded/NAME" or "made/STORY"."""
    folder = tmp_path_factory.mktemp("made")

    def path(case: str) -> Path:
        kind, name = case.split("/")
        if kind == "recorded":
            return ROOT / "captures" / name
        made = folder / f"{name}.pcap"
        return made if made.exists() else write_pcap(made, capture(name), nano=True)

    return path
