"""A ruling counts what it saw: kept, broken, or not to be known."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules import Ruling, Verdict, rule
from ptpip_analyze.rules.rule import INITIATOR, RESPONDER
from tests.traffic import conversation as talk

from .seen import evidence


def test_weighs_each_message_for_its_sender() -> None:
    seen = evidence(talk().open().get_property().close().packets())
    rows = np.sort(np.concatenate([seen.rows(m.OPERATION_REQUEST), seen.rows(m.OPERATION_RESPONSE)]))
    kept = seen.side[rows] == INITIATOR
    ruling = Ruling("a", checks=True)
    ruling.weigh(seen, rows, kept, None, lambda row: f"row {row}")
    assert ruling.passed == {(0, INITIATOR): 2}
    assert [(one.side, one.verdict, one.says) for one in ruling.findings] == [
        (RESPONDER, Verdict.VIOLATION, f"row {one.row}") for one in ruling.findings
    ]
    assert [one.transaction for one in ruling.findings] == [0, 1]


def test_neither_passes_nor_accuses_where_it_can_not_know() -> None:
    seen = evidence(talk().open().close().packets())
    rows = seen.rows(m.OPERATION_REQUEST)
    ruling = Ruling("a", checks=True)
    ruling.weigh(seen, rows, np.zeros(1, bool), np.zeros(1, bool), str, "no SYN")
    assert (ruling.passed, ruling.findings) == ({}, [])
    assert ruling.unsure == {(0, INITIATOR): 1}
    assert ruling.why == {"no SYN": 1}


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({"checks": True}, Verdict.VIOLATION),
        ({"checks": False, "hints": True}, Verdict.INCONCLUSIVE),
        ({"checks": False}, Verdict.PASS),
    ],
)
def test_accuses_only_by_rules_that_check(options: dict[str, bool], verdict: Verdict) -> None:
    ruling = Ruling("a", **options)
    ruling.fires(0, INITIATOR, "it happened")
    assert [one.verdict for one in ruling.findings] == [verdict]


def test_names_one_of_several_candidates_as_inconclusive() -> None:
    ruling = Ruling("a", checks=True)
    ruling.names(0, INITIATOR, "case 4")
    ruling.names(0, INITIATOR, "case 4 or 5", sure=False)
    assert [one.verdict for one in ruling.findings] == [Verdict.PASS, Verdict.INCONCLUSIVE]


def test_refuses_two_functions_for_one_rule() -> None:
    with pytest.raises(ValueError, match="framing-length-minimum"):
        rule("framing-length-minimum")(lambda seen, ruling: None)
