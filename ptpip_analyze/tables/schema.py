"""The columns of the tables by name, and as Arrow schemas. Never imports pyarrow until one of these is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalogue import ABOUT, KINDS, OF_DATASETS, ON_DEMAND, TABLES, VIEWS, Column, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = [
    "ABOUT", "KINDS", "OF_DATASETS", "ON_DEMAND", "TABLES", "VIEWS", "Column", "Kind", "arrow_schema", "arrow_type",
    "columns", "names", "on_demand",
]  # fmt: skip


def columns(table: str) -> tuple[Column, ...]:
    """Columns of `table`, with those on demand. Raises KeyError for a table that does not exist."""
    extra = ON_DEMAND.get(table, {})
    pairs = ((column, extra.get(column.name)) for column in _listed(table))
    return tuple(column for pair in pairs for column in pair if column is not None)


def _listed(table: str) -> tuple[Column, ...]:
    return TABLES[table] if table in TABLES else VIEWS[table]


def on_demand(table: str) -> tuple[str, ...]:
    """Names of the columns of `table` that are made only when asked for."""
    return tuple(column.name for column in ON_DEMAND.get(table, {}).values())


def names(table: str) -> tuple[str, ...]:
    """Column names of `table` in order, without those on demand. Raises KeyError for a table that does not exist."""
    return tuple(column.name for column in _listed(table))


def arrow_type(kind: Kind) -> pa.DataType:
    """Arrow type of a column kind. Text is dictionary-encoded: int32 indices into strings.

    Raises KeyError for a kind outside the closed set.
    """
    import pyarrow as pa

    types: dict[Kind, pa.DataType] = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "int": pa.int64(),
        "uint": pa.uint32(),
        "float": pa.float64(),
        "time": pa.timestamp("ns", tz="UTC"),
        "words": pa.list_(pa.uint32()),
        "bool": pa.bool_(),
    }
    return types[kind]


def arrow_schema(table: str, wanted: Sequence[str] | None = None) -> pa.Schema:
    """Arrow schema of `table`, all fields nullable: all columns but those on demand, or the `wanted` ones in theirs.

    Raises KeyError for a table or column that does not exist.
    """
    import pyarrow as pa

    kinds = {column.name: column.kind for column in columns(table)}
    return pa.schema([pa.field(name, arrow_type(kinds[name])) for name in (wanted or names(table))])
