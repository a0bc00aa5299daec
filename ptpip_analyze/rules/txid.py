"""Rules of TransactionIDs (CIPA DC-X005-2005 1.6.5, 2.3.6 to 2.3.8): how the requests of a session are numbered.

Refuses to count across a hole, and to say that a session is open, or is not, where the capture does not show it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..among import among
from ..facts.named import GET_DEVICE_INFO, OPEN_SESSION
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .evidence import Evidence
from .greeting import ANONYMOUS
from .numbering import CLOSED, LAST_ID, NO_ID, OPEN, UNKNOWN, Numbering
from .rule import INITIATOR, Ruling, rule
from .spread import groups
from .wording import identity, operation, times

NOBODY = (ANONYMOUS, "00" * 16)  # GUIDs that do not say who it is


def _requests_pass(ruling: Ruling, numbering: Numbering, places: np.ndarray) -> None:
    for session, count in enumerate(np.bincount(numbering.session[places]).tolist()):
        ruling.passes(session, INITIATOR, count)


def _requests_unknown(ruling: Ruling, numbering: Numbering, places: np.ndarray, why: str) -> None:
    for session, count in enumerate(np.bincount(numbering.session[places]).tolist()):
        ruling.unknown(session, INITIATOR, why, count)


@rule("txid-start-one")
def start_one(seen: Evidence, ruling: Ruling) -> None:
    """The first transaction of a session has id 1; if OpenSession was given that, the one behind it."""
    numbering = seen.once(Numbering)
    for opener, first in zip(*(places.tolist() for places in numbering.beginnings), strict=True):
        begun, found = int(numbering.identity[opener]), int(numbering.identity[first])
        session, skipped = int(numbering.session[first]), first - opener - 1
        row, opened = int(numbering.row[first]), int(numbering.row[opener])
        if 1 <= found <= 1 + skipped or (begun == 1 and begun < found <= begun + 1 + skipped):
            ruling.passes(session, INITIATOR)
        else:
            previous = opener > 0 and int(numbering.session[opener - 1]) == session
            says = (
                f"the first transaction of the session ({operation(seen, row)}) has TransactionID {identity(found)}; "
                f"OpenSession has {identity(begun)}"
            )
            rows = (opened, int(numbering.row[opener - 1])) if previous else (opened,)
            ruling.fires(session, INITIATOR, says, row=row, rows=rows, transaction=seen.transaction_of(row))


RESENT, REPEATED, GAP, RESTART, DECREASE = range(5)
STEPS = (
    "a request that was not answered is sent again with its TransactionID",
    "a request has the TransactionID of the one before it",
    "TransactionIDs are left out",
    "TransactionIDs begin again at 1",
    "a TransactionID is smaller than the one before it",
)


def steps_of(seen: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the numbering goes on from each request of a session to the next: places before and after, and -1 where it is
    right, else an index of STEPS.
    """
    numbering = seen.once(Numbering)
    before, after = numbering.following
    one, two = numbering.identity[before], numbering.identity[after]
    away = after - before  # requests with reserved ids in between may have been counted or not
    step = two - one
    kind = np.select(
        [
            (step >= 1) & (step <= away),
            (step == 0) & _resent(seen, numbering, before, after),
            step == 0,
            step > 0,
            two == 1,
        ],
        [-1, RESENT, REPEATED, GAP, RESTART],
        DECREASE,
    )
    return before, after, kind


def _resent(seen: Evidence, numbering: Numbering, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Is the second request a copy of the first one, which had no response when it was sent?"""
    rows, others = numbering.row[before], numbering.row[after]
    names = ("code", "data_phase_info", "words", "word0", "word1", "word2", "word3", "word4", "length")
    same = np.ones(len(rows), bool)
    for name in names:
        same &= seen.columns[name][rows] == seen.columns[name][others]
    response = numbering.response[before]
    late = (response == NO_ROW) | (seen.rank[response] > seen.rank[others])
    return same & late & (after == before + 1)


@rule("txid-increment-one")
def increment_one(seen: Evidence, ruling: Ruling) -> None:
    """Each request has the next number."""
    numbering = seen.once(Numbering)
    before, after, kind = steps_of(seen)
    wraps = numbering.identity[before] == LAST_ID  # what comes then the standard does not say
    _requests_pass(ruling, numbering, after[(kind < 0) & ~wraps])
    wrong = np.flatnonzero((kind >= 0) & ~wraps)
    for key, places in groups(numbering.session[after[wrong]] * len(STEPS) + kind[wrong], wrong):
        first = int(places[0])
        row, previous = int(numbering.row[after[first]]), int(numbering.row[before[first]])
        says = (
            f"{STEPS[key % len(STEPS)]}: {identity(int(numbering.identity[before[first]]))}, then "
            f"{identity(int(numbering.identity[after[first]]))}{_often(len(places))}"
        )
        # What goes back points at where it left: that a number is used again is seen where it is, by another rule.
        row, beside = (previous, row) if key % len(STEPS) in (RESTART, DECREASE) else (row, previous)
        rows = (beside, *numbering.row[after[places[1:4]]].tolist())
        ruling.fires(key // len(STEPS), INITIATOR, says, row=row, rows=rows, transaction=seen.transaction_of(row))
    unknown = (numbering.state != CLOSED) & numbering.usable & (numbering.code != OPEN_SESSION)
    unknown[numbering.counted] = False
    _requests_unknown(ruling, numbering, np.flatnonzero(unknown), "it is not known whether a session is open")


def _often(count: int) -> str:
    return f" ({times(count, 'time')} in this session)" if count > 1 else ""


@rule("txid-unique")
def unique(seen: Evidence, ruling: Ruling) -> None:
    """No id is used twice in a session."""
    numbering = seen.once(Numbering)
    places = numbering.counted
    before, after = numbering.following
    backwards = among(numbering.segment[places], numbering.segment[after[_falls(numbering, before, after)]])
    _requests_pass(ruling, numbering, places[~backwards])
    places = places[backwards]
    order = places[np.lexsort((places, numbering.identity[places], numbering.segment[places]))]
    again = np.zeros(len(order), bool)
    again[1:] = (numbering.segment[order[1:]] == numbering.segment[order[:-1]]) & (
        numbering.identity[order[1:]] == numbering.identity[order[:-1]]
    )
    _requests_pass(ruling, numbering, order[~again])
    used_before = dict(zip(order[1:][again[1:]].tolist(), order[:-1][again[1:]].tolist(), strict=True))
    twice = np.sort(order[again])
    copies = _resent(seen, numbering, np.array([used_before[at] for at in twice.tolist()], np.int64), twice)
    for key, found in groups(2 * numbering.session[twice] + copies, twice):
        first = int(found[0])
        row, earlier = int(numbering.row[first]), int(numbering.row[used_before[first]])
        what = f"TransactionID {identity(int(numbering.identity[first]))} of {operation(seen, earlier)}"
        how = "is used again for the same request, which had no response" if key % 2 else "is used a second time"
        other = "" if key % 2 else f", for {operation(seen, row)}"
        rows = (earlier, *numbering.row[found[1:4]].tolist())
        says = f"{what} {how}{other}{_often(len(found))}"
        ruling.fires(key // 2, INITIATOR, says, row=row, rows=rows, transaction=seen.transaction_of(row))


def _falls(numbering: Numbering, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.asarray(numbering.identity[after] <= numbering.identity[before])


@rule("txid-restart-per-session")
def restart(seen: Evidence, ruling: Ruling) -> None:
    """A session does not go on with the numbers of the one before it."""
    numbering = seen.once(Numbering)
    for first, opener, last in _successions(seen, numbering):
        begun, found = int(numbering.identity[opener]), int(numbering.identity[first])
        used, session = int(numbering.identity[last]), int(numbering.session[first])
        goes_on = found == used + 1 if begun in (0, NO_ID) else (begun, found) == (used + 1, used + 2)
        row, opened, previous = (int(numbering.row[at]) for at in (first, opener, last))
        if found <= 2 or (not goes_on and _last_known(seen, previous, opened)):
            ruling.passes(session, INITIATOR)
            continue
        if not goes_on:
            ruling.unknown(session, INITIATOR, "the last request of the session before may be missing")
            continue
        says = (
            f"the session begins with TransactionID {identity(found)} (OpenSession: {identity(begun)}), where the "
            f"session before it ended with {identity(used)}"
        )
        rows = (opened, previous)
        ruling.fires(session, INITIATOR, says, row=row, rows=rows, transaction=seen.transaction_of(row))


def _last_known(seen: Evidence, last: int, opener: int) -> bool:
    """Would a request behind the last one of a session, and before the next session, be in the capture?"""
    if seen.session[last] == seen.session[opener]:
        return bool(seen.run[last] == seen.run[opener])
    line = seen.cases[int(seen.session[last])].command
    return line is not None and line.nothing_missing_after(last)


def _successions(seen: Evidence, numbering: Numbering) -> Iterator[tuple[int, int, int]]:
    """Sessions that follow one of the same initiator with the same responder: first request, OpenSession, and the last
    request of the session before that, as places.
    """
    openers, firsts = numbering.beginnings
    counted = numbering.counted
    packet = seen.columns["first"]
    begins = np.searchsorted(numbering.session[counted], np.arange(len(seen.pairs) + 1))
    before: dict[tuple[object, ...], int] = {}  # the session of an initiator and responder that began last
    for at in np.argsort(packet[numbering.row[openers]], kind="stable").tolist():
        opener, first = int(openers[at]), int(firsts[at])
        session = int(numbering.session[opener])
        peers = _peers(seen, session)
        candidates = [session] if peers is None else [session, before.get(peers, session)]
        for other in dict.fromkeys(candidates):
            own = counted[begins[other] : begins[other + 1]]
            last = int(np.searchsorted(packet[numbering.row[own]], packet[numbering.row[opener]])) - 1
            if (
                last >= 0
                and own[last] != first
                and seen.surely_before(int(numbering.row[own[last]]), int(numbering.row[opener]))
            ):
                yield first, opener, int(own[last])
                break
        if peers is not None:
            before[peers] = session


def _peers(seen: Evidence, session: int) -> tuple[object, ...] | None:
    """Who talks with whom; None where the initiator does not say who it is."""
    pair = seen.pairs[session]
    row = None if pair.command is None else pair.command.rows.get(m.INIT_COMMAND_REQUEST)
    greeting = None if row is None else seen.greeting(row)
    if pair.command is None or greeting is None or greeting["guid"] in (None, *NOBODY):
        return None
    return greeting["guid"], pair.command.initiator_address, pair.command.responder


@rule("txid-zero-only-open-or-info")
def zero_only(seen: Evidence, ruling: Ruling) -> None:
    """Id 0 is for OpenSession and GetDeviceInfo."""
    numbering = seen.once(Numbering)
    rows = numbering.row[numbering.usable]
    special = among(seen.code[rows], (OPEN_SESSION, GET_DEVICE_INFO))

    def says(row: int) -> str:
        return f"{operation(seen, row)} has TransactionID 0, which only OpenSession and GetDeviceInfo may have"

    ruling.weigh(seen, rows, (seen.identity[rows] != 0) | special, None, says)


@rule("txid-zero-inside-session")
def zero_inside(seen: Evidence, ruling: Ruling) -> None:
    """Whether GetDeviceInfo may have id 0 while a session is open, the standard says in two ways."""
    numbering = seen.once(Numbering)
    zero = numbering.usable & (numbering.identity == 0) & (numbering.code == GET_DEVICE_INFO)
    places = np.flatnonzero(zero & (numbering.state == OPEN))
    for session, found in groups(numbering.session[places], places):
        rows = numbering.row[found]
        says = f"GetDeviceInfo has TransactionID 0 while a session is open{_often(len(found))}"
        ruling.fires(session, INITIATOR, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


@rule("txid-ffffffff-reserved")
def ffffffff_reserved(seen: Evidence, ruling: Ruling) -> None:
    """0xFFFFFFFF is no transaction of a session."""
    numbering = seen.once(Numbering)
    _requests_pass(ruling, numbering, numbering.counted)
    reserved = numbering.usable & (numbering.identity == NO_ID) & (numbering.code != OPEN_SESSION)
    for state in (OPEN, UNKNOWN):
        places = np.flatnonzero(reserved & (numbering.state == state))
        for session, found in groups(numbering.session[places], places):
            rows = numbering.row[found].tolist()
            says = f"{operation(seen, rows[0])} has TransactionID 0xFFFFFFFF, which means that there is no transaction"
            says += _often(len(found))
            if state == OPEN:
                number = seen.transaction_of(rows[0])
                ruling.fires(session, INITIATOR, says, row=rows[0], rows=tuple(rows[1:4]), transaction=number)
            else:
                says += ", if a session is open"
                ruling.names(session, INITIATOR, says, row=rows[0], rows=tuple(rows[1:4]), sure=False)


@rule("txid-not-applicable-value")
def not_applicable(seen: Evidence, ruling: Ruling) -> None:
    """Where there is no transaction of a session, the id is 0xFFFFFFFF; events have a rule of their own."""
    numbering = seen.once(Numbering)
    outside = numbering.usable & (numbering.state == CLOSED)
    rows = numbering.row[outside & ~among(numbering.code, (OPEN_SESSION, GET_DEVICE_INFO))]

    def says(row: int) -> str:
        return (
            f"{operation(seen, row)} outside a session has TransactionID {identity(int(seen.identity[row]))}, not "
            "0xFFFFFFFF"
        )

    ruling.weigh(seen, rows, seen.identity[rows] == NO_ID, None, says)


@rule("txid-wrap")
def wrap(seen: Evidence, ruling: Ruling) -> None:
    """Behind 0xFFFFFFFE the numbering should begin again at 1: both other values are reserved."""
    numbering = seen.once(Numbering)
    last = numbering.usable & (numbering.identity == LAST_ID) & (numbering.state == OPEN)
    for place in np.flatnonzero(last[:-1]).tolist():
        if numbering.segment[place] == numbering.segment[place + 1] and numbering.usable[place + 1]:
            found, row = int(numbering.identity[place + 1]), int(numbering.row[place + 1])
            if found != 1:
                says = f"behind TransactionID 0xFFFFFFFE comes {identity(found)}, not 1"
                rows = (int(numbering.row[place]),)
                ruling.fires(int(numbering.session[place]), INITIATOR, says, row=row, rows=rows)
