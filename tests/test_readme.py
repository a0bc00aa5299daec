"""The README shows what the program really says, and its examples run."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from ptpip_analyze.cli.app import built, run
from tests.traffic import capture, conversation, damage, write_pcap

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_shows_what_the_program_says_now() -> None:
    made = generator()
    for page in made.TOURS:
        text = page.read_text()
        if page.parent != ROOT / "docs" / "how-to":
            assert text.count("$ ptpip-analyze ") >= 5
        assert made.tour(text) == text, page.name


def commands(page: str) -> list[str]:
    """The program's command lines in blocks of shell."""
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("ptpip-analyze ")]


def test_runs_each_command_line_that_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "captures").symlink_to(ROOT / "captures")
    monkeypatch.chdir(tmp_path)
    lines = commands(README)
    assert len(lines) >= 5
    for line in lines:
        assert run(shlex.split(line, comments=True)[1:]) == 0, line


def test_shows_every_command_of_the_program() -> None:
    for command in built().registered_commands:
        assert f"`{command.name}`" in README or f"ptpip-analyze {command.name}" in README


def test_has_up_to_date_pages_of_reference() -> None:
    made = generator().pages()
    assert {"tables.md", "rules.md", "commands.md", "codes.md", "codes/operation.md"} <= made.keys()
    for name, text in made.items():
        assert (ROOT / "docs" / name).read_text() == text, name


def test_runs_its_library_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    write_pcap(tmp_path / "session.pcapng", capture("plain"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(example, names)  # the README's own lines
    assert len(names["transactions"]) == 5  # type: ignore[arg-type]
    assert str(names["photo"]).startswith(r"b'\xff\xd8")
    assert bytes(names["message"])[4:8] == b"\x01\x00\x00\x00"  # type: ignore[call-overload]


def test_takes_no_photo_with_holes_for_whole_in_its_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    packets = conversation().open().get_object(1, bytes(5000)).close_session().close().packets()
    write_pcap(
        tmp_path / "session.pcapng", damage.drop(packets, damage.segments(packets, "command", "to-initiator")[4])
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="bytes of its data are missing"):
        exec(example, {})  # the README's own lines


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_links_only_to_files_that_there_are(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_has_an_index_of_all_pages() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name
