"""Rules of how much a data phase carries (CIPA DC-X005-2005 2.3.6, 2.3.9 to 2.3.11): totals, null objects, pieces.

Lengths are read, not bytes: a snap length does not matter, a missing byte does. Refuses to compare what was cancelled
or refused.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts.named import GET_OBJECT, GET_OBJECT_INFO, OK, SEND_OBJECT, SEND_OBJECT_INFO
from ..facts.packets import UNKNOWN_TOTAL
from ..ptp.transactions import IN, OUT
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .evidence import COMMAND, Evidence
from .phases import Phases
from .request import DATA_IN, DATA_OUT, due_direction
from .rule import INITIATOR, RESPONDER, SIDES, Ruling, rule
from .spread import Spread, groups, spread
from .unended import Unended
from .wording import operation, operation_of, times

ALL_ONES = np.uint64(UNKNOWN_TOTAL)
LARGEST = np.uint64(0xFFFFFFFF - 12)  # payload of one message
HEADER = 12  # bytes of Data and End Data in front of the payload


class Amounts:
    """Data phases that are there from Start Data to End Data: announced and carried bytes.

    Arrays with one element per data phase: ``number`` (transaction), ``start`` and ``end`` (rows of Start Data and End
    Data), ``side`` of the sender, ``total`` (uint64), ``carried`` (int64), ``succeeded`` (answered OK and not
    cancelled), ``null_out`` (the initiator announces nothing: the rules of null objects say more of it).
    """

    def __init__(self, seen: Evidence) -> None:
        built, phases = seen.transactions, seen.once(Phases)
        total = seen.columns["total"]
        crowd = np.flatnonzero(built.flawless & (built.direction != 0))
        crowd = crowd[seen.has(built.start[crowd], 20)]
        parts = [
            (
                crowd, built.start[crowd], built.last_data[crowd],
                np.where(built.direction[crowd] == OUT, INITIATOR, RESPONDER), built.data_bytes[crowd],
                seen.code[built.response[crowd]] == OK,
            )
        ]  # fmt: skip
        for side in (INITIATOR, RESPONDER) if len(phases.numbers) else ():
            own = (phases.side == side) & ~phases.late
            once = phases.total(own & (phases.kind == m.START_DATA)) == 1
            once &= phases.total(own & (phases.kind == m.END_DATA)) == 1
            once &= phases.total(own & phases.is_data & ~phases.near) == 0
            once &= phases.total(phases.is_data & (phases.side != side)) == 0
            group = np.flatnonzero(once & (phases.request != NO_ROW))
            start = phases.first(own & (phases.kind == m.START_DATA))[group]
            end = phases.first(own & (phases.kind == m.END_DATA))[group]
            fine = seen.has(start, 20) & (seen.offset[start] < seen.offset[end])
            group, start, end = group[fine], start[fine], end[fine]
            good = phases.succeeded & ~phases.cancelled
            good[phases.response != NO_ROW] &= (
                seen.stretch[phases.response] == seen.stretch[phases.request]
            )[phases.response != NO_ROW]  # fmt: skip
            parts.append(
                (
                    phases.numbers[group], start, end, np.full(len(group), side),
                    phases.total(own, phases.payload)[group], good[group],
                )
            )  # fmt: skip
        self.number, self.start, self.end, self.side, self.carried, self.succeeded = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        self.total = total[self.start]
        self.null_out = (self.side == INITIATOR) & (self.total == 0)


@rule("data-total-length-exact")
def total_exact(seen: Evidence, ruling: Ruling) -> None:
    """What was announced is what came."""
    amounts, phases = seen.once(Amounts), seen.once(Phases)
    judged = amounts.succeeded & (amounts.total != ALL_ONES) & ~amounts.null_out
    rows, total, carried = amounts.end[judged], amounts.total[judged], amounts.carried[judged].astype(np.uint64)
    kept = total == carried
    told = {
        row: (announced, came, start)
        for row, announced, came, start in zip(
            rows[~kept].tolist(), total[~kept].tolist(), carried[~kept].tolist(), amounts.start[judged][~kept].tolist(),
            strict=True,
        )
    }  # fmt: skip

    def says(row: int) -> str:
        announced, came, start = told[row]
        return f"{operation_of(seen, start)}: Start Data announces {announced:,} bytes, {came:,} come"

    ruling.weigh(seen, rows, kept, None, says, beside=lambda row: (told[row][2],))
    starts = phases.row[(phases.kind == m.START_DATA) & phases.succeeded[phases.group]]
    left = starts[~among(starts, amounts.start)]
    for side in (INITIATOR, RESPONDER):
        missed = np.bincount(seen.session[left[seen.side[left] == side]])
        for session, count in enumerate(missed.tolist()):
            ruling.unknown(session, side, "bytes of the data phase are missing", count)


@rule("data-total-length-overrun")
def total_overrun(seen: Evidence, ruling: Ruling) -> None:
    """Never more than what was announced; the first message that goes beyond is named."""
    built, phases = seen.transactions, seen.once(Phases)
    amounts = seen.once(Amounts)
    crowd = built.flawless[amounts.number] & ~amounts.null_out
    over = crowd & (amounts.carried.astype(np.uint64) > amounts.total)
    for side in (INITIATOR, RESPONDER):
        fine = built.session[amounts.number[crowd & ~over & (amounts.side == side)]]
        for session, count in enumerate(np.bincount(fine).tolist()):
            ruling.passes(session, side, count)
    for number, total in zip(amounts.number[over].tolist(), amounts.total[over].tolist(), strict=True):
        steps = seen.steps(number)
        data = steps[(seen.kind[steps] == m.DATA) | (seen.kind[steps] == m.END_DATA)]
        sums = np.cumsum(np.maximum(seen.length[data] - HEADER, 0))
        at = int(np.searchsorted(sums, total, "right"))
        _overruns(seen, ruling, int(data[at]), total, int(sums[at]))
    if len(phases.numbers) == 0:
        return
    first = np.stack([phases.first(phases.starts & (phases.side == side)) for side in (INITIATOR, RESPONDER)])
    start = first[phases.side, phases.group]
    judged = phases.carries & phases.near & ~phases.late & (phases.started == 1)
    judged[judged] = seen.has(start[judged], 20)
    judged &= (phases.side == RESPONDER) | (seen.columns["total"][start] > 0)
    sums = phases.earlier_own(phases.carries, phases.payload) + phases.payload
    beyond = sums.astype(np.uint64) > seen.columns["total"][start]
    before = (sums - phases.payload).astype(np.uint64) > seen.columns["total"][start]
    for place in np.flatnonzero(judged & beyond & ~before).tolist():
        total = int(seen.columns["total"][start[place]])
        _overruns(seen, ruling, int(phases.row[place]), total, int(sums[place]))
    fine = judged & ~beyond & phases.ends
    for side in (INITIATOR, RESPONDER):
        for session, count in enumerate(np.bincount(seen.session[phases.row[fine & (phases.side == side)]]).tolist()):
            ruling.passes(session, side, count)


def _overruns(seen: Evidence, ruling: Ruling, row: int, total: int, carried: int) -> None:
    says = f"{operation_of(seen, row)}: {carried:,} bytes of data with this message, {total:,} were announced"
    number = seen.transaction_of(row)
    ruling.fires(int(seen.session[row]), int(seen.side[row]), says, row=row, transaction=number)


# Totals that are not known, or look as if they were


@rule("data-unknown-total")
def unknown_total(seen: Evidence, ruling: Ruling) -> None:
    """Data phases whose size was not announced, and what they came to."""
    amounts = seen.once(Amounts)
    found = np.flatnonzero(amounts.total == ALL_ONES)
    key = 2 * seen.transactions.session[amounts.number[found]] + amounts.side[found]
    for at, places in groups(key, found):
        carried = int(amounts.carried[places].sum())
        says = f"{times(len(places), 'data phase')} of unannounced size, {carried:,} bytes in all"
        rows = amounts.start[places]
        ruling.fires(at // 2, at % 2, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


# Operations whose data is a dataset or a value: its sender has it before it sends it.
KNOWN_SIZE = (
    0x1001, 0x1004, 0x1005, 0x1007, 0x1008, 0x100A, 0x100C, 0x1014, 0x1015, 0x1016,
)  # fmt: skip
TOO_LARGE = 0xFFFFFFFF  # ObjectCompressedSize of what has 4 GiB or more


@rule("data-unknown-total-limited")
def unknown_total_limited(seen: Evidence, ruling: Ruling) -> None:
    """Only what is of unknown size is announced so."""
    built = seen.transactions
    start = built.start
    request = built.request
    number = np.flatnonzero((start != NO_ROW) & (request != NO_ROW))
    number = number[(seen.kind[start[number]] == m.START_DATA) & seen.has(start[number], 20)]
    code = seen.code[request[number]]
    number = number[among(code, (*KNOWN_SIZE, GET_OBJECT, SEND_OBJECT)) & seen.has(request[number], 18)]
    unknown = seen.columns["total"][start[number]] == ALL_ONES
    for side in (INITIATOR, RESPONDER):
        fine = seen.session[start[number[~unknown]]][seen.side[start[number[~unknown]]] == side]
        for session, count in enumerate(np.bincount(fine).tolist()):
            ruling.passes(session, side, count)
    sizes = _Sizes(seen) if unknown.any() else None
    for one in number[unknown].tolist():
        row, asked = int(start[one]), int(request[one])
        of_object = int(seen.code[asked]) in (GET_OBJECT, SEND_OBJECT)
        size = sizes.of(one) if sizes is not None and of_object else None
        session, side = int(seen.session[row]), int(seen.side[row])
        if not seen.synced[row] or (of_object and size is None):
            ruling.unknown(session, side, "the size of the object is not known from the capture")
            continue
        why = f", whose ObjectInfo says {size:,} bytes" if size is not None else ", whose data is a dataset or a value"
        says = f"{operation(seen, asked)}{why}, is announced as of unknown size"
        ruling.fires(session, side, says, row=row, rows=(asked,), transaction=one)


class _Sizes:
    """What ObjectInfo said of the size of objects, before they were carried."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        built = seen.transactions
        asked = np.flatnonzero(built.request != NO_ROW)
        info = asked[among(seen.code[built.request[asked]], (GET_OBJECT_INFO, SEND_OBJECT_INFO))]
        self._of: dict[tuple[int, int], list[int]] = {}
        for number in info.tolist():
            request = int(built.request[number])
            handle = int(seen.columns["word0"][request]) if seen.code[request] == GET_OBJECT_INFO else -1
            self._of.setdefault((int(built.session[number]), handle), []).append(number)

    def of(self, number: int) -> int | None:
        """The size of the object that a transaction carries; None if not known, 0, or too large for ObjectInfo."""
        seen, built = self._seen, self._seen.transactions
        request = int(built.request[number])
        handle = int(seen.columns["word0"][request]) if seen.code[request] == GET_OBJECT else -1
        earlier = [one for one in self._of.get((int(built.session[number]), handle), ()) if one < number]
        if not earlier:
            return None
        dataset, _ = seen.data(earlier[-1], 12)
        size = int.from_bytes(dataset[8:12], "little")
        return size if len(dataset) == 12 and size not in (0, TOO_LARGE) else None


@rule("data-unknown-total-32bit")
def unknown_total_32bit(seen: Evidence, ruling: Ruling) -> None:
    """All ones in the lower half only: the upper half was forgotten."""
    amounts = seen.once(Amounts)
    found = np.flatnonzero((amounts.total == np.uint64(0xFFFFFFFF)) & (amounts.carried != 0xFFFFFFFF))
    for at, places in groups(2 * seen.transactions.session[amounts.number[found]] + amounts.side[found], found):
        says = (
            f"Start Data announces 0xFFFFFFFF bytes and {int(amounts.carried[places[0]]):,} come: all ones in 32 "
            f"of the 64 bits that mean an unknown size ({times(len(places), 'data phase')})"
        )
        rows = amounts.start[places]
        ruling.fires(at // 2, at % 2, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


@rule("data-32bit-packet-limit")
def packet_limit(seen: Evidence, ruling: Ruling) -> None:
    """What is too large for one message comes in several."""
    built = seen.transactions
    number = np.flatnonzero((built.start != NO_ROW) & (built.data_messages > 0))
    start = built.start[number]
    number = number[(seen.kind[start] == m.START_DATA) & seen.has(start, 20)]
    total = seen.columns["total"][built.start[number]]
    number = number[(total > LARGEST) & (total != ALL_ONES)]
    for one in number.tolist():
        steps = seen.steps(one)
        data = steps[(seen.kind[steps] == m.DATA) | (seen.kind[steps] == m.END_DATA)]
        row, start_row = int(data[0]), int(built.start[one])
        if seen.kind[row] != m.END_DATA or int(seen.previous[row]) != start_row or not seen.synced[start_row]:
            continue
        announced, length = int(seen.columns["total"][start_row]), int(seen.length[row])
        wrapped = ", which is what is left of it in 32 bits" if length == (announced + HEADER) % (1 << 32) else ""
        says = f"{announced:,} bytes are announced, and a single End Data follows, of {length:,} bytes{wrapped}"
        ruling.fires(int(seen.session[row]), int(seen.side[row]), says, row=row, rows=(start_row,), transaction=one)


# Null objects


@rule("data-null-out-option-a")
def null_out_a(seen: Evidence, ruling: Ruling) -> None:
    """Operations that would carry data to the responder, sent without a data phase."""
    number = _without_data_out(seen)
    number = number[seen.transactions.response[number] != NO_ROW]
    for session, numbers in groups(seen.transactions.session[number], number):
        rows = seen.transactions.request[numbers]
        says = f"{times(len(numbers), 'null object')} sent without a data phase (Data Phase Info 1)"
        ruling.fires(session, INITIATOR, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


def _without_data_out(seen: Evidence) -> np.ndarray:
    """Transactions of operations that carry data to the responder, announced without, and with none."""
    built = seen.transactions
    number = np.flatnonzero((built.request != NO_ROW) & (built.direction == 0))
    request = built.request[number]
    fits = (seen.kind[request] == m.OPERATION_REQUEST) & seen.has(request, 18) & seen.synced[request]
    fits &= (seen.columns["data_phase_info"][request] == DATA_IN) & (due_direction(seen.code[request]) == OUT)
    return number[fits]


@rule("data-null-out-a-answered")
def null_out_a_answered(seen: Evidence, ruling: Ruling) -> None:
    """A responder does not wait for data that was not announced."""
    built, phases = seen.transactions, seen.once(Phases)
    place_of = {number: place for place, number in enumerate(phases.numbers.tolist())}
    for number in _without_data_out(seen).tolist():
        request, session = int(built.request[number]), int(built.session[number])
        if built.response[number] != NO_ROW:
            ruling.passes(session, RESPONDER)
            continue
        place = place_of.get(number)
        line = seen.cases[session].command
        until = int(seen.time[request]) + seen.limit_ns("response_stall_s")
        event = seen.cases[session].event
        known = place is not None and phases.clear[place] and not phases.cancelled[place]
        known &= event is not None and event.whole(INITIATOR)  # it might have been cancelled there
        if not known or line is None or not line.whole(RESPONDER) or int(seen.time[request]) == NO_TIME:
            ruling.unknown(session, RESPONDER, "bytes are missing, or the transaction was cancelled")
            continue
        closed_at = line.closed_at()
        waited = line.tcp.last_time >= until and (closed_at is None or closed_at >= until)
        asked, answers = line.tcp.streams[line.direction(INITIATOR)], line.tcp.streams[line.direction(RESPONDER)]
        received = answers.acknowledged_offset(asked)
        got = received is not None and received >= int(seen.offset[request] + seen.length[request])
        said = line.rows[RESPONDER]
        silent = bool((seen.rank[said] < seen.rank[request]).all())
        if not (waited and got and silent):
            ruling.unknown(session, RESPONDER, "the time that it may take is not over")
            continue
        says = f"{operation(seen, request)} without a data phase (Data Phase Info 1) has no response after "
        says += f"{seen.limit('response_stall_s'):g} s, which an operation may take"
        ruling.names(session, RESPONDER, says, sure=False, row=request, transaction=number)


def _null_out(seen: Evidence) -> np.ndarray:
    """int64 per irregular transaction: Start Data of the initiator that announces nothing, or NO_ROW."""
    phases = seen.once(Phases)
    start = phases.first(phases.starts & (phases.side == INITIATOR))
    nothing = (start != NO_ROW) & seen.has(start, 20) & (seen.columns["total"][start] == 0)
    return np.where(nothing, start, NO_ROW)


@rule("data-null-out-option-b")
def null_out_b(seen: Evidence, ruling: Ruling) -> None:
    """A null object that is announced as data: Start Data of 0 bytes and an empty End Data."""
    built, phases, amounts = seen.transactions, seen.once(Phases), seen.once(Amounts)
    info = seen.columns["data_phase_info"]
    crowd = built.flawless[amounts.number] & amounts.null_out
    crowd &= info[built.request[amounts.number]] == DATA_OUT
    start, end, kept = amounts.start[crowd], amounts.end[crowd], amounts.carried[crowd] == 0
    null = seen.once(_null_out)
    groups_ = np.flatnonzero((null != NO_ROW) & (phases.request != NO_ROW) & ~phases.cancelled & ~phases.refused)
    groups_ = groups_[info[phases.request[groups_]] == DATA_OUT]
    own = phases.side == INITIATOR
    ends = phases.first(own & (phases.kind == m.END_DATA))[groups_]
    near = among(ends, phases.row[phases.near])
    with_data = phases.total(own & (phases.kind == m.DATA))[groups_] > 0
    judged = (ends != NO_ROW) & near & ~with_data
    start = np.concatenate([start, null[groups_][judged]])
    end = np.concatenate([end, ends[judged]])
    kept = np.concatenate([kept, seen.length[ends[judged]] == HEADER])
    beside = dict(zip(end.tolist(), start.tolist(), strict=True))

    def says(row: int) -> str:
        payload = int(seen.length[row]) - HEADER
        return f"{operation_of(seen, row)}: Start Data announces 0 bytes, End Data carries {payload:,}"

    ruling.weigh(seen, end, kept, None, says, beside=lambda row: (beside[row],))
    unended = seen.once(Unended)
    for at in np.flatnonzero(unended.known & among(unended.start, null[groups_]) & (unended.carried == 0)).tolist():
        row, after, number = int(unended.start[at]), int(unended.after[at]), int(unended.number[at])
        rows = () if after == NO_ROW else (after,)
        told = f"{operation_of(seen, row)}: Start Data announces 0 bytes, and no End Data follows"
        ruling.fires(int(seen.session[row]), INITIATOR, told, row=row, rows=rows, transaction=number)


@rule("data-null-out-no-data-packets")
def null_out_no_data(seen: Evidence, ruling: Ruling) -> None:
    """No Data behind Start Data of 0 bytes from an initiator."""
    built, phases, amounts = seen.transactions, seen.once(Phases), seen.once(Amounts)
    crowd = built.flawless[amounts.number] & amounts.null_out
    for session, count in enumerate(np.bincount(built.session[amounts.number[crowd]]).tolist()):
        ruling.passes(session, INITIATOR, count)
    null = seen.once(_null_out)
    own = phases.side == INITIATOR
    data = own & (phases.kind == m.DATA) & (null != NO_ROW)[phases.group]
    data &= (phases.earlier(data) == 0) & (phases.started > 0)

    def says(row: int) -> str:
        payload = int(seen.length[row]) - HEADER
        return f"{operation_of(seen, row)}: Start Data announces 0 bytes, and Data of {payload:,} follows"

    ruling.weigh(
        seen, phases.row[data], np.zeros(int(data.sum()), bool), phases.near[data], says,
        "bytes are missing since the request",
    )  # fmt: skip


@rule("data-null-in")
def null_in(seen: Evidence, ruling: Ruling) -> None:
    """How a responder says that there is no data: with an empty data phase, or with the response alone."""
    built, amounts = seen.transactions, seen.once(Amounts)
    empty = amounts.number[(amounts.side == RESPONDER) & (amounts.total == 0) & (amounts.carried == 0)]
    alone = np.flatnonzero(built.flawless & (built.direction == 0))
    request, response = built.request[alone], built.response[alone]
    fits = (seen.code[response] == OK) & (due_direction(seen.code[request]) == IN)
    fits &= (seen.columns["data_phase_info"][request] == DATA_IN) & (seen.stretch[request] >= 0)
    alone = alone[fits & (seen.stretch[request] == seen.stretch[response])]
    told: dict[int, list[str]] = {}
    rows: dict[int, int] = {}
    for numbers, how in ((empty, "with an empty data phase"), (alone, "with the response alone")):
        for session, found in groups(built.session[numbers], numbers):
            told.setdefault(session, []).append(f"{times(len(found), 'time')} {how}")
            rows.setdefault(session, int(built.response[found[0]]))
    for session, ways in told.items():
        row = rows[session]
        ruling.fires(
            session, RESPONDER, f"no data where data may come: {', '.join(ways)}", row=row if row != NO_ROW else None
        )


# How senders cut their data


@rule("data-end-payload-optional")
def end_payload(seen: Evidence, ruling: Ruling) -> None:
    """Where the payload is: all of it in End Data, its tail, or nothing."""
    amounts, built = seen.once(Amounts), seen.transactions
    carrying = np.flatnonzero(amounts.carried > 0)
    alone = built.data_messages[amounts.number[carrying]] == 1
    style = np.where(alone, 0, np.where(seen.length[amounts.end[carrying]] > HEADER, 1, 2))
    key = 2 * built.session[amounts.number[carrying]] + amounts.side[carrying]
    styles = ("all of it in End Data", "the last part in End Data", "End Data empty")
    for at, places in groups(key, np.arange(len(carrying))):
        counts = Counter(style[places].tolist())
        told = ", ".join(f"{count:,} with {styles[one]}" for one, count in sorted(counts.items()))
        row = int(amounts.end[carrying[places[0]]])
        ruling.fires(at // 2, at % 2, f"data phases of the {SIDES[at % 2]}: {told}", row=row)


@rule("data-fragmentation")
def fragmentation(seen: Evidence, ruling: Ruling) -> None:
    """In how large pieces data comes: nobody can stop in the middle of one."""
    rows = seen.rows(m.DATA, m.END_DATA, connection=COMMAND)
    payload = seen.length[rows] - HEADER
    rows, payload = rows[payload > 0], payload[payload > 0]
    for one in spread(2 * seen.session[rows] + seen.side[rows], payload):
        says = f"{times(one.amount, 'message')} with data of {_span(one)}"
        ruling.fires(one.key // 2, one.key % 2, says, row=int(rows[one.at]))


@rule("data-empty-data-packet")
def empty_data(seen: Evidence, ruling: Ruling) -> None:
    """Data without payload is of no use."""
    rows = seen.rows(m.DATA)
    rows = rows[(seen.length[rows] == HEADER) & seen.synced[rows]]
    for at, found in groups(2 * seen.session[rows] + seen.side[rows], rows):
        says = f"{times(len(found), 'Data message')} without payload"
        ruling.fires(at // 2, at % 2, says, row=int(found[0]), rows=tuple(found[1:4].tolist()))


def _span(one: Spread) -> str:
    if one.least == one.most:
        return times(one.most, "byte")
    return f"{one.least:,} to {one.most:,} bytes, median {one.median:,}"
