"""Many captures as one Parquet dataset: written by the processes of one machine or of a cluster, and read again.

``export_many`` writes and goes on where a run was interrupted; ``open_fleet`` reads. Called a fleet here, because a
dataset is what PTP describes inside a data phase. Loading this package loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layout import DATASET_TABLES, Options, Record
    from .places import FleetError
    from .reading import Fleet, is_fleet, open_fleet
    from .run import Outcome, export_many

__all__ = [
    "DATASET_TABLES",
    "Fleet",
    "FleetError",
    "Options",
    "Outcome",
    "Record",
    "export_many",
    "is_fleet",
    "open_fleet",
]

_HOMES = {
    "DATASET_TABLES": "layout",
    "Options": "layout",
    "Record": "layout",
    "FleetError": "places",
    "Fleet": "reading",
    "is_fleet": "reading",
    "open_fleet": "reading",
    "Outcome": "run",
    "export_many": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
