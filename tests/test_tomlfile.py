"""Files in TOML: what is wrong with one has a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tomlfile import TomlFileError, line_of, read_toml


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_reads_what_a_file_holds(tmp_path: Path) -> None:
    assert read_toml(written(tmp_path, 'a = 1\n[b]\nc = "d"\n'))[0] == {"a": 1, "b": {"c": "d"}}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = = 2\n", 2), ("a = 1\n\n[b\n", 3), ("a = 1\na = 2\n", 2), (b"a = 1\nb = '\xff'\n", 2)],
)
def test_says_the_line_of_what_is_no_toml(tmp_path: Path, text: str | bytes, line: int) -> None:
    with pytest.raises(TomlFileError) as caught:
        read_toml(written(tmp_path, text))
    assert caught.value.line == line
    assert f"file.toml:{line}: " in str(caught.value)


def test_says_what_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(TomlFileError, match=r"absent\.toml: No such file") as caught:
        read_toml(tmp_path / "absent.toml")
    assert caught.value.line is None


def test_finds_the_line_of_a_key_in_the_right_table() -> None:
    text = "[a]\nx = 1\n\n[b]\nx = 2\n"
    assert [line_of(text, keys, None) for keys in (("a", "x"), ("b", "x"), ("b",))] == [2, 5, 4]
