"""Our verdicts stand in the packets that Wireshark shows."""

from __future__ import annotations

import io
from pathlib import Path

from ptpip_analyze import analyze, open_capture
from ptpip_analyze.tables.comments import comments
from ptpip_analyze.wireshark.comments import annotate
from tests.support import ROOT

from . import tshark

CAPTURE = ROOT / "captures" / "busy.pcap"


def test_keeps_every_frame_and_shows_comments_in_wireshark(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with analyze(CAPTURE) as analysis:
        frames, commented = annotate(analysis, stream)
        tables = (analysis.batches("transactions"), analysis.batches("findings"))
        of_capture = comments(str(CAPTURE), *tables, analysis.vendors, analysis.beginning)
        requests = analysis.arrow("transactions").to_pylist()
    path = tmp_path / "busy.pcapng"
    path.write_bytes(stream.getvalue())
    with open_capture(CAPTURE) as before, open_capture(path) as after:
        counts = [sum(len(batch.time) for batch in source.batches()) for source in (before, after)]
    assert counts == [frames, frames]
    assert commented == len(of_capture) > 20
    shown = tshark.run(["-r", str(path), "-V", "-Y", "frame.comment"], dissector=False)
    for row in requests:
        assert f"#{row['transaction']} {row['operation']}" in shown
        assert f"#{row['transaction']} {row['response']}" in shown
    assert "DeviceBusy after" in shown
