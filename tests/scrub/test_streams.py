"""Scrubbed streams, from any offset on."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze import analyze, open_capture
from ptpip_analyze.scrub.payloads import Scrubber
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from ptpip_analyze.scrub.streams import Streams
from tests.scrub.made import scrubbed
from tests.support import rows
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, conversation, fuji_conversation, pcap_bytes

OBJECT = bytes(range(256)) * 40


def talk() -> Conversation:
    return conversation(initiator_name="Ada").open().get_object(1, OBJECT, style="tail", chunk=999).close()


def streams_of(packets: list) -> Streams:
    return Streams(analyze(io.BytesIO(pcap_bytes(packets, nano=True))).results[0], Pseudonyms(b"key"))


STREAMS = streams_of(talk().packets())
WHOLE = [STREAMS.read(number, 0, 12_000) for number in range(4)]


@given(st.integers(0, 3), st.integers(0, 11_000), st.integers(1, 900))
def test_gives_the_same_bytes_however_they_are_cut(number: int, start: int, size: int) -> None:
    assert STREAMS.read(number, start, size) == WHOLE[number][start : start + size]


def test_keeps_every_header() -> None:
    done = scrubbed(talk().packets())
    for row in rows(done.old, "messages"):
        head = {"Data": 12, "EndData": 12}.get(row["type"], 8)
        assert done.new.bytes(row["message"])[:head] == done.old.bytes(row["message"])[:head]
    assert OBJECT[:64] not in done.capture
    done.close()


def test_sends_again_what_was_sent_again() -> None:
    packets = talk().packets()
    again = max(packets, key=lambda packet: len(packet.payload))
    at = packets.index(again)
    done = scrubbed([*packets[: at + 3], replace(again, time_ns=packets[at + 2].time_ns), *packets[at + 3 :]])
    marked = [row["frame"] for row in rows(done.new, "packets") if "retransmission" in (row["flags"] or ())]
    assert marked == [at + 4]
    with open_capture(io.BytesIO(done.capture)) as source:
        (batch,) = source.batches()
        first, second = (
            batch.data[int(batch.position[row]) + 66 :][: len(again.payload) - 66].tobytes() for row in (at, at + 3)
        )
    assert first == second
    done.close()


@pytest.mark.parametrize("parts", [[(0, 4000), (4000, 6240)], [(0, 3000), (2000, 4000), (4000, 6240)]])
def test_gives_an_object_the_same_bytes_whole_and_in_parts(parts: list[tuple[int, int]]) -> None:
    spoken = conversation().open().get_object(1, OBJECT)
    for start, size in parts:
        spoken.transaction(0x101B, 1, start, size, data_in=OBJECT[start : start + size])
    done = scrubbed(spoken.close().packets())
    assert rows(done.new, "objects", {"sha256", "capture"}) == rows(done.old, "objects", {"sha256", "capture"})
    assert len({row["sha256"] for row in rows(done.new, "objects")}) == len(
        {row["sha256"] for row in rows(done.old, "objects")}
    )
    done.close()


def test_gives_other_bytes_to_another_object() -> None:
    spoken = conversation().open().get_object(1, OBJECT).get_object(2, OBJECT[::-1]).get_object(3, OBJECT).close()
    done = scrubbed(spoken.packets())
    first, second, third = (row["sha256"] for row in rows(done.new, "objects"))
    assert first == third != second
    done.close()


@pytest.mark.parametrize("name", ["Ada\x07", "Ada \U0001f600", "x" * 39, "漢字の名前"])
def test_keeps_how_well_a_name_is_formed(name: str) -> None:
    done = scrubbed(conversation(initiator_name=name).open().close().packets())
    (new,) = [row["initiator_name"] for row in rows(done.new, "sessions")]
    assert len(new) == len(name)
    assert new != name
    verdicts = [(row["rule"], row["verdict"]) for row in rows(done.new, "findings")]
    assert verdicts == [(row["rule"], row["verdict"]) for row in rows(done.old, "findings")]
    done.close()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("\u672cAda".encode("utf-16-le") + b"\0\0\0\0\1\0", b"d\0a"),
        ("\u672cAda".encode("utf-16-le"), b"d\0a"),
        ("\u672cAda".encode("utf-16-le")[:-1], b"d\0a"),
        (b"Ada's phone\0\0\0\1\0", b"Ada"),
        (b"Ada's phone", b"Ada"),
    ],
    ids=["16 bits", "without end", "cut", "8 bits", "8 bits without end"],
)
def test_replaces_every_letter_of_a_name_that_could_be_of_8_or_16_bits(name: bytes, secret: bytes) -> None:
    greeting = bytes(range(1, 17)) + name
    spoken = conversation().connect().message(1, greeting, TO_RESPONDER).init_command_ack()
    done = scrubbed(spoken.packets())
    assert secret[-2:] not in done.new.bytes(0)[24:]
    (old,), (new,) = rows(done.old, "sessions"), rows(done.new, "sessions")
    assert (new["initiator_version"], len(new["initiator_name"] or "")) == (
        old["initiator_version"], len(old["initiator_name"] or ""),
    )  # fmt: skip
    assert rows(done.new, "messages", {"capture"}) == rows(done.old, "messages", {"capture"})
    done.close()


def test_fills_a_dataset_that_would_not_read_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scrubber, "_leaf", lambda self, field, arrays: self.out.__setitem__(field.start, 0xFF))
    done = scrubbed(conversation().open().get_device_info().close().packets())
    assert done.report.filled["datasets not understood"] == 1
    assert max(done.new.data(1)) < 0x80
    assert done.new.data(1) != done.old.data(1)
    done.close()


def test_fills_what_no_message_accounts_for() -> None:
    spoken = conversation().open().raw(b"\5\0\0\0Ada was here, and left it" * 3, TO_INITIATOR).close()
    done = scrubbed(spoken.packets())
    assert b"Ada" not in done.capture
    assert rows(done.new, "messages", {"capture"}) == rows(done.old, "messages", {"capture"})
    done.close()


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        (b"Ada ", (False, False)),
        (b"\x05\0\0\0", (True, False)),
        (b"Ada \x02\x30\0\0", (False, True)),
        (b"\0\0\0\x26\0\0\0\x01", (True, True)),
    ],
)
def test_keeps_small_words_where_a_header_would_be(there: bytes, stays: tuple[bool, bool]) -> None:
    spoken = conversation().open().raw(there + b"Ada was here" * 3, TO_INITIATOR)
    done = scrubbed(spoken.packets())
    (row,) = [row for row in rows(done.new, "messages") if row["status"] == "malformed"]
    old, new = done.old.bytes(row["message"]), done.new.bytes(row["message"])
    assert (new[:4] == old[:4], new[4:8] == old[4:8]) == stays
    assert b"was here" not in done.capture
    done.close()


def test_fills_what_is_behind_the_fields_of_a_message() -> None:
    spoken = conversation().open().message(8, struct.pack("<HI20x", 0x4002, 1) + b"Ada was here", TO_INITIATOR, "event")
    done = scrubbed(spoken.close().packets())
    assert b"was here" not in done.capture
    done.close()


def test_scrubs_the_dialect_of_fujifilm() -> None:
    spoken = fuji_conversation(initiator_name="Ada's phone")
    done = scrubbed(spoken.open().get_object(1, b"\xff\xd8\xff\xe0 Ada on the beach").close().packets())
    assert "Ada's phone".encode("utf-16-le") not in done.capture
    assert b"beach" not in done.capture
    assert rows(done.new, "messages", {"capture"}) == rows(done.old, "messages", {"capture"})
    done.close()
