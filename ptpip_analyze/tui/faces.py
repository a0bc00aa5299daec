"""Which columns a list shows until the user chooses others, what they are headed, which make room for the others."""

from __future__ import annotations

from typing import Final, NamedTuple

FACE: Final = {
    "transactions": (
        "transaction", "session", "at", "delta", "call", "data", "response", "latency_s", "bar", "findings", "status",
        "note",
    ),
    "events": ("session", "at", "text", "source", "transaction_id", "frame"),
    "objects": ("session", "filename", "kind", "complete", "carried_bytes", "declared_bytes", "format", "missing"),
    "properties": ("session", "at", "property", "text", "role", "changed", "source", "frame"),
    "findings": ("level", "verdict", "rule", "subject", "says", "session", "frame"),
    "messages": ("message", "at", "direction", "connection", "type", "code_name", "transaction_id", "length", "status"),
}  # fmt: skip
"""The columns of a list, until the user chooses others."""

EXPENDABLE: Final = {
    "transactions": ("bar", "findings", "delta", "status", "session"),
    "events": ("session", "transaction_id"),
    "objects": ("missing", "declared_bytes", "kind", "session", "format"),
    "properties": ("session", "changed", "source", "at"),
    "findings": ("session", "subject", "frame"),
    "messages": ("connection", "message", "status", "direction"),
}  # fmt: skip
"""Which of these make room for the others where there is little, in this order."""

DERIVED: Final = {"transactions": ("at", "delta", "call", "data", "bar")}  # else "at"
"""Columns that a list makes of others."""

MEANT: Final = {
    "at": "Seconds from the first packet of the capture.",
    "delta": "From the line above to this one.",
    "call": "What was asked, in words.",
    "data": "Size of the data phase: ◂ to the initiator, ▸ to the responder.",
    "bar": "latency_s as a bar: what takes ten times as long is longer by two characters.",
    "note": "Your comment.",
}
"""What columns mean that are in no table."""

SOURCES: Final = {"call": "operation", "data": "data_bytes", "bar": "latency_s"}
"""The columns of the table by which derived ones are ordered and filtered."""

TIMES: Final = {"transactions": "request_time", "sessions": "start_time"}
"""The column from which ``at`` counts; "time" in all other tables."""

TITLES: Final = {
    "transaction": "#", "message": "#", "at": "time", "bar": "", "session": "sess", "carried_bytes": "carried",
    "declared_bytes": "declared", "code_name": "code", "transaction_id": "id", "request_time": "request time",
    "direction": "to",
}  # fmt: skip
"""Headings that are not the names of their columns."""

WIDE: Final = frozenset({"call", "text", "says", "value", "note", "filename"})
"""Columns that take the room that is left."""


class Shown(NamedTuple):
    """A column of a list: name, heading, whether its values stand to the right, and whether it takes what is left."""

    name: str
    title: str
    right: bool = False
    wide: bool = False
