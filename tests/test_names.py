"""A user's own names out of TOML files: that they are found, seen by all look-ups, and that mistakes have a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts.overlay import EMPTY, active, use
from ptpip_analyze.names import default_path, names_files, names_of, read_names, use_names
from ptpip_analyze.ptp.parameters import event_text, parameters_text
from ptpip_analyze.ptp.texts import value_text
from ptpip_analyze.tomlfile import TomlFileError

DOCS = Path(__file__).parents[1] / "docs" / "names.md"


@pytest.fixture(autouse=True)
def _built_in_names() -> Iterator[None]:
    before = use(EMPTY)
    yield
    use(before)


def written(folder: Path, text: str, name: str = "names.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def home(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "XDG_CONFIG_HOME": ""}


def test_loads_the_example_of_the_documentation(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert example
    path = written(tmp_path, example[1])
    assert use_names(path, home(tmp_path)) == [path]
    assert facts.name_of("operation", 0x9290, "sony") == "GetLensInformation"
    assert parameters_text(0x9291, [0x2A, 1, 0, 0, 0], "sony") == "SetLensMode(handle=0x2A, mode=far)"
    assert event_text(0xC2F0, [5, 0, 0], "sony") == "LensMoved(handle=0x5)"
    assert value_text(0xD2F0, 29_310, vendor="sony") == "2931 K"
    assert value_text(0xD2F1, 1, vendor="sony") == "far"
    assert value_text(0x5005, 0x8040, vendor="sony") == "candlelight"
    assert facts.name_of("property", 0x5005, "sony") == "WhiteBalance"
    assert facts.name_of("response", 0x2009) == "NoSuchObject"
    assert {row.source for row in facts.search("NoSuchObject")} == {"overlay"}


def test_documents_every_key_section_measure_and_kind() -> None:
    from ptpip_analyze.facts import overlay
    from ptpip_analyze.facts.row import PARAMETER_KINDS

    text = DOCS.read_text()
    keys = {key for allowed in overlay._KEYS.values() for key in allowed}
    for word in (*keys, *overlay.SECTIONS, *overlay._MEASURES, *PARAMETER_KINDS):
        assert f"`{word}`" in text, word


def test_looks_where_xdg_says() -> None:
    assert default_path({"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/etc/xdg/ptpip-analyze/names.toml")
    assert default_path({"HOME": "/home/ann"}) == Path("/home/ann/.config/ptpip-analyze/names.toml")
    assert default_path({"HOME": "/home/ann", "XDG_CONFIG_HOME": ""}) == default_path({"HOME": "/home/ann"})
    assert default_path({"HOME": "/home/ann", "XDG_CONFIG_HOME": "rel"}) == default_path({"HOME": "/home/ann"})


def test_takes_the_users_file_by_itself_and_another_on_top(tmp_path: Path) -> None:
    own = written(tmp_path, '[sony.operations]\n0x9290 = "Old"\n0x9291 = "Kept"\n', "ptpip-analyze/names.toml")
    more = written(tmp_path, '[sony.operations]\n0x9290 = "New"\n', "more.toml")
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert use_names(environ=environ) == [own]
    assert facts.name_of("operation", 0x9290, "sony") == "Old"
    assert use_names(str(more), environ) == [own, more]
    assert [facts.name_of("operation", code, "sony") for code in (0x9290, 0x9291)] == ["New", "Kept"]


def test_needs_no_file_at_all(tmp_path: Path) -> None:
    use_names(written(tmp_path, '[ptp.operations]\n0x1009 = "Mine"\n'), home(tmp_path))
    assert use_names(environ=home(tmp_path)) == []
    assert facts.name_of("operation", 0x1009) == "GetObject"


def test_takes_an_empty_file(tmp_path: Path) -> None:
    use_names(written(tmp_path, "# nothing yet\n"), home(tmp_path))
    assert facts.name_of("operation", 0x1009) == "GetObject"


def test_changes_nothing_when_one_of_the_files_is_bad(tmp_path: Path) -> None:
    written(tmp_path, '[ptp.operations]\n0x1009 = "Mine"\n', "ptpip-analyze/names.toml")
    bad = written(tmp_path, "[cannon.operations]\n", "bad.toml")
    before = active()
    with pytest.raises(TomlFileError):
        use_names(bad, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert active() is before
    assert facts.name_of("operation", 0x1009) == "GetObject"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[sony.operations]\n0x9290 "X"\n', 2, "Expected '=' after a key in a key/value pair"),
        ('[sony.operations]\n\n0x9290 = "X', 3, ""),
        ("a = 1\na = 2\n", 2, "Cannot overwrite a value"),
        ("# mine\n\n[cannon.operations]\n", 3, "no vendor is called 'cannon'"),
        ("sony = 5\n", 1, "sony is not a table"),
        ('[sony.operation]\n0x9290 = "X"\n', 1, "no section is called 'operation'"),
        ('[sony.events]\n0xC201 = "X"\n[sony.operations]\nGetIt = "0x9290"\n', 4, "'GetIt' is not a code"),
        ('[sony.operations]\n0x9290 = "X"\n\n37520 = "Y"\n', 4, "37520 is the same code as 0x9290"),
        ('[sony.operations]\n0x9290 = "X"\n0x9291 = 7\n', 3, "sony.operations.0x9291 is not a name or a table"),
        ('[sony.operations]\n0x9291 = { nam = "X" }\n', 2, "'nam'"),
        ('[sony.operations.0x9291]\nname = "X"\ndata = "up"\n', 3, "'up' is none of in, out, none"),
        ('[sony.operations.0x9291]\nname = "X"\nrequest = [\n  "A:handle",\n  "B:hand",\n]\n', 5, "called 'hand'"),
        ('[sony.operations.0x9291]\nnote = "X"\n', 1, "has no name"),
        ('sony.operations.0x9291 = "X"\nsony.operations.0x9292 = ""\n', 2, "printable"),
        ('[sony]\noperations = { 0x9291 = "X", 0x9292 = 5 }\n', 2, "0x9292 is not a name or a table"),
        ('[sony.properties.0xD2F0]\nname = "X"\n[sony.properties.0xD2F0.values]\n0 = "a"\n1 = 2\n', 5, "printable"),
        ('[sony.properties."0xD2F0"]\nmeasure = "furlongs"\n', 2, "'furlongs'"),
        ("[sony.properties]\n0xD2F0 = { measure = 'ev', per = 0 }\n", 2, "per is 0"),
        (
            '[ptp.operations]\n0x1009 = "X"\n[nikon.operations]\n0x9000 = "X"\n0x1009 = 5\n',
            5,
            "nikon.operations.0x1009",
        ),
    ],
)
def test_says_in_one_line_what_is_wrong_and_where(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TomlFileError) as caught:
        read_names(path)
    assert (caught.value.line, caught.value.path) == (line, path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_says_the_line_of_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_bytes(b"# one\n# two\n# caf\xe9\n")
    with pytest.raises(TomlFileError, match=r"names\.toml:3: is not UTF-8 text"):
        read_names(path)


def test_takes_the_line_ends_and_the_mark_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_bytes(b'\xef\xbb\xbf[sony.operations]\r\n0x9290 = "X"\r\n')
    assert [row.name for row in read_names(path).codes] == ["X"]


def test_says_so_when_there_is_no_file_to_read(tmp_path: Path) -> None:
    with pytest.raises(TomlFileError, match=r"absent\.toml: No such file") as caught:
        read_names(tmp_path / "absent.toml")
    assert caught.value.line is None
    with pytest.raises(TomlFileError, match="directory"):
        read_names(tmp_path)


def test_survives_tables_nested_without_end(tmp_path: Path) -> None:
    with pytest.raises(TomlFileError):
        read_names(written(tmp_path, "a = " + "[" * 100_000))


def test_tells_which_files_it_reads_the_later_on_top(tmp_path: Path) -> None:
    usual = written(tmp_path, "", ".config/ptpip-analyze/names.toml")
    assert names_files(None, home(tmp_path)) == [usual]
    assert names_files("mine.toml", home(tmp_path)) == [usual, Path("mine.toml")]
    assert names_files(None, home(tmp_path / "elsewhere")) == []


def test_puts_the_texts_of_files_in_force_for_a_while() -> None:
    texts = ('[ptp.operations]\n0x1002 = "One"\n0x1003 = "Two"\n', '[ptp.operations]\n0x1003 = "Three"\n')
    with names_of(texts):
        assert [facts.name_of("operation", code, None) for code in (0x1002, 0x1003)] == ["One", "Three"]
    assert facts.name_of("operation", 0x1002, None) == "OpenSession"
    with pytest.raises(ZeroDivisionError), names_of(texts):
        raise ZeroDivisionError
    assert active() is EMPTY
