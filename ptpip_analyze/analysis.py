"""The recipe: packets become streams, streams messages, messages sessions and transactions.

Wires the rooms together and decides nothing itself; read this first.

``Analyzer`` takes batches of packets, large ones from a file or small ones while they happen, and gives the same
answer either way. Nothing holds packet bytes: rows point into the source, which is always a file.
"""

from __future__ import annotations

import builtins
import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from .ahead import Worker, in_thread
from .capture import CHUNK_BYTES, PacketBatch, Source, expand, once, open_capture
from .facts.packets import DEFAULT_PORT
from .grouped import group_starts
from .headers import HeaderReader, Headers
from .ptpip import Conversations
from .ptpip.conversation import FOREIGN
from .result import CaptureFacts, DataPiece, Result
from .store import Columns
from .tcp import AGAIN, CUT, FOREVER, ZERO_WINDOW, Flows, SegmentBatch, Segments, Waits
from .tcp.connection import RST

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .ptp.values import Dataset
    from .tables.events import EventKind

Progress = Callable[[int, int], None]

PACKET_COLUMNS = {
    "time": "i8",
    "captured": "u4",
    "original": "u4",
    "stream": "i4",  # 2 * connection + direction; -1 when not TCP
    "payload": "i8",  # TCP payload bytes on the wire; -1 when not TCP
    "marks": "u1",
    "talk": "i4",  # for packets that are not TCP: index into the address pairs; -1 when not IP
}

DATAGRAM_COLUMNS = {
    "packet": "i8",
    "time": "i8",
    "source_high": "u8",
    "source_low": "u8",
    "destination_high": "u8",
    "destination_low": "u8",
    "source_port": "u2",
    "destination_port": "u2",
    "position": "i8",
    "length": "u4",
    "captured": "u4",
    "station": "u8",  # Ethernet address of the sender; 0 where there is none
}
STATION_COLUMNS = {"low": "u8", "high": "u8"}


class Analyzer:
    """Analyses one capture, batch by batch.

    ``source`` supplies the bytes behind the rows; ``ports`` are TCP ports, besides 15740, on which PTP-IP is expected
    (it is recognised by content on any port). Without ``packets`` no packets table is kept, which saves time and disk.
    ``vendor``, a name of ``facts.VENDORS``, is that of all sessions; without one it is found out.
    """

    def __init__(
        self, source: Source, ports: Sequence[int] = (), *, packets: bool = True, vendor: str | None = None
    ) -> None:
        self._source = source
        self._vendor = vendor
        self._reader = HeaderReader()
        self._flows = Flows()
        self._conversations = Conversations(source.read, {DEFAULT_PORT, *ports})
        self._waits = Waits()
        self._packets = Columns(PACKET_COLUMNS) if packets else None
        self._facts = CaptureFacts()
        self._talks: list[tuple[int, ...]] = []
        self._datagrams = Columns(DATAGRAM_COLUMNS)
        self._stations = Columns(STATION_COLUMNS)  # by number of flow

    def prepare(self, batch: PacketBatch) -> Headers:
        """Read the headers of the next packets; may run in another thread or process, ahead of ``feed``."""
        return self._reader.read(batch)

    def feed(self, batch: PacketBatch | Headers) -> None:
        """Take the next packets of the capture, as they come or prepared."""
        headers = batch if isinstance(batch, Headers) else self.prepare(batch)
        self._facts = self._facts.with_times(headers.time)
        count, row = len(headers.time), headers.row
        marks = np.zeros(count, np.uint8)
        stream_of = np.full(count, -1, np.int64)
        if len(row):
            segments = SegmentBatch(
                headers.flow,
                headers.swapped,
                headers.sequence,
                headers.acknowledgment,
                headers.flags,
                headers.first + row,
                headers.time if headers.whole else headers.time[row],
            )
            stream, order, starts = self._flows.place(headers.fresh, segments)
            self._reassemble(headers, segments, stream, order, starts, marks)
            stream_of[row] = stream
        self._stations.append(low=headers.stations[0], high=headers.stations[1])
        self._note_datagrams(headers)
        if self._packets is None:
            return
        marks[row[headers.carried < headers.length]] |= CUT
        marks[row[headers.shut]] |= ZERO_WINDOW
        self._talks += headers.talks
        self._packets.append(
            time=headers.time,
            captured=headers.captured,
            original=headers.original,
            stream=stream_of,
            payload=_payload(headers),
            marks=marks,
            talk=headers.talk,
        )

    def _note_datagrams(self, headers: Headers) -> None:
        """Remember where datagrams are that may announce a device; they are read when somebody asks."""
        picked = headers.datagrams
        self._facts = self._facts._replace(udp_packets=self._facts.udp_packets + picked.udp)
        if len(picked.row):
            self._datagrams.append(
                packet=headers.first + picked.row,
                time=headers.time[picked.row],
                **dict(zip(list(DATAGRAM_COLUMNS)[2:6], headers.datagram_ends, strict=True)),
                source_port=picked.source_port,
                destination_port=picked.destination_port,
                position=picked.position,
                length=picked.length,
                captured=picked.captured,
                station=picked.station,
            )

    def _reassemble(
        self,
        headers: Headers,
        segments: SegmentBatch,
        stream: np.ndarray,
        order: np.ndarray,
        starts: np.ndarray,
        marks: np.ndarray,
    ) -> None:
        """Hand segments on stream by stream, leaving out resets and what is known not to be PTP-IP."""
        conversations = self._conversations
        conversations.room_for(len(self._flows.connections))
        usable = (conversations.states[stream >> 1] != FOREIGN) & (headers.flags & RST == 0)
        if not usable.all():
            order = order[usable[order]]
            starts = group_starts(stream[order])
        if len(order) == 0:
            return
        rows = np.empty((7, len(order)), np.int64)
        rows[0] = headers.sequence[order]
        rows[1] = headers.length[order]
        rows[2] = headers.carried[order]
        rows[3] = headers.position[order]
        rows[4] = segments.packet[order]
        rows[5] = segments.time[order]
        rows[6] = headers.acknowledgment[order]
        flags, found = headers.flags[order], np.zeros(len(order), np.uint8)
        work: dict[int, list[list[np.ndarray]]] = {}
        for low, high in pairwise([*starts.tolist(), len(order)]):
            number = int(stream[order[low]])
            tcp = self._flows.connections[number >> 1]
            conversations.take(tcp, number & 1, rows[:, low:high], flags[low:high], found[low:high], work)
        conversations.frame(work, headers.at_hand)
        marks[headers.row[order]] |= found
        self._waits.take(
            Segments(
                stream, segments.packet, segments.time, headers.length, headers.sequence, headers.acknowledgment,
                headers.shut, order, starts, rows[5], rows[1] > 0,
            ),
            found,
        )  # fmt: skip

    def finish(self) -> Result:
        """No more packets come: what is left is decided, and the tables can be asked for."""
        self._conversations.finish(self._flows.connections)
        return self._result(owned=True)

    def snapshot(self) -> Result:
        """The tables of what was fed so far. Analysis can go on afterwards; closing a snapshot closes nothing else."""
        return self._result(owned=False)

    @property
    def message_count(self) -> int:
        """Message rows that there are now."""
        return len(self._conversations.framer.messages)

    @property
    def datagram_count(self) -> int:
        """Datagrams that may have announced a device, without those that were forgotten."""
        return len(self._datagrams)

    @property
    def holes_given_up(self) -> int:
        """Holes that ``release`` went over."""
        return self._conversations.holes_given_up

    def release(self, now: int, patience: int) -> list[int]:
        """See ``Conversations.release``: go on where reading to the end would come first."""
        return self._conversations.release(now, patience)

    def forget(self, wanted: np.ndarray, first: np.ndarray, connections: Sequence[int] = ()) -> None:
        """Let go of all message rows but the wanted ones, of what passed between segments before packet
        ``first[stream]``, and of connections that are over. Snapshots that were taken before must not be used any more:
        rows are numbered anew.
        """
        conversations = self._conversations
        for number in connections:
            conversations.leave(number)
        foreign = np.repeat(conversations.states[: len(first) // 2] == FOREIGN, 2)
        late = [packet for packet, mark in conversations.reassembler.late_marks if mark & AGAIN]
        self._waits.forget(np.where(foreign, FOREVER, first), np.array(late, np.int64))
        conversations.keep(wanted)

    def forget_connections(self, before: int) -> None:
        """Let go of connections that are no sessions, or not any more, and of which nothing came since a time (ns)."""
        for number in self._flows.put_away(before, self._conversations.wants):
            self._conversations.strangers.pop(number, None)

    def forget_datagrams(self) -> None:
        """Let go of what may have announced a device."""
        self._datagrams.close()

    def _result(self, owned: bool) -> Result:
        talks = list(self._talks)
        return Result(
            self._source,
            self._facts,
            self._packets,
            talks,
            self._flows,
            self._conversations,
            self._waits,
            owned=owned,
            vendor=self._vendor,
            datagrams=self._datagrams,
            stations=self._stations,
        )


def _payload(headers: Headers) -> np.ndarray:
    """TCP payload bytes of each packet, -1 where it is not TCP."""
    if headers.whole:
        return headers.length
    payload = np.full(len(headers.time), -1, np.int64)
    payload[headers.row] = 0
    np.add.at(payload, headers.row, headers.length)  # a fragmented datagram has several rows
    return payload


class Analysis:
    """Captures analysed as one: tables as DataFrames, and the bytes behind their rows.

    ``sessions``, ``transactions``, ``messages``, ``events``, ``properties``, ``objects`` and ``packets`` are pandas
    DataFrames with the columns of ``tables.schema``, made when first asked for. ``results`` holds one Result per
    capture. ``repeated`` are names that stand for a capture which another one names already, and that other name: it is
    analysed once.
    """

    def __init__(self, results: list[Result], repeated: Sequence[tuple[str, str]] = ()) -> None:
        from .tables.build import TABLES

        self.results = results
        self.repeated = list(repeated)
        self.tables: tuple[str, ...] = tuple(TABLES)
        self._frames: dict[str, pd.DataFrame] = {}
        sessions = transactions = messages = 0
        for result in results:
            result.number_from(sessions, transactions, messages)
            sessions += len(result.pairs)
            transactions += len(result.transactions)
            messages += result.message_count

    @property
    def vendors(self) -> list[str | None]:
        """By session, the vendor whose code tables apply; None: the standards alone."""
        return [vendor for result in self.results for vendor in result.vendors]

    def call(self, row: Any) -> str:
        """A transaction as a person reads it: ``GetDevicePropDesc(ExposureTime)``; "" where no request was captured.

        ``row`` is a row of ``transactions`` or its number. IndexError for no such transaction.
        """
        from .tables.build import transaction_rows
        from .tables.calls import calls

        result, number = self.place_of(row)
        return calls(transaction_rows(result, number, number + 1), self.vendors, self.beginning)[0] or ""

    @property
    def captures(self) -> list[Result]:
        """The analysed captures, in the order given; path, format, size, packets, times, damage."""
        return self.results

    def batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """The rows of a table as Arrow record batches, in bounded memory. KeyError for an unknown table."""
        for _, batches in self.batches_by_capture(table):
            yield from batches

    def batches_by_capture(self, table: str) -> Iterator[tuple[Result, Iterator[pa.RecordBatch]]]:
        """As ``batches``, capture by capture."""
        from .tables.build import TABLES

        for result in self.results:
            yield result, TABLES[table](result)

    def event_kinds(self) -> Counter[EventKind]:
        """How many events there are by session, code and name. Quicker than the events table, in bounded memory."""
        from .tables.events import event_kinds

        return sum((event_kinds(result) for result in self.results), Counter())

    def arrow(self, table: str) -> pa.Table:
        """A whole table in Arrow memory. KeyError for an unknown table."""
        import pyarrow as pa

        from .tables.schema import arrow_schema

        return pa.Table.from_batches(list(self.batches(table)), arrow_schema(table)).unify_dictionaries()

    def frame(self, table: str) -> pd.DataFrame:
        """A whole table as a pandas DataFrame. KeyError for an unknown table."""
        from .tables.frame import frame_of

        if table not in self._frames:
            self._frames[table] = frame_of(self.arrow(table))
        return self._frames[table]

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in self.tables:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.frame(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.tables})

    def __repr__(self) -> str:
        several = len(self.results) != 1
        what = f"{len(self.results)} captures" if several else repr(self.results[0].path)
        sessions = sum(len(result.pairs) for result in self.results)
        transactions = sum(len(result.transactions) for result in self.results)
        return f"<Analysis of {what}: sessions={sessions}, transactions={transactions}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: captures, sessions, operations, the first steps. Texts from the wire are escaped."""
        from .tables.html import analysis_html

        return analysis_html(self)

    def bytes(self, row: Any) -> builtins.bytes:
        """The bytes of a message as far as the capture holds them.

        ``row`` is a row of ``messages`` (Series, mapping or named tuple) or its number. IndexError for no such message.
        """
        number = _number(row, "message")
        for result in self.results:
            if number < result.first_message + result.message_count:
                return result.message_bytes(number - result.first_message)
        raise IndexError(f"no message {number}")

    def data(self, row: Any, *, strict: bool = False) -> builtins.bytes:
        """The payload of a transaction's data phase as far as the capture holds it.

        Bytes that are missing, in a hole or cut off by snaplen, are left out without a sign, so that what follows moves
        up: ``data_pieces`` tells where the bytes belong, and with ``strict`` there are all of them or a ValueError that
        says how many are missing. ``row`` is a row of ``transactions`` or its number. IndexError for no such
        transaction.
        """
        result, number = self.place_of(row)
        missing = result.data_missing(number) if strict else 0
        if missing != 0:
            some = "an unknown number of" if missing is None else f"{missing:,}"
            raise ValueError(f"transaction {number + result.first_transaction}: {some} bytes of its data are missing")
        return b"".join(
            result.read(position, length)
            for _, length, position in result.data_pieces(number)
            if position is not None and length is not None
        )

    def data_pieces(self, row: Any) -> list[DataPiece]:
        """A data phase as pieces (offset in the payload, length, position in the capture), in order, without overlap.

        The position is None for a hole. A hole in which the headers of messages were lost has a length of None, and
        what follows it an offset of None, unless the announced size tells them. The pieces end where the last message
        does that was captured. ``row`` as for ``data``.
        """
        result, number = self.place_of(row)
        return result.data_pieces(number)

    def beginning(self, row: Any, most: int) -> builtins.bytes:
        """The first ``most`` bytes of a data phase, fewer where bytes are missing; ``row`` as for ``data``."""
        result, number = self.place_of(row)
        return result.data_head(number, most).data

    def settings(self, row: Any) -> list[tuple[str, str]]:
        """The properties that a transaction sends values of, by name, each with its value in words: ExposureIndex and
        ISO 800. ``row`` as for ``call``; IndexError for no such transaction.
        """
        from .decoded import decoder

        result, number = self.place_of(row)
        return decoder(result).settings(number)

    def dataset(self, row: Any) -> Dataset | None:
        """What a transaction's data phase says: fields with values, texts and byte ranges, and notes for what is odd.

        None where there is no data phase, or nobody has described what its operation carries. Bytes behind a hole are
        not decoded, and a note says so. ``row`` as for ``data``.
        """
        from .decoded import decoder

        result, number = self.place_of(row)
        return decoder(result).dataset(number)

    def extract(
        self, folder: str | os.PathLike[str], kinds: Sequence[str] | None = None, *, force: bool = False
    ) -> dict[str, Any]:
        """Write what was carried to files in a folder, made when missing, with a ``manifest.json``; returns that.

        ``kinds``: some of "objects" (photos, films, all that came from the camera), "thumbnails", "previews", "uploads"
        and "live-view"; None: all. Files keep the camera's names as far as these are safe; an incomplete one ends in
        ``.partial``, its holes are zeros. Files that are there stay: a folder that has a manifest is refused, and with
        ``force`` written anew. Memory doesn't grow with the objects. ``extract.ExtractError``, in one line, for what
        can't be written; ValueError for a kind that is not known.
        """
        from .extract import KINDS, extract

        return extract(self.results, folder, KINDS if kinds is None else kinds, force=force)

    def place_of(self, row: Any) -> tuple[Result, int]:
        """The capture that a transaction is in, and its row there. ``row`` as for ``call``; IndexError for none."""
        number = _number(row, "transaction")
        for result in self.results:
            if number < result.first_transaction + len(result.transactions):
                return result, number - result.first_transaction
        raise IndexError(f"no transaction {number}")

    def close(self) -> None:
        """Give back files and memory; rows stay, bytes can't be read any more."""
        for result in self.results:
            result.close()

    def __enter__(self) -> Analysis:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _number(row: Any, name: str) -> int:
    if isinstance(row, int | np.integer):
        number = int(row)
    elif getattr(row, "ndim", 1) != 1:
        raise TypeError(f"one row of {name}s is needed, not a whole {type(row).__name__}: take one with .iloc[0]")
    else:
        try:
            number = int(getattr(row, name) if hasattr(row, "_fields") else row[name])
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise TypeError(f"a row with {name!r} or its number is needed, not {type(row).__name__}") from error
    if number < 0:
        raise IndexError(f"no {name} {number}")
    return number


def analyze(
    captures: str | os.PathLike[str] | BinaryIO | Sequence[str | os.PathLike[str]],
    *,
    ports: Sequence[int] = (),
    packets: bool = True,
    vendor: str | None = None,
    progress: Progress | None = None,
    reader: Worker | None = None,
) -> Analysis:
    """Analyse captures as one.

    ``captures`` is a path, glob, directory, "-" or an open binary file, or several of those names. ``ports`` are TCP
    ports, besides 15740, on which PTP-IP is expected; ``packets=False`` keeps no packets table, which is faster.
    ``vendor``, a name of ``facts.VENDORS``, is taken for that of all cameras; without one each session's is found out.
    ``progress(done, total)`` is called with bytes as work goes on. ``reader`` is a process that reads the headers of
    large captures (``headers.read_apart``); without it a thread does.
    Raises ValueError for an unknown vendor or where nothing is named, CaptureError for what is not a capture; a damaged
    tail is not an error, see ``captures[i].damage``. What two names stand for is analysed once, see ``repeated``.
    """
    steps = analyze_in_steps(captures, ports=ports, packets=packets, vendor=vendor, progress=progress, reader=reader)
    return next(steps)  # without a wish there is one step: the whole


def analyze_in_steps(
    captures: str | os.PathLike[str] | BinaryIO | Sequence[str | os.PathLike[str]],
    *,
    ports: Sequence[int] = (),
    packets: bool = True,
    vendor: str | None = None,
    progress: Progress | None = None,
    reader: Worker | None = None,
    wanted: Callable[[], bool] | None = None,
) -> Generator[Analysis, None, None]:
    """As ``analyze``, with what was found so far in between: whenever ``wanted()`` answers True, which is asked after
    each part of a capture, an Analysis of all that was fed until then comes. The last one is the whole.

    Those before it are snapshots: their tables stay as they are, their bytes can be read until the whole is closed, and
    closing them closes nothing. Only between two steps may they be asked for anything. A consumer that leaves before
    the last one closes the captures.
    """
    if vendor is not None:
        from .ptp.vendor import checked

        checked(vendor)
    names, repeated = _named(captures)
    sizes = [Path(name).stat().st_size if isinstance(name, str) and os.path.isfile(name) else 0 for name in names]
    results: list[Result] = []
    source: Source | None = None
    try:
        for index, name in enumerate(names):
            source = open_capture(name)
            analyzer = Analyzer(source, ports, packets=packets, vendor=vendor)
            done, rest = sum(sizes[:index]), sum(sizes[index + 1 :])
            for headers in _headers(analyzer, source, reader):
                analyzer.feed(headers)
                if progress is not None:
                    progress(done + headers.at_hand.base + headers.at_hand.size, done + source.size + rest)
                if wanted is not None and wanted():
                    yield Analysis([*results, analyzer.snapshot()])
            results.append(analyzer.finish())
    except BaseException:
        for opened in (*results, source):
            if opened is not None:
                opened.close()  # a second time where its result was closed, which is allowed
        raise
    yield Analysis(results, repeated)


def _named(captures: object) -> tuple[list[Any], list[tuple[str, str]]]:
    """What to open, and the names that stand for one of these again."""
    if hasattr(captures, "read"):
        return [captures], []
    several = [captures] if isinstance(captures, str | os.PathLike) else captures
    if isinstance(several, bytes | bytearray | memoryview):
        raise TypeError("bytes are no path; a capture in memory is an open binary file: io.BytesIO(...)")
    if not isinstance(several, Sequence):
        raise TypeError(f"a path, several or an open binary file is needed, not {type(captures).__name__}")
    if not several:
        raise ValueError("no capture is named")
    return once(expand([os.fspath(name) for name in several]))


def _headers(analyzer: Analyzer, source: Source, reader: Worker | None) -> Generator[Headers, None, None]:
    """The headers of all packets, read ahead of analysis where that pays."""
    if source.size <= CHUNK_BYTES:
        yield from map(analyzer.prepare, source.batches())
        return
    if reader is not None and (yield from _headers_apart(source, reader)):
        return
    yield from in_thread(map(analyzer.prepare, source.batches()))


def _headers_apart(source: Source, reader: Worker) -> Generator[Headers, None, bool]:
    """The headers as another process reads them; False, and none, when it does not read this very file."""
    if not source.direct or not reader.takes(source.path):
        if not reader.idle:  # it reads something that nobody will take
            reader.close()
        return False
    coming = reader.items(source.path)
    try:
        same = next(coming, None) == source.identity
    except OSError:
        same = False
    if not same:
        reader.close()
        return False
    source.learn((yield from coming))
    return True
