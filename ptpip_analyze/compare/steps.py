"""A conversation as a list of steps that can be laid beside another one: what was asked, sent and answered.

Ids that a camera gives out (handles, storages, sessions) differ from conversation to conversation: they are no part of
a step's key, and are compared afterwards. Where bytes are missing a step says that anything may have been there. Loops
are folded; nothing is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import facts
from ..capture import NO_TIME
from ..ptp import NO_ROW, STATUSES
from ..ptp.parameters import parameters_text
from ..ptp.polled import may_list
from ..ptp.transactions import DIRECTIONS, OUT
from ..ptpip.messages import FIXED_BYTES, UNFRAMED
from ..result import Result

# Parameters that the peers of one conversation agree on, and those of another one differently.
GIVEN_OUT = ("handle", "session_id", "transaction_id", "storage_id")
WILDCARDS = (0, 0xFFFFFFFF)  # of handles and storages: all, none
SENT_BYTES = 1 << 16  # of a data phase to the responder that are compared
LONGEST_LOOP = 4  # steps of a loop
LEAST_ROUNDS = 3


@dataclass(slots=True)
class Step:
    """One transaction, or a loop of them.

    ``key`` is equal where the same is asked: operation and the parameters that mean the same in every conversation;
    ``given`` are those that do not, as (kind, value). ``operation`` and ``row`` are None for a place where bytes are
    missing. ``rounds`` counts a folded loop, of which this is one step. ``sent`` is a digest of the data to the
    responder, None where there is none or bytes of it are missing. ``response`` is None where it was not captured;
    ``known`` is False where bytes are missing, so that nothing can be said of what is not there.
    """

    row: int | None  # of the transactions table of its capture
    operation: int | None
    key: tuple[Any, ...]
    given: tuple[tuple[str, int], ...]
    parameters: tuple[int, ...]
    response: int | None
    direction: str
    sent: bytes | None
    sent_bytes: int | None
    latency_ns: int | None
    frame: int | None
    known: bool
    text: str
    polled: bool
    rounds: int = 1

    @property
    def name(self) -> str:
        """What the operation is called."""
        return self.text.partition("(")[0]


def steps_of(result: Result, session: int) -> list[Step]:
    """The steps of one session, in order, loops not folded yet."""
    made, columns = result.transactions, result.messages
    command = result.pairs[session].command
    rows = np.flatnonzero(made.session == session)
    found = [(int(made.first[row]), _step(result, int(row))) for row in rows]
    streams = [] if command is None else [2 * command.tcp.number, 2 * command.tcp.number + 1]
    lost = np.flatnonzero((columns["type"] == UNFRAMED) & np.isin(columns["stream"], streams))
    found += [(int(columns["first"][row]), _unknown(int(columns["first"][row]) + 1)) for row in lost]
    found.sort(key=lambda one: one[0])
    steps = [step for _, step in found]
    if command is not None and not all(stream.syn for stream in command.tcp.streams):
        steps.insert(0, _unknown(command.tcp.first_packet + 1))
    if command is None or command.tcp.close_kind is None:
        steps.append(_unknown(None if command is None else command.tcp.last_packet + 1))
    return steps


def _unknown(frame: int | None) -> Step:
    """A place at which anything may have been said."""
    return Step(None, None, (), (), (), None, "none", None, None, None, frame, False, "(bytes are missing)", False)


def _step(result: Result, number: int) -> Step:
    made, columns = result.transactions, result.messages
    request, response = int(made.request[number]), int(made.response[number])
    frame = int(made.first[number]) + 1
    if request == NO_ROW or STATUSES[made.status[number]] == "began-earlier" or not _is_whole(columns, request):
        return _unknown(frame)
    answered = response != NO_ROW and _is_whole(columns, response)
    vendor = result.vendors[int(made.session[number])]
    operation = int(columns["code"][request])
    parameters = tuple(int(columns[f"word{index}"][request]) for index in range(int(columns["words"][request])))
    key, given = _alike(operation, parameters, vendor)
    sent, sent_bytes = _sent(result, number)
    times = [int(columns["time"][row]) for row in (request, response)] if response != NO_ROW else [NO_TIME]
    return Step(
        number + result.first_transaction,
        operation,
        (operation, *key),
        given,
        parameters,
        int(columns["code"][response]) if answered else None,
        DIRECTIONS[made.direction[number]],
        sent,
        sent_bytes,
        None if NO_TIME in times else times[1] - times[0],
        frame,
        STATUSES[made.status[number]] != "gap",
        parameters_text(operation, parameters, vendor),
        bool(may_list(np.array([operation]), np.array([parameters[0] if parameters else 0]))[0]),
    )


def _is_whole(columns: dict[str, np.ndarray], row: int) -> bool:
    """Are code and parameters of a request or response in the capture?"""
    return int(columns["known"][row]) >= min(int(columns["length"][row]), FIXED_BYTES)


def _alike(
    operation: int, parameters: Sequence[int], vendor: str | None
) -> tuple[list[tuple[str, int]], tuple[tuple[str, int], ...]]:
    """The parameters as far as they are the same in every conversation, and those that are given out.

    Zeros at the end are padding.
    """
    row = facts.row_of("operation", operation, vendor)
    kinds = [_kind(text) for text in (row.request or ())] if isinstance(row, facts.Operation) else []
    least = len(parameters)
    while least and parameters[least - 1] == 0:
        least -= 1
    key, given = [], []
    for place, value in enumerate(parameters[:least]):
        kind = kinds[place] if place < len(kinds) else ""
        if kind in GIVEN_OUT and value not in WILDCARDS:
            key.append((kind, 0))
            given.append((kind, value))
        else:
            key.append(("", value))
    return key, tuple(given)


def _kind(written: str) -> str:
    """The kind of a parameter, which the facts write as ``[Name:kind]`` or ``Name:kind? (...)``."""
    return written.strip("[]").partition(":")[2].partition(" ")[0].rstrip("?]")


def _sent(result: Result, number: int) -> tuple[bytes | None, int | None]:
    """A digest of what the initiator sent in a transaction, and its size; None where that is not known."""
    if result.transactions.direction[number] != OUT:
        return None, None
    head = result.data_head(number, SENT_BYTES)
    if not head.whole:
        return None, head.size
    return hashlib.sha256(head.data).digest(), head.size


def folded(steps: Sequence[Step]) -> list[Step]:
    """Loops of up to LONGEST_LOOP steps that run LEAST_ROUNDS times or more become their first round, counted."""
    found: list[Step] = []
    at = 0
    while at < len(steps):
        length, rounds = _loop(steps, at)
        for step in steps[at : at + length]:
            step.rounds = rounds
            found.append(step)
        at += length * rounds
    return found


def _loop(steps: Sequence[Step], at: int) -> tuple[int, int]:
    """Steps of the loop that begins at a place, the shortest that there is, and how often it runs; (1, 1) for none."""
    for length in range(1, LONGEST_LOOP + 1):
        rounds = 1
        begin = at + length
        while begin + length <= len(steps) and all(
            steps[at + step].operation == steps[begin + step].operation
            and steps[at + step].parameters == steps[begin + step].parameters
            and steps[at + step].known
            and steps[begin + step].known
            and steps[at + step].response == steps[begin + step].response
            and steps[at + step].sent == steps[begin + step].sent
            for step in range(length)
        ):
            rounds, begin = rounds + 1, begin + length
        if rounds >= LEAST_ROUNDS:
            return length, rounds
    return 1, 1
