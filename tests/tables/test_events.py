"""Events name what caused them, and say it in words."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support import Row, analysed, rows
from tests.traffic import Packet, capture, conversation


def caused(packets: list[Packet]) -> list[tuple[str, str | None]]:
    """Each event's text, with the operation and session that caused it."""
    with analysed(packets) as told:
        by_row: dict[int | None, Row] = {row["transaction"]: row for row in rows(told, "transactions")}
        return [
            (row["text"], f"{cause['session']} {cause['operation']}" if cause else None)
            for row in rows(told, "events")
            for cause in [by_row.get(row["caused_by"])]
        ]


def test_names_the_transaction_whose_id_the_event_has() -> None:
    one = conversation().open().transaction(0x100E, 0, 0, transaction_id=5).event(0x400D, 5).get_property()
    assert caused(one.event(0x4002, 5, 0x2A).packets()) == [
        ("CaptureComplete", "0 InitiateCapture"), ("ObjectAdded(handle=0x2A)", "0 InitiateCapture"),
    ]  # fmt: skip


def test_names_no_cause_where_the_event_names_none_or_one_that_was_not_seen() -> None:
    one = conversation().open().transaction(0x100E, 0, 0, transaction_id=5)
    one.event(0x4002, 0xFFFFFFFF, 1).event(0x4002, 0, 1).event(0x4002, 77, 1)
    assert [cause for _, cause in caused(one.packets())] == [None] * 3


def test_takes_the_last_of_several_with_one_id_and_none_that_comes_after() -> None:
    one = conversation().open().event(0x4002, 9, 1).transaction(0x100E, 0, 0, transaction_id=9).event(0x4002, 9, 2)
    one.transaction(0x101C, 0, 0, transaction_id=9).event(0x4002, 9, 3)
    assert [cause for _, cause in caused(one.packets())] == [None, "0 InitiateCapture", "0 InitiateOpenCapture"]


def test_does_not_take_a_transaction_of_another_session() -> None:
    one = conversation().open().transaction(0x100E, 0, 0, transaction_id=9)
    two = conversation(number=1, command_port=50011, event_port=50012, start_ns=one.start_ns + 10**9)
    two.open().event(0x4002, 9, 1).transaction(0x101C, 0, 0, transaction_id=9).event(0x4002, 9, 2)
    assert [cause for _, cause in caused([*one.packets(), *two.packets()])] == [None, "1 InitiateOpenCapture"]


@pytest.mark.parametrize("name", ["plain", "canon_polls", "nikon_polls", "fuji", "midstream"])
def test_counts_the_kinds_that_the_table_lists(name: str) -> None:
    with analysed(capture(name)) as told:
        listed = Counter((row["session"], row["event_code"], row["event"]) for row in rows(told, "events"))
        assert told.event_kinds() == listed
