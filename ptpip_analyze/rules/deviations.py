"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from collections.abc import Callable

from .catalogue import CATALOGUE
from .evidence import Evidence
from .rule import Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


def excuse(seen: Evidence, rulings: dict[str, Ruling]) -> None:
    """Mark the violations that are known deviations."""
    for deviation in CATALOGUE.deviations.values():
        recognise = FINGERPRINTS.get(deviation.id)
        if recognise is None:
            continue
        for rule in deviation.rules:
            for finding in rulings[rule].findings if rule in rulings else ():
                if finding.verdict is Verdict.VIOLATION and recognise(seen, finding):
                    finding.verdict, finding.deviation = Verdict.DEVIATION, deviation.id
