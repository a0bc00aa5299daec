"""Our own recorder takes frames off an interface as they are, and tells what the kernel dropped.

Needs the right to open packet sockets: without it the tests are skipped, or fail if CI=true.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import sys
import tempfile
import threading

import pytest

from ptpip_analyze.capture import open_capture, sniffing
from ptpip_analyze.capture.sniffing import Sniffer, main, record

PORT = 45_000 + os.getpid() % 10_000


@pytest.fixture
def sniffer():
    try:
        made = Sniffer("lo", f"udp port {PORT}")
    except PermissionError as refused:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(refused))
    yield made
    made.close()


def send(*payloads: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in payloads:
            sender.sendto(payload, ("127.0.0.1", PORT))


def recorded(sniffer: Sniffer, *payloads: bytes) -> bytes:
    """What is written while these are sent, up to a request to stop."""
    stopped = os.pipe()
    with tempfile.TemporaryFile() as written:
        running = threading.Thread(target=record, args=(sniffer, "lo", "udp", written.fileno(), stopped[0]))
        running.start()
        send(*payloads)
        os.write(stopped[1], b".")
        running.join()
        written.seek(0)
        data = written.read()
    for descriptor in stopped:
        os.close(descriptor)
    return data


def test_writes_each_frame_once_and_what_was_dropped(sniffer):
    data = recorded(sniffer, b"one", b"two", b"x" * 9000)
    with open_capture(io.BytesIO(data)) as source:
        (batch,) = list(source.batches())
        last = [source.read(int(at + size) - 3, 3) for at, size in zip(batch.position, batch.captured, strict=True)]
        assert last == [b"one", b"two", b"xxx"]
        assert batch.original.tolist() == batch.captured.tolist()
        assert (source.links, source.dropped) == ({1: 3}, 0)
        assert sorted(batch.time.tolist()) == batch.time.tolist()
    assert abs(int(batch.time[0]) - sniffing.time.time_ns()) < 60 * 10**9


def test_adds_up_what_the_kernel_counts_from_zero_each_time(sniffer):
    for _ in range(2):
        send(b"one", b"two")
        sniffer.count()
    assert sniffer.received == 8  # on loopback each as it leaves and as it comes
    assert sniffer.dropped == 0


class Tagged:
    """A socket that gives one frame whose VLAN tag the kernel has taken out."""

    def __init__(self) -> None:
        self.frames = [bytes(range(12)) + b"\x08\x00" + b"payload"]

    def recvmsg(self, *_: int):
        if not self.frames:
            raise BlockingIOError
        told = struct.pack("IIIHHHH", 1 << 4 | 1 << 6, 100, 21, 0, 14, 0x2007, 0x88A8)
        return self.frames.pop(), [(263, 8, told)], 0, ("wlan7", 0x0800, 0, 1, b"")


def test_puts_vlan_tags_back():
    made = Sniffer.__new__(Sniffer)
    made._socket, made._twice, made.link = Tagged(), False, 1
    ((_, data, original),) = made.packets(1000)
    assert data == bytes(range(12)) + b"\x88\xa8\x20\x07\x08\x00payload"
    assert original == 104


@pytest.mark.parametrize(
    ("interface", "capture_filter", "reason"),
    [("nosuch0", "", "no interface with this name"), ("lo", "tcq port", "Failed to compile filter expression")],
)
def test_says_what_it_can_not_capture(sniffer, interface, capture_filter, reason, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sniffing", interface, capture_filter])
    before = [sniffing.signal.getsignal(number) for number in (2, 15)]
    try:
        assert main() == 1
    finally:
        for number, handler in zip((2, 15), before, strict=True):
            sniffing.signal.signal(number, handler)
    assert reason in capsys.readouterr().err
