"""The texts of the rules: what each demands, at which level, by which clause, and when it stays silent.

Reads ``catalogue.toml``, which ships with the package, once and only when asked; refuses to judge anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

LEVELS = ("must", "should", "may", "info")
KINDS = ("check", "classify+check", "classify", "hint", "metric")
SUBJECTS = ("initiator", "responder", "both")
FILE = Path(__file__).with_name("catalogue.toml")


class Treatment(StrEnum):
    """What a finding counts as where a deviation is recognised.

    ALLOWED: the standard leaves room for it, so nothing was broken, however strict the check. KNOWN: broken, as known
    of a maker; it does not fail a check unless that is strict. PROFILE: part of a dialect, which is recognised as a
    whole and not scored. INFO: good to know, and excuses nothing. REPORT: suspected, and confirmed by nobody; the
    finding stays a violation and names the deviation.
    """

    ALLOWED = "allowed-variant"
    KNOWN = "known-vendor-deviation"
    PROFILE = "vendor-profile"
    INFO = "info"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule as the catalogue has it.

    ``level`` and ``kind`` are of LEVELS and KINDS, ``subject`` of SUBJECTS. ``note`` is what else is to be known;
    ``undecidable`` says why no capture can decide it, and is "" for all others. ``violating`` and ``conforming`` are
    examples in the notation of the
    catalogue; ``requires`` names the preconditions, ``deviations`` what is known of makers who differ.
    """

    id: str
    title: str
    section: str
    level: str
    basis: str
    kind: str
    subject: str
    scope: str
    detect: str
    evidence: str
    false_positives: str
    silent_when: str
    requires: tuple[str, ...]
    violating: tuple[str, ...]
    conforming: tuple[str, ...]
    deviations: tuple[str, ...]
    note: str = ""
    undecidable: str = ""

    @property
    def topic(self) -> str:
        """The group it belongs to: what stands before the first hyphen."""
        return self.id.partition("-")[0]

    @property
    def clause(self) -> str:
        """Where the standard says it, each document named once: CIPA DC-X005-2005 §2.3.1, §2.3.2."""
        places: dict[str, list[str]] = {}
        for part in self.section.split("; "):
            document, _, place = part.partition(" §")
            places.setdefault(document, []).append(f"§{place}")
        return "; ".join(f"{document} {', '.join(found)}" for document, found in places.items())

    @property
    def checks(self) -> bool:
        """Can it be violated? The others name what happened, measure, or hint."""
        return self.kind in ("check", "classify+check")


@dataclass(frozen=True, slots=True)
class Deviation:
    """How a known implementation differs from the standard, and from where that is known.

    ``fingerprint`` is how it shows on the wire, in words.
    """

    id: str
    vendor: str
    what: str
    source: str
    confidence: str
    fingerprint: str
    treat_as: Treatment
    rules: tuple[str, ...]


class Catalogue:
    """All rules, known deviations, statements that no capture shows, and thresholds."""

    @cached_property
    def _read(self) -> dict[str, Any]:
        return tomllib.loads(FILE.read_text(encoding="utf-8"))

    @cached_property
    def rules(self) -> Mapping[str, Entry]:
        """By id, in the order of the catalogue."""
        return MappingProxyType({row["id"]: Entry(**_frozen(row)) for row in self._read["rule"]})

    @cached_property
    def deviations(self) -> Mapping[str, Deviation]:
        """By id."""
        return MappingProxyType({row["id"]: _deviation(row) for row in self._read["deviation"]})

    @property
    def kinds(self) -> Mapping[str, str]:
        """What each of KINDS does, in words."""
        return MappingProxyType(self._read["meta"]["kinds"])

    @property
    def preconditions(self) -> Mapping[str, str]:
        """What must hold before a rule may speak, by name."""
        return MappingProxyType(self._read["precondition"])

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The numbers that rules use unless the user has others; the last part of a name is the unit."""
        return MappingProxyType(self._read["thresholds"])

    @property
    def unobservable(self) -> tuple[Mapping[str, str], ...]:
        """Statements of the standard that leave no trace on the wire: id, section, statement, why, nearest_evidence."""
        return tuple(MappingProxyType(row) for row in self._read["unobservable"])


def _deviation(row: dict[str, Any]) -> Deviation:
    return Deviation(**_frozen({**row, "treat_as": Treatment(row["treat_as"])}))


def _frozen(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


CATALOGUE = Catalogue()
