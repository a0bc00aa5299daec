"""Cameras that announced themselves, and no connection followed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.traffic import Packet, announce
from tests.traffic import conversation as talk

from .made import examination


def told(*packets: Packet) -> list[dict[str, Any]]:
    rows = examination(packets)["captures"][0]["sayings"]
    return [row for row in rows if row["topic"] == "discovery"]


def test_says_where_a_camera_was_that_nobody_called() -> None:
    (row,) = told(announce.mdns(announce.announced("attic")))
    assert row["grade"] == "unknown"
    assert row["says"].startswith("“attic” announced itself at 192.168.1.1, port 15740 (_ptp._tcp")
    assert "no connection to it is in the capture: none was opened, or it was not captured." in row["says"]
    assert row["frames"] == [1]


def test_says_nothing_of_a_camera_that_was_called() -> None:
    packets = talk().open().close_session().close().packets()
    assert told(announce.mdns(announce.announced()), *packets) == []


def test_says_nothing_of_a_connection_that_was_refused_there() -> None:
    syn = talk().open().packets()[0]
    assert told(announce.mdns(announce.announced()), syn) == []


def test_says_nothing_of_what_is_no_camera() -> None:
    printer = announce.announced("printer", service="_ipp._tcp.local", port=631)
    assert told(announce.mdns(printer), announce.to_group(announce.notify("1" * 8, "urn:x:device:TV:1"))) == []


def test_says_one_announcement_once() -> None:
    again = [announce.mdns(announce.announced("attic"), at_s=-9 + number) for number in range(5)]
    (row,) = told(*again)
    assert row["frames"] == [1, 2, 3, 4, 5]


def test_says_that_the_connection_went_to_another_port() -> None:
    packets = talk().open().close_session().close().packets()
    (row,) = told(announce.mdns(announce.announced("attic", port=15741)), *packets)
    assert row["grade"] == "unknown"
    assert (
        "port 15741 (_ptp._tcp), but the connection that was opened there afterwards goes to port 15740." in row["says"]
    )
    assert row["frames"] == [1, 2]


def test_says_nothing_of_a_port_that_was_called_before() -> None:
    packets = talk().open().close_session().close().packets()
    late = announce.mdns(announce.announced("attic", port=15741), at_s=3600)
    (row,) = told(*packets, late)
    assert "no connection to it is in the capture" in row["says"]


def test_says_that_another_camera_answers_than_was_announced() -> None:
    packets = talk().open().close_session().close().packets()
    (row,) = told(announce.mdns(announce.announced("attic", b"guid=" + bytes(range(50, 66)).hex().encode())), *packets)
    assert row["grade"] == "unknown"
    assert row["says"].startswith(f"“attic” announced the GUID {bytes(range(50, 66)).hex()} at 192.168.1.1, and ")
    assert f"calls itself {bytes(range(16, 32)).hex()}: another camera has that address now, or" in row["says"]


def test_takes_a_guid_for_the_same_in_another_order_of_bytes() -> None:
    for guid in (UUID(bytes=bytes(range(16, 32))), UUID(bytes_le=bytes(range(16, 32)))):
        packets = talk().open().close_session().close().packets()
        assert told(announce.mdns(announce.announced("attic", b"guid=" + guid.hex.encode())), *packets) == []
