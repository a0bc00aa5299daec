"""What every command does around its subject: names, places, progress, damage."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ptpip_analyze.capture import open_capture
from ptpip_analyze.cli import work
from ptpip_analyze.cli.work import CommandError, ReaderLeft, analysed, named_format, names_in, same_file, written_to

from .conftest import program


class TestNamesIn:
    def test_takes_names_in_the_order_given(self) -> None:
        assert names_in(" b, a,", ("a", "b", "c"), "--columns", "column") == ("b", "a")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "--columns names no column"),
            (" , ", "--columns names no column"),
            ("sesion", "--columns: no such column: sesion; did you mean session?"),
            ("a,zzzz", "--columns: no such column: zzzz; there are a, session"),
            ("a,a", "--columns names the column a twice"),
        ],
    )
    def test_says_which_name_is_wrong_and_which_is_near(self, text: str, said: str) -> None:
        with pytest.raises(CommandError) as error:
            names_in(text, ("a", "session"), "--columns", "column")
        assert str(error.value) == said


class TestWrittenTo:
    def test_writes_to_stdout_without_a_file(self, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
        with written_to(None) as stream:
            stream.write(b"\x00\xff")
        assert capsysbinary.readouterr().out == b"\x00\xff"

    def test_says_in_one_line_where_it_cannot_write(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="missing"), written_to(tmp_path / "missing" / "rows.csv"):
            pass

    def test_does_not_overwrite_the_capture(self, tmp_path: Path) -> None:
        capture = tmp_path / "a.pcap"
        capture.write_bytes(b"precious")
        (tmp_path / "link").symlink_to(capture)
        with pytest.raises(CommandError, match="is the capture itself"), written_to(tmp_path / "link", [str(capture)]):
            pass
        assert capture.read_bytes() == b"precious"

    def test_tells_a_reader_that_left_from_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w", buffering=1) as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)

            def write() -> None:
                with written_to(None) as stream:
                    stream.write(b"x" * 100_000)

            with pytest.raises(ReaderLeft):
                write()
            os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


@pytest.mark.parametrize(
    ("asked", "output", "chosen"),
    [
        (None, None, "text"),
        ("json", None, "json"),
        (None, Path("a.JSON"), "json"),
        (None, Path("a.txt"), "text"),
        ("text", Path("a.json"), "text"),
        ("json", Path("a.odd"), "json"),
    ],
)
def test_takes_the_format_asked_for_or_that_of_the_suffix(asked: str | None, output: Path | None, chosen: str) -> None:
    assert named_format(asked, output, "text", {".json": "json", ".txt": "text"}) == chosen


def test_says_which_suffixes_there_are() -> None:
    with pytest.raises(CommandError, match=r"^a\.odd: --format, or a suffix of \.json, \.txt$"):
        named_format(None, Path("a.odd"), "text", {".json": "json", ".txt": "text"})


def test_knows_a_file_under_its_other_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    os.link(tmp_path / "a", tmp_path / "b")
    assert same_file(tmp_path / "b", str(tmp_path / "a"))
    assert not same_file(tmp_path / "c", str(tmp_path / "a"))
    assert not same_file(tmp_path / "a", "-")


class TestProgress:
    def clock(self, monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
        times = iter(moments)
        monkeypatch.setattr(work.time, "monotonic", lambda: next(times))

    def test_shows_nothing_before_work_has_lasted(self, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
        self.clock(monkeypatch, 0.0, 0.2, 0.4)
        report = work._Progress()
        report(1, 10)
        report(2, 10)
        report.close()
        assert capsys.readouterr().err == ""

    def test_shows_a_bar_on_stderr_once_work_lasts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[tuple[object, object]] = []

        class Bar:
            def __init__(self, *_: object, **options: object) -> None:
                assert options["console"].stderr  # type: ignore[attr-defined]

            def __enter__(self) -> Bar:
                return self

            def __exit__(self, *_: object) -> None:
                seen.append(("closed", None))

            def add_task(self, _: str) -> int:
                return 7

            def update(self, task: int, *, completed: int, total: int | None) -> None:
                assert task == 7
                seen.append((completed, total))

        monkeypatch.setattr("rich.progress.Progress", Bar)
        self.clock(monkeypatch, 0.0, 0.3, 0.6, 0.62, 0.9)
        report = work._Progress()
        for done, total in ((1, 10), (2, 10), (3, 10), (4, 0)):
            report(done, total)
        report.close()
        assert seen == [(2, 10), (4, None), ("closed", None)]

    @pytest.mark.parametrize(("wanted", "terminal"), [(False, True), (True, False)])
    def test_stays_away_when_unwanted_or_unseen(self, monkeypatch, wanted: bool, terminal: bool) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
        with work.told_progress(wanted) as report:
            assert report is None


def test_analyses_and_gives_back_what_it_opened(plain_pcap: Path) -> None:
    with analysed([str(plain_pcap)], [15740], progress=False) as analysis:
        assert analysis.arrow("sessions").num_rows == 1


def test_says_what_is_damaged_and_goes_on(tmp_path: Path, plain_pcap: Path) -> None:
    whole = plain_pcap.read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[:-7])
    ran = program("sessions", tmp_path / "cut.pcap", "--columns", "status")
    assert ran.returncode == 0
    assert ran.stdout == '{"status":"established"}\n'
    assert ran.stderr.count("\n") == 1
    assert "cut.pcap: offset " in ran.stderr
    assert "everything before it is analysed" in ran.stderr


def test_says_which_packets_nobody_can_read(tmp_path: Path, plain_pcap: Path) -> None:
    whole = plain_pcap.read_bytes()
    with open_capture(plain_pcap) as source:
        packets = sum(len(batch.link) for batch in source.batches())
    (tmp_path / "user0.pcap").write_bytes(whole[:20] + b"\x93\0\0\0" + whole[24:])  # LINKTYPE_USER0
    ran = program("transactions", tmp_path / "user0.pcap")
    said = f"ptpip-analyze: {tmp_path}/user0.pcap: {packets} packets of LINKTYPE 147 can't be read\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", said)


def test_analyses_once_what_is_named_twice_and_says_so(tmp_path: Path, plain_pcap: Path) -> None:
    again = f"{plain_pcap.parent}/./{plain_pcap.name}"
    ran = program("sessions", plain_pcap, again, plain_pcap, "--columns", "session")
    assert (ran.returncode, ran.stdout) == (0, '{"session":0}\n')
    assert ran.stderr.splitlines() == [
        f"ptpip-analyze: {again} is {plain_pcap}: it is analysed once",
        f"ptpip-analyze: {plain_pcap} is named more than once: it is analysed once",
    ]
    with plain_pcap.open("rb") as stdin:
        piped = program("sessions", "-", "-", "--columns", "session", stdin=stdin)
    said = "ptpip-analyze: - is named more than once: it is analysed once\n"
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, '{"session":0}\n', said)


def test_says_which_folders_it_did_not_look_into(tmp_path: Path, plain_pcap: Path) -> None:
    for place in (tmp_path, tmp_path / "one", tmp_path / "two", tmp_path / ".hidden"):
        place.mkdir(exist_ok=True)
        (place / "a.pcap").write_bytes(plain_pcap.read_bytes())
    ran = program("sessions", tmp_path, "--columns", "session")
    assert ran.stdout == '{"session":0}\n'
    pattern = f"{tmp_path}/**/*.pcap*"
    assert ran.stderr == f"ptpip-analyze: 2 sub-folders were not looked into; '{pattern}' finds what is there\n"
    deep = program("sessions", pattern, "--columns", "session")
    assert (deep.stdout.count("\n"), deep.stderr) == (3, "")


@pytest.mark.parametrize("content", [b"", b"\x00", b"GIF89a", b"\xd4\xc3\xb2\xa1\x02"])
def test_names_a_file_that_is_no_capture_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.pcap").write_bytes(content)
    ran = program("sessions", tmp_path / "odd.pcap")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "odd.pcap: " in ran.stderr
