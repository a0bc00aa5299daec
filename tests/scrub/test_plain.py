"""Headers of plain packets, many at once: as with care, each alone."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.capture import PacketBatch
from ptpip_analyze.scrub import packets as one_by_one
from ptpip_analyze.scrub.plain import Addresses, Plain, plain_packets
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from tests.capture.build import ethernet, ipv4, tcp
from tests.scrub.test_packets import scrubbed, sealed

TIMES = b"\1\1\x08\x0a" + bytes(range(8))


def frames() -> list[bytes]:
    """Segments with and without payload and options, with every sort of checksum."""
    found = []
    for payload in (b"", b"x", b"Ada was here" * 9):
        for options in (b"", TIMES):
            whole = sealed(ethernet(ipv4(tcp(payload, options=options) if options else tcp(payload))))
            pseudo = sum(int.from_bytes(whole[at : at + 2], "big") for at in range(26, 34, 2)) + 6 + len(whole) - 34
            partial = pseudo % 0xFFFF
            for at, stood in (
                (50, None), (50, 0), (50, 0x1234), (50, partial), (24, 0), (24, 0x1234), (24, 0xFFFF), (50, 0xFFFF),
            ):  # fmt: skip
                frame = bytearray(whole)
                if stood is not None:
                    frame[at : at + 2] = stood.to_bytes(2, "big")
                found.append(bytes(frame))
    return found


def test_does_what_is_done_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    many = scrubbed(frames())
    asked = []

    def none_is_plain(batch: PacketBatch, start: np.ndarray, stop: np.ndarray) -> Plain:
        found = plain_packets(batch, start, stop)
        asked.append(found.mask)
        nothing = np.zeros(len(start), bool)
        return Plain(nothing, start[:0], found.head[:0], found.options[:0])

    monkeypatch.setattr(one_by_one, "plain_packets", none_is_plain)
    assert scrubbed(frames()) == many
    assert all(mask.all() for mask in asked)


def test_tells_nothing_of_addresses_by_a_wrong_checksum() -> None:
    whole = sealed(ethernet(ipv4(tcp(b""))))
    wrong = [whole[:24] + stood.to_bytes(2, "big") + whole[26:] for stood in (0x1234, 0x4321)]
    first, second = scrubbed(wrong)
    assert first[24:26] == second[24:26]


def test_finds_addresses_again_that_come_in_any_order() -> None:
    def packet(number: int) -> bytes:
        frame = bytearray(sealed(ethernet(ipv4(tcp(b"")))))
        frame[0:6], frame[29], frame[33] = bytes([2, 0, 0, 0, 1, number]), number, 255 - number
        return bytes(frame)

    numbers = [9, 3, 200, 3, 7, 9, 1, 250]
    together = [frame[:34] for frame in scrubbed([packet(number) for number in numbers])]
    assert together == [scrubbed([packet(number)])[0][:34] for number in numbers]
    assert len(set(together)) == len(set(numbers))


def test_asks_once_for_each_address() -> None:
    asked: list[bytes] = []

    class Asked(Pseudonyms):
        def mac(self, mac: bytes) -> bytes:
            asked.append(mac)
            return super().mac(mac)

    addresses = Addresses(Asked(b"key"))
    data = np.frombuffer(sealed(ethernet(ipv4(tcp(b"")))) * 5, np.uint8)
    size = len(data) // 5
    start = np.arange(5) * size
    columns = (np.zeros(5, np.int64), start, np.full(5, size), np.full(5, size), np.ones(5, np.uint32))
    for _ in range(3):
        addresses.write(data.copy(), plain_packets(PacketBatch(0, 0, data, *columns), start, start + size))
    assert len(asked) == len(set(asked)) == 2
