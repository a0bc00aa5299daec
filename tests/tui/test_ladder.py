"""A session as a ladder: lanes, folding, text, Mermaid, SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.cells import cell_len

from ptpip_analyze.tui.ladder import COMMAND, EVENT, INITIATOR, Ladder
from ptpip_analyze.tui.parts import parts_of
from tests.support import RECORDED, ROOT
from tests.traffic import conversation, fuji_conversation, write_pcap

from .conftest import listing, loaded


@pytest.fixture
def ladder(polled: Path) -> Ladder:
    loading = loaded(polled)
    assert loading.analysis is not None
    return Ladder(loading.analysis, [0], listing(loading))


def test_draws_an_arrow_per_message(ladder: Ladder) -> None:
    said = [ladder.arrow(line) for line in range(len(ladder))]
    assert (said[0].source, said[0].target, said[0].text) == (INITIATOR, COMMAND, "InitCommandRequest")
    assert (said[1].source, said[1].target) == (COMMAND, INITIATOR)
    assert [(one.source, one.target) for one in said if one.text == "ObjectAdded"] == [(EVENT, INITIATOR)]
    data = [one.text for one in said if one.text.startswith("data: 5.12 kB")]
    assert data == ["data: 5.12 kB in 1 message"]


def test_folds_loops_and_shows_every_message_when_asked(ladder: Ladder) -> None:
    folded = len(ladder)
    assert any("GetObjectHandles ×12" in ladder.arrow(line).text for line in range(folded))
    ladder.fold(False)
    assert len(ladder) > folded + 12 * 3


def test_links_messages_with_transactions(ladder: Ladder) -> None:
    arrow = next(ladder.arrow(line) for line in range(len(ladder)) if "InvalidObject" in ladder.arrow(line).text)
    assert arrow.transaction == 14
    assert ladder.line_of_frame(arrow.frame) is not None
    assert ladder.line_of_frame(0) is None


@pytest.mark.parametrize("width", [60, 78, 120, 298])
def test_lines_are_as_wide_as_the_screen(ladder: Ladder, width: int) -> None:
    for line in range(len(ladder)):
        assert len("".join(text for text, _ in ladder.pieces(line, width, 0))) <= width
    assert len("".join(text for text, _ in ladder.head(width))) == width


def test_is_written_as_text_mermaid_and_svg(ladder: Ladder) -> None:
    text, mermaid, svg = list(ladder.text(0)), list(ladder.mermaid()), list(ladder.svg(0))
    assert "initiator" in text[0]
    assert any("GetObject(handle=0x7)" in line for line in text)
    assert mermaid[0] == "sequenceDiagram"
    assert sum("->>" in line for line in mermaid) == len(ladder)
    ET.fromstring("\n".join(svg))


@pytest.fixture
def both() -> Ladder:
    loading = loaded(ROOT / "captures" / "two-initiators.pcapng")
    assert loading.analysis is not None
    return Ladder(loading.analysis, [1, 0], listing(loading))


def test_several_sessions_stand_side_by_side_in_order_of_frames(both: Ladder) -> None:
    said = [both.arrow(line) for line in range(len(both))]
    assert {one.block for one in said} == {0, 1}
    assert [one.frame for one in said] == sorted(one.frame for one in said)
    assert "".join(text for text, _ in both.head(160)).split() == [
        "session", "1", "command", "event", "session", "0", "command", "event",
    ]  # fmt: skip
    for line, arrow in enumerate(said):
        drawn = "".join(text for text, _ in both.pieces(line, 160, 0))
        assert len(drawn) == 160
        left, right = drawn[24:92], drawn[92:]
        assert "─" in (right if arrow.block else left)
        assert "─" not in (left if arrow.block else right)


@pytest.mark.parametrize("width", [60, 79, 100, 140, 300])
def test_no_name_of_a_lane_covers_another_and_all_lines_are_equally_wide(both: Ladder, width: int) -> None:
    head = both.head(width)[0][0]
    assert head.split() == ["session", "1", "command", "event", "session", "0", "command", "event"]
    assert len(head) == both.width(width)
    for line in range(len(both)):
        assert cell_len("".join(text for text, _ in both.pieces(line, width, 0))) == both.width(width)


def test_two_sessions_fit_a_small_terminal(both: Ladder) -> None:
    assert both.width(79) == 79


def test_several_sessions_are_written_apart(both: Ladder) -> None:
    mermaid = list(both.mermaid())
    assert sum("participant" in line for line in mermaid) == 6
    assert any("I1->>C1" in line for line in mermaid)
    ET.fromstring("\n".join(both.svg(0)))


def test_lets_no_markup_through(tmp_path: Path) -> None:
    loading = loaded(write_pcap(tmp_path / "a.pcap", conversation().open().request(0x9999).packets()))
    assert loading.analysis is not None
    ladder = Ladder(loading.analysis, [0], listing(loading))
    assert all(";" not in line.replace("#59;", "").replace("#35;", "").replace("#lt;", "") for line in ladder.mermaid())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_draws_the_recorded_captures(path: Path) -> None:
    loading = loaded(path)
    assert loading.analysis is not None
    transactions = listing(loading)
    for session in range(min(loading.table("sessions").num_rows, 3)):
        for line in Ladder(loading.analysis, [session], transactions).text(loading.begins):
            assert line.isprintable()
    loading.close()


def test_shows_the_data_of_a_dialect_that_has_no_end_data(tmp_path: Path) -> None:
    told = fuji_conversation().open()
    loading = loaded(write_pcap(tmp_path / "fuji.pcap", told.transaction(0x1008, 1, data_in=bytes(60)).packets()))
    assert loading.analysis is not None
    ladder = Ladder(loading.analysis, [0], listing(loading))
    said = [ladder.arrow(line).text for line in range(len(ladder))]
    assert "data: 60 B in 1 message" in said
    assert any(text.startswith("GetObjectInfo(") for text in said)
    part = next(one for one in parts_of(loading.analysis, loading.table("transactions").num_rows - 1))
    assert part.title == "OperationRequest"
    assert "code" in [value.name for value in part.fields]


def test_draws_a_session_in_which_nothing_was_requested(tmp_path: Path) -> None:
    refused = conversation().connect().init_command_request().init_fail(1).close()
    loading = loaded(write_pcap(tmp_path / "refused.pcap", refused.packets()))
    assert loading.analysis is not None
    drawn = Ladder(loading.analysis, [0], listing(loading))
    said = [drawn.arrow(line).text for line in range(len(drawn))]
    assert said == ["InitCommandRequest", "InitFail FAIL_REJECTED_INITIATOR"]
