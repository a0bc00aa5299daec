"""What data phases say, beside the rows of the transactions table: as lines of a tree, or as an object of JSON.

Promises lines without control characters. Refuses to decode: it is handed a function that does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from ptpip_analyze.describe import counted, safe_text

if TYPE_CHECKING:
    from ptpip_analyze.ptp.values import Dataset, Value

COLUMN: Final = "dataset_values"
JSON: Final = {b"json": b"1"}
"""Metadata of a text column that is JSON already."""

MOST_TEXT: Final = 200  # characters of a value's text
_MOST_ELEMENTS: Final = 16  # of an array, in one line
_MOST_BYTES: Final = 16  # written out in one line
_LEAST_CODE: Final = 0x1000  # from which on a number with a name is a code, which everybody writes in hex
_NAME: Final = re.compile("[A-Za-z][A-Za-z0-9_]*")


def expanded_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with the column of datasets behind the others."""
    return schema.append(pa.field(COLUMN, pa.string(), metadata=JSON))


def expanded(
    batches: Iterable[pa.RecordBatch], dataset_of: Callable[[int], Dataset | None]
) -> Iterator[pa.RecordBatch]:
    """Rows of the transactions table with their datasets as JSON; null where there is none."""
    from ptpip_analyze.tables.lines import json_text

    for whole in batches:
        for low in range(0, whole.num_rows, 256):  # datasets are large
            batch = whole.slice(low, 256)
            texts = []
            for number in batch["transaction"].to_pylist():
                read = dataset_of(number)
                texts.append(None if read is None else json_text(read.as_dict()))
            columns = [*batch.columns, pa.array(texts, pa.string())]
            yield pa.RecordBatch.from_arrays(columns, schema=expanded_schema(batch.schema))


def tree_lines(dataset: Dataset) -> Iterator[str]:
    """A dataset as lines: its name and size, a line per value with its bytes' place, then the notes."""
    yield f"{dataset.name}, {counted(dataset.size, 'byte')}"
    yield from _lines(dataset.fields, 1, len(str(max(dataset.size - 1, 0))))
    for note in dataset.notes:
        yield f"  note at byte {note.start}: {safe_text(note.text)}"


def _lines(values: Iterable[Value], depth: int, width: int) -> Iterator[str]:
    for value in values:
        last = max(value.end - 1, value.start)
        place = f"{value.start:>{width}}-{last:<{width}}" if value.end > value.start else f"{'-':>{width}}{'':{width}} "
        text = said(value)
        yield f"{place}{'  ' * depth}{safe_text(value.name)}" + (f": {text}" if text else "")
        if not isinstance(value.value, tuple):
            yield from _lines(value.parts, depth + 1, width)


def said(value: Value) -> str:
    """A value and its readable form: 0x5001 (BatteryLevel), 3 (AV)."""
    raw = value.value
    if isinstance(raw, tuple) and value.text is not None:
        text = f"{counted(len(raw), 'value')} ({value.text})"
    elif isinstance(raw, tuple):
        shown = ", ".join(str(_plain(one)) for one in raw[:_MOST_ELEMENTS])
        text = f"[{shown}{', …' if len(raw) > _MOST_ELEMENTS else ''}]"
    elif value.parts:
        text = value.text or ""
    elif raw is None:
        text = value.text or f"{counted(value.end - value.start, 'byte')} not shown"
    else:
        text = f"{_plain(raw)}"
        if value.text is not None:
            if isinstance(raw, int) and raw >= _LEAST_CODE and _NAME.fullmatch(value.text):
                text = f"0x{raw:04X}"
            text += f" ({value.text})"
    text = safe_text(text)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _plain(raw: object) -> object:
    if isinstance(raw, bytes):
        return raw[:_MOST_BYTES].hex(" ") + (f" … {counted(len(raw), 'byte')}" if len(raw) > _MOST_BYTES else "")
    return f'"{raw}"' if isinstance(raw, str) else raw
