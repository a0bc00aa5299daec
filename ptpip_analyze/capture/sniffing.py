"""A recorder of its own, for machines without dumpcap: packets of an interface as pcapng on standard output.

Run as a program, so that capturing shares no interpreter with analysis. Opens scapy's socket with a filter that the
kernel applies, takes frames as they are, and tells once a second how many the kernel dropped (packet(7),
PACKET_STATISTICS). Ends on SIGINT and SIGTERM, when nobody reads any more, and when the interface does.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import struct
import sys
import time

from . import blocks

MOST_BYTES = 1 << 18  # of a packet: what Wireshark takes at most
BUFFER_BYTES = 32 << 20  # in the kernel, where it allows that
_FLUSH_BYTES = 1 << 16
_PATIENCE_S = 0.01  # packets that come so soon after each other are written together
_TELL_S = 1.0

_SOL_PACKET, _PACKET_AUXDATA, _PACKET_STATISTICS = 263, 8, 6
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6  # TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
_AUXDATA = struct.Struct("IIIHHHH")
_STAMP = struct.Struct("qq")

# ARPHRD_* of Linux -> LINKTYPE (https://www.tcpdump.org/linktypes.html)
LINKS = {1: 1, 772: 1, 65534: 101, 512: 101, 519: 101, 768: 101, 776: 101, 801: 105, 802: 119, 803: 127}


class Sniffer:
    """An open socket on an interface. OSError when it may not, or there is no such interface; ValueError for a filter
    that can't be compiled, or a link that has no LINKTYPE.
    """

    def __init__(self, interface: str, capture_filter: str = "") -> None:
        if not hasattr(socket, "AF_PACKET"):
            raise ValueError("sockets that capture are those of Linux: install dumpcap")
        from scapy.arch.linux import L2ListenSocket
        from scapy.error import Scapy_Exception, log_runtime

        log_runtime.setLevel("ERROR")  # it warns of links whose layers were not loaded: none is needed

        socket.if_nametoindex(interface)
        try:
            self._scapy = L2ListenSocket(iface=interface, filter=capture_filter or None)
        except (Scapy_Exception, ImportError) as error:
            raise ValueError(str(error)) from error
        self._socket = self._scapy.ins
        hardware = self._socket.getsockname()[3]
        if hardware not in LINKS:
            raise ValueError(f"links of type {hardware} (ARPHRD) can't be captured without dumpcap")
        self.link = LINKS[hardware]
        for option in (socket.SO_RCVBUF, _SO_RCVBUFFORCE):
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
            except OSError:
                continue  # without CAP_NET_ADMIN the kernel's own limit holds
        self._socket.setblocking(False)
        self._twice = hardware == 772  # a loopback interface shows each packet as it leaves and as it comes
        self.received = self.dropped = 0

    def packets(self, room: int) -> list[tuple[int, bytes, int]]:
        """Packets that wait, of about ``room`` bytes: time (ns since 1970), captured bytes, bytes on the wire.

        OSError when the interface has gone down.
        """
        found = []
        receive = self._socket.recvmsg
        while room > 0:
            try:
                data, told, _, place = receive(MOST_BYTES, 256)
            except BlockingIOError:
                break
            if self._twice and place[2] == socket.PACKET_OUTGOING:
                continue
            stamp, original = 0, len(data)
            for level, kind, value in told:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                    seconds, rest = _STAMP.unpack_from(value)
                    stamp = seconds * 10**9 + rest
                elif level == _SOL_PACKET and kind == _PACKET_AUXDATA:
                    status, original, _, _, _, tag, protocol = _AUXDATA.unpack_from(value)
                    if status & _VLAN_VALID and self.link == 1:
                        kept = protocol if status & _VLAN_TPID_VALID else 0x8100
                        data = data[:12] + struct.pack(">HH", kept, tag) + data[12:]
                        original += 4
            found.append((stamp or time.time_ns(), data, original))
            room -= len(data)
        return found

    def count(self) -> None:
        """Ask the kernel what it has received and dropped; it counts from zero each time."""
        kept, dropped = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        self.received += kept
        self.dropped += dropped

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the socket back."""
        self._scapy.close()


def record(sniffer: Sniffer, name: str, capture_filter: str, out: int, stop: int) -> str | None:
    """Write packets to a descriptor until descriptor ``stop`` can be read; returns what ended it instead, None for
    nothing else. BrokenPipeError when nobody reads.
    """

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(out, view) :]

    write(blocks.section("ptpip-analyze") + blocks.interface(sniffer.link, 0, name, capture_filter))
    poll = select.poll()
    poll.register(sniffer.fileno(), select.POLLIN)
    poll.register(stop, select.POLLIN)
    poll.register(out, select.POLLERR)
    told, fault, down = time.monotonic(), None, False
    while fault is None:
        events = dict(poll.poll(int(_TELL_S * 1000)))
        if events.get(out, 0) & select.POLLERR:
            raise BrokenPipeError
        try:
            found = sniffer.packets(_FLUSH_BYTES)
        except OSError as error:
            down, found = error.errno == errno.ENETDOWN, []
            if not down:
                fault = error.strerror or str(error)
        if down and name not in {known for _, known in socket.if_nameindex()}:
            fault = f"the network adapter {name} is no longer attached; the capture has stopped"
        down = down and not found  # one that is there again goes on
        now = time.monotonic()
        made = [blocks.packet(0, stamp, data, original) for stamp, data, original in found]
        if now - told >= _TELL_S or fault or stop in events:
            told = now
            sniffer.count()
            made.append(blocks.statistics(0, time.time_ns(), sniffer.received, sniffer.dropped))
        if made:
            write(b"".join(made))
        if stop in events and not found:
            break
    return fault


def main() -> int:
    """Record the interface that the first argument names, with the filter that the second one is."""
    interface, capture_filter = sys.argv[1], sys.argv[2]
    stopped, stop = os.pipe()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os.write(stop, b"."))
    try:
        sniffer = Sniffer(interface, capture_filter)
    except PermissionError:
        print("permission", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(getattr(error, "strerror", None) or error, file=sys.stderr)
        return 1

    try:
        fault = record(sniffer, interface, capture_filter, sys.stdout.fileno(), stopped)
    except BrokenPipeError:
        return 0
    finally:
        sniffer.close()
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
