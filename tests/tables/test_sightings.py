"""Codes without a name that stand in data phases."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.tables import sightings
from ptpip_analyze.tables.unknown import signature, unknown_codes
from tests.support import Row, analysed
from tests.traffic import Conversation, capture, conversation
from tests.traffic.conversation import device_info
from tests.traffic.polls import CANON_END, record, u16, u32


def camera(manufacturer: str, model: str) -> Conversation:
    return conversation().open().transaction(0x1001, data_in=device_info(manufacturer, model))


def unknown(one: Conversation) -> list[Row]:
    with analysed(one.packets()) as told:
        return unknown_codes(told)


def test_lists_what_eos_cameras_put_into_their_lists() -> None:
    changed = record(0xC189, u32(0xDEAD, 7))
    one = camera("Canon Inc.", "Canon EOS R5")
    one.transaction(0x9116, data_in=record(0xC1FD, u32(9, 3)) + changed + CANON_END)
    one.transaction(0x9116, data_in=changed + CANON_END)
    one.transaction(0x9110, data_out=u32(12, 0xDEAE, 5))
    found = {(row["kind"], row["code"]): row for row in unknown(one)}
    assert list(found) == [("event", 0xC1FD), ("property", 0xDEAD), ("property", 0xDEAE)]
    assert [row["count"] for row in found.values()] == [1, 2, 1]
    assert {row["vendor"] for row in found.values()} == {"canon_eos"}
    event = found["event", 0xC1FD]
    assert (event["smallest_bytes"], event["payload"]) == (8, "u64")
    assert found["property", 0xDEAE]["payload"] == "u32"


def test_lists_what_nikons_lists_and_events_name() -> None:
    one = camera("Nikon Corporation", "Z 6").event(0x4006, 0xFFFFFFFF, 0xDEAD)
    one.transaction(0x90C7, data_in=u16(2) + u16(0xC1FF) + u32(9) + u16(0xC101) + u32(1))
    assert [(row["kind"], row["code"], row["parameters"]) for row in unknown(one)] == [
        ("property", 0xDEAD, "()"),
        ("event", 0xC1FF, "(0x9)"),
    ]


def test_lists_formats_of_objects() -> None:
    info = u32(0x10001) + u16(0xB7FF, 0) + u32(1000) + bytes(40) + b"\0\0\0\0"
    one = conversation().open().transaction(0x1008, 0x2A, data_in=info).transaction(0x1008, 0x2B, data_in=info)
    assert [(row["kind"], row["code"], row["count"], row["parameters"]) for row in unknown(one)] == [
        ("format", 0xB7FF, 2, "(0x2A..0x2B)")
    ]


def test_counts_a_property_that_a_request_names_once() -> None:
    (row,) = unknown(conversation().open().get_property(0xDFFE, b"\x05\x00"))
    assert (row["kind"], row["code"], row["count"]) == ("property", 0xDFFE, 1)


def test_finds_nothing_where_everything_has_a_name() -> None:
    for name in ("canon_polls", "nikon_polls", "sony_polls"):
        with analysed(capture(name)) as told:
            assert [row for row in unknown_codes(told) if row["kind"] in ("event", "format")] == []


def test_keeps_few_parameter_lists_that_say_the_same() -> None:
    rng = np.random.default_rng(5)
    words = rng.integers(0, 1 << 32, (500, 6))
    words[:, 0] = rng.integers(1, 6, 500)
    few = sightings.extremes(words)
    assert len(few) <= 11
    assert signature(few) == signature(words)


def test_tells_a_bounded_number_of_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "MOST_CODES", 3)
    monkeypatch.setattr(sightings, "_MOST_SIGHTS", 4)
    one = camera("Canon Inc.", "Canon EOS R5")
    for _ in range(9):
        one.transaction(0x9116, data_in=b"".join(record(code, u32(1)) for code in range(0xCF00, 0xCF09)) + CANON_END)
    assert [(row["code"], row["count"]) for row in unknown(one)] == [(0xCF00, 9), (0xCF01, 9), (0xCF02, 9)]
