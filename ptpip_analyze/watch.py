"""Transactions as they complete: an analysis of a capture that goes on, which says each row once and then lets it go.

Promises the rows that the analysis of the whole capture has, with the same numbers, each as soon as it is known; a row
that turns out otherwise while it is still remembered is given again. Memory depends on what is under way, not on how
long it has been going on: what was said is forgotten, but for what tells a camera's vendor.

Where bytes are missing from the capture, an analysis waits for them to the end. Here it goes on ``PATIENCE_NS`` after
their receiver has acknowledged them: its sender will not send them again. Should they come all the same, the rows of
the whole capture differ; ``holes`` counts where that may be. Numbers differ behind a session that began earlier and was
recognised later than others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from .analysis import Analyzer
from .capture import NO_TIME, PacketBatch, Source
from .facts.named import GET_DEVICE_INFO, OK, VENDOR_OPERATIONS
from .ptp import NO_ROW, STATUSES, Transactions
from .ptp.seen import PROPERTY_OPERATIONS
from .ptpip import messages as m
from .ptpip.announcement import Announcement
from .result import Result
from .tables.build import transaction_rows
from .tables.calls import with_calls
from .tables.cells import plain_values

PATIENCE_NS = 2_000_000_000
KEPT = 8
"""Transactions of a session that are remembered after they were said: what comes late may still change them."""
FORGET_ROWS = 512
"""Message rows by which the table may grow before what was said is forgotten."""
IDLE_NS = 30_000_000_000
"""Connections that are no sessions are put away when nothing has come of them for so long; looked at thrice in it."""
MOST_DATAGRAMS = 4096
MOST_ANNOUNCED = 1000

_ANSWERED = (STATUSES.index("complete"), STATUSES.index("cancelled"))
_COMPLETE, _OPEN, _DISORDERED = (STATUSES.index(name) for name in ("complete", "open", "disordered"))
_ANNOUNCED = (m.EVENT, m.PROBE_REQUEST, m.PROBE_RESPONSE, m.CONTAINER_EVENT, m.LIVE_VIEW_FRAME)
_NEVER = 1 << 62


class Watch:
    """Analyses a capture that grows. Arguments as for ``Analyzer``; with ``calls`` rows have the column ``call``."""

    def __init__(
        self, source: Source, ports: Sequence[int] = (), vendor: str | None = None, *, calls: bool = False
    ) -> None:
        self._analyzer = Analyzer(source, ports, packets=False, vendor=vendor)
        self._calls = calls
        self._arrived = time.monotonic()
        self._clock = NO_TIME  # of the latest packet
        self._tidied = NO_TIME  # when connections were put away
        self._due = _NEVER  # when something may be known though no message comes
        self._seen = 0  # message rows when news were asked for
        self._least = 0  # message rows that were left when some were forgotten
        self._said: dict[int, int] = {}  # transactions that were said, by place of their first message: hash of the row
        self._settled: set[int] = set()  # those of them that are kept for the sake of others: they aren't said again
        self._over: set[int] = set()  # connections that were finished
        self._gone_transactions, self._gone_sessions = _Gone(), _Gone()
        self._announced: set[tuple[object, ...]] = set()
        self._datagrams = 0
        self.packets = 0
        self.transactions = 0
        self.sessions = 0
        self.corrected = 0

    @property
    def holes(self) -> int:
        """Places where bytes were missing and analysis went on."""
        return self._analyzer.holes_given_up

    @property
    def waiting(self) -> int:
        """Message rows that came since news were asked for: so much has to be thought about at once."""
        return self._analyzer.message_count - self._seen

    def feed(self, batch: PacketBatch) -> None:
        """Take the next packets."""
        if len(batch.time) == 0:
            return
        self._arrived = time.monotonic()
        self._clock = max(self._clock, int(batch.time.max()))
        self.packets = batch.first + len(batch.time)
        self._analyzer.feed(batch)

    def news(self) -> Iterator[pa.RecordBatch]:
        """The rows of the transactions table that are known by now and were not said before."""
        over: list[int] = []
        now = self._clock
        if now != NO_TIME:  # the clock goes on when nothing comes
            now += int((time.monotonic() - self._arrived) * 1e9)
            over = self._analyzer.release(now, PATIENCE_NS)
            self._over.update(over)
            if now - self._tidied >= IDLE_NS // 3:
                self._tidied = now
                self._analyzer.forget_connections(now - IDLE_NS)
        count = self._analyzer.message_count
        if count == self._seen and not over and now < self._due:
            return
        self._seen = count
        result = self._analyzer.snapshot()
        ready = self._ready(result, now)
        incomplete = ~ready & (result.transactions.response != NO_ROW)
        self._due = now + PATIENCE_NS if incomplete.any() else _NEVER
        yield from self._tell(result, ready)
        if over or count > self._least + FORGET_ROWS:
            self._forget(result)

    def finish(self) -> Iterator[pa.RecordBatch]:
        """No more packets come: the rows that were not said yet, as they are."""
        result = self._analyzer.finish()
        yield from self._tell(result, np.ones(len(result.transactions), bool))

    def announcements(self) -> list[Announcement]:
        """What was announced since this was asked last: each device, with each way to announce it, once."""
        count = self._analyzer.datagram_count
        if count == self._datagrams:
            return []
        self._datagrams = count
        found = []
        for row in self._analyzer.snapshot().discovery.rows:
            place = row.method, row.service, row.device, tuple(row.addresses) or row.source, row.port
            known = place in self._announced or len(self._announced) >= MOST_ANNOUNCED
            if row.names_device and not known:
                self._announced.add(place)
                found.append(row)
        if count > MOST_DATAGRAMS:
            self._analyzer.forget_datagrams()
            self._datagrams = 0
        return found

    def _ready(self, result: Result, now: int) -> np.ndarray:
        """By transaction, is it known by now?"""
        made = result.transactions
        answered = np.isin(made.status, _ANSWERED) & (made.request != NO_ROW) & (made.response != NO_ROW)
        over = np.array([all(part.tcp.number in self._over for part in pair.parts) for pair in result.pairs], bool)
        ready: np.ndarray = answered | over[made.session] if len(made) else answered
        # What is missing from others won't come when a later one of the session is answered, or when time has passed.
        latest = np.full(len(result.pairs), -1, np.int64)
        np.maximum.at(latest, made.session[answered], np.flatnonzero(answered))
        passed = np.arange(len(made)) < latest[made.session]
        late = result.messages["time"][made.response] < now - PATIENCE_NS if len(made) else passed
        # What looks out of order may still turn out to lack bytes at the end of the other direction.
        late &= (made.response != NO_ROW) & (made.status != _DISORDERED)
        return ready | ((made.status != _OPEN) & (passed | late))

    def _tell(self, result: Result, ready: np.ndarray) -> Iterator[pa.RecordBatch]:
        made = result.transactions
        self.sessions = self._gone_sessions.total + len(result.pairs)
        keys = _keys(result.messages, made)
        rows = [row for row, key in enumerate(keys.tolist()) if ready[row] and key not in self._settled]
        if not rows:
            return
        batch = transaction_rows(result, rows[0], rows[-1] + 1)
        batch = batch.take(pa.array([row - rows[0] for row in rows]))
        batch = self._numbered(batch, result, rows)
        wanted = []
        for place, values in enumerate(zip(*map(plain_values, batch.columns), strict=True)):
            key, found = int(keys[rows[place]]), hash(repr(values))
            before = self._said.get(key)
            if before == found:
                continue
            self._said[key] = found
            self.transactions += before is None
            self.corrected += before is not None
            wanted.append(place)
        if not wanted:
            return
        batch = batch.take(pa.array(wanted))
        if self._calls:
            plain = transaction_rows(result, rows[0], rows[-1] + 1)
            plain = plain.take(pa.array([rows[place] - rows[0] for place in wanted]))
            (named,) = with_calls([plain], result.vendors, lambda number, most: result.data_head(number, most).data)
            batch = batch.append_column(named.schema.field(named.num_columns - 1), named.column(named.num_columns - 1))
        yield batch

    def _numbered(self, batch: pa.RecordBatch, result: Result, rows: list[int]) -> pa.RecordBatch:
        """Rows with the numbers of their session and transaction in the whole capture."""
        made = result.transactions
        which = np.array(rows)
        sessions = made.session[which]
        begun = np.array([min(part.tcp.first_packet for part in pair.parts) for pair in result.pairs], np.int64)
        numbers = {
            "session": sessions + self._gone_sessions.before(begun[sessions]),
            "transaction": which + self._gone_transactions.before(made.first[which]),
        }
        for name, values in numbers.items():
            at = batch.schema.get_field_index(name)
            batch = batch.set_column(at, batch.schema.field(at), pa.array(values, batch.schema.field(at).type))
        return batch

    def _forget(self, result: Result) -> None:
        """Let go of what was said, and of sessions that are over."""
        made, columns = result.transactions, result.messages
        keys = _keys(columns, made)
        said = np.array([key in self._said or key in self._settled for key in keys.tolist()], bool)
        ended = [
            index
            for index, pair in enumerate(result.pairs)
            if all(part.tcp.number in self._over for part in pair.parts)
        ]
        leaving = [part.tcp.number for index in ended for part in result.pairs[index].parts]
        going = np.isin(made.session, ended)
        borders = np.zeros(len(result.pairs), np.int64)  # packet from which on messages of a session are kept
        witnesses, settled = np.zeros(len(made), bool), np.zeros(len(made), bool)
        sound = _sound(made, columns)
        for index in range(len(result.pairs)):
            if index in ended:
                continue
            rows = result.transactions_by_session.of(index)
            border = _border(rows, said[rows], sound[rows])
            if border is None:
                continue
            before = rows[:border]
            before = before[said[before]]
            kept = _witnesses(before, made, columns, sound)
            witnesses[kept] = True
            going[np.setdiff1d(before, kept)] = True
            settled[rows[border]] = True  # what comes next was thought about since its response
            borders[index] = made.first[rows[border]]
        in_sessions = {part.tcp.number for pair in result.pairs for part in pair.parts}
        leaving += sorted(self._over - in_sessions)  # what turned out to be something else
        self._let_go(result, going, witnesses, borders, leaving)
        self._gone_transactions.add(made.first[going], made.first[~going])
        begun = np.array([min(part.tcp.first_packet for part in pair.parts) for pair in result.pairs], np.int64)
        is_ended = np.isin(np.arange(len(begun)), ended)
        self._gone_sessions.add(begun[is_ended], begun[~is_ended])
        for key in keys[going].tolist():
            self._said.pop(key, None)
        for key in keys[witnesses | settled].tolist():
            self._said.pop(key, None)
            self._settled.add(key)
        self._settled.difference_update(keys[going].tolist())
        self._over.difference_update(leaving)

    def _let_go(
        self, result: Result, going: np.ndarray, witnesses: np.ndarray, borders: np.ndarray, leaving: list[int]
    ) -> None:
        made, columns = result.transactions, result.messages
        session = result.places[0][columns["stream"]]
        owner = made.of_message
        alone = owner == NO_ROW
        border = np.where(session >= 0, borders[session] if len(borders) else 0, 0)
        drop = np.where(alone, columns["last"].astype(np.int64) < border, False)
        # Nobody asks again for what was only announced; a session may be silent but for that, and have no border.
        beside = _beside(result)
        drop |= alone & beside[columns["stream"]] & np.isin(columns["type"], _ANNOUNCED)
        if len(made):
            drop |= ~alone & going[owner]
            # Of a witness its request and response tell enough, but for the camera's own description.
            whole = columns["code"][made.request] == GET_DEVICE_INFO
            spare = witnesses & ~whole
            kinds = m.roles(columns["type"])
            drop |= ~alone & spare[owner] & (kinds != m.OPERATION_REQUEST) & (kinds != m.OPERATION_RESPONSE)
        # The first message of each type tells what a connection is for, the first of each event whose camera it is.
        marks = [columns["stream"].astype(np.int64) << 20 | columns["type"].astype(np.int64) & 0xFFFFF]
        marks.append((1 << 62) | columns["stream"].astype(np.int64) << 20 | columns["code"].astype(np.int64) & 0xFFFFF)
        for mark, rows in zip(marks, (np.arange(len(drop)), np.flatnonzero(columns["type"] == m.EVENT)), strict=True):
            first = rows[np.unique(mark[rows], return_index=True)[1]]
            alone_first = first[alone[first]]
            drop[alone_first] = False
        gone = np.isin(columns["stream"] >> 1, leaving)
        wanted = ~(drop | gone)
        if not wanted.all() or leaving:
            of_stream = result.places[0][:-1]
            first = np.where(of_stream >= 0, borders[of_stream] if len(borders) else 0, 0)
            first[beside[:-1]] = self.packets
            self._analyzer.forget(wanted, first, leaving)
        self._seen = self._least = self._analyzer.message_count


def _beside(result: Result) -> np.ndarray:
    """By stream (the last one is what stream -1 finds), is it of a connection that carries no transactions?"""
    found = np.zeros(len(result.places[0]), bool)
    for pair in result.pairs:
        for part in pair.parts:
            if part.is_event or part.is_live_view:
                found[[2 * part.tcp.number, 2 * part.tcp.number + 1]] = True
    return found


def _sound(made: Transactions, columns: dict[str, np.ndarray]) -> np.ndarray:
    """By transaction, is it understood without what came before it? The flawless ones, and of a dialect's, which are
    never called so, those that are complete and into which nothing else was said.
    """
    found = made.flawless.copy()
    there = np.flatnonzero((made.request != NO_ROW) & (made.response != NO_ROW) & (made.status == _COMPLETE))
    there = there[columns["type"][made.request[there]] == m.CONTAINER_REQUEST]
    place = np.full(len(columns["type"]), -1, np.int64)
    place[made.sequence] = np.arange(len(made.sequence))
    said = place[made.response[there]] - place[made.request[there]] + 1
    found[there[said == 2 + made.data_messages[there]]] = True
    return found


def _border(rows: np.ndarray, said: np.ndarray, sound: np.ndarray) -> int | None:
    """Which of a session's transactions is the first that is kept whole: a sound one with ``KEPT`` that were said
    behind it and before the first that was not; None when all are.
    """
    waiting = np.flatnonzero(~said)
    end = int(waiting[0]) if len(waiting) else len(rows)
    fine = np.flatnonzero(sound[: max(end - KEPT, 0)])
    return int(fine[-1]) if len(fine) and fine[-1] > 0 else None


def _witnesses(rows: np.ndarray, made: Transactions, columns: dict[str, np.ndarray], sound: np.ndarray) -> np.ndarray:
    """Of transactions, the first with each code that tells something of the camera, and its own description."""
    request, response = made.request[rows], made.response[rows]
    code = np.where(request != NO_ROW, columns["code"][request].astype(np.int64), 0)
    word = np.where(np.isin(code, PROPERTY_OPERATIONS), columns["word0"][request].astype(np.int64), 0)
    tells = (code >= VENDOR_OPERATIONS) | (word >= 0xD000) | (code == GET_DEVICE_INFO)
    tells &= sound[rows] & (response != NO_ROW)
    answer = np.where(response != NO_ROW, columns["code"][response].astype(np.int64), 0)
    tells[(code == GET_DEVICE_INFO) & (answer != OK)] = False
    kinds = code << 32 | (word & 0xFFFF) << 16 | answer
    _, first = np.unique(np.where(tells, kinds, -1), return_index=True)
    found: np.ndarray = rows[first[tells[first]]]
    return found


def _keys(columns: dict[str, np.ndarray], made: Transactions) -> np.ndarray:
    """What a transaction is known by while rows are numbered anew: where its first message stands in which stream."""
    first = np.where(made.request != NO_ROW, made.request, np.maximum(made.start, np.maximum(made.first_data, -1)))
    first = np.where(first != NO_ROW, first, made.response)
    keys: np.ndarray = (columns["stream"][first].astype(np.int64) << 44) + columns["offset"][first]
    return keys


class _Gone:
    """How many rows were let go, by where they stood among those that stay (numbers of first packets).

    Those between two that stay are one entry, so that this is no longer than the list of those that stay.
    """

    def __init__(self) -> None:
        self._at = np.empty(0, np.int64)
        self._count = np.empty(0, np.int64)

    @property
    def total(self) -> int:
        """All of them."""
        return int(self._count.sum())

    def before(self, first: np.ndarray) -> np.ndarray:
        """How many stood before each of these."""
        sums = np.append(0, np.cumsum(self._count))
        found: np.ndarray = sums[np.searchsorted(self._at, first)]
        return found

    def add(self, gone: np.ndarray, staying: np.ndarray) -> None:
        """More that go; ``staying`` are all that stay."""
        at = np.concatenate([self._at, gone])
        count = np.concatenate([self._count, np.ones(len(gone), np.int64)])
        order = np.argsort(at, kind="stable")
        at, count = at[order], count[order]
        if len(at) == 0:
            return
        between = np.searchsorted(np.sort(staying), at)
        last = np.append(np.flatnonzero(np.diff(between)), len(at) - 1)
        sums = np.cumsum(count)[last]
        self._at, self._count = at[last], np.diff(np.append(0, sums))
