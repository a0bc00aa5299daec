"""After a hole the next true boundary is found: by what the other side had received, or by a chain of headers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip import resync
from ptpip_analyze.ptpip.framing import FramedStream
from ptpip_analyze.ptpip.resync import Phase, find_boundary

from .laid import Laid, Piece, cancel, data, end, event, framed, hello, request, response, start

OUT, IN = True, False


def found(
    *pieces: Piece,
    anchors: tuple[int, ...] = (),
    to_responder: bool | None = IN,
    lost: int = m.HIDDEN,
    boundary: int = 0,
    final: bool = False,
    phase: Phase | None = None,
) -> int | None:
    """Where framing can go on in a stream of these pieces whose boundary was lost at an offset."""
    laid = Laid()
    stream = FramedStream(0, to_responder, lost)
    rows = laid.rows(*pieces, offset=boundary)
    stream.boundary = boundary
    stream.end = int(rows[0, -1] + rows[1, -1])
    stream.phase = phase
    stream.anchors = [np.array(anchors, np.int64)] if anchors else []
    return find_boundary(stream, rows, laid.read, final)


PAYLOAD = bytes(range(100, 200)) * 2


@pytest.mark.parametrize("boundary", [0, 5_000_000_000])
def test_believes_the_messages_that_lead_exactly_to_an_anchor(boundary: int) -> None:
    """The header of Start Data is lost; End Data and the response lead to what the initiator acknowledged."""
    rest = PAYLOAD + end(b"last") + response()
    anchor = boundary + 20 + len(rest)
    assert found(20, rest, anchors=(anchor,), boundary=boundary) == boundary + 20 + len(PAYLOAD)


def test_takes_the_earliest_message_that_leads_to_the_anchor() -> None:
    rest = data(b"one") + data(b"two") + end() + response()
    assert found(11, rest, anchors=(11 + len(rest),)) == 11
    assert found(11, b"x" + rest, anchors=(12 + len(rest),)) == 12


def test_is_not_deceived_by_messages_of_another_transaction_inside_a_payload() -> None:
    """What the object contains leads to the end of its message, and so to the response: but it has another id."""
    inner = data(b"trick", 8) + end(b"trick", 8)
    rest = b"ect" + inner + response()
    assert found(30, rest, anchors=(30 + len(rest),)) == 30 + len(rest) - len(response())


def test_is_not_deceived_by_a_response_inside_a_payload() -> None:
    """A response ends a transaction: nothing of the same one can follow it."""
    rest = b"ect" + response() + end() + response()
    assert found(30, rest, anchors=(30 + len(rest),)) == 30 + len(rest) - len(end() + response())


def test_is_not_deceived_by_messages_that_this_side_never_sends() -> None:
    rest = b"ect" + request() + end() + response()
    assert found(30, rest, anchors=(30 + len(rest),)) == 30 + 3 + len(request())
    rest = b"ect" + event() + cancel()
    assert found(30, rest, anchors=(30 + len(rest),), to_responder=OUT) == 30 + 3 + len(event())


def test_believes_messages_of_both_sides_when_the_direction_is_not_known() -> None:
    for messages in (request() + start(5), end(b"x") + response()):
        rest = b"ect" + messages
        assert found(30, rest, anchors=(30 + len(rest),), to_responder=None) == 30 + 3


@pytest.mark.parametrize("last", [cancel(), framed(13), request(), end(), start(5), data(b"x")])
def test_takes_a_single_message_before_the_anchor(last: bytes) -> None:
    rest = b"..." + last
    assert found(9, rest, anchors=(9 + len(rest),), to_responder=OUT) == 12


def test_takes_one_transaction_only_by_the_ids_of_all_types() -> None:
    sent: list[tuple[Callable[[int], bytes], bytes]] = [
        (lambda identity: start(5, identity), end()), (lambda identity: data(b"x", identity), end()),
        (lambda identity: end(b"x", identity), cancel()), (lambda identity: cancel(identity), end()),
        (lambda identity: request(identity=identity), start(5)),
    ]  # fmt: skip
    for made, last in sent:
        rest = b"..." + made(8) + last
        assert found(9, rest, anchors=(9 + len(rest),), to_responder=OUT) == 12 + len(made(8)), made(8)
        same = b"..." + made(7) + last
        assert found(9, same, anchors=(9 + len(same),), to_responder=OUT) == 12, made(7)
    rest = b"..." + end(b"x", 8) + response()
    assert found(9, rest, anchors=(9 + len(rest),)) == 9 + len(rest) - len(response())


TRICKS = (response(identity=9), data(b"x") + event(), data(b"x") + end(), start(5) + framed(13))


@pytest.mark.parametrize("trick", TRICKS)
def test_believes_only_what_may_follow_what(trick: bytes) -> None:
    """Messages inside an object that lead to its end, and so to the true ones, but in no order that a camera keeps."""
    rest = b"ect" + trick + end(b"rest") + response()
    assert found(30, rest, anchors=(30 + len(rest),)) == 30 + len(rest) - len(end(b"rest") + response())


def test_believes_what_directly_follows_the_hole_in_several_transactions() -> None:
    """The request between two responses is lost, so that no anchor lies between them."""
    rest = response(identity=7) + response(identity=8)
    assert found(30, rest, anchors=(30 + len(rest),)) == 30
    assert found(30, b"t" + rest, anchors=(31 + len(rest),)) == 31 + len(response()), "not further on"


@pytest.mark.parametrize("kind", [0, 15, 0x1000])
def test_believes_what_leads_over_a_message_of_a_reserved_type(kind: int) -> None:
    """A receiver skips it by its length; what it is not told by is where it leads to."""
    rest = end(b"last") + response() + framed(kind, b"new!")
    assert found(20, rest, anchors=(20 + len(rest),)) == 20
    assert found(20, rest + start(9, 8), anchors=(20 + len(rest + start(9, 8)),)) == 20
    short = found(20, rest + b"!" + start(9, 8), anchors=(21 + len(rest),))
    assert short == 21 + len(rest), "one byte short of the anchor"
    for misfit in (
        framed(kind, b"")[:4] + b"\x0f\0\0",
        framed(6, b"new!"),
        b"\xff\xff\xff\x7f" + framed(kind, b"")[4:],
    ):
        broken = end(b"last") + response() + misfit
        assert found(20, broken, anchors=(20 + len(broken),), final=True) == 20 + len(broken), misfit


def test_believes_the_end_of_the_data_phase_before_a_second_hole() -> None:
    """The request behind it is lost, so that nothing acknowledges the response."""
    rest = b"of a photo" + end(b"rest") + response()
    later = PAYLOAD + end(b"last", 8) + response(identity=8)
    pieces = (20, rest, 20, later)
    anchor = sum(piece if isinstance(piece, int) else len(piece) for piece in pieces)
    assert found(*pieces, anchors=(anchor,), phase=Phase(b"\x07\0\0\0", 30)) == 30
    assert found(*pieces, anchors=(anchor,)) == 30, "two messages of one transaction"
    assert found(20, rest + b"!", 20, later, anchors=(anchor + 1,)) == anchor + 1 - len(end(b"last", 8) + response()), (
        "not up to it"
    )


@pytest.mark.parametrize(("identity", "boundary"), [(7, 30), (9, 64 + len(PAYLOAD))])
def test_believes_a_single_message_before_a_second_hole_by_the_data_phase(identity: int, boundary: int) -> None:
    """A response alone may be chance, but hardly with the TransactionID of the data phase that was under way."""
    pieces = (20, b"of a photo" + response(identity=identity), 20, PAYLOAD + end(b"last", 8) + response(identity=8))
    anchor = sum(piece if isinstance(piece, int) else len(piece) for piece in pieces)
    assert found(*pieces, anchors=(anchor,), phase=Phase(b"\x07\0\0\0", 30)) == boundary
    assert found(*pieces, anchors=(anchor,)) == 64 + len(PAYLOAD)


@pytest.mark.parametrize("rest", [response(), end(b"rest") + response(), end(b"rest")])
def test_believes_the_end_of_the_data_phase_before_the_next_transaction(rest: bytes) -> None:
    """The request in between is lost, so that what is acknowledged next lies behind two transactions."""
    later = start(4, 8) + end(b"last", 8) + response(identity=8)
    stream = b"of a photo" + rest + later
    anchor = 20 + len(stream)
    assert found(20, stream, anchors=(anchor,), phase=Phase(b"\x07\0\0\0", 30)) == 30
    other = found(20, stream, anchors=(anchor,), phase=Phase(b"\x09\0\0\0", 30))
    assert other == found(20, stream, anchors=(anchor,)) == anchor - len(later), "an object may end like this"


def test_looks_at_a_few_holes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = (
        20,
        b"of a photo",
        5,
        b"more" + end(b"rest") + response(),
        20,
        PAYLOAD + end(b"last", 8) + response(identity=8),
    )
    anchor = sum(piece if isinstance(piece, int) else len(piece) for piece in pieces)
    assert found(*pieces, anchors=(anchor,)) == 39
    monkeypatch.setattr(resync, "HOLES", 1)
    assert found(*pieces, anchors=(anchor,)) == anchor - len(end(b"last", 8) + response())


@pytest.mark.parametrize("first", [request(code=0xBEEF), request(1, 2, code=0xBEEF)])
def test_believes_a_request_of_any_code_that_directly_follows_the_hole(first: bytes) -> None:
    rest = first + start(5) + end(b"12345")
    assert found(30, rest, anchors=(30 + len(rest),), to_responder=OUT) == 30
    assert found(30, first, anchors=(30 + len(first),), to_responder=OUT) == 30
    hidden = b"end of an object" + rest
    assert found(30, hidden, anchors=(30 + len(hidden),), to_responder=OUT) == 30 + 16, "its data tell"


def test_believes_a_response_of_any_code_that_directly_follows_the_hole() -> None:
    rest = response(code=0x4000) + start(5, 8) + end(b"12345", 8) + response(identity=8)
    assert found(30, rest, anchors=(30 + len(rest),)) == 30


def test_believes_no_code_of_no_range_elsewhere() -> None:
    """Of another transaction than what follows it, of none, or followed by nonsense: so much may be chance."""
    for trick in (request(code=0xBEEF, identity=9), request(code=0xBEEF) + b"and more"):
        rest = b"ect" + trick + start(5) + end(b"12345")
        assert found(30, rest, anchors=(30 + len(rest),), to_responder=OUT) == 30 + 3 + len(trick), trick
    zero = b"ect" + request(code=0xBEEF, identity=0) + start(5, 0) + end(b"12345", 0)
    assert found(30, zero, anchors=(30 + len(zero),), to_responder=OUT) == 30 + 3 + 18


def test_believes_a_start_data_with_a_total_of_32_bits() -> None:
    """As some clients send it: 16 bytes."""
    short = framed(9, b"\x07\0\0\0" + b"\x05\0\0\0")
    rest = request() + short + end(b"12345")
    assert found(30, rest, anchors=(30 + len(rest),), to_responder=OUT) == 30


def test_goes_on_at_an_anchor_to_which_nothing_leads_when_a_message_stands_there() -> None:
    """All messages before it are lost; what the other side had received is a boundary all the same."""
    assert found(40, b"rest of a payload" + start(5) + end(b"12345"), anchors=(40 + 17,)) == 57


def test_goes_on_at_an_anchor_at_the_end_of_all_that_came() -> None:
    assert found(40, b"rest of a payload", anchors=(57,), final=True) == 57


@pytest.mark.parametrize("behind", range(8))
def test_judges_an_anchor_by_the_header_behind_it_once_that_came(behind: int) -> None:
    """Else the answer would depend on how much came at once: an anchor inside a payload may be all there is yet."""
    laid = Laid()
    stream = FramedStream(0, IN, m.HIDDEN)
    first = laid.rows(b"rest of a payload" + start(5)[:behind], offset=40)
    rows = np.concatenate([first, laid.rows(start(5)[behind:] + end(b"12345"), offset=57 + behind)], axis=1)
    stream.boundary, stream.end, stream.anchors = 40, 57 + behind, [np.array([57])]
    assert find_boundary(stream, first, laid.read, False) is None
    stream.end = 57 + 20 + 17
    assert find_boundary(stream, rows, laid.read, False) == 57


def test_waits_beyond_an_anchor_behind_which_no_message_stands() -> None:
    """The other side acknowledged in the middle of a message: that says nothing. The next anchor decides."""
    rest = PAYLOAD + end(b"last") + response()
    anchors = (20 + 50, 20 + len(rest))
    assert found(20, rest, anchors=anchors[:1]) is None
    assert found(20, rest, anchors=anchors) == 20 + len(PAYLOAD)
    assert found(20, rest, anchors=anchors[::-1] + anchors) == 20 + len(PAYLOAD), "in any order, more than once"


def test_forgets_anchors_that_said_nothing_and_keeps_those_to_come() -> None:
    laid = Laid()
    stream = FramedStream(0, IN, m.HIDDEN)
    rows = laid.rows(20, PAYLOAD)
    stream.end = 20 + len(PAYLOAD)
    stream.anchors = [np.array([5, 70]), np.array([60, 9000])]
    assert find_boundary(stream, rows, laid.read, False) is None
    assert np.concatenate(stream.anchors).tolist() == [9000]


def test_waits_for_an_anchor_that_lies_beyond_what_came() -> None:
    rest = PAYLOAD + end(b"last") + response()
    anchor = 20 + len(rest)
    assert found(20, rest[:-5], anchors=(anchor,)) is None
    assert found(20, rest, anchors=(anchor,)) == 20 + len(PAYLOAD)


def test_takes_no_anchor_before_the_first_byte_behind_the_hole() -> None:
    rest = start(5) + end(b"12345") + response()
    assert found(20, rest, anchors=(0, 10), final=False) is None
    assert found(20, rest, anchors=(20,)) == 20


def test_takes_no_message_where_sync_was_lost() -> None:
    """Nonsense stands at the lost boundary, even if it looks like a header; the search begins behind it."""
    rest = end() + response()
    assert found(rest, anchors=(len(rest),), lost=m.GARBAGE) == len(end())
    assert found(rest, anchors=(len(rest),), lost=m.BEGAN_EARLIER) == 0, "where the capture began one may stand"


# Without an anchor


def test_waits_for_more_while_there_is_no_anchor() -> None:
    rest = PAYLOAD + end() + b"".join(response(identity=identity) for identity in range(7, 17))
    assert found(20, rest) is None
    assert found(20, rest, final=True) == 20 + len(PAYLOAD)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_believes_a_chain_of_headers_or_one_up_to_the_very_end(count: int) -> None:
    messages = b"".join(event(number) for number in range(count))
    assert found(20, PAYLOAD + messages, final=True) == 20 + len(PAYLOAD), "up to the end"
    broken = PAYLOAD + messages + framed(6, length=7) + b"\xff" * 50
    believed = 20 + len(PAYLOAD) if count > resync.CHAIN_LINKS else 20 + len(broken)
    assert found(20, broken, final=True) == believed


def test_takes_the_earliest_chain() -> None:
    rest = b"..." + event(1) * 6 + b"\xff" * 30 + event(2) * 6
    assert found(20, rest, final=True) == 23


def test_is_not_deceived_by_an_object_that_holds_a_whole_conversation() -> None:
    """No anchor tells where the true response is, but Start Data told how long the object is."""
    inner = b"".join(start(3, number) + end(b"abc", number) + response(identity=number) for number in range(20))
    rest = b"ect" + inner + data(b"more") + end() + response()
    until = 30 + len(rest) - len(end() + response())
    true = until - len(data(b"more"))
    assert found(30, rest, final=True, phase=Phase(b"\x07\0\0\0", until)) == true
    assert found(30, rest, anchors=(30 + len(rest),), phase=Phase(b"\x07\0\0\0", until)) == true
    assert found(30, rest, final=True) == 30 + 3, "what nothing tells can't be known"


def test_believes_a_data_phase_to_be_broken_off_when_nothing_else_can_be_found() -> None:
    rest = b"ect" + response(code=0x2002) + start(5, 8) + end(b"12345", 8)
    assert found(30, rest, final=True, phase=Phase(b"\x07\0\0\0", 5000)) == 30 + 3


def test_gives_everything_up_when_nothing_is_found_at_the_end() -> None:
    assert found(20, b"\xff" * 300, final=True) == 320
    assert found(20, b"tiny", final=True) == 24


def test_looks_no_further_ahead_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resync, "LOOKAHEAD_BYTES", 320)
    events = b"".join(event(number) for number in range(4))
    assert found(20, PAYLOAD + events) is None
    assert found(20, b"\xff" * 299) is None
    assert found(20, b"\xff" * 300) == 320, "nothing in so much: given up before the end"
    enough = PAYLOAD + events + b"\xff" * 200
    assert found(20, enough) == 20 + len(PAYLOAD)
    assert found(20, b"\xff" * 320 + events) == 20 + 320 + len(events)


def test_finds_a_greeting() -> None:
    rest = b"..." + hello() + request(identity=0) + request(identity=1)
    assert found(20, rest, final=True, to_responder=OUT) == 23


# Where bytes are missing


def test_says_nothing_while_all_that_came_is_a_hole() -> None:
    assert found(20) is None
    assert found(20, final=True) == 20
    assert found(20, (b"", 30)) is None
    assert found(20, (b"", 30), final=True) == 50


def test_begins_behind_the_hole_and_not_in_it() -> None:
    assert found(20, 5, end() + response(), anchors=(25 + 12 + 14,)) == 25
    assert found((b"\xff", 20), end() + response(), anchors=(20 + 12 + 14,)) == 20


def test_reads_missing_bytes_as_no_header() -> None:
    """The end of a Data message falls into another hole: its length still leads over it."""
    rest: list[Piece] = [data(b"x" * 50)[:40], 22, end() + response()]
    assert found(9, *rest, anchors=(9 + 62 + 12 + 14,)) == 9
    cut: list[Piece] = [(data(b"x" * 50)[:40], 62), end() + response()]
    assert found(9, *cut, anchors=(9 + 62 + 12 + 14,)) == 9
    hidden: list[Piece] = [end()[:5], 7, response()]
    assert found(9, *hidden, anchors=(9 + 12 + 14,)) == 9 + 12


def test_reads_headers_that_straddle_segments() -> None:
    rest = b"..." + end(b"xyz") + response()
    for cut in range(1, len(rest)):
        assert found(9, rest[:cut], rest[cut:], anchors=(9 + len(rest),)) == 12


def test_takes_events_up_again_without_waiting_for_an_anchor() -> None:
    """On an event connection nobody answers; four events in a row are proof enough. Elsewhere they may be payload."""
    laid = Laid()
    rest = bytes(range(9)) + b"".join(event(number) for number in range(4))
    rows = laid.rows(30, rest)
    for first_kind, expected in ((m.INIT_EVENT_ACK, 39), (m.INIT_COMMAND_ACK, None), (None, None)):
        stream = FramedStream(0, IN, m.HIDDEN)
        stream.boundary, stream.end, stream.first_kind = 0, 30 + len(rest), first_kind
        assert find_boundary(stream, rows, laid.read, False) == expected
    stream.first_kind, stream.end = m.INIT_EVENT_ACK, stream.end - 1
    assert find_boundary(stream, laid.rows(30, rest[:-1]), laid.read, False) is None, "three may be chance"
