"""Texts of the page: nothing acts, everything is bounded, anchors are plain."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from ptpip_analyze.describe import safe_text
from ptpip_analyze.report.texts import LONGEST, Anchors, anchor, clipped, finalized, island, listed

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.sampled_from(
    ["</script>", "<!--", "]]>", "\u2028", "\ud800", "&lt;"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(anything))
def test_lets_nothing_out_of_an_island(texts: list[str]) -> None:
    written = str(island({"texts": texts}))
    assert not re.search("[<>&\u2028\u2029]", written)
    assert written.isascii()
    assert json.loads(written)["texts"] == texts


@settings(max_examples=200, deadline=None)
@given(anything)
def test_prints_one_line_without_controls(text: str) -> None:
    said = finalized(text)
    assert safe_text(said) == said
    assert said.encode() or not text


def test_says_how_long_a_text_is_that_it_clips() -> None:
    said = clipped("x" * 5000)
    assert said == "x" * LONGEST + "… (5,000 characters)"
    assert clipped("x" * LONGEST) == "x" * LONGEST
    assert len(clipped("\x00" * 5000)) < 2 * LONGEST


def test_leaves_markup_of_our_own_and_numbers_alone() -> None:
    assert finalized(Markup("<b>")) == Markup("<b>")
    assert finalized(None) == ""
    assert finalized(7) == 7


@given(st.lists(anything, min_size=1, max_size=4))
def test_makes_anchors_of_letters_digits_dots_and_hyphens(parts: list[str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9.-]*", anchor(*parts))


def test_gives_each_anchor_once() -> None:
    anchors = Anchors()
    given = [anchors.give("rule", "a"), anchors.give("rule", "a"), anchors.give("rule-a", 2), anchors.give("rule", "a")]
    assert given[:2] == ["rule-a", "rule-a-2"]
    assert len(set(given)) == 4


def test_lists_the_first_frames_and_counts_the_others() -> None:
    assert listed([1, 2, 3], 2) == ([1, 2], 1)
    assert listed(None) == ([], 0)
