"""Totals, null objects and pieces, beside the matrix: 4 GiB and more, and known makers."""

from __future__ import annotations

import io

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.rules import Judged, Verdict
from tests.rules.matrix import accused
from tests.rules.test_request import OWN, found, ours
from tests.traffic import UNKNOWN_TOTAL, Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.large import HEADER, PIECE, large_upload

PIECES = (1 << 32) // (PIECE - HEADER) + 10
LARGE = PIECES * (PIECE - HEADER)  # a little more than 4 GiB


def judged_large(announced: int, **options: bool) -> Judged:
    """What the rules say of an upload of a little more than 4 GiB."""
    with analyze(io.BytesIO(large_upload(PIECES, announced)), packets=False) as analysis:
        return analysis.results[0].judge(only=OWN, **options)


def test_adds_up_more_than_four_gigabytes() -> None:
    assert accused(judged_large(LARGE)) == set()


def test_knows_libgphoto2_by_a_total_of_32_bits() -> None:
    (finding,) = found(judged_large(LARGE % (1 << 32)), "data-total-length-overrun")
    assert finding.deviation == "dev-libgphoto2-total-32bit"
    (strict,) = found(judged_large(LARGE % (1 << 32), strict=True), "data-total-length-overrun")
    assert strict.verdict is Verdict.VIOLATION
    (other,) = found(judged_large(LARGE % (1 << 32) - 1), "data-total-length-overrun")
    assert other.verdict is Verdict.VIOLATION


@pytest.mark.parametrize("size", [99, 100, 101])
@pytest.mark.parametrize("style", ["end", "tail", "empty-end"])
def test_compares_to_the_byte(size: int, style: str) -> None:
    one = talk().open().transaction(0x1009, 1, data_in=b"x" * size, style=style, chunk=30, announced=100)
    expected = {99: {"data-total-length-exact"}, 100: set(), 101: {"data-total-length-overrun"}}
    assert accused(ours(one.close_session().close().packets())) == expected[size]


def test_points_at_the_message_that_is_too_much() -> None:
    one = talk().open().request(0x1009, 1).start_data(100)
    for _ in range(4):
        one.data(b"x" * 40)
    (finding,) = found(one.data(b"", last=True).response().close_session().close(), "data-total-length-overrun")
    assert finding.says == "GetObject (0x1009): 120 bytes of data with this message, 100 were announced"


def test_reads_lengths_that_a_snap_length_left() -> None:
    one = talk().open().transaction(0x1009, 1, data_in=b"x" * 3000, style="tail", announced=3001).get_property()
    packets = damage.snap(one.close_session().close().packets(), 66 + 38)
    assert accused(ours(packets)) == {"data-total-length-exact"}


@pytest.mark.parametrize("code", [0x2002, 0x201F])
def test_compares_nothing_that_was_refused(code: int) -> None:
    one = talk().open().transaction(0x1009, 1, data_in=b"x" * 90, announced=100, response=code).close_session().close()
    assert accused(ours(one.packets())) == set()


def test_does_not_know_the_sum_of_what_has_a_hole() -> None:
    one = (
        talk().open().transaction(0x1009, 1, data_in=b"x" * 9000, style="tail", announced=9001).close_session().close()
    )
    packets = one.packets()
    lossy = damage.drop(packets, segment=[at for at, place in enumerate(damage.segments(packets))
                                          if packets[place].payload[4:8] == b"\x0a\0\0\0"][3])  # fmt: skip
    result = ours(lossy)
    assert accused(result) == set()
    assert result.rulings["data-total-length-exact"].unsure == {(0, 1): 1}


@pytest.mark.parametrize("total", [0xFFFFFFFE, 0xFFFFFFFF, 0x100000000])
def test_suspects_all_ones_in_the_lower_half_alone(total: int) -> None:
    one = talk().open().transaction(0x1009, 1, data_in=b"x" * 500, announced=total).close_session().close()
    assert bool(found(one, "data-unknown-total-32bit")) is (total == 0xFFFFFFFF)


def test_adds_up_what_was_not_announced() -> None:
    one = talk().open()
    for _ in range(3):
        one.transaction(0x9201, data_in=b"x" * 4000, style="tail", announced=UNKNOWN_TOTAL)
    (finding,) = found(one.close_session().close(), "data-unknown-total")
    assert finding.says == "3 data phases of unannounced size, 12,000 bytes in all"


def test_does_not_judge_a_stream_of_an_object_whose_size_is_not_known() -> None:
    one = talk().open().transaction(0x1009, 7, data_in=b"x" * 2000, announced=UNKNOWN_TOTAL).close_session().close()
    result = ours(one.packets())
    assert not found(result, "data-unknown-total-limited")
    assert result.rulings["data-unknown-total-limited"].unsure == {(0, 1): 1}


def null_object(**options: bool) -> Judged:
    """Start Data of 0 bytes without End Data; an initiator that probes, or begins otherwise, is not libgphoto2."""
    one = talk().open()
    if options.pop("begins_so", True):
        one.get_device_info()
    one.request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder").response()
    if options.pop("probes", False):
        one.probe()
    return ours(one.get_property().close_session().close().packets(), **options)


def test_knows_libgphoto2_by_null_objects_without_end() -> None:
    (finding,) = found(null_object(), "data-null-out-option-b")
    assert (finding.deviation, finding.side) == ("dev-libgphoto2-null-dataout-no-end", 0)
    assert finding.related == ("data-end-required",)
    for result in (null_object(strict=True), null_object(probes=True), null_object(begins_so=False)):
        (other,) = found(result, "data-null-out-option-b")
        assert other.verdict is Verdict.VIOLATION
        assert accused(result) == {"data-null-out-option-b"}


def test_takes_a_null_object_at_the_end_of_a_capture_for_unfinished() -> None:
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder").response()
    assert accused(ours(one.packets())) == set()
    assert accused(ours(one.close().packets())) == {"data-null-out-option-b"}


@pytest.mark.parametrize(("seconds", "accuses"), [(59, False), (61, True)])
def test_gives_a_responder_a_minute_for_a_null_object(seconds: float, accuses: bool) -> None:
    one = talk().open().get_property().request(0x1016, 0x5007).wait(seconds).close()
    assert bool(found(one, "data-null-out-a-answered")) is accuses


def large_end(length: int) -> Conversation:
    """5 GiB are announced, a single End Data follows."""
    one = talk().open().request(0x1009, 1).start_data(5 << 30)
    return one.data(b"x" * (length - HEADER), last=True).response().close_session().close()


def test_says_when_a_length_is_what_is_left_of_a_larger_one() -> None:
    one = talk().open().request(0x1009, 1).start_data((1 << 32) + 88).data(b"x" * 88, last=True).response().close()
    (finding,) = found(one, "data-32bit-packet-limit")
    assert finding.says.endswith("of 100 bytes, which is what is left of it in 32 bits")
    (other,) = found(large_end(100), "data-32bit-packet-limit")
    assert other.says.endswith("of 100 bytes")


def test_knows_how_much_one_message_can_hold() -> None:
    for total, said in ((0xFFFFFFFF - HEADER, False), (0xFFFFFFFF - HEADER + 1, True)):
        one = talk().open().request(0x1009, 1).start_data(total).data(b"x" * 88, last=True).response(0x2002).close()
        assert bool(found(one, "data-32bit-packet-limit")) is said


def test_measures_pieces_and_names_styles_by_side() -> None:
    one = talk().open().get_object(1, b"x" * 2500, "tail").send_object(b"x" * 2048, "empty-end").close_session().close()
    result = ours(one.packets())
    assert [finding.says for finding in found(result, "data-fragmentation")] == [
        "3 messages with data of 452 to 1,024 bytes, median 1,024",
        "3 messages with data of 72 to 1,024 bytes, median 1,024",
    ]
    assert sorted(finding.says for finding in found(result, "data-end-payload-optional")) == [
        "data phases of the initiator: 1 with all of it in End Data, 1 with End Data empty",
        "data phases of the responder: 1 with the last part in End Data",
    ]


def test_names_the_forms_of_no_data_once() -> None:
    one = talk().open().get_object(1, b"").get_object(2, b"").transaction(0x1009, 2).close_session().close()
    (finding,) = found(one, "data-null-in")
    assert finding.says == (
        "no data where data may come: 2 times with an empty data phase, 1 time with the response alone"
    )


@pytest.mark.parametrize(("payload", "rules"), [(b"", set()), (b"xy", {"data-null-out-option-b"})])
def test_judges_null_objects_that_are_not_flawless(payload: bytes, rules: set[str]) -> None:
    """A Cancel of another transaction is in the midst of it."""
    one = talk().open().get_property().request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder")
    one.wait(0.1).cancel(1).data(payload, "to-responder", 2, last=True).response(transaction_id=2)
    result = ours(one.close_session().close().packets())
    assert {rule for rule in accused(result) if rule.startswith("data-")} == rules
    assert bool(result.rulings["data-null-out-option-b"].passed) is (not rules)


def test_says_which_null_object_carries_what() -> None:
    one = talk().open().transaction(0x1016, 0x5007, data_out=b"xy", announced=0).close_session().close()
    (finding,) = found(one, "data-null-out-option-b")
    assert finding.says == "SetDevicePropValue (0x1016): Start Data announces 0 bytes, End Data carries 2"
    other = talk().open().request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder")
    other.data(b"xy", "to-responder").data(b"", "to-responder", last=True).response().close()
    assert accused(ours(other.packets())) == {"data-null-out-no-data-packets"}


def test_counts_a_null_object_for_no_total() -> None:
    one = talk().open().transaction(0x1016, 0x5007, data_out=b"").send_object().close_session().close()
    rulings = ours(one.packets()).rulings
    assert rulings["data-total-length-exact"].passed == rulings["data-total-length-overrun"].passed == {(0, 0): 2}
    assert rulings["data-null-out-option-b"].passed == rulings["data-null-out-no-data-packets"].passed == {(0, 0): 1}
