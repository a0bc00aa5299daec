"""Arrow to pandas, once for the Python API and for --where.

Promises that a null stays a null and an integer an integer: integers, numbers, truth values and texts become pandas'
nullable types, times datetime64[ns, UTC], lists of words lists. Refuses to guess: what Arrow says is what pandas gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


def frame_of(rows: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """The DataFrame of Arrow `rows`, with the types Int64, UInt32, Float64, boolean and string."""
    import pandas as pd

    nullable: dict[pa.DataType, Any] = {
        pa.int64(): pd.Int64Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.float64(): pd.Float64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype("pyarrow"),
    }
    plain = pa.schema([(field.name, _plain(field.type)) for field in rows.schema])
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    return table.cast(plain).to_pandas(types_mapper=nullable.get)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Text without its dictionary: categories of one batch would compare differently from those of the next."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
