"""What a user says of a check: waivers, thresholds, and the findings that are known already.

Reads files whole; whatever is wrong with one is said as FILE:LINE: reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..rules import CATALOGUE
from ..tomlfile import TomlFileError, line_of, read_toml

_KEYS = ("rule", "reason", "expires", "implementation", "subject")
_REQUIRED = ("rule", "reason")
_SUBJECTS = ("initiator", "responder", "both")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Findings that somebody takes responsibility for.

    ``rule`` is a glob over rule names, ``implementation`` one over the names of implementations (None: all),
    ``subject`` "initiator", "responder", or "both" for what one of both did and nobody can tell who (None: all). It
    covers what it names and nothing else: what one of two implementations did only if it names both. It holds up to and
    including the day ``expires``.
    """

    rule: str
    reason: str
    expires: date | None = None
    implementation: str | None = None
    subject: str | None = None
    line: int = 0

    def covers(self, rule: str, subject: str, implementations: Sequence[str]) -> bool:
        """Does it speak of this finding, by one of these implementations?"""
        return (
            fnmatchcase(rule, self.rule)
            and self.subject in (None, subject)
            and (self.implementation is None or all(fnmatchcase(one, self.implementation) for one in implementations))
        )

    def is_over(self, today: date) -> bool:
        """Has it expired?"""
        return self.expires is not None and today > self.expires


def waivers_of(path: Path) -> list[Waiver]:
    """The waivers of a TOML file: tables ``[[waiver]]``. Raises TomlFileError."""
    content, text = read_toml(path)
    starts = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*waiver\s*\]\]", line)]
    unknown = sorted(set(content) - {"waiver"})
    if unknown:
        raise TomlFileError(
            path, line_of(text, unknown[:1], None), f"{unknown[0]!r} is not known here; only [[waiver]]"
        )
    rows = content.get("waiver", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TomlFileError(path, line_of(text, ["waiver"], None), "waivers are written as tables [[waiver]]")
    return [
        _waiver(path, row, starts[number] if number < len(starts) else line_of(text, ["waiver"], None))
        for number, row in enumerate(rows)
    ]


def _waiver(path: Path, row: Mapping[str, Any], line: int) -> Waiver:
    def wrong(reason: str) -> TomlFileError:
        return TomlFileError(path, line, f"waiver: {reason}")

    for key in row:
        if key not in _KEYS:
            raise wrong(f"no such key: {key!r}; there are {', '.join(_KEYS)}")
    for key in _REQUIRED:
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise wrong(f"{key!r} must be a text")
    for key in ("implementation", "subject"):
        if key in row and not isinstance(row[key], str):
            raise wrong(f"{key!r} must be a text")
    if row.get("subject", "initiator") not in _SUBJECTS:
        raise wrong(f"'subject' must be one of {', '.join(_SUBJECTS)}")
    if not any(fnmatchcase(rule, row["rule"]) for rule in CATALOGUE.rules):
        raise wrong(f"no rule is called {row['rule']!r}")
    return Waiver(
        row["rule"], row["reason"], _day(row.get("expires"), wrong), row.get("implementation"), row.get("subject"), line
    )


def _day(value: Any, wrong: Any) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise wrong(f"'expires' must be a day as 2027-01-31, not {value!r}") from None
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    raise wrong("'expires' must be a day as 2027-01-31")


def thresholds_of(path: Path) -> dict[str, float]:
    """The thresholds of a TOML file, ``name = number``, also under ``[thresholds]``. Raises TomlFileError."""
    content, text = read_toml(path)
    values = (
        {**content, **content.get("thresholds", {})} if isinstance(content.get("thresholds", {}), dict) else content
    )
    values.pop("thresholds", None) if isinstance(content.get("thresholds"), dict) else None
    known = CATALOGUE.thresholds
    for name, value in values.items():
        keys = ["thresholds", name] if name not in content else [name]
        if name not in known:
            raise TomlFileError(
                path, line_of(text, keys, value), f"no threshold is called {name!r}; there are {', '.join(known)}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise TomlFileError(path, line_of(text, keys, value), f"{name} must be a number, not negative")
    return {name: float(value) for name, value in values.items()}


def baseline_of(path: Path) -> dict[str, int]:
    """By fingerprint, how many findings an earlier ``check --format json`` had. Raises TomlFileError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows: Sequence[Mapping[str, Any]] = [*content["findings"], *content.get("joined", ())]
        counts: dict[str, int] = {}
        for row in rows:
            counts[str(row["fingerprint"])] = counts.get(str(row["fingerprint"]), 0) + 1
    except OSError as error:
        raise TomlFileError(path, None, error.strerror or "can't be read") from None
    except json.JSONDecodeError as error:
        raise TomlFileError(path, error.lineno, f"is not JSON: {error.msg}") from None
    except (UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise TomlFileError(path, None, "is not what check --format json writes") from None
    return counts
