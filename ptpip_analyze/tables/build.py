"""Tables out of results: Arrow record batches with the columns of ``schema``, in order of first frame.

Computes nothing that analysis has not found; names codes, and leaves null what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from .. import facts
from ..capture import NO_TIME, earliest
from ..ptp import DIRECTIONS, NO_ROW, STATUSES
from ..ptp.timing import CAUSES, span
from ..ptpip import Dialect, Handshake, Pair
from ..ptpip import messages as m
from ..result import CONNECTIONS, Result
from ..tcp import CUT, GAP_BEFORE, KEEP_ALIVE, OUT_OF_ORDER, RETRANSMISSION, ZERO_WINDOW
from . import arrow
from .addresses import address_text
from .events import causes_of, event_rows, event_texts, fetches_lists
from .schema import arrow_schema
from .tongues import Tongues, distinct

BATCH_ROWS = 1 << 17
_MOST_BYTES = np.uint64(2**63 - 1)  # that the column can hold
_FLAGS = (
    (RETRANSMISSION, "retransmission"),
    (OUT_OF_ORDER, "out-of-order"),
    (GAP_BEFORE, "gap-before"),
    (KEEP_ALIVE, "keep-alive"),
    (CUT, "cut"),
    (ZERO_WINDOW, "zero-window"),
)
_CODE_KINDS = {m.OPERATION_REQUEST: "operation", m.OPERATION_RESPONSE: "response", m.EVENT: "event"}


def sessions(result: Result) -> Iterator[pa.RecordBatch]:
    """The sessions table."""
    made = result.transactions
    counts = np.bincount(made.session, minlength=len(result.pairs))
    place = result.places[0][result.messages["stream"]]
    is_event = event_rows(result)
    events = np.bincount(place[is_event], minlength=len(result.pairs)) if is_event.any() else counts * 0
    if fetches_lists(result):
        from .polled import counts_by_session

        events = events + counts_by_session(result)
    rows = []
    for index, pair in enumerate(result.pairs):
        row = _session(result, pair)
        camera = result.cameras.get(index)
        if camera is not None:
            row.update(
                model=camera.model or None,
                manufacturer=camera.manufacturer or None,
                device_version=camera.device_version or None,
            )
        row.update(
            vendor=result.vendors[index],
            vendor_evidence=result.evidence[index],
            session=result.first_session + index,
            capture=result.path,
            transactions=int(counts[index]),
            events=int(events[index]),
            tap=(tap := result.timing.taps[index]).at,
            initiator_rtt_s=None if tap.to_initiator is None else tap.to_initiator / 1e9,
            responder_rtt_s=None if tap.to_responder is None else tap.to_responder / 1e9,
        )
        rows.append(row)
    schema = arrow_schema("sessions")
    if rows:
        columns = [_column([row.get(field.name) for row in rows], field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    """A column of Python values; None is null."""
    if pa.types.is_dictionary(kind):
        return arrow.texts(values)
    valid = np.array([value is not None for value in values])
    return arrow.numbers(np.array([0 if value is None else value for value in values]), kind, valid)


def _session(result: Result, pair: Pair) -> dict[str, Any]:
    main = pair.parts[0]
    initiator, responder = main.tcp.endpoint(main.initiator), main.tcp.endpoint(1 - main.initiator)
    start = earliest(*(part.tcp.first_time for part in pair.parts))
    end = max(part.tcp.last_time for part in pair.parts)
    row: dict[str, Any] = {
        "initiator_address": address_text(initiator[0]),
        "responder_address": address_text(responder[0]),
        "responder_port": responder[1],
        "command_port": _initiator_port(pair.command),
        "event_port": _initiator_port(pair.event),
        "live_view_port": _initiator_port(pair.live_view),
        "connection_number": _connection_number(pair),
        "dialect": main.conversation.dialect.value if main.conversation.dialect else None,
        "paired_by": pair.paired_by,
        "start_time": None if start == NO_TIME else start,
        "end_time": None if start == NO_TIME else end,
        "duration_s": None if start == NO_TIME else (end - start) / 1e9,
        "bytes_to_responder": _carried(pair, outward=True),
        "bytes_to_initiator": _carried(pair, outward=False),
        "closed_by": None
        if main.tcp.closed_by is None
        else ("initiator" if main.tcp.closed_by == main.initiator else "responder"),
        "close_kind": main.tcp.close_kind or "none",
    }
    row.update(_greetings(result, pair.command))
    row.update(_standing(result, pair))
    return row


def _initiator_port(part: Handshake | None) -> int | None:
    return part.tcp.endpoint(part.initiator)[1] if part else None


def _connection_number(pair: Pair) -> int | None:
    for part in pair.parts:
        if part.number is not None:
            return part.number
    return None


def _carried(pair: Pair, outward: bool) -> int:
    total = 0
    for part in pair.parts:
        assert part.conversation.streams is not None
        total += part.conversation.streams[part.initiator if outward else 1 - part.initiator].bytes
    return total


def _greetings(result: Result, command: Handshake | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for kind, side in ((m.INIT_COMMAND_REQUEST, "initiator"), (m.INIT_COMMAND_ACK, "responder")):
        if command is None:
            break
        row = command.rows.get(kind)
        body = result.greetings.get(row) if row is not None else None
        if body is not None:
            said = m.greeting(kind, body, fuji=command.conversation.dialect is Dialect.FUJI)
            values.update({f"{side}_{name}": said[name] for name in ("guid", "name", "version")})
    return values


def _dialect_vendor(part: Handshake) -> str | None:
    """The vendor whose codes a dialect uses, whatever the camera is."""
    return "fuji" if part.conversation.dialect is Dialect.FUJI else None


def _standing(result: Result, pair: Pair) -> dict[str, Any]:
    """How far the handshake came (2.2.3.1), and why it failed."""
    for part in pair.parts:
        row = part.rows.get(m.INIT_FAIL)
        if row is not None:
            if int(result.messages["known"][row]) < 12:
                return {"status": "rejected"}  # the reason is not in the capture
            reason = int(result.messages["code"][row])
            return {
                "status": "rejected",
                "fail_reason_code": reason,
                "fail_reason": facts.name_of("init_fail", reason, _dialect_vendor(part)),
            }
    seen = {kind for part in pair.parts for kind in part.rows}
    main = pair.parts[0]
    # Fujifilm's event connection has no handshake of its own.
    last = m.INIT_COMMAND_ACK if main.conversation.dialect is Dialect.FUJI else m.INIT_EVENT_ACK
    if last in seen:
        return {"status": "established"}
    if seen & {m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK, m.INIT_EVENT_REQUEST}:
        return {"status": "incomplete"}
    return {"status": "midstream"}


def transactions(result: Result) -> Iterator[pa.RecordBatch]:
    """The transactions table."""
    schema = arrow_schema("transactions")
    for low in range(0, len(result.transactions), BATCH_ROWS):
        yield _transaction_batch(result, slice(low, low + BATCH_ROWS), schema)


def transaction_rows(result: Result, low: int, high: int) -> pa.RecordBatch:
    """Some rows of the transactions table."""
    return _transaction_batch(result, slice(low, high), arrow_schema("transactions"))


def _transaction_batch(result: Result, part: slice, schema: pa.Schema) -> pa.RecordBatch:
    made, columns = result.transactions, result.messages
    request, response, start = made.request[part], made.response[part], made.start[part]
    count = len(request)
    has_data = made.direction[part] > 0
    asked, asked_words = _captured(columns, request)
    answered, answered_words = _captured(columns, response)
    code = columns["code"][request]
    moments = result.timing.moments(part)
    spent = result.timing.spent(part, moments)
    total = columns["total"][start]
    # A Start Data of 16 bytes, as some clients send, has a total of 32 bits.
    total_known = (start != NO_ROW) & (columns["known"][start] >= np.minimum(columns["length"][start], 20))
    total_known &= total <= _MOST_BYTES  # the mark of an unknown total is beyond that, too
    identity = made.transaction_id[part]
    holed = np.isin(made.status[part], [STATUSES.index("gap"), STATUSES.index("began-earlier")])
    tongues = Tongues.of(result, made.session[part])
    named = tongues.rows("operation", code, asked)
    # A container has no such word.
    phase_known = (request != NO_ROW) & (columns["known"][request] >= 12)
    phase_known &= columns["type"][request] == m.OPERATION_REQUEST
    values = {
        "session": _integers(made.session[part] + result.first_session),
        "transaction_id": _codes(identity, identity >= 0),
        "operation": tongues.names("operation", code, asked),
        "operation_code": _codes(code, asked),
        "vendor": arrow.choices(named.place, [_maker_of(row) for row in named.rows], asked),
        "parameters": _words(columns, request, asked_words),
        "data_phase_info": _codes(columns["data_phase_info"][request], phase_known),
        # No data phase in the capture is "none" only where no byte of the transaction is missing from it.
        "data_direction": arrow.choices(made.direction[part], DIRECTIONS, has_data | ~holed),
        "announced_bytes": _integers(np.where(total_known, total, 0).astype(np.int64), total_known),
        "data_bytes": _integers(made.data_bytes[part]),
        "data_messages": _integers(made.data_messages[part]),
        "dataset": arrow.choices(named.place, [_dataset_of(row) for row in named.rows], asked & has_data),
        "response": tongues.names("response", columns["code"][response], answered),
        "response_code": _codes(columns["code"][response], answered),
        "response_parameters": _words(columns, response, answered_words),
        "status": arrow.choices(made.status[part], STATUSES),
        "request_time": _times(moments.asked),
        "response_time": _times(moments.answered),
        "latency_s": _seconds(span(moments.asked, moments.answered)),
        "first_byte_s": _seconds(span(moments.asked, moments.began)),
        "transfer_s": _seconds(span(moments.began, moments.ended)),
        "first_frame": _integers(made.first[part] + 1),
        "last_frame": _integers(made.last[part] + 1),
        "transaction": _integers(np.arange(part.start, part.start + count) + result.first_transaction),
        "capture": _same(result.path, count),
        "think_s": _seconds(spent.think),
        "acknowledged_s": _seconds(spent.acknowledged),
        "device_s": _seconds(spent.device),
        "stalled_s": _seconds(spent.stalled),
        "transfer_stalled_s": _seconds(spent.transfer_stalled),
        "stall_cause": arrow.choices(spent.cause, CAUSES, spent.cause >= 0),
    }
    return _batch(values, schema)


def _captured(columns: dict[str, np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of request or response rows (NO_ROW allowed): is the code known, are all parameters."""
    kind, known, length = columns["type"][rows], columns["known"][rows].astype(np.int64), columns["length"][rows]
    there = rows != NO_ROW
    whole = there & (known >= np.minimum(length, m.FIXED_BYTES))
    return there & m.carries_code(kind, known, length), whole


def messages(result: Result) -> Iterator[pa.RecordBatch]:
    """The messages table."""
    schema = arrow_schema("messages")
    for low in range(0, result.message_count, BATCH_ROWS):
        yield _message_batch(result, np.arange(low, min(low + BATCH_ROWS, result.message_count)), schema)


def message_rows(result: Result, numbers: np.ndarray) -> pa.RecordBatch:
    """Some rows of the messages table, by their numbers within the capture."""
    return _message_batch(result, numbers, arrow_schema("messages"))


_MESSAGE_COLUMNS = (
    "stream",
    "offset",
    "length",
    "type",
    "status",
    "reason",
    "known",
    "transaction_id",
    "code",
    "first",
    "last",
    "time",
)


def _message_batch(result: Result, numbers: np.ndarray, schema: pa.Schema) -> pa.RecordBatch:
    rows = result.order[numbers]
    columns = {name: result.messages[name][rows] for name in _MESSAGE_COLUMNS}
    session, connection, outward = result.places
    stream, kind, known = columns["stream"], columns["type"], columns["known"]
    count = len(stream)
    has_id = m.carries_transaction_id(kind, known, columns["length"])
    has_code = m.carries_code(kind, known, columns["length"])
    values = {
        "message": _integers(numbers + result.first_message),
        "session": _integers(session[stream] + result.first_session, session[stream] >= 0),
        "connection": arrow.choices(connection[stream].astype(np.int32), CONNECTIONS),
        "direction": arrow.choices(outward[stream].astype(np.int32), ("to-initiator", "to-responder")),
        "type": _type_names(kind),
        "type_code": _codes(kind & m.TYPE_WORD, kind >= 0),
        "length": _integers(columns["length"]),
        "transaction_id": _codes(columns["transaction_id"], has_id),
        "code": _codes(columns["code"], has_code),
        "code_name": _code_names(result.roles[rows], columns["code"], has_code, Tongues.of(result, session[stream])),
        "time": _times(columns["time"]),
        "first_frame": _integers(columns["first"] + np.int64(1)),
        "last_frame": _integers(columns["last"] + np.int64(1)),
        "offset": _integers(columns["offset"]),
        "status": arrow.choices(columns["status"], m.STATUSES),
        "reason": arrow.choices(columns["reason"], m.REASONS),
        "tcp_stream": _integers(stream >> 1),
        "capture": _same(result.path, count),
    }
    return _batch(values, schema)


def events(result: Result) -> Iterator[pa.RecordBatch]:
    """The events table: those of event connections, and those of lists that operations fetched."""
    rows = np.flatnonzero(event_rows(result))
    if not fetches_lists(result):
        return _connection_events(result, rows[np.argsort(result.messages["first"][rows], kind="stable")])
    from .polled import merged

    rows = rows[np.argsort(result.messages["last"][rows], kind="stable")]
    frames = result.messages["last"][rows] + np.int64(1)
    return merged(result, frames, lambda low, high: _connection_events(result, rows[low:high]))


def _connection_events(result: Result, rows: np.ndarray) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema("events")
    for low in range(0, len(rows), BATCH_ROWS):
        part = rows[low : low + BATCH_ROWS]
        columns = {name: values[part] for name, values in result.messages.items()}
        everyone = np.ones(len(part), bool)
        has_id = m.carries_transaction_id(columns["type"], columns["known"], columns["length"])
        session = result.places[0][columns["stream"]]
        causes = causes_of(result, session, columns["transaction_id"], columns["last"], has_id)
        yield _batch(
            {
                "session": _integers(session + result.first_session, session >= 0),
                "event": Tongues.of(result, session).names("event", columns["code"], everyone),
                "event_code": _codes(columns["code"], everyone),
                "transaction_id": _codes(columns["transaction_id"], has_id),
                "parameters": _words(columns, np.arange(len(part)), everyone),
                "time": _times(columns["time"]),
                "frame": _integers(columns["last"] + np.int64(1)),
                "source": _same("connection", len(part)),
                "capture": _same(result.path, len(part)),
                "text": arrow.texts(event_texts(result, session, columns)),
                "caused_by": _integers(causes + result.first_transaction, causes >= 0),
                "polled_by": _integers(np.zeros(len(part), np.int64), np.zeros(len(part), bool)),
            },
            schema,
        )


def properties(result: Result) -> Iterator[pa.RecordBatch]:
    """The properties table."""
    from .properties import batches

    return batches(result)


def objects(result: Result) -> Iterator[pa.RecordBatch]:
    """The objects table."""
    from .objects import batches

    return batches(result)


def discovery(result: Result) -> Iterator[pa.RecordBatch]:
    """The discovery table."""
    from .discovery import batches

    return batches(result)


def findings(result: Result) -> Iterator[pa.RecordBatch]:
    """The findings table."""
    from .findings import batches

    return batches(result)


def stats(result: Result) -> Iterator[pa.RecordBatch]:
    """The stats table."""
    from .stats import batches

    return batches(result)


def packets(result: Result) -> Iterator[pa.RecordBatch]:
    """The packets table. ValueError when the analysis did not keep it."""
    if result.packet_rows is None:
        raise ValueError("the packets table was not kept: analyze with packets=True")
    schema = arrow_schema("packets")
    session, place_of, _ = result.places
    late = sorted(result.late_marks)
    late_packets = np.array([packet for packet, _ in late], np.int64)
    late_marks = np.array([mark for _, mark in late], np.uint8)
    ends = [(connection.low, connection.high) for connection in result.connections]
    talks = [(_joined(talk[0], talk[1]), _joined(talk[2], talk[3])) for talk in result.talks]
    done = 0
    for chunk in result.packet_rows.chunks():
        if done == result.packets:
            break  # what follows came after a snapshot
        chunk = {name: values[: result.packets - done] for name, values in chunk.items()}
        stream, count = chunk["stream"].astype(np.int64), len(chunk["stream"])
        marks = chunk["marks"].copy()
        low, high = np.searchsorted(late_packets, [done, done + count])
        np.bitwise_or.at(marks, late_packets[low:high] - done, late_marks[low:high])
        is_tcp = stream >= 0
        connection = np.where(is_tcp, stream >> 1, -1)
        swapped = (stream & 1) == 1
        sources, destinations = _addresses(connection, swapped, is_tcp, chunk["talk"].astype(np.int64), ends, talks)
        ports = [
            np.array([ends[number][side][1] for number in np.unique(connection[is_tcp]).tolist()] or [0])
            for side in (0, 1)
        ]
        place = np.searchsorted(np.unique(connection[is_tcp]), connection) if is_tcp.any() else np.zeros(count, int)
        low_port, high_port = (side[np.minimum(place, len(side) - 1)] for side in ports)
        of_session = session[np.where(is_tcp, stream, -1)]
        ours = of_session >= 0
        yield _batch(
            {
                "frame": _integers(np.arange(done + 1, done + count + 1)),
                "time": _times(chunk["time"]),
                "captured_bytes": _integers(chunk["captured"]),
                "original_bytes": _integers(chunk["original"]),
                "source": sources,
                "destination": destinations,
                "session": _integers(of_session + result.first_session, ours),
                "connection": arrow.choices(place_of[np.where(is_tcp, stream, -1)].astype(np.int32), CONNECTIONS, ours),
                "tcp_payload_bytes": _integers(chunk["payload"], is_tcp),
                "flags": _flag_texts(np.where(ours, marks, 0)),
                "source_port": _integers(np.where(swapped, high_port, low_port), is_tcp),
                "destination_port": _integers(np.where(swapped, low_port, high_port), is_tcp),
                "tcp_stream": _integers(connection, is_tcp),
                "capture": _same(result.path, count),
            },
            schema,
        )
        done += count


def _joined(high: int, low: int) -> int:
    return (high << 64) | low


def _addresses(
    connection: np.ndarray,
    swapped: np.ndarray,
    is_tcp: np.ndarray,
    talk: np.ndarray,
    ends: list[tuple[tuple[int, int], tuple[int, int]]],
    talks: list[tuple[int, int]],
) -> tuple[pa.Array, pa.Array]:
    """Source and destination of packets as dictionary-encoded texts; null for what is not IP."""
    texts: dict[str, int] = {}
    key = np.where(is_tcp, connection, np.where(talk >= 0, len(ends) + talk, -1))
    unique, place = np.unique(key, return_inverse=True)
    pairs = []
    for number in unique.tolist():
        if number < 0:
            pairs.append((-1, -1))
            continue
        two = (ends[number][0][0], ends[number][1][0]) if number < len(ends) else talks[number - len(ends)]
        pairs.append(
            (texts.setdefault(address_text(two[0]), len(texts)), texts.setdefault(address_text(two[1]), len(texts)))
        )
    both = np.array(pairs, np.int32).reshape(-1, 2)[place]
    turned = swapped & is_tcp
    source = np.where(turned, both[:, 1], both[:, 0])
    destination = np.where(turned, both[:, 0], both[:, 1])
    return arrow.choices(source, list(texts), source >= 0), arrow.choices(destination, list(texts), destination >= 0)


def _flag_texts(marks: np.ndarray) -> pa.Array:
    unique, place = np.unique(marks, return_inverse=True)
    texts = ["+".join(name for bit, name in _FLAGS if mark & bit) or None for mark in unique.tolist()]
    return arrow.choices(place, texts)


def _batch(values: dict[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [
        values[name] if values[name].type == kind else values[name].cast(kind)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _integers(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    return arrow.numbers(values, pa.int64(), valid)


def _codes(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    return arrow.numbers(values if valid is None else np.where(valid, values, 0), pa.uint32(), valid)


def _times(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    timed = values != NO_TIME
    return arrow.numbers(values, pa.timestamp("ns", tz="UTC"), timed if valid is None else timed & valid)


def _seconds(nanoseconds: np.ndarray) -> pa.Array:
    return arrow.numbers(nanoseconds / 1e9, pa.float64(), nanoseconds != NO_TIME)


def _same(text: str, count: int) -> pa.Array:
    return arrow.choices(np.zeros(count, np.int32), [text])


def _code_names(kind: np.ndarray, code: np.ndarray, valid: np.ndarray, tongues: Tongues) -> pa.Array:
    """Names of the codes of messages; ``kind`` are their roles."""
    rank = np.zeros(m.LAST_TYPE + 1, np.int64)
    kinds = ["init_fail", *_CODE_KINDS.values()]
    rank[list(_CODE_KINDS)] = np.arange(1, len(kinds))
    kind = np.where(kind == m.CONTAINER_DATA, m.OPERATION_REQUEST, kind)  # it repeats the code of its request
    of_type = np.where((kind > 0) & (kind <= m.LAST_TYPE), kind, 0)
    bits = 16 if int(code.max(initial=0)) < 1 << 16 else 32
    keys = np.where(valid, rank[of_type] << bits | code.astype(np.int64), 0)
    if tongues.of_row is not None:
        keys |= np.where(valid, tongues.of_row << bits + 2, 0)
    place, unique = distinct(keys)
    low, few = (1 << bits) - 1, len(kinds) - 1
    named = [
        facts.name_of(kinds[key >> bits & few], key & low, tongues.vendors[key >> bits + 2]) for key in unique
    ]  # fmt: skip
    return arrow.choices(place, named, valid)


def _type_names(kind: np.ndarray) -> pa.Array:
    named = m.type_names()
    names: list[str | None] = [None, *(named[code] for code in range(1, m.LAST_TYPE + 1))]
    place = np.where((kind > 0) & (kind <= m.LAST_TYPE), kind, 0)
    if (place == kind).all():
        return arrow.choices(kind, names)
    unlisted = (place == 0) & (kind >= 0)
    others, other = np.unique(kind[unlisted], return_inverse=True)
    found = []  # where the name of each is: reserved types are written as numbers, those of a dialect share names
    for code in others.tolist():
        name = named[code & m.TYPE_WORD] if code > m.TYPE_WORD else f"0x{code:08X}"
        if name not in names:
            names.append(name)
        found.append(names.index(name))
    place[unlisted] = np.array(found, np.int64)[other]
    return arrow.choices(place, names)


def _maker_of(row: facts.Row | None) -> str | None:
    vendor = getattr(row, "vendor", None)
    return None if vendor in facts.STANDARDS else vendor


def _dataset_of(row: facts.Row | None) -> str | None:
    return getattr(row, "dataset", "") or None


def _words(columns: dict[str, np.ndarray], rows: np.ndarray, valid: np.ndarray) -> pa.Array:
    """Parameter lists of message rows; null where there is no such message."""
    return arrow.lists(columns["words"][rows], [columns[f"word{index}"][rows] for index in range(5)], valid)


TABLES: dict[str, Callable[[Result], Iterator[pa.RecordBatch]]] = {
    "sessions": sessions,
    "transactions": transactions,
    "messages": messages,
    "events": events,
    "properties": properties,
    "objects": objects,
    "discovery": discovery,
    "findings": findings,
    "stats": stats,
    "packets": packets,
}
"""How each table is made, by name."""
