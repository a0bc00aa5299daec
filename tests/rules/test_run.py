"""Rules are run as they were chosen, and the worst that was said of a side is its verdict."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import Finding, Judged, Ruling, Verdict
from ptpip_analyze.rules.rule import BOTH, INITIATOR, RESPONDER
from ptpip_analyze.rules.run import chosen, load
from tests.conformance.captures import analysed, bad, good

RULE = "framing-fixed-size-types"


def test_chooses_rules_by_glob() -> None:
    assert {entry.topic for entry in chosen(["name-*", "probe-*"])} == {"name", "probe"}
    assert [entry.id for entry in chosen([RULE])] == [RULE]
    assert RULE not in [entry.id for entry in chosen((), ["framing-*"])]
    assert len(chosen()) == 212


def test_runs_only_what_was_chosen() -> None:
    found = analysed(bad()).results[0].judge([RULE])
    assert list(found.rulings) == [RULE]
    assert [finding.rule for finding in found.findings] == [RULE]


def test_loads_a_function_for_rules_of_the_catalogue_only() -> None:
    assert set(load()) <= {entry.id for entry in chosen()}


def finding(verdict: Verdict, side: int) -> Finding:
    return Finding(RULE, verdict, side, 0, "")


@pytest.mark.parametrize(
    ("findings", "passed", "unsure", "said"),
    [
        ([], {}, {}, {}),
        ([], {(0, INITIATOR): 2}, {(0, INITIATOR): 1}, {(0, INITIATOR): Verdict.PASS}),
        ([], {}, {(0, RESPONDER): 1}, {(0, RESPONDER): Verdict.INCONCLUSIVE}),
        (
            [finding(Verdict.DEVIATION, INITIATOR), finding(Verdict.VIOLATION, INITIATOR)],
            {(0, INITIATOR): 9},
            {},
            {(0, INITIATOR): Verdict.VIOLATION},
        ),
        (
            [finding(Verdict.VIOLATION, BOTH)],
            {},
            {},
            {(0, INITIATOR): Verdict.VIOLATION, (0, RESPONDER): Verdict.VIOLATION},
        ),
    ],
)
def test_lets_the_worst_verdict_win(
    findings: list[Finding], passed: dict[tuple[int, int], int], unsure: dict[tuple[int, int], int], said: object
) -> None:
    ruling = Ruling(RULE, checks=True, findings=findings, passed=passed, unsure=unsure)
    assert Judged({RULE: ruling}, findings).verdicts(RULE) == said


def test_puts_findings_in_order_of_packet() -> None:
    frames = analysed(bad(), good(command_port=50003, event_port=50004)).findings["frame"].dropna().tolist()
    assert len(frames) > 1
    assert frames == sorted(frames)
