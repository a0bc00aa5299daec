"""Recorders begin or say why not, in one sentence that tells what to do."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from ptpip_analyze.capture import recorders
from ptpip_analyze.capture.recorders import RecorderError, start
from tests.capture.test_blocks import stream


@pytest.fixture
def dumpcap(tmp_path, monkeypatch):
    """Put a program in dumpcap's place."""

    def put(body: str) -> None:
        path = tmp_path / "dumpcap"
        path.write_text(
            f"#!{sys.executable}\nimport os, signal, sys, time\nif '--help' in sys.argv: sys.exit()\n{body}\n"
        )
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return put


WRITES = f"os.write(1, {stream()!r})\n"


def test_gives_the_stream_and_stops_in_order(dumpcap):
    dumpcap(WRITES + "signal.signal(2, lambda *_: sys.exit(0))\ntime.sleep(30)")
    recorder = start("wlan7", "tcp", 5, "dumpcap")
    assert os.read(recorder.stream, 1 << 16) == stream()
    recorder.stop()
    assert recorder.ending() is None


def test_hands_over_what_was_asked_for(dumpcap):
    dumpcap(WRITES + "print(sys.argv[1:], file=sys.stderr)")
    recorder = start("wlan7", "tcp port 15740", 5, "dumpcap")
    said = recorder.ending()
    assert said is not None
    for words in ("'-i', 'wlan7'", "'-f', 'tcp port 15740'", "'-c', '5'", "'-w', '-'"):
        assert words in said


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("dumpcap: There is no device named wlan7.\\n(No such device exists)", "wlan7: There is no device named wlan7"),
        (
            "dumpcap: Invalid capture filter tcq.\\n\\nIt is not valid (syntax error).\\nSee the manual.",
            "wlan7: Invalid capture filter tcq. It is not valid (syntax error)",
        ),
        ("", "wlan7: dumpcap did not begin"),
    ],
)
def test_says_why_it_did_not_begin(dumpcap, said, sentence):
    dumpcap(f"sys.stderr.write('''{said}''')\nsys.exit(1)")
    with pytest.raises(RecorderError) as error:
        start("wlan7", means="dumpcap")
    assert str(error.value) == sentence


def test_says_that_the_interface_has_gone_though_dumpcap_calls_it_a_success(dumpcap):
    dumpcap(
        WRITES
        + "sys.stderr.write('Capturing on wlan7\\nFile: -\\ndumpcap: The adapter is gone.\\nPackets captured: 5\\n')"
    )
    assert start("wlan7", means="dumpcap").ending() == "The adapter is gone"


def test_says_how_it_ended_when_it_says_nothing(dumpcap):
    dumpcap(WRITES + "sys.exit(3)")
    assert start("wlan7", means="dumpcap").ending() == "dumpcap ended with status 3"


def test_ends_one_that_does_not(dumpcap, monkeypatch):
    monkeypatch.setattr(recorders, "_PATIENCE_S", 0.1)
    dumpcap("signal.signal(2, signal.SIG_IGN)\n" + WRITES + "time.sleep(60)")
    recorder = start("wlan7", means="dumpcap")
    recorder.stop()
    assert recorder.ending() is None


def test_tells_who_may_not_what_to_do(dumpcap, monkeypatch, tmp_path):
    dumpcap("sys.stderr.write('dumpcap: You do not have permission to capture on device wlan7.')\nsys.exit(1)")
    monkeypatch.setattr(recorders, "_PLACES", ())
    with pytest.raises(RecorderError) as error:
        start("wlan7", means="dumpcap")
    assert f"sudo setcap cap_net_raw,cap_net_admin+eip {tmp_path / 'dumpcap'}" in str(error.value)


def test_tells_who_is_not_in_the_group_to_join_it(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        monkeypatch.setattr(recorders.os, "access", lambda path, mode: False)
    forbidden = tmp_path / "dumpcap"
    forbidden.write_text("")
    forbidden.chmod(stat.S_IRUSR)
    monkeypatch.setattr(recorders, "_PLACES", (str(forbidden),))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RecorderError, match=r"for the group wireshark; join it \(sudo usermod -aG wireshark"):
        start("wlan7", means="dumpcap")


def test_tells_who_has_no_dumpcap_of_it(monkeypatch):
    monkeypatch.setattr(recorders, "_PLACES", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RecorderError, match="dumpcap is not installed"):
        start("wlan7", means="dumpcap")
    assert "install Wireshark's dumpcap" in recorders.how_to_be_allowed()
