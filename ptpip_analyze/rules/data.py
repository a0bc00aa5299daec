"""Rules of the data phase (CIPA DC-X005-2005 1.6.4, 2.3.9 to 2.3.11): where it goes, in which order, whose it is.

What one transaction shows is judged only where nothing is missing since its request and no other transaction of the
same id is open. Refuses to blame anybody for data on its way when the other side broke off.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .evidence import Evidence
from .phases import DATA_TYPES, Phases
from .request import DATA_IN, DATA_OUT, TYPE_NAMES, misplaced
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule
from .unended import Unended
from .wording import identity, operation, operation_of, sender

MISSING = "bytes are missing since the request, or its TransactionID is in use twice"


@rule("data-start-placement")
def start_placement(seen: Evidence, ruling: Ruling) -> None:
    """Start Data goes over the command connection."""
    misplaced(seen, ruling, m.START_DATA, None, "Start Data")


@rule("data-data-placement")
def data_placement(seen: Evidence, ruling: Ruling) -> None:
    """Data goes over the command connection, the way that Start Data went."""
    misplaced(seen, ruling, m.DATA, None, "Data")
    _against_the_start(seen, ruling, m.DATA)


@rule("data-end-placement")
def end_placement(seen: Evidence, ruling: Ruling) -> None:
    """End Data goes over the command connection, the way that Start Data went."""
    misplaced(seen, ruling, m.END_DATA, None, "End Data")
    _against_the_start(seen, ruling, m.END_DATA)


def _against_the_start(seen: Evidence, ruling: Ruling, kind: int) -> None:
    phases = seen.once(Phases)
    wrong = (phases.kind == kind) & (phases.started == 0) & (phases.earlier(phases.starts) > 0) & phases.near
    if not wrong.any():
        return
    first = phases.first(phases.starts)

    def says(row: int) -> str:
        return (
            f"the {sender(seen, row)} sends {TYPE_NAMES[kind]} in a transaction in which the other side sent Start Data"
        )

    rows = phases.row[wrong]
    beside = dict(zip(rows.tolist(), first[phases.group[wrong]].tolist(), strict=True))
    ruling.weigh(seen, rows, np.zeros(len(rows), bool), None, says, beside=lambda row: (beside[row],))


def _weigh(
    seen: Evidence,
    ruling: Ruling,
    instances: np.ndarray,
    kept: np.ndarray,
    says: str,
    side: np.ndarray | None = None,
) -> None:
    """Judge some steps of irregular transactions that have a request; flawless data phases keep the rule.

    ``says`` has places for the ``sender``, the ``type`` of the message and the ``operation``.
    """
    phases = seen.once(Phases)
    phases.pass_flawless(ruling)
    chosen = np.flatnonzero(instances & (phases.request[phases.group] != NO_ROW))
    if len(chosen) == 0:
        return
    rows = phases.row[chosen]
    request = dict(zip(rows.tolist(), phases.request[phases.group[chosen]].tolist(), strict=True))

    def sentence(row: int) -> str:
        return says.format(
            sender=sender(seen, row), type=TYPE_NAMES[int(seen.kind[row])], operation=operation(seen, request[row])
        )

    ruling.weigh(
        seen, rows, kept[chosen], phases.near[chosen], sentence, MISSING,
        None if side is None else side[chosen], lambda row: (request[row],),
    )  # fmt: skip


@rule("data-start-first")
def start_first(seen: Evidence, ruling: Ruling) -> None:
    """A data phase begins with Start Data."""
    phases = seen.once(Phases)
    first = phases.carries & (phases.earlier_own(phases.carries) == 0)
    _weigh(seen, ruling, first, phases.started > 0, "the {sender} sends {type} of {operation} without Start Data")


@rule("data-start-once")
def start_once(seen: Evidence, ruling: Ruling) -> None:
    """Start Data comes once."""
    phases = seen.once(Phases)
    _weigh(seen, ruling, phases.starts, phases.started == 0, "the {sender} sends Start Data of {operation} again")


@rule("data-one-direction")
def one_direction(seen: Evidence, ruling: Ruling) -> None:
    """Data flows one way in a transaction."""
    phases = seen.once(Phases)
    kept = phases.earlier(phases.is_data) == 0
    info = seen.columns["data_phase_info"][phases.request[phases.group]]
    # The request said which way it would be.
    side = np.where(info == DATA_OUT, RESPONDER, np.where(info == DATA_IN, INITIATOR, BOTH))
    side = np.where(kept, phases.side, side)
    _weigh(
        seen,
        ruling,
        phases.first_data,
        kept,
        "{type} of {operation} from the {sender}, after data from the other side",
        side,
    )


@rule("data-nothing-after-end")
def nothing_after_end(seen: Evidence, ruling: Ruling) -> None:
    """End Data is the end. What a responder sends behind its response is another rule's."""
    phases = seen.once(Phases)
    ended = phases.ended > 0
    late = (phases.side == RESPONDER) & (phases.answered > 0)
    instances = phases.is_data & ~late & (ended | phases.ends)
    _weigh(seen, ruling, instances, ~ended, "the {sender} sends {type} of {operation} behind its End Data")


def _responses(phases: Phases) -> np.ndarray:
    return (phases.kind == m.OPERATION_RESPONSE) & (phases.side == RESPONDER)


def _homeless(seen: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first data messages whose TransactionID no request has: rows, how many requests are open, and which if one.

    Negative: what is open is not known.
    """
    phases = seen.once(Phases)
    homeless = phases.is_data & (phases.request[phases.group] == NO_ROW)
    rows = phases.row[homeless & (phases.earlier(homeless) == 0)]
    count, number = phases.open_before(rows)
    return rows, np.where(seen.has(rows, 12), count, -1), number


def _judge_homeless(seen: Evidence, ruling: Ruling, wanted: int) -> list[tuple[int, int]]:
    phases = seen.once(Phases)
    phases.pass_flawless(ruling)
    first = phases.first_data & (phases.request[phases.group] != NO_ROW)
    sides = phases.side[first]
    rows, count, number = seen.once(_homeless)
    for side in (INITIATOR, RESPONDER):
        for session, kept in enumerate(np.bincount(seen.session[phases.row[first][sides == side]]).tolist()):
            ruling.passes(session, side, kept)
        unsure = rows[((count < 0) | (count > 1)) & (seen.side[rows] == side)]
        for session, missed in enumerate(np.bincount(seen.session[unsure]).tolist()):
            ruling.unknown(session, side, "its request may be in bytes that are missing", missed)
    found = count == wanted
    return list(zip(rows[found].tolist(), number[found].tolist(), strict=True))


@rule("data-phase-needs-request")
def needs_request(seen: Evidence, ruling: Ruling) -> None:
    """Data belongs to a transaction that is open; what an initiator had on its way when it was refused is tolerated."""
    for row, _ in _judge_homeless(seen, ruling, 0):
        what = f"{TYPE_NAMES[int(seen.kind[row])]} of transaction {identity(int(seen.identity[row]))}"
        says = f"the {sender(seen, row)} sends {what}, while no request is open"
        ruling.fires(int(seen.session[row]), int(seen.side[row]), says, row=row, transaction=seen.transaction_of(row))
    phases = seen.once(Phases)
    late = phases.is_data & (phases.side == RESPONDER) & phases.near & (phases.answered > 0)
    late &= phases.earlier(late) == 0
    for row, group in zip(phases.row[late].tolist(), phases.group[late].tolist(), strict=True):
        response = int(phases.response[group])
        says = (
            f"the responder sends {TYPE_NAMES[int(seen.kind[row])]} of {operation(seen, int(phases.request[group]))} "
        )
        says += "behind its response"
        ruling.fires(
            int(seen.session[row]), RESPONDER, says, row=row, rows=(response,), transaction=int(phases.numbers[group])
        )


@rule("data-txid-consistent")
def txid_consistent(seen: Evidence, ruling: Ruling) -> None:
    """Data has the TransactionID of its request."""
    for row, number in _judge_homeless(seen, ruling, 1):
        request = int(seen.transactions.request[number])
        says = (
            f"{operation(seen, request)} has TransactionID {identity(int(seen.identity[request]))}, the "
            f"{TYPE_NAMES[int(seen.kind[row])]} that the {sender(seen, row)} sends meanwhile has "
            f"{identity(int(seen.identity[row]))}"
        )
        side = int(seen.side[row])
        ruling.fires(int(seen.session[row]), side, says, row=row, rows=(request,), transaction=number)


@rule("data-end-required")
def end_required(seen: Evidence, ruling: Ruling) -> None:
    """Data that has all been sent is followed by End Data."""
    phases, total = seen.once(Phases), seen.columns["total"]
    phases.pass_flawless(ruling)
    unended = seen.once(Unended)
    complete = (unended.carried == total[unended.start].astype(np.int64)) & seen.has(unended.start, 20)
    for at in np.flatnonzero(unended.known & complete).tolist():
        row, after, number = int(unended.start[at]), int(unended.after[at]), int(unended.number[at])
        then = "the connection ends" if after == NO_ROW else "the next request comes"
        what = operation(seen, int(phases.request[unended.group[at]]))
        says = f"all data of {what} is sent, and {then} without End Data"
        rows = () if after == NO_ROW else (after,)
        ruling.fires(int(seen.session[row]), INITIATOR, says, row=row, rows=rows, transaction=number)
    # A responder that says OK has sent its End Data before.
    responses = _responses(phases)
    instances = responses & (phases.started > 0) & phases.succeeded[phases.group] & ~phases.cancelled[phases.group]
    kept = phases.ended > 0
    chosen = np.flatnonzero(instances & (phases.row == phases.response[phases.group]))
    ruling.weigh(
        seen, phases.row[chosen], kept[chosen], phases.near[chosen],
        lambda row: f"OK for {operation_of(seen, row)} without End Data behind its Start Data", MISSING,
    )  # fmt: skip


@rule("data-no-interleaving")
def no_interleaving(seen: Evidence, ruling: Ruling) -> None:
    """From Start Data to End Data a side sends nothing but that data."""
    phases, total = seen.once(Phases), seen.columns["total"]
    phases.pass_flawless(ruling)
    unended = seen.once(Unended)
    complete = (unended.carried == total[unended.start].astype(np.int64)) & seen.has(unended.start, 20)
    for at in np.flatnonzero(unended.known & ~complete & (unended.after != NO_ROW)).tolist():
        row, start, number = int(unended.after[at]), int(unended.start[at]), int(unended.number[at])
        what = operation(seen, int(phases.request[unended.group[at]]))
        says = f"the initiator sends the next request while it sends the data of {what}"
        ruling.fires(int(seen.session[row]), INITIATOR, says, row=row, rows=(start,), transaction=number)
    # Data of another transaction in between: the first one that does not belong to what it stands in.
    of_message, previous = seen.transactions.of_message, seen.previous
    inside = phases.carries & (phases.started > 0) & (phases.ended == 0) & phases.near
    before = previous[phases.row]
    foreign = inside & (before != NO_ROW) & among(seen.kind[before], DATA_TYPES)
    other = of_message[before]
    foreign &= (other != of_message[phases.row]) & (other != NO_ROW) & (seen.transactions.request[other] != NO_ROW)
    foreign &= phases.earlier(foreign) == 0
    for row, group in zip(before[foreign].tolist(), phases.group[foreign].tolist(), strict=True):
        what = operation(seen, int(phases.request[group]))
        says = f"the {sender(seen, row)} sends {TYPE_NAMES[int(seen.kind[row])]} of transaction "
        says += f"{identity(int(seen.identity[row]))} within the data of {what}"
        ruling.fires(int(seen.session[row]), int(seen.side[row]), says, row=row, transaction=int(phases.numbers[group]))
