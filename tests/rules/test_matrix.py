"""Every rule fires on the story that breaks it, alone, and on no story that keeps it."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import CATALOGUE, REGISTRY
from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix
from tests.rules.matrix import BROKEN, KEPT, Broken, Story, accused, judged, packets_of, spoken

matrix.load()
load_rules()
DECIDABLE = [entry.id for entry in CATALOGUE.rules.values() if not entry.undecidable]


def test_has_a_function_for_every_rule_that_can_be_decided() -> None:
    assert sorted(REGISTRY) == sorted(DECIDABLE)


def test_has_a_pair_of_stories_for_every_rule_that_can_be_decided() -> None:
    assert sorted({broken.rule for broken in BROKEN}) == sorted(DECIDABLE)
    assert sorted({rule for rule, _ in KEPT}) == sorted(DECIDABLE)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule}-{broken.tell.__name__}")
def test_fires_that_rule_alone(broken: Broken) -> None:
    found = judged(packets_of(broken.tell()))
    assert broken.rule in spoken(found)
    if CATALOGUE.rules[broken.rule].checks:
        assert broken.rule in accused(found)
    assert accused(found) <= {broken.rule, *broken.related}


@pytest.mark.parametrize(("rule", "tell"), KEPT, ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_stays_silent(rule: str, tell: Story) -> None:
    found = judged(packets_of(tell()))
    if not CATALOGUE.rules[rule].checks:
        assert rule not in spoken(found)
    assert accused(found) == set()
