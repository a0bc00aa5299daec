"""Tests of the scapy layers: bytes typed from the figures of CIPA DC-X005-2005 2.3, any values, garbage, TCP."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.config import conf
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Padding, Raw, fuzz
from scapy.sendrecv import sniff
from scapy.sessions import TCPSession
from scapy.utils import wrpcap

from ptpip_analyze import layers
from ptpip_analyze.facts.layout import Kind
from ptpip_analyze.facts.packets import MESSAGES
from ptpip_analyze.layers import PTPIP
from ptpip_analyze.layers.ptpip import CHAIN, CLASSES, ROUNDS

U16, U32, U64 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 2**64 - 1)
# Names of any units, lone surrogates included; only a NUL can't be in a name.
NAMES = st.text(st.characters(min_codepoint=1, categories=None, exclude_categories=()), max_size=50)
VALUES = {
    Kind.U16: U16,
    Kind.U32: U32,
    Kind.U64: U64,
    Kind.GUID: st.binary(min_size=16, max_size=16),
    Kind.NAME: NAMES,
    Kind.WORDS: st.lists(U32, max_size=7),
    Kind.REST: st.binary(max_size=200),
}


@pytest.fixture(autouse=True)
def _let_no_dissector_fail_quietly() -> Iterator[None]:
    """scapy turns exceptions into Raw; here they are errors."""
    before, conf.debug_dissector = conf.debug_dissector, True
    yield
    conf.debug_dissector = before


@st.composite
def messages(draw: st.DrawFn, type_code: int | None = None) -> Packet:
    message = MESSAGES[draw(st.sampled_from(sorted(MESSAGES))) if type_code is None else type_code]
    values = {field.name: draw(VALUES[field.kind]) for field in message.fields}
    return PTPIP() / getattr(layers, message.name)(**values)


def chain(packet: Packet) -> list[Packet]:
    """The message layers of a packet in order; a header that has none counts as itself."""
    found = []
    layer = packet.getlayer(PTPIP)
    while layer:
        if isinstance(layer, PTPIP):
            found.append(layer.payload or layer)
        layer = layer.payload
    return found


GUID = "000102030405060708090a0b0c0d0e0f"
VECTORS = [
    (
        "2e000000 01000000 000102030405060708090a0b0c0d0e0f 43006c00690065006e00740020003100 0000 00000100",
        layers.InitCommandRequest(guid=GUID, friendlyName="Client 1", protocolVersion=0x00010000),
    ),
    (
        "26000000 02000000 07000000 000102030405060708090a0b0c0d0e0f 3dd8f7dc 0000 00000100",
        layers.InitCommandAck(connectionNumber=7, guid=GUID, friendlyName="\N{CAMERA}", protocolVersion=0x00010000),
    ),
    ("0c000000 03000000 07000000", layers.InitEventRequest(connectionNumber=7)),
    ("08000000 04000000", layers.InitEventAck()),
    ("0c000000 05000000 02000000", layers.InitFail(reason=2)),
    (
        "1e000000 06000000 01000000 0710 03000000 01000100 00000000 ffffffff",
        layers.OperationRequest(
            dataPhaseInfo=1, operationCode=0x1007, transactionId=3, parameters=[0x10001, 0, 0xFFFFFFFF]
        ),
    ),
    ("12000000 07000000 0120 03000000 2a000000", layers.OperationResponse(transactionId=3, parameters=[42])),
    ("12000000 08000000 0240 ffffffff 05000000", layers.Event(eventCode=0x4002, transactionId=2**32 - 1, parameters=5)),
    ("14000000 09000000 03000000 ffffffffffffffff", layers.StartData(transactionId=3, totalDataLength=2**64 - 1)),
    ("0f000000 0a000000 03000000 616263", layers.Data(transactionId=3, data=b"abc")),
    ("0c000000 0b000000 03000000", layers.Cancel(transactionId=3)),
    ("0c000000 0c000000 03000000", layers.EndData(transactionId=3)),
    ("08000000 0d000000", layers.ProbeRequest()),
    ("08000000 0e000000", layers.ProbeResponse()),
]


@pytest.mark.parametrize(("wire", "message"), VECTORS, ids=[message.name for _, message in VECTORS])
def test_builds_and_dissects_the_bytes_of_the_standard(wire: str, message: Packet) -> None:
    data = bytes.fromhex(wire)
    assert bytes(PTPIP() / message) == data
    packet = PTPIP(data)
    assert type(packet.payload) is type(message)
    assert packet == PTPIP() / message
    assert packet.length == len(data)


def test_has_a_vector_for_every_message() -> None:
    assert [message.name for _, message in VECTORS] == [message.name for message in MESSAGES.values()]
    assert sorted(CLASSES) == sorted(MESSAGES)


@pytest.mark.parametrize("type_code", MESSAGES)
@settings(max_examples=40)
@given(data=st.data())
def test_gives_back_any_values_of_a_message(type_code: int, data: st.DataObject) -> None:
    packet = data.draw(messages(type_code))
    again = PTPIP(bytes(packet))
    assert again == packet
    assert bytes(again) == bytes(packet)
    again.clear_cache()  # build from the fields, not from the bytes that scapy keeps
    assert bytes(again) == bytes(packet)


@settings(max_examples=60)
@given(st.lists(messages(), min_size=1, max_size=6))
def test_shows_all_messages_of_a_buffer(packets: list[Packet]) -> None:
    data = b"".join(map(bytes, packets))
    packet = PTPIP(data)
    assert [type(message) for message in chain(packet)] == [type(one.payload) for one in packets]
    assert bytes(packet) == data
    whole = packets[0].copy()
    for one in packets[1:]:
        whole = whole / one
    assert bytes(whole) == data
    assert packet == whole


@settings(max_examples=60)
@given(messages(), st.integers(15, 0xFFFFFFFF), st.binary(max_size=30))
def test_keeps_a_type_and_a_length_that_were_given(packet: Packet, type_code: int, body: bytes) -> None:
    reserved = PTPIP(type=type_code) / Raw(body) if body else PTPIP(type=type_code)
    assert PTPIP(bytes(reserved)) == reserved
    packet.length = 8
    assert bytes(packet)[:4] == b"\x08\0\0\0"


def test_tells_apart_packets_that_differ_in_length_type_or_field() -> None:
    packet = PTPIP() / layers.Data(transactionId=1, data=b"abc")
    assert packet == PTPIP(length=15) / layers.Data(transactionId=1, data=b"abc")
    assert packet != PTPIP(length=16) / layers.Data(transactionId=1, data=b"abc")
    assert packet != PTPIP() / layers.Data(transactionId=2, data=b"abc")
    assert packet != PTPIP() / layers.EndData(transactionId=1, data=b"abc")
    assert packet != PTPIP(type=12) / layers.Data(transactionId=1, data=b"abc")
    assert packet != bytes(packet)


@given(st.binary(max_size=120))
@example(b"\x08\0\0\0")
@example(b"\x07\0\0\0\x0d\0\0\0rest")
@example(b"GET / HTTP/1.1\r\n\r\n")
@example(b"\x08\0\0\0\x0a\0\0\0")
def test_survives_any_bytes_and_keeps_them(data: bytes) -> None:
    packet = PTPIP(data)
    if data:
        assert bytes(packet) == data
    assert packet.summary()
    assert packet.show(dump=True)


@settings(max_examples=200)
@given(st.lists(messages(), min_size=1, max_size=4), st.data())
def test_survives_damaged_messages_and_keeps_their_bytes(packets: list[Packet], draw: st.DataObject) -> None:
    data = bytearray(b"".join(map(bytes, packets)))
    for _ in range(draw.draw(st.integers(1, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(data[: draw.draw(st.integers(1, len(data)))])
    assert bytes(PTPIP(cut)) == cut


@pytest.mark.parametrize(
    "wire",
    [
        "",
        "08000000",  # shorter than a header
        "07000000 0d000000",  # shorter than its own header
        "20000000 0f000000 00000000",  # reserved type, and more bytes than there are
        "474554202f20485454502f312e310d0a0d0a",  # GET / HTTP/1.1
    ],
)
def test_calls_raw_what_cannot_begin_a_message(wire: str) -> None:
    data = bytes.fromhex(wire)
    assert type(PTPIP(data)) is (Raw if data else PTPIP)


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("0a000000 0b000000 0300", "0300"),  # Cancel with half a TransactionID
        ("10000000 09000000 03000000 01000000", "0300000001000000"),  # Start Data with half a total
        ("1e000000 01000000 000102030405060708090a0b0c0d0e0f 4100 00000100", f"{GUID}410000000100"),  # no version
        ("1c000000 01000000 000102030405060708090a0b0c0d0e0f 41004200", f"{GUID}41004200"),  # name without NUL
    ],
)
def test_keeps_as_raw_a_message_that_is_shorter_than_its_layout(wire: str, body: str) -> None:
    packet = PTPIP(bytes.fromhex(wire))
    assert isinstance(packet, PTPIP)
    assert packet.payload == Raw(bytes.fromhex(body))
    assert bytes(packet) == bytes.fromhex(wire)


def test_keeps_as_raw_the_greeting_of_fujifilms_dialect() -> None:
    """The word in front of its GUID would be read as the beginning of the GUID, and all behind it four bytes late."""
    body = (0x8F53E4F2).to_bytes(4, "little") + bytes(range(16)) + "X-T2\0".encode("utf-16-le") + bytes(44)
    whole = (8 + len(body)).to_bytes(4, "little") + (1).to_bytes(4, "little") + body
    packet = PTPIP(whole)
    assert type(packet.payload) is Raw
    assert bytes(packet) == whole


def test_keeps_as_raw_what_a_message_has_behind_its_layout() -> None:
    packet = PTPIP(bytes.fromhex("0e000000 0b000000 03000000 beef 08000000 0d000000"))
    assert packet[layers.Cancel].transactionId == 3
    assert packet[layers.Cancel].payload.load == b"\xbe\xef"
    assert isinstance(packet.lastlayer(), layers.ProbeRequest)


def test_shows_the_part_of_a_payload_that_is_there_when_the_message_is_cut() -> None:
    packet = PTPIP(bytes.fromhex("ff000000 0a000000 03000000 616263"))
    assert (packet.length, packet[layers.Data].transactionId, packet[layers.Data].data) == (255, 3, b"abc")


def test_bounds_the_chain_so_that_scapy_can_still_walk_it() -> None:
    data = b"\x08\0\0\0\x0d\0\0\0" * 8000
    packet = PTPIP(data)
    assert len(chain(packet)) == CHAIN
    assert isinstance(packet.lastlayer(), Padding)
    assert bytes(packet) == data
    assert packet.copy() == packet
    assert packet.show(dump=True).count("ProbeRequest") == 2 * CHAIN


def test_shows_names_of_codes_and_readable_values() -> None:
    request = PTPIP() / layers.OperationRequest(operationCode=0x1007, dataPhaseInfo=1, parameters=[0x10001])
    greeting = PTPIP() / layers.InitCommandRequest(guid=GUID, friendlyName="My \N{CAMERA}\x1b[31m")
    text = "".join(
        (request / greeting / PTPIP() / message).show(dump=True)
        for message in (
            layers.OperationResponse(responseCode=0x2019),
            layers.Event(eventCode=0x4002),
            layers.InitFail(reason=2),
        )
    )
    for words in (
        "type      = OperationRequest", "operationCode= GetObjectHandles", "dataPhaseInfo= NoDataOrDataIn",
        "parameters= [0x10001]", "responseCode= DeviceBusy", "eventCode = ObjectAdded", "reason    = FAIL_BUSY",
        f"guid      = {GUID}", "friendlyName= 'My \N{CAMERA}\\x1b[31m'", "protocolVersion= 1.0",
    ):  # fmt: skip
        assert words in text


def test_accepts_names_of_codes_when_building() -> None:
    named = layers.OperationRequest(operationCode="GetObjectHandles", dataPhaseInfo="DataOut")
    assert (named.operationCode, named.dataPhaseInfo) == (0x1007, 2)


def test_takes_no_field_name_that_scapy_needs_itself() -> None:
    for cls in (PTPIP, *CLASSES.values()):
        names = {field.name for field in cls.fields_desc}
        assert not names & (set(Packet.__slots__) | set(dir(Packet))), cls
        assert all(name[0].islower() and name.isalnum() for name in names), cls


@pytest.mark.parametrize("cls", CLASSES.values(), ids=lambda cls: cls.__name__)
def test_can_be_fuzzed_pickled_and_documented(cls: Any) -> None:
    for _ in range(20):
        data = bytes(PTPIP() / fuzz(cls()))
        assert bytes(PTPIP(data)) == data
        assert type(PTPIP(data).payload) is cls
    packet = PTPIP() / cls()
    assert pickle.loads(pickle.dumps(packet)) == packet
    assert cls.__name__ in cls.__doc__
    assert getattr(layers, cls.__name__) is cls


@pytest.mark.parametrize("network", [IP(), IPv6()])
@pytest.mark.parametrize("ports", [(15740, 40000), (40000, 15740)])
def test_is_found_on_tcp_port_15740_in_both_directions(network: Packet, ports: tuple[int, int]) -> None:
    wire = bytes(network / TCP(sport=ports[0], dport=ports[1]) / PTPIP() / layers.ProbeRequest())
    assert layers.ProbeRequest in type(network)(wire)


def test_sends_to_the_port_unless_told_otherwise() -> None:
    assert (TCP() / PTPIP()).dport == 15740
    assert (TCP(dport=4000) / PTPIP()).dport == 4000


def test_leaves_other_ports_alone() -> None:
    wire = bytes(IP() / TCP(sport=40001, dport=40000) / PTPIP() / layers.ProbeRequest())
    assert PTPIP not in IP(wire)


def conversation(count: int, rng: random.Random) -> list[Packet]:
    """Messages of many types and sizes, numbered by TransactionID."""

    def one(number: int) -> Packet:
        kinds = [
            layers.OperationResponse(transactionId=number, parameters=list(range(rng.randrange(6)))),
            layers.Event(transactionId=number),
            layers.StartData(transactionId=number, totalDataLength=9),
            layers.Data(transactionId=number, data=rng.randbytes(rng.choice([0, 1, 100, 4000]))),
            layers.EndData(transactionId=number, data=rng.randbytes(rng.choice([0, 3, 3000]))),
            layers.InitEventAck(),
            layers.ProbeResponse(),
            layers.InitCommandAck(connectionNumber=number, friendlyName="X" * rng.randrange(39)),
        ]
        return PTPIP() / rng.choice(kinds)

    return [one(number) for number in range(count)]


def capture(path: Path, segments: list[bytes]) -> str:
    """A clean capture of one direction: a SYN, the segments, a FIN."""
    ends = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=15740, dport=40000)
    packets, sequence = [], 1000  # far from the end of the sequence numbers, where scapy loses its way
    for flags, data in [("S", b""), *(("PA", segment) for segment in segments), ("FA", b"")]:
        packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / ends.copy()
        packet[TCP].seq, packet[TCP].flags = sequence, flags
        packets.append(packet / Raw(data) if data else packet)
        sequence = (sequence + (1 if flags == "S" else len(data))) & 0xFFFFFFFF
    wrpcap(str(path), packets)
    return str(path)


def segments_of(data: bytes, cuts: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def sniffed(path: str) -> list[bytes]:
    """Every message that scapy's own reassembly finds, as bytes."""
    found = []
    for packet in sniff(offline=path, session=TCPSession, quiet=True):
        layer = packet.getlayer(PTPIP)
        while layer:
            if isinstance(layer, PTPIP):
                body = b"" if not layer.payload or isinstance(layer.payload, PTPIP) else layer.payload.self_build()
                found.append(layer.self_build() + body)
            layer = layer.payload
    return found


@pytest.mark.parametrize("seed", range(12))
def test_yields_every_message_of_a_clean_capture_however_it_is_cut(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    expected = [bytes(packet) for packet in conversation(40, rng)]
    data = b"".join(expected)
    cuts = sorted(rng.sample(range(1, len(data)), rng.choice([0, 5, 30, 300])))
    assert sniffed(capture(tmp_path / "clean.pcap", segments_of(data, cuts))) == expected


def test_yields_every_message_when_each_byte_is_a_segment(tmp_path: Path) -> None:
    expected = [bytes(packet) for packet in conversation(6, random.Random(3)) if len(packet) < 200]
    data = b"".join(expected)
    assert sniffed(capture(tmp_path / "bytes.pcap", segments_of(data, list(range(1, len(data)))))) == expected


@pytest.mark.parametrize("count", [CHAIN - 1, CHAIN, CHAIN + 1, 2 * CHAIN + 1, ROUNDS * CHAIN + 1, 4 * CHAIN])
@pytest.mark.parametrize("missing", [0, 5])
def test_yields_every_message_of_segments_that_hold_hundreds(tmp_path: Path, count: int, missing: int) -> None:
    expected = [bytes(PTPIP() / layers.Cancel(transactionId=number)) for number in range(count)]
    data = b"".join(expected)
    cuts = [len(data) - missing] if missing else []
    assert sniffed(capture(tmp_path / "large.pcap", segments_of(data, cuts))) == expected


def test_keeps_the_bytes_of_what_a_bare_fin_cannot_carry(tmp_path: Path) -> None:
    wires = [bytes(PTPIP() / layers.Cancel(transactionId=number)) for number in range((ROUNDS + 2) * CHAIN)]
    path = capture(tmp_path / "huge.pcap", [b"".join(wires)])
    packets = sniff(offline=path, session=TCPSession, quiet=True)
    assert sniffed(path) == wires[: (ROUNDS + 1) * CHAIN]
    assert packets[-1].lastlayer() == Raw(b"".join(wires[(ROUNDS + 1) * CHAIN :]))


def test_waits_for_a_long_message_without_asking_at_every_segment() -> None:
    metadata: dict[str, Any] = {}
    start = bytes(PTPIP() / layers.EndData(transactionId=1, data=bytes(5000)))[:100]
    assert PTPIP.tcp_reassemble(start, metadata, {}) is None
    assert metadata == {"tcp_min_len": 5012}


@pytest.mark.parametrize(
    "wire",
    [
        "474554202f20485454502f312e310d0a0d0a",
        "ffff0000 06000000 01000000 0710 03000000",  # no Operation Request has 65535 bytes
        "04000000 06000000",
    ],
)
def test_gives_garbage_in_a_stream_back_as_raw_instead_of_waiting(wire: str) -> None:
    assert PTPIP.tcp_reassemble(bytes.fromhex(wire), {}, {}) == Raw(bytes.fromhex(wire))


def test_is_the_only_room_that_imports_scapy_and_is_not_imported_by_facts() -> None:
    script = "import sys, ptpip_analyze.facts; assert 'scapy' not in sys.modules; import ptpip_analyze.layers"
    subprocess.run([sys.executable, "-c", f"{script}; assert 'scapy' in sys.modules"], check=True)
