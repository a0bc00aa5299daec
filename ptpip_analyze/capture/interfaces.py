"""The interfaces of this machine, and whether packets can be captured on them. Asks the system, and tries it."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
from typing import NamedTuple

from .recorders import RecorderError, start

_KINDS = {772: "loopback", 65534: "tunnel", 768: "tunnel", 776: "tunnel", 801: "wireless", 802: "wireless",
          803: "monitor"}  # fmt: skip


_SIOCGIFFLAGS, _IFF_UP = 0x8913, 1  # netdevice(7)


class Interface(NamedTuple):
    """An interface. ``capture`` is by what packets can be captured there, None with the ``reason`` why they can't.

    ``kind`` is one of ethernet, wireless, loopback, bridge, virtual, tunnel, monitor, other; ``state`` up, no-carrier
    or down. ``addresses`` are its IP addresses, ``hardware_address`` is None where it has none.
    """

    interface: str
    kind: str
    state: str
    addresses: list[str]
    hardware_address: str | None
    capture: str | None
    reason: str | None


def interfaces() -> list[Interface]:
    """All interfaces, in the system's order."""
    import scapy.arch  # noqa: F401  fills the list
    from scapy.config import conf

    found = []
    refused: str | None = None
    for one in sorted(conf.ifaces.values(), key=lambda one: int(one.index)):
        flags = str(one.flags).split("+")
        up = "UP" in flags
        state = "down" if not up else "up" if "RUNNING" in flags else "no-carrier"
        addresses = [address for version in (4, 6) for address in one.ips.get(version, ())]
        hardware = None if not one.mac or one.mac == "00:00:00:00:00:00" else str(one.mac)
        capture = None
        reason: str | None = None
        if not up:
            reason = "it is down"
        else:
            capture, reason = (None, refused) if refused else _tried(one.name)
            if reason and reason.startswith("no permission"):
                refused = reason  # asked once: it is the same for all
        found.append(Interface(str(one.name), _kind(one.name, one.type), state, addresses, hardware, capture, reason))
    return found


def is_down(name: str) -> bool:
    """Is an interface there, and set down? Only Linux is asked."""
    if sys.platform != "linux":
        return False
    asked = struct.pack("40s", os.fsencode(name)[:15])  # struct ifreq: 16 bytes of name, then flags
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked)
        except OSError:  # there is none, or it is a name for all of them
            return False
    (flags,) = struct.unpack_from("H", answer, 16)
    return not flags & _IFF_UP


def trouble_of(name: str) -> str:
    """Why nothing comes from an interface, to be said behind its name; "" where there is no reason to be known."""
    return "is down: nothing comes before it is up" if is_down(name) else ""


def _tried(name: str) -> tuple[str | None, str | None]:
    """By what packets can be captured on an interface, or why not."""
    try:
        recorder = start(name)
    except RecorderError as error:
        return None, str(error)
    recorder.stop()
    recorder.ending()
    return recorder.means, None


def _kind(name: str, hardware: int) -> str:
    """What an interface is, as far as Linux tells below /sys/class/net, or the type of its link."""
    place = os.path.join("/sys/class/net", name)
    if hardware == 1:
        if os.path.exists(os.path.join(place, "wireless")) or os.path.exists(os.path.join(place, "phy80211")):
            return "wireless"
        if os.path.exists(os.path.join(place, "bridge")):
            return "bridge"
        if os.path.exists(place) and not os.path.exists(os.path.join(place, "device")):
            return "virtual"
        return "ethernet"
    return _KINDS.get(hardware, "other")
