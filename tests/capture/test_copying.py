"""Frames copied into a new file are those of the old one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ptpip_analyze import open_capture
from ptpip_analyze.capture.copying import Copy
from tests.support import RECORDED


def packets(source) -> list[tuple[int, int, int, bytes]]:
    found = []
    with source:
        for batch in source.batches():
            for row in range(len(batch.time)):
                data = source.read(int(batch.position[row]), int(batch.captured[row]))
                found.append((int(batch.time[row]), int(batch.original[row]), int(batch.link[row]), data))
    return found


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_copies_frames_with_times_sizes_and_links(path: Path) -> None:
    whole = packets(open_capture(str(path)))
    frames = np.arange(1, len(whole) + 1, 3)
    stream = io.BytesIO()
    assert Copy(stream).add(str(path), frames) == len(frames)
    assert packets(open_capture(io.BytesIO(stream.getvalue()))) == [whole[frame - 1] for frame in frames.tolist()]


def test_appends_captures_with_interfaces_of_their_own() -> None:
    stream = io.BytesIO()
    copy = Copy(stream)
    for path in RECORDED[:2]:
        copy.add(str(path), np.array([1, 2]))
    assert len(packets(open_capture(io.BytesIO(stream.getvalue())))) == 4
