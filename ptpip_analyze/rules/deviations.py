"""Known implementations that differ from the standard: recognised by evidence, shown as such, never dropped.

A finding becomes a known deviation only if the fingerprint that the catalogue describes is there; refuses to excuse on
a name alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .catalogue import CATALOGUE
from .data_amounts import Amounts
from .evidence import Evidence
from .numbering import CLOSE_SESSION, Numbering
from .rule import INITIATOR, Finding, Ruling, Verdict

Fingerprint = Callable[[Evidence, Finding], bool]
FINGERPRINTS: dict[str, Fingerprint] = {}


def fingerprint(name: str) -> Callable[[Fingerprint], Fingerprint]:
    """Enter the function that recognises a deviation of the catalogue."""

    def enter(function: Fingerprint) -> Fingerprint:
        FINGERPRINTS[name] = function
        return function

    return enter


def excuse(seen: Evidence, rulings: dict[str, Ruling]) -> None:
    """Mark the violations that are known deviations."""
    for deviation in CATALOGUE.deviations.values():
        recognise = FINGERPRINTS.get(deviation.id)
        if recognise is None:
            continue
        for rule in deviation.rules:
            for finding in rulings[rule].findings if rule in rulings else ():
                if finding.verdict is Verdict.VIOLATION and recognise(seen, finding):
                    finding.verdict, finding.deviation = Verdict.DEVIATION, deviation.id


def _cancelling(seen: Evidence) -> set[int]:
    """The sessions in which the initiator cancels or probes."""
    return set(seen.session[seen.rows(m.CANCEL, m.PROBE_REQUEST, m.PROBE_RESPONSE, side=INITIATOR)].tolist())


@fingerprint("dev-libgphoto2-null-dataout-no-end")
def _null_object_without_end(seen: Evidence, finding: Finding) -> bool:
    """Start Data of 0 bytes without End Data, from an initiator that never cancels and never probes."""
    row = finding.row
    if row is None or seen.kind[row] != m.START_DATA or seen.columns["total"][row] != 0:
        return False
    return finding.side == INITIATOR and finding.session not in seen.once(_cancelling)


def _totals(seen: Evidence) -> dict[int, int]:
    """How much more than announced came from initiators, by transaction."""
    amounts = seen.once(Amounts)
    out = amounts.side == INITIATOR
    beyond = amounts.carried[out] - amounts.total[out].astype(np.int64)
    return dict(zip(amounts.number[out].tolist(), beyond.tolist(), strict=True))


@fingerprint("dev-libgphoto2-total-32bit")
def _half_a_total(seen: Evidence, finding: Finding) -> bool:
    """What an initiator announces is what comes, modulo 2**32."""
    beyond = seen.once(_totals).get(finding.transaction if finding.transaction is not None else NO_ROW, 0)
    return finding.side == INITIATOR and beyond > 0 and beyond % (1 << 32) == 0


@fingerprint("dev-leica-close-session-tx0")
def _close_session_zero(seen: Evidence, finding: Finding) -> bool:
    """CloseSession is answered with id 0."""
    row, request = finding.row, finding.rows[0]
    return row is not None and seen.identity[row] == 0 and int(seen.code[request]) == CLOSE_SESSION


def _first_places(seen: Evidence) -> dict[tuple[int, int], int]:
    """By session and TransactionID, the place in the numbering at which it was used first."""
    numbering = seen.once(Numbering)
    keys = list(zip(numbering.session.tolist(), numbering.identity.tolist(), strict=True))
    return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))


@fingerprint("dev-stale-responses")
def _stale_response(seen: Evidence, finding: Finding) -> bool:
    """The response has the id of an earlier request of its session, and a later one has been sent since."""
    if finding.row is None:
        return False
    numbering = seen.once(Numbering)
    low, high = np.searchsorted(numbering.session, [finding.session, finding.session + 1]).tolist()
    latest = low + bisect_left(numbering.row[low:high], seen.rank[finding.row], key=lambda row: seen.rank[row]) - 1
    stale = int(seen.identity[finding.row])
    place = seen.once(_first_places).get((finding.session, stale), latest)
    return latest >= low and place < latest and stale < int(numbering.identity[latest])


@fingerprint("dev-libpict-resend-same-tx")
def _sent_again(seen: Evidence, finding: Finding) -> bool:
    """The very bytes of a request that had no response, once more."""
    if finding.row is None or not finding.rows:
        return False
    again, before = finding.row, finding.rows[0]
    if int(seen.kind[again]) != m.OPERATION_REQUEST or int(seen.kind[before]) != m.OPERATION_REQUEST:
        return False
    number = seen.transaction_of(before)
    response = NO_ROW if number is None else int(seen.transactions.response[number])
    late = response == NO_ROW or bool(seen.rank[response] > seen.rank[again])
    size = int(seen.length[again])
    return late and size == seen.length[before] and seen.head(again, size) == seen.head(before, size)


def _sixes(seen: Evidence) -> np.ndarray:
    """bool by session: it has three requests or more, all of them with id 6."""
    numbering = seen.once(Numbering)
    count = np.bincount(numbering.session, minlength=len(seen.pairs))
    six = np.bincount(numbering.session[numbering.identity == 6], minlength=len(seen.pairs))
    return (count >= 3) & (count == six)


@fingerprint("dev-mmattes-constant-tx")
def _always_six(seen: Evidence, finding: Finding) -> bool:
    """All requests of the session have id 6."""
    return bool(seen.once(_sixes)[finding.session])


@fingerprint("dev-mmattes-64bit-params")
def _long_parameters(seen: Evidence, finding: Finding) -> bool:
    """Parameters of eight bytes each, whose upper halves are zero."""
    row = finding.row
    if row is None or int(seen.kind[row]) != m.OPERATION_REQUEST or (int(seen.length[row]) - 18) % 8:
        return False
    message = seen.head(row, 58)  # five of them
    if len(message) != int(seen.length[row]) or len(message) < 26:
        return False
    return not np.frombuffer(message[18:], np.uint8).reshape(-1, 8)[:, 4:].any()


@fingerprint("dev-theta4j-continuous-tx")
def _one_counter(seen: Evidence, finding: Finding) -> bool:
    """One counter for a connection: OpenSession takes the next number, and so does what follows it."""
    if finding.row is None or len(finding.rows) < 2:
        return False
    opened, previous = finding.rows[:2]
    first, begun, used = (int(seen.identity[row]) for row in (finding.row, opened, previous))
    same = seen.columns["stream"][previous] == seen.columns["stream"][opened]
    return bool(same) and begun == used + 1 and first == begun + 1
