"""One fault, one finding: the more precise rule speaks, and says for whom."""

from __future__ import annotations

from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.related import MORE_PRECISE
from tests.rules.matrix import accused, judged, packets_of
from tests.rules.stories.name import without_a_name


def test_knows_only_rules_of_the_catalogue() -> None:
    for rule, precise in MORE_PRECISE.items():
        assert {rule, *precise} <= set(CATALOGUE.rules)
        assert rule not in precise


def test_lets_the_more_precise_rule_speak() -> None:
    found = judged(packets_of(without_a_name()))
    assert accused(found) == {"name-empty-single-nul"}
    (finding,) = (one for one in found.findings if one.rule == "name-empty-single-nul")
    assert finding.related == ("framing-variable-size-bounds",)


def test_lets_a_rule_speak_that_runs_alone() -> None:
    assert accused(judged(packets_of(without_a_name()), only=("framing-*",))) == {"framing-variable-size-bounds"}
