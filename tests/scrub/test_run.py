"""A scrubbed capture is the same conversation, and nothing of anybody is left in it."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ptpip_analyze.capture import Source
from tests.scrub.made import PERSONAL, scrubbed, without_personal
from tests.support import RECORDED, ROOT, rows
from tests.traffic import STORIES, Packet, capture, conversation, pcapng_bytes
from tests.traffic.announce import announced, arp, dhcp_packet, mdns, notify, to_group

BORROWED = sorted((ROOT.parent / "shared" / "captures").glob("*.pcap*"))
GUIDS = bytes.fromhex("a17f3c9955e2460b8d0e11c2d3b4f5a6"), bytes.fromhex("5be1c07742aa4d3f9c6612fe84d7390b")
PHOTO = b"\xff\xd8\xff\xe1\0\x10Exif\0\0" + b"51.4779N 0.0015W taken by Ada " * 40 + b"\xff\xd9"


def texts(*values: str) -> bytes:
    """PTP strings."""
    return b"".join(
        bytes([len(value) + 1]) + (value + "\0").encode("utf-16-le") if value else b"\0" for value in values
    )


def codes(*values: int) -> bytes:
    return struct.pack(f"<I{len(values)}H", len(values), *values)


SECRETS = {
    "Ada's laptop", "Ada's EOS", "SN-4471-0093", "Ada Lovelace", "ada_on_beach.jpg", "byron family", "HomeNet5G",
    "Adas CARD", "lovelace-host",
}  # fmt: skip


def revealing() -> list[Any]:
    """Packets in which all that one may want to keep for oneself stands somewhere."""
    info = struct.pack("<HIH", 100, 6, 100) + texts("microsoft.com: 1.0") + bytes(2) + codes(0x1001) + codes() + codes()
    info += codes() + codes() + texts("Canon Inc.", "Canon EOS R5", "1.8.1", "SN-4471-0093")
    description = struct.pack("<HHB", 0x501E, 0xFFFF, 1) + texts("", "Ada Lovelace") + b"\0"
    store = struct.pack("<HHHQQI", 3, 2, 0, 10**9, 10**8, 77) + texts("SD card 1", "Adas CARD")
    object_info = struct.pack("<IHHIHIIIIIIIHII", 65537, 0x3801, 0, len(PHOTO), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    object_info += texts("ada_on_beach.jpg", "20260101T101010", "", "byron family")
    talk = conversation(
        initiator_guid=GUIDS[0], responder_guid=GUIDS[1], initiator_name="Ada's laptop", responder_name="EOS Ada's EOS"
    )
    talk.open().transaction(0x1001, data_in=info).transaction(0x1005, 65537, data_in=store)
    talk.transaction(0x1014, 0x501E, data_in=description).transaction(0x1008, 1, data_in=object_info)
    talk.get_object(1, PHOTO).transaction(0x9999, data_in=b"HomeNet5G\0" + "HomeNet5G".encode("utf-16-le"))
    talk.close()
    told = [
        mdns(announced("lovelace-host", b"guid=" + GUIDS[1].hex().encode(), target="lovelace-host.local"), -0.4),
        to_group(notify("a17f3c99-55e2-460b-8d0e-11c2d3b4f5a6"), -0.3),
        dhcp_packet(1, "0.0.0.0", -0.2, (12, b"lovelace-host"), (60, b"HomeNet5G")),
        arp("192.168.1.1", "192.168.1.20", -0.1),
    ]
    return [*told, *talk.packets()]


@pytest.mark.parametrize("name", STORIES)
def test_gives_the_same_tables_of_a_story(name: str) -> None:
    done = scrubbed(capture(name))
    for table in PERSONAL:
        assert without_personal(done.new, table) == without_personal(done.old, table), table
    done.close()


@pytest.mark.parametrize("path", [*RECORDED, *BORROWED], ids=lambda path: path.name)
def test_gives_the_same_tables_of_a_recorded_capture_and_leaves_no_value_that_it_replaced(path: Path) -> None:
    done = scrubbed(path)
    for table in PERSONAL:
        assert without_personal(done.new, table) == without_personal(done.old, table), table
    for kind, values in done.report.values.items():
        for value in values:
            for spelled in spellings(kind, value):
                assert spelled not in done.capture, (kind, value)
    done.close()


def spellings(kind: str, value: str) -> list[bytes]:
    """How a value may be written; of short texts, which come about by chance, none."""
    if kind == "mac":
        return [bytes.fromhex(value.replace(":", ""))]
    if kind == "ipv4":
        return [bytes(map(int, value.split(".")))]
    if kind in ("guid", "ipv6"):
        return [bytes.fromhex(value), value.encode()]
    return [value.encode(form, "surrogatepass") for form in ("utf-8", "utf-16-le")] if len(value) > 5 else []


def damaged(name: str, seed: int) -> list[Packet]:
    """A story of which packets were lost, cut to a few bytes, and altered."""
    draw, packets = Random(seed), []
    for packet in capture(name):
        if packet.payload and draw.random() < 0.2:
            if seed % 3 == 0:
                continue
            frame = bytearray(packet.whole)
            if seed % 3 == 1:
                packet = replace(packet, captured=len(frame) - len(packet.payload) + draw.choice((4, 8, 20)))
            else:
                frame[len(frame) - len(packet.payload) + draw.choice((0, 1, 4, 5, 6, 7))] ^= 0x30
                packet = replace(packet, raw=bytes(frame))
        packets.append(packet)
    return packets


@pytest.mark.parametrize("name", ["plain", "big_object", "cancels_in", "two_pairs"])
@pytest.mark.parametrize("seed", range(6))
def test_gives_the_same_tables_of_a_damaged_story(name: str, seed: int) -> None:
    done = scrubbed(damaged(name, seed))
    for table in PERSONAL:
        assert without_personal(done.new, table) == without_personal(done.old, table), table
    done.close()


def test_leaves_nothing_that_tells_of_anybody() -> None:
    done = scrubbed(pcapng_bytes(revealing(), unknown=True))
    for secret in SECRETS:
        for spelled in (secret, secret.upper(), secret.encode().hex()):
            assert spelled.encode() not in done.capture, secret
            assert spelled.encode("utf-16-le") not in done.capture, secret
    for guid in GUIDS:
        assert guid not in done.capture
        assert guid.hex().encode() not in done.capture.lower()
    for address in (bytes([192, 168, 1, 1]), bytes([192, 168, 1, 20]), b"192.168.1.1"):
        assert address not in done.capture
    for station in {packet.frame[6:12] for packet in revealing()} - {b"\xff" * 6}:
        assert station not in done.capture
    assert b"51.4779N" not in done.capture
    assert b"Exif" not in done.capture
    assert b"skip me" not in done.capture
    assert b"odd" not in done.capture
    done.close()


def test_keeps_what_names_the_make_and_its_firmware() -> None:
    done = scrubbed(revealing())
    old, new = rows(done.old, "sessions")[0], rows(done.new, "sessions")[0]
    for column in ("manufacturer", "model", "vendor"):
        assert new[column] == old[column] is not None
    assert new["responder_name"].startswith("EOS ")
    assert new["responder_name"] != old["responder_name"]
    assert b"1.8.1".decode().encode("utf-16-le") in done.capture
    done.close()


def test_keeps_the_format_of_a_photo_and_nothing_else_of_it() -> None:
    done = scrubbed(revealing())
    number = next(row["transaction"] for row in rows(done.new, "transactions") if row["operation"] == "GetObject")
    photo = done.new.data(number)
    assert len(photo) == len(PHOTO)
    assert photo[:3] == b"\xff\xd8\xff"
    assert photo[-2:] == b"\xff\xd9"
    assert b"\xff" not in photo[3:-2]
    same = sum(one == other for one, other in zip(photo[3:-2], PHOTO[3:-2], strict=True))
    assert same < len(photo) / 20
    done.close()


def test_joins_announcement_and_session_as_before() -> None:
    done = scrubbed(revealing())
    (old,) = [row for row in rows(done.old, "discovery") if row["kind"] == "announcement" and row["method"] == "mdns"]
    (new,) = [row for row in rows(done.new, "discovery") if row["kind"] == "announcement" and row["method"] == "mdns"]
    assert new["joined_by"] == old["joined_by"] == "guid"
    assert new["guid"] == rows(done.new, "sessions")[0]["responder_guid"] != old["guid"]
    done.close()


def test_gives_the_same_stand_ins_with_the_same_key_and_others_with_another() -> None:
    first, again, other, drawn = (scrubbed(revealing(), key).capture for key in (b"one", b"one", b"two", None))
    assert first == again
    assert first != other
    assert drawn not in (first, other)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_writes_the_same_however_the_capture_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scrubbed(path)
    batches = Source.batches
    monkeypatch.setattr(Source, "batches", lambda source, *_, **__: batches(source, 5000))
    in_parts = scrubbed(path)
    assert in_parts.capture == whole.capture
    whole.close()
    in_parts.close()


def test_counts_in_its_report_and_tells_no_value() -> None:
    done = scrubbed(revealing())
    told = json.dumps(done.report.as_dict())
    assert done.report.replaced["guid"] == 2
    assert done.report.filled["objects"] == 1
    for kind, values in done.report.values.items():
        assert done.report.replaced[kind] == len(values)
        assert not [value for value in (*values, *values.values()) if len(value) > 5 and value in told]
    done.close()


def test_leaves_the_source_as_it_was_told() -> None:
    done = scrubbed(pcapng_bytes(revealing())[:-9])
    assert done.old.results[0].damage is not None
    assert done.new.results[0].packets == done.old.results[0].packets
    assert done.new.results[0].damage is None
    done.close()
