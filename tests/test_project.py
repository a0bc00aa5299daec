"""The project holds itself together: floors, twins, size, weight at start-up, documentation, versions."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from ptpip_analyze import __version__
from ptpip_analyze.tables.schema import ABOUT, ON_DEMAND, TABLES
from tests.traffic import capture, write_pcap

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ptpip_analyze"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))

# Which floor a room, or a module beside the rooms, stands on. Imports go down, or stay in their own room.
FLOORS = {
    "facts": 0,
    "store": 0,
    "ahead": 0,
    "among": 0,
    "grouped": 0,
    "tomlfile": 0,
    "names": 1,
    "capture": 1,
    "tcp": 2,
    "headers": 3,
    "ptpip": 3,
    "ptp": 4,
    "rules": 5,
    "result": 6,
    "payloads": 6.4,
    "decoded": 6.5,
    "carried": 6.6,
    "objects": 6.7,
    "liveview": 6.7,
    "analysis": 7,
    "describe": 8,
    "tables": 9,
    "compare": 9.5,
    "conformance": 9.5,
    "doctor": 9.5,
    "watch": 9.5,
    "extract": 9.5,
    "scrub": 9.5,
    "replay": 9.5,
    "fleet": 9.6,
    "wireshark": 9.6,
    "tui": 9.8,
    "report": 9.9,
    "cli": 10,
}
# The one way up: an analysis is asked for its tables, and makes them then, never while it is imported.
ASKED_LATE = {("analysis", "tables"), ("analysis", "extract")}
BESIDE = {"layers": {"facts"}}  # stands beside the tower on the facts alone
LONGEST = 600
HEAVY = ("scapy", "pyshark", "textual", "pandas")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> set[tuple[str, bool]]:
    """The rooms that a module of the package imports, each with: is it only when asked, or for annotations?"""
    tree = ast.parse(path.read_text(), name_of(path))
    late = {id(node) for owner in ast.walk(tree) if is_late(owner) for node in ast.walk(owner)}
    package = ["ptpip_analyze", *path.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in ast.walk(tree):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{start}.{alias.name}" for alias in node.names]
        for target in targets:
            root, _, rest = target.partition(".")
            if root == "ptpip_analyze" and rest:
                found.add((rest.partition(".")[0], id(node) in late))
    return found


def is_late(node: ast.AST) -> bool:
    """A function, or a block for type checkers: what stands in it is not imported with the module."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in FLOORS], ids=name_of)
def test_imports_only_downward(path: Path) -> None:
    own = room_of(path)
    wrong = [
        f"{path.relative_to(PACKAGE)}: {own} imports {other}"
        for other, late in sorted(imports(path))
        if other in FLOORS and other != own and FLOORS[other] >= FLOORS[own]
        if not (late and (own, other) in ASKED_LATE)
    ]
    wrong += [f"{path.relative_to(PACKAGE)}: {own} imports {other}" for other, _ in imports(path) if other in BESIDE]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in BESIDE], ids=name_of)
def test_stands_beside_the_tower_on_the_facts_alone(path: Path) -> None:
    own = room_of(path)
    assert {other for other, _ in imports(path)} <= BESIDE[own] | {own}


def test_knows_the_floor_of_every_room() -> None:
    assert {room_of(path) for path in MODULES} <= FLOORS.keys() | BESIDE.keys()


def test_sees_the_imports_that_there_are() -> None:
    """What the checks above look for is there to be found: the command line does import downward."""
    below = {other for path in MODULES if room_of(path) == "cli" for other, _ in imports(path)}
    assert {"tables", "describe", "analysis"} <= below


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name != "vendors"], ids=name_of)
def test_has_a_twin_among_the_tests(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    twin = ROOT / "tests" / relative.parent / f"test_{relative.name}"
    assert twin.exists(), f"{name_of(path)} has no twin {name_of(twin)}"


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in (*MODULES, *sorted((ROOT / "tests").rglob("*.py")))
        if path.parts[len(ROOT.parts) + 1] != "facts"
    ],
    ids=name_of,
)
def test_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
def test_says_first_what_a_module_promises(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{name_of(path)} has no docstring"


def loaded_by(*arguments: str) -> set[str]:
    """The top-level packages in `sys.modules` after a command line has run."""
    code = (
        "import sys\n"
        "from ptpip_analyze.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["sessions", "--help"], ["--version"], ["summary", "--help"]])
def test_starts_light(arguments: list[str]) -> None:
    heavy = {*HEAVY, "numpy", "pyarrow", "rich", "zstandard"}
    assert not heavy & loaded_by(*arguments)


@pytest.fixture(scope="module")
def plain_pcap(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_pcap(tmp_path_factory.mktemp("captures") / "plain.pcap", capture("plain")))


@pytest.mark.parametrize("table", TABLES)
def test_lists_without_heavy_packages(table: str, plain_pcap: str) -> None:
    assert not set(HEAVY) & loaded_by(table, plain_pcap)


def test_summarizes_and_exports_without_heavy_packages(plain_pcap: str, tmp_path: Path) -> None:
    assert not set(HEAVY) & loaded_by("summary", plain_pcap)
    assert not set(HEAVY) & loaded_by("export", plain_pcap, "-o", str(tmp_path))


def test_reports_without_the_terminal_application(plain_pcap: str, tmp_path: Path) -> None:
    assert "textual" not in loaded_by("report", plain_pcap, "-o", str(tmp_path / "page.html"))


def test_loads_pandas_for_where(plain_pcap: str) -> None:
    """The checks above can fail: a filter does need pandas."""
    assert "pandas" in loaded_by("sessions", plain_pcap, "--where", "session == 0")


@pytest.mark.parametrize("table", TABLES)
def test_documents_every_column(table: str) -> None:
    page = (ROOT / "docs" / "tables.md").read_text()
    section = re.search(rf"^## {table}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/tables.md has no section {table}"
    assert ABOUT[table] in section[1]
    listed = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S*) ?\| (.*) \|$", section[1], re.MULTILINE)
    assert listed == [(column.name, column.kind, column.unit, column.sentence) for column in TABLES[table]]
    for column in ON_DEMAND.get(table, {}).values():
        assert f"`{column.name}` ({column.kind}): {column.sentence}" in section[1]


def test_tells_every_change_once() -> None:
    words = (ROOT / "CHANGELOG.md").read_text().split()
    told = Counter(" ".join(words[at : at + 10]) for at in range(len(words) - 9))
    assert [run for run, times in told.items() if times > 1] == []


def test_has_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == project["version"] == __version__


def test_ships_every_file_that_is_not_python_in_its_wheel(tmp_path: Path) -> None:
    """An editable installation reads them from the checkout, so that only a wheel shows one that was forgotten."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "ptpip_analyze", source / "ptpip_analyze", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "dissectors", source / "dissectors")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, source]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    shipped = {name for name in names if name.startswith("ptpip_analyze/")}
    assert shipped == {path.relative_to(source).as_posix() for path in (source / "ptpip_analyze").rglob("*.*")}
    assert "ptpip_analyze/rules/catalogue.toml" in shipped
    beside = {name.partition("/data/share/ptpip-analyze/")[2] for name in names} - {""}
    files = [path for path in (source / "dissectors").rglob("*") if path.is_file()]
    assert beside == {path.relative_to(source).as_posix() for path in files}


def test_names_its_licence_in_both_places() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "GPL-2.0-or-later"
    assert "Version 2, June 1991" in (ROOT / "LICENSE").read_text()


def test_runs_the_tests_of_make_in_continuous_integration() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()


def test_explains_every_make_target() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^make (\w+)", told, re.MULTILINE) == phony[1].split()
