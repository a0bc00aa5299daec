"""The document of a comparison: what differs, from where on, and nothing that a hole merely hides."""

from __future__ import annotations

from typing import Any

import pytest

from ptpip_analyze.compare import compared
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import device_info

from .made import analysed


def photographs(*parameters: int) -> Conversation:
    one = talk().open().get_device_info().transaction(0x1014, 0x5001)
    return one.transaction(0x100E, *parameters).get_object(1, bytes(500)).close_session().close()


def document(left: Conversation, right: Conversation, **options: bool) -> dict[str, Any]:
    return compared(analysed(left).results, analysed(right).results, **options)


def kinds(found: dict[str, Any]) -> list[str]:
    return [row["kind"] for row in found["sessions"][0]["steps"]]


def test_finds_no_difference_between_a_conversation_and_itself() -> None:
    found = document(photographs(), photographs())
    assert set(kinds(found)) == {"same"}
    assert (found["differ"], found["sessions"][0]["first_divergence"], found["cameras"]) == (False, None, [])


def test_finds_no_difference_in_other_ports_times_and_transaction_ids() -> None:
    other = talk(command_port=60000, event_port=60001, seed=4, start_ns=10**18).open(7)
    other.get_device_info().wait(3).transaction(0x1014, 0x5001, transaction_id=900)
    other.transaction(0x100E).get_object(0x91, bytes(500)).close_session().close()
    assert not document(photographs(), other)["differ"]


def test_marks_where_conversations_part() -> None:
    other = talk().open().get_device_info().transaction(0x1014, 0x5001)
    other.transaction(0x100F, 0x10001).transaction(0x100E).get_object(1, bytes(500)).close_session().close()
    found = document(photographs(), other)
    assert kinds(found) == ["same", "same", "same", "extra", "same", "same", "same"]
    assert found["sessions"][0]["first_divergence"] == 3
    assert found["sessions"][0]["steps"][3]["right"]["call"] == "FormatStore(storage=0x00010001)"
    assert document(other, photographs())["sessions"][0]["steps"][3]["kind"] == "missing"


def test_tells_other_parameters_values_and_responses_apart() -> None:
    assert "parameters" in kinds(document(photographs(), photographs(0, 0x3801)))
    sets = [talk().open().transaction(0x1016, 0x5001, data_out=sent).close_session().close() for sent in (b"\1", b"\2")]
    assert kinds(document(*sets)) == ["same", "value", "same"]
    busy = [talk().open().transaction(0x100E, response=code).close_session().close() for code in (0x2001, 0x2019)]
    found = document(*busy)
    assert kinds(found) == ["same", "response", "same"]
    row = found["sessions"][0]["steps"][1]
    assert (row["left"]["response"], row["right"]["response"]) == ("OK", "DeviceBusy")


def test_says_unknown_where_bytes_are_missing() -> None:
    left = photographs()
    packets = left.packets()
    for place in range(len(damage.segments(packets, "command"))):
        whole = analysed(photographs()).results
        lost = photographs()
        lost.drop(damage.segments(packets, "command")[place])
        found = compared(whole, analysed(lost).results)
        assert {row["kind"] for one in found["sessions"] for row in one["steps"]} <= {"same", "unknown"}, place


def test_minds_handles_only_where_they_name_something_else() -> None:
    def got(*handles: int) -> Conversation:
        one = talk().open()
        for handle in handles:
            one.get_object(handle, bytes(10))
        return one.close_session().close()

    assert not document(got(1, 2, 1), got(0x91, 0x92, 0x91))["differ"]
    assert kinds(document(got(1, 2, 1), got(0x91, 0x92, 0x92))) == ["same"] * 3 + ["parameters", "same"]


def test_leaves_fetched_event_lists_out_unless_asked() -> None:
    left, right = talk().open(), talk().open()
    right.transaction(0x9116, data_in=bytes(8))
    left.close_session().close()
    right.close_session().close()
    found = document(left, right)
    assert not found["differ"]
    assert found["sessions"][0]["polled"] == {"left": 0, "right": 1}
    assert document(left, right, polls=True)["differ"]


def test_counts_rounds_of_a_loop_and_does_not_mind_how_many() -> None:
    loops = [talk().open(), talk().open()]
    for one, rounds in zip(loops, (3, 8), strict=True):
        for _ in range(rounds):
            one.transaction(0x9200)
        one.close_session().close()
    found = document(*loops)
    assert not found["differ"]
    row = found["sessions"][0]["steps"][1]
    assert (row["left"]["rounds"], row["right"]["rounds"]) == (3, 8)


def test_compares_what_cameras_say_of_themselves() -> None:
    one, other = (
        talk().open().transaction(0x1001, data_in=device_info("Example", model)).close() for model in ("A", "B")
    )
    found = document(one, other)
    assert found["cameras"][0]["model"] == {"left": "A", "right": "B"}
    assert found["differ"]


def test_says_which_capture_has_a_session_more() -> None:
    found = compared(
        analysed(photographs()).results,
        analysed(photographs(), talk(command_port=6, event_port=7).open().close()).results,
    )
    assert [one["only"] for one in found["sessions"]] == [None, "right"]
    assert found["differ"]


@pytest.mark.parametrize(("pause", "slower"), [(0.0, []), (0.5, ["GetThumb"])])
def test_tells_which_operation_was_slower(pause: float, slower: list[str]) -> None:
    left, right = talk().open(), talk().open()
    for one, wait in ((left, 0.0), (right, pause)):
        for _ in range(3):
            one.request(0x100A, 1).wait(wait).response()
        one.close_session().close()
    found = document(left, right)
    assert [row["operation"] for row in found["timing"]] == slower
    assert not found["differ"]
