"""Words that sentences of rules share: operations, answers, ids, numbers. Knows no rule."""

from __future__ import annotations

from ..facts import name_of
from ..ptp.walk import NO_ROW
from .evidence import Evidence
from .rule import SIDES

NOT_COVERED = "the waiting time is not covered by the capture"


def operation(seen: Evidence, request: int) -> str:
    """The operation of a request (message row): GetObject (0x1009)."""
    return seen.named("operation", int(seen.code[request]), int(seen.session[request]))


def operation_of(seen: Evidence, row: int) -> str:
    """The operation of the transaction that a message belongs to; "transaction 7" where its request is not known."""
    number = seen.transaction_of(row)
    request = NO_ROW if number is None else int(seen.transactions.request[number])
    return f"transaction {identity(int(seen.identity[row]))}" if request == NO_ROW else operation(seen, request)


def answer(seen: Evidence, response: int) -> str:
    """The code of a response (message row): DeviceBusy (0x2019)."""
    return seen.named("response", int(seen.code[response]), int(seen.session[response]))


def standard(kind: str, code: int) -> str:
    """A code with the name that the standards give it: for sentences about many sessions, whose vendors cost time."""
    number, name = f"0x{code:04X}", name_of(kind, code)
    return number if name == number else f"{name} ({number})"


def identity(value: int) -> str:
    """A TransactionID as people write it: small numbers as they are, reserved and large ones in hex."""
    return str(value) if value < 1 << 24 else f"0x{value:08X}"


def sender(seen: Evidence, row: int) -> str:
    """Who sent a message."""
    return SIDES[int(seen.side[row])]


def times(count: int, one: str, many: str | None = None) -> str:
    """1 response, 3 responses."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def seconds(ns: int) -> str:
    """A duration as people read it: 120 µs, 4.25 ms, 1.5 s."""
    for unit, size in (("µs", 1_000), ("ms", 1_000_000)):
        if ns < size * 1_000:
            return f"{ns / size:.3g} {unit}"
    return f"{ns / 1_000_000_000:,.3g} s" if ns < 1_000_000_000_000 else f"{ns / 1_000_000_000:,.0f} s"
