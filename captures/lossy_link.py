"""A link between two network namespaces that loses frames, for recordings of real retransmissions.

Promises that both TCP stacks are the kernel's and that a lost frame is really lost, chosen by a seeded generator.
Refuses to touch the machine's own network: it must run in a network namespace made for it, as root there.
"""

from __future__ import annotations

import array
import fcntl
import os
import random
import socket
import struct
import subprocess
import threading
import time
from types import TracebackType

CAMERA_ADDRESS, CLIENT_ADDRESS = "192.0.2.1", "192.0.2.2"  # TEST-NET-1, RFC 5737
CAMERA_MAC, CLIENT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
CAMERA_INTERFACE, CLIENT_INTERFACE = "camera0", "client0"

SIOCETHTOOL = 0x8946
OFFLOADS = {"segmentation": 0x1F, "generic segmentation": 0x24, "transmit checksum": 0x17}
"""Commands of linux/ethtool.h: ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM. Relayed frames need real checksums."""
ETH_P_ALL = 3


class LossyLink:
    """``with LossyLink(0.03) as link:`` one end is in this namespace, ``link.client`` runs programs at the other.

    subprocess.CalledProcessError when the kernel refuses a part of it.
    """

    def __init__(self, loss: float, seed: int = 1) -> None:
        self._loss, self._random = loss, random.Random(seed)
        self.lost = 0
        """Frames dropped so far."""

    @property
    def client(self) -> list[str]:
        """What to put before a command so that it runs at the client's end."""
        return ["nsenter", f"--net=/proc/{self._namespace.pid}/ns/net", "--"]

    def __enter__(self) -> LossyLink:
        self._namespace = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        here = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self._namespace.pid}/ns/net") == here:
            time.sleep(0.01)
        for end, inner, mac in ((CAMERA_INTERFACE, "relay0", CAMERA_MAC), (CLIENT_INTERFACE, "relay1", CLIENT_MAC)):
            _ip(f"link add {end} address {mac} type veth peer name {inner}")
            _ip(f"link set {inner} arp off up")
            for command in OFFLOADS.values():
                _ethtool(end, command)
        _ip(f"link set {CLIENT_INTERFACE} netns {self._namespace.pid}")
        _configure(CAMERA_INTERFACE, CAMERA_ADDRESS, CLIENT_ADDRESS, CLIENT_MAC, [])
        _configure(CLIENT_INTERFACE, CLIENT_ADDRESS, CAMERA_ADDRESS, CAMERA_MAC, self.client)
        self._sockets = [_packet_socket("relay0"), _packet_socket("relay1")]
        one, other = self._sockets
        self._threads = [threading.Thread(target=self._relay, args=pair) for pair in ((one, other), (other, one))]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _ip("link delete relay0")  # wakes up both threads: their interfaces are gone
        _ip("link delete relay1")
        for thread in self._threads:
            thread.join()
        for end in self._sockets:
            end.close()
        self._namespace.terminate()
        self._namespace.wait()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        while True:
            try:
                frame, address = source.recvfrom(65536)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                if self._random.random() < self._loss:
                    self.lost += 1
                else:
                    target.send(frame)
            except OSError:
                return


def _ip(arguments: str, prefix: list[str] | None = None) -> None:
    subprocess.run([*(prefix or []), "ip", *arguments.split()], check=True)


def _configure(interface: str, address: str, peer: str, peer_mac: str, prefix: list[str]) -> None:
    """Bring one end up; its neighbour is known, so that no ARP is needed."""
    _ip(f"address add {address}/24 dev {interface}", prefix)
    _ip(f"link set {interface} up", prefix)
    _ip(f"neighbour replace {peer} lladdr {peer_mac} dev {interface} nud permanent", prefix)


def _ethtool(interface: str, command: int) -> None:
    """Set an offload to off."""
    value = array.array("B", struct.pack("=II", command, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP", interface.encode(), value.buffer_info()[0]))


def _packet_socket(interface: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    opened.bind((interface, ETH_P_ALL))
    return opened
