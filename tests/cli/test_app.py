"""The program as a whole: help, version, and what each ending tells the shell."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from ptpip_analyze.cli.app import GROUPS, built

from .conftest import ENVIRONMENT, program

COMMANDS = (
    "summary", "sessions", "transactions", "messages", "events", "packets", "properties", "objects", "export", "report",
    "extract", "codes", "findings", "check", "explain", "doctor", "diff", "discovery", "tui",
    "live", "interfaces", "annotate", "crosscheck", "lua", "stats", "scrub", "replay", "manifest",
)  # fmt: skip


def test_has_these_commands_and_no_other() -> None:
    listed = [command.name for command in built().registered_commands]
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_lists_its_commands(run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command}" in ran.out
    for line in ran.out.partition("What happened:\n")[2].splitlines():
        assert line == "" or line.endswith((".", ":")), "one line for each command"


@pytest.mark.parametrize("command", COMMANDS)
def test_explains_each_command(run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: ptpip-analyze {command}")
    assert max(map(len, ran.out.splitlines())) <= 100


def test_loads_and_builds_a_command_that_runs_without_the_others() -> None:
    """All of them cost more than the command line of one, so that their help is the same is worth a test."""
    for command in COMMANDS:
        assert [one.name for one in built([command, "--help"]).registered_commands] == [command]
    every = {name for names in GROUPS.values() for name in names}
    for asked in ([], ["--help"], ["sessio"], ["--version", "export"]):
        assert {one.name for one in built(asked).registered_commands} == every
    code = "import sys; from ptpip_analyze.cli.app import built; built(['export']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in every if f"ptpip_analyze.cli.{name}" in loaded} == {"export"}


def test_says_its_version(run) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert run("--version") == (0, f"ptpip-analyze {project['version']}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sessio"], "No such command 'sessio'. Did you mean 'sessions'?"),
        (["sessions"], "Missing argument 'CAPTURE...'"),
        (["sessions", "--limt", "3", "x"], "--limt"),
        (["sessions", "--limit", "-1", "x"], "--limit"),
        (["sessions", "--port", "70000", "x"], "--port"),
        (["sessions", "--format", "xml", "x"], "--format"),
        (["sessions", "x\x1b[31m.pcap"], "x\\x1b[31m.pcap"),
        (["sessions", "/no/such.pcap"], "/no/such.pcap"),
        (["export", "x"], "--output"),
    ],
)
def test_says_bad_usage_in_one_line_and_leaves_with_2(run, arguments: list[str], said: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.startswith("ptpip-analyze: ")
    assert ran.err.count("\n") == 1


def test_is_the_same_program_as_a_module_and_as_a_script() -> None:
    script = Path(sys.executable).parent / "ptpip-analyze"
    as_script = subprocess.run([script, "--help"], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert program("--help").stdout == as_script.stdout


def test_shows_a_fault_of_its_own_as_what_it_is(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("ptpip_analyze.analysis.analyze", broken)
    with pytest.raises(ZeroDivisionError):
        run("sessions", "x")


def start(*arguments: str | Path, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ptpip_analyze", *map(str, arguments)]
    return subprocess.Popen(  # type: ignore[call-overload]
        command,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        **options,
    )


def feed(stream, data: bytes) -> None:
    """Hand the program the beginning of a capture, so that it waits for more."""
    stream.write(data)
    stream.flush()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_leaves_no_unfinished_file_when_it_is_stopped(
    tmp_path: Path, plain_pcap: Path, number: signal.Signals, code: int
) -> None:
    place = tmp_path / "out"
    place.mkdir()
    # The reading end of a pipe that never ends: the program has opened its output and waits in the middle of its work.
    process = start("sessions", "-", "-o", place / "rows.csv", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    feed(process.stdin, plain_pcap.read_bytes())
    wait_until_reading(process.pid)
    process.send_signal(number)
    assert process.wait(30) == code
    assert process.stderr.read() == b""
    assert os.listdir(place) == []
    process.stdin.close()


def test_is_quiet_about_ctrl_c_while_it_is_still_loading(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
    )
    ran = program("--help", env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path)})
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [["sessions", "x", "-o", "{}/rows.csv"], ["export", "x", "-o", "{}"], ["summary", "x", "-o", "{}/page"]],
)
def test_leaves_what_was_there_when_ctrl_c_comes_in_the_middle(
    run, pretended, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "sessions.parquet").write_bytes(b"before")
    batches = pretended.batches

    def interrupted(table: str):
        yield from batches(table)
        raise KeyboardInterrupt

    monkeypatch.setattr(pretended, "batches", interrupted)
    ran = run(*(argument.format(tmp_path) for argument in arguments))
    assert ran == (130, "", "")
    assert os.listdir(tmp_path) == ["sessions.parquet"]
    assert (tmp_path / "sessions.parquet").read_bytes() == b"before"


def wait_until_reading(process: int) -> None:
    """Wait until the process has taken over its signals and sleeps in a read of its standard input."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # x86-64, arm64: `0 0x0 ...` and `63 0x0 ...` are read(0, ...)
        if Path(f"/proc/{process}/syscall").read_text().split()[:2] in (["0", "0x0"], ["63", "0x0"]):
            return
        time.sleep(0.02)
    raise AssertionError("the program never read its standard input")


def test_is_quiet_when_the_reader_leaves(plain_pcap: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start("packets", plain_pcap, stdout=writing)
    os.close(writing)
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(30) == 0


@pytest.mark.parametrize("command", ["summary", "messages", "codes"])
def test_is_quiet_when_the_reader_has_seen_enough(plain_pcap: Path, command: str) -> None:
    capture = "" if command == "codes" else f" '{plain_pcap}'"
    line = f"set -o pipefail; '{sys.executable}' -m ptpip_analyze {command}{capture} | head -n 1"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("\n") == 1


def test_works_without_a_standard_output(plain_pcap: Path) -> None:
    line = f"'{sys.executable}' -m ptpip_analyze messages '{plain_pcap}' >&-"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_draws_with_the_letters_that_the_terminal_has(plain_pcap: Path) -> None:
    ran = program("summary", plain_pcap, env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0
    assert ran.stdout.isascii()
    assert "\\" not in ran.stdout
    assert " ####" in ran.stdout
    _, seen = on_terminal(80, "summary", plain_pcap, LC_ALL="C")
    assert seen.isascii()
    assert "\\" not in seen
    _, seen = on_terminal(80, "summary", plain_pcap, LC_ALL="C.UTF-8")
    assert "████" in seen


def on_terminal(columns: int, *arguments: str | Path, **variables: str) -> tuple[int, str]:
    """Run the program on a terminal of its own; its exit code and what the terminal saw."""
    main_end, program_end = pty.openpty()
    environment = ENVIRONMENT | {"TERM": "xterm-256color", "COLUMNS": str(columns)} | variables
    command = [sys.executable, "-m", "ptpip_analyze", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=program_end, stdout=program_end, stderr=program_end, env=environment)
    os.close(program_end)
    seen = b""
    while True:
        try:
            part = os.read(main_end, 65536)
        except OSError:  # Linux says EIO when the other end has closed
            break
        if not part:
            break
        seen += part
    os.close(main_end)
    return process.wait(30), seen.decode()


def test_shows_a_coloured_table_on_a_terminal(plain_pcap: Path) -> None:
    code, seen = on_terminal(100, "transactions", plain_pcap)
    assert code == 0
    assert "\x1b[32mcomplete" in seen
    assert "GetObject" in seen


def test_shows_no_bar_for_short_work(plain_pcap: Path) -> None:
    _, seen = on_terminal(100, "transactions", plain_pcap)
    assert "reading" not in seen


def test_refuses_parquet_on_a_terminal(plain_pcap: Path) -> None:
    code, seen = on_terminal(100, "sessions", plain_pcap, "--format", "parquet")
    assert code == 2
    assert "-o FILE" in seen
