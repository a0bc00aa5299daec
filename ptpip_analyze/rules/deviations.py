"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from collections.abc import Callable

from .announced import greets_in_8_bits, station_of
from .catalogue import CATALOGUE
from .evidence import Evidence
from .rule import RESPONDER, Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


@fingerprint("dev-nikon-wu1-guid")
def nikon_wu1_guid(seen: Evidence, finding: Finding) -> bool:
    """The placeholder, from a responder that is Nikon's by what it says and does."""
    said = None if finding.row is None else seen.greeting(finding.row)
    is_nikon = finding.session >= 0 and seen.vendors[finding.session] == "nikon"
    return finding.side == RESPONDER and is_nikon and str(said and said["guid"]).startswith("0011223344556677")


@fingerprint("dev-canon-guid-mac")
def canon_guid_mac(seen: Evidence, finding: Finding) -> bool:
    """A GUID that ends in the Ethernet address of its packets."""
    said = None if finding.row is None else seen.greeting(finding.row)
    station = station_of(seen, seen.cases[finding.session], finding.side)
    return station != 0 and str(said and said["guid"]).endswith(f"{station:012x}")


@fingerprint("dev-mmattes-init")
def mmattes_init(seen: Evidence, finding: Finding) -> bool:
    """A request that ends with a name of 8 bits for each letter and one NUL byte."""
    return finding.row is not None and greets_in_8_bits(seen.greetings.get(finding.row, b""))


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
