"""A second opinion: our messages against what Wireshark's dissectors say of the same capture, read through pyshark.

Promises every difference with its frame and, where Wireshark's own dissector is known to be wrong, the reason; refuses
to judge which side is right where no reason is known.
"""

from __future__ import annotations

import shutil
import subprocess
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from .folders import MECHANISM, DissectorError, for_root, source

if TYPE_CHECKING:
    from ptpip_analyze import Analysis

OURS, BUILT_IN = "ptp_ip", "ptpip"
BUILT_IN_PORT = 15740  # the only one that Wireshark's own dissector knows
FIELDS = ("type", "length", "transaction_id", "code", "frame")

# Fields of each dissector: ours has one for each kind of code, Wireshark's own writes all into one.
_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    OURS: {
        "type": ("type",), "length": ("length",), "transaction_id": ("transaction_id",),
        "code": ("operation", "response", "event", "fail_reason"),
    },
    BUILT_IN: {
        "type": ("pktType",), "length": ("len",), "transaction_id": ("transactionID",),
        "code": ("opcode", "respcode", "eventcode"),
    },
}  # fmt: skip

# Why Wireshark's own dissector says otherwise.
NOT_FIRST = "Wireshark's own dissector reads the first message of a segment only"
NO_REASSEMBLY = "Wireshark's own dissector does not put messages together from several segments"
NO_FIELD = "Wireshark's own dissector does not read this field of messages of this type"
WRONG_PORT = "Wireshark's own dissector knows PTP-IP by TCP port 15740 alone"
NOT_ITS_DIALECT = "Wireshark's own dissector does not know Fujifilm's dialect"
CONTINUED = "Wireshark's own dissector takes the continuation of a message for a message"
SENT_AGAIN = "Wireshark's own dissector reads segments that were sent again once more"
NOT_PTP_IP = "Wireshark's own dissector takes anything on TCP port 15740 for PTP-IP"
# Why ours does.
BEHIND_LOSS = "behind lost bytes our dissector goes on only where it is sure that a message begins"
BEHIND_LATE = "behind a late segment our dissector goes on only where it is sure that a message begins"
WHEN_FILLED = "Wireshark that puts segments in order shows a message when all bytes before it have come"
BEHIND_HOLE = "Wireshark that puts segments in order shows nothing behind bytes that it lacks"
# Why both do.
NOT_WHOLE = "the capture does not have all of this message"
MALFORMED = "what breaks the layout ends where its reader believes that the next message begins"
OUT_OF_ORDER = "segments of this message came out of order, which Wireshark was not asked to mend"
PASSED_OVER = "Wireshark takes a segment of this message for one that was sent again, and shows nothing of it"
CUT_SEGMENT = "Wireshark puts nothing together from segments that the capture cut"
_UNREAD = {("code", 5), ("transaction_id", 11)}  # Init Fail's reason, Cancel's TransactionID
_REPEATED = " || ".join(f"tcp.analysis.{kind}retransmission" for kind in ("", "fast_", "spurious_"))
_CUT_SHORT = "cut short in the middle of a packet"  # as tshark says of a capture; what comes before is read
_FUJI = 0x10000  # types of its dialect's messages are numbered from here

# Flags of segments: of the packets table, and for Wireshark's opinion.
_LATE, _PASSED_OVER = "out-of-order", "passed over"

_OF_MESSAGES = (
    "session", "type_code", "length", "transaction_id", "code", "first_frame", "last_frame", "offset", "status",
    "tcp_stream", "direction",
)  # fmt: skip
_OF_PACKETS = ("frame", "session", "tcp_stream", "source_port", "flags")

Row = Mapping[str, Any]
Stream = tuple[int, str]  # number, direction


class Heard(NamedTuple):
    """A message as a dissector sees it; without fields a segment that Wireshark did not show to it."""

    frame: int
    fields: dict[str, int]


def listen(path: str, dissector: str, *, reorder: bool = False) -> Iterator[Heard]:
    """The messages that a dissector finds in a capture, and the segments that Wireshark takes for sent again.

    DissectorError where tshark is missing or fails, or does not load our dissector.

    ``reorder`` lets Wireshark put segments in order, which hides what lies behind a hole of the capture.
    """
    ours = ["-X", f"lua_script:{source() / MECHANISM}"]
    options = ours if dissector == OURS else ["-d", f"tcp.port=={BUILT_IN_PORT},{BUILT_IN}"]
    if reorder:
        options += ["-o", "tcp.reassemble_out_of_order:TRUE"]
    for packet in _packets(path, [*options, "-Y", f"{dissector} || {_REPEATED}"]):
        frame, layers = int(packet.number), packet.get_multiple_layers(dissector)
        if not layers:
            yield Heard(frame, {})
        for layer in layers:
            fields = dict(_read(layer, dissector))
            if "type" in fields:
                yield Heard(frame, fields)


def _packets(path: str, options: Sequence[str]) -> Iterator[Any]:
    """What tshark says of a capture, as packets of pyshark.

    tshark is run here, since pyshark's own captures take one that was cut short for a crash, keep every packet, and
    need an event loop of their own.
    """
    tshark = shutil.which("tshark")
    if tshark is None:
        raise DissectorError("tshark is not installed")
    from pyshark.tshark.output_parser.tshark_xml import packet_from_xml_packet

    command = [tshark, "-n", "-T", "pdml", *options, "-r", path]
    with TemporaryFile() as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        for packet in _written(process.stdout or ()):
            yield packet_from_xml_packet(packet)
        failed = process.wait()
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")
    if failed and _CUT_SHORT not in said:
        raise DissectorError(_fault(said) or f"tshark ended with {failed}")


def _written(pdml: Iterable[bytes]) -> Iterator[bytes]:
    """The packets of PDML, as their bytes."""
    lines: list[bytes] = []
    for line in pdml:
        if line.startswith(b"<packet>"):
            lines.clear()
        lines.append(line)
        if line.startswith(b"</packet>"):
            yield b"".join(lines)


def _fault(said: str) -> str | None:
    """What tshark says of its failure, in a line."""
    lines = [line.removeprefix("tshark: ") for line in said.splitlines() if line.startswith("tshark: ")]
    if any(OURS in line and "protocol" in line for line in lines):
        return f"tshark does not load our dissector{for_root()}"
    return lines[0] if lines else None


def _read(layer: Any, dissector: str) -> Iterator[tuple[str, int]]:
    for field, names in _NAMES[dissector].items():
        for name in names:
            found = layer.get_field(name)
            if found is not None:
                text = str(found.main_field.show if hasattr(found, "main_field") else found)
                yield field, int(text, 0)
                break


class _Place(NamedTuple):
    """A message of ours, and what its stream tells of it."""

    row: Row
    arrived: int  # the frame in which all bytes up to its end have come
    late: list[int]  # frames between its first and its last one that came late
    flags: set[str]  # of the segments between these
    is_first: bool | None  # it begins a segment; None: perhaps, it follows lost bytes


def _places(rows: Sequence[Row], segments: Mapping[int, list[str]]) -> Iterator[_Place]:
    """The messages of one direction of a stream, in its order. ``segments``: the flags of those that have any."""
    arrived, frames = 0, sorted(segments)
    before: Row | None = None
    for row in sorted(rows, key=lambda row: row["offset"]):
        arrived = max(arrived, row["last_frame"])
        own = _between(frames, row)
        late = [frame for frame in own if _LATE in segments[frame]]
        is_first: bool | None = True
        if before is not None and before["last_frame"] == row["first_frame"]:
            is_first = None if before["status"] == "gap" else False
        yield _Place(row, arrived, late, {flag for frame in own for flag in segments[frame]}, is_first)
        before = row


def _between(frames: Sequence[int], row: Row) -> Sequence[int]:
    """Those frames, in order, that a message lies in, or that came while it did."""
    return frames[bisect_left(frames, row["first_frame"]) : bisect_right(frames, row["last_frame"])]


class _Ours:
    """Where our dissector shows a message, and why it may not. ``ordered``: Wireshark puts segments in order."""

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._behind: str | None = None

    def begin(self) -> None:
        """What follows is another stream."""
        self._behind = None

    def frames(self, place: _Place) -> list[int]:
        """The first one is where the message belongs."""
        row = place.row
        frames = [place.arrived, row["last_frame"]] if self._ordered else [row["last_frame"]]
        return frames if row["status"] == "complete" else [*frames, row["first_frame"]]

    def missing(self, place: _Place) -> str | None:
        row = place.row
        behind = BEHIND_HOLE if self._ordered else BEHIND_LATE
        if _PASSED_OVER in place.flags:
            self._behind = self._behind or behind
            return PASSED_OVER
        if row["status"] != "complete":
            if row["status"] == "gap":
                self._behind = BEHIND_HOLE if self._ordered else BEHIND_LOSS
            return MALFORMED if row["status"] == "malformed" else NOT_WHOLE
        if "cut" in place.flags and row["first_frame"] != row["last_frame"]:
            return CUT_SEGMENT
        if self._ordered:
            return self._behind
        if place.late or place.arrived > row["last_frame"]:
            self._behind = self._behind or behind
        return OUT_OF_ORDER if place.late else self._behind

    def found(self, place: _Place) -> None:
        if place.row["status"] == "complete":
            self._behind = None

    def differs(self, place: _Place, field: str, theirs: int | None) -> str | None:
        if place.row["status"] != "complete" and (theirs is None or field == "frame"):
            return NOT_WHOLE
        return WHEN_FILLED if field == "frame" and self._ordered and theirs == place.arrived else None

    def unknown(self, one: Heard) -> str | None:
        return None  # what it takes for a message is one


class _Its:
    """Where Wireshark's own dissector shows a message, why it may not, and what it takes for one."""

    def __init__(self, packets: Sequence[Row], messages: Sequence[Row]) -> None:
        self._again = {row["frame"] for row in packets if "retransmission" in _flags(row)}
        self._foreign = {row["frame"] for row in packets if row["session"] is None}
        late = {row["frame"] for row in packets if _LATE in _flags(row)}
        frames: dict[Stream, list[int]] = defaultdict(list)
        for row in packets:
            frames[row["tcp_stream"], row["direction"]].append(row["frame"])
        self._inside: set[int] = set()
        for row in messages:
            inside = _between(frames[row["tcp_stream"], row["direction"]], row)
            if row["status"] != "gap" and late.isdisjoint(inside):
                inside = inside[1:]  # else its first frame may begin inside it
            self._inside.update(inside)

    def begin(self) -> None:
        """It knows nothing of streams."""

    def frames(self, place: _Place) -> list[int]:
        return [] if place.is_first is False else [place.row["first_frame"], *place.late]

    def missing(self, place: _Place) -> str | None:
        row = place.row
        if row["type_code"] is not None and row["type_code"] >= _FUJI:
            return NOT_ITS_DIALECT
        if row["responder_port"] != BUILT_IN_PORT:
            return WRONG_PORT
        if not place.is_first:
            return NOT_FIRST
        if _PASSED_OVER in place.flags:
            return PASSED_OVER
        return OUT_OF_ORDER if place.late else self._unread(row)

    def _unread(self, row: Row) -> str | None:
        if row["status"] != "complete":
            return NOT_WHOLE
        return NO_REASSEMBLY if row["first_frame"] != row["last_frame"] else None

    def found(self, place: _Place) -> None:
        """It goes on everywhere."""

    def differs(self, place: _Place, field: str, theirs: int | None) -> str | None:
        if field == "frame":
            return OUT_OF_ORDER if theirs in place.late else None
        if theirs is not None:
            return None
        return NO_FIELD if (field, place.row["type_code"]) in _UNREAD else self._unread(place.row)

    def unknown(self, one: Heard) -> str | None:
        if one.frame in self._again:
            return SENT_AGAIN
        if one.frame in self._foreign:
            return NOT_PTP_IP
        return CONTINUED if one.frame in self._inside else None


def _flags(packet: Row) -> list[str]:
    return packet["flags"].split("+") if packet["flags"] else []


def compare(
    messages: Sequence[Row],
    heard: Sequence[Heard],
    dissector: str,
    packets: Sequence[Row] = (),
    *,
    ordered: bool = False,
) -> dict[str, Any]:
    """Our messages (rows of the table) against those that a dissector found, in its order.

    ``packets`` (rows of that table, with their direction) tell which segments came late or twice; ``ordered`` says that
    Wireshark put segments in order. Compared are ``FIELDS``, of which ``frame`` is where our dissector should
    show the message (its last one) or Wireshark's own (its first one).
    """
    agreement = {field: {"compared": 0, "agree": 0} for field in FIELDS}
    different: list[dict[str, Any]] = []
    reader = _Ours(ordered) if dissector == OURS else _Its(packets, messages)
    waiting: dict[int, list[Heard]] = defaultdict(list)
    for one in heard:
        if one.fields:
            waiting[one.frame].append(one)
    passed_over = {one.frame for one in heard if not one.fields}
    segments: dict[Stream, dict[int, list[str]]] = defaultdict(dict)
    for packet in packets:
        flags = _flags(packet) + [_PASSED_OVER] * (packet["frame"] in passed_over)
        if flags:
            segments[packet["tcp_stream"], packet["direction"]][packet["frame"]] = flags
    of_stream: dict[Stream, list[Row]] = defaultdict(list)
    for row in messages:
        of_stream[row["tcp_stream"], row["direction"]].append(row)

    for stream, rows in of_stream.items():
        reader.begin()
        for place in _places(rows, segments[stream]):
            row, frame = place.row, place.row["last_frame" if dissector == OURS else "first_frame"]
            said = _taken(row, [waiting[frame] for frame in reader.frames(place)])
            why = reader.missing(place)
            if row["type_code"] is None:
                continue
            if said is None:
                different.append(_difference(dissector, frame, "message", row["type_code"], None, why))
                continue
            reader.found(place)
            for field, mine in (_ours(row) | {"frame": frame}).items():
                theirs = said.frame if field == "frame" else said.fields.get(field)
                if mine is None and theirs is None:
                    continue
                agreement[field]["compared"] += 1
                if theirs == mine:
                    agreement[field]["agree"] += 1
                else:
                    why = reader.differs(place, field, theirs)
                    different.append(_difference(dissector, frame, field, mine, theirs, why))
    for rest in waiting.values():
        for one in rest:
            why = reader.unknown(one)
            different.append(_difference(dissector, one.frame, "message", None, one.fields["type"], why))
    different.sort(key=lambda one: one["frame"])
    count = sum(bool(one.fields) for one in heard)
    return {"dissector": dissector, "messages": count, "fields": agreement, "differences": different}


def _taken(row: Row, places: Sequence[list[Heard]]) -> Heard | None:
    """What was heard of a message, taken from where it may stand: what equals it in all, else what is of its type."""
    mine = _ours(row)
    for fields in (mine, ("type",)):
        for heard in places:
            for at, one in enumerate(heard):
                if all(one.fields.get(field) == mine[field] for field in fields):
                    return heard.pop(at)
    return None


def _ours(row: Row) -> dict[str, int | None]:
    return {
        "type": row["type_code"],
        "length": row["length"],
        "transaction_id": row["transaction_id"],
        "code": row["code"],
    }


def _difference(
    dissector: str, frame: int, field: str, mine: int | None, theirs: int | None, reason: str | None
) -> dict[str, Any]:
    return {
        "dissector": dissector,
        "frame": frame,
        "field": field,
        "ours": mine,
        "theirs": theirs,
        "reason": reason,
    }


def rows_of(analysis: Analysis) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is compared: messages with the responder's port, and the segments of TCP with their direction.

    The analysis needs its packets.
    """
    sessions = analysis.arrow("sessions").select(["session", "responder_port"]).to_pylist()
    ports = {row["session"]: row["responder_port"] for row in sessions}
    messages = analysis.arrow("messages").select(list(_OF_MESSAGES)).to_pylist()
    packets = analysis.arrow("packets").select(list(_OF_PACKETS)).to_pylist()
    for row in messages:
        row["responder_port"] = ports.get(row["session"])
    for row in packets:
        row["direction"] = f"to-{'initiator' if row['source_port'] == ports.get(row['session']) else 'responder'}"
    return messages, [row for row in packets if row["tcp_stream"] is not None]


def crosscheck(path: str, messages: Sequence[Row], packets: Sequence[Row]) -> dict[str, Any]:
    """The document of one capture: agreement per dissector and field, each difference, how many are not explained.

    Whether Wireshark puts segments in order is its user's choice, for each capture anew: where they came out of order
    it shows more, behind lost bytes less. Of streams with late segments that is taken which shows more messages; those
    for which it was needed are listed as ``ordered_streams``.
    """
    plain, late = list(listen(path, OURS)), {row["tcp_stream"] for row in packets if _LATE in _flags(row)}
    ordered = list(listen(path, OURS, reorder=True)) if late else []
    sides, needed = [], []
    for stream in sorted({row["tcp_stream"] for row in packets}):
        rows = [row for row in messages if row["tcp_stream"] == stream]
        segments = [row for row in packets if row["tcp_stream"] == stream]
        frames = {row["frame"] for row in segments}
        side = compare(rows, [one for one in plain if one.frame in frames], OURS, segments)
        if stream in late:
            said = [one for one in ordered if one.frame in frames]
            other = compare(rows, said, OURS, segments, ordered=True)
            if _missing(other) < _missing(side):
                side = other
                needed.append(stream)
        sides.append(side)
    dissectors = [
        _joined(sides) | {"ordered_streams": needed},
        compare(messages, list(listen(path, BUILT_IN)), BUILT_IN, packets),
    ]
    unexplained = sum(one["reason"] is None for side in dissectors for one in side["differences"])
    return {"capture": path, "messages": len(messages), "dissectors": dissectors, "unexplained": unexplained}


def _missing(side: Mapping[str, Any]) -> int:
    return sum(one["field"] == "message" for one in side["differences"])


def _joined(sides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was compared stream by stream, as one."""
    fields = {
        field: {count: sum(side["fields"][field][count] for side in sides) for count in ("compared", "agree")}
        for field in FIELDS
    }
    differences = sorted((one for side in sides for one in side["differences"]), key=lambda one: one["frame"])
    return {
        "dissector": OURS,
        "messages": sum(side["messages"] for side in sides),
        "fields": fields,
        "differences": differences,
    }
