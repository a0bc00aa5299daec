"""What there is to say of a rule."""

from __future__ import annotations

import pytest

from ptpip_analyze.conformance.explained import explained
from ptpip_analyze.rules import CATALOGUE


@pytest.mark.parametrize("rule", CATALOGUE.rules)
def test_explains_every_rule(rule: str) -> None:
    said = dict(explained(rule))
    assert said["level"].startswith(CATALOGUE.rules[rule].level)
    assert all(said.values())


def test_knows_no_other_rule() -> None:
    with pytest.raises(KeyError):
        explained("no-such-rule")
