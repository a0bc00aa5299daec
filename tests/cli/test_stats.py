"""`stats`: the page says where the time went; as a listing it has rows for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.traffic import conversation, write_pcap
from tests.traffic.timed import answered, asked, at_once, later, shut, tapped

CAPTURES = ROOT / "captures"
PHOTO = bytes(20_000)


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A client that thinks, a camera that thinks, a window that closes; captured at the client."""
    packets = at_once(conversation().open().get_device_info().get_object(1, PHOTO).close_session().packets())
    packets = later(packets, asked(packets, 3), 1.0)
    packets = later(packets, answered(packets, -3 - 15), 0.2)
    packets = shut(packets, answered(packets, -3), 0.5)
    return write_pcap(tmp_path / "slow.pcap", tapped(packets, 0.00002, 0.004))


def line(page: str, beginning: str) -> list[str]:
    (found,) = (one.split() for one in page.splitlines() if one.strip().startswith(beginning))
    return found


def test_says_where_the_time_went(run, slow: Path) -> None:
    ran = run("stats", slow, "--format", "table")
    assert (ran.code, ran.err) == (0, "")
    assert line(ran.out, "client")[1:4] == ["1", "s", "59%"]
    assert line(ran.out, "stalls")[1:4] == ["500", "ms", "29%"]
    assert "zero-window 500 ms" in ran.out
    assert "1.71 s of 1 session" in ran.out
    assert "Captured at the initiator: what the device took has the way to it and back in it (4 ms)." in ran.out
    assert line(ran.out, "GetObject")[1:2] == ["1"]
    assert ran.out.index("  GetObject ") < ran.out.index("  GetDeviceInfo ") < ran.out.index("  OpenSession ")


def test_parts_the_page_as_asked(run, slow: Path) -> None:
    for by, titles in (
        ("session", ["Session 0: Pretend Camera", "Session 1: Simulated Camera"]),
        ("capture", [str(slow), str(CAPTURES / "midstream.pcapng")]),
        ("model", ["Pretend Camera", "A camera that did not say its model"]),
    ):
        other = CAPTURES / ("summary.pcapng" if by == "session" else "midstream.pcapng")
        out = run("stats", slow, other, "--by", by, "--format", "table").out
        assert [one for one in out.splitlines() if one in titles] == titles
        assert out.count("Where the time went") >= len(titles)


def test_parts_the_page_by_firmware(run) -> None:
    old, new = (CAPTURES / f"firmware-{one}.pcapng" for one in (1, 2))
    out = run("stats", old, new, CAPTURES / "midstream.pcapng", "--by", "firmware", "--format", "table").out
    titles = [one for one in out.splitlines() if "irmware" in one or one.startswith("A camera")]
    assert titles == [
        "Simulated Camera, firmware 1.0", "Simulated Camera, firmware 2.0", "A camera that did not say its model",
    ]  # fmt: skip
    rows = run("stats", old, new, "--by", "firmware", "--where", 'operation == "GetDeviceInfo"', "--format", "csv",
               "--columns", "model,device_version,count").out.splitlines()  # fmt: skip
    assert rows == ["model,device_version,count", "Simulated Camera,1.0,1", "Simulated Camera,2.0,1"]
    both = run("stats", old, new, "--by", "model", "--columns", "model,device_version", "--limit", "1").out
    assert json.loads(both) == {"model": "Simulated Camera", "device_version": None}


def test_lists_rows_as_every_table_does(run, slow: Path, tmp_path: Path) -> None:
    ran = run("stats", slow, "--columns", "operation,count,stalled_s", "--where", "stalled_s > 0")
    assert [json.loads(row) for row in ran.out.splitlines()] == [
        {"operation": "GetObject", "count": 1, "stalled_s": 0.5}
    ]
    assert run("stats", slow, "-o", tmp_path / "stats.csv").code == 0
    assert (tmp_path / "stats.csv").read_text().startswith("session,operation,operation_code,vendor,count,errors,")
    ran = run("stats", slow, "--columns", "operation,count", "--format", "table", "--limit", "1")
    assert ran.out.splitlines()[0].split() == ["operation", "count"]


def test_lists_by_session_what_is_exported(run, slow: Path, tmp_path: Path) -> None:
    run("export", slow, CAPTURES / "summary.pcapng", "-o", tmp_path, "--format", "jsonl", "--tables", "stats")
    listed = run("stats", slow, CAPTURES / "summary.pcapng", "--by", "session").out
    assert listed == (tmp_path / "stats.jsonl").read_text()


def test_shows_on_the_page_the_operations_asked_for(run, slow: Path) -> None:
    out = run("stats", slow, "--format", "table", "--where", 'operation.str.startswith("Get")').out
    assert "GetObject" in out
    assert "OpenSession" not in out
    out = run("stats", slow, "--format", "table", "--limit", "1").out
    assert "… 3 more operations: --limit 4" in out


def test_says_that_there_is_no_session(run, tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "empty.pcap", [])
    assert run("stats", path, "--format", "table").out == "No PTP-IP session.\n"
    assert run("stats", path).out == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--by", "vendor"], "'vendor' is not one of 'session', 'capture', 'model', 'firmware'"),
        (["--where", "lat > 1"], "--where: "),
        (["--columns", "latency_p90_s"], "no such column: latency_p90_s; did you mean latency_p99_s?"),
    ],
)
def test_refuses_what_it_does_not_know_in_one_line(run, arguments: list[str], says: str) -> None:
    ran = run("stats", "/no/such/file", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert says in ran.err


def test_escapes_what_comes_from_the_wire(run, tmp_path: Path) -> None:
    from tests.traffic.conversation import device_info

    one = conversation().open().transaction(0x1001, data_in=device_info("Evil", "Cam\x1b[31m[red]")).close_session()
    out = run("stats", write_pcap(tmp_path / "a.pcap", one.packets()), "--by", "model", "--format", "table").out
    assert "\x1b" not in out
    assert "Cam\\x1b[31m[red]" in out
