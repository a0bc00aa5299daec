"""What may come next in a filter: columns, values of the column before, words that join. Plain text in, texts out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from ptpip_analyze.tables.schema import columns

_JOINING: Final = ("and", "or", "not", "in")
_OPEN_TEXT: Final = re.compile(r"(\w+)\s*(?:==|!=)\s*(\"[^\"]*)$")
_BEFORE_TEXT: Final = re.compile(r"(\w+)\s*(?:==|!=)\s*$")
_WANTS_COLUMN: Final = re.compile(r"(^|[(<>=!&|+*/-]|\b(and|or|not))\s*$")
_WORD: Final = re.compile(r"[A-Za-z_]\w*$")


def completions(text: str, table: str, texts_of: Callable[[str], list[str]]) -> list[str]:
    """The expression with its last word completed, once per way; ``texts_of(column)`` are a column's values."""
    opened = _OPEN_TEXT.search(text) or _BEFORE_TEXT.search(text)
    if opened:
        written = opened[2] if opened.re is _OPEN_TEXT else ""
        base = text[: len(text) - len(written)]
        quoted = (json.dumps(value, ensure_ascii=False) for value in texts_of(opened[1]))
        return [base + value for value in quoted if value.lower().startswith(written.lower())]
    if text.count('"') % 2:
        return []
    word = _WORD.search(text)
    if word is None:
        return []
    base = text[: word.start()]
    # Behind a value only a joining word makes sense; anywhere else a column does.
    names = [column.name for column in columns(table)] if _WANTS_COLUMN.search(base) else list(_JOINING)
    return [base + name for name in names if name.startswith(word[0]) and name != word[0]]


def equals(column: str, value: Any) -> str | None:
    """The expression that holds where a column has a value; None for values that can't be compared so."""
    if value is None:
        return f"{column}.isna()"
    if isinstance(value, bool):
        return f"{column} == {value}"
    if isinstance(value, str):
        return f"{column} == {json.dumps(value, ensure_ascii=False)}"
    return f"{column} == {value!r}" if isinstance(value, int | float) else None


def joined(before: str, more: str) -> str:
    """Both of two expressions; the first may be empty."""
    if not before.strip():
        return more
    return f"{before} and {more}" if " or " not in before and "|" not in before else f"({before}) and {more}"
