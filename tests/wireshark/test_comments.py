"""Our verdicts stand in the packets that Wireshark shows."""

from __future__ import annotations

import io
from pathlib import Path

from ptpip_analyze import analyze, open_capture
from ptpip_analyze.wireshark.comments import annotate, comments
from tests.support import ROOT

from . import tshark

CAPTURE = ROOT / "captures" / "busy.pcap"


def test_comments_the_frame_in_which_a_transaction_begins() -> None:
    with analyze(CAPTURE) as analysis:
        (of_capture,) = comments(analysis).values()
        transactions = analysis.arrow("transactions").to_pylist()
    for row in transactions:
        said = " ".join(of_capture[row["first_frame"]])
        assert f"{row['operation']} → {row['response']}" in said


def test_keeps_every_frame_and_shows_comments_in_wireshark(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with analyze(CAPTURE) as analysis:
        frames, commented = annotate(analysis, stream)
        (of_capture,) = comments(analysis).values()
    path = tmp_path / "busy.pcapng"
    path.write_bytes(stream.getvalue())
    with open_capture(CAPTURE) as before, open_capture(path) as after:
        counts = [sum(len(batch.time) for batch in source.batches()) for source in (before, after)]
    assert counts == [frames, frames]
    assert commented == len(of_capture) > 20
    shown = tshark.run(["-r", str(path), "-V", "-Y", "frame.comment"], dissector=False)
    assert "GetObject → DeviceBusy" in shown
