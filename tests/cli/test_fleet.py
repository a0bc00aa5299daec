"""A dataset of many captures on the command line: made, interrupted and gone on with, checked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ptpip_analyze.fleet import run as fleet_run
from tests.conformance.captures import bad, good
from tests.fleet.here import Here, contents
from tests.traffic import capture, write_pcap

from .conftest import ENVIRONMENT, program

SAMPLES = Path(__file__).parents[2] / "captures"
STORIES = ("plain", "two_pairs", "cancels_in", "upload", "parameters", "probes", "big_object")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    write_pcap(tmp_path / "in" / "bad.pcap", bad().packets())
    write_pcap(tmp_path / "in" / "good.pcap", good().packets())
    return tmp_path / "in"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_run, "_crew", lambda width, scheduler: Here())


def test_makes_a_dataset_and_says_what_is_in_it(run, here, folder: Path, tmp_path: Path) -> None:
    ran = run("export", folder, "-o", tmp_path / "d", "--dataset")
    assert (ran.code, ran.err) == (0, "")
    assert f"{tmp_path}/d/sessions: 2 rows, " in ran.out
    assert ran.out.splitlines()[-1] == "2 captures: 2 analysed, 0 done before, 0 failed"
    ran = run("export", folder, "-o", tmp_path / "d", "--dataset")
    assert ran.out.splitlines()[-1] == "2 captures: 0 analysed, 2 done before, 0 failed"


def test_says_which_captures_can_not_be_read_and_goes_on(run, here, folder: Path, tmp_path: Path) -> None:
    for number in range(12):
        (folder / f"x{number:02d}.pcap").write_bytes(b"broken")
    ran = run("export", folder, "-o", tmp_path / "d", "--dataset")
    assert ran.code == 0
    lines = ran.err.splitlines()
    assert lines[0].startswith(f"ptpip-analyze: {folder}/x00.pcap: offset 0: not a capture")
    assert lines[-1] == f"ptpip-analyze: 2 more failed: ptpip-analyze manifest {tmp_path}/d lists them"
    assert len(lines) == 11
    assert ran.out.splitlines()[-1] == "14 captures: 2 analysed, 0 done before, 12 failed"


def test_ends_with_2_where_no_capture_can_be_read(run, here, tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"broken")
    ran = run("export", tmp_path / "x.pcap", "-o", tmp_path / "d", "--dataset")
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_says_what_is_damaged_and_what_was_not_looked_into(run, here, folder: Path, tmp_path: Path) -> None:
    whole = (folder / "good.pcap").read_bytes()
    (folder / "good.pcap").write_bytes(whole[:-30])
    (folder / "deep").mkdir()
    ran = run("export", folder, "-o", tmp_path / "d", "--dataset")
    assert ran.code == 0
    assert "1 sub-folder was not looked into" in ran.err
    assert "(everything before it is analysed)" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "csv"), "--format csv: a dataset is made of parquet"),
        (("--jobs", "2", "--scheduler", "tcp://x:1"), "give one"),
        (("--tables", "photos"), "no such table: photos"),
        (("--vendor", "acme"), "no such vendor: acme"),
        (("--names", "/no/such.toml"), "/no/such.toml"),
    ],
)
def test_refuses_what_makes_no_dataset(run, here, folder: Path, tmp_path: Path, options, said: str) -> None:
    ran = run("export", folder, "-o", tmp_path / "d", "--dataset", *options)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
    assert not (tmp_path / "d").exists()


def test_says_that_no_scheduler_answers(run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptpip_analyze.fleet.cluster._CONNECT_S", 0.5)
    ran = run("export", folder, "-o", tmp_path / "d", "--scheduler", "tcp://127.0.0.1:1")
    assert (ran.code, ran.err) == (2, "ptpip-analyze: tcp://127.0.0.1:1: no Dask scheduler answers there\n")


def test_takes_the_options_of_a_dataset_for_one(run, here, folder: Path, tmp_path: Path) -> None:
    assert run("export", folder, "-o", tmp_path / "d", "--jobs", "1").code == 0
    assert (tmp_path / "d" / "_manifest" / "part-0.parquet").exists()


def test_writes_no_files_of_a_plain_export_into_a_dataset(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    before = contents(tmp_path / "d")
    ran = run("export", folder, "-o", tmp_path / "d")
    assert (ran.code, "--dataset adds to it" in ran.err) == (2, True)
    assert contents(tmp_path / "d") == before


def test_names_codes_by_the_file_of_the_user(run, here, folder: Path, tmp_path: Path) -> None:
    import pandas as pd

    (tmp_path / "names.toml").write_text('[ptp.operations]\n0x1002 = "Begin"\n')
    run("export", folder, "-o", tmp_path / "d", "--dataset", "--names", tmp_path / "names.toml")
    assert "Begin" in set(pd.read_parquet(tmp_path / "d" / "transactions")["operation"])


def test_checks_a_dataset(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    ran = run("check", tmp_path / "d")
    assert ran.code == 1
    assert "MUST framing-fixed-size-types: violated by initiator desk in 1 of 2 sessions (1 capture)" in ran.out
    assert f"{folder}/bad.pcap, frame " in ran.out
    assert "violated in 2 sessions of 2 captures." in ran.out
    assert run("check", tmp_path / "d", "--fail-on", "never").code == 0
    assert run("check", tmp_path / "d", "--skip", "framing-*").code == 0
    document = json.loads(run("check", tmp_path / "d", "--format", "json").out)
    assert [row["rule"] for row in document["findings"]] == ["framing-fixed-size-types"]


@pytest.mark.parametrize("option", ["--waivers", "--baseline", "--thresholds", "--vendor"])
def test_says_which_options_of_check_need_the_captures(run, here, folder, tmp_path: Path, option: str) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    ran = run("check", tmp_path / "d", option, "x")
    assert ran.code == 2
    assert f"{option}: not with a dataset" in ran.err
    assert "sarif: not with a dataset" in run("check", tmp_path / "d", "--format", "sarif").err


def test_counts_the_operations_of_a_dataset_as_those_of_its_captures(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    for options in ((), ("--by", "model"), ("--by", "capture"), ("--limit", "2"), ("--where", "count > 1")):
        of_dataset, of_captures = run("stats", tmp_path / "d", *options), run("stats", folder, *options)
        assert (of_dataset.code, of_dataset.err) == (0, "")
        rows, known = ([json.loads(line) for line in one.out.splitlines()] for one in (of_dataset, of_captures))
        assert [{**row, "session": None} for row in rows] == [{**row, "session": None} for row in known]
        assert rows
    table = run("stats", tmp_path / "d", "--by", "model", "--format", "table").out
    assert table == run("stats", folder, "--by", "model", "--format", "table").out
    assert "Where the time went" in table
    columns = ("--by", "session", "--columns", "session,operation,count")
    rows = [json.loads(line) for line in run("stats", tmp_path / "d", *columns).out.splitlines()]
    assert {row["session"] for row in rows} == {0, 10**10}
    ran = run("stats", tmp_path / "d", "--columns", "operation,count", "-o", tmp_path / "stats.csv")
    assert (ran.code, (tmp_path / "stats.csv").read_text().splitlines()[0]) == (0, "operation,count")


@pytest.mark.parametrize(
    "option", [("--port", "15741"), ("--vendor", "canon"), ("--names", "x.toml")], ids=lambda o: o[0]
)
def test_says_which_options_of_stats_need_the_captures(run, here, folder: Path, tmp_path: Path, option) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    ran = run("stats", tmp_path / "d", *option)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"ptpip-analyze: {option[0]}: not with a dataset, of which the captures are analysed already\n"


LISTED = ("sessions", "transactions", "messages", "events", "objects", "properties", "discovery", "findings", "packets")
NUMBERS = ("session", "sessions", "transaction", "message", "caused_by", "polled_by")


@pytest.mark.parametrize("table", LISTED)
def test_lists_the_rows_of_a_dataset_as_those_of_its_captures(run, here, tmp_path: Path, table: str) -> None:
    samples = [SAMPLES / name for name in ("announced.pcapng", "capture-and-download.pcapng", "config.pcap")]
    run("export", *samples, "-o", tmp_path / "d", "--dataset")
    of_dataset, of_captures = run(table, tmp_path / "d"), run(table, *samples)
    assert (of_dataset.code, of_dataset.err) == (0, "")
    rows, known = ([json.loads(line) for line in one.out.splitlines()] for one in (of_dataset, of_captures))
    assert [{**row, **dict.fromkeys(NUMBERS)} for row in rows] == [{**row, **dict.fromkeys(NUMBERS)} for row in known]
    assert rows
    for file_format in ("table", "csv", "json", "parquet"):
        output = tmp_path / f"{table}.{file_format}"
        assert run(table, tmp_path / "d", "--limit", "1", "-o", output, "--format", file_format).code == 0


def test_lists_rows_of_a_dataset_in_the_columns_and_under_the_condition_asked_for(
    run, here, folder: Path, tmp_path: Path
) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    options = ("--where", 'operation == "OpenSession"', "--columns", "response,session")
    ran = run("transactions", tmp_path / "d", *options)
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"response": "OK", "session": 0},
        {"response": "OK", "session": 10**10},
    ]


def test_knows_the_columns_that_only_a_dataset_has(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    options = ("--where", 'row_id > 0 and operation == "OpenSession"', "--columns", "capture_id,row_id,operation")
    (row,) = map(json.loads, run("transactions", tmp_path / "d", *options).out.splitlines())
    assert row == {"capture_id": 1, "row_id": 10**10, "operation": "OpenSession"}
    shown = run("sessions", tmp_path / "d", "--columns", "row_id", "--where", "capture_id == 1", "--format", "table")
    assert shown.out.split() == ["row_id", "10000000000"]
    assert "row_id" in run("sessions", tmp_path / "d", "--columns", "photo").err
    for option in ("--columns", "row_id"), ("--where", "row_id == 0"):
        ran = run("sessions", folder, *option)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == (
            f"ptpip-analyze: {option[0]}: row_id is a column of datasets, which export --dataset makes\n"
        )


@pytest.mark.parametrize(
    "command", [("transactions",), ("sessions", "--format", "table"), ("stats",), ("stats", "--format", "table")]
)
def test_says_of_how_many_captures_there_are_no_rows(run, here, folder: Path, tmp_path: Path, command) -> None:
    for name in ("x", "y"):
        (folder / f"{name}.pcap").write_bytes(b"broken")
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    ran = run(command[0], tmp_path / "d", *command[1:])
    assert (ran.code, ran.err) == (
        0, f"ptpip-analyze: 2 captures could not be read: ptpip-analyze manifest {tmp_path}/d\n",
    )  # fmt: skip
    assert ran.out


def test_shows_first_of_which_capture_a_row_is(run, here, folder: Path, tmp_path: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "bad.pcap").rename(folder / "deep" / "bad.pcap")
    run("export", folder / "**" / "*.pcap", "-o", tmp_path / "d", "--dataset")
    lines = [line.split() for line in run("transactions", tmp_path / "d", "--format", "table").out.splitlines()]
    assert lines[0][:2] == ["capture", "session"]
    assert {line[0] for line in lines[1:]} == {"deep/bad.pcap", "good.pcap"}
    named = run("transactions", tmp_path / "d", "--format", "table", "--columns", "operation,capture").out.splitlines()
    assert named[0].split() == ["operation", "capture"]
    assert {line.split()[1] for line in named[1:]} == {str(folder / "deep" / "bad.pcap"), str(folder / "good.pcap")}
    assert run("transactions", folder, "--format", "table").out.split()[0] == "session"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("transactions", "--columns", "call"), "--columns: call is made of the captures themselves"),
        (("transactions", "--where", 'findings == "x"'), "--where: findings is made of the captures themselves"),
        (("transactions", "--expand"), "--expand: not with a dataset"),
        (("transactions", "--vendor", "canon"), "--vendor: not with a dataset"),
        (("properties", "--at", "3"), "--at: not with a dataset"),
        (("properties", "--before-failure", "3"), "--before-failure: not with a dataset"),
        (("packets",), "has no table packets; it has sessions"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
def test_says_what_needs_the_captures_of_a_dataset(run, here, folder: Path, tmp_path: Path, command, said) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset", "--tables", "sessions,transactions,properties")
    ran = run(command[0], tmp_path / "d", *command[1:])
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


@pytest.mark.parametrize(
    "command",
    [
        ("summary",), ("doctor",), ("extract", "-o", "x"), ("diff", "x.pcap"), ("report", "-o", "x.html"), ("tui",),
        ("scrub", "-o", "x.pcap"), ("replay",), ("crosscheck",), ("export", "-o", "x"),
        ("export", "-o", "x", "--dataset"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_says_what_reads_a_dataset_where_captures_are_needed(run, tmp_path: Path, monkeypatch, command) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "_dataset.json").touch()
    ran = run(command[0], "d", *command[1:])
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("ptpip-analyze: d: is a dataset of captures; check, stats, manifest,")


@pytest.mark.parametrize("command", ["stats", "check", "transactions"])
def test_takes_a_dataset_alone(run, here, folder: Path, tmp_path: Path, command: str) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset")
    ran = run(command, folder / "good.pcap", tmp_path / "d")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"ptpip-analyze: {tmp_path}/d: is a dataset of captures; give it alone\n"


def test_counts_nothing_in_a_dataset_without_transactions(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset", "--tables", "sessions")
    ran = run("stats", tmp_path / "d")
    assert (ran.code, ran.out) == (2, "")
    assert "has no table transactions; it has sessions" in ran.err


def test_checks_no_dataset_without_verdicts(run, here, folder: Path, tmp_path: Path) -> None:
    run("export", folder, "-o", tmp_path / "d", "--dataset", "--tables", "sessions")
    ran = run("check", tmp_path / "d")
    assert (ran.code, "has no table verdicts" in ran.err) == (2, True)


# In processes of their own


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number in range(24):
        write_pcap(folder / f"{number:02d}.pcap", capture(STORIES[number % len(STORIES)]))
    return folder


@pytest.fixture(scope="module")
def whole(many: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The dataset of a run that nobody interrupted."""
    target = tmp_path_factory.mktemp("whole") / "d"
    ran = program("export", many, "-o", target, "--jobs", "2")
    assert (ran.returncode, ran.stderr) == (0, "")
    return contents(target)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ends_as_if_never_interrupted_when_run_again(
    many: Path, whole: dict[str, str], tmp_path: Path, how: signal.Signals, code: int
) -> None:
    target = tmp_path / "d"
    command = [sys.executable, "-m", "ptpip_analyze", "export", str(many), "-o", str(target), "--jobs", "2"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        end = time.monotonic() + 60
        while len(list((target / "_records").glob("*.json"))) < 3:
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.001)
        running.send_signal(how)
        _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (code, b"")
    wait_until_nobody_writes(target)
    begun = contents(target)
    done = [name for name in begun if name.startswith("_records/")]
    assert 3 <= len(done) < 24
    # What stands under a final name is as it has to be.
    final = {name: digest for name, digest in begun.items() if not name.startswith("_staging")}
    assert final == {name: whole[name] for name in final}
    if how != signal.SIGKILL:
        assert final == begun
    ran = program("export", many, "-o", target, "--jobs", "2")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1].startswith(f"24 captures: {24 - len(done)} analysed, {len(done)} done before")
    assert contents(target) == whole


def wait_until_nobody_writes(target: Path) -> None:
    """Processes that were left alone end by themselves."""
    end = time.monotonic() + 30
    while any(str(target).encode() in line for line in command_lines()) or staged(target) != staged(target, 0.2):
        assert time.monotonic() < end


def command_lines() -> list[bytes]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes())
        except OSError:
            continue
    return found


def staged(target: Path, after_s: float = 0) -> dict[str, str]:
    time.sleep(after_s)
    return contents(target)
