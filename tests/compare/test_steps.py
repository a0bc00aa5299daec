"""Steps: equal where the same is asked, whatever handles a camera gives out; loops are one round."""

from __future__ import annotations

import io

from ptpip_analyze import analyze
from ptpip_analyze.compare.steps import folded, steps_of
from tests.traffic import conversation as talk
from tests.traffic import damage, pcap_bytes

from .made import steps


def test_tells_what_was_asked_and_answered() -> None:
    opened, got, closed = steps(talk().open().transaction(0x1014, 0x5001, response=0x200A).close_session().close())
    assert [opened.name, got.name, closed.name] == ["OpenSession", "GetDevicePropDesc", "CloseSession"]
    assert (got.text, got.response, got.direction) == ("GetDevicePropDesc(BatteryLevel)", 0x200A, "none")
    assert got.latency_ns is not None
    assert got.latency_ns > 0


def test_leaves_ids_that_a_camera_gives_out_out_of_the_key() -> None:
    one, other = (steps(talk().open().get_object(handle, b"a").close())[1] for handle in (0x91, 5))
    assert one.key == other.key
    assert (one.given, other.given) == ((("handle", 0x91),), (("handle", 5),))


def test_keeps_wildcards_in_the_key() -> None:
    every, some = (
        steps(talk().open().transaction(0x1007, storage, data_in=bytes(4)).close())[1]
        for storage in (0xFFFFFFFF, 0x10001)
    )
    assert every.key != some.key


def test_says_where_anything_may_have_been_said() -> None:
    whole = talk().open().get_property().close_session().close()
    assert [step.operation for step in steps(whole)] == [0x1002, 0x1015, 0x1003]
    unclosed = talk().open().get_property()
    assert [step.operation for step in steps(unclosed)] == [0x1002, 0x1015, None]
    late = damage.begin_late(whole.packets(), 16)
    result = analyze(io.BytesIO(pcap_bytes(late, nano=True))).results[0]
    assert steps_of(result, 0)[0].operation is None


def test_compares_properties_by_code_and_leaves_padding_out() -> None:
    one, padded, other = (
        steps(talk().open().transaction(0x1014, *parameters).close())[1].key
        for parameters in ((0x5001,), (0x5001, 0, 0, 0, 0), (0x5002,))
    )
    assert one == padded != other


def test_knows_whether_the_same_was_sent() -> None:
    first, same, other, empty = (
        steps(talk().open().transaction(0x1016, 0x5001, data_out=sent).close())[1]
        for sent in (b"ab", b"ab", b"ac", b"")
    )
    assert first.sent == same.sent != other.sent
    assert (first.sent_bytes, empty.sent_bytes) == (2, 0)


def test_says_nothing_of_data_of_which_bytes_are_missing() -> None:
    one = talk(mss=100).open().transaction(0x1016, 0x5001, data_out=bytes(1000)).get_property().close()
    whole = steps(one)[1]
    lossy = steps(one.drop(segment=10))[1]
    assert whole.known
    assert not lossy.known
    assert lossy.sent is None


def test_folds_loops_of_one_step_and_of_several() -> None:
    one = talk().open()
    for _ in range(5):
        one.transaction(0x9116)
    for _ in range(4):
        one.transaction(0x1014, 0x5001).transaction(0x1014, 0x5002)
    rows = folded(steps(one.close_session().close()))
    assert [(step.name, step.rounds) for step in rows] == [
        ("OpenSession", 1), ("0x9116", 5), ("GetDevicePropDesc", 4), ("GetDevicePropDesc", 4), ("CloseSession", 1),
    ]  # fmt: skip


def test_folds_nothing_that_runs_twice_or_is_answered_differently() -> None:
    one = talk().open().transaction(0x9116).transaction(0x9116)
    assert len(folded(steps(one.close()))) == 3
    other = talk().open()
    for code in (0x2001, 0x2019, 0x2001, 0x2019):
        other.transaction(0x9200, response=code)
    assert [step.rounds for step in folded(steps(other.close()))] == [1, 1, 1, 1, 1]


def test_says_nothing_of_parameters_that_were_cut_off() -> None:
    cut = damage.snap(talk().open().transaction(0x1014, 0x5001).close_session().close().packets(), 84)
    result = analyze(io.BytesIO(pcap_bytes(cut, nano=True))).results[0]
    assert [step.operation for step in steps_of(result, 0)] == [None, None, 0x1003]
