"""One fault, one finding: the more precise rule speaks, and what it speaks for counts all the same."""

from __future__ import annotations

import struct

import pytest

from ptpip_analyze.rules import CATALOGUE, Finding, Judged, Ruling, Verdict
from ptpip_analyze.rules.related import MORE_PRECISE, SAME_MESSAGE, join, settle, speakers
from ptpip_analyze.rules.rule import BOTH, INITIATOR, RESPONDER
from tests.rules import matrix
from tests.rules.matrix import accusations, found_in, judged, packets_of, silent_ones
from tests.rules.stories.cancel_named import late_cancel_answered
from tests.rules.stories.name import without_a_name
from tests.traffic import conversation as talk

LEVELS = ("must", "should", "may", "info")
GENERAL, PRECISE, MOST = "framing-variable-size-bounds", "name-nul-terminated", "framing-length-covers-whole-packet"


@pytest.mark.parametrize("table", [MORE_PRECISE, SAME_MESSAGE], ids=["more precise", "same message"])
def test_knows_only_rules_that_speak_at_the_same_level_or_above(table: dict[str, tuple[str, ...]]) -> None:
    for rule, precise in table.items():
        assert {rule, *precise} <= set(CATALOGUE.rules)
        for name in precise:
            assert LEVELS.index(CATALOGUE.rules[name].level) <= LEVELS.index(CATALOGUE.rules[rule].level), (rule, name)


def test_lets_no_rule_speak_for_itself_over_others() -> None:
    for rule in {*MORE_PRECISE, *SAME_MESSAGE}:
        assert rule not in speakers([rule])


def test_lets_the_more_precise_rule_speak() -> None:
    found = judged(packets_of(without_a_name()))
    (finding,) = (one for one in found.findings if one.verdict is Verdict.VIOLATION)
    assert (finding.rule, finding.related) == ("name-empty-single-nul", (GENERAL,))
    assert found.rulings[GENERAL].findings == []
    (joined,) = found.rulings[GENERAL].joined
    assert joined.shown_by is finding
    assert found.verdicts(GENERAL)[0, INITIATOR] is Verdict.VIOLATION


def test_lets_a_rule_speak_that_was_chosen_alone() -> None:
    found = judged(packets_of(without_a_name()), only=("framing-*",))
    assert [(one.rule, one.related, one.shown_by) for one in found.findings] == [(GENERAL, (), None)]
    assert found.verdicts(GENERAL)[0, INITIATOR] is Verdict.VIOLATION


def test_does_not_excuse_one_side_by_what_the_other_did() -> None:
    """Data with a wrong id by the initiator, and a response with yet another one."""
    one = talk().open().get_device_info().request(0x1016, 0x5001, transaction_id=2, data_phase_info=2)
    one.message(9, struct.pack("<IQ", 7, 1)).message(12, struct.pack("<I", 7) + b"x")
    one.message(7, struct.pack("<HI", 0x2001, 9), "to-initiator")
    found = judged(one.transaction(0x1014, 0x5001, data_in=b"abc", transaction_id=3).close().packets())
    assert {("data-txid-consistent", INITIATOR), ("response-txid-matches", RESPONDER)} <= {
        (finding.rule, finding.side) for finding in found.findings
    }


def test_does_not_turn_a_must_into_a_should() -> None:
    found = judged(packets_of(late_cancel_answered()))
    (speaks,) = (one for one in found.findings if one.verdict is Verdict.VIOLATION)
    assert CATALOGUE.rules[speaks.rule].level == "must"
    assert {"cancel-i-case5-1", "response-unsolicited"} <= set(speaks.related)


def finding(rule: str, side: int, row: int = 1, session: int = 0) -> Finding:
    return Finding(rule, Verdict.VIOLATION, side, session, "", row=row)


def joined(*findings: Finding) -> dict[str, Ruling]:
    rulings = {rule: Ruling(rule, checks=True) for rule in CATALOGUE.rules}
    for one in findings:
        rulings[one.rule].findings.append(one)
    join(rulings)
    settle(rulings, list(rulings))
    return rulings


@pytest.mark.parametrize(
    ("general", "precise", "joins"),
    [
        ((INITIATOR, 1, 0), (INITIATOR, 1, 0), True),
        ((BOTH, 1, 0), (RESPONDER, 1, 0), True),
        ((RESPONDER, 1, 0), (BOTH, 1, 0), False),
        ((RESPONDER, 1, 0), (INITIATOR, 1, 0), False),
        ((INITIATOR, 1, 0), (INITIATOR, 2, 0), False),
        ((INITIATOR, 1, 0), (INITIATOR, 1, 1), False),
    ],
    ids=["the same", "one of both", "one, not both", "the other side", "another message", "another session"],
)
def test_joins_what_is_of_the_same_side(
    general: tuple[int, int, int], precise: tuple[int, int, int], joins: bool
) -> None:
    rulings = joined(finding(GENERAL, *general), finding(PRECISE, *precise))
    assert len(rulings[GENERAL].joined) == joins
    assert len(rulings[GENERAL].findings) == (not joins)
    assert rulings[PRECISE].findings[0].related == ((GENERAL,) if joins else ())


def test_tells_the_side_that_the_general_rule_could_not() -> None:
    rulings = joined(finding(GENERAL, BOTH), finding(PRECISE, RESPONDER))
    assert list(Judged(rulings, []).verdicts(GENERAL)) == [(0, RESPONDER)]


def test_finds_among_several_the_one_of_the_same_side() -> None:
    rulings = joined(finding(GENERAL, RESPONDER), finding(MOST, INITIATOR), finding(PRECISE, RESPONDER))
    assert [one.rule for one in (rulings[GENERAL].joined[0].shown_by,) if one] == [PRECISE]


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.INCONCLUSIVE])
@pytest.mark.parametrize("which", [GENERAL, PRECISE])
def test_joins_violations_and_nothing_else(which: str, verdict: Verdict) -> None:
    found = [finding(GENERAL, INITIATOR), finding(PRECISE, INITIATOR)]
    for one in found:
        one.verdict = verdict if one.rule == which else Verdict.VIOLATION
    rulings = joined(*found)
    assert rulings[GENERAL].joined == []
    assert (rulings[GENERAL].findings, rulings[PRECISE].findings) == ([found[0]], [found[1]])


def test_shares_what_became_of_the_one_that_speaks() -> None:
    rulings = {rule: Ruling(rule, checks=True) for rule in (GENERAL, PRECISE)}
    rulings[GENERAL].findings.append(finding(GENERAL, INITIATOR))
    rulings[PRECISE].findings.append(finding(PRECISE, INITIATOR))
    join(rulings)
    rulings[PRECISE].findings[0].verdict = Verdict.DEVIATION
    rulings[PRECISE].findings[0].deviation = "dev-libpict-init-36"
    settle(rulings, [GENERAL])
    (alone,) = rulings[GENERAL].findings
    assert (alone.verdict, alone.deviation) == (Verdict.DEVIATION, "dev-libpict-init-36")


def test_follows_a_chain_to_the_one_that_was_chosen() -> None:
    chain = ("response-after-data", "data-end-required", "cancel-r-case2")
    rulings = {rule: Ruling(rule, checks=True) for rule in chain}
    for rule in chain:
        rulings[rule].findings.append(finding(rule, RESPONDER))
    join(rulings)
    settle(rulings, chain[:2])
    assert [one.rule for one in rulings[chain[1]].findings] == [chain[1]]
    assert rulings[chain[1]].findings[0].related == (chain[0],)
    assert rulings[chain[0]].joined[0].shown_by is rulings[chain[1]].findings[0]


def test_says_of_each_rule_the_same_alone_and_among_all() -> None:
    """In every story in which one rule speaks for another."""
    matrix.load()
    compared = 0
    for broken in matrix.BROKEN:
        whole = found_in(broken.tell)
        for rule in silent_ones(whole):
            alone = judged(packets_of(broken.tell()), only=(rule,))
            assert accusations(alone) == {one for one in accusations(whole) if one[0] == rule}, (
                rule,
                broken.tell.__name__,
            )
            assert alone.verdicts(rule) == whole.verdicts(rule)
            compared += 1
    assert compared > 30
