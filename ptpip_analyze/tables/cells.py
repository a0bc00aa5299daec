"""Values of tables as people read them, for every face: the text of a cell, the colour of a status, which columns are
wanted most. Promises one printable line for whatever a cell holds; refuses to choose what fits where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ptpip_analyze import describe

if TYPE_CHECKING:
    import pyarrow as pa

    from ptpip_analyze.tables.schema import Column

READABLE: Final[dict[str, tuple[str, ...]]] = {
    "sessions": (
        "session", "status", "responder_name", "initiator_name", "duration_s", "transactions", "events",
        "bytes_to_initiator", "bytes_to_responder", "start_time", "responder_address", "initiator_address",
        "model", "close_kind", "closed_by", "capture",
    ),
    "transactions": (
        "session", "transaction_id", "operation", "status", "response", "latency_s", "data_bytes", "first_frame",
        "request_time", "parameters", "data_direction", "response_parameters", "last_frame",
    ),
    "objects": (
        "session", "filename", "kind", "complete", "carried_bytes", "declared_bytes", "format", "handle", "operation",
        "time", "frame", "missing", "sha256",
    ),
    "messages": (
        "message", "session", "type", "code_name", "transaction_id", "length", "status", "first_frame",
        "direction", "time", "connection", "reason",
    ),
    "events": (
        "session", "event", "frame", "time", "text", "source", "transaction_id", "parameters", "event_code",
    ),
    "properties": (
        "session", "property", "text", "role", "frame", "time", "source", "changed", "value", "event", "property_code",
    ),
    "changes": (
        "failed_transaction", "failed_operation", "failed_response", "property", "text", "role", "before_s", "frame",
        "session", "failed_frame", "source", "value",
    ),
    "discovery": (
        "method", "kind", "device", "service", "addresses", "port", "session", "frame", "count", "guid",
        "source_address", "time", "joined_by", "text", "expires_s",
    ),
    "findings": (
        "level", "rule", "says", "subject", "session", "frame", "verdict", "transaction_id", "clause", "time",
        "deviation", "related", "proof", "frames",
    ),
    "stats": (
        "operation", "count", "latency_p50_s", "latency_p95_s", "latency_max_s", "device_s", "transfer_s", "stalled_s",
        "throughput", "bytes", "errors", "session", "think_s", "latency_p99_s", "first_byte_p50_s", "first_byte_p95_s",
        "model", "capture", "vendor", "operation_code",
    ),
    "manifest": (
        "capture_id", "capture", "status", "failure", "bytes", "sessions_rows", "transactions_rows", "damage",
        "first_time", "packets", "findings_rows", "version",
    ),
    "packets": (
        "frame", "source", "destination", "tcp_payload_bytes", "session", "connection", "flags", "time",
        "source_port", "destination_port", "captured_bytes", "original_bytes",
    ),
}  # fmt: skip
"""The columns a person wants to see, most wanted first: the last ones go first when the terminal is narrow."""

_GOOD: Final = frozenset({"complete", "established", "done"})
_BAD: Final = frozenset({"gap", "malformed", "rejected", "disordered", "failed"})


def cell_text(column: Column, value: object) -> str:
    """One value as a person reads it; "" for null. Times are handed over as nanoseconds."""
    if value is None:
        return ""
    if column.kind == "text":
        return describe.safe_text(str(value))
    if column.kind == "time":
        return describe.clock_time(int(str(value)), digits=6)
    if column.kind == "words" and isinstance(value, list):
        return ", ".join(map(str, value)) if column.name == "frames" else describe.parameters_text(value)
    if column.kind == "float" and isinstance(value, float):
        if column.unit == "bytes/s":
            return f"{describe.human_bytes(round(value))}/s"
        return describe.human_seconds(value) if column.unit == "s" else f"{value:g}"
    if column.name == "code" or (column.name.endswith("_code") and column.name != "type_code"):
        return describe.code_text(int(str(value)))
    if column.unit == "bytes" and column.name != "offset":
        return describe.count(int(str(value)))
    return str(value)


def status_style(status: str) -> str:
    """The colour of a status: green as it should be, yellow unfinished, red broken."""
    if status in _GOOD:
        return "green"
    return "red" if status in _BAD else "yellow"


def plain_values(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """A column's values; times as nanoseconds, since Python's datetime would cut them to microseconds."""
    import pyarrow as pa

    numbers = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return list(numbers.to_pylist())
