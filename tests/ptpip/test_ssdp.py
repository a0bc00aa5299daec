"""SSDP messages written by hand, and hostile ones."""

from __future__ import annotations

import time

import pytest

from ptpip_analyze.ptpip import ssdp
from ptpip_analyze.ptpip.announcement import Said
from tests.traffic import announce as say

UUID = "6f2c81d3-5ab9-4e07-a1c4-d9e8b7305f12"
CAMERA = 0xFFFF_C0A80101


def said(payload: bytes) -> Said:
    notice = ssdp.parse(payload)
    assert notice is not None
    return ssdp.said(notice)


def test_tells_what_a_camera_notifies() -> None:
    assert said(say.notify(UUID)) == Said(
        "ssdp", "announcement", say.CANON, "Camera OS/1.0 UPnP/1.0", (CAMERA,), None, UUID.replace("-", ""),
        "LOCATION: http://192.168.1.1:49152/upnp/CameraDevDesc.xml; SERVER: Camera OS/1.0 UPnP/1.0", 1800,
    )  # fmt: skip


def test_hears_a_goodbye_a_question_and_an_answer() -> None:
    assert said(say.notify(UUID, nts="ssdp:byebye")).kind == "goodbye"
    asked = said(say.ssdp("M-SEARCH * HTTP/1.1", MAN='"ssdp:discover"', MX="2", ST=say.CANON))
    assert asked == Said("ssdp", "query", say.CANON)
    answer = said(say.ssdp("HTTP/1.1 200 OK", ST=say.CANON, USN=f"uuid:{UUID}", Location="http://[fe80::1]:80/"))
    assert (answer.kind, answer.service, answer.addresses) == ("answer", say.CANON, (0xFE80 << 112 | 1,))


def test_reads_headers_in_any_case_and_lines_with_any_end() -> None:
    found = said(
        b"notify * http/1.1\nnts:SSDP:ALIVE\nNt: x\nusn : UUID:"
        + UUID.upper().encode()
        + b"::x\ncache-control: no-cache, MAX-AGE = 7\n"
    )
    assert (found.service, found.guid, found.ttl) == ("x", UUID.replace("-", ""), 7)


@pytest.mark.parametrize(
    "payload",
    [b"", b"NOTIFY * HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 No\r\n\r\n", b"GET / HTTP/1.1\r\n", b"\0" * 40,
     say.notify(UUID, nts="ssdp:propchange")],
)  # fmt: skip
def test_takes_nothing_else_for_ssdp(payload: bytes) -> None:
    assert ssdp.parse(payload) is None


@pytest.mark.parametrize("location", ["", "http://camera.local/x", "http://999.1.1.1/", "nonsense", "http://[::1/"])
def test_takes_only_addresses_for_addresses(location: str) -> None:
    assert said(say.notify(UUID, location=location)).addresses == ()


def test_bounds_header_floods_and_giant_lines() -> None:
    flood = b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nNT: x\r\n" + b"".join(
        b"X-%d: %s\r\n" % (n, b"y" * 4000) for n in range(5000)
    )
    begin = time.perf_counter()
    notice = ssdp.parse(flood)
    assert time.perf_counter() - begin < 0.5
    assert notice is not None
    assert len(notice.headers) <= ssdp.MOST_LINES
    assert max(map(len, notice.headers.values())) <= ssdp.MOST_LINE
    assert len(ssdp.said(notice).text or "") <= 1024


def test_finds_cameras_without_reading_headers() -> None:
    assert ssdp.TELLS.search(say.notify(UUID))
    assert ssdp.TELLS.search(say.notify(UUID, service="urn:schemas-sony-com:service:DigitalImaging:1", location=""))
    assert not ssdp.TELLS.search(say.notify(UUID, service="upnp:rootdevice", location="http://tv/"))
