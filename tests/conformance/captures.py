"""A good conversation and a bad one, for the tests of checks."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from ptpip_analyze import Analysis, analyze
from tests.traffic import Conversation, Packet, damage, pcap_bytes
from tests.traffic import conversation as talk


def good(**options: object) -> Conversation:
    """A session without a fault."""
    return talk(**options).open().get_device_info().get_property().close_session().close()


def bad(**options: object) -> Conversation:
    """The initiator's Init Event Request has four bytes more than its layout."""
    one = talk(**options).connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<II", 1, 0), connection="event", status="malformed").init_event_ack()
    return one.open_session().close_session().close()


def analysed(*conversations: Conversation) -> Analysis:
    """Conversations in one capture."""
    return analysed_packets(damage.in_turn(*(one.packets() for one in conversations)))


def analysed_packets(packets: Sequence[Packet]) -> Analysis:
    """A capture of these packets."""
    return analyze(io.BytesIO(pcap_bytes(packets, nano=True)))


def rules_of(rows: Sequence[dict[str, object]]) -> list[object]:
    """The rule of each row."""
    return [row["rule"] for row in rows]
