"""What stands in for what is personal: the same for the same, of the same length, and of the same sort.

Promises that nothing can be traced back without the key, that addresses keep their subnets and their sort (private,
link-local, multicast), and that filler depends on its place alone, never on what it replaces. Refuses to keep originals
for anybody but who asks for the map.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, OrderedDict
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..facts.makers import MAKERS, SHORT_PREFIX
from ..facts.personal import DCF_FOLDERS, DCF_LETTERS, PLAIN_FOLDERS, PUBLIC_SHAPES, SUFFIXES
from ..rules.bonding import MAC_PADDING, PLACEHOLDER

KEY_BYTES = 32
BLOCK = 1 << 16  # filler is made in blocks, which can be found again whatever was asked for before
_BLOCKS_KEPT = 64
# Seven bits: no marker of a JPEG, and no header of a message, can come about.
_SEVEN_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)

_PUBLIC = re.compile("|".join(f"(?:{shape})" for shape in PUBLIC_SHAPES))
_DCF_FILE = re.compile(r"[A-Z0-9_]{4}\d{4}\.[A-Z0-9]{3}")
_DCF_FOLDER = re.compile(r"\d{3}[A-Z0-9_]{5}")
_SEPARATORS = re.compile(r"([/\\])")
_KEPT = frozenset(" ._-")

_UPPER, _LOWER, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"

# Kinds of IPv4 addresses (RFC 6890): those that stay, and how many first bits of the others say what they are.
_IPV4_STAYS = ((0, 8), (127 << 24, 8), (224 << 24, 4), (0xFFFFFFFF, 32))
_IPV4_KINDS = ((10 << 24, 8), (0xAC100000, 12), (0xC0A80000, 16), (0xA9FE0000, 16), (0x64400000, 10))
_IPV6_STAYS = (0, 1)


class Pseudonyms:
    """One run's stand-ins. With the same ``key`` other captures get the same ones.

    ``counts`` is how often each kind was replaced, ``values`` what stands for what, by kind: never to be shown unasked.
    ``public`` are beginnings of friendly names that tell the make: models that cameras say they are.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key if len(key) <= 64 else hashlib.blake2b(key).digest()
        self.counts: Counter[str] = Counter()
        self.values: dict[str, dict[str, str]] = {}
        self.public: set[str] = set()
        self._texts: dict[str, str] = {}
        self._macs: dict[bytes, bytes] = {}
        self._ipv4s: dict[int, int] = {}
        self._ipv6s: dict[bytes, bytes] = {}
        self._blocks: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()

    def _draw(self, sort: str, value: bytes, size: int) -> bytes:
        """As many bytes as are wanted, the same for the same value of a sort."""
        seed = hashlib.blake2b(value, key=self._key, person=sort.encode()).digest()
        return hashlib.shake_128(seed).digest(size)

    def note(self, kind: str, original: str, replacement: str) -> None:
        """Remember what stands for what."""
        self.values.setdefault(kind, {})[original] = replacement

    def filler(self, identity: bytes, start: int, size: int) -> bytes:
        """Bytes of a stretch of something that has a name, from ``start`` in it on."""
        pieces, at, end = [], start, start + size
        while at < end:
            number, low = divmod(at, BLOCK)
            high = min(BLOCK, low + end - at)
            pieces.append(self.block(identity, number)[low:high])
            at += high - low
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def block(self, identity: bytes, number: int) -> bytes:
        """The ``BLOCK`` bytes of filler from place ``number * BLOCK`` on."""
        found = self._blocks.get((identity, number))
        if found is None:
            # Filler says nothing of what it replaces; so it need not be more than hard to mistake for anything.
            seed = int.from_bytes(self._draw("filler", b"%s/%d" % (identity, number), 16))
            drawn = np.random.PCG64(seed).random_raw(BLOCK // 8) & _SEVEN_BITS
            found = self._blocks[identity, number] = drawn.astype("<u8").tobytes()
            while len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return found

    def guid(self, guid: bytes) -> bytes:
        """A GUID as 16 bytes, one that names nobody (zeros, ones, counting up) as it is.

        What else rules judge stays: that it is a text, or an Ethernet address with something around it.
        """
        if len(guid) != 16 or len({(after - before) & 0xFF for before, after in pairwise(guid)}) == 1:
            return guid
        self.counts["guid"] += 1
        new = self._new_guid(guid)
        self.note("guid", guid.hex(), new.hex())
        return new

    def _new_guid(self, guid: bytes) -> bytes:
        if guid.startswith(PLACEHOLDER):
            return PLACEHOLDER + self._draw("guid", guid, 16 - len(PLACEHOLDER))
        if all(0x20 <= byte < 0x7F for byte in guid):
            return self.scrambled(guid.decode()).encode()
        if not any(guid[:MAC_PADDING]):
            return (
                guid[:-6] + self.mac(guid[-6:])
                if not any(guid[:-6])
                else bytes(MAC_PADDING) + self._draw("guid", guid, 16 - MAC_PADDING)
            )
        if guid[:6] == guid[6:12] and guid[12:] == guid[:4]:
            mac = self.mac(guid[:6])
            return mac + mac + mac[:4]
        if guid[4:10] == guid[10:]:
            mac = self.mac(guid[10:])
            return (mac[2:] if guid[:4] == guid[6:10] else self._draw("guid", guid, 4)) + mac + mac
        return self._draw("guid", guid, 16)

    def mac(self, mac: bytes) -> bytes:
        """An Ethernet address: locally administered, and of no maker. Groups stay, but for those that name a host."""
        found = self._macs.get(mac)
        if found is None:
            found = self._macs[mac] = self._new_mac(mac)
            if found != mac:
                self.note("mac", mac.hex(":"), found.hex(":"))
        return found

    def _new_mac(self, mac: bytes) -> bytes:
        if mac[:3] == b"\x33\x33\xff":  # a solicited node (RFC 2464 7, RFC 4291 2.7.1)
            return mac[:3] + self._low_bytes(mac[3:])
        if mac[0] & 1 or not any(mac):
            return mac
        drawn = self._draw("mac", mac, 6)
        return bytes([drawn[0] & 0xFC | 2]) + drawn[1:]

    def _low_bytes(self, low: bytes) -> bytes:
        """The last three bytes of an IPv6 address, as addresses that end so are mapped."""
        return next((new[13:] for old, new in self._ipv6s.items() if old[13:] == low), self._draw("node", low, 3))

    def ipv4(self, address: int) -> int:
        """An IPv4 address as a number: of the same kind, in a subnet of its own where it was in one (of 24 bits)."""
        found = self._ipv4s.get(address)
        if found is None:
            found = self._ipv4s[address] = self._new_ipv4(address)
            if found != address:
                self.note("ipv4", _dotted(address), _dotted(found))
        return found

    def _new_ipv4(self, address: int) -> int:
        if any(address >> 32 - bits == start >> 32 - bits for start, bits in _IPV4_STAYS):
            return address
        kind = _kind_of(address)
        prefix, fixed = address >> 8, kind[1] if kind else 0
        while True:  # the same steps for all of a subnet; public prefixes never become private ones
            prefix = self._flipped("ipv4", prefix, 24, fixed)
            new = prefix << 8
            if _kind_of(new) == kind and not any(new >> 32 - bits == start >> 32 - bits for start, bits in _IPV4_STAYS):
                break
        host = address & 0xFF
        if host in (0, 255):  # the network, and its broadcast
            return new | host
        order = sorted(range(1, 255), key=lambda one: self._draw("host", b"%d/%d" % (address >> 8, one), 8))
        return new | order[host - 1]

    def _flipped(self, sort: str, prefix: int, bits: int, fixed: int) -> int:
        """Bits behind the first ``fixed`` ones, turned over or not as those before each say (Xu et al., ICNP 2002)."""
        new = prefix
        for bit in range(fixed, bits):
            before = prefix >> bits - bit
            if self._draw(sort, b"%d:%d" % (bit, before), 1)[0] & 1:
                new ^= 1 << bits - 1 - bit
        return new

    def ipv6(self, address: bytes) -> bytes:
        """An IPv6 address as 16 bytes. Multicast groups, loopback and the kind of the others stay."""
        found = self._ipv6s.get(address)
        if found is None:
            found = self._new_ipv6(address)
            self._ipv6s[address] = found
            if found != address:
                self.note("ipv6", address.hex(), found.hex())
        return found

    def _new_ipv6(self, address: bytes) -> bytes:
        number = int.from_bytes(address, "big")
        if number in _IPV6_STAYS:
            return address
        if address[0] == 0xFF:
            if address[1:13] == b"\x02" + bytes(9) + b"\x01\xff":
                return address[:13] + self._low_bytes(address[13:])
            return address
        if number >> 32 == 0xFFFF:
            return address[:12] + self.ipv4(number & 0xFFFFFFFF).to_bytes(4, "big")
        fixed = 10 if number >> 118 == 0x3FA else 8 if address[0] in (0xFC, 0xFD) else 3
        prefix = number >> 64
        if fixed != 10:
            prefix = self._flipped("ipv6", prefix, 64, fixed)
        node = address[8:]
        if node[3:5] == b"\xff\xfe":  # made from an Ethernet address (RFC 4291 appendix A)
            mac = self.mac(bytes([node[0] ^ 2]) + node[1:3] + node[5:])
            new = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
        elif int.from_bytes(node, "big") < 1 << 16:  # given by hand: ::1 of a router stays
            new = node
        else:
            new = self._draw("node", node, 8)
        return prefix.to_bytes(8, "big") + new

    def text(self, text: str) -> str:
        """A text as one of as many UTF-16 units: what people write replaced, dates, sizes and DCF names kept."""
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = self._new_text(text)
            if found != text:
                self.note("text", text, found)
        if found != text:
            self.counts["text"] += 1
        return found

    def _new_text(self, text: str) -> str:
        if not text or _PUBLIC.fullmatch(text):
            return text
        return "".join(part if part in "/\\" else self._file_name(part) for part in _SEPARATORS.split(text) if part)

    def _file_name(self, name: str) -> str:
        if name.upper() in PLAIN_FOLDERS or re.fullmatch("[A-Z]:", name):
            return name
        if _DCF_FILE.fullmatch(name):
            letters = name[:4] if name[:4] in DCF_LETTERS else self.scrambled(name[:4])
            suffix = name[9:] if name[9:].lower() in SUFFIXES else self.scrambled(name[9:])
            return f"{letters}{name[4:9]}{suffix}"
        if _DCF_FOLDER.fullmatch(name):
            return name[:3] + (name[3:] if name[3:] in DCF_FOLDERS else self.scrambled(name[3:]))
        stem, dot, suffix = name.rpartition(".")
        if dot and stem and suffix.lower() in SUFFIXES:
            return f"{self.scrambled(stem)}.{suffix}"
        return self.scrambled(name)

    def friendly_name(self, name: str) -> str:
        """The name of a device: what tells its make at the beginning stays, what somebody called it does not."""
        low = name.lower()
        known = max((len(start) for start in self._makes if low.startswith(start)), default=0)
        new = name[:known] + self._texts.setdefault(name[known:], self.scrambled(name[known:]))
        if new != name:
            self.counts["name"] += 1
            self.note("name", name, new)
        return new

    @property
    def _makes(self) -> set[str]:
        return self._prefixes | {model.lower() for model in self.public if len(model) >= SHORT_PREFIX}

    @cached_property
    def _prefixes(self) -> set[str]:
        return {start for maker in MAKERS for start in maker.models if len(start) >= SHORT_PREFIX}

    def scrambled(self, text: str) -> str:
        """Letters for letters and digits for digits. Spaces, dots, dashes, control characters and the like stay."""
        value = text.encode("utf-16-le", "surrogatepass")
        drawn = self._draw("text", value, 2 * len(value) + 2)
        new = "".join(_unit(letter, drawn[at]) for at, letter in enumerate(text))
        if new == text:
            new = "".join(_unit(letter, drawn[at] + 1) for at, letter in enumerate(text))
        return new


def _unit(letter: str, drawn: int) -> str:
    """One character in place of another, of as many UTF-16 units."""
    code = ord(letter)
    if code < 0x20 or code in (0x7F, 0xFFFD) or letter in _KEPT:
        return letter
    if letter in _DIGITS:
        return _DIGITS[drawn % 10]
    if letter in _UPPER:
        return _UPPER[drawn % 26]
    if 0xD800 <= code < 0xDC00:  # a lone half of a pair, which rules judge
        return "\ud83d"
    if 0xDC00 <= code < 0xE000:
        return "\ude00"
    return _LOWER[drawn % 26] if code < 0x10000 else chr(0x1F600 + drawn % 64)


def _kind_of(address: int) -> tuple[int, int] | None:
    return next((kind for kind in _IPV4_KINDS if address >> 32 - kind[1] == kind[0] >> 32 - kind[1]), None)


def _dotted(address: int) -> str:
    return ".".join(str(address >> shift & 0xFF) for shift in (24, 16, 8, 0))
