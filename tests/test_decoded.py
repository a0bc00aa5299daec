"""What data phases say is decoded when asked for: datasets, polled events and properties of the makers' stories."""

from __future__ import annotations

import gc
import random
import weakref
from typing import Any

import pytest

from ptpip_analyze import Analysis, analyze, decoded
from ptpip_analyze.decoded import decoder
from ptpip_analyze.result import Result
from tests.support import ROOT, analysed, rows
from tests.traffic import STORIES, Conversation, Packet, capture, conversation, damage, polls
from tests.traffic.conversation import device_info

EOS = device_info("Canon Inc.", "Canon EOS R5")


def properties(analysis: Analysis, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows(analysis, "properties")]


def events(analysis: Analysis, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows(analysis, "events")]


def test_tells_what_canon_polls_revealed() -> None:
    with analysed(capture("canon_polls")) as told:
        assert properties(told, "property", "value", "text", "source", "role", "changed", "event") == [
            ("Aperture", "48", "f/5.6", "GetEvent", "current", None, "PropValueChanged"),
            ("ISOSpeed", "72", "ISO 100", "GetEvent", "current", None, "PropValueChanged"),
            ("ISOSpeed", "[72, 80, 88]", "ISO 100, ISO 200, ISO 400", "GetEvent", "allowed", None, "AvailListChanged"),
            ("ISOSpeed", "80", "ISO 200", "SetDevicePropValueEx", "set", True, None),
            ("ISOSpeed", "80", "ISO 200", "GetEvent", "current", False, "PropValueChanged"),
            ("ISOSpeed", "88", "ISO 400", "SetDevicePropValueEx", "refused", None, None),
        ]  # fmt: skip
        assert events(told, "text", "source") == [
            ("PropValueChanged(Aperture = f/5.6)", "polled"),
            ("PropValueChanged(ISOSpeed = ISO 100)", "polled"),
            ("AvailListChanged(ISOSpeed in ISO 100, ISO 200, ISO 400)", "polled"),
            ("PropValueChanged(ISOSpeed = ISO 200)", "polled"),
            ("RequestGetEvent", "connection"),
            ("ObjectAddedEx(p1=0x7, p2=0x10001)", "polled"),
        ]


def test_reads_values_by_the_datatype_that_a_description_told_before_or_after() -> None:
    with analysed(capture("nikon_polls")) as told:
        assert properties(told, "property", "value", "text", "role", "changed", "datatype") == [
            ("ExposureTime", None, None, "notified", None, None),
            ("ExposureBiasCompensation", "-333", "-0.3 EV", "current", None, "INT16"),
            ("ExposureBiasCompensation", "-333", "-0.3 EV", "current", False, "INT16"),
            ("ExposureBiasCompensation", "[-333, 0, 333]", "-0.3 EV, 0 EV, +0.3 EV", "allowed", None, "INT16"),
            ("ExposureBiasCompensation", "333", "+0.3 EV", "set", True, "INT16"),
            ("ExposureBiasCompensation", "5000", "+5 EV", "refused", None, "INT16"),
            ("ExposureBiasCompensation", None, None, "reset", None, None),
        ]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_says_of_each_transaction_what_it_sets_as_the_table_does(name: str) -> None:
    sent = ("set", "refused", "unanswered", "control")
    with analysed(capture(name)) as told:
        known: dict[int, list[tuple[str, str]]] = {}
        for number, role, *said in properties(told, "transaction", "role", "property", "text"):
            if role in sent and said[1] is not None:
                known.setdefault(number, []).append((said[0], said[1]))
        for row in range(len(told.transactions)):
            assert told.settings(row) == known.get(row, [])


def test_knows_the_datatype_of_what_is_set_by_a_description_nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(decoded.Decoder, "datatypes")  # all descriptions of a capture take too long for one value
    with analyze(ROOT / "captures" / "config.pcap") as told:
        assert [told.settings(row) for row in (36, 44, 68)] == [
            [("ExposureIndex", "ISO 400")],
            [("FNumber", "f/8")],
            [("ExposureIndex", "ISO 123")],
        ]


def test_knows_the_properties_of_nikon_whose_codes_have_32_bits() -> None:
    described = polls.u32(0x1D005) + polls.description(0, polls.U8, polls.u8(0), polls.u8(1))[2:]
    one = conversation().open().transaction(0x1001, data_in=device_info("Nikon Corporation", "Z 9"))
    one.transaction(0x943B, 0x1D005, data_in=polls.u8(1)).transaction(0x943A, 0x1D005, data_in=described)
    one.transaction(0x943C, 0x1D005, data_out=polls.u8(2)).transaction(
        0x943C, 0x1D006, data_out=polls.u8(9), response=0x201C
    )
    with analysed(one.packets()) as told:
        assert properties(told, "property", "property_code", "value", "role", "datatype", "source") == [
            ("AFSubjectDetection", 0x1D005, "1", "current", "UINT8", "GetDevicePropValueEx"),
            ("AFSubjectDetection", 0x1D005, "1", "current", "UINT8", "GetDevicePropDescEx"),
            ("AFSubjectDetection", 0x1D005, "2", "set", "UINT8", "SetDevicePropValueEx"),
            ("MovieAFSubjectDetection", 0x1D006, "9", "refused", None, "SetDevicePropValueEx"),
        ]  # fmt: skip
        assert told.call(2) == "GetDevicePropValueEx(AFSubjectDetection)"


def test_tells_both_lists_of_nikon_and_what_caused_an_event() -> None:
    with analysed(capture("nikon_polls")) as told:
        found = rows(told, "events")
        by_row = {row["transaction"]: row["operation"] for row in rows(told, "transactions")}
    assert [(row["event_code"], row["parameters"], row["source"]) for row in found] == [
        (0xC101, [0x2B000001], "polled"), (0x4006, [0x500D], "polled"), (0x400D, [], "connection"),
        (0x4002, [7], "polled"), (0x400D, [], "polled"),
    ]  # fmt: skip
    assert found[1]["text"] == "DevicePropChanged(ExposureTime)"
    assert [by_row.get(row["caused_by"]) for row in found] == [None, None, "InitiateCapture", None, None]
    assert [row["polled_by"] is not None for row in found] == [True, True, False, True, True]


def test_tells_what_sony_describes_and_no_button_as_a_value() -> None:
    with analysed(capture("sony_polls")) as told:
        assert properties(told, "property_code", "text", "role", "changed") == [
            (0x5007, "f/5.6", "current", None), (0x5007, "f/4, f/5.6, f/8", "allowed", None),
            (0xD21E, "ISO 400", "current", None),
            (0x5007, "f/5.6", "current", False), (0xD21E, "ISO 400", "current", False),
            (0x5007, "f/8", "set", True), (0x5007, None, "notified", None),
            (0x5007, "f/8", "current", False), (0xD21E, "ISO 400", "current", False),
            (0xD2C1, properties(told, "text")[-1][0], "control", None),
        ]  # fmt: skip


def test_counts_polled_events_in_their_session() -> None:
    for name in ("canon_polls", "nikon_polls", "sony_polls"):
        with analysed(capture(name)) as told:
            (session,) = rows(told, "sessions")
            assert session["events"] == len(rows(told, "events")) == len(STORIES[name]()[0].truth().events)


def test_puts_frames_and_times_of_polled_events_where_the_data_ends() -> None:
    with analysed(capture("canon_polls")) as told:
        ends = {row["transaction_id"]: row for row in rows(told, "messages") if row["type"] == "EndData"}
        by_row = {row["transaction"]: row for row in rows(told, "transactions")}
        for event in rows(told, "events"):
            if event["source"] == "polled":
                end = ends[by_row[event["polled_by"]]["transaction_id"]]
                assert (event["frame"], event["time"]) == (end["last_frame"], end["time"])
        for row in rows(told, "properties"):
            of = by_row[row["transaction"]]
            end = of["last_frame"] if of["data_direction"] == "out" else ends[row["transaction_id"]]["last_frame"]
            assert row["frame"] == end


def test_decodes_a_dataset_with_the_texts_of_its_properties() -> None:
    with analysed(capture("nikon_polls")) as told:
        found = {row["operation_code"]: told.dataset(row) for row in rows(told, "transactions")}
        value = found[0x1015]
        assert value is not None
        assert (value.value("value"), value.notes) == (-333, ()), "read as the description says that comes after"
        text = found[0x1014].get("current")  # type: ignore[union-attr]
        assert text is not None
        assert (text.text, text.start, text.end) == ("-0.3 EV", 7, 9)
        assert found[0x1002] is None
        with pytest.raises(IndexError):
            told.dataset(len(told.transactions))


@pytest.mark.parametrize("name", STORIES)
def test_tells_of_some_sessions_what_it_tells_of_them_among_all(name: str) -> None:
    with analysed(capture(name)) as analysis:
        for result in analysis.results:
            found = list(decoder(result).properties())
            for session in range(len(result.pairs)):
                assert list(decoder(result).properties([session])) == [row for row in found if row.session == session]


def test_repeats_no_value_that_has_no_other_text() -> None:
    blob = bytes(range(40))
    listed = polls.record(0xC189, polls.u32(0xD1FF) + blob) + polls.record(0xC18A, polls.u32(0xD1FE, 3, 2, 5, 6))
    one = conversation().open().transaction(0x1001, data_in=EOS).transaction(0x9116, data_in=listed + polls.CANON_END)
    with analysed(one.packets()) as told:
        dataset = told.dataset(2)
    assert dataset is not None
    value, values = dataset.get("PropValueChanged.value"), dataset.get("AvailListChanged.values")
    assert value is not None
    assert values is not None
    assert (value.value, value.text, values.value, values.text) == (blob, None, (5, 6), None)


def test_names_all_of_the_exposure_that_one_event_shows() -> None:
    fields = bytes([0, 1, 0, 0, 0, 0x70, 0, 1, 0, 0, 0x30, 0, 1, 0, 0x60])
    listed = polls.record(0xC1A5, polls.u32(8 + len(fields), 0xE) + fields) + polls.CANON_END
    one = conversation().open().transaction(0x1001, data_in=EOS).transaction(0x9116, data_in=listed)
    with analysed(one.packets()) as told:
        assert events(told, "text") == [
            ("OLCInfoChanged(ShutterSpeed = 1/125 s, Aperture = f/5.6, ISOSpeed = ISO 800)",)
        ]
        assert properties(told, "property", "text", "event") == [
            ("ShutterSpeed", "1/125 s", "OLCInfoChanged"), ("Aperture", "f/5.6", "OLCInfoChanged"),
            ("ISOSpeed", "ISO 800", "OLCInfoChanged"),
        ]  # fmt: skip


def test_shows_a_large_object_as_a_place_without_reading_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with analysed(capture("big_object")) as told:
        result = told.results[0]
        read = [0]
        monkeypatch.setattr(result, "read", lambda at, size, old=result.read: (read.append(size), old(at, size))[1])
        (number,) = (row["transaction"] for row in rows(told, "transactions") if row["operation"] == "GetObject")
        dataset = told.dataset(number)
    assert dataset is not None
    assert (dataset.size, dataset.notes, [field[:4] for field in dataset.fields]) == (
        300_000, (), [("bytes", None, 0, 300_000)],
    )  # fmt: skip
    assert sum(read) < 70_000


def holed() -> list[Packet]:
    """EOS events in three segments, the one in the middle lost."""
    listed = b"".join(polls.record(0xC189, polls.u32(0xD103, value)) for value in range(40)) + polls.CANON_END
    one = conversation(mss=200).open().transaction(0x1001, data_in=EOS)
    one.transaction(0x9116, data_in=listed).close_session().close()
    return without_second(one, b"\x89\xc1\0\0\x03\xd1")


def without_second(one: Conversation, content: bytes) -> list[Packet]:
    """The packets but for the second one that holds these bytes."""
    packets = one.packets()
    return damage.drop(packets, [at for at, packet in enumerate(packets) if content in packet.payload][1])


def test_decodes_nothing_behind_a_hole_and_no_value_at_its_edge() -> None:
    with analysed(holed()) as told:
        row = next(row for row in rows(told, "transactions") if row["operation_code"] == 0x9116)
        assert row["status"] == "gap"
        (first, *_) = (length for at, length, place in told.data_pieces(row) if place is None)
        edge = next(at for at, _, place in told.data_pieces(row) if place is None)
        dataset = told.dataset(row)
        assert dataset is not None
        assert dataset.notes[-1].text.startswith(f"{first:,} bytes are missing from the capture here")
        assert dataset.notes[-1].start == edge
        whole = (edge - 1) // 16
        assert [row["value"] for row in rows(told, "properties")] == [str(value) for value in range(whole)]
        assert [row["parameters"][1] for row in rows(told, "events")] == list(range(whole))
        assert whole > 3


def test_calls_no_payload_empty_that_was_lost_or_cut_off() -> None:
    def packets(announced: int) -> tuple[list[Packet], int]:
        one = conversation().open().transaction(0x1001, data_in=EOS, announced=announced).close_session().close()
        sent = one.packets()
        return sent, next(at for at, packet in enumerate(sent) if packet.payload[4:5] == b"\x0c")

    whole, endless = packets(len(EOS)), packets((1 << 64) - 1)
    for damaged, size in (
        (damage.cut(*whole, 54 + 12), len(EOS)),
        (damage.drop(*whole), len(EOS)),
        (damage.drop(*endless), 0),
    ):
        with analysed(damaged) as told:
            dataset = told.dataset(1)
            assert dataset is not None
            assert dataset.notes
            assert "empty payload" not in [note.text for note in dataset.notes]
            assert dataset.size == size


def test_tells_no_value_of_which_a_part_is_missing() -> None:
    """Without a description a value's datatype is its size: half of it would read as another value."""
    one = conversation().open().transaction(0x1015, 0x5003, data_in=b"0123456789" * 300).close_session().close()
    with analysed(without_second(one, b"123456789012")) as told:
        assert [row["status"] for row in rows(told, "transactions")][1] == "gap"
        assert rows(told, "properties") == []


def test_tells_the_values_of_an_answer_that_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded once, told each time."""
    calls = []
    real = decoded.decode_as
    monkeypatch.setattr(decoded, "decode_as", lambda name, *a, **b: (calls.append(name), real(name, *a, **b))[1])
    with analysed(capture("sony_polls")) as told:
        result = told.results[0]
        assert sum(row.revealed.code == 0xD21E for row in decoder(result).properties()) == 3
    assert calls.count("SonyAllDevicePropData") == 2, "no other description is needed where one came before"


def test_decodes_nothing_where_nobody_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(decoded, "decode_as", never)
    with analysed(capture("events_inside")) as told:
        assert [row["text"] for row in rows(told, "events")]
        assert rows(told, "sessions")


@pytest.mark.parametrize("name", ["canon_polls", "nikon_polls", "sony_polls"])
def test_bears_any_damage(name: str) -> None:
    packets, chance = capture(name), random.Random(name)
    for _ in range(12):
        lost = chance.sample(range(len(packets)), 3)
        with analysed(damage.drop(packets, *lost)) as told:
            assert len(rows(told, "events")) == sum(row["events"] for row in rows(told, "sessions"))
            for row in rows(told, "properties"):
                assert row["value"] is not None or row["role"] in ("reset", "notified")
            for number in range(len(rows(told, "transactions"))):
                told.dataset(number)
                told.settings(number)


def test_tells_each_of_two_equal_lists() -> None:
    one = conversation().open().transaction(0x1001, data_in=device_info("Nikon Corporation", "Z 6"))
    for _ in range(3):
        one.transaction(0x90C7, data_in=polls.NIKON_EVENTS).transaction(0x90C7, data_in=polls.u16(0))
    with analysed(one.packets()) as told:
        found = rows(told, "events")
        by_row = {row["transaction"]: row for row in rows(told, "transactions")}
    assert [row["event_code"] for row in found] == [0xC101, 0x4006] * 3
    polled = [by_row[row["polled_by"]] for row in found]
    assert [row["transaction_id"] for row in polled] == [2, 2, 4, 4, 6, 6]
    assert all(of["first_frame"] < row["frame"] < of["last_frame"] for row, of in zip(found, polled, strict=True))


def test_decodes_a_list_that_comes_again_and_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras are asked for events ten times a second, and seldom have one."""
    one = conversation().open().transaction(0x1001, data_in=EOS)
    for _ in range(50):
        one.transaction(0x9116, data_in=polls.CANON_END)
    for _ in range(3):
        one.transaction(0x9116, data_in=polls.CANON_SECOND)
    calls = []
    real = decoded.decode_as
    monkeypatch.setattr(decoded, "decode_as", lambda name, *a, **b: (calls.append(name), real(name, *a, **b))[1])
    read = []
    alone = Result.data_head
    monkeypatch.setattr(Result, "data_head", lambda self, *a: (read.append(a), alone(self, *a))[1])
    with analysed(one.packets()) as told:
        found = decoder(told.captures[0])
        assert told.results[0].vendors == ["canon_eos"]
        read.clear()
        assert [event.transaction for event in found.events()] == [52, 53, 54]
        assert (len(calls), len(read)) == (2, 2), "neither decoded nor looked for in the capture again"
        assert [row.transaction for row in found.properties()] == [52, 53, 54]
        assert (len(calls), len(read)) == (4, 2)


def test_keeps_lists_of_two_makers_apart_that_say_the_same() -> None:
    """Two bytes of 0 are an empty list of Nikon's; in a session of Canon's they are no list."""
    nikon, canon = (
        conversation(seed=seed, initiator=f"192.168.1.{seed}").open().transaction(0x1001, data_in=info)
        for seed, info in ((1, device_info("Nikon Corporation", "Z 6")), (2, EOS))
    )
    same = polls.u16(1) + polls.u16(0xC101) + polls.u32(7)
    both = damage.in_turn(
        nikon.transaction(0x90C7, data_in=same).packets(), canon.transaction(0x90C7, data_in=same).packets()
    )
    with analysed(both) as told:
        assert [(row["session"], row["event_code"]) for row in rows(told, "events")] == [(0, 0xC101)]


def test_lets_go_of_a_result_that_nobody_holds() -> None:
    analysis = analysed(capture("plain"))
    decoder(analysis.captures[0])
    held = weakref.ref(analysis.captures[0])
    analysis.close()
    del analysis
    gc.collect()
    assert held() is None
