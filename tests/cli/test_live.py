"""`live` tells each transaction once, says what it could not do, and ends as it was asked to.

What captures for real is in tests/test_live_capture.py; here captures come from standard input and growing files.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ptpip_analyze import analyze, open_capture
from ptpip_analyze.cli import live
from ptpip_analyze.tables.lines import json_rows, write_lines
from ptpip_analyze.watch import Watch
from tests.cli.conftest import ENVIRONMENT
from tests.support import ROOT, slices
from tests.traffic import capture, conversation, pcap_bytes, write_pcap

PLAIN = ROOT / "captures" / "list-and-get.pcapng"


def watched(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ptpip_analyze", "live", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, input=given, capture_output=True, check=False, timeout=60)


def listed(path: Path, capture_name: str) -> list[dict]:
    written = io.BytesIO()
    with analyze(path) as analysis:
        write_lines(analysis.batches("transactions"), written, json_rows, "\n")
    return [{**json.loads(line), "capture": capture_name} for line in written.getvalue().splitlines()]


def test_tells_what_comes_on_standard_input_and_saves_it(tmp_path):
    saved = tmp_path / "saved.pcapng"
    ran = watched("-", "-w", saved, given=PLAIN.read_bytes())
    assert ran.returncode == 0, ran.stderr
    rows = sorted(map(json.loads, ran.stdout.splitlines()), key=lambda row: row["transaction"])
    assert rows == listed(PLAIN, str(saved)) == listed(saved, str(saved))
    assert saved.read_bytes() == PLAIN.read_bytes()
    (line,) = ran.stderr.decode().splitlines()
    assert line.endswith(f"41 transactions, 3 sessions; saved in {saved}")


def test_points_whoever_names_two_interfaces_to_any():
    ran = watched("lo", "eth0")
    assert ran.returncode == 2
    assert ran.stderr.decode() == (
        "ptpip-analyze: live watches one place, not lo and eth0; any watches all interfaces: live any\n"
    )


def test_shows_a_line_for_each_transaction():
    ran = watched("-", "--format", "table", given=pcap_bytes(capture("plain")))
    lines = ran.stdout.decode().splitlines()
    assert any("GetDeviceInfo()" in line and line.endswith("  OK") for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_tells_some_columns_of_some_rows():
    asked = ("--columns", "operation,response", "--where", 'operation == "GetObject"')
    ran = watched("-", *asked, given=PLAIN.read_bytes())
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert rows
    assert {tuple(row.items()) for row in rows} == {(("operation", "GetObject"), ("response", "OK"))}
    ran = watched("-", "--format", "table", *asked, given=PLAIN.read_bytes())
    assert set(ran.stdout.decode().splitlines()) == {"GetObject  OK"}


def test_stops_after_so_many_packets(tmp_path):
    saved = tmp_path / "saved.pcapng"
    ran = watched("-", "--count", "50", "-w", saved, given=PLAIN.read_bytes())
    assert ran.returncode == 0
    assert b": 50 packets, " in ran.stderr


def test_begins_new_files(tmp_path):
    saved = tmp_path / "saved.pcapng"
    ran = watched("-", "-w", saved, "--rotate", "10k", "--keep", "2", given=PLAIN.read_bytes())
    assert ran.returncode == 0, ran.stderr
    assert 1 <= len(list(tmp_path.iterdir())) <= 2
    assert not saved.exists()
    assert ran.stderr.decode().rstrip().endswith(f"saved in {tmp_path / 'saved_*.pcapng'}")


def followed(path: Path, happens: Callable[[], object], word: str) -> tuple[int, str]:
    """What `live` of a file says when something happens to it: exit code and stderr; Ctrl-C where it goes on."""
    path.write_bytes(PLAIN.read_bytes())
    command = [sys.executable, "-m", "ptpip_analyze", "live", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        happens()
        line = process.stderr.readline().decode()
        assert word in line
        if "still followed" in line:
            process.send_signal(signal.SIGINT)
        process.stdout.read()
        rest = process.stderr.read().decode()
        assert "Traceback" not in rest
        return process.wait(timeout=30), line


def test_ends_when_the_file_that_it_follows_is_cut(tmp_path):
    path = tmp_path / "growing.pcapng"
    code, line = followed(path, lambda: os.truncate(path, 100), "cut to 100 bytes")
    assert code == 2
    assert line.startswith(f"ptpip-analyze: {path}: ")


def test_says_that_the_file_that_it_follows_has_another_name(tmp_path):
    path = tmp_path / "growing.pcapng"
    code, _ = followed(path, lambda: path.rename(tmp_path / "old.pcapng"), "renamed")
    assert code == 130


def test_follows_no_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    ran = watched(tmp_path / "pipe")
    assert ran.returncode == 2
    assert b"not a regular file" in ran.stderr


def test_says_that_standard_input_is_closed():
    command = f"{sys.executable} -m ptpip_analyze live - <&-"
    ran = subprocess.run(["sh", "-c", command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (2, b"ptpip-analyze: -: standard input is closed\n")


def test_leaves_an_earlier_capture_alone_where_nothing_comes(tmp_path):
    saved = tmp_path / "saved.pcapng"
    saved.write_bytes(PLAIN.read_bytes())
    assert watched("-", "-w", saved, given=b"hello").returncode == 2
    assert saved.read_bytes() == PLAIN.read_bytes()
    ran = watched("-", "-w", "-", given=PLAIN.read_bytes())
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"-w needs the name of a file" in ran.stderr


def test_follows_a_file_that_grows(tmp_path):
    path = tmp_path / "growing.pcap"
    packets = conversation().open().get_property().wait(0.1).get_property(0x5003).packets()
    data = pcap_bytes(packets, nano=True)
    path.write_bytes(data[:1000])
    command = [sys.executable, "-m", "ptpip_analyze", "live", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        with path.open("ab") as file:
            for at in range(1000, len(data), 333):
                file.write(data[at : at + 333])
                file.flush()
        rows = [json.loads(running.stdout.readline()) for _ in range(3)]
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    assert [row["operation"] for row in rows] == ["OpenSession", "GetDevicePropValue", "GetDevicePropValue"]


def test_ends_when_its_time_is_up(tmp_path):
    path = write_pcap(tmp_path / "still.pcap", capture("plain"))
    begun = time.monotonic()
    ran = watched(path, "--duration", "0.1")
    assert ran.returncode == 0
    assert ran.stdout
    assert time.monotonic() - begun < 50


def test_ends_quietly_when_nobody_reads(tmp_path):
    command = f"{sys.executable} -m ptpip_analyze live {PLAIN} | head -1"
    ran = subprocess.run(["sh", "-c", command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False, timeout=60)
    assert len(ran.stdout.splitlines()) == 1
    assert ran.stderr == b""


def test_says_that_the_stream_was_cut():
    ran = watched("-", given=PLAIN.read_bytes()[:-50])
    assert ran.returncode == 0
    assert b"ends inside a packet" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nosuch0"], "nosuch0: no such interface or file; interfaces are lo"),
        (["lo", "--with", "magic"], "--with: there are dumpcap, sockets"),
        (["lo", "--rotate", "1h"], "--rotate is for -w FILE"),
        (["lo", "--keep", "3"], "--keep N is for --rotate"),
        (["lo", "-w", "x.pcapng", "--rotate", "often"], "--rotate: often is no size (100M) and no time (1h)"),
        (["lo", "-w", "x.pcapng", "--rotate", "-5k"], "--rotate: -5k is no size"),
        (["-", "--filter", "tcp"], "--filter and --with are for interfaces"),
        ([str(PLAIN), "-w", "x.pcapng"], "is a file already"),
        (["lo", "--columns", "nothing"], "no such column: nothing"),
        (["lo", "--where", "operation =="], "--where: "),
        (["lo", "--where", "call == 'x'"], "--where: call and findings are known of captures that have ended"),
        (["lo", "--vendor", "nobody"], "--vendor: no such vendor: nobody"),
        (["lo", "-w", "/nowhere/x.pcapng"], "/nowhere/x.pcapng: No such file or directory"),
        ([str(ROOT / "README.md")], "not a capture"),
    ],
)
def test_says_in_one_line_what_it_can_not_do(run, arguments, reason):
    ran = run("live", *arguments)
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert reason in line
    assert ran.out == ""


def test_refuses_what_is_no_capture(tmp_path):
    saved = tmp_path / "saved.pcapng"
    ran = watched("-", "-w", saved, given=b"GIF89a" + bytes(100))
    assert ran.returncode == 2
    assert ran.stderr.decode().splitlines() == ["ptpip-analyze: -: offset 0: not a capture: it begins with 47 49 46 38"]
    assert not saved.exists()


@pytest.mark.parametrize(
    ("text", "size", "seconds"),
    [("100M", 10**8, None), ("2500", 2500, None), ("1.5h", None, 5400.0), ("3K", 3000, None)],
)
def test_reads_sizes_and_times(text, size, seconds):
    found = live._rotation(text, 3, Path("x"))
    assert (found.size, found.seconds, found.keep) == (size, seconds, 3)


def test_shows_a_transaction_on_one_line_without_control_characters():
    row = {
        "request_time": 1_700_000_000_123_000_000, "response_time": None, "session": 3, "transaction_id": None,
        "call": "Get\x1b[31mObject", "data_direction": "in", "data_bytes": 1234, "response": None, "latency_s": None,
        "status": "open",
    }  # fmt: skip
    line = live._line(row)
    assert line.startswith("22:13:20.123   3      ?  Get")
    assert line.endswith("no response (open)")
    assert len(live._line({**row, "call": "x" * 200}, 90)) <= 90 + len("no response (open)")
    assert "\x1b" not in line
    assert "← 1.23 kB" in line


@pytest.mark.parametrize(("most", "at_once"), [(10, 10), (1 << 20, 101)])
def test_does_not_let_much_wait_to_be_told_at_once(monkeypatch, most, at_once):
    monkeypatch.setattr(live, "TELL_S", 1e9)
    monkeypatch.setattr(live, "MOST_WAITING", most)
    talk = conversation().open()
    for _ in range(100):
        talk = talk.get_property()
    source = open_capture(io.BytesIO(pcap_bytes(talk.packets())))
    parts = [part for batch in source.batches() for part in slices(batch, 10)]

    # There is always more than was analysed.
    under_way: Any = SimpleNamespace(
        source=source, means=None, packets=0, trouble="", is_behind=lambda batch: True, batches=lambda: iter(parts)
    )
    told: list[int] = []
    live._follow(
        under_way, Watch(source), live._Stop(None), lambda rows: told.append(rows.num_rows), iter,
        live._State(under_way, "-"),
    )  # fmt: skip
    assert sum(told) == 101
    assert max(told) <= at_once


def test_draws_the_numbers_on_a_terminal_only(monkeypatch, capsys):
    class Quiet:
        """Nothing was captured."""

        means, packets, dropped = "dumpcap", 0, None
        transactions = sessions = 0
        source = property(lambda self: self)

    status = live._Status(Quiet(), Quiet())  # type: ignore[arg-type]
    status.show()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status.show()
    assert "0 packets, drops are told at the end, 0 transactions, 0 sessions" in capsys.readouterr().err
    status.clear()
    assert capsys.readouterr().err == "\r\x1b[K"


# Lines in terminals of any width


def row(**more: object) -> dict[str, object]:
    usual = {"request_time": 1_790_000_000_123_456_789, "response_time": None, "transaction_id": 17, "session": 3}
    usual |= {"call": "GetDevicePropDesc(ExposureBiasCompensation)", "data_direction": "in", "data_bytes": 41_234}
    return {**usual, "latency_s": 0.0123, "status": "complete", "response": "InvalidObjectHandle", **more}


def test_drops_columns_where_a_line_would_be_folded() -> None:
    call, rest = "GetDevicePropDesc(ExposureBiasCompensation)", "  ← 41.2 kB   12.3 ms  InvalidObjectHandle"
    whole = f"14:13:20.123   3     17  {call} {rest}"
    assert live._line(row()) == whole
    assert live._line(row(), 91) == whole.replace(f"{call} ", "GetDevicePropDesc(Expos…")
    assert live._line(row(), 80) == "14:13:20   3  GetDevicePropDesc(Expos…  ← 41.2 kB   12.3 ms  InvalidObjectHandle"
    assert live._line(row(), 60) == "14:13:20  GetDevicePropDesc(ExposureBi…  InvalidObjectHandle"


@pytest.mark.parametrize("width", range(1, 140))
def test_fits_every_line_into_the_terminal(width: int) -> None:
    answers = ("OK", "InvalidObjectHandle", "SpecificationOfDestinationUnsupported")
    for response, call in itertools.product(answers, ("OpenSession(session=0x1)", "SendObject" * 8)):
        for status in ("complete", "began-earlier"):
            assert len(live._line(row(response=response, call=call, status=status), width)) <= width


def test_cuts_the_line_at_the_foot_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    size = os.terminal_size((40, 24))
    monkeypatch.setattr(os, "get_terminal_size", lambda number: size)
    monkeypatch.setattr(sys.stderr, "fileno", lambda: 2)
    assert live._foot_width() == 39


def test_keeps_lines_below_each_other_and_a_long_answer_whole() -> None:
    short, long = (live._line(row(call="CloseSession()", response=one), 80) for one in ("OK", "StoreNotAvailableNow"))
    assert short.index("41.2") == long.index("41.2") + 1  # the answer has taken a blank
    assert long.endswith("  StoreNotAvailableNow")
