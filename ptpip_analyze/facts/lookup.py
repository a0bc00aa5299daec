"""Look-ups over the code tables. Promises the same name for a code everywhere, and 0x9123 for one that has none;
refuses kinds and vendors that don't exist (KeyError), because a typing error isn't an unknown code.

What a user's overlay (``overlay``) names is seen by every look-up here from the moment it is put in force. Tables are
kept per overlay, so that no table ever mixes two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from . import vendors
from .codes import EVENTS, FORMATS, OTHERS, RESPONSES
from .containers import CONTAINERS, Container
from .named import VENDOR_OPERATIONS
from .operations import OPERATIONS
from .overlay import Overlay, active, layered
from .packets import MESSAGES, Message
from .properties import OBJECT_PROPERTIES, PROPERTIES
from .row import Code, Event, Operation

Row = Code | Container | Event | Operation | Message

STANDARDS = ("ptp", "mtp")
VENDORS = (*STANDARDS, *vendors.MODULES)

KINDS = (
    "access", "association", "chdk_command", "dataphase", "datatype", "event", "filesystem", "form_flag", "format",
    "fuji_camera_state", "fuji_client_state", "get_set", "init_fail", "message", "object_form_flag", "object_property",
    "operation", "property", "protection", "protocol_version", "response", "storage_type", "usb_class_request",
    "usb_container_type", "vendor_extension", "wildcard",
)  # fmt: skip

# Codes that PIMA 15740 leaves to makers and MTP 1.1 doesn't claim. The MTP extensions that live here anyway (services,
# DRM) are Microsoft's: with another vendor's camera, the number means something else.
VENDOR_RANGES: Mapping[str, range] = MappingProxyType({
    "operation": range(VENDOR_OPERATIONS, 0x9800),
    "response": range(0xA000, 0xA800),
    "format": range(0xB000, 0xB800),
    "event": range(0xC000, 0xC800),
    "property": range(0xD000, 0xD400),
})  # fmt: skip

_STANDARD_ROWS: tuple[Row, ...] = (
    *MESSAGES.values(), *OPERATIONS, *RESPONSES, *EVENTS, *FORMATS, *PROPERTIES, *OBJECT_PROPERTIES, *OTHERS,
)  # fmt: skip


# More than there are kinds of all vendors: tables are made once per overlay, and go when overlays have changed often.
_TABLES = 2048


def rows(vendor: str) -> tuple[Row, ...]:
    """All rows of one vendor ("ptp" and "mtp" are the standards); KeyError for a vendor that doesn't exist."""
    return _rows(vendor, active())


@lru_cache(maxsize=_TABLES)
def _rows(vendor: str, overlay: Overlay) -> tuple[Row, ...]:
    if vendor in STANDARDS:
        return layered(overlay, vendor, tuple(row for row in _STANDARD_ROWS if row.vendor == vendor))
    dialect = tuple(row for row in CONTAINERS.values() if row.vendor == vendor)
    return layered(overlay, vendor, vendors.rows(vendor) + dialect)


@lru_cache(maxsize=_TABLES)
def _own(kind: str, vendor: str, overlay: Overlay) -> Mapping[int, Row]:
    """Rows of one vendor and kind by code; of aliases the first, which is the usual name."""
    return MappingProxyType({row.code: row for row in reversed(_rows(vendor, overlay)) if row.kind == kind})


def table(kind: str, vendor: str | None = None) -> Mapping[int, Row]:
    """All rows of a kind by code as seen with a vendor's camera: its own rows, else its relatives', else PTP's, else
    MTP's. Relatives (``vendors.FAMILIES``) are what the maker's other cameras answer.

    Without a vendor: PTP's, else MTP's. MTP rows inside ``VENDOR_RANGES`` stay out unless the vendor is a standard or
    Microsoft: of an unknown camera, the number may mean anything. KeyError for a kind or vendor that doesn't exist.
    """
    return _table(kind, vendor, active())


@lru_cache(maxsize=_TABLES)
def _table(kind: str, vendor: str | None, overlay: Overlay) -> Mapping[int, Row]:
    if kind not in KINDS:
        raise KeyError(f"no kind of code is called {kind!r}")
    makers = VENDOR_RANGES.get(kind, ()) if vendor not in ("microsoft", *STANDARDS) else ()
    merged = {code: row for code, row in _own(kind, "mtp", overlay).items() if code not in makers}
    merged.update(_own(kind, "ptp", overlay))
    if vendor is not None:
        for own in reversed(vendors.FAMILIES.get(vendor, (vendor,))):
            merged.update(_own(kind, own, overlay))
    return MappingProxyType(dict(sorted(merged.items())))


def names_of(kind: str, vendor: str | None = None) -> Mapping[int, str]:
    """Names by code, as ``table``."""
    return _names(kind, vendor, active())


@lru_cache(maxsize=_TABLES)
def _names(kind: str, vendor: str | None, overlay: Overlay) -> Mapping[int, str]:
    return MappingProxyType({code: row.name for code, row in _table(kind, vendor, overlay).items()})


def row_of(kind: str, code: int, vendor: str | None = None) -> Row | None:
    """The row that names a code, as ``table``; None when nothing names it."""
    return table(kind, vendor).get(code)


def name_of(kind: str, code: int, vendor: str | None = None) -> str:
    """The name of a code, as ``table``; ``0x9123`` (at least four upper-case digits) when nothing names it."""
    return names_of(kind, vendor).get(code) or f"0x{code:04X}"


def all_rows() -> Iterator[Row]:
    """Every row of every vendor, the standards first. Reads all makers' files."""
    for vendor in VENDORS:
        yield from rows(vendor)


def search(text: str) -> list[Row]:
    """Rows of all vendors whose name contains ``text`` in any case, or whose code it is (0x1009, 1009h, 4105).

    Rows found by their code come first. Empty text finds every row.
    """
    text = text.strip().lower()
    code = _code(text)
    found = list(all_rows())
    by_code = [row for row in found if row.code == code]
    return by_code + [row for row in found if row.code != code and text in row.name.lower()]


def _code(text: str) -> int | None:
    """The number that ``text`` writes as 0x1009, 1009h or 4105; None when it is no number."""
    if match := re.fullmatch(r"0x([0-9a-f]+)|([0-9a-f]+)h", text):
        return int(match[1] or match[2], 16)
    return int(text) if text.isascii() and text.isdecimal() else None
