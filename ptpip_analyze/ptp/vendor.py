"""Whose camera it is: the vendor whose code tables name what the standards leave to vendors.

Promises that a vendor is given only where the clues together leave little doubt, and that every clue is kept; refuses
to go by VendorExtensionID alone, which Canon, Nikon and Fujifilm fill with Microsoft's. A wrong vendor would give wrong
names to everything, none leaves numbers that say what they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from ..facts import VENDORS, names_of, vendors
from ..facts.lookup import VENDOR_RANGES
from ..facts.makers import MAKERS, PORTS, SHORT_PREFIX, TELLING_PREFIX, Maker
from ..facts.named import VENDOR_OPERATIONS
from .camera import DeviceInfo

ENOUGH = 4
"""Weight that the clues of a maker need together."""

# What a clue weighs. A maker's own word is enough; a name that anybody may set, a port or an extension ID are not, and
# neither are they together.
_DIALECT, _MANUFACTURER, _MODEL, _TEXT = 10, 10, 4, 3
_SHORT_MODEL = 2  # with a friendly name that begins alike still no proof
_ONLY_ONE, _FEW, _ALL_NAMED = 2, 1, 2
_NAME, _PORT, _EXTENSION = 1, 1, 1
_STRANGER = 6  # a manufacturer that is none of these
_MOST_OF_CODES = 6  # what the codes of one kind may weigh, however many there are
_LEAST_PROPERTIES = 3
_LONGEST_TEXT = 40

# Makers whose own codes were never seen over PTP-IP: a code that they share tells less, but still something.
_ELSEWHERE = frozenset(
    ("android", "casio", "chdk", "gphoto", "kodak", "leica", "microsoft", "parrot", "samsung", "sigma")
)
_KINDS = ("operation", "event", "property")


class Clue(NamedTuple):
    """A piece of evidence for a vendor."""

    vendor: str | None  # the maker's usual vendor; None: for a maker that the facts don't know
    weight: int
    says: str
    message: int | None = None  # row of the message columns that it was read from


class Seen(NamedTuple):
    """What a session showed. Codes are given with the row of the first message that had them.

    ``operations`` are the requests that were not ``refused`` as unsupported, ``properties`` those asked for or set by
    standard operations, ``events`` those of the event connection; of all, those outside the standards are enough.
    """

    device: DeviceInfo | None = None
    device_message: int | None = None
    operations: Mapping[int, int] = {}
    events: Mapping[int, int] = {}
    properties: Mapping[int, int] = {}
    name: str | None = None  # the responder's friendly name
    name_message: int | None = None
    refused: Mapping[int, int] = {}
    port: int | None = None
    dialect: str | None = None


def checked(name: str | None) -> str | None:
    """A vendor's name as the user gave it. ValueError, which lists the known ones, for a name that is none."""
    if name is not None and name not in VENDORS:
        raise ValueError(f"no vendor is called {name}; known are {', '.join(VENDORS)}")
    return name


def clues(seen: Seen) -> list[Clue]:
    """The evidence of one session, the heaviest first."""
    found = [*_dialect_clues(seen), *_name_clues(seen)]
    if seen.device is not None:
        found += _device_clues(seen.device, seen.device_message)
        told = (seen.device.operations, seen.device.events, seen.device.properties)
        for kind, codes in zip(_KINDS, told, strict=True):
            found += _code_clues(kind, dict.fromkeys(codes, seen.device_message), "listed in DeviceInfo")
    # An initiator that asks for what the camera lacks knows its maker, if the camera answers others of these at all.
    found += _code_clues("operation", {**seen.refused, **seen.operations} if seen.operations else {}, "requested")
    found += _code_clues("event", seen.events, "sent")
    found += _code_clues("property", seen.properties, "asked for")
    return sorted(found, key=lambda clue: -clue.weight)


def decide(evidence: Sequence[Clue], operations: Collection[int] = (), model: str | None = None) -> str | None:
    """The vendor that the evidence is for; None where it is too little, or nearly as much for another.

    ``operations`` are those that the camera lists or answered; they and ``model`` tell a maker's vendors apart.
    """
    ranked = _ranked(evidence)
    if not ranked or ranked[0][0] is None or ranked[0][1] < ENOUGH:
        return None
    if len(ranked) > 1 and ranked[0][1] < 2 * ranked[1][1]:
        return None
    maker = next(maker for maker in MAKERS if maker.vendors[0] == ranked[0][0])
    if (model or "").lower().startswith("dsc-qx"):  # Sony's lens cameras list no operations of their own
        return "sony_qx"
    named = {vendor: len(_codes_of("operation", vendor) & set(operations)) for vendor in maker.vendors}
    return max(maker.vendors, key=lambda vendor: named[vendor])  # of equals the usual one


def told(evidence: Sequence[Clue], vendor: str | None) -> str | None:
    """The evidence as one sentence; None where there is none."""
    ranked = _ranked(evidence)
    if not ranked:
        return None
    first = ranked[0][0]
    said = "; ".join(clue.says for clue in evidence if clue.vendor == first)
    others = [
        f"{other or 'a maker unknown here'}: {'; '.join(clue.says for clue in evidence if clue.vendor == other)}"
        for other, _ in ranked[1:]
    ]
    against = f" (against that, {' · '.join(others)})" if others else ""
    if vendor is not None:
        return said + against
    if first is None:
        return said + against
    if ranked[0][1] < ENOUGH:
        return f"too little for {first}: {said}{against}"
    return f"contradictory: {first}: {said}{against}"


def _ranked(evidence: Sequence[Clue]) -> list[tuple[str | None, int]]:
    """The sum of weights by vendor, the largest first."""
    sums: dict[str | None, int] = {}
    for clue in evidence:
        sums[clue.vendor] = sums.get(clue.vendor, 0) + clue.weight
    return sorted(sums.items(), key=lambda item: -item[1])


def _dialect_clues(seen: Seen) -> Iterator[Clue]:
    if seen.dialect == "fuji":
        yield Clue("fuji", _DIALECT, "speaks Fujifilm's dialect")
    if seen.port in PORTS:
        yield Clue(PORTS[seen.port], _PORT, f"listens on port {seen.port}")


def _name_clues(seen: Seen) -> Iterator[Clue]:
    name = (seen.name or "").lower()
    for maker in MAKERS:
        if any(len(prefix) >= SHORT_PREFIX and name.startswith(prefix) for prefix in maker.models):
            yield Clue(maker.vendors[0], _NAME, f"is named {_quoted(seen.name)}", seen.name_message)
            return


def _device_clues(device: DeviceInfo, message: int | None) -> Iterator[Clue]:
    maker = _maker_in(device.manufacturer)
    model = (device.model or "").lower()
    if (
        maker is not None
        and maker.others
        and not (device.extension in maker.extensions or any(prefix in model for prefix in maker.models))
    ):
        says = f"manufacturer {_quoted(device.manufacturer)}, of whose other cameras no codes are known"
        yield Clue(None, _STRANGER, says, message)
    elif maker is not None:
        yield Clue(maker.vendors[0], _MANUFACTURER, f"manufacturer {_quoted(device.manufacturer)}", message)
    elif device.manufacturer:
        says = f"manufacturer {_quoted(device.manufacturer)}, of whom no codes are known"
        yield Clue(None, _STRANGER, says, message)
    for other in MAKERS:
        known = maker is None or other is maker  # short model names are common: between makers the manufacturer tells
        begins = max((len(prefix) for prefix in other.models if model.startswith(prefix)), default=0)
        if known and begins:
            weight = _MODEL if maker is not None or begins >= TELLING_PREFIX else _SHORT_MODEL
            yield Clue(other.vendors[0], weight, f"model {_quoted(device.model)}", message)
            break
    text = _maker_in(device.extension_text)
    if text is not None and not text.others:
        yield Clue(text.vendors[0], _TEXT, f"extension {_quoted(device.extension_text)}", message)
    for other in MAKERS:
        if device.extension in other.extensions:
            yield Clue(other.vendors[0], _EXTENSION, f"VendorExtensionID 0x{device.extension:X}", message)


def _maker_in(text: str | None) -> Maker | None:
    """The maker that a text names as a word."""
    words = (text or "").lower()
    for maker in MAKERS:
        if any(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", words) for word in maker.manufacturers):
            return maker
    return None


def _code_clues(kind: str, codes: Mapping[int, int | None], how: str) -> Iterator[Clue]:
    """What codes outside the standards tell: those of one maker, and the makers that name them all."""
    own = [code for code in codes if code >= VENDOR_OPERATIONS]
    if not own:
        return
    owners = {code: owners_of(kind).get(code, frozenset()) for code in own}
    for maker in MAKERS:
        file = vendors.MODULES[maker.vendors[0]]
        alone = [code for code in own if owners[code] == {file}]
        few = [code for code in own if owners[code] - _ELSEWHERE == {file} and code not in alone]
        weight = min(_ONLY_ONE * len(alone) + _FEW * len(few), _MOST_OF_CODES)
        if kind == "property":  # real cameras list one or two that the tables know of another maker only
            weight = 0 if len(alone) < _LEAST_PROPERTIES else weight // 2
        shared = [owner for code in own if (owner := owners[code])]
        if kind == "operation" and len(shared) > 1 and frozenset.intersection(*shared) == {file}:
            weight += _ALL_NAMED
        if not alone:  # any maker may have chosen the same numbers once more
            weight = min(weight, ENOUGH - 1)
        if weight:
            listed = sorted([*alone, *few]) or sorted(own)
            yield Clue(maker.vendors[0], weight, _says(kind, listed, maker, how), codes[listed[0]])


def _says(kind: str, codes: Sequence[int], maker: Maker, how: str) -> str:
    kinds = {"operation": "operations", "event": "events", "property": "properties"}
    which = f"{kind} 0x{codes[0]:04X}" if len(codes) == 1 else f"{len(codes)} {kinds[kind]} from 0x{codes[0]:04X} on"
    return f"{which} {how}, as of {maker.manufacturers[0]}"


@cache
def owners_of(kind: str) -> dict[int, frozenset[str]]:
    """By code outside the standards, the files of makers that name it. The user's own names prove nothing here."""
    found: dict[int, set[str]] = {}
    for vendor, file in vendors.MODULES.items():
        for code in _codes_of(kind, vendor):
            found.setdefault(code, set()).add(file)
    for code in names_of(kind):  # MTP's extensions: any camera may have them
        if code not in VENDOR_RANGES[kind]:
            found.pop(code, None)
    return {code: frozenset(files) for code, files in found.items()}


@cache
def _codes_of(kind: str, vendor: str) -> frozenset[int]:
    return frozenset(row.code for row in vendors.rows(vendor) if row.kind == kind)


def _quoted(text: str | None) -> str:
    text = text or ""
    return f'"{text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"}"'
