"""The dissector gets where Wireshark looks for it, and answers there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ptpip_analyze.wireshark import folders, lua
from tests.support import program
from tests.wireshark import tshark


def test_knows_the_usual_folders() -> None:
    assert folders.personal({"HOME": "/home/ada"}, "linux") == Path("/home/ada/.local/lib/wireshark/plugins")
    assert folders.personal({"HOME": "/Users/ada"}, "darwin") == Path("/Users/ada/.local/lib/wireshark/plugins")
    assert folders.personal({"APPDATA": "C:/Ada"}, "win32") == Path("C:/Ada/Wireshark/plugins")


def test_asks_tshark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program("tshark")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(folders.personal()).startswith(str(tmp_path))


def test_installs_both_files(tmp_path: Path) -> None:
    written = folders.install(tmp_path / "new" / "plugins")
    assert [path.name for path in written] == ["ptp_ip.lua", "ptp_ip_facts.lua"]
    assert written[0].read_bytes() == (folders.source() / "ptp_ip.lua").read_bytes()
    assert written[1].read_text() == lua.text()


def test_says_what_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(folders.DissectorError, match="file"):
        folders.install(tmp_path / "file" / "plugins")


def test_answers_only_when_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program("tshark")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    assert folders.answering() == "ptpip"
    folders.install(folders.personal())
    assert folders.answering() == "ptp_ip"


def test_is_loaded_once_where_it_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folders.install(folders.personal())
    command = [
        program("tshark"),
        "-X",
        f"lua_script:{tshark.DISSECTOR}",
        "-r",
        str(tshark.ROOT / "captures" / "init-fail.pcapng"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "rror" not in done.stderr
    assert "InitCommandRequest" in done.stdout


def test_needs_tshark_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(folders.DissectorError, match="not installed"):
        folders.answering()
