"""The fields of messages, with places."""

from __future__ import annotations

import struct

from ptpip_analyze.ptp.spelled import message_fields


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", 8 + len(body), kind) + body


def places(data: bytes, kind: int | None) -> list[tuple[str, int, int]]:
    return [(value.name, value.start, value.end) for value in message_fields(data, kind)]


REQUEST = message(6, struct.pack("<IHI2I", 1, 0x1009, 5, 0x2A, 7))


def test_places_the_fields_of_a_request() -> None:
    assert places(REQUEST, 6) == [
        ("length", 0, 4), ("packetType", 4, 8), ("dataPhaseInfo", 8, 12), ("operationCode", 12, 14),
        ("transactionId", 14, 18), ("parameters", 18, 26),
    ]  # fmt: skip
    parameters = message_fields(REQUEST, 6)[-1]
    assert parameters.text == "GetObject(handle=0x2A, p2=0x7)"
    assert [part.value for part in parameters.parts] == [0x2A, 7]


def test_says_what_the_parameters_of_a_response_mean_where_its_operation_is_known() -> None:
    answer = message(7, struct.pack("<HI3I", 0x2001, 5, 0x10001, 0, 0x2B))
    assert message_fields(answer, 7, operation=0x100C)[-1].text == "OK(storage=0x00010001, parent=0x0, handle=0x2B)"
    assert message_fields(answer, 7)[-1].text is None


def test_says_what_the_parameters_of_an_event_mean() -> None:
    event = message(8, struct.pack("<HI2I", 0xC105, 5, 3, 1))
    assert message_fields(event, 8, "nikon")[-1].text == "MovieRecordInterrupted(error_code=3, record_kind=1)"


def test_tells_nothing_that_is_not_all_there() -> None:
    assert places(REQUEST[:15], 6)[-1] == ("operationCode", 12, 14)
    assert places(REQUEST[:6], 6) == [("bytes", 0, 6)]


def test_reads_names_and_versions() -> None:
    body = bytes(16) + "Zoé\0".encode("utf-16-le") + struct.pack("<I", 0x00010000)
    values = {value.name: value for value in message_fields(message(1, body), 1)}
    assert values["friendlyName"].value == "Zoé"
    assert values["protocolVersion"].text == "1.0"
    assert values["guid"].end - values["guid"].start == 16


def test_an_open_name_ends_what_is_told() -> None:
    assert places(message(1, bytes(16) + b"a\0b\0"), 1)[-1][0] == "guid"


def test_leaves_out_parameters_that_there_are_none_of() -> None:
    assert places(message(7, struct.pack("<HI", 0x2001, 5)), 7)[-1][0] == "transactionId"


def test_knows_no_fields_of_other_types() -> None:
    assert places(message(99, b"abcd"), None) == [("bytes", 0, 12)]
    assert message_fields(b"", None) == ()


def test_a_dialects_container_has_its_fields_behind_the_length() -> None:
    request = (16).to_bytes(4, "little") + b"\1\0" + b"\x07\x10" + (5).to_bytes(4, "little") + (9).to_bytes(4, "little")
    told = {value.name: (value.value, value.start) for value in message_fields(request, 0x10001, "fuji")}
    assert told["length"] == (16, 0)
    assert told["code"] == (0x1007, 6)
    assert told["transactionId"] == (5, 8)
    assert told["parameters"] == (None, 12)
    assert message_fields(b"\1\2", 0x10001)[0].name == "bytes"


def test_fujis_greetings_have_a_word_of_their_own_and_no_version() -> None:
    name = "X-T2\0".encode("utf-16-le") + bytes(30)
    asks = message(1, struct.pack("<I", 0x8F53E4F2) + bytes(range(16)) + name)
    told = {value.name: value for value in message_fields(asks, 1, "fuji", fuji=True)}
    assert list(told) == ["length", "packetType", "magic", "guid", "friendlyName", "padding"]
    assert (told["magic"].value, told["guid"].value) == (0x8F53E4F2, bytes(range(16)))
    assert (told["friendlyName"].value, told["padding"].end) == ("X-T2", len(asks))
    answers = message(2, struct.pack("<I", 7) + bytes(range(16)) + name[:10])
    told = {value.name: value for value in message_fields(answers, 2, "fuji", fuji=True)}
    assert list(told) == ["length", "packetType", "connectionNumber", "guid", "friendlyName"]
    assert (told["connectionNumber"].value, told["friendlyName"].value) == (7, "X-T2")
