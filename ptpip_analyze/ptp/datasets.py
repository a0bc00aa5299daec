"""Datasets out of data phases, by operation and vendor. Promises a tree of what is there, with notes for what is odd,
for any bytes at all; refuses to guess at operations that nobody has described (None).

Which operation carries what says ``facts.datasets``; flat layouts are rows there, what branches is a function in
``standard`` or in the maker's module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache

from ..facts import STANDARDS, VENDORS, Operation, row_of
from ..facts.datasets import BY_NAME, CARRIED, FAMILIES, Carried
from . import canon, fuji, nikon, olympus, panasonic, sigma, sony, standard
from .pictures import find_jpeg
from .scan import Request, Scan
from .values import Dataset, PolledEvent, PropertyValue

_DECODERS: dict[str, Callable[[Scan], None]] = {
    **standard.DECODERS, **canon.DECODERS, **nikon.DECODERS, **sony.DECODERS, **fuji.DECODERS, **panasonic.DECODERS,
    **olympus.DECODERS, **sigma.DECODERS,
}  # fmt: skip
_EVENTS: dict[str, Callable[[Dataset], list[PolledEvent]]] = {
    **standard.EVENTS, **canon.EVENTS, **nikon.EVENTS, **fuji.EVENTS,
}  # fmt: skip
_PROPERTIES: dict[str, Callable[[Dataset, tuple[int, ...], int | None], list[PropertyValue]]] = {
    **standard.PROPERTY_VALUES, **canon.PROPERTY_VALUES, **nikon.PROPERTY_VALUES, **sony.PROPERTY_VALUES,
    **fuji.PROPERTY_VALUES, **panasonic.PROPERTY_VALUES, **olympus.PROPERTY_VALUES,
}  # fmt: skip
_JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    **canon.JPEGS, **nikon.JPEGS, **sony.JPEGS, **fuji.JPEGS, **panasonic.JPEGS, **olympus.JPEGS, **sigma.JPEGS,
}  # fmt: skip

NAMES = tuple(sorted({*_DECODERS, *BY_NAME}))  # every dataset that ``decode_as`` knows
EVENT_LISTS = frozenset(_EVENTS)  # those of which ``polled_events`` tells something
LIVE_VIEWS = frozenset(_JPEGS)  # those in which ``live_view_jpeg`` looks for a frame
PROPERTY_LISTS = frozenset(_PROPERTIES)  # those of which ``property_values`` tells something


def decode(
    data: bytes,
    *,
    operation: int,
    vendor: str | None = None,
    direction: str | None = None,
    parameters: Sequence[int] = (),
    datatype: int | None = None,
    size: int | None = None,
) -> Dataset | None:
    """What the data phase of an operation says; None when nobody has described it.

    ``vendor`` is one of ``facts.VENDORS``; ``direction`` is "in" (to the initiator) or "out", None when not known;
    ``parameters`` are the request's. ``datatype`` is that of the property whose value is carried, where a description
    told it. ``size`` is the size of the whole payload when ``data`` is only its beginning: the dataset says so.
    """
    name = dataset_name(operation, vendor, direction, parameters)
    if name is None:
        return None
    return decode_as(name, data, vendor=vendor, parameters=parameters, datatype=datatype, size=size)


def decode_as(
    name: str,
    data: bytes,
    *,
    vendor: str | None = None,
    parameters: Sequence[int] = (),
    datatype: int | None = None,
    size: int | None = None,
) -> Dataset:
    """Decode bytes as the dataset of a name; KeyError for a name that isn't in ``NAMES``."""
    decoder = _DECODERS.get(name)
    layout = None if decoder else BY_NAME[name]
    known = vendor if vendor in VENDORS else None
    scan = Scan(data, Request(known, tuple(parameters), datatype), size=size)
    if not data:
        if scan.whole:
            scan.note("empty payload")
    elif decoder:
        decoder(scan)
    elif layout:
        scan.layout(layout)
    return scan.finish(name)


def dataset_name(
    operation: int, vendor: str | None = None, direction: str | None = None, parameters: Sequence[int] = ()
) -> str | None:
    """Name of the dataset that an operation's data phase carries; None when nobody has described it, or when the data
    goes the other way.
    """
    row = _row(operation, vendor, parameters[0] if parameters else None)
    if row is None:
        return None
    told = row_of("operation", operation, row.vendor)
    if direction and isinstance(told, Operation) and told.data in ("in", "out") and told.data != direction:
        return None
    return row.dataset


def operations_with(names: Collection[str]) -> frozenset[int]:
    """Codes of the operations whose data phase is one of these datasets, with some maker's camera."""
    return frozenset(row.operation for row in CARRIED if row.dataset in names)


def _row(operation: int, vendor: str | None, first: int | None) -> Carried | None:
    """The row of the vendor, else of its relatives, else of the standards; one for this parameter before others."""
    rows = _rows()
    vendors = FAMILIES.get(vendor, (vendor,)) if vendor else ()
    for own in (*vendors, *STANDARDS):
        choices = rows.get((own, operation), {})
        if found := choices.get(first) or choices.get(None):
            return found
    return None


@cache
def _rows() -> dict[tuple[str, int], dict[int | None, Carried]]:
    rows: dict[tuple[str, int], dict[int | None, Carried]] = {}
    for row in CARRIED:
        rows.setdefault((row.vendor, row.operation), {})[row.first] = row
    return rows


def polled_events(dataset: Dataset) -> list[PolledEvent]:
    """Events that a list which the initiator asked for tells, in its order; empty for other datasets."""
    read = _EVENTS.get(dataset.name)
    return read(dataset) if read else []


def property_values(
    dataset: Dataset, *, parameters: Sequence[int] = (), datatype: int | None = None
) -> list[PropertyValue]:
    """Values of properties that a payload tells or sets, in its order; empty for other datasets.

    ``parameters`` are the request's: for a payload that is nothing but a value, the first one is the property.
    """
    read = _PROPERTIES.get(dataset.name)
    return read(dataset, tuple(parameters), datatype) if read else []


def live_view_jpeg(
    data: bytes, vendor: str | None, operation: int, parameters: Sequence[int] = ()
) -> tuple[int, int] | None:
    """First byte of the JPEG in a live-view payload and the one behind it; None for other payloads, and where a frame
    carries no JPEG.
    """
    name = dataset_name(operation, vendor, "in", parameters)
    read = _JPEGS.get(name or "")
    return read(data) if read else None


def jpeg_of(name: str, data: bytes) -> tuple[int, int] | None:
    """As ``live_view_jpeg``, for a dataset that no operation carries: a frame of a live-view connection."""
    return _JPEGS.get(name, find_jpeg)(data)
