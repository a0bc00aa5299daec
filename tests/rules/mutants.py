"""Flips every comparison of every rule, one at a time: `python -m tests.rules.mutants [TOPIC...]`.

A mutant is killed when a story that broke its rule no longer does, or one that kept it no longer does. Prints the
survivors; ends with 1 when a rule has comparisons and none of its mutants is killed: its stories prove nothing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ptpip_analyze.rules.run import TOPICS
from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix

registry = sys.modules["ptpip_analyze.rules.rule"]  # the package has a function of this name
FOLDER = Path(str(registry.__file__)).parent
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One comparison of one rule, flipped."""

    topic: str
    rule: str
    line: int
    text: str
    tree: ast.Module


def mutants(topic: str) -> Iterator[Mutant]:
    """All of one module of rules."""
    source = (FOLDER / f"{topic}.py").read_text()
    count = sum(isinstance(node, ast.Compare) for node in ast.walk(ast.parse(source)))
    for number in range(count):
        tree = ast.parse(source)
        node = [one for one in ast.walk(tree) if isinstance(one, ast.Compare)][number]
        rule = _rule_of(tree, node)
        if rule is None or type(node.ops[0]) not in FLIPPED:
            continue
        text = ast.unparse(node)
        node.ops[0] = FLIPPED[type(node.ops[0])]()
        yield Mutant(topic, rule, node.lineno, text, tree)


def _rule_of(tree: ast.Module, node: ast.AST) -> str | None:
    """The rule in whose function a node stands; None for helpers."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or all(inner is not node for inner in ast.walk(function)):
            continue
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "rule":
                (name,) = decorator.args
                return str(ast.literal_eval(name))
    return None


def is_killed(mutant: Mutant) -> bool:
    """Do the stories of its rule notice?"""
    original = dict(registry._REGISTRY)
    try:
        module = ModuleType(f"ptpip_analyze.rules.{mutant.topic}")
        module.__package__ = "ptpip_analyze.rules"
        registry._REGISTRY.clear()
        exec(compile(mutant.tree, f"{mutant.topic}.py", "exec"), module.__dict__)
        flipped = registry._REGISTRY[mutant.rule]
        registry._REGISTRY.clear()
        registry._REGISTRY.update(original)
        registry._REGISTRY[mutant.rule] = flipped
        return not _stories_hold(mutant.rule)
    except Exception:  # a mutant that raises is noticed, too
        return True
    finally:
        registry._REGISTRY.clear()
        registry._REGISTRY.update(original)


def _stories_hold(rule: str) -> bool:
    for broken in matrix.BROKEN:
        if broken.rule == rule and rule not in _said(rule, broken.tell):
            return False
    return not any(rule in _said(rule, tell) for kept, tell in matrix.KEPT if kept == rule)


def _said(rule: str, tell: matrix.Story) -> set[str]:
    found = matrix.judged(matrix.packets_of(tell()), only=(rule,))
    return matrix.accused(found) if matrix.CATALOGUE.rules[rule].checks else matrix.spoken(found)


def main(topics: list[str]) -> int:
    """Run them all; the exit code."""
    matrix.load()
    load_rules()
    killed: dict[str, int] = {}
    total: dict[str, int] = {}
    for topic in topics or TOPICS:
        for mutant in mutants(topic):
            total[mutant.rule] = total.get(mutant.rule, 0) + 1
            if is_killed(mutant):
                killed[mutant.rule] = killed.get(mutant.rule, 0) + 1
            else:
                print(f"survives: {mutant.rule}: {mutant.topic}.py:{mutant.line}: {mutant.text}", flush=True)
    print(f"{sum(killed.values())} of {sum(total.values())} mutants killed, in {len(total)} rules")
    untested = sorted(rule for rule in total if not killed.get(rule))
    for rule in untested:
        print(f"no mutant killed: {rule}")
    return 1 if untested else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
