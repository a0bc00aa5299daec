"""Rules of cancelling (CIPA DC-X005-2005 2.3.12, 2.7): what both sides owe each other once a Cancel was sent.

Which case of 5.6 a Cancel is was decided before (``cancel_cases``); the rules that name the cases are in
``cancel_named``, those of the responder's own cancels in ``cancel_responder``. Nobody is accused of what was said
before a Cancel can have been read.
"""

from __future__ import annotations

from ..facts.named import TRANSACTION_CANCELED
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .cancel_cases import ASYNC, DATA_OUT, Cancelling, cancels
from .case import Line
from .evidence import Evidence, S
from .rule import INITIATOR, RESPONDER, Ruling, counted, rule

CONNECTION_NAMES = ("command", "event")


@rule("cancel-placement")
def placement(seen: Evidence, ruling: Ruling) -> None:
    """Only initiators send Cancel; either connection may carry it."""
    rows = seen.rows(m.CANCEL)
    sure = seen.synced[rows] & seen.roles_sure[rows]
    says = "Cancel sent by the responder; only initiators send it"
    ruling.weigh(seen, rows, seen.side[rows] == INITIATOR, sure, lambda row: says, "roles or boundaries are not sure")


def _twins(seen: Evidence, ruling: Ruling, *, asynchronous: bool) -> None:
    for one in cancels(seen).all:
        session, known = one.case.index, one.asynchronous
        if known is not None and known != asynchronous:
            continue
        if one.twin_unknown or known is None:
            ruling.unknown(session, INITIATOR, one.twin_unknown or "what it cancels may go on after its answer")
        elif not one.alone:
            ruling.passes(session, INITIATOR)
        else:
            on = int(seen.connection[one.rows[0]])
            says = (
                f"Cancel of transaction {one.identity} on the {CONNECTION_NAMES[on]} connection alone; "
                f"none on the {CONNECTION_NAMES[1 - on]} connection within "
                f"{seen.limit('cancel_pair_s') + seen.limit('resend_ms') / 1000:g} s"
            )
            ruling.fires(session, INITIATOR, says, row=one.rows[0], transaction=one.transaction)


@rule("cancel-both-connections")
def both_connections(seen: Evidence, ruling: Ruling) -> None:
    """A Cancel goes over both connections."""
    _twins(seen, ruling, asynchronous=False)


@rule("cancel-async-both")
def async_both(seen: Evidence, ruling: Ruling) -> None:
    """So does that of an operation which goes on after its answer."""
    _twins(seen, ruling, asynchronous=True)


@rule("cancel-txid-valid")
def txid_valid(seen: Evidence, ruling: Ruling) -> None:
    """What is cancelled was asked for: the id is that of a request of this session."""
    for one in cancels(seen).all:
        session, row = one.case.index, one.rows[0]
        if one.request is not None:
            ruling.passes(session, INITIATOR)
        elif not _all_requests_known(seen, one):
            ruling.unknown(session, INITIATOR, "a request of that id may not be in the capture")
        else:
            says = f"Cancel of transaction {one.identity}, which had not been requested"
            ruling.fires(session, INITIATOR, says, row=row, rows=one.rows[1:])


def _all_requests_known(seen: Evidence, one: Cancelling) -> bool:
    """Is every request in the capture that the Cancel may mean: up to it, or while it may have overtaken one?"""
    case = one.case
    if not case.ids_known:
        return False
    if one.command is not None:
        return bool(seen.anchored[one.command])
    if case.both is None or not case.both[0].whole(INITIATOR):
        return False
    pause = seen.limit_ns("cancel_pair_s") + seen.limit_ns("resend_ms") + seen.limit_ns("margin_s")
    return seen.timed(*one.rows) and case.both[0].vouched(int(seen.time[one.rows[0]]) + pause)


@rule("cancel-dataout-initiator-stops")
def dataout_stops(seen: Evidence, ruling: Ruling) -> None:
    """Behind its Cancel an initiator sends no more data of that transaction. One stream: the order is certain."""
    found = cancels(seen)
    for one in found.first_of_each(lambda one: one.command):
        assert one.command is not None
        assert one.request is not None
        assert one.transaction is not None
        rows, outward, *_ = found.data(one.transaction)
        if not outward and int(seen.columns["data_phase_info"][one.request]) != DATA_OUT:
            continue
        behind = rows[(seen.side[rows] == INITIATOR) & (seen.offset[rows] > seen.offset[one.command])]
        behind = behind[seen.run[behind] == seen.run[one.command]]
        session, line = one.case.index, one.case.command
        assert line is not None
        if len(behind):
            size = int(seen.length[behind].sum())
            data = counted(len(behind), "data message")
            says = f"{data} ({size:,} bytes) of transaction {one.identity} behind its Cancel"
            others = (one.command, *behind[1:8].tolist())
            ruling.fires(session, INITIATOR, says, row=int(behind[0]), rows=others, transaction=one.transaction)
        elif line.nothing_missing_after(one.command):
            ruling.passes(session, INITIATOR)
        else:
            ruling.unknown(session, INITIATOR, "bytes behind the Cancel are missing")


@rule("cancel-responder-answers-cancelled")
def answers_cancelled(seen: Evidence, ruling: Ruling) -> None:
    """Whoever has read a Cancel of the current transaction answers Transaction_Cancelled."""
    for one in _answered(seen):
        session, response = one.case.index, one.response
        assert response is not None
        spared = [case for case in one.candidates if case[0] in "15" or case == ASYNC]
        code = int(seen.code[response])
        if len(spared) == len(one.candidates):
            continue
        if spared:
            ruling.unknown(session, RESPONDER, "the Cancel may not have been read when the response began")
        elif code == TRANSACTION_CANCELED:
            ruling.passes(session, RESPONDER)
        else:
            says = (
                f"cancelled transaction {one.identity} was answered {seen.named('response', code, session)}, not 0x201F"
            )
            ruling.fires(session, RESPONDER, says, row=response, rows=one.rows, transaction=one.transaction)
    _count_unclassified(seen, ruling, RESPONDER)


def _answered(seen: Evidence) -> list[Cancelling]:
    return [one for one in cancels(seen).all if one.candidates and one.response is not None]


def _count_unclassified(seen: Evidence, ruling: Ruling, side: int) -> None:
    for one in cancels(seen).all:
        if not one.candidates:
            ruling.unknown(one.case.index, side, one.why)


@rule("cancel-response-present")
def response_present(seen: Evidence, ruling: Ruling) -> None:
    """A transaction that is cancelled gets its response all the same."""
    for one in cancels(seen).all:
        session, command = one.case.index, one.case.command
        if one.transaction is None or one.command is None or one.event is None or command is None:
            continue
        if one.response is not None:
            ruling.passes(session, RESPONDER)
            continue
        later = _answer_of_next(seen, one)
        silent = int(seen.time[one.command]) + seen.limit_ns("response_stall_s") + seen.limit_ns("margin_s")
        if later is not None:
            says = f"cancelled transaction {one.identity} has no response, but a later request has one"
            ruling.fires(
                session, RESPONDER, says, row=one.command, rows=(one.event, later), transaction=one.transaction
            )
        elif (
            seen.timed(one.command)
            and command.vouched(silent)
            and _received(seen, command, one.command)
            and command.whole(RESPONDER)
        ):
            says = f"no response to cancelled transaction {one.identity} for {seen.limit('response_stall_s'):g} s"
            rows = (one.event,)
            ruling.names(session, RESPONDER, says, sure=False, row=one.command, rows=rows, transaction=one.transaction)
        else:
            ruling.unknown(
                session, RESPONDER, "the capture does not show the time after it, or a connection was closed"
            )


def _received(seen: Evidence, line: Line, row: int) -> bool:
    """Did the other side's kernel ever acknowledge a message?"""
    stream = int(seen.columns["stream"][row])
    reached = line.tcp.streams[1 - (stream & 1)].acknowledged_offset(line.tcp.streams[stream & 1])
    return reached is not None and reached >= seen.end(row)


def _answer_of_next(seen: Evidence, one: Cancelling) -> int | None:
    """The response to the next request behind the Cancel, if nothing is missing from the cancelled one up to it."""
    assert one.command is not None
    assert one.request is not None
    requests, at = one.case.requests, one.case.requests_before(one.command)
    if at == len(requests):
        return None
    following = seen.transaction_of(int(requests[at]))
    response = NO_ROW if following is None else int(seen.transactions.response[following])
    stretch = int(seen.stretch[one.request])
    if response == NO_ROW or stretch == -1 or seen.stretch[response] != stretch:
        return None
    return None if int(seen.identity[response]) == one.identity else response


@rule("cancel-prompt")
def prompt(seen: Evidence, ruling: Ruling) -> None:
    """How long did a responder go on once it had the Cancel? The slowest answer of a session is told."""
    slowest: dict[int, tuple[float, int, Cancelling]] = {}
    limit = seen.limit("immediate_ms") / 1000
    for one in _answered(seen):
        cancel, response = one.command if one.command is not None else one.event, one.response
        assert cancel is not None
        assert response is not None
        if int(seen.code[response]) != TRANSACTION_CANCELED:
            continue
        began = int(seen.columns["began"][response])
        if began - int(seen.time[cancel]) <= limit * S:  # it can't have been longer since it was received
            ruling.passes(one.case.index, RESPONDER)
            continue
        received = cancels(seen).receipts.received_at(cancel)
        if received is None:
            ruling.unknown(one.case.index, RESPONDER, "no ACK tells when the Cancel was received")
        elif began - received <= limit * S:
            ruling.passes(one.case.index, RESPONDER)
        else:
            waited = (began - received) / S
            known = slowest.get(one.case.index)
            if known is None or waited > known[0]:
                slowest[one.case.index] = (waited, response, one)
    for session, (waited, response, one) in slowest.items():
        says = f"Transaction_Cancelled for transaction {one.identity} came {waited:.1f} s after the Cancel was received"
        ruling.fires(session, RESPONDER, says, row=response, rows=one.rows, transaction=one.transaction)


@rule("cancel-datain-responder-stops")
def datain_stops(seen: Evidence, ruling: Ruling) -> None:
    """Whoever has read a Cancel sends no more data."""
    found = cancels(seen)
    for one in found.first_of_each(lambda one: one.rows[0]):
        assert one.request is not None
        assert one.transaction is not None
        data = found.data(one.transaction).rows
        data = data[seen.side[data] == RESPONDER]
        if len(data) == 0:
            continue
        session, last = one.case.index, int(data[-1])
        behind = [row for row in one.rows if seen.columns["first"][row] < seen.columns["first"][last]]
        rows = [row for row in (one.request, one.command, last) if row is not None]
        stretches = set(seen.stretch[rows].tolist())
        written = (found.receipts.first_surely_read(cancel, data) for cancel in behind)
        late = next((row for row in written if row is not None), None)
        if not behind:
            ruling.passes(session, RESPONDER)
        elif len(stretches) > 1 or -1 in stretches or not one.case.paired:
            ruling.unknown(session, RESPONDER, "bytes between request, Cancel and data are missing")
        elif late is None:
            ruling.unknown(session, RESPONDER, "the data may have been written before the Cancel was read")
        else:
            size = int(seen.length[data[seen.offset[data] >= seen.offset[late]]].sum())
            says = f"{size} bytes of data of transaction {one.identity} were written after its Cancel had been read"
            ruling.fires(session, RESPONDER, says, row=late, rows=one.rows, transaction=one.transaction)
