"""From link layer to network layer: where the IP packet begins in each frame, for a whole batch at once.

Knows Ethernet, VLAN tags up to four deep, Linux cooked v1 and v2, raw IP, BSD null/loopback, 802.11 plain, with
radiotap and with PPI. Refuses, by saying "no IP here", what is encrypted, fragmented or aggregated (A-MSDU) on 802.11,
and link types that it doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .batch import header_rows, layout

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
EtherTypes = npt.NDArray[np.uint16]

ETHERNET = 1  # LINKTYPE
NO_NETWORK = 0
IPV4 = 0x0800
IPV6 = 0x86DD
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
MOST_VLAN_TAGS = 4

_LONGEST_8023_FRAME = 1500  # an EtherType up to this is a length, and LLC follows (IEEE 802.3 3.2.6)
_COOKED_LLC = 4  # protocol number of Linux for frames that begin with LLC
_LLC_SNAP = 0xAAAA03

_ETHERNET = layout(14, type=(12, ">u2"))
_VLAN = layout(4, type=(2, ">u2"))
_COOKED = layout(16, type=(14, ">u2"))
_COOKED_2 = layout(20, type=(0, ">u2"))
_FAMILY = layout(4, big=(0, ">u4"), little=(0, "<u4"))
_VERSION = layout(1, version=(0, "u1"))
_SNAP = layout(8, llc=(0, ">u4"), vendor=(2, ">u4"), type=(6, ">u2"))
_WIFI = layout(24, control=(0, "u1"), flags=(1, "u1"), sequence=(22, "<u2"))
_QOS = layout(2, control=(0, "u1"))
_RADIOTAP = layout(8, version=(0, "u1"), length=(2, "<u2"), present=(4, "<u4"))
_WORD = layout(4, word=(0, "<u4"))
_PPI = layout(8, length=(2, "<u2"), link=(4, "<u4"))

# Of presence in a radiotap header; real ones have one per antenna.
_MOST_PRESENCE_WORDS = 32

# Address families of IPv6: Linux, NetBSD and OpenBSD, FreeBSD, macOS.
_FAMILIES_IPV6 = (10, 24, 28, 30)
_FAMILY_IPV4 = 2


def network_layer(
    data: Bytes, start: Offsets, stop: Offsets, link: npt.NDArray[np.uint32]
) -> tuple[EtherTypes, Offsets]:
    """EtherType of each frame (0 when it carries no network layer that is known) and where in ``data`` that begins.

    A frame lies at ``data[start[i]:stop[i]]`` and is of LINKTYPE ``link[i]``. A frame that is cut before its EtherType
    has type 0.
    """
    if len(start) and bool((link == link[0]).all()):
        reader = _READERS.get(int(link[0]))
        if reader is None:
            return np.zeros(len(start), np.uint16), stop.copy()
        return reader(data, start, stop)
    types = np.zeros(len(start), np.uint16)
    offsets = stop.copy()
    for one in sorted(set(link.tolist())):
        reader = _READERS.get(one)
        if reader is not None:
            rows = np.flatnonzero(link == one)
            types[rows], offsets[rows] = reader(data, start[rows], stop[rows])
    return types, offsets


def _tagged(data: Bytes, offset: Offsets, stop: Offsets, types: EtherTypes) -> tuple[EtherTypes, Offsets]:
    """Look behind VLAN tags and LLC/SNAP; ``offset`` is where the EtherType's payload begins."""
    if bool((types == IPV4).all()):
        return types, offset
    for _ in range(MOST_VLAN_TAGS):
        rows = np.flatnonzero(np.isin(types, VLAN_TAGS))
        if not len(rows):
            break
        types[rows] = header_rows(data, offset[rows], stop[rows], _VLAN)["type"]
        offset[rows] += 4
    rows = np.flatnonzero((types <= _LONGEST_8023_FRAME) & (types > 0))
    if len(rows):
        types[rows], offset[rows] = _snap(data, offset[rows], stop[rows])
    return types, offset


def _snap(data: Bytes, offset: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    """EtherType behind an LLC/SNAP header (RFC 1042); 0 for other LLC."""
    snap = header_rows(data, offset, stop, _SNAP)
    # The organisation is 0, or that of bridge-tunnel encapsulation (IEEE 802.1H).
    known = (snap["llc"] >> 8 == _LLC_SNAP) & np.isin(snap["vendor"] & 0xFFFFFF, (0, 0x0000F8))
    return np.where(known, snap["type"], NO_NETWORK).astype(np.uint16), offset + 8


def _ethernet(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    types = header_rows(data, start, stop, _ETHERNET)["type"].astype(np.uint16)
    return _tagged(data, start + 14, stop, types)


def _cooked(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    return _tagged(data, start + 16, stop, _cooked_type(header_rows(data, start, stop, _COOKED)))


def _cooked_2(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    return _tagged(data, start + 20, stop, _cooked_type(header_rows(data, start, stop, _COOKED_2)))


def _cooked_type(head: npt.NDArray[np.void]) -> EtherTypes:
    types = head["type"].astype(np.uint16)
    types[(types <= _LONGEST_8023_FRAME) & (types != _COOKED_LLC)] = NO_NETWORK
    return types


def _raw(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    version = header_rows(data, start, stop, _VERSION)["version"] >> 4
    return np.where(version == 4, IPV4, np.where(version == 6, IPV6, NO_NETWORK)).astype(np.uint16), start.copy()


def _family(family: Any) -> EtherTypes:
    types = np.where(np.isin(family, _FAMILIES_IPV6), IPV6, NO_NETWORK)
    return np.where(family == _FAMILY_IPV4, IPV4, types).astype(np.uint16)


def _null(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    head = header_rows(data, start, stop, _FAMILY)  # in the byte order of whoever captured
    return _family(np.minimum(head["big"], head["little"])), start + 4


def _loop(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    return _family(header_rows(data, start, stop, _FAMILY)["big"]), start + 4


def _wifi(data: Bytes, start: Offsets, stop: Offsets, padded: Any = False) -> tuple[EtherTypes, Offsets]:
    """802.11 (IEEE 802.11-2020 9.2, 9.3.2); ``padded`` where the header is padded to a multiple of 4 bytes."""
    head = header_rows(data, start, stop, _WIFI)
    control, flags = head["control"], head["flags"]
    plain = (control & 0x4F == 0x08) & (flags & 0x44 == 0)  # data that is not null, protected or followed by fragments
    plain &= head["sequence"] & 0x0F == 0
    size = np.where(flags & 0x03 == 0x03, 30, 24).astype(np.int64)  # a fourth address between access points
    qos = np.flatnonzero(plain & (control & 0x80 != 0))
    if len(qos):
        aggregated = header_rows(data, start[qos] + size[qos], stop[qos], _QOS)["control"] & 0x80 != 0
        plain[qos[aggregated]] = False
        size[qos] += np.where(flags[qos] & 0x80 != 0, 6, 2)  # QoS control, and HT control behind it
    size = np.where(padded, size + -size % 4, size)
    types, offset = _snap(data, start + size, stop)
    return np.where(plain, types, NO_NETWORK).astype(np.uint16), offset


def _radiotap(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    """Radiotap (radiotap.org): its length, and whether its flags say that the 802.11 header is padded."""
    head = header_rows(data, start, stop, _RADIOTAP)
    length = head["length"].astype(np.int64)
    words = np.ones(len(start), np.int64)  # of presence: each says in bit 31 whether another follows
    more = np.flatnonzero(head["present"] >> 31)
    for _ in range(_MOST_PRESENCE_WORDS):
        if not len(more):
            break
        at = start[more] + 4 + 4 * words[more]
        word = header_rows(data, at, np.minimum(stop[more], start[more] + length[more]), _WORD)["word"]
        words[more] += 1
        more = more[word >> 31 != 0]
    field = 4 + 4 * words
    field = np.where(head["present"] & 1, field + -field % 8 + 8, field)  # the time stamp, 8 bytes aligned to 8
    flags = header_rows(data, start + field, np.minimum(stop, start + length), _VERSION)["version"]
    padded = (head["present"] & 2 != 0) & (flags & 0x20 != 0)
    known = (head["version"] == 0) & (length >= 8)
    types, offset = _wifi(data, start + length, stop, padded)
    return np.where(known, types, NO_NETWORK).astype(np.uint16), offset


def _ppi(data: Bytes, start: Offsets, stop: Offsets) -> tuple[EtherTypes, Offsets]:
    head = header_rows(data, start, stop, _PPI)
    types, offset = _wifi(data, start + head["length"], stop)
    return np.where(head["link"] == 105, types, NO_NETWORK).astype(np.uint16), offset


Reader = Callable[[Bytes, Offsets, Offsets], tuple[EtherTypes, Offsets]]
_READERS: dict[int, Reader] = {
    0: _null,
    ETHERNET: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    105: _wifi,
    108: _loop,
    113: _cooked,
    127: _radiotap,
    192: _ppi,
    228: _raw,
    229: _raw,
    276: _cooked_2,
}
KNOWN_LINKS = frozenset(_READERS)
