"""Append-only columns of fixed dtype.

Keeps what is small in memory, moves the rest to an unlinked file; never changes a row once appended, and lets rows go
only where somebody says which.

Rows are gathered into chunks; whole chunks leave memory for a temporary file once the table exceeds its bound,
so that a table of any length costs a constant amount of memory until someone asks for a whole column.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import IO

import numpy as np

Chunk = dict[str, np.ndarray]

CHUNK_ROWS = 1 << 14
MEMORY_BYTES = 16 << 20


class Columns:
    """A table of equally long, fixed-dtype columns that only grows.

    ``dtypes`` maps column names to numpy dtypes; ``memory_bytes`` bounds what stays in memory before chunks are
    written to a temporary file (which has no name, so nothing is left behind however the process ends).
    """

    def __init__(self, dtypes: Mapping[str, str], memory_bytes: int = MEMORY_BYTES) -> None:
        self._dtypes = {name: np.dtype(kind) for name, kind in dtypes.items()}
        self._row_bytes = sum(dtype.itemsize for dtype in self._dtypes.values())
        self._memory_bytes = memory_bytes
        self._chunks: list[Chunk | tuple[int, int]] = []  # a tuple is (file position, rows)
        self._chunk_rows: list[int] = []
        self._in_memory = 0
        self._pending: list[Chunk] = []
        self._pending_rows = 0
        self._rows = 0
        self._file: IO[bytes] | None = None
        self._file_bytes = 0

    def __len__(self) -> int:
        return self._rows

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of definition."""
        return tuple(self._dtypes)

    def append(self, **columns: np.ndarray) -> None:
        """Append rows; every column must be given, all of one length. Arrays are copied to the column's dtype."""
        rows = len(next(iter(columns.values())))
        if rows == 0:
            return
        if columns.keys() != self._dtypes.keys() or any(len(values) != rows for values in columns.values()):
            raise ValueError(f"append needs equally long columns {', '.join(self._dtypes)}")
        self._pending.append({name: np.array(columns[name], dtype=kind) for name, kind in self._dtypes.items()})
        self._pending_rows += rows
        self._rows += rows
        if self._pending_rows >= CHUNK_ROWS:
            self._seal()

    def _seal(self) -> None:
        chunk = self._joined(self._pending)
        rows, self._pending, self._pending_rows = self._pending_rows, [], 0
        if self._in_memory + rows * self._row_bytes <= self._memory_bytes:
            self._in_memory += rows * self._row_bytes
            self._chunks.append(chunk)
        else:
            if self._file is None:
                import tempfile  # takes its time to load, and is seldom needed

                self._file = tempfile.TemporaryFile(prefix="ptpip-analyze-", buffering=0)  # noqa: SIM115 - until close()
            self._chunks.append((self._file_bytes, rows))
            for values in chunk.values():
                self._file_bytes += self._file.write(values.data)
        self._chunk_rows.append(rows)

    def _joined(self, parts: list[Chunk]) -> Chunk:
        if len(parts) == 1:
            return parts[0]
        return {
            name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0, kind)
            for name, kind in self._dtypes.items()
        }

    def _load(self, chunk: Chunk | tuple[int, int], names: tuple[str, ...]) -> Chunk:
        if isinstance(chunk, dict):
            return {name: chunk[name] for name in names}
        position, rows = chunk
        assert self._file is not None
        loaded = {}
        for name, kind in self._dtypes.items():
            if name in names:
                # Several threads may read: a position of its own for each read.
                loaded[name] = np.frombuffer(os.pread(self._file.fileno(), rows * kind.itemsize, position), kind)
            position += rows * kind.itemsize
        return loaded

    def chunks(self, *names: str) -> Iterator[Chunk]:
        """Consecutive parts of the table with the columns ``names``, or with all; some ten thousand rows each."""
        for number in range(len(self._chunks) + bool(self._pending)):
            yield self.part(number, *names)

    def part(self, number: int, *names: str) -> Chunk:
        """The ``number``-th of ``chunks``. IndexError when there is none."""
        wanted = names or self.names
        if number < len(self._chunks):
            return self._load(self._chunks[number], wanted)
        if number > len(self._chunks) or not self._pending:
            raise IndexError(f"part {number}")
        self._pending = [self._joined(self._pending)]
        return {name: self._pending[0][name] for name in wanted}

    def column(self, name: str) -> np.ndarray:
        """One whole column, in memory; length ``len(self)``, dtype as defined."""
        parts = [chunk[name] for chunk in self.chunks(name)]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, self._dtypes[name])

    def whole(self) -> Chunk:
        """All columns whole, in memory; what was in memory before is not held twice."""
        columns = {name: self.column(name) for name in self.names}
        at = 0
        for number, rows in enumerate(self._chunk_rows):
            if isinstance(self._chunks[number], dict):
                self._chunks[number] = {name: values[at : at + rows] for name, values in columns.items()}
            at += rows
        if self._pending:
            self._pending = [{name: values[at:] for name, values in columns.items()}]
        return columns

    def keep(self, wanted: np.ndarray) -> None:
        """Let go of all rows but those for which ``wanted`` (bool, one per row) is true; these are numbered anew."""
        kept = {name: values[wanted] for name, values in self.whole().items()}
        self.close()
        self.append(**kept)

    def row(self, number: int) -> dict[str, int | float]:
        """Row ``number`` as plain Python numbers. IndexError when there is no such row."""
        if not 0 <= number < self._rows:
            raise IndexError(f"row {number} of {self._rows}")
        for chunk, rows in zip(self._chunks, self._chunk_rows, strict=True):
            if number < rows:
                return {name: values[number].item() for name, values in self._load(chunk, self.names).items()}
            number -= rows
        self._pending = [self._joined(self._pending)]
        return {name: values[number].item() for name, values in self._pending[0].items()}

    def close(self) -> None:
        """Give the memory and the temporary file back; the table is empty afterwards."""
        if self._file is not None:
            self._file.close()
        self._chunks, self._chunk_rows, self._pending = [], [], []
        self._rows = self._pending_rows = self._in_memory = self._file_bytes = 0
        self._file = None
