"""Rules are run as they were chosen, and the worst that was said of a side is its verdict."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import CATALOGUE, Finding, Judged, Ruling, Verdict
from ptpip_analyze.rules.rule import BOTH, INITIATOR, RESPONDER
from ptpip_analyze.rules.run import Tally, chosen, load
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
            {(0, INITIATOR): Verdict.INCONCLUSIVE, (0, RESPONDER): Verdict.INCONCLUSIVE},
        ),
        (
            [finding(Verdict.VIOLATION, BOTH), finding(Verdict.DEVIATION, RESPONDER)],
            {(0, INITIATOR): 1, (0, RESPONDER): 1},
            {},
            {(0, INITIATOR): Verdict.INCONCLUSIVE, (0, RESPONDER): Verdict.INCONCLUSIVE},
        ),
        (
            [finding(Verdict.VIOLATION, BOTH), finding(Verdict.VIOLATION, RESPONDER)],
            {},
            {},
            {(0, INITIATOR): Verdict.INCONCLUSIVE, (0, RESPONDER): Verdict.VIOLATION},
        ),
        (
            [finding(Verdict.DEVIATION, RESPONDER)],
            {(0, BOTH): 1},
            {},
            {(0, INITIATOR): Verdict.PASS, (0, RESPONDER): Verdict.DEVIATION},
        ),
    ],
)
def test_lets_the_worst_verdict_win(
    findings: list[Finding], passed: dict[tuple[int, int], int], unsure: dict[tuple[int, int], int], said: object
) -> None:
    ruling = Ruling(RULE, checks=True, findings=findings, passed=passed, unsure=unsure)
    assert Judged({RULE: ruling}, findings).verdicts(RULE) == said


def test_counts_what_another_rule_shows() -> None:
    ruling = Ruling(RULE, checks=True, passed={(0, INITIATOR): 3})
    ruling.joined.append(finding(Verdict.VIOLATION, INITIATOR))
    assert Judged({RULE: ruling}, []).tallies(RULE) == {(0, INITIATOR): Tally(passed=3, violated=1)}


def test_adds_up_tallies() -> None:
    total = Tally(1, 2, 3, 4, 5)
    total.add(Tally(10, 20, 30, 40, 50))
    assert total == Tally(11, 22, 33, 44, 55)
    assert Tally().verdict is Verdict.NOT_APPLICABLE


def test_counts_for_each_side_what_was_said_of_both() -> None:
    ruling = Ruling(RULE, checks=True, passed={(0, BOTH): 2}, unsure={(0, RESPONDER): 1})
    assert Judged({RULE: ruling}, []).tallies(RULE) == {
        (0, INITIATOR): Tally(passed=2), (0, RESPONDER): Tally(passed=2, unsure=1),
    }  # fmt: skip


def test_says_of_a_rule_what_it_says_among_all() -> None:
    """Also where a rule that was not chosen speaks for it, and where it is a known deviation."""
    result = analysed(bad()).results[0]
    for entry in CATALOGUE.rules.values():
        assert result.judge([entry.id]).verdicts(entry.id) == result.judged.verdicts(entry.id)


def test_puts_findings_in_order_of_packet() -> None:
    frames = analysed(bad(), good(command_port=50003, event_port=50004)).findings["frame"].dropna().tolist()
    assert len(frames) > 1
    assert frames == sorted(frames)
