"""Broken rules are noticed, wherever in the rules they break; a whole run is `make mutants`."""

from __future__ import annotations

import ast

import pytest

from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix
from tests.rules.mutants import FOLDER, MODULES, Mutant, is_killed, mutants, rules_of, stories_hold

matrix.load()
load_rules()
PLAIN = ("catalogue", "rule", "run", "__init__")  # what rules are and how they run: no rule, and nothing rules ask


def test_changes_every_module_of_rules() -> None:
    assert sorted(MODULES) == sorted({path.stem for path in FOLDER.glob("*.py")} - set(PLAIN))


def test_holds_for_rules_that_nobody_broke() -> None:
    assert stories_hold(rules_of("shutdown"))
    assert {"name-max-length", "probe-answered"} <= set(rules_of("deviations")) < set(rules_of("related"))
    assert set(rules_of("shutdown")) == {name for name in rules_of("related") if name.startswith("shutdown-")}


def test_changes_operands_and_comparisons_of_helpers() -> None:
    found = [(mutant.function, mutant.text) for mutant in mutants("related")]
    assert ("_speaks_for", "without speaker.session == finding.session") in found
    assert ("_speaks_for", "flips finding.side in (speaker.side, BOTH)") in found
    assert [mutant.line for mutant in mutants("related")] == sorted(mutant.line for mutant in mutants("related"))


@pytest.mark.parametrize("module", ["shutdown", "related", "case"])
def test_notices_what_the_stories_notice(module: str) -> None:
    """In a topic, in what joins findings, in what all rules ask: most are noticed by the first few that are tried."""
    chosen = list(mutants(module))[::4][:6]
    assert len(chosen) > 3
    assert any(is_killed(mutant, tests=False) for mutant in chosen)


def test_goes_on_where_nothing_was_broken() -> None:
    """A mutant that changes nothing survives, so what kills the others is what was changed."""
    source = (FOLDER / "shutdown.py").read_text()
    assert not is_killed(Mutant("shutdown", "", 1, "", ast.parse(source)), tests=False)
