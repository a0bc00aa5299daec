"""The document: every session, every story, and never an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ptpip_analyze.doctor import GRADES
from tests.rules.silence import variants
from tests.traffic import STORIES, TO_INITIATOR, TO_RESPONDER, Packet, capture, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, RST

from .made import examination, sayings

# Stories of clean peers: whatever is done to their captures, the doctor blames nobody.
INNOCENT = ("plain", "data_styles", "upload", "events_inside")


def test_says_that_nothing_went_wrong() -> None:
    rows = sayings(talk().open().get_property().close_session().close().packets())
    assert rows[0] == ("fine", "Nothing went wrong that shows: 3 transactions, all of them answered.")
    assert {grade for grade, _ in rows} == {"fine"}


def test_does_not_say_that_nothing_went_wrong_where_a_must_was_broken() -> None:
    one = talk().open().transaction(0x1009, 1, data_in=bytes(4), announced=8)
    rows = sayings(one.close_session().close().packets())
    assert not any(says.startswith("Nothing went wrong") for _, says in rows)
    assert any("MUST data-total-length-exact" in says for _, says in rows)


def test_counts_requests_and_their_answers() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    answers = damage.segments(packets, "command", TO_INITIATOR)
    rows = sayings(damage.drop(packets, answers[1]))  # the response to OpenSession
    assert rows[0] == ("fine", "Nothing went wrong that shows: 3 transactions, of 1 no answer was captured.")


def test_does_not_call_it_fine_that_no_answer_was_captured() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    rows = sayings(damage.one_direction_only(packets, TO_RESPONDER), "work")
    assert rows == [("unknown", "3 operations requested, and no answer was captured.")]


def test_says_that_there_is_no_session() -> None:
    found = examination([])
    assert found["sessions"] == []
    assert found["captures"][0]["sayings"][0]["says"] == "No PTP-IP session is in this capture."


def test_says_that_nobody_listened() -> None:
    syn = talk().open().close().packets()[0]
    refusal = replace(
        syn, source=syn.destination, destination=syn.source, direction="to-initiator", flags=RST | ACK, sequence=0,
        acknowledgment=syn.sequence + 1,
    )  # fmt: skip
    said = [row["says"] for row in examination([syn, refusal])["captures"][0]["sayings"]]
    assert any("nobody listened there" in says for says in said)


def test_does_not_say_that_nobody_listened_to_what_was_heard() -> None:
    syn, answer, accepted = talk().open().close().packets()[:3]
    reset = replace(accepted, flags=RST | ACK, payload=b"")
    spoken = capture("http")[:6]
    for packets in (
        [syn, answer, accepted, reset],
        [syn, replace(answer, flags=RST | ACK, sequence=answer.sequence + 1)],  # its SYN is not in the capture
        [reset],  # what came before it is not in the capture
        [*spoken, replace(spoken[-1], flags=RST | ACK, payload=b"")],
        [syn, replace(reset, time_ns=syn.time_ns + 1)],  # the side that asked gave up itself
    ):
        said = [row["says"] for row in examination(packets)["captures"][0]["sayings"]]
        assert not any("nobody listened" in says for says in said), packets


@pytest.mark.parametrize("name", STORIES)
def test_tells_every_story_with_frames_that_there_are(name: str) -> None:
    packets = capture(name)
    for one in examination(packets)["sessions"]:
        assert one["sayings"]
        for row in one["sayings"]:
            assert row["grade"] in GRADES
            assert all(1 <= frame <= len(packets) for frame in row["frames"])
            assert row["says"].endswith((".", "them."))


@pytest.mark.parametrize("name", INNOCENT)
def test_blames_nobody_for_what_a_capture_lacks(name: str) -> None:
    packets: list[Packet] = capture(name)
    assert problems(packets) == {}
    for what, damaged in variants(packets):
        expected = {"network"} if what.startswith("near packets shuffled") else set()  # it blames no peer
        assert problems(damaged).keys() <= expected, what


def problems(packets: list[Packet]) -> dict[str, str]:
    """What is called a problem, by topic."""
    sessions = examination(packets)["sessions"]
    return {row["topic"]: row["says"] for one in sessions for row in one["sayings"] if row["grade"] == "problem"}
