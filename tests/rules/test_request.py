"""Requests, beside the matrix: boundary values, what a hole hides, who is to blame."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from ptpip_analyze.rules import Finding, Judged, Verdict
from tests.rules.matrix import accused, judged
from tests.rules.stories.request import words
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk

OWN = ("request-*", "response-*", "data-*", "txid-*")  # what others say of the same bytes is tested there


def ours(packets: Sequence[Packet], **options: bool) -> Judged:
    """What the rules of requests, responses, data phases and TransactionIDs say of packets."""
    return judged(packets, only=OWN, **options)


def found(one: Conversation | Judged, rule: str) -> list[Finding]:
    """What a rule says of a conversation."""
    result = one if isinstance(one, Judged) else ours(one.packets())
    return [finding for finding in result.findings if finding.rule == rule]


@pytest.mark.parametrize("count", range(6))
def test_takes_none_to_five_parameters(count: int) -> None:
    one = talk().open().transaction(0x9105, *range(count), returns=range(count)).close_session().close()
    assert accused(ours(one.packets())) == set()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 21, 24])
def test_takes_no_other_length(size: int) -> None:
    one = talk().open().message(6, words(0x9105, 1) + bytes(size), status="malformed").close()
    assert "request-param-count" in accused(ours(one.packets()))


@pytest.mark.parametrize("operation", [0x0FFF, 0x1000, 0x1FFF, 0x2000, 0x8FFF, 0x9000, 0x9FFF, 0xA000])
def test_knows_the_ranges_of_operations(operation: int) -> None:
    kept = operation in (0x1000, 0x1FFF, 0x9000, 0x9FFF)
    one = talk().open().transaction(operation, response=0x2005).close_session().close()
    assert bool(found(one, "request-opcode-range")) is not kept


@pytest.mark.parametrize("info", [0, 1, 2, 3, 4, 0x01000000])
def test_knows_the_values_of_data_phase_info(info: int) -> None:
    one = talk().open().request(0x9105, data_phase_info=info).response(0x2005).close_session().close()
    assert bool(found(one, "request-dataphase-defined")) is (info not in (1, 2, 3))


def test_says_what_is_wrong_with_the_data_phase() -> None:
    one = talk().open().request(0x1016, 0x5007).data_phase(b"\1\0", "to-responder").response().close_session().close()
    (finding,) = found(one, "request-dataphase-matches-direction")
    assert finding.says == "SetDevicePropValue (0x1016) has Data Phase Info 1, but the initiator sends Start Data"
    assert (finding.side, finding.session, len(finding.rows)) == (0, 0, 1)


@pytest.mark.parametrize(("operation", "side"), [(0x1009, 0), (0x1016, 1), (0x9105, 2)])
def test_blames_whoever_contradicts_the_standard(operation: int, side: int) -> None:
    """Data Phase Info 2, and data from the responder: of a vendor's operation nobody can know who is wrong."""
    one = talk().open().request(operation, 1, data_phase_info=2).data_phase(b"data").response().close_session().close()
    (finding,) = found(one, "request-dataphase-matches-direction")
    assert finding.side == side


def test_waits_for_start_data_until_the_capture_ends() -> None:
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    assert ours(one.packets()).rulings["request-dataout-then-start"].unsure == {(0, 0): 1}


def test_does_not_miss_start_data_in_a_hole() -> None:
    one = talk(segmentation="message").open().request(0x1016, 0x5007, data_phase_info=2)
    packets = one.data_phase(b"x" * 100, "to-responder", "empty-end").response().close_session().close().packets()
    start = next(
        at for at, segment in enumerate(damage.segments(packets)) if packets[segment].payload[4:8] == b"\t\0\0\0"
    )
    assert accused(ours(damage.drop(packets, segment=start))) == set()


def test_says_what_comes_instead_of_start_data() -> None:
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).data(b"\1\0", "to-responder", last=True).response()
    (finding,) = found(one.close_session().close(), "request-dataout-then-start")
    assert finding.says.endswith("but EndData of transaction 1 comes next, not its Start Data")
    assert finding.related == ("data-start-first",)


def test_leaves_data_of_two_at_once_alone() -> None:
    """The initiator sends two requests, then their data in turn: the second one is not followed by its own data."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).request(0x1016, 0x5007, data_phase_info=2)
    one.start_data(2, "to-responder", 1).data(b"\1\0", "to-responder", 1, last=True)
    one.start_data(2, "to-responder", 2).data(b"\1\0", "to-responder", 2, last=True)
    one.response(transaction_id=1).response(transaction_id=2).close_session().close()
    assert len(found(one, "request-dataout-then-start")) == 1  # of the first, behind which a request comes


@pytest.mark.parametrize(("seconds", "said"), [(29.5, False), (30.5, True)])
def test_waits_thirty_seconds_for_an_answer_to_the_unknown_phase(seconds: float, said: bool) -> None:
    one = talk().open().request(0x9105, data_phase_info=3).wait(seconds).close()
    assert bool(found(one, "request-unknown-phase-close")) is said


@pytest.mark.parametrize(("seconds", "said"), [(4.5, True), (5.5, False)])
def test_takes_a_close_within_the_grace_as_the_answer(seconds: float, said: bool) -> None:
    one = talk().open().request(0x9105, data_phase_info=3).wait(seconds).close(by="responder")
    assert bool(found(one, "request-unknown-phase-close")) is said


def test_names_what_the_unknown_phase_came_to_once() -> None:
    one = talk().open()
    for _ in range(5):
        one.request(0x9105, data_phase_info=3).data_phase(b"value").response()
    (finding,) = found(one.close_session().close(), "request-unknown-phase-close")
    assert finding.says == "requests with the unknown data phase (3): 5 handled"
    assert finding.verdict is Verdict.PASS


def test_lists_vendor_operations_of_unknown_phase_once() -> None:
    one = talk().open()
    for operation in range(0x9101, 0x9108):
        one.request(operation, data_phase_info=3).response()
    (finding,) = found(one.close_session().close(), "request-dataphase-vendor-unknown")
    assert finding.says.endswith("(3): 0x9101, 0x9102, 0x9103, 0x9104, 0x9105 and others")


def test_does_not_know_who_opened_a_connection_without_its_syn() -> None:
    one = talk().open().get_property().message(6, words(0x1004, 2), "to-initiator").get_property().close()
    result = ours(one.damaged(damage.without_handshake).packets())
    assert not found(result, "request-role-fixed")
    assert result.rulings["request-role-fixed"].unsure


def test_sees_events_from_the_initiator_on_its_connection() -> None:
    one = talk().open().get_property().message(8, struct.pack("<HI", 0x4002, 1), "to-responder", "event").wait(0.1)
    (finding,) = found(one.close_session().close(), "request-role-fixed")
    assert finding.side == 0


def long_parameters(*values: int, **options: bool) -> Finding:
    """What is said of a request whose parameters have eight bytes each."""
    body = words(0x9105, 1) + struct.pack(f"<{len(values)}Q", *values)
    one = talk().open().message(6, body, status="malformed", transaction_id=1).response(transaction_id=1).close()
    (finding,) = found(ours(one.packets(), **options), "request-param-count")
    return finding


def test_knows_mmattes_by_parameters_of_eight_bytes() -> None:
    assert long_parameters(1, 2, 3).deviation == "dev-mmattes-64bit-params"
    assert long_parameters(1, 2, 3, strict=True).verdict is Verdict.VIOLATION
    assert long_parameters(1, 2, 1 << 32).verdict is Verdict.VIOLATION
    assert long_parameters(*range(6)).verdict is Verdict.VIOLATION  # six are too many in any size


def test_does_not_know_parameters_that_a_snap_length_cut() -> None:
    body = words(0x9105, 1) + struct.pack("<3Q", 1, 2, 3)
    one = talk().open().message(6, body, status="malformed", transaction_id=1).response(transaction_id=1).close()
    (finding,) = found(ours(damage.snap(one.packets(), 96)), "request-param-count")
    assert finding.verdict is Verdict.VIOLATION


def test_judges_data_phases_that_are_not_flawless() -> None:
    """The capture ends behind Start Data."""
    one = talk().open().request(0x1016, 0x5007).start_data(4, "to-responder")
    assert accused(ours(one.packets())) == {"request-dataphase-matches-direction"}


def test_says_on_which_connection_it_is() -> None:
    one = (
        talk().open().get_property().message(6, words(0x1004, 2), connection="event").wait(0.1).close_session().close()
    )
    assert found(one, "request-placement")[0].says == (
        "the initiator sends an Operation Request over the event connection"
    )
    other = talk().open().get_property().message(6, words(0x1004, 2), "to-initiator").wait(0.1).close()
    assert found(other, "request-placement")[0].says == (
        "the responder sends an Operation Request over the command connection"
    )


@pytest.mark.parametrize(("direction", "way"), [("to-responder", "to"), ("to-initiator", "from")])
def test_says_which_way_the_data_of_a_vendor_goes(direction: str, way: str) -> None:
    one = talk().open()
    for _ in range(3):
        one.request(0x9105, data_phase_info=3).data_phase(b"value", direction).response()
    (finding,) = found(one.close_session().close(), "request-dataphase-vendor-known")
    assert finding.says.endswith(f"though its data went {way} the responder 3 times of 3")


def test_counts_what_was_announced_and_came_or_was_refused() -> None:
    one = talk().open().get_object().send_object().transaction(0x1016, 0x5007)
    one.request(0x1016, 0x5007, data_phase_info=2).response(0x2005).close_session().close()
    assert ours(one.packets()).rulings["request-dataout-then-start"].passed == {(0, 0): 3}


def test_lets_nobody_send_data_without_start_because_he_was_refused() -> None:
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).response(0x2005)
    one.data(b"\1\0", "to-responder", 1, last=True).wait(0.1).get_property().close()
    assert found(one, "request-dataout-then-start")


def test_names_a_connection_that_stays_open_without_an_answer() -> None:
    one = talk().open().request(0x9105, data_phase_info=3).wait(31).message(13)
    (finding,) = found(one, "request-unknown-phase-close")
    assert finding.says == "requests with the unknown data phase (3): 1 without any answer for 30 s"
