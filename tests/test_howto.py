"""docs/how-to/ says what is so: its commands run and print what it shows, and so does its Python."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import duckdb
import pytest

from ptpip_analyze.cli.app import run
from tests.support import ROOT, program
from tests.wireshark.tshark import environment

FOLDER = ROOT / "docs" / "how-to"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "README.md")

BLOCK = re.compile(r"```(sh|python|sql|toml)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def told(line: str) -> str:
    """What a line of shell prints to stdout. It ends with 0, or with what its comment says."""
    command, _, comment = line.partition(" # ")
    expected = 1 if "ends with 1" in comment else 0
    if not command.startswith("ptpip-analyze "):
        done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True, env=environment())
        return done.stdout
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with contextlib.redirect_stdout(out):
        assert run(shlex.split(command)[1:]) == expected, line
    return out.buffer.getvalue().decode()


def printed(example: str, names: dict[str, object]) -> str:
    """What an example in Python prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(example, names)  # the page's own lines
    return out.getvalue()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder beside the captures, as the reader has one."""
    (tmp_path / "captures").symlink_to(ROOT / "captures")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(page: str, place: Path) -> list[tuple[str, str]]:
    """Of each example of a page that shows output: what it shows, and what it prints, run from top to bottom."""
    names: dict[str, object] = {}
    both = []
    for language, example, shown in BLOCK.findall(page):
        if language == "sh":
            (*_, output) = [told(line) for line in example.splitlines()]
        elif language == "python":
            output = printed(example, names)
        elif language == "sql":
            output = "" if duckdb.sql(example).fetchall() else "no rows"
        else:
            (place / "waivers.toml").write_text(example)
            output = ""
        if shown or language in ("python", "sql"):
            both.append((shown, output))
    return both


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_shows_what_its_examples_print(page: Path, place: Path) -> None:
    text = page.read_text()
    assert "$ ptpip-analyze " in text
    if "\ntshark " in text:
        program("tshark")
    for shown, output in said(text, place):
        assert output == shown


def test_judges_by_the_commands_of_its_pipelines(place: Path) -> None:
    page = (FOLDER / "check-my-firmware-in-ci.md").read_text()
    (place / "recordings").mkdir()
    (place / "recordings" / "device.pcapng").symlink_to(ROOT / "captures" / "firmware-2.pcapng")
    (waivers,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (place / "waivers.toml").write_text(waivers)
    commands = re.findall(r"- (?:run: )?(ptpip-analyze .*)", "".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)))
    assert len(commands) == 4
    for command in commands:
        told(command)
    assert (place / "check.sarif").stat().st_size
    assert (place / "check.xml").stat().st_size
    (place / "waivers.toml").write_text("")
    with pytest.raises(AssertionError):
        told(commands[-1])


def test_lists_all_its_pages() -> None:
    index = (FOLDER / "README.md").read_text()
    assert len(PAGES) == 8
    for page in PAGES:
        assert f"]({page.name})" in index, page.name


@pytest.mark.parametrize("page", [FOLDER / "README.md", *PAGES], ids=lambda page: page.stem)
def test_links_only_to_files_that_there_are(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
