"""What changed before a failure: the same as the table says."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.doctor.changes import BEFORE_S, changes_before
from ptpip_analyze.tables import moments
from ptpip_analyze.tables.build import TABLES
from tests.traffic import STORIES, Packet, capture, pcap_bytes
from tests.traffic import conversation as talk


def both(packets: list[Packet]) -> tuple[dict[int, list[tuple[str, str]]], dict[int, list[tuple[str, str]]]]:
    """By failed transaction, properties and their roles: as the doctor has them, and as the table has them."""
    result = analyze(io.BytesIO(pcap_bytes(packets, nano=True))).results[0]
    table: dict[int, list[tuple[str, str]]] = {}
    for batch in moments.changes_before(TABLES["transactions"](result), TABLES["properties"](result), BEFORE_S):
        for row in batch.to_pylist():
            table.setdefault(row["failed_transaction"], []).append((row["property"], row["role"]))
    own = {number: [one[:2] for one in rows] for number, rows in changes_before(result).items()}
    return own, table


def failing(wait: float) -> list[Packet]:
    one = talk().open().transaction(0x1016, 0x5007, data_out=struct.pack("<H", 560)).wait(wait)
    return one.transaction(0x100E, response=0x2002).close_session().close().packets()


@pytest.mark.parametrize("name", STORIES)
def test_says_what_the_table_says_of_every_story(name: str) -> None:
    own, table = both(capture(name))
    assert own == table


@pytest.mark.parametrize(("wait", "found"), [(1, [("FNumber", "set")]), (20, [])])
def test_finds_what_was_set_in_the_seconds_before(wait: float, found: list[tuple[str, str]]) -> None:
    own, table = both(failing(wait))
    assert own == table
    assert [one for rows in own.values() for one in rows] == found


def test_takes_the_refused_value_for_no_change_before_its_own_refusal() -> None:
    one = talk().open().transaction(0x1016, 0x5007, data_out=struct.pack("<H", 560), response=0x2002)
    packets = [replace(packet, time_ns=10**18) for packet in one.close_session().close().packets()]
    own, table = both(packets)  # by a clock of whole seconds it stands at the time of the request
    assert own == table == {}


def test_finds_nothing_where_nothing_failed() -> None:
    own, table = both(talk().open().get_property().close_session().close().packets())
    assert own == table == {}
