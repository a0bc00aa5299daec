"""Words that sentences share."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules.wording import answer, identity, operation, seconds, sender, standard, times
from tests.traffic import conversation as talk

from .seen import evidence


def test_names_operations_answers_and_senders() -> None:
    seen = evidence(talk().open().transaction(0x1009, 1, response=0x2009).close_session().close().packets())
    request, response = int(seen.rows(m.OPERATION_REQUEST)[1]), int(seen.rows(m.OPERATION_RESPONSE)[1])
    assert operation(seen, request) == "GetObject (0x1009)"
    assert answer(seen, response) == "InvalidObjectHandle (0x2009)"
    assert (sender(seen, request), sender(seen, response)) == ("initiator", "responder")


def test_gives_numbers_to_what_has_no_name() -> None:
    assert standard("operation", 0x1009) == "GetObject (0x1009)"
    assert standard("operation", 0x9FFF) == "0x9FFF"


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (7, "7"), (0xFFFFFF, "16777215"), (0x1000000, "0x01000000"),
                                             (0xFFFFFFFF, "0xFFFFFFFF")])  # fmt: skip
def test_writes_ids_as_people_do(value: int, text: str) -> None:
    assert identity(value) == text


def test_counts_in_words() -> None:
    assert (times(1, "response"), times(3, "response"), times(1000, "time")) == (
        "1 response", "3 responses", "1,000 times"
    )  # fmt: skip


@pytest.mark.parametrize(("ns", "text"), [(1_500, "1.5 µs"), (999_400, "999 µs"), (1_250_000, "1.25 ms"),
                                          (2_000_000_000, "2 s"), (61_000_000_000, "61 s"),
                                          (1_234_000_000_000, "1,234 s")])  # fmt: skip
def test_writes_durations_as_people_do(ns: int, text: str) -> None:
    assert seconds(ns) == text
