"""Every story and every recorded capture comes out as it is known to be.

Twice over: against golden texts that a person has read (``tests.stories``; ``python -m tests.stories.bless`` shows what
would change and writes it), and against what the pretend peers wrote down while they spoke.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from typing import Any

import pytest

from tests.stories.telling import CASES, GOLDEN, all_golden, golden, tell
from tests.support import Row, analysed, key, rows
from tests.traffic import STORIES, Conversation, capture, damage

# Stories that lose packets on purpose, and the statuses of their transactions, in order.
DAMAGED = {
    "event_connection_first": ["complete"] * 3,  # only the command connection's handshake is missing
    "midstream": ["began-earlier", "complete", "complete"],  # what came before the capture is in no row
    "handshake_missing": ["complete"] * 3,  # SYN packets carry no message
    "fuji_handshake_missing": ["complete"] * 4,
    "only_the_camera": ["gap"] * 3,  # the initiator's bytes were acknowledged, so they are known to be missing
}
# Lost before the capture began, or with one direction: no row can be expected to be as the peers know it.
INCOMPLETE = {"event_connection_first", "midstream", "only_the_camera"}
WHOLE = sorted(STORIES.keys() - INCOMPLETE)

TRANSACTION = (
    "session", "transaction_id", "operation_code", "parameters", "data_phase_info", "data_direction", "announced_bytes",
    "data_bytes", "data_messages", "response_code", "response_parameters", "status",
)  # fmt: skip
MESSAGE = (
    "session", "connection", "direction", "type_code", "length", "transaction_id", "code", "offset", "status",
)  # fmt: skip
EVENT = ("session", "event_code", "transaction_id", "parameters", "source")
INIT_FAIL = 5


def spoken(name: str) -> list[Conversation]:
    """The conversations of a story in the order of their first packets, which is that of the sessions table."""
    first = {}
    for at, packet in enumerate(capture(name)):
        first.setdefault(packet.conversation, at)
    return sorted(STORIES[name](), key=lambda one: first[one.number])


def sessions_of(name: str) -> dict[int, int]:
    """Row in the sessions table of each conversation that is PTP-IP."""
    told = [one for one in spoken(name) if one.truth().session is not None]
    return {one.number: at for at, one in enumerate(told)}


def readable(value: Any) -> Any:
    """A text as the tables give it: lone surrogates, which no encoding takes, are replaced."""
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def expected(name: str, kind: str, columns: tuple[str, ...]) -> Counter[Any]:
    """What the conversations of a story know of their transactions, messages or events."""
    session = sessions_of(name)
    found: list[Row] = []
    for one in spoken(name):
        truth = one.truth()
        for row in getattr(truth, kind):
            row = {column: row[column] for column in columns} | {"session": session[row["session"]]}
            if kind == "messages" and row["type_code"] == INIT_FAIL:
                assert truth.session is not None
                row["code"] = truth.session["fail_reason_code"]
            found.append(row)
    return Counter(map(key, found))


def got(name: str, table: str, columns: tuple[str, ...]) -> Counter[Any]:
    with analysed(capture(name)) as analysis:
        return Counter(key({column: row[column] for column in columns}) for row in rows(analysis, table))


# Golden texts


@pytest.mark.parametrize("case", CASES)
def test_tells_what_it_is_known_to_tell(case: str) -> None:
    for layer, text in tell(case).items():
        known = golden(case, layer).read_text()
        difference = "".join(difflib.unified_diff(known.splitlines(True), text.splitlines(True), "known", "told"))
        assert not difference, (
            f"{GOLDEN[layer]} of {case} differs; if it is right: python -m tests.stories.bless {case}"
        )


def test_has_golden_texts_of_every_case_and_of_nothing_else() -> None:
    assert all_golden() == {golden(case, layer) for case in CASES for layer in GOLDEN}


def test_keeps_the_substance_as_json_that_agrees_with_the_wording() -> None:
    """Both layers are of the same analysis: each session of one is a session of the other."""
    for case in CASES:
        facts = json.loads(golden(case, "json").read_text())
        titles = [line for line in golden(case, "txt").read_text().splitlines() if line.startswith("Session ")]
        assert len(titles) == len(facts["sessions"]), case


# What the peers know


@pytest.mark.parametrize("name", WHOLE)
def test_finds_the_transactions_that_took_place(name: str) -> None:
    assert got(name, "transactions", TRANSACTION) == expected(name, "transactions", TRANSACTION)


@pytest.mark.parametrize("name", WHOLE)
def test_finds_the_messages_that_were_sent(name: str) -> None:
    told, known = got(name, "messages", MESSAGE), expected(name, "messages", MESSAGE)
    if name == "malformed_messages":
        # The event that ends behind its code: the pretend camera says nothing of its code, the row has what is there.
        short = {"type_code": 8, "length": 10, "status": "malformed"}
        (cut,) = [message for message in told if short.items() <= dict(message).items()]
        assert dict(cut)["code"] == 0x4002
        told[key(dict(cut) | {"code": None})] = told.pop(cut)
    assert told == known


@pytest.mark.parametrize("name", STORIES)
def test_finds_the_events_that_were_sent(name: str) -> None:
    assert got(name, "events", EVENT) == expected(name, "events", EVENT)


@pytest.mark.parametrize("name", WHOLE)
def test_knows_the_peers_of_every_session(name: str) -> None:
    known = [one.truth().session for one in spoken(name)]
    with analysed(capture(name)) as analysis:
        told = rows(analysis, "sessions")
    at = sessions_of(name)
    want = [
        {column: readable(value) for column, value in truth.items()} | {"session": at[truth["session"]]}
        for truth in known
        if truth is not None
    ]
    assert [{column: row[column] for column in truth} for row, truth in zip(told, want, strict=True)] == want


@pytest.mark.parametrize("name", STORIES)
def test_finds_the_payload_of_every_data_phase(name: str) -> None:
    """Also of the damaged stories: the bytes that were sent and are in the capture."""
    packets, session = capture(name), sessions_of(name)
    with analysed(packets) as analysis:
        told = {(row["session"], row["first_frame"]): analysis.data(row) for row in rows(analysis, "transactions")}
    for one in spoken(name):
        for truth in one.truth().transactions:
            seen = [frame for extent in truth["extents"] for frame in damage.frames(packets, extent)]
            payload = truth["data"]
            if not seen:
                continue
            data = told[session[one.number], min(seen)]
            # Where a capture begins within a data phase, the rest of it from the first whole message on is read.
            assert data == payload if name != "midstream" else payload.endswith(data) and bool(data) == bool(payload)


# Stories damaged by design


@pytest.mark.parametrize("name", DAMAGED)
def test_says_what_can_be_known_of_a_capture_that_lacks_packets(name: str) -> None:
    with analysed(capture(name)) as analysis:
        assert [row["status"] for row in rows(analysis, "transactions")] == DAMAGED[name]


def test_lists_every_story_that_is_damaged_by_design() -> None:
    damaged = {name for name, tell in STORIES.items() if any(one.packets() != one.whole_packets() for one in tell())}
    assert damaged == DAMAGED.keys()
    assert damaged > INCOMPLETE


@pytest.mark.parametrize("name", sorted(INCOMPLETE))
def test_knows_what_is_left_of_the_transactions_of_a_damaged_story(name: str) -> None:
    """A row is as the peers know it, or says nothing where the capture says nothing."""
    known = [truth for one in spoken(name) for truth in one.truth().transactions]
    silent = {"midstream": {"session", "status", "data_bytes", "data_messages"}}.get(name, {"session", "status"})
    with analysed(capture(name)) as analysis:
        told = rows(analysis, "transactions")
    for row, truth in zip(told, known[-len(told) :], strict=True):
        for column in TRANSACTION:
            assert row[column] == truth[column] or column in silent or row[column] is None, column
        if row["status"] == "complete":
            assert {c: row[c] for c in TRANSACTION} == {c: truth[c] for c in TRANSACTION}
