"""Message boundaries in the byte streams.

Walks the length words and looks no further than the fixed fields; never drops a byte: what can't be framed becomes an
unframed row.

All streams of a batch are laid end to end on one line (a spare position between neighbours), so that the header words
behind every segment start are read by one array operation. Most messages begin where a segment begins, and follow one
another without a break: such runs are taken as slices. Python reads single headers only where messages share a
segment or straddle one. A stream that loses sync (a hole over a header, nonsense in one) waits for ``resync``.
"""

from __future__ import annotations

import numpy as np

from ..capture import NOTHING, Bytes, Read
from ..facts.packets import UNKNOWN_TOTAL
from ..store import Columns
from ..tcp import ACK, CAPTURED, HOLE, LENGTH, OFFSET, PACKET, POSITION, TIME
from . import containers
from . import messages as m
from .line import Candidates, Line, rows_from
from .recognise import GREETING_LIMIT, is_plausible
from .resync import Phase, find_boundary
from .rows import Found, Row, Writer

START_DATA_BYTES, DATA_HEADER_BYTES = 20, 12  # 2.3.9, 2.3.10

# Greetings are framed whole, because their names have no fixed length.
WHOLE = (m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK)


MESSAGE_MEMORY = 96 << 20  # message rows are needed whole in the end; about a million stay in memory


class FramedStream:
    """What framing remembers of one direction of a PTP-IP connection.

    ``boundary`` is the offset where the next message begins; ``tail`` the rows from there on that were not consumed;
    ``open`` a message whose header was read and whose end has not come; ``lost`` the reason why the boundary is not
    known (an index of REASONS, 0 while in sync). ``anchors`` are offsets that the other side had acknowledged when it
    spoke. ``phase`` is the data phase under way, as far as that is known. ``form`` is how messages are framed
    (STANDARD, or another of ``containers``).
    """

    __slots__ = (
        "anchors",
        "boundary",
        "bytes",
        "end",
        "first_kind",
        "form",
        "losses",
        "lost",
        "number",
        "open",
        "phase",
        "tail",
        "to_responder",
    )

    def __init__(
        self, number: int, to_responder: bool | None, lost: int = m.FINE, *, form: int = containers.STANDARD
    ) -> None:
        self.number = number
        self.form = form
        self.to_responder = to_responder
        self.boundary = 0
        self.end = 0  # offset behind the last row handed in
        self.bytes = 0  # payload carried by captured packets
        self.lost = lost
        self.first_kind: int | None = None  # type of the first message
        self.losses = 0  # how often sync was lost in nonsense
        self.tail: list[np.ndarray] = []
        self.open: Row | None = None
        self.phase: Phase | None = None
        self.anchors: list[np.ndarray] = []


class Framer:
    """Turns rows of streams into message rows.

    ``greetings`` maps the row number of each
    Init Command Request and Ack to its bytes. ``read(position, length)`` reads the source where the batch does not
    reach.
    """

    def __init__(self, read: Read) -> None:
        self._table = Columns(m.COLUMNS, MESSAGE_MEMORY)
        self._writer = Writer(self._table)
        self.greetings: dict[int, bytes] = {}
        self._read = read

    @property
    def messages(self) -> Columns:
        """The table of messages (``messages.COLUMNS``)."""
        self._writer.flush()
        return self._table

    def keep(self, wanted: np.ndarray) -> None:
        """Let go of all rows but the wanted ones (bool, one per row); these are numbered anew."""
        number = np.cumsum(wanted) - 1
        self.messages.keep(wanted)
        self.greetings = {int(number[row]): body for row, body in self.greetings.items() if wanted[row]}
        self._writer.count = len(self._table)

    def feed(self, parts: list[tuple[FramedStream, list[np.ndarray]]], source: Bytes, final: bool = False) -> None:
        """Frame what arrived for each stream: rows in stream order, following what was handed in before.

        With ``final`` nothing follows: open messages are cut, lost streams are decided with what there is.
        """
        work: list[tuple[FramedStream, np.ndarray]] = []
        for stream, arrived in parts:
            for rows in arrived:
                self._note(stream, rows)
            stream.tail.extend(arrived)
            self._queue(stream, work, final)
        while work:
            self._frame(work, source, final)
            streams, work = [stream for stream, _ in work], []
            for stream in streams:
                if stream.lost:
                    self._queue(stream, work, final)
        if final:
            for stream, _ in parts:
                self._finish(stream)

    def _note(self, stream: FramedStream, rows: np.ndarray) -> None:
        stream.bytes += int(rows[LENGTH][rows[POSITION] != HOLE].sum())
        stream.end = int(rows[OFFSET, -1] + rows[LENGTH, -1])

    def _queue(self, stream: FramedStream, work: list[tuple[FramedStream, np.ndarray]], final: bool) -> None:
        """Put a stream's tail into ``work`` when something can be framed in it."""
        if not stream.tail:
            return
        rows = stream.tail[0] if len(stream.tail) == 1 else np.concatenate(stream.tail, axis=1)
        stream.tail = [rows]
        if stream.lost:
            found = find_boundary(stream, rows, self._read, final)
            if found is None:
                return
            self._unframed(stream, rows, found)
            rows = rows_from(rows, found)
            if rows.shape[1] == 0:
                stream.tail = []
                return
        stream.tail = []
        work.append((stream, rows))

    def _unframed(self, stream: FramedStream, rows: np.ndarray, end: int) -> None:
        """A row for the bytes from the lost boundary to ``end``; nonsense and a hole behind it get a row each."""
        start, reason = stream.boundary, stream.lost
        stream.boundary, stream.lost = end, m.FINE
        if reason in (m.GARBAGE, m.SHORT_LENGTH):
            holes = rows[OFFSET][(rows[POSITION] == HOLE) & (rows[OFFSET] > start) & (rows[OFFSET] < end)]
            nonsense_end = int(holes[0]) if len(holes) else end
            self._append_unframed(stream.number, rows, start, nonsense_end, m.MALFORMED, reason)
            start, reason = nonsense_end, m.HIDDEN
        self._append_unframed(stream.number, rows, start, end, m.GAP, reason)

    def _append_unframed(self, number: int, rows: np.ndarray, start: int, end: int, status: int, reason: int) -> None:
        if end <= start:
            return
        first = int(np.searchsorted(rows[OFFSET], start, "right")) - 1
        last = int(np.searchsorted(rows[OFFSET], end, "left")) - 1
        covered = rows[:, max(first, 0) : last + 1]
        holes = covered[POSITION] == HOLE
        row = Row(number, start, end - start, m.UNFRAMED)
        row.extend(covered, int(covered[LENGTH][holes].sum()), 0)
        row.acknowledgment = -1 if holes[0] else int(covered[ACK, 0])
        row.status, row.reason = status, reason
        self._writer.add([row])

    def _finish(self, stream: FramedStream) -> None:
        """Write down a message that never ended, and bytes too few to be one."""
        row = None
        if stream.open is not None:
            row, stream.open = stream.open, None
        elif stream.tail and not stream.lost:
            rows = np.concatenate(stream.tail, axis=1)
            stream.tail = []
            if stream.boundary < stream.end:
                line = Line([(stream, rows)])
                start = stream.boundary - line.shift[0]
                window = self._window(line, start, line.stop[0] - start, Bytes(NOTHING, self._read))
                row = Row(stream.number, stream.boundary, line.stop[0] - start, m.UNFRAMED)
                if len(window) >= m.HEADER_BYTES:
                    row = _headed(stream, stream.boundary, int.from_bytes(window[:4], "little"), window)
                row.extend(rows, line.missing(start, line.stop[0])[0], 0)
        if row is not None:
            row.unfinished(row.offset + row.length - stream.end)
            self._writer.add([row])

    def _frame(self, work: list[tuple[FramedStream, np.ndarray]], source: Bytes, final: bool) -> None:
        line = Line(work)
        candidates = line.candidates(source)
        starts = candidates.at
        ends = starts + candidates.length
        unlinked = np.flatnonzero(ends[:-1] != starts[1:])  # the last candidate of each run
        spans: list[tuple[int, int, int]] = []  # stream index, candidates from, to
        singles: list[tuple[int, int, int, int]] = []  # stream index, start, length, type
        closing: list[tuple[int, int, Row]] = []  # stream index, end on the line, open message
        for index, (stream, rows) in enumerate(work):
            found = (starts, ends, unlinked, candidates.kind)
            self._walk(index, stream, rows, line, found, spans, singles, closing, source, final)
        closed = self._carry_on(line, closing)
        self._append(work, line, closed, spans, singles, candidates, source)

    def _walk(
        self,
        index: int,
        stream: FramedStream,
        rows: np.ndarray,
        line: Line,
        candidates: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        spans: list[tuple[int, int, int]],
        singles: list[tuple[int, int, int, int]],
        closing: list[tuple[int, int, Row]],
        source: Bytes,
        final: bool,
    ) -> None:
        """Follow the messages of one stream through this batch and leave the stream at its next boundary."""
        starts, ends, unlinked, kinds = candidates
        spans_before, singles_before = len(spans), len(singles)
        shift, stop = line.shift[index], line.stop[index]
        at = stream.boundary - shift
        if stream.open is not None:
            closing.append((index, min(at, stop), stream.open))
            if at <= stop:
                stream.open = None
        # What looks like a header of PTP-IP in the dialect is none.
        limit = int(starts.searchsorted(stop)) if stream.form == containers.STANDARD else 0
        while at < stop:
            candidate = int(starts.searchsorted(at))
            if candidate < limit and starts[candidate] == at:
                behind = int(unlinked.searchsorted(candidate))
                last = min(int(unlinked[behind]) if behind < len(unlinked) else limit - 1, limit - 1)
                if ends[last] > stop:
                    last -= 1
                if last >= candidate:
                    if stream.first_kind is None:
                        stream.first_kind = int(kinds[candidate])
                    spans.append((index, candidate, last + 1))
                    at = int(ends[last])
                    continue
            window = self._window(line, at, stop - at, source)
            known = len(window)
            if known < 8:
                if line.has_hole(at + known, min(at + 8, stop)):
                    stream.lost = m.HIDDEN
                break
            length, kind = containers.kind_of(stream.form, window)
            believed = self._believed_length(stream.form, line, at, stop, length, kind, source, final)
            if believed is None:
                break
            if believed == 0:
                stream.lost = m.SHORT_LENGTH if length < 8 else m.GARBAGE
                stream.losses += 1
                break
            length = believed
            if stream.first_kind is None:
                stream.first_kind = kind
            if at + length <= stop:
                singles.append((index, at, length, kind))
                at += length
                if kind == m.DATA and at + length <= stop:
                    alike = line.repeats(at, stop, length, kind, source)
                    singles.extend((index, at + number * length, length, kind) for number in range(alike))
                    at += alike * length
                continue
            if known >= min(length, m.FIXED_BYTES) or line.has_hole(at + known, min(at + m.FIXED_BYTES, stop)):
                if kind in WHOLE and length <= GREETING_LIMIT:
                    break
                stream.open = self._opened(index, stream, line, at, length, window)
                at += length
            break
        framed = [(int(starts[one]), int(kinds[one])) for one in _last_of(kinds, spans[spans_before:])]
        framed += [(start, kind) for _, start, _, kind in singles[singles_before:]]
        if stream.open is not None:
            framed.append((stream.open.offset - shift, stream.open.kind))
        if framed and stream.form == containers.STANDARD:
            stream.phase = self._phase(stream, line, shift, framed, source)
        stream.boundary = at + shift
        if at < stop:
            stream.tail = [rows_from(rows, stream.boundary)]

    def _phase(
        self,
        stream: FramedStream,
        line: Line,
        shift: int,
        framed: list[tuple[int, int]],
        source: Bytes,
    ) -> Phase | None:
        """The data phase under way behind these messages (position, type), the last of its Start Data among them."""
        if max(framed)[1] not in (m.START_DATA, m.DATA):
            return None
        began = max((at for at, kind in framed if kind == m.START_DATA), default=None)
        if began is None:
            return stream.phase
        window = self._window(line, began, START_DATA_BYTES, source)
        total = int.from_bytes(window[12:20], "little")
        if len(window) < START_DATA_BYTES or total == UNKNOWN_TOTAL:
            return None
        return Phase(window[8:12], began + shift + START_DATA_BYTES + total + DATA_HEADER_BYTES)

    def _believed_length(
        self,
        form: int,
        line: Line,
        at: int,
        stop: int,
        length: int,
        kind: int,
        source: Bytes,
        final: bool,
    ) -> int | None:
        """The number of bytes to the next message; 0 when this is no message; None when more bytes must decide."""
        if length < 8:
            return 0
        fixed = m.fixed_length(kind)
        if form != containers.STANDARD:
            listed = containers.is_plausible(length, kind)
            if not listed:
                return 0
            if containers.keeps_layout(length, kind):
                return length
        else:
            listed = 0 < kind <= m.LAST_TYPE
            if listed and (length <= GREETING_LIMIT or kind in (m.DATA, m.END_DATA)) and fixed in (None, length):
                return length
        # The length is not that of the type, or the type is reserved: believe what a header follows.
        options = [option for option in (length, fixed) if option is not None and option <= GREETING_LIMIT]
        if not options:
            return 0
        if not final and any(at + option + 8 > stop for option in options):
            return None
        for option in options:
            if self._header_follows(form, line, at + option, stop, source):
                return option
        if listed and at + length == stop:
            return length
        return 0

    def _header_follows(self, form: int, line: Line, at: int, stop: int, source: Bytes) -> bool:
        if at >= stop:
            return False
        window = self._window(line, at, stop - at, source)
        judge = is_plausible if form == containers.STANDARD else containers.is_plausible
        return len(window) >= 8 and judge(*containers.kind_of(form, window))

    def _window(self, line: Line, at: int, room: int, source: Bytes) -> bytes:
        """The first bytes of a message, read piece by piece: 38, fewer where the stream ends or a byte is missing."""
        return line.read(at, min(m.FIXED_BYTES, room), source)

    def _opened(self, index: int, stream: FramedStream, line: Line, at: int, length: int, window: bytes) -> Row:
        """A message whose end is not here yet, so far as it is here."""
        row = _headed(stream, at + line.shift[index], length, window)
        row.extend(line.rows[:, line.piece(at) : line.last_piece[index] + 1], *line.missing(at, line.stop[index]))
        return row

    def _carry_on(self, line: Line, closing: list[tuple[int, int, Row]]) -> list[Row]:
        """Add to the messages that were open what came of them, and give those that ended."""
        closed = []
        for index, end, row in closing:
            start = line.start[index]
            if end > start:
                part = line.rows[:, line.first_piece[index] : line.piece(end - 1) + 1]
                row.extend(part, *line.missing(start, end))
            if row.offset + row.length <= end + line.shift[index]:
                closed.append(row)
        return closed

    def _append(
        self,
        work: list[tuple[FramedStream, np.ndarray]],
        line: Line,
        closed: list[Row],
        spans: list[tuple[int, int, int]],
        singles: list[tuple[int, int, int, int]],
        candidates: Candidates,
        source: Bytes,
    ) -> None:
        """Write the rows of all messages that are complete in this batch."""
        starts, lengths, kinds, pieces = candidates
        if not spans and not singles:
            self._writer.add(closed)
            return
        chosen = (
            np.concatenate([np.arange(start, stop) for _, start, stop in spans]) if spans else np.empty(0, np.int64)
        )
        at, length, kind, first_piece = starts[chosen], lengths[chosen], kinds[chosen], pieces[chosen]
        owner = np.repeat([index for index, _, _ in spans], [stop - start for _, start, stop in spans]).astype(np.int64)
        if singles:
            extra = np.array(singles, np.int64).T
            at = np.concatenate([at, extra[1]])
            length = np.concatenate([length, extra[2]])
            kind = np.concatenate([kind, extra[3]])
            owner = np.concatenate([owner, extra[0]])
            first_piece = np.concatenate([first_piece, np.searchsorted(line.at, extra[1], "right") - 1])
            order = np.argsort(at, kind="stable")
            at, length, kind, owner, first_piece = (column[order] for column in (at, length, kind, owner, first_piece))
        last_piece = first_piece.copy()
        beyond = np.flatnonzero(at + length > line.at[first_piece] + line.rows[LENGTH, first_piece])
        last_piece[beyond] = np.searchsorted(line.at, at[beyond] + length[beyond] - 1, "right") - 1
        window, known = self._windows(line, at, length, first_piece, source)
        rows = line.rows
        packets, times = rows[PACKET], rows[TIME]
        first, last = packets[first_piece], packets[last_piece]
        began, time = times[first_piece], times[last_piece]
        if line.reordered:
            pairs = np.stack([first_piece, last_piece + 1], axis=1).ravel()
            first = np.minimum.reduceat(np.append(packets, packets[-1]), pairs)[::2]
            last = np.maximum.reduceat(np.append(packets, packets[-1]), pairs)[::2]
            began = np.minimum.reduceat(np.append(times, times[-1]), pairs)[::2]
            time = np.maximum.reduceat(np.append(times, times[-1]), pairs)[::2]
        gap, cut = line.missing_between(at, at + length) if line.incomplete else (None, None)
        flaws = self._greetings(work, line, (owner, at, length, kind), len(closed), source)
        numbers, shifts = np.array([stream.number for stream, _ in work]), np.array(line.shift)
        found = Found(
            numbers[owner], at + shifts[owner], length, kind, window, known, first, last, began, time,
            rows[ACK, first_piece], gap, cut, flaws, {},
        )  # fmt: skip
        self._writer.add(closed, found)

    def _greetings(
        self,
        work: list[tuple[FramedStream, np.ndarray]],
        line: Line,
        messages: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        before: int,
        source: Bytes,
    ) -> dict[int, int]:
        """Remember the bytes of greetings, and judge them by their layout: row -> reason.

        ``before`` rows will be written before these.
        """
        owner, at, length, kind = messages
        flaws = {}
        for row in np.flatnonzero((kind == m.INIT_COMMAND_REQUEST) | (kind == m.INIT_COMMAND_ACK)).tolist():
            body = line.read(int(at[row]), min(int(length[row]), GREETING_LIMIT), source)
            self.greetings[self._writer.count + before + row] = body
            flaw = m.greeting(int(kind[row]), body, fuji=work[owner[row]][0].form != containers.STANDARD)["reason"]
            if flaw and not line.has_hole(int(at[row]), int(at[row] + length[row])):
                flaws[row] = int(flaw)
        return flaws

    def _windows(
        self, line: Line, at: np.ndarray, length: np.ndarray, piece: np.ndarray, source: Bytes
    ) -> tuple[np.ndarray, np.ndarray]:
        """The first 40 bytes of each message, zero beyond what is known or belongs to it, and how many are known."""
        within = at - line.at[piece]
        wanted = np.minimum(length, m.FIXED_BYTES)
        position = line.rows[POSITION, piece] + within
        quick = (
            (line.rows[POSITION, piece] != HOLE)
            & (line.rows[CAPTURED, piece] - within >= wanted)
            & source.holds(position, m.WINDOW_BYTES)
        )
        known = wanted.copy()
        window = np.zeros((len(at), m.WINDOW_BYTES), np.uint8)
        rows = np.flatnonzero(quick)
        if len(rows):
            found = source.gather(position[rows], m.WINDOW_BYTES).view(np.uint8).reshape(-1, m.WINDOW_BYTES)
            if len(rows) == len(at):
                window = found
            else:
                window[rows] = found
        if len(rows) < len(at):
            for row in np.flatnonzero(~quick).tolist():
                read = line.read(int(at[row]), int(wanted[row]), source)
                window[row, : len(read)] = np.frombuffer(read, np.uint8)
                known[row] = len(read)
        return window, known


def _last_of(kinds: np.ndarray, spans: list[tuple[int, int, int]]) -> list[int]:
    """Of candidates taken in spans, the last one and the last Start Data."""
    if not spans:
        return []
    for _, low, high in reversed(spans):
        begun = np.flatnonzero(kinds[low:high] == m.START_DATA)
        if len(begun):
            return [low + int(begun[-1]), spans[-1][2] - 1]
    return [spans[-1][2] - 1]


def _headed(stream: FramedStream, offset: int, length: int, window: bytes) -> Row:
    """A message of which at least the header is known."""
    return Row(stream.number, offset, length, containers.kind_of(stream.form, window)[1], window[: m.FIXED_BYTES])
