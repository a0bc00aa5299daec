"""`live`: transactions while they happen. Shows what ``watch`` finds in what ``capture.live`` captures.

Promises a row as soon as its transaction is complete, and a file that is whole however this ends. Refuses to hide what
was lost: the last line says what the kernel dropped.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ptpip_analyze.cli.options import Columns, Names, Ports, Vendor, WhereText
from ptpip_analyze.cli.work import CommandError, ReaderLeft, forget_stdout, known_vendor, name_codes, names_in, say
from ptpip_analyze.describe import clock_time, counted, endpoint, human_bytes, human_seconds, in_letters_of, safe_text
from ptpip_analyze.tables.schema import columns as all_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from ptpip_analyze.capture.live import Live
    from ptpip_analyze.capture.recorders import Means
    from ptpip_analyze.capture.recording import Rotation, Spool
    from ptpip_analyze.ptpip.announcement import Announcement
    from ptpip_analyze.watch import Watch

LiveFormat = Literal["table", "jsonl"]

TABLE: Final = "transactions"
CALL_WIDTH: Final = 44
LEAST_CALL: Final = 24
ANSWER_WIDTH: Final = 19  # as long as most are
GOES: Final = {"identity": 7, "fraction": 4, "session": 4, "data": 11, "latency": 10, "when": 10}
"""What goes from a line in a narrow terminal, the first one first, each with the cells that this frees."""
TELL_S: Final = 0.05
"""While packets come faster than they are analysed, news are told so often."""
MOST_WAITING: Final = 4096
"""Message rows that wait for it at most, give or take a batch: memory grows with what is told at once."""
STATUS_S: Final = 0.5
STATE_S: Final = 1.0

_UNITS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_PERIODS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ARROWS: Final = {"in": "←", "out": "→"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live", context_settings={"allow_extra_args": True})(_live)  # they are told of in our words


def _live(
    context: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="INTERFACE|-|FILE",
            help="Where to capture, - for a capture on standard input, or a capture file that grows.",
            show_default=False,
        ),
    ],
    save: Annotated[
        Path | None,
        typer.Option("-w", "--write", metavar="FILE", help="Save what is captured (pcapng).", show_default=False),
    ] = None,
    rotate: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE|TIME",
            help="Begin a new file at a size (100M) or after a time (1h); names as dumpcap makes them.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="With --rotate: keep the newest N files only.", show_default=False),
    ] = None,
    capture_filter: Annotated[
        str, typer.Option("--filter", metavar="BPF", help="Capture filter: 'tcp port 15740'.", show_default=False)
    ] = "",
    duration: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="Stop after so long.", show_default=False)
    ] = None,
    count: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after N packets.", show_default=False)
    ] = None,
    means: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="MEANS",
            help="What captures: dumpcap (usual where it may) or sockets.",
            show_default=False,
        ),
    ] = None,
    file_format: Annotated[
        LiveFormat | None,
        typer.Option("--format", help="How rows are written: table on a terminal, else jsonl.", show_default=False),
    ] = None,
    columns: Columns = None,
    where: WhereText = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names_file: Names = None,
) -> None:
    """Watch cameras talk: each transaction as it completes."""
    if context.args:
        raise CommandError(
            f"live watches one place, not {' and '.join([place, *context.args])}; any watches all interfaces: live any"
        )
    chosen = file_format or ("table" if sys.stdout.isatty() else "jsonl")
    known = tuple(column.name for column in all_columns(TABLE) if column.name != "findings")
    wanted = None if columns is None else names_in(columns, known, "--columns", "column")
    keeps = _condition(where)
    vendor = known_vendor(vendor)
    name_codes(names_file)
    stop = _Stop(duration)
    saved = _saved(save, rotate)
    with _begun(place, save, _rotation(rotate, keep, save), capture_filter, count, _means(means), stop) as live:
        calls = chosen == "table" or "call" in (wanted or ())
        watch = _watch(live, ports, vendor, calls)
        _tell_beginning(live, place, saved, capture_filter)
        with stop.caught():
            _follow(live, watch, stop, _writer(chosen, wanted), keeps, _State(live, place))
        _tell_end(live, watch, saved)
    if stop.signal:
        raise typer.Exit(128 + stop.signal)
    if live.ended:
        raise CommandError(f"{place}: {live.ended}")


class _Stop:
    """What ends a capture: a time, or a signal; a second signal ends everything."""

    def __init__(self, duration: float | None) -> None:
        self.until = None if duration is None else time.monotonic() + duration
        self.signal = 0

    def caught(self) -> _Stop:
        """A context in which signals are requests."""
        return self

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: object) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number

    def asked(self) -> bool:
        """Is it time to end?"""
        return bool(self.signal) or (self.until is not None and time.monotonic() >= self.until)


def _begun(
    place: str,
    save: Path | None,
    rotation: Rotation | None,
    capture_filter: str,
    count: int | None,
    means: Means | None,
    stop: _Stop,
) -> Live:
    """The capture that was asked for. CommandError where there can be none."""
    from ptpip_analyze.capture import CaptureError, live
    from ptpip_analyze.capture.recorders import RecorderError

    if place == "-" and sys.stdin is not None and sys.stdin.isatty():
        raise CommandError("standard input is the terminal; pipe a capture into it, or name an interface or a file")
    known = live.interfaces()
    of_file = place != "-" and place not in known and os.path.exists(place)
    if (of_file or place == "-") and (capture_filter or means):
        raise CommandError("--filter and --with are for interfaces: here somebody else captures")
    try:
        with stop.caught():
            if of_file:
                if save is not None:
                    raise CommandError(f"{place} is a file already; -w saves what is captured on an interface or stdin")
                return live.of_file(place, most=count, idle=lambda: not stop.asked())
            if place != "-" and place not in known and place != "any":
                raise CommandError(f"{place}: no such interface or file; interfaces are {', '.join(known)}")
            spool = _spool(save, rotation)
            try:
                if place == "-":
                    return live.of_stdin(spool, most=count, idle=lambda: not stop.asked())
                return live.of_interface(place, spool, capture_filter=capture_filter, most=count, means=means)
            except BaseException:
                spool.discard()
                raise
    except (RecorderError, CaptureError) as error:
        if stop.signal:
            raise typer.Exit(128 + stop.signal) from error
        if stop.asked():
            raise typer.Exit from error
        raise CommandError(str(error)) from error


def _spool(save: Path | None, rotation: Rotation | None) -> Spool:
    from ptpip_analyze.capture.recording import Spool

    try:
        return Spool(save, rotation)
    except OSError as error:
        raise CommandError(f"{save}: {error.strerror or error}") from error


def _watch(live: Live, ports: list[int] | None, vendor: str | None, calls: bool) -> Watch:
    from ptpip_analyze.tables.lean import keep_pandas_away

    keep_pandas_away()
    from ptpip_analyze.watch import Watch

    return Watch(live.source, tuple(ports or ()), vendor, calls=calls)


def _follow(
    live: Live,
    watch: Watch,
    stop: _Stop,
    write: Callable[[pa.RecordBatch], None],
    keeps: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    state: _State,
) -> None:
    """Read, analyse and tell until it ends. CommandError when what was captured can't be read any more."""
    from ptpip_analyze.capture import CaptureError

    status = _Status(live, watch)
    told = 0.0
    stopping = False
    try:
        for batch in live.batches():
            watch.feed(batch)
            if stop.asked() and not stopping:
                stopping = True
                live.stop()
            if len(batch.time) == 0 and _nobody_reads():
                raise ReaderLeft
            now = time.monotonic()
            if live.is_behind(batch) and now - told < TELL_S and watch.waiting < MOST_WAITING:
                continue
            told = now
            for rows in keeps(watch.news()):
                status.clear()
                write(rows)
            for announcement in watch.announcements():
                status.clear()
                say(_announced(announcement))
            if changed := state.change(now):
                status.clear()
                say(changed)
            status.show()
        status.clear()
        for rows in keeps(watch.finish()):
            write(rows)
    except BrokenPipeError as error:
        raise ReaderLeft from error
    except CaptureError as error:  # what was captured can't be read again: its file was cut, or its disk is gone
        raise CommandError(f"{error.path}: {live.fault}" if live.fault else str(error)) from error
    finally:
        status.clear()


def _nobody_reads() -> bool:
    """Has whoever read standard output gone? Without a row to write nothing else tells."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


class _State:
    """Why nothing comes, which nobody else tells."""

    def __init__(self, live: Live, place: str) -> None:
        self._live, self._place = live, place
        self._trouble = ""
        self._looked = 0.0

    def change(self, now: float) -> str:
        """What has changed, looked at once in a while; "" for nothing."""
        if now - self._looked < STATE_S:
            return ""
        self._looked = now
        before, self._trouble = self._trouble, self._live.trouble
        return "" if self._trouble == before else f"{self._place} {self._trouble or 'is there again'}"


class _Status:
    """The line of numbers at the foot of a terminal."""

    def __init__(self, live: Live, watch: Watch) -> None:
        self._live, self._watch = live, watch
        self._there = False
        self._drawn = 0.0

    def show(self) -> None:
        """Draw it, if there is a terminal and it is not up to date."""
        now = time.monotonic()
        if sys.stderr.isatty() and (not self._there or now - self._drawn >= STATUS_S):
            sys.stderr.write(f"\r{_cut(_numbers(self._live, self._watch), _foot_width())}\x1b[K")
            sys.stderr.flush()
            self._there, self._drawn = True, now

    def clear(self) -> None:
        """Take it away, so that something else can be written."""
        if self._there:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._there = False


def _foot_width() -> int:
    """The cells of a line that can be taken away again: a folded one can't."""
    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        width = 0
    return (width or 80) - 1


def _numbers(live: Live, watch: Watch) -> str:
    dropped = live.source.dropped
    lost = "drops are told at the end" if dropped is None else f"{dropped:,} dropped by the kernel"
    if live.means is None and dropped is None:
        lost = "drops not told"
    behind = (live.packets or 0) - watch.packets
    waiting = f" ({behind:,} not analysed yet)" if behind > 10_000 else ""
    return (
        f"{counted(watch.packets, 'packet')}{waiting}, {lost}, {counted(watch.transactions, 'transaction')}, "
        f"{counted(watch.sessions, 'session')}"
    )


def _saved(save: Path | None, rotate: str | None) -> str | None:
    """Where it is saved, in words. CommandError for what is no file."""
    if save is None:
        return None
    if str(save) == "-":
        raise CommandError("-w needs the name of a file: rows are what goes to standard output")
    return str(save) if rotate is None else str(save.with_name(f"{save.stem}_*{save.suffix or '.pcapng'}"))


def _tell_beginning(live: Live, place: str, saved: str | None, capture_filter: str) -> None:
    if live.means is not None:
        by = "dumpcap" if live.means == "dumpcap" else "sockets of its own"
        only = f", filter {capture_filter}" if capture_filter else ""
        where = f", saved in {saved}" if saved is not None else ""
        say(f"capturing on {place} with {by}{only}{where}; Ctrl-C ends it")


def _tell_end(live: Live, watch: Watch, saved: str | None) -> None:
    where = f"; saved in {saved}" if saved is not None and live.packets else ""
    say(f"{_numbers(live, watch).replace('drops are told at the end', 'drops not told')}{where}")
    if live.source.damage is not None:
        say(f"{live.source.damage} (everything before it is analysed)")
    if watch.holes:
        say(
            f"{counted(watch.holes, 'time')} bytes were missing that their receiver had acknowledged, and rows were "
            "written without waiting for them"
        )
    if watch.corrected:
        say(f"{counted(watch.corrected, 'row')} came again with what was known later: the last one counts")


def _announced(row: Announcement) -> str:
    from ptpip_analyze.tables.addresses import address_text

    who = f"“{row.device}”" if row.device else "a device"
    address = address_text((row.addresses or [row.source])[0])
    where = endpoint(address, row.port) if address else "?"
    return safe_text(f"{who} announces itself at {where} ({row.method}{f' {row.service}' if row.service else ''})")


def _writer(chosen: str, wanted: tuple[str, ...] | None) -> Callable[[pa.RecordBatch], None]:
    from ptpip_analyze.tables.schema import names

    stream = sys.stdout.buffer
    if chosen == "jsonl":
        from ptpip_analyze.tables import lines

        shown = list(wanted or names(TABLE))

        def as_json(rows: pa.RecordBatch) -> None:
            lines.write_lines([rows.select(shown)], stream, lines.json_rows, "\n")
            stream.flush()

        return _guarded(as_json)
    if wanted is not None:
        from ptpip_analyze.tables.cells import cell_text, plain_values

        by_name = {column.name: column for column in all_columns(TABLE)}

        def as_columns(rows: pa.RecordBatch) -> None:
            cells = [[cell_text(by_name[name], value) for value in plain_values(rows.column(name))] for name in wanted]
            stream.write(_letters("".join("  ".join(line) + "\n" for line in zip(*cells, strict=True))))
            stream.flush()

        return _guarded(as_columns)

    def as_lines(rows: pa.RecordBatch) -> None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        stream.write(_letters("".join(_line(row, width) + "\n" for row in _plain(rows))))
        stream.flush()

    return _guarded(as_lines)


def _guarded(write: Callable[[pa.RecordBatch], None]) -> Callable[[pa.RecordBatch], None]:
    """Writing, with one line for what goes wrong; BrokenPipeError when nobody reads."""

    def guarded(rows: pa.RecordBatch) -> None:
        try:
            write(rows)
        except BrokenPipeError:
            raise
        except OSError as error:
            forget_stdout()
            raise CommandError(f"standard output: {error.strerror or error}") from error

    return guarded


def _letters(text: str) -> bytes:
    return in_letters_of(text, sys.stdout.encoding or "utf-8")


def _plain(rows: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    from ptpip_analyze.tables.cells import plain_values

    columns = [plain_values(column) for column in rows.columns]
    for values in zip(*columns, strict=True):
        yield dict(zip(rows.schema.names, values, strict=True))


def _line(row: dict[str, Any], width: int | None = None) -> str:
    """A transaction on one line: when, who, what was asked, what was carried, how long it took, what was answered.

    Where the line has to fit in ``width`` its call is made shorter, then columns go, and at last the answer is cut; one
    that is long takes the blanks behind its call.
    """
    at = row["request_time"] if row["request_time"] is not None else row["response_time"]
    gone, room = _laid_out(width)
    when = "" if at is None else clock_time(int(at), digits=0 if "fraction" in gone else 3, date=False)
    status = "" if row["status"] == "complete" else f" ({row['status']})"
    call = safe_text(row["call"] or "?")
    cells = {
        "when": f"{when:{8 if 'fraction' in gone else 12}}",
        "session": f"{row['session'] if row['session'] is not None else '':>2}",
        "identity": f"{'?' if row['transaction_id'] is None else row['transaction_id']:>5}",
        "call": call if width is None else _cut(call, room),
        "data": f"{_carried(row):>9}",
        "latency": f"{'' if row['latency_s'] is None else human_seconds(row['latency_s']):>8}",
        "answer": safe_text(row["response"] or "no response") + status,
    }
    shown = {name: text for name, text in cells.items() if name not in gone}
    if width is not None:
        room = min(room, width - sum(len(text) + 2 for name, text in shown.items() if name != "call"))
    line = "  ".join(f"{text:<{max(room, 0)}}" if name == "call" else text for name, text in shown.items())
    return line if width is None else _cut(line, width)


def _laid_out(width: int | None) -> tuple[frozenset[str], int]:
    """What goes from lines of this width, and the room for the call."""
    if width is None:
        return frozenset(), CALL_WIDTH
    gone: list[str] = []
    room = width - 2 - ANSWER_WIDTH - sum(GOES.values())
    for name, cells in GOES.items():
        if room >= LEAST_CALL:
            break
        gone.append(name)
        room += cells
    return frozenset(gone), max(room, 1)


def _carried(row: dict[str, Any]) -> str:
    return f"{_ARROWS[row['data_direction']]} {human_bytes(row['data_bytes'])}" if row["data_bytes"] else ""


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _condition(where: str | None) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    if where is None:
        return iter
    from ptpip_analyze.tables.where import WhereError, filtered, parse_where

    try:
        condition = parse_where(where, TABLE)
    except WhereError as error:
        raise CommandError(f"--where: {error}") from error
    if {"call", "findings"} & set(condition.columns):
        raise CommandError("--where: call and findings are known of captures that have ended")

    def chosen(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from filtered(condition, batches)
        except WhereError as error:
            raise CommandError(f"--where: {error}") from error

    return chosen


def _rotation(rotate: str | None, keep: int | None, save: Path | None) -> Rotation | None:
    """When new files are begun. CommandError for what is no size and no time."""
    from ptpip_analyze.capture.recording import Rotation

    if rotate is None:
        if keep is not None:
            raise CommandError("--keep N is for --rotate, which makes the files")
        return None if save is None else Rotation()
    if save is None:
        raise CommandError("--rotate is for -w FILE")
    number, unit = (rotate[:-1], rotate[-1]) if rotate and not rotate[-1].isdigit() else (rotate, "")
    unit = unit if unit != "K" else "k"
    try:
        amount = float(number)
    except ValueError:
        amount = 0
    if not 0 < amount < 1e12 or unit not in {**_UNITS, **_PERIODS}:
        raise CommandError(f"--rotate: {rotate} is no size (100M) and no time (1h)")
    if unit in _PERIODS:
        return Rotation(None, amount * _PERIODS[unit], keep)
    return Rotation(max(int(amount * _UNITS[unit]), 1), None, keep)


def _means(named: str | None) -> Means | None:
    from ptpip_analyze.capture.recorders import MEANS

    if named is None:
        return None
    for one in MEANS:
        if named == one:
            return one
    raise CommandError(f"--with: there are {', '.join(MEANS)}")
