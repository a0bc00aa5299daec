"""`doctor`: the page, the document, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from tests.traffic import conversation as talk
from tests.traffic import write_pcap


def test_shows_a_mark_a_sentence_and_frames(run, plain_pcap: Path) -> None:
    ran = run("doctor", plain_pcap)
    assert ran.code == 0
    assert ran.out.startswith("Session 0: camera with desk\n  ✓ Nothing went wrong")
    assert "an orderly end. [frames " in ran.out


def test_writes_json_with_times(run, plain_pcap: Path, tmp_path: Path) -> None:
    found = json.loads(run("doctor", plain_pcap, "--format", "json").out)
    assert found["sessions"][0]["sayings"][-1]["time"].endswith("Z")
    assert run("doctor", plain_pcap, "-o", tmp_path / "a.json").code == 0
    assert json.loads((tmp_path / "a.json").read_text()) == found


def test_refuses_a_suffix_that_it_does_not_write(run, plain_pcap: Path, tmp_path: Path) -> None:
    ran = run("doctor", plain_pcap, "-o", tmp_path / "a.csv")
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_lets_no_control_character_from_the_wire_through(run, tmp_path: Path) -> None:
    one = talk(initiator_name="a\x1b[31mb", responder_name="c\nd").connect().init_command_request().init_fail(1).close()
    ran = run("doctor", write_pcap(tmp_path / "evil.pcap", one.packets()))
    assert "\x1b" not in ran.out
    assert "\\x1b" in ran.out
