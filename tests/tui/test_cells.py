"""Cells: what they say, what their colours mean, what a folded loop says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tables.schema import TABLES
from ptpip_analyze.tui.cells import MEANINGS
from ptpip_analyze.tui.loading import Loading
from ptpip_analyze.tui.rows import Listing
from tests.support import RECORDED
from tests.traffic import conversation, write_pcap

from .conftest import listing, loaded, meanings, polling, texts


@pytest.fixture
def rows(polled: Path) -> Listing:
    return listing(loaded(polled))


def test_says_what_a_row_means(rows: Listing) -> None:
    assert meanings(rows, 0)["response"] == "good"
    assert meanings(rows, 3)["response"] == "error"
    assert texts(rows, 3)["response"] == "InvalidObjectHandle"


def test_shows_the_value_that_is_set_beside_its_property() -> None:
    of = listing(loaded(RECORDED[0].parent / "config.pcap"))
    assert texts(of, of.line_of(36))["call"] == "SetDevicePropValue(ExposureIndex = ISO 400)"
    assert of.call(36) == "SetDevicePropValue(ExposureIndex)"  # what filters and files say, as the command line does


def test_shows_values_that_are_set_while_the_capture_is_being_read() -> None:
    loading = Loading([str(RECORDED[0].parent / "config.pcap")])
    for _ in loading.steps():
        loading.complete = False
        of = listing(loading)
        if of.rows.num_rows > 36:
            assert texts(of, of.line_of(36))["call"].endswith("= ISO 400)")
    loading.close()


def test_counts_time_from_the_first_packet(rows: Listing) -> None:
    assert float(texts(rows, 0)["at"]) < 1
    assert texts(rows, 0)["delta"] == ""
    assert texts(rows, 1)["delta"] != ""


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_shows_every_table_of_the_recorded_captures(path: Path) -> None:
    loading = loaded(path)
    for table in TABLES:
        if table == "packets":
            continue
        of = listing(loading, table)
        of.choose(of.available)
        for line in range(min(len(of), 50)):
            for cell in of.cells(line):
                assert cell.meaning in MEANINGS
                assert cell.text.isprintable()
    loading.close()


def test_lets_nothing_from_the_wire_act(tmp_path: Path) -> None:
    evil = conversation(initiator_name="[bold]\x1b[31m", responder_name="a\nb").open()
    of = listing(loaded(write_pcap(tmp_path / "evil.pcap", evil.packets())), "sessions")
    of.choose(["initiator_name", "responder_name"])
    assert [cell.text for cell in of.cells(0)] == ["[bold]\\x1b[31m", "a\\nb"]


def test_shows_growing_tables(tmp_path: Path) -> None:
    for rounds in (4, 40):
        of = listing(loaded(write_pcap(tmp_path / f"{rounds}.pcap", polling(rounds).packets())))
        assert f"×{rounds}," in texts(of, 2)["call"]


def test_an_event_without_a_transaction_says_so(polled: Path) -> None:
    of = listing(loaded(polled), "events")
    assert of.value("transaction_id", 0) == 0xFFFFFFFF
    assert texts(of, 0)["transaction_id"] == "none"


def test_messages_point_to_whom_they_are_sent(polled: Path) -> None:
    of = listing(loaded(polled), "messages")
    assert [texts(of, line)["direction"] for line in (0, 1)] == ["▸", "◂"]


def test_a_folded_loop_of_refusals_says_how_it_was_refused(tmp_path: Path) -> None:
    talk = conversation().open()
    for _ in range(6):
        talk.wait(0.1).transaction(0x1009, 7, response=0x2019)
    of = listing(loaded(write_pcap(tmp_path / "busy.pcap", talk.packets())))
    assert texts(of, 1)["call"].startswith("GetObject ×6, every 10")
    assert texts(of, 1)["response"] == "DeviceBusy"
    assert meanings(of, 1)["response"] == "warning"
