"""Conversations as steps and documents, for the tests of comparisons."""

from __future__ import annotations

import io

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.compare.steps import Step, steps_of
from tests.traffic import Conversation, damage, pcap_bytes


def analysed(*conversations: Conversation) -> Analysis:
    """Conversations in turn, in one capture."""
    packets = damage.in_turn(*(one.packets() for one in conversations))
    return analyze(io.BytesIO(pcap_bytes(packets, nano=True)))


def steps(conversation: Conversation) -> list[Step]:
    """The steps of a conversation."""
    return steps_of(analysed(conversation).results[0], 0)
