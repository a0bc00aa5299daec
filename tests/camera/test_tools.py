"""Twin of ``tools``: what does not need gphoto2 or dumpcap; ``tests/test_live.py`` runs both."""

import stat

import pytest

from . import tools


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH with only what is put there; the given shell script under a program's name."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name, script):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return put


def test_says_which_program_is_missing(programs):
    with pytest.raises(tools.MissingProgram, match="gphoto2 is not installed"):
        tools.require("gphoto2")


def test_gives_gphoto2_a_home_and_a_guid_of_its_own(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "kept from it")
    programs("gphoto2", 'echo "$HOME|$SECRET|$*"; exit 3')
    ran = tools.Gphoto2("127.0.0.9", tmp_path / "home").run("--summary")
    assert (ran.returncode, ran.stdout) == (3, f"{tmp_path / 'home'}||--port ptpip:127.0.0.9 --summary\n")
    settings = (tmp_path / "home/.gphoto/settings").read_text()
    assert settings == "ptp2_ip=guid=47:50:48:4f:54:4f:32:20:4f:4e:20:4c:49:4e:55:58\n"


def test_says_why_dumpcap_did_not_start(programs, tmp_path):
    programs("dumpcap", "echo 'There is no device named nowhere' >&2; exit 1")
    with (
        pytest.raises(RuntimeError, match="no device named nowhere"),
        tools.Recording(tmp_path / "x.pcapng", interface="nowhere"),
    ):
        pass


def test_tells_a_missing_permission_from_other_failures(programs, tmp_path):
    programs("dumpcap", 'echo "You don\'t have permission to capture on that device" >&2; exit 1')
    with pytest.raises(PermissionError), tools.Recording(tmp_path / "x.pcapng"):
        pass


def test_asks_dumpcap_for_the_format_the_name_tells(programs, tmp_path):
    programs("dumpcap", "")
    as_pcap = tools.Recording(tmp_path / "x.pcap", snaplen=96).command
    assert as_pcap[-3:] == ["-P", "-s", "96"]
    assert "-P" not in tools.Recording(tmp_path / "x.pcapng").command


def test_notices_a_dumpcap_that_fails_on_the_way(programs, tmp_path):
    (tmp_path / "x.pcapng").write_bytes(b"")
    programs("dumpcap", "echo 'File: x' >&2; exit 2")
    with pytest.raises(RuntimeError, match="status 2"), tools.Recording(tmp_path / "x.pcapng"):
        pass
