"""Names from the wire become names of files that every common file system takes."""

from __future__ import annotations

import pytest

from ptpip_analyze.extract.names import MOST_BYTES, Names, parted, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("IMG_0001.JPG", "IMG_0001.JPG"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("a...b..JPG", "a.b.JPG"),
        ("a.jpg.partial", "a.jpg.partial_"),
        ("A.PARTIAL. ", "A.PARTIAL_"),
        (".partial", "partial"),
        ("y" * 172 + ".partial" + "z" * 40, "y" * 172 + ".partial_"),
        ("..", None),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\Windows\\x.exe", "C__Windows_x.exe"),
        ("a\x1b[2J\nb.jpg", "a_[2J_b.jpg"),
        ("gpj.\u202eexe", "gpj._exe"),
        ("CON.jpg", "_CON.jpg"),
        ("con .jpg", "_con .jpg"),
        ("lpt1", "_lpt1"),
        ("COM¹.txt", "_COM¹.txt"),
        ("COM10.txt", "COM10.txt"),
        ("trailing. . ", "trailing"),
        (".hidden", "hidden"),
        ("\ud83d.jpg", "_.jpg"),
        ("", None),
        ("//", None),
        (None, None),
        ("Über 📷.jpg", "Über 📷.jpg"),
        ("写真.jpg", "写真.jpg"),
    ],
)
def test_makes_names_safe(name: str | None, safe: str | None) -> None:
    assert safe_name(name) == safe


def test_keeps_the_suffix_of_a_name_that_is_too_long() -> None:
    made = safe_name("ü" * 255 + ".jpg")
    assert made is not None
    assert MOST_BYTES - 2 <= len(made.encode()) <= MOST_BYTES
    assert made.endswith("ü.jpg")


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a.tar.gz", ("a.tar", ".gz")), ("a", ("a", "")), (".a", (".a", "")), ("a." + "x" * 40, ("a." + "x" * 40, ""))],
)
def test_parts_a_name_at_its_last_dot(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts


def test_gives_each_name_once() -> None:
    names = Names(("taken.jpg",))
    asked = ("a.jpg", "A.JPG", "a.jpg", "a-2.jpg", "taken.jpg", "b", "b")
    assert [names.give(name) for name in asked] == [
        "a.jpg", "A-2.JPG", "a-3.jpg", "a-2-2.jpg", "taken-2.jpg", "b", "b-2",
    ]  # fmt: skip


def test_takes_composed_and_decomposed_letters_for_the_same() -> None:
    names = Names(("u\u0308.jpg",))
    assert names.give("ü.jpg") == "ü-2.jpg"


def test_tells_a_partial_file_from_a_complete_one_by_more_than_its_ending() -> None:
    names = Names()
    assert [names.give("a.jpg", ".partial"), names.give("a.jpg")] == ["a.jpg.partial", "a-2.jpg"]


def test_stays_quick_with_thousands_of_one_name() -> None:
    names = Names()
    assert [names.give("a.jpg") for _ in range(20_000)][-1] == "a-20000.jpg"
