"""Every table says what the stories' truth says, in the contract's columns, and null where nothing is known."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from ptpip_analyze import analyze, facts
from ptpip_analyze.tables import build
from ptpip_analyze.tables.schema import TABLES, arrow_schema
from tests.traffic import STORIES, Packet, capture, conversation, damage, pcap_bytes

Rows = list[dict[str, Any]]
# Stories whose truth is of the whole conversation while the capture holds a part of it.
PARTIAL = {"midstream", "handshake_missing", "fuji_handshake_missing", "only_the_camera", "event_connection_first"}
WHOLE = [name for name in STORIES if name not in PARTIAL]


def table(name: str, packets: list[Packet]) -> Rows:
    with analyze(io.BytesIO(pcap_bytes(packets, nano=True))) as told:
        return told.arrow(name).to_pylist()  # type: ignore[no-any-return]


def conversations(name: str) -> list[int]:
    """The conversations of a story in order of their first packet: sessions are numbered so."""
    return list(dict.fromkeys(packet.conversation for packet in capture(name)))


@pytest.mark.parametrize("harm", [0, 7, 60])
@pytest.mark.parametrize("name", ["plain", "two_pairs", "malformed_messages", "http", "midstream", "parameters"])
def test_keeps_the_schema_whatever_the_traffic(name: str, harm: int) -> None:
    packets = damage.drop(capture(name), *damage.segments(capture(name))[harm : harm + 1]) if harm else capture(name)
    with analyze(io.BytesIO(pcap_bytes(packets))) as told:
        for of in TABLES:
            for batch in told.batches(of):
                assert batch.schema == arrow_schema(of)
                batch.validate(full=True)


def test_makes_every_table_of_the_schema() -> None:
    assert list(build.TABLES) == list(TABLES)


@pytest.mark.parametrize("name", WHOLE)
def test_tells_the_sessions_of_every_story(name: str) -> None:
    found = table("sessions", capture(name))
    truths = [STORIES[name]()[number].truth().session for number in conversations(name)]
    expected = [truth for truth in truths if truth is not None]
    assert len(found) == len(expected)
    for number, (row, truth) in enumerate(zip(found, expected, strict=True)):
        for key, value in (truth | {"session": number}).items():
            # A lone surrogate in a name can't be shown as text.
            assert row[key] == (shown(value) if isinstance(value, str) else value), key


def renumbered(name: str, rows: Rows) -> Rows:
    """Rows of the truth with the numbers that their sessions get."""
    order = conversations(name)
    return [row | {"session": order.index(row["session"])} for row in rows]


def shown(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@pytest.mark.parametrize("name", WHOLE)
def test_tells_the_messages_of_every_story(name: str) -> None:
    found = table("messages", capture(name))
    expected = renumbered(name, [message for one in STORIES[name]() for message in one.truth().messages])
    keys = ("session", "connection", "direction", "type_code", "length", "offset", "status")

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in keys)

    assert sorted(map(key, found)) == sorted(map(key, expected))
    known = {key(message): message for message in expected}
    for row in found:
        if row["status"] == "complete":
            message = known[key(row)]
            assert row["transaction_id"] == message["transaction_id"]
            if row["type_code"] in (6, 7, 8):
                assert row["code"] == message["code"]
    assert [row["first_frame"] for row in found] == sorted(row["first_frame"] for row in found)
    assert [row["message"] for row in found] == list(range(len(found)))


@pytest.mark.parametrize("name", WHOLE)
def test_tells_the_events_of_every_story(name: str) -> None:
    found = table("events", capture(name))
    expected = renumbered(name, [event for one in STORIES[name]() for event in one.truth().events])
    keys = ("session", "event_code", "transaction_id", "parameters", "source")
    told, known = ([[row[key] for key in keys] for row in rows] for rows in (found, expected))
    assert sorted(told, key=repr) == sorted(known, key=repr)


@pytest.mark.parametrize("name", [name for name in WHOLE if len(STORIES[name]()) == 1])
def test_tells_the_transactions_of_every_story(name: str) -> None:
    found = table("transactions", capture(name))
    expected = STORIES[name]()[0].truth().transactions
    assert len(found) == len(expected)
    for row, truth in zip(found, expected, strict=True):
        for key in truth.keys() - {"extents", "data"}:
            assert row[key] == truth[key], key


def test_names_codes_and_leaves_unknown_ones_as_numbers() -> None:
    one = conversation().open().get_object().transaction(0x9ABC, response=0xA123).event(0x4002).event(0xC7FF)
    found = table("transactions", one.packets())
    assert [row["operation"] for row in found] == ["OpenSession", "GetObject", "0x9ABC"]
    assert [row["response"] for row in found] == ["OK", "OK", "0xA123"]
    assert [row["event"] for row in table("events", one.packets())] == ["ObjectAdded", "0xC7FF"]
    names = {(row["type"], row["code_name"]) for row in table("messages", one.packets())}
    assert {("OperationRequest", "GetObject"), ("OperationResponse", "OK"), ("Event", "ObjectAdded"),
            ("OperationResponse", "0xA123"), ("StartData", None), ("InitCommandRequest", None)} <= names  # fmt: skip


def test_tells_fujis_dialect_in_the_same_words() -> None:
    """Beside a session of the standard: types share their names and differ in their codes."""
    other = (
        conversation(number=1, responder="192.168.1.9", seed=5).open().get_object(1, b"12345").close_session().close()
    )
    packets = damage.interleave(capture("fuji"), other.packets())
    with analyze(io.BytesIO(pcap_bytes(packets, nano=True))) as told:
        messages, transactions = told.messages, told.transactions
        for batch in told.batches("messages"):
            names = batch.column("type").dictionary.to_pylist()
            assert len(names) == len(set(names))
    assert set(messages["type"].dropna()) >= {"OperationRequest", "Data", "EndData"}
    requests = messages[messages["type"] == "OperationRequest"]
    assert set(requests["type_code"]) == {6, 0x10001}
    of_fuji = messages[messages["type_code"] > 0xFFFF]
    assert set(zip(of_fuji["type"], of_fuji["type_code"], of_fuji["connection"], strict=True)) == {
        ("OperationRequest", 0x10001, "command"), ("Data", 0x10002, "command"),
        ("OperationResponse", 0x10003, "command"), ("Event", 0x10004, "event"),
        ("LiveViewFrame", 0x10005, "live-view"), ("SessionEnd", 0x10006, "command"),
    }  # fmt: skip
    data = of_fuji[of_fuji["type"] == "Data"]
    assert set(data["code_name"]) == {
        "GetDevicePropValue",
        "SetDevicePropValue",
        "GetPartialObject",
        "GetCapturePreview",
    }
    assert not data["transaction_id"].isna().any()
    frames = of_fuji[of_fuji["type"] == "LiveViewFrame"]
    assert frames["transaction_id"].isna().all()
    assert frames["code"].isna().all()
    assert list(frames["length"]) == [2918, 718, 5018]
    asked = transactions[transactions["session"] == 0]
    assert asked["data_phase_info"].isna().all()  # a container has no such word
    with_data = asked["data_direction"] != "none"
    assert (asked["announced_bytes"] == asked["data_bytes"])[with_data].all()
    assert asked["first_byte_s"][with_data].notna().all()


def test_names_why_fujis_camera_refused() -> None:
    (row,) = table("sessions", capture("fuji_refused"))
    assert (row["status"], row["fail_reason"], row["dialect"]) == ("rejected", "InvalidParameter", "fuji")


def test_names_why_an_initiator_was_refused() -> None:
    (row,) = table("sessions", capture("fails_on_command"))
    assert (row["status"], row["fail_reason_code"]) == ("rejected", 1)
    assert row["fail_reason"] == facts.name_of("init_fail", 1)
    (message,) = [row for row in table("messages", capture("fails_on_command")) if row["type_code"] == 5]
    assert (message["code"], message["code_name"]) == (1, row["fail_reason"])


def test_names_a_reason_of_32_bits_by_all_of_it() -> None:
    """Its lower half alone would be the reason "busy", and its upper half another kind of code."""
    one = conversation().connect().init_command_request().init_fail(0x00010002)
    (message,) = [row for row in table("messages", one.packets()) if row["type_code"] == 5]
    assert (message["code"], message["code_name"]) == (0x00010002, "0x10002")


def test_names_types_that_do_not_exist_by_their_number() -> None:
    rows = table("messages", capture("malformed_messages"))
    assert [(row["type"], row["reason"]) for row in rows if row["type_code"] in (0, 15)] == [
        ("0x0000000F", "reserved type"), ("0x00000000", "reserved type"),
    ]  # fmt: skip
    assert {row["type"] for row in rows} >= {"Event", "Cancel", "OperationRequest"}


def test_leaves_null_what_is_not_known() -> None:
    packets = capture("response_alone")
    row = table("transactions", packets)[0]
    unknown = ("operation", "operation_code", "parameters", "data_phase_info", "announced_bytes", "dataset",
               "request_time", "latency_s", "first_byte_s", "transfer_s")  # fmt: skip
    assert [row[name] for name in unknown] == [None] * len(unknown)
    assert (row["status"], row["response_parameters"], row["data_direction"]) == ("began-earlier", [5], None)
    session = table("sessions", packets)[0]
    for name in ("connection_number", "initiator_name", "responder_guid", "fail_reason", "model"):
        assert session[name] is None
    opened = table("transactions", capture("open_at_the_end"))[-1]
    assert [opened[name] for name in ("response", "response_code", "response_parameters", "response_time")] == [
        None
    ] * 4
    assert opened["parameters"] == [0, 0x3801]


def test_does_not_show_fields_that_a_message_does_not_carry() -> None:
    """A Cancel without a TransactionID, an Event without one: nothing is read from what follows."""
    rows = table("messages", capture("malformed_messages"))
    short = [row for row in rows if row["status"] == "malformed"]
    assert [(row["type_code"], row["transaction_id"]) for row in short] == [
        (15, None),
        (8, None),
        (11, None),
        (0, None),
    ]
    assert [row["code"] for row in short] == [None, 0x4002, None, None]
    assert len(table("events", capture("malformed_messages"))) == 1


def test_measures_times_of_a_transaction() -> None:
    one = conversation().open().request(0x1009, 1).wait(0.5).start_data(300).wait(0.25).data(bytes(300), last=True)
    packets = one.wait(1).response().packets()
    row = table("transactions", packets)[1]
    assert row["latency_s"] == pytest.approx(1.75, abs=0.01)
    assert row["first_byte_s"] == pytest.approx(0.5, abs=0.01)
    assert row["transfer_s"] == pytest.approx(0.25, abs=0.01)
    frames = [at for at, packet in enumerate(packets, 1) if packet.payload]
    asked = packets[row["first_frame"] - 1]
    assert row["request_time"] == pd.Timestamp(asked.time_ns, tz="UTC")
    assert (row["first_frame"], row["last_frame"]) == (frames[-4], frames[-1])
    assert row["response_time"] == pd.Timestamp(packets[frames[-1] - 1].time_ns, tz="UTC")


def test_knows_no_announced_bytes_when_the_sender_did_not() -> None:
    assert {row["announced_bytes"] for row in table("transactions", capture("unknown_total"))[1:]} == {None}
    big = table("transactions", capture("announces_too_much"))
    assert [row["announced_bytes"] for row in big[1:3]] == [5 << 30, 10]


@pytest.mark.parametrize(("total", "shown"), [(2**63 - 1, 2**63 - 1), (2**63, None), (2**64 - 2, None)])
def test_knows_no_announced_bytes_that_are_more_than_the_column_holds(total: int, shown: int | None) -> None:
    packets = conversation().open().transaction(0x1009, 1, data_in=b"few", announced=total).close().packets()
    assert table("transactions", packets)[1]["announced_bytes"] == shown


def test_knows_no_transaction_id_that_a_snap_length_cut_off() -> None:
    packets = conversation().open().get_property().packets()
    asked = damage.segments(packets, "command", "to-responder")[-1]
    cut = damage.cut(
        packets[: asked + 1], asked, len(packets[asked].whole) - 5
    )  # within the TransactionID, and no answer
    row = table("transactions", cut)[-1]
    assert (row["operation"], row["transaction_id"]) == ("GetDevicePropValue", None)
    assert (row["data_phase_info"], row["parameters"]) == (1, None)


def test_knows_no_transfer_time_of_a_data_phase_whose_end_is_lost() -> None:
    """When its last bytes passed can't be known; when its first ones did can."""
    packets = conversation().open().get_object(1, bytes(4000), "empty-end").get_property().close().packets()
    (end,) = (at for at in damage.segments(packets) if packets[at].payload[4] == 12 and len(packets[at].payload) == 12)
    whole, holed = (table("transactions", one)[1] for one in (packets, damage.drop(packets, end)))
    assert (holed["status"], holed["transfer_s"]) == ("gap", None)
    assert (holed["first_byte_s"], holed["latency_s"]) == (whole["first_byte_s"], whole["latency_s"])
    assert whole["transfer_s"] > 0


def test_names_the_dataset_of_a_data_phase() -> None:
    rows = table("transactions", capture("plain"))
    told = {row["operation"]: row["dataset"] for row in rows}
    assert (told["GetDeviceInfo"], told["OpenSession"]) == ("DeviceInfo", None)


def test_tells_the_camera_of_a_session() -> None:
    (row,) = table("sessions", capture("plain"))
    assert (row["manufacturer"], row["device_version"]) == ("Example", "1.0")
    assert (row["model"], row["dialect"], row["paired_by"]) == ("Pretend Camera", "standard", "connection-number")
    times = [packet.time_ns for packet in capture("plain")]
    assert row["start_time"] == pd.Timestamp(min(times), tz="UTC")
    assert row["duration_s"] == pytest.approx((max(times) - min(times)) / 1e9)


# Packets


@pytest.mark.parametrize("name", ["two_pairs", "over_ipv6", "ports_again", "http"])
def test_lists_every_packet_as_it_was_captured(name: str) -> None:
    packets = capture(name)
    rows, order = table("packets", packets), conversations(name)
    assert [row["frame"] for row in rows] == list(range(1, len(packets) + 1))
    for row, packet in zip(rows, packets, strict=True):
        assert row["time"] == pd.Timestamp(packet.time_ns, tz="UTC")
        assert (row["source"], row["source_port"]) == packet.source
        assert (row["destination"], row["destination_port"]) == packet.destination
        assert row["tcp_payload_bytes"] == len(packet.payload)
        assert row["captured_bytes"] == row["original_bytes"] == len(packet.whole)
        assert row["flags"] is None
        if name == "http":
            assert (row["session"], row["connection"]) == (None, None)
        else:
            assert (row["session"], row["connection"]) == (order.index(packet.conversation), packet.connection)


def test_lists_packets_of_other_protocols_with_what_is_known_of_them() -> None:
    """UDP both ways between two hosts, and what is not even IP, between packets of a session."""
    packets = capture("plain")
    changed = list(packets)
    for at in (3, 4, 20):
        changed[at] = damage.flip(packets, at, 23, 6 ^ 17)[at]  # the protocol of the IPv4 header
    for at in (7, 30):
        changed[at] = damage.flip(packets, at, 12, 0xFF)[at]  # the EtherType
    rows = table("packets", changed)
    for at, (row, packet) in enumerate(zip(rows, packets, strict=True)):
        ends = (row["source"], row["destination"])
        ports = (row["source_port"], row["destination_port"])
        others = (row["session"], row["connection"], row["tcp_stream"], row["tcp_payload_bytes"])
        if at in (7, 30):
            assert (ends, ports, others) == ((None, None), (None, None), (None,) * 4)
        elif at in (3, 4, 20):
            assert (ends, ports, others) == ((packet.source[0], packet.destination[0]), (None, None), (None,) * 4)
        else:
            assert (ends, ports) == (
                (packet.source[0], packet.destination[0]),
                (packet.source[1], packet.destination[1]),
            )
            assert others == (0, packet.connection, rows[at]["tcp_stream"], len(packet.payload))


def flags(packets: list[Packet]) -> dict[int, str]:
    """Flags by frame."""
    return {row["frame"]: row["flags"] for row in table("packets", packets) if row["flags"]}


def test_flags_what_is_odd_about_a_segment() -> None:
    packets = conversation().open().get_object(1, bytes(6000)).wait(1).get_property().packets()
    segments = damage.segments(packets, "command", "to-initiator")
    middle = segments[4]
    assert flags(damage.duplicate(packets, middle)) == {middle + 2: "retransmission"}
    nth = damage.segments(packets).index(middle)
    assert flags(damage.delay(packets, nth, 2)) == {middle + 3: "out-of-order"}
    assert flags(damage.drop(packets, middle)) == {segments[5]: "gap-before"}
    assert flags(damage.cut(packets, middle, 200)) == {middle + 1: "cut"}
    assert set(flags(damage.keep_alive(packets, segments[-1] + 1)).values()) == {"keep-alive"}


def test_joins_flags_of_one_segment() -> None:
    packets = conversation().open().get_object(1, bytes(6000)).packets()
    segments = damage.segments(packets, "command", "to-initiator")
    harm = damage.cut(packets, segments[5], 200)
    assert flags(damage.drop(harm, segments[4])) == {segments[5]: "gap-before+cut"}


def test_gives_long_tables_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    packets = capture("many_in_one_segment")
    with analyze(io.BytesIO(pcap_bytes(packets))) as told:
        whole = {name: told.arrow(name).to_pylist() for name in TABLES}
    monkeypatch.setattr(build, "BATCH_ROWS", 3)
    with analyze(io.BytesIO(pcap_bytes(packets))) as told:
        for name in ("transactions", "messages", "events"):
            batches = list(told.batches(name))
            assert max(batch.num_rows for batch in batches) == 3
            assert pa.Table.from_batches(batches).to_pylist() == whole[name]


# Names by vendor


def two_makers() -> list[Packet]:
    """0x9203 asked of a camera that shows itself Nikon's, of one that is Sony's, and of one that shows nothing."""
    nikon = conversation(seed=1).open().transaction(0x90C7).transaction(0x90C8).transaction(0x9203).event(0xC101)
    sony = conversation(seed=2, initiator="192.168.1.77").open()
    for code in (0xC201, 0xC203, 0xC206):
        sony.event(code)
    sony.transaction(0x9203)
    nobody = conversation(seed=3, initiator="192.168.1.78").open().transaction(0x9203)
    return damage.in_turn(nikon.close().packets(), sony.close().packets(), nobody.close().packets())


def test_names_codes_by_the_vendor_of_their_session() -> None:
    packets = two_makers()
    assert [row["vendor"] for row in table("sessions", packets)] == ["nikon", "sony", None]
    asked = [row for row in table("transactions", packets) if row["operation_code"] == 0x9203]
    assert [(row["operation"], row["vendor"], row["session"]) for row in asked] == [
        ("GetLiveViewImg", "nikon", 0),
        ("GetDevicePropDesc", "sony", 1),
        ("0x9203", None, 2),
    ]
    said = [row["code_name"] for row in table("messages", packets) if row["type_code"] == 6 and row["code"] == 0x9203]
    assert said == ["GetLiveViewImg", "GetDevicePropDesc", "0x9203"]
    assert table("events", packets)[0]["event"] == facts.name_of("event", 0xC101, "nikon") != "0xC101"


def test_gives_no_vendor_to_standard_operations() -> None:
    rows = [row for row in table("transactions", two_makers()) if row["operation"] == "OpenSession"]
    assert [row["vendor"] for row in rows] == [None] * 3


def test_says_why_it_is_this_vendor() -> None:
    assert [row["vendor_evidence"] for row in table("sessions", two_makers())] == [
        "2 operations from 0x90C7 on requested, as of nikon",
        "3 events from 0xC201 on sent, as of sony",
        None,
    ]


def test_takes_the_users_word_for_the_vendor() -> None:
    with analyze(io.BytesIO(pcap_bytes(two_makers())), vendor="nikon") as told:
        assert set(told.sessions["vendor"]) == {"nikon"}
        assert set(told.sessions["vendor_evidence"]) == {"named by the user"}
        assert set(told.transactions.query("operation_code == 0x9203")["operation"]) == {"GetLiveViewImg"}
        assert told.vendors == ["nikon"] * 3
        assert all(told.results[0].clues[:2])


def test_refuses_a_vendor_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no vendor is called nicon; known are ptp, mtp, "):
        analyze(io.BytesIO(pcap_bytes(capture("plain"))), vendor="nicon")


def test_says_what_the_data_of_a_makers_operation_is() -> None:
    packets = conversation().open().transaction(0x90C7, data_in=b"\0\0").transaction(0x90C8).close_session().packets()
    with analyze(io.BytesIO(pcap_bytes(packets)), vendor="nikon") as told:
        assert list(told.transactions["dataset"].iloc[1:2]) == ["Nikon event list"]
