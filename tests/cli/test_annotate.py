"""`annotate`: a copy with comments."""

from __future__ import annotations

from pathlib import Path


def test_saves_a_copy_with_comments(run, plain_pcap: Path, tmp_path: Path) -> None:
    ran = run("annotate", plain_pcap, "-o", tmp_path / "out.pcapng")
    assert ran.code == 0
    assert "with a comment" in ran.err
    written = (tmp_path / "out.pcapng").read_bytes()
    assert b"#1 GetDeviceInfo()" in written
    assert b"#1 OK after " in written


def test_writes_pcapng_only(run, plain_pcap: Path, tmp_path: Path) -> None:
    ran = run("annotate", plain_pcap, "-o", tmp_path / "out.pcap")
    assert ran.code == 2
    assert "must end in .pcapng" in ran.err


def test_never_overwrites_the_capture(run, tmp_path: Path, plain_pcap: Path) -> None:
    mine = tmp_path / "mine.pcapng"
    mine.write_bytes(plain_pcap.read_bytes())
    assert run("annotate", mine, "-o", mine).code == 2
    assert mine.read_bytes() == plain_pcap.read_bytes()
