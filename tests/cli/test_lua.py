"""`lua`: where the dissector is, how it gets into the plugin folder, and whether it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.wireshark import folders


def test_says_where_the_dissector_is(run) -> None:
    ran = run("lua", "path")
    assert ran.code == 0
    assert Path(ran.out.strip()).name == "ptp_ip.lua"
    assert Path(ran.out.strip()).is_file()


def test_installs_it_with_the_names_of_the_user(run, tmp_path: Path) -> None:
    names = tmp_path / "names.toml"
    names.write_text('[canon_eos.operations]\n0x91F5 = "MadeUpHere"\n')
    ran = run("lua", "install", "--folder", tmp_path / "plugins", "--names", names)
    assert ran.code == 0, ran.err
    assert [Path(line).name for line in ran.out.split()] == ["ptp_ip.lua", "ptp_ip_facts.lua"]
    assert "MadeUpHere" in (tmp_path / "plugins" / "ptp_ip_facts.lua").read_text()


@pytest.mark.parametrize(
    ("answers", "code", "says"),
    [("ptp_ip", 0, "Our dissector"), ("ptpip", 1, "ptpip answers"), (None, 1, "no dissector")],
)
def test_says_who_answers(run, monkeypatch: pytest.MonkeyPatch, answers: str | None, code: int, says: str) -> None:
    monkeypatch.setattr(folders, "answering", lambda: answers)
    ran = run("lua", "check")
    assert ran.code == code
    assert says in ran.out


@pytest.mark.parametrize("is_root", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_says_what_helps_where_ours_does_not_answer(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_root: bool, is_there: bool
) -> None:
    monkeypatch.setattr(folders, "answering", lambda: "ptpip")
    monkeypatch.setattr(folders, "personal", lambda: tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    if is_there:
        folders.install(tmp_path)
    (line,) = run("lua", "check").out.splitlines()
    assert ("4.4 and later load no Lua script" in line) == is_root
    assert ("lua install" in line) != is_there
    assert (f"It is in {tmp_path}" in line) == is_there


def test_fails_in_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = run("lua", "check")
    assert ran.code == 2
    assert ran.err == "ptpip-analyze: tshark is not installed\n"
