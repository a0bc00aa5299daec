"""Which captures are meant, each by one absolute name."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from ptpip_analyze import CaptureError
from ptpip_analyze.fleet.inputs import named
from tests.traffic import capture, pcap_bytes, write_pcap


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.pcap", "a.pcap", "deep/a.pcap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_pcap(tmp_path / name, capture("plain"))
    return tmp_path


def test_names_captures_absolutely_and_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert named(["b.pcap", "a.pcap"]) == [str(folder / "a.pcap"), str(folder / "b.pcap")]
    assert named(["**/*.pcap"]) == [str(folder / name) for name in ("a.pcap", "b.pcap", "deep/a.pcap")]


def test_names_each_capture_once(folder: Path) -> None:
    assert named([str(folder), str(folder / "a.pcap"), str(folder / "deep" / ".." / "a.pcap")]) == named([str(folder)])


def test_names_a_file_by_its_shortest_name_in_a_loop_of_links(folder: Path) -> None:
    (folder / "deep" / "up").symlink_to("..")
    (folder / "c.pcap").symlink_to("a.pcap")
    (folder / "gone.pcap").symlink_to("/no/such/file")
    found = [name for name in named([str(folder / "**" / "*.pcap")]) if name.count("/up") < 30]
    assert found == [str(folder / name) for name in ("a.pcap", "b.pcap", "deep/a.pcap", "gone.pcap")]


def test_finds_captures_behind_an_address() -> None:
    files = fsspec.filesystem("memory")
    for name in ("/in/a.pcap", "/in/deep/b.pcap", "/in/notes.txt", "/in/.c.pcap"):
        files.pipe(name, pcap_bytes(capture("plain")))
    assert named(["memory://in"]) == ["memory:///in/a.pcap"]
    assert named(["memory://in/**/*.pcap"]) == [
        "memory:///in/.c.pcap",
        "memory:///in/a.pcap",
        "memory:///in/deep/b.pcap",
    ]
    assert named(["memory://in/notes.txt"]) == ["memory:///in/notes.txt"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("-", "standard input has no name"),
        ("/no/such/file", "no such file"),
        ("memory://nothing", "no such file"),
        ("memory://nothing/*.pcap", "no capture matches"),
    ],
)
def test_says_behind_which_name_there_is_nothing(name: str, said: str) -> None:
    with pytest.raises(CaptureError, match=said):
        named([name])


def test_knows_a_file_by_its_path_also_behind_an_address(folder: Path) -> None:
    assert named([f"file://{folder}/a.pcap"]) == [str(folder / "a.pcap")]


def test_says_what_a_library_behind_a_file_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_key(*_: object) -> bool:
        raise LookupError("no credentials")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "isdir", no_key)
    with pytest.raises(CaptureError, match=r"^memory://in: LookupError: no credentials$"):
        named(["memory://in"])
