"""Comments stand in the frames that they are about, and only in those of their capture."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.describe import counted, human_seconds
from ptpip_analyze.tables.comments import comments
from tests.support import ROOT
from tests.traffic import TO_INITIATOR, conversation, pcap_bytes

CAPTURE = ROOT / "captures" / "busy.pcap"


@pytest.fixture(scope="module")
def told():
    with analyze(CAPTURE) as analysis:
        yield analysis


def said(told: Analysis, path: str = str(CAPTURE), frames: np.ndarray | None = None) -> dict[int, list[str]]:
    tables = (told.batches("transactions"), told.batches("findings"))
    return comments(path, *tables, told.vendors, told.beginning, frames)


def test_says_each_call_where_it_begins_and_its_response_where_it_ends(told: Analysis) -> None:
    found = said(told)
    for row in told.arrow("transactions").to_pylist():
        number = row["transaction"]
        assert f"#{number} {told.call(number)}" in found[row["first_frame"]]
        ending = f"#{number} {row['response']} after {human_seconds(row['latency_s'])}"
        size = row["data_bytes"]
        assert (f"{ending}, {counted(size, 'byte')} of data" if size else ending) in found[row["last_frame"]]


def test_says_of_a_transaction_that_is_not_complete_what_it_is() -> None:
    one = conversation().open().request(0x1009, 1, data_phase_info=1).data_phase(bytes(9000), TO_INITIATOR)
    with analyze(io.BytesIO(pcap_bytes(one.packets()))) as analysis:
        found = said(analysis, analysis.captures[0].path)
    assert any(line.endswith("no response, 9,000 bytes of data (open)") for lines in found.values() for line in lines)


def test_says_each_finding_at_its_frame(told: Analysis) -> None:
    found, rows = said(told), [row for row in told.arrow("findings").to_pylist() if row["frame"] is not None]
    assert rows
    for row in rows:
        assert f"{row['level']}: {row['rule']}: {row['says']}" in found[row["frame"]]


def test_says_calls_and_responses_of_chosen_frames_only(told: Analysis) -> None:
    row = told.arrow("transactions").to_pylist()[3]
    findings = {frame for frame, lines in said(told).items() if not all(line.startswith("#") for line in lines)}
    chosen = said(told, frames=np.array([row["last_frame"]]))
    calls = {frame for frame, lines in chosen.items() if any(line.startswith("#") for line in lines)}
    assert calls == {row["last_frame"]}
    assert chosen.keys() == findings | calls


def test_says_nothing_of_another_capture(told: Analysis) -> None:
    assert said(told, "another.pcap") == {}
