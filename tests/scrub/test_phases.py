"""Data phases scrubbed, many at once and one by one."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.scrub import phases
from ptpip_analyze.scrub.payloads import Scrubber
from ptpip_analyze.scrub.phases import Phases
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from tests.scrub.made import scrubbed
from tests.scrub.test_run import texts
from tests.traffic import Conversation, conversation, pcap_bytes

NAME = texts("Ada Lovelace")


def phases_of(talk: Conversation) -> tuple[Any, Phases]:
    analysis = analyze(io.BytesIO(pcap_bytes(talk.packets(), nano=True)))
    return analysis, Phases(analysis.results[0], Pseudonyms(b"key"))


def described(datatype: int, value: bytes) -> bytes:
    """A description of a maker's property, without a form."""
    return struct.pack("<HHB", 0xD001, datatype, 1) + value * 2 + b"\0"


def test_scrubs_equal_answers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = conversation().open().transaction(0x1014, 0xD001, data_in=described(0xFFFF, NAME))
    for _ in range(9):
        talk.transaction(0x1015, 0xD001, data_in=NAME)
    analysis, found = phases_of(talk.close())
    scrubbed_ones = []
    dataset = Scrubber.dataset
    monkeypatch.setattr(
        Scrubber, "dataset", lambda self, *given: (scrubbed_ones.append(given), dataset(self, *given))[1]
    )
    numbers = np.flatnonzero(found.apart)[-9:]
    answers = found.scrubbed(numbers, [NAME] * 9)
    assert len(scrubbed_ones) == 1
    assert len(set(answers)) == 1
    assert [found.of(number).patches for number in numbers.tolist()] == [((0, answers[0]),)] * 9
    assert len(scrubbed_ones) == 1
    analysis.close()


@pytest.mark.parametrize("datatypes", [(0x0008, 0xFFFF), (0xFFFF, 0x0008)])
def test_reads_equal_bytes_as_what_they_were_described_to_be(datatypes: tuple[int, int]) -> None:
    value = b"\3A\0d\0\0\0\0"  # a text of two letters with a byte behind it, or a number of 64 bits
    talk = conversation().open()
    for datatype in datatypes:
        talk.transaction(0x1014, 0xD001, data_in=described(datatype, value if datatype == 8 else value[:7]))
        for _ in range(12):
            talk.transaction(0x1015, 0xD001, data_in=value)
    done = scrubbed(talk.close().packets())
    told = [done.new.data(number) for number in range(len(done.new.results[0].transactions))]
    assert sum(one == value for one in told) == 12
    done.close()


@pytest.mark.parametrize("remembered", [0, 1 << 22])
def test_answers_the_same_whatever_it_remembers(remembered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = conversation().open()
    info = struct.pack("<HIH", 100, 6, 100) + texts("Ada") + bytes(2) + bytes(20) + NAME * 4 + b"Ada was here"
    for _ in range(6):
        talk.transaction(0x1001, data_in=info).transaction(0x1014, 0xD001, data_in=described(0xFFFF, NAME))
    packets = talk.close().packets()
    monkeypatch.setattr(phases, "_REMEMBERED", remembered)
    monkeypatch.setattr(phases, "_ASKED", 1 if not remembered else 1 << 12)
    done = scrubbed(packets)
    answers = {done.new.data(number) for number in range(0, 12, 2)}
    assert len(answers) == len({done.old.data(number) for number in range(0, 12, 2)})
    assert b"Ada was here" not in done.capture
    done.close()


def test_leaves_files_to_others_and_the_rest_to_filler() -> None:
    jpeg, said = b"\xff\xd8\xff\xe0 of Ada", b"Ada was here"
    talk = conversation().open().transaction(0x9999, data_in=jpeg).transaction(0x9999, data_in=said).close()
    analysis, found = phases_of(talk)
    first, second = np.flatnonzero(found.apart)[-2:]
    assert found.scrubbed(np.array([first, second]), [jpeg, said]) == [None, b""]
    assert found.of(int(first)).patches == ((0, b"\xff\xd8\xff"),)
    assert found.of(int(second)).patches == ()
    analysis.close()


def test_keeps_objects_apart() -> None:
    talk = conversation().open().get_object(1, b"\xff\xd8\xff of Ada").get_object(1, b"\xff\xd8\xff of Ada").close()
    analysis, found = phases_of(talk)
    numbers = np.flatnonzero(found.single & ~found.apart)
    assert len(numbers) == 2
    assert len({found.of(number).identity for number in numbers.tolist()}) == 1
    analysis.close()
