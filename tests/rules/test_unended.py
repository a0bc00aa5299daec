"""Data phases of initiators that stop before End Data: what came instead, and what would excuse it."""

from __future__ import annotations

from ptpip_analyze.ptp import NO_ROW
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules import Evidence
from ptpip_analyze.rules.unended import Unended
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk

from .seen import evidence


def upload(size: int = 1000) -> Conversation:
    """1000 bytes are announced, so many are sent in one Data."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(1000, "to-responder")
    return one.data(b"x" * size, "to-responder").wait(0.1)


def unended(one: Conversation) -> tuple[Evidence, Unended]:
    seen = evidence(one.packets())
    return seen, seen.once(Unended)


def test_finds_the_next_request() -> None:
    seen, found = unended(upload().response().get_property().get_property().close_session().close())
    assert seen.kind[found.start].tolist() == [m.START_DATA]
    assert seen.code[found.after].tolist() == [0x1015]
    assert seen.identity[found.after].tolist() == [2]
    assert (found.carried.tolist(), found.known.tolist()) == ([1000], [True])


def test_finds_the_end_of_the_connection() -> None:
    _, found = unended(upload().response().wait(0.1).close())
    assert (found.after.tolist(), found.known.tolist()) == ([NO_ROW], [True])
    for other in (upload().response().wait(0.1), upload().response().wait(0.1).close("reset"),
                  upload().response().wait(0.1).close(by="responder"), upload().wait(0.1).close(),
                  upload(500).response().wait(0.1).close()):  # fmt: skip
        assert unended(other)[1].known.tolist() == [False]


def test_does_not_look_at_what_was_ended_cancelled_or_refused() -> None:
    for other in (upload().data(b"", "to-responder", last=True).response(), upload().cancel().response(0x201F),
                  upload().response(0x200C), talk().open().get_object()):  # fmt: skip
        assert unended(other.get_property().close())[1].start.tolist() == []


def test_counts_what_came_before_the_next_request_alone() -> None:
    one = upload(500).request(0x1014, 1).wait(0.1).data(b"x" * 300, "to-responder", 1).wait(0.1).close()
    _, found = unended(one)
    assert found.carried.tolist() == [500]


def test_lets_an_early_ok_excuse_what_is_not_sent() -> None:
    _, found = unended(upload(500).response().get_property().close())
    assert (found.carried.tolist(), found.known.tolist()) == ([500], [False])


def test_does_not_know_what_a_hole_hides() -> None:
    packets = upload().response().get_property().close().packets()
    for lost, place in enumerate(damage.segments(packets)):
        if packets[place].direction == "to-responder" and packets[place].payload[4:8] == b"\x0a\0\0\0":
            assert evidence(damage.drop(packets, segment=lost)).once(Unended).known.tolist() == [False]


def test_looks_at_each_session_alone() -> None:
    """The next request of another session is none of this one."""
    first = upload().response().wait(2)
    second = talk(seed=2, number=1, command_port=50011, event_port=50012, start_ns=Conversation.start_ns + 50_000_000)
    packets = damage.interleave(first.packets(), second.open().get_property().close().packets())
    assert evidence(packets).once(Unended).after.tolist() == [NO_ROW]
