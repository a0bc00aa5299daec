"""Rules of the two TCP connections themselves (CIPA DC-X005-2005 1.7, 2.2, 5.2, 5.3): who opens them, on which port.

What no PTP-IP message shows is measured or hinted at, never held against a peer.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts.packets import DEFAULT_PORT
from ..ptpip import messages as m
from ..ptpip.recognise import TO_INITIATOR, TO_RESPONDER
from .announced import by_host, tells_port
from .case import Case
from .evidence import MS, Evidence, S
from .opening import openings
from .receipt import Receipts, Span
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule
from .wording import NOT_COVERED

KEEP_ALIVE_S = 7300  # RFC 1122 4.2.3.6: two hours and no less by default; and a margin
SMALL = 600  # bytes of a message that is no full segment on any link
SAMPLES = 5
DELAYED_MS = (30, 250)  # how long acknowledgments are delayed: 40 ms with Linux, 200 ms with Windows
SPREAD_MS = 15
AT_ONCE_MS = 5  # from an acknowledgment to what waited for it, beside the round trip


@rule("transport-initiator-is-client")
def initiator_is_client(seen: Evidence, ruling: Ruling) -> None:
    """The side that opens the TCP connection is the initiator."""
    for case in seen.judged:
        for line in case.lines:
            if line.tcp.syn_from is None:
                ruling.unknown(case.index, BOTH, "the SYN is not in the capture")
                continue
            opener = INITIATOR if line.tcp.syn_from == line.part.initiator else RESPONDER
            said = [set(seen.kind[rows[seen.synced[rows]]].tolist()) for rows in line.rows]
            votes = len(said[opener] & TO_RESPONDER) + len(said[1 - opener] & TO_INITIATOR)
            against = len(said[1 - opener] & TO_RESPONDER) + len(said[opener] & TO_INITIATOR)
            if against == 0 and votes:
                ruling.passes(case.index, BOTH)
            elif votes == 0 and against >= 2:
                row = int(np.concatenate(line.rows)[0])
                says = "the side that was connected to speaks as the initiator"
                ruling.fires(case.index, BOTH, says, row=row, packet=line.tcp.first_packet)
            else:
                ruling.unknown(case.index, BOTH, "messages do not agree on who is the initiator")


@rule("transport-two-connections")
def two_connections(seen: Evidence, ruling: Ruling) -> None:
    """A session has a command/data connection and an event connection."""
    grace = seen.limit_ns("establishment_s") + seen.limit_ns("margin_s")
    for case in seen.judged:
        line = case.command
        if case.event is not None:
            if case.paired:
                ruling.passes(case.index, BOTH)
            else:
                ruling.unknown(case.index, BOTH, "it is not certain which event connection belongs to it")
            continue
        ack = None if line is None else line.first(m.INIT_COMMAND_ACK, RESPONDER)
        if line is None or ack is None or not case.from_start or not seen.timed(ack):
            ruling.unknown(case.index, BOTH, "the establishment is not in the capture")
            continue
        requests = case.requests
        late = requests[seen.time[requests] > int(seen.time[ack]) + grace]
        if len(late) and _would_be_seen(seen, case.index) and not _may_be_another(seen, case.index):
            says = "operations run without any event connection"
            ruling.fires(case.index, INITIATOR, says, row=int(late[0]), rows=(ack,))
        else:
            ruling.unknown(case.index, BOTH, NOT_COVERED)


def _would_be_seen(seen: Evidence, index: int) -> bool:
    """Does the capture take in event connections of this responder? A capture filter may leave them out."""
    line = seen.cases[index].command
    return line is not None and any(
        pair.event is not None and pair.event.responder == line.part.responder for pair in seen.pairs
    )


def _may_be_another(seen: Evidence, index: int) -> bool:
    """Is there another connection between these hosts that may be the event connection?

    One whose purpose is not known; or one with the right number, that nobody else has, though the times tell otherwise.
    """
    line = seen.cases[index].command
    if line is None:
        return True
    repeats = openings(seen).events_of.get((line.part.responder[0], line.part.number or 0), [])
    if any(one.case.command is None and one.hosts[0] == line.part.initiator_address for one in repeats):
        return True
    hosts = {line.tcp.low[0], line.tcp.high[0]}
    known = {part.tcp.number for pair in seen.pairs if pair.command for part in pair.parts if pair.event}
    return any(
        {tcp.low[0], tcp.high[0]} == hosts and tcp.number != line.tcp.number and tcp.number not in known
        and tcp.first_time <= line.tcp.last_time
        for tcp in seen.connections
    )  # fmt: skip


@rule("transport-default-port")
def default_port(seen: Evidence, ruling: Ruling) -> None:
    """Port 15740, unless a discovery record or the user says otherwise."""
    for case in seen.judged:
        for line in case.lines:
            if not line.syn_captured:
                ruling.unknown(case.index, BOTH, "the SYN is not in the capture")
            elif _is_announced(seen, *line.part.responder):
                ruling.passes(case.index, BOTH)
            elif line.part.responder[1] != DEFAULT_PORT:
                says = f"the responder listens on port {line.part.responder[1]}: it must be announced, or set by hand"
                ruling.fires(case.index, BOTH, says, packet=line.tcp.first_packet)


def _is_announced(seen: Evidence, host: int, port: int) -> bool:
    return any(tells_port(row) and row.port == port for row in seen.once(by_host).get(host, ()))


@rule("transport-same-port-both")
def same_port_both(seen: Evidence, ruling: Ruling) -> None:
    """Both connections usually go to one port."""
    for case in seen.judged:
        if case.both is not None:
            command, event = case.both
            ports = command.part.responder[1], event.part.responder[1]
            if ports[0] != ports[1]:
                says = f"the command connection goes to port {ports[0]}, the event connection to port {ports[1]}"
                ruling.fires(case.index, INITIATOR, says, packet=event.tcp.first_packet)


@rule("transport-keepalive")
def keepalive(seen: Evidence, ruling: Ruling) -> None:
    """Keep-alive is proved by a keep-alive, and missing only on a connection that was idle for hours."""
    for case in seen.judged:
        for line in case.lines:
            times = seen.time[np.concatenate(line.rows)]
            times = np.append(np.sort(times[times != NO_TIME]), line.tcp.last_time)
            idle = int((times[1:] - times[:-1]).max(initial=0))
            for side in (INITIATOR, RESPONDER):
                if line.tcp.streams[line.direction(side)].keep_alives:
                    continue
                if idle > KEEP_ALIVE_S * S and line.both_directions:
                    says = f"the connection was idle for {idle / 3.6e12:.1f} h, and no keep-alive was sent"
                    ruling.fires(case.index, side, says, packet=line.tcp.last_packet)


@rule("transport-nagle-off")
def nagle_off(seen: Evidence, ruling: Ruling) -> None:
    """Nagle's algorithm shows as a small message that always waits as long as a delayed acknowledgment takes."""
    rows = seen.rows(m.START_DATA, m.DATA, m.END_DATA)
    before = seen.previous[rows]
    # What comes at once behind the message before it; a response may wait for the device.
    at_once = among(seen.kind[before], (m.OPERATION_REQUEST, m.START_DATA)) & (before >= 0)
    rows, before = rows[at_once], before[at_once]
    began, first, last = (seen.columns[name] for name in ("began", "first", "last"))
    small = (seen.length[rows] < SMALL) & (seen.length[before] < SMALL)
    small &= (seen.identity[before] == seen.identity[rows]) & (first[rows] > last[before])
    small &= (began[rows] != NO_TIME) & (seen.time[before] != NO_TIME)
    rows, before = rows[small], before[small]
    pause = began[rows] - seen.time[before]
    for case in seen.judged:
        for side in (INITIATOR, RESPONDER):
            mine = np.flatnonzero((seen.session[rows] == case.index) & (seen.side[rows] == side))
            if len(mine) < SAMPLES:
                continue
            low, middle, high = np.quantile(pause[mine], (0.1, 0.5, 0.9))
            regular = DELAYED_MS[0] * MS <= low and high <= DELAYED_MS[1] * MS and high - low <= SPREAD_MS * MS
            if regular and _waited_for_acknowledgments(seen, case, rows[mine], before[mine]):
                says = (
                    f"{len(mine)} small messages each waited about {middle / MS:.0f} ms, until the one before was "
                    "acknowledged: Nagle's algorithm seems to be on, and the other side delays acknowledgments"
                )
                ruling.fires(case.index, side, says, row=int(rows[mine[0]]))


def _waited_for_acknowledgments(seen: Evidence, case: Case, rows: np.ndarray, before: np.ndarray) -> bool:
    """Did messages of a command connection leave when those before them were acknowledged, and never earlier?

    A device that just takes its time leaves any other time behind the ACK.
    """
    line = case.command
    if line is None:
        return False
    asked, answered = line.tcp.syn_times
    trip = abs(answered - asked) if NO_TIME not in (asked, answered) else 0
    ends = zip(seen.columns["last"][before].tolist(), seen.columns["first"][rows].tolist(), strict=True)
    receipts = Receipts(seen, [Span(line.tcp.number, first, last) for first, last in ends])
    received = [receipts.received_at(row) for row in before.tolist()]
    waited = np.array([int(seen.columns["began"][row]) - at for row, at in zip(rows, received, strict=True) if at])
    return len(waited) == len(rows) and waited.min() >= 0 and bool(np.quantile(waited, 0.9) <= trip + AT_ONCE_MS * MS)


@rule("transport-reliability")
def reliability(seen: Evidence, ruling: Ruling) -> None:
    """What TCP had to do."""
    for case in seen.judged:
        for line in case.lines:
            for side in (INITIATOR, RESPONDER):
                stream = line.tcp.streams[line.direction(side)]
                if stream.retransmissions or stream.out_of_order:
                    says = (
                        f"{stream.retransmissions} segments retransmitted and {stream.out_of_order} out of order on "
                        f"the {'event' if line is case.event else 'command'} connection"
                    )
                    ruling.fires(case.index, side, says, packet=line.tcp.last_packet)


@rule("transport-no-own-flow-control")
def no_own_flow_control(seen: Evidence, ruling: Ruling) -> None:
    """Pauses inside data phases: PTP-IP has no flow control of its own."""
    rows = seen.rows(m.DATA, m.END_DATA)
    rows = rows[seen.previous[rows] >= 0]
    before = seen.previous[rows]
    data = among(seen.kind[before], (m.START_DATA, m.DATA)) & (seen.identity[before] == seen.identity[rows])
    began = seen.columns["began"]
    timed = data & (began[rows] != NO_TIME) & (seen.time[before] != NO_TIME)
    rows, before = rows[timed], before[timed]
    pause = began[rows] - seen.time[before]
    for case in seen.judged:
        mine = np.flatnonzero(seen.session[rows] == case.index)
        if len(mine) == 0:
            continue
        longest = int(mine[np.argmax(pause[mine])])
        if pause[longest] > 0:
            says = f"the longest pause inside a data phase lasted {int(pause[longest]) / 1e6:.1f} ms"
            row = int(rows[longest])
            side = int(seen.side[row])
            ruling.fires(case.index, side, says, row=row, transaction=seen.transaction_of(row))


@rule("transport-clear-text")
def clear_text(seen: Evidence, ruling: Ruling) -> None:
    """What is read here was not encrypted above the link."""
    if seen.judged:
        ruling.fires(seen.judged[0].index, BOTH, "the conversation is readable: only the link can protect it")
