"""Captures being analysed: what is known so far, and the tables as they are asked for. Knows no screen.

Promises that the first rows come while the analysis goes on, and that snapshots slow it down by a sixth at most.
Tables are made once, in the thread that asks; ``lock`` keeps bytes from being asked for while packets are fed.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from ptpip_analyze.analysis import Analysis, analyze, analyze_in_steps
from ptpip_analyze.capture import open_direct
from ptpip_analyze.tables.calls import CALL, with_calls
from ptpip_analyze.tables.schema import arrow_schema, on_demand

from .searching import rows_with

if TYPE_CHECKING:
    from ptpip_analyze.ahead import Worker
    from ptpip_analyze.tables.where import Where

FIRST_S: Final = 0.02
"""The first snapshot comes after this time, or as soon as there is a part of the capture."""

_PATIENCE: Final = 6  # times of what the last snapshot took: so long until the next one


class Step(NamedTuple):
    """What is known now: bytes done and in all, the tables that there are, whether that is all."""

    done: int
    total: int
    sessions: pa.Table
    transactions: pa.Table
    complete: bool


class Loading:
    """The analysis of captures, from its first part to its end and beyond."""

    def __init__(self, captures: Sequence[str], ports: Sequence[int] = (), vendor: str | None = None) -> None:
        self.captures = list(captures)
        self._ports, self._vendor = tuple(ports), vendor
        self.analysis: Analysis | None = None
        self.complete, self.fault = False, ""  # why reading ended early, once it did
        self.lock = threading.Lock()
        self._tables: dict[str, pa.Table] = {}
        self._making = threading.Lock()
        self._before: Analysis | None = None
        self.seen = 0  # bytes that there were when reading began
        self._due, self._progress, self._left = 0.0, (0, 0), False

    def steps(self, reader: Worker | None = None) -> Iterator[Step]:
        """Analyse, and tell what is known so far from time to time; the last step is the whole.

        CaptureError, OSError or WorkerError when a capture can't be read.
        """
        self._due, self.seen = time.monotonic() + FIRST_S, self.size
        with self.lock:
            for analysis in analyze_in_steps(
                self.captures, ports=self._ports, vendor=self._vendor, progress=self._told, reader=reader,
                wanted=lambda: self._left or time.monotonic() >= self._due,
            ):  # fmt: skip
                if self._left:
                    return
                begun = time.monotonic()
                sessions, transactions = analysis.arrow("sessions"), analysis.arrow("transactions")
                self.analysis, self._tables = analysis, {"sessions": sessions, "transactions": transactions}
                self._due = time.monotonic() + max(0.5, _PATIENCE * (time.monotonic() - begun))
                self.lock.release()
                try:
                    yield Step(*self._progress, sessions, transactions, False)
                finally:
                    self.lock.acquire()
        self.complete = True
        yield Step(*self._progress, self._tables["sessions"], self._tables["transactions"], True)

    def again(self) -> Step:
        """Analyse captures that have grown from their beginning to where they end now; what was known before is known
        until then. CaptureError or OSError when they can't be read any more; then that stays.
        """
        self.seen = self.size  # before it is read: what is added meanwhile counts as more
        analysis = analyze(self.captures, ports=self._ports, vendor=self._vendor)
        sessions, transactions = analysis.arrow("sessions"), analysis.arrow("transactions")
        with self._making, self.lock:
            before, self._before = self._before, self.analysis
            self.analysis, self._tables = analysis, {"sessions": sessions, "transactions": transactions}
            self.complete = True
        if before is not None:
            before.close()  # that of the last time may still be read from
            del before
            gc.collect()  # parts of an analysis know each other: left to themselves, many would wait side by side
        return Step(self.seen, self.seen, sessions, transactions, True)

    def probe(self) -> None:
        """Are these captures, as far as they go? CaptureError when not, or not yet; OSError when they can't be read."""
        for name in self.captures:
            source = open_direct(name)
            if source is not None:
                source.close()

    @property
    def size(self) -> int:
        """Bytes of the captures now; 0 for those that are not there."""
        return sum(os.stat(name).st_size for name in self.captures if os.path.exists(name))

    def _told(self, done: int, total: int) -> None:
        self._progress = done, total
        # Whoever waits for bytes gets them between two parts of the capture.
        self.lock.release()
        time.sleep(0)
        self.lock.acquire()

    def leave(self) -> None:
        """Let the analysis end at its next part."""
        self._left = True

    @property
    def left(self) -> bool:
        """Does nobody want more?"""
        return self._left

    @property
    def begins(self) -> int | None:
        """Time of the first packet, ns; None where none is known."""
        times = [result.times[0] for result in self.analysis.captures if result.times] if self.analysis else []
        return min(times, default=None)

    def has(self, table: str) -> bool:
        """Is a table there already?"""
        return table in self._tables

    def table(self, table: str) -> pa.Table:
        """A table of the whole analysis, made when first asked for; the transactions with their findings once those
        are known. ValueError before the analysis is complete, for what is not known until then.
        """
        with self._making:
            if table not in self._tables:
                if not self.complete or self.analysis is None:
                    raise ValueError(self.fault or f"{table} are known when the capture is read to its end")
                self._tables[table] = self.analysis.arrow(table)
                if table == "findings":
                    self._tables["transactions"] = self._with_findings(self._tables["transactions"])
            return self._tables[table]

    def _with_findings(self, transactions: pa.Table) -> pa.Table:
        from ptpip_analyze.tables.findings import with_findings

        assert self.analysis is not None
        results = self.analysis.results
        batches = [with_findings(batch, results) for batch in transactions.to_batches()]
        return pa.Table.from_batches(batches).unify_dictionaries() if batches else transactions

    def mask(self, where: Where, table: str, rows: pa.Table) -> np.ndarray:
        """By row of a table, does an expression hold? WhereError when its values can't be compared, ValueError when
        they are not known yet.
        """
        from ptpip_analyze.tables.where import rows_wanted

        masks = []
        if "findings" in set(on_demand(table)) & set(where.columns) - set(rows.column_names):
            self.table("findings")
            rows = self._with_findings(rows)
        for batch in rows.to_batches():
            if CALL in where.columns and CALL not in batch.schema.names and table == "transactions":
                (batch,) = with_calls([batch], self.analysis.vendors if self.analysis else (), self.beginning)
            masks.append(rows_wanted(where, batch).to_numpy(zero_copy_only=False))
        return np.concatenate(masks) if masks else np.zeros(0, bool)

    def having(self, text: str, table: str, rows: pa.Table) -> np.ndarray:
        """Mask of the rows of a table that have a text or a number in one of their columns, or in their call."""
        found = rows_with(rows, text)
        if table == "transactions":
            vendors = self.analysis.vendors if self.analysis else ()
            called = [batch.select([CALL]) for batch in with_calls(rows.to_batches(), vendors, self.beginning)]
            found |= rows_with(pa.Table.from_batches(called), text) if called else False
        return found

    def beginning(self, transaction: int, most: int) -> bytes:
        """The first bytes of a transaction's payload; between two parts of the capture while that is still read."""
        if self.analysis is None:
            return b""
        if self.complete:
            return self.analysis.beginning(transaction, most)
        with self.lock:
            return self.analysis.beginning(transaction, most)

    def settings(self, transaction: int) -> list[tuple[str, str]]:
        """The properties that a transaction sets, each with its value in words; waits as ``beginning`` does."""
        if self.analysis is None:
            return []
        if self.complete:
            return self.analysis.settings(transaction)
        with self.lock:
            return self.analysis.settings(transaction)

    def texts(self, table: str, column: str) -> list[str]:
        """The different texts in a column, in order; nothing where it has none or the table is not there."""
        rows = self._tables.get(table)
        if rows is None or column not in rows.column_names or not pa.types.is_dictionary(rows[column].type):
            return []
        found: set[str] = set()
        for chunk in rows[column].chunks:
            found.update(chunk.dictionary.to_pylist())
        return sorted(found)

    def close(self) -> None:
        """Give back the captures."""
        self.leave()
        for analysis in (self._before, self.analysis if self.complete else None):
            if analysis is not None:
                analysis.close()


def empty(table: str) -> pa.Table:
    """A table without rows."""
    return arrow_schema(table).empty_table()
