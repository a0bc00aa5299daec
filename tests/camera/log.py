"""The camera's own account of a conversation, kept beside the sockets and never read from a capture.

Promises a row for each transaction answered, event sent and connection refused, in the order in which that happened.
Refuses to interpret: what an analysis found is compared with it by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoggedTransaction:
    """One operation as the camera saw it."""

    connection_number: int
    transaction_id: int
    operation_code: int
    parameters: tuple[int, ...]
    data_direction: str
    """"in" to the initiator, "out" to the camera, "none"."""
    data_bytes: int
    """Bytes of payload sent or received, also when the transaction was cancelled on the way."""
    response_code: int
    response_parameters: tuple[int, ...]


@dataclass(frozen=True)
class LoggedEvent:
    """One event sent."""

    connection_number: int
    event_code: int
    transaction_id: int
    parameters: tuple[int, ...]


@dataclass(frozen=True)
class LoggedSession:
    """One initiator that introduced itself."""

    connection_number: int
    """0 when it was refused."""
    initiator_guid: bytes
    initiator_name: str
    fail_reason: int
    """0 when it was accepted."""


@dataclass
class Log:
    """Everything that happened. Appended to by several threads: ``list.append`` is atomic."""

    sessions: list[LoggedSession] = field(default_factory=list)
    transactions: list[LoggedTransaction] = field(default_factory=list)
    events: list[LoggedEvent] = field(default_factory=list)
    cancels: list[tuple[str, int]] = field(default_factory=list)
    """Cancel messages received: "command" or "event", and the transaction."""
    probes: list[int] = field(default_factory=list)
    """Connection numbers of the Probe Requests that were answered."""
    violations: list[str] = field(default_factory=list)
    """What an initiator did that PTP-IP does not allow; its connections were closed."""
    losses: list[str] = field(default_factory=list)
    """Connections that broke instead of being closed."""
