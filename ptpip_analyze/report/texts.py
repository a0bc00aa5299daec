"""Texts for the page: how they leave, how long they may be, what an anchor is made of.

Promises that what was on the wire leaves as text alone: every control character escaped, no markup, no end of a script.
Refuses to let anything from the wire into an anchor but letters, digits, dots and hyphens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from markupsafe import Markup

from ptpip_analyze.describe import safe_text

LONGEST: Final = 240
"""Characters of one text from the wire; what is longer ends in … and says how much there was."""

LONGEST_OF_OURS: Final = 4000
"""Characters of one text of our own."""

_ISLAND: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def clipped(text: str, most: int = LONGEST) -> str:
    """A text of bounded length with nothing in it that acts."""
    safe = safe_text(text[: 4 * most])
    if len(text) <= most and len(safe) <= 2 * most:
        return safe
    return f"{safe[:most]}… ({len(text):,} characters)"


def finalized(value: Any) -> Any:
    """What a template prints: every text goes through the one exit; "" for what there is not."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return clipped(value, LONGEST_OF_OURS)
    return value


def island(document: Any) -> Markup:
    """A document as JSON for a script element that is only read: nothing in it can end the element, or begin one."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for letter, escape in _ISLAND.items():
        text = text.replace(letter, escape)
    return Markup(text)


class Anchors:
    """Names of places on the page, each given once: the second one of a name becomes name-2."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def give(self, *parts: object) -> str:
        """The anchor of some words and numbers."""
        name = anchor(*parts)
        count = self._given[name] = self._given.get(name, 0) + 1
        if count == 1:
            return name
        return self.give(f"{name}-{count}")


def anchor(*parts: object) -> str:
    """Words and numbers as one anchor: rule-txid-start-frame-12."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(map(str, parts))).strip("-")[:120] or "place"


def listed(frames: Sequence[int] | None, most: int = 6) -> tuple[list[int], int]:
    """The first few frame numbers, and how many more there are."""
    given = list(frames or ())
    return given[:most], max(len(given) - most, 0)
