"""Whose camera it is, the dissector says as our sessions do: by DeviceInfo, else by all that a session showed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze import analyze
from tests.support import rows
from tests.traffic import Conversation, capture, conversation, write_pcap

from . import tshark

NOT_SUPPORTED = 0x2005


def asked(*operations: int, refused: tuple[int, ...] = (), events: tuple[int, ...] = (),
          properties: tuple[int, ...] = (), name: str = "camera") -> Conversation:  # fmt: skip
    """A session without GetDeviceInfo."""
    talk = conversation(responder_name=name).open()
    for operation in operations:
        talk.transaction(operation)
    for operation in refused:
        talk.request(operation).response(NOT_SUPPORTED)
    for event in events:
        talk.event(event)
    for code in properties:
        talk.transaction(0x1015, code, data_in=b"\1\0")
    return talk.transaction(0x9FFF).close()


SESSIONS = {
    "operations of Canon": (asked(0x9110, 0x9116, 0x9153, 0x9128), "canon_eos"),
    "operations of Nikon": (asked(0x90C2, 0x90C7, 0x9203), "nikon"),
    "one operation": (asked(0x9153), None),
    "operations of two makers": (asked(0x9153, 0x9128, 0x9116, 0x90C2, 0x90C7, 0x9203), None),
    "operations that were refused": (asked(refused=(0x9110, 0x9116, 0x9153, 0x9128)), None),
    "operations of which some were refused": (asked(0x9116, refused=(0x9153, 0x9128)), None),
    "a name": (asked(name="Canon EOS R5"), None),
    "a name and one operation": (asked(0x9153, 0x9116, name="Canon EOS R5"), None),
    "properties": (asked(properties=(0xD001, 0xD002, 0xD003, 0xD200, 0xD201)), None),
    "events": (asked(0x9201, 0x9207, events=(0xC201, 0xC202, 0xC203)), None),
}


def both(path: Path) -> tuple[set[str | None], set[str | None]]:
    """The vendors that our sessions and tshark's messages with codes of makers have."""
    with analyze(path) as analysis:
        mine = {row["vendor"] for row in rows(analysis, "sessions")}
    found = [m for m in tshark.messages(path, "-2", "-Y", "frame") if int(m.get("operation", "0"), 0) >= 0x9000]
    assert found
    return mine, {message.get("vendor") for message in found}


@pytest.mark.parametrize("case", SESSIONS)
def test_finds_the_vendor_that_our_session_has(case: str, tmp_path: Path) -> None:
    talk, expected = SESSIONS[case]
    mine, theirs = both(write_pcap(tmp_path / "session.pcap", talk.packets(), nano=True))
    assert theirs == mine
    if expected is not None:
        assert mine == {expected}


@pytest.mark.parametrize("name", ["canon_polls", "nikon_polls", "sony_polls"])
def test_names_a_session_that_began_before_the_capture_no_worse_than_we_do(name: str, tmp_path: Path) -> None:
    packets = capture(name)
    for begin in range(12, 40, 7):
        mine, theirs = both(write_pcap(tmp_path / f"{begin}.pcap", packets[begin:], nano=True))
        assert theirs == mine, begin
