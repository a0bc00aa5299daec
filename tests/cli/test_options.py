"""The shared options: declared once, the same in every listing command."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from ptpip_analyze.cli import listing, options
from ptpip_analyze.cli.app import built
from ptpip_analyze.facts.overlay import EMPTY, use
from ptpip_analyze.tables.schema import TABLES
from tests.traffic import STORIES, conversation, write_pcap

from .conftest import program

SHARED = {"--format", "-o", "--columns", "--limit", "--where", "--port", "--vendor", "--names", "--progress"}
FOLDERS = ("export", "extract")


def option_names(command: str) -> set[str]:
    parameters = get_command(built()).commands[command].params  # type: ignore[attr-defined]
    return {name for one in parameters for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("table", TABLES)
def test_gives_every_listing_command_all_shared_options(table: str) -> None:
    assert option_names(table) >= SHARED


def test_has_one_signature_for_all_listing_commands() -> None:
    signatures = {str(inspect.signature(listing._command(table))) for table in TABLES}
    assert len(signatures) == 1


def test_offers_the_formats_of_the_exporters_and_the_table() -> None:
    from ptpip_analyze.tables.export import FORMATS

    assert set(options.RowFormat.__args__) == {"table", *FORMATS}  # type: ignore[attr-defined]


def test_takes_a_vendor_in_letters_of_any_size(run, plain_pcap: Path) -> None:
    ran = run("sessions", plain_pcap, "--vendor", "Canon_EOS", "--columns", "vendor", "--format", "jsonl")
    assert (ran.code, ran.out, ran.err) == (0, '{"vendor":"canon_eos"}\n', "")
    assert run("codes", "0x9101", "--vendor", "NIKON").out == run("codes", "0x9101", "--vendor", "nikon").out


def test_takes_a_dash_for_standard_output(tmp_path: Path, plain_pcap: Path) -> None:
    for command in (["sessions", plain_pcap], ["summary", plain_pcap], ["codes", "0x1009"]):
        plain, dashed = program(*command, cwd=tmp_path), program(*command, "-o", "-", cwd=tmp_path)
        assert (dashed.returncode, dashed.stderr, dashed.stdout) == (0, "", plain.stdout)
    for command in FOLDERS:
        ran = program(command, plain_pcap, "-o", "-", cwd=tmp_path)
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
        assert "several files need a folder, and - is standard output" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", FOLDERS)
def test_puts_several_files_into_nothing_but_a_folder(run, tmp_path: Path, plain_pcap: Path, command: str) -> None:
    (tmp_path / "f").touch()
    for place in ("/dev/null", str(tmp_path / "f")):
        ran = run(command, plain_pcap, "-o", place)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert f"'-o' / '--output': several files need a folder, and {place} is none" in ran.err
    ran = run(command, "no.pcap", "-o", "/dev/null")
    assert "need a folder" in ran.err  # before any capture is looked for


def test_shows_that_several_captures_may_be_named(run) -> None:
    for command in ("summary", "transactions", "export", "extract"):
        assert "CAPTURE..." in run(command, "--help").out.splitlines()[0]


@pytest.mark.parametrize("command", ["summary", "transactions", "properties", "events", "export", "extract"])
def test_refuses_an_unknown_vendor_in_one_line(run, tmp_path: Path, command: str) -> None:
    ran = run(command, "/no/such/file", "--vendor", "nicon", *(["-o", tmp_path] if command in FOLDERS else []))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("ptpip-analyze: --vendor: no such vendor: nicon; there are ptp, mtp, android, canon, ")


@pytest.mark.parametrize("command", ["summary", "transactions", "properties", "codes", "export", "extract"])
def test_refuses_a_bad_file_of_names_in_one_line(run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[nikon.operations]\n"0x90C7" = 5\n')
    where = [] if command == "codes" else ["/no/such/file"]
    ran = run(command, *where, "--names", path, *(["-o", tmp_path] if command in FOLDERS else []))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"ptpip-analyze: {path}:2: ")


def test_names_codes_as_the_user_does(run, tmp_path: Path, plain_names: None) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[nikon.operations]\n"0x90C7" = "AskForNews"\n')
    one = conversation().open().transaction(0x90C7).close_session()
    capture = write_pcap(tmp_path / "a.pcap", one.packets())
    wanted = ["--columns", "operation,vendor,call", "--where", "operation_code == 0x90C7"]
    assert '"operation":"0x90C7","call":"0x90C7()","vendor":null' in _sorted(run("transactions", capture, *wanted).out)
    named = run("transactions", capture, *wanted, "--vendor", "nikon", "--names", path).out
    assert '"operation":"AskForNews","call":"AskForNews()","vendor":"nikon"' in _sorted(named)
    assert "AskForNews" in run("codes", "0x90C7", "--names", path).out
    assert "GetEvent" in run("transactions", capture, *wanted, "--vendor", "nikon").out
    assert "AskForNews" in run("summary", capture, "--vendor", "nikon", "--names", path).out


@pytest.mark.parametrize("question", [["--at", "1000s"], ["--before-failure", "10"], []])
def test_names_properties_as_the_user_does_whatever_is_asked_of_them(
    run, tmp_path: Path, plain_names: None, question: list[str]
) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[canon_eos.properties]\n"0xD103" = "Film"\n')
    capture = write_pcap(tmp_path / "a.pcap", STORIES["canon_polls"]()[0].packets())
    wanted = [*question, "--columns", "property,text,vendor", "--format", "csv"]
    assert "Film,ISO 200,canon_eos" in run("properties", capture, *wanted, "--names", path).out
    assert "ISO 200" not in run("properties", capture, *wanted, "--names", path, "--vendor", "nikon").out


def _sorted(line: str) -> str:
    row = json.loads(line)
    return json.dumps({name: row[name] for name in ("operation", "call", "vendor")}, separators=(",", ":"))


@pytest.fixture
def plain_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No file of names of the person who runs the tests, and none left in force."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    yield
    use(EMPTY)
