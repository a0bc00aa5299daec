"""Breaks the rules in small ways, one at a time, and asks whether a test notices: `python -m tests.rules.mutants`.

A mutant is a comparison turned round, or a condition without one of its and/or operands, anywhere in a module of rules:
in rules, in what they share, in what joins and excuses findings. It is killed when a story of the matrix no longer says
what it said, or when the module's own tests go red. Arguments are modules (all without one); `--every N` takes each
n-th mutant, `--matrix` does without the tests. Prints survivors, and for each module how many were killed of how many.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ptpip_analyze import analyze
from ptpip_analyze.result import Result
from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.rule import SIDES
from ptpip_analyze.rules.run import TOPICS
from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix
from tests.traffic import pcap_bytes

registry = sys.modules["ptpip_analyze.rules.rule"]  # the package has a function of this name
FOLDER = Path(str(registry.__file__)).parent
TESTS = Path(__file__).parent
SHARED = (
    "related", "deviations", "case", "clock", "doubt", "order", "evidence", "cancel_cases", "announced", "greeting",
    "numbering", "opening", "phases", "receipt", "spread", "unended", "wording",
)  # fmt: skip
MODULES = (*TOPICS, *SHARED)
# Where else a module is tested: known implementations beside the rules that they break.
TESTED_BESIDE = {"deviations": ("bonding", "data_amounts", "probe", "request", "response", "txid")}
LONGEST_S = 180  # a mutant may run for ever
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change in one module: where, what it is, and the function that it is in."""

    module: str
    function: str
    line: int
    text: str
    tree: ast.Module


def mutants(module: str) -> Iterator[Mutant]:
    """All of one module, in order of its lines."""
    source = (FOLDER / f"{module}.py").read_text()
    whole = ast.parse(source)
    functions = [node for node in ast.walk(whole) if isinstance(node, ast.FunctionDef)]
    found = []
    for number, node in enumerate(ast.walk(whole)):
        if not isinstance(node, ast.Compare | ast.BoolOp) or (function := _function_of(functions, node)) is None:
            continue
        if isinstance(node, ast.BoolOp):
            for place, operand in enumerate(node.values):
                tree, same = _copy(source, number)
                del same.values[place]
                found.append(Mutant(module, function, operand.lineno, f"without {ast.unparse(operand)}", tree))
        elif type(node.ops[0]) in FLIPPED:
            tree, same = _copy(source, number)
            same.ops[0] = FLIPPED[type(same.ops[0])]()
            found.append(Mutant(module, function, node.lineno, f"flips {ast.unparse(node)}", tree))
    yield from sorted(found, key=lambda mutant: mutant.line)


def _copy(source: str, number: int) -> tuple[ast.Module, Any]:
    """The tree anew, and its node of this number."""
    tree = ast.parse(source)
    return tree, list(ast.walk(tree))[number]


def _function_of(functions: Sequence[ast.FunctionDef], node: ast.expr) -> str | None:
    """The innermost function that a node stands in; None outside."""
    inside = [one for one in functions if one.body[0].lineno <= node.lineno <= (one.end_lineno or 0)]
    return inside[-1].name if inside else None


@cache
def _result(tell: matrix.Story) -> Result:
    """A story as it was read; rules change nothing in it."""
    return analyze(io.BytesIO(pcap_bytes(matrix.packets_of(tell()), nano=True)), packets=False).results[0]


def rules_of(module: str) -> list[str]:
    """The rules of a topic; of the deviations those that have any; of a shared module all rules."""
    if module == "deviations":
        return [entry.id for entry in CATALOGUE.rules.values() if entry.deviations]
    mine = [name for name, function in registry.REGISTRY.items() if function.__module__.endswith(f".{module}")]
    return mine or list(registry.REGISTRY)


def stories_hold(rules: list[str]) -> bool:
    """Does every story say of these rules what it should? The same as tests/rules/test_matrix.py asks."""
    wanted = set(rules)
    declared: dict[matrix.Story, set[matrix.Accusation]] = {}
    asked: dict[matrix.Story, list[tuple[str, str]]] = {}
    for broken in matrix.BROKEN:
        declared.setdefault(broken.tell, set()).update(broken.accuses)
        if broken.rule in wanted:
            asked.setdefault(broken.tell, []).append(("breaks", broken.rule))
    for word, pairs in (("keeps", matrix.KEPT), ("silent", matrix.SILENT)):
        for rule, tell in pairs:
            if rule in wanted:
                asked.setdefault(tell, []).append((word, rule))
    return all(_holds(tell, words, declared.get(tell, set()), rules) for tell, words in asked.items())


def _holds(
    tell: matrix.Story, words: list[tuple[str, str]], declared: set[matrix.Accusation], rules: list[str]
) -> bool:
    found = _result(tell).judge(tuple(rules))
    if matrix.accusations(found) != {one for one in declared if one[0] in rules}:
        return False
    spoken = matrix.spoken(found)
    for word, rule in words:
        entry = CATALOGUE.rules[rule]
        if not entry.checks:
            if (rule in spoken) is (word != "breaks"):
                return False
        elif word != "breaks":
            peers = set(SIDES[:2]) if entry.subject == "both" else {entry.subject}
            if bool(matrix.passes(found, rule) & peers) is (word == "silent"):
                return False
    return True


def is_killed(mutant: Mutant, *, tests: bool = True) -> bool:
    """Does a story or, if wanted, a test of the module notice? Tried in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            signal.alarm(LONGEST_S)
            with (
                open(os.devnull, "w") as nowhere,
                contextlib.redirect_stdout(nowhere),
                contextlib.redirect_stderr(nowhere),
            ):
                code = 0 if _survives(mutant, tests) else 1
        except BaseException:  # a mutant that raises is noticed, too
            code = 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] != 0


def _survives(mutant: Mutant, tests: bool) -> bool:
    rules = rules_of(mutant.module)
    _install(mutant)
    if mutant.module in TOPICS:
        return stories_hold(rules) and (not tests or _tests_pass(mutant))
    return (not tests or _tests_pass(mutant)) and stories_hold(rules)  # all stories: the tests are the quicker ones


def _tests_pass(mutant: Mutant) -> bool:
    import pytest

    names = (mutant.module, *TESTED_BESIDE.get(mutant.module, ()))
    files = [str(TESTS / f"test_{name}.py") for name in names]
    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]) == 0


def _install(mutant: Mutant) -> None:
    """Put the mutant in the place of its module, also where others have imported something of it."""
    module = import_module(f"ptpip_analyze.rules.{mutant.module}")
    for name, function in list(registry.REGISTRY.items()):
        if function.__module__ == module.__name__:
            del registry._REGISTRY[name]
    old = dict(vars(module))
    exec(compile(ast.fix_missing_locations(mutant.tree), f"{mutant.module}.py", "exec"), vars(module))
    for other in list(sys.modules.values()):
        if other is not module and getattr(other, "__name__", "").startswith(("ptpip_analyze", "tests.rules")):
            for name, value in list(vars(other).items()):
                if name in old and value is old[name]:
                    setattr(other, name, vars(module)[name])


def main(arguments: list[str]) -> int:
    """Try them all; 1 where any survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules.mutants")
    parser.add_argument("modules", nargs="*", choices=[[], *MODULES], metavar="MODULE")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each n-th mutant")
    parser.add_argument("--matrix", action="store_true", help="stories alone, without the tests of the module")
    options = parser.parse_args(arguments)
    matrix.load()
    load_rules()
    stories_hold(rules_of("related"))  # reads all stories, so that children need not
    killed = total = 0
    for module in options.modules or MODULES:
        chosen = list(mutants(module))[:: options.every]
        survivors = [mutant for mutant in chosen if not is_killed(mutant, tests=not options.matrix)]
        for mutant in survivors:
            print(f"survives: {module}.py:{mutant.line} in {mutant.function}: {mutant.text}")
        print(f"{module}.py: {len(chosen) - len(survivors)} of {len(chosen)} killed", flush=True)
        killed, total = killed + len(chosen) - len(survivors), total + len(chosen)
    print(f"{killed} of {total} mutants killed")
    return 0 if killed == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
