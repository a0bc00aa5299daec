"""The interfaces of this machine are told as they are, and whether packets can be captured there."""

from __future__ import annotations

import socket

import pytest

from ptpip_analyze.capture import interfaces
from ptpip_analyze.capture.recorders import RecorderError


class Began:
    means = "dumpcap"

    def stop(self) -> None:
        """Nothing runs."""

    def ending(self) -> None:
        """Nothing ends."""


def test_tells_all_interfaces_with_address_and_state(monkeypatch):
    monkeypatch.setattr(interfaces, "start", lambda name: Began())
    found = {one.interface: one for one in interfaces.interfaces()}
    assert set(found) == {name for _, name in socket.if_nameindex()}
    loopback = found["lo"]
    assert (loopback.kind, loopback.state, loopback.capture, loopback.reason) == ("loopback", "up", "dumpcap", None)
    assert "127.0.0.1" in loopback.addresses
    assert loopback.hardware_address is None


def test_asks_once_where_nobody_may(monkeypatch):
    asked = []

    def refused(name: str) -> None:
        asked.append(name)
        raise RecorderError("no permission to capture: ask somebody")

    monkeypatch.setattr(interfaces, "start", refused)
    found = interfaces.interfaces()
    assert len(asked) == 1
    assert {one.reason for one in found if one.state != "down"} == {"no permission to capture: ask somebody"}
    assert {one.reason for one in found if one.state == "down"} <= {"it is down"}
    assert all(one.capture is None for one in found)


@pytest.mark.parametrize(
    ("hardware", "kind"), [(772, "loopback"), (65534, "tunnel"), (803, "monitor"), (4711, "other")]
)
def test_knows_kinds_by_the_type_of_the_link(hardware, kind):
    assert interfaces._kind("nosuch0", hardware) == kind


def test_knows_no_interface_to_be_down_that_is_up_or_is_not_there():
    assert not any(interfaces.is_down(name) for name in ("lo", "nosuch0", "any"))


def test_says_why_nothing_comes_from_an_interface_that_is_down(monkeypatch):
    monkeypatch.setattr(interfaces, "is_down", lambda name: name == "wlan7")
    assert interfaces.trouble_of("wlan7").startswith("is down")
    assert interfaces.trouble_of("lo") == ""
