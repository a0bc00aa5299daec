"""What the doctor says of packets, for its tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from ptpip_analyze import analyze
from ptpip_analyze.doctor import examined
from ptpip_analyze.doctor.patient import Patient
from tests.traffic import Packet, pcap_bytes


def examination(packets: Sequence[Packet]) -> dict[str, Any]:
    """The whole document."""
    return examined(analyze(io.BytesIO(pcap_bytes(packets, nano=True))).results)


def sayings(packets: Sequence[Packet], topic: str | None = None, session: int = 0) -> list[tuple[str, str]]:
    """Grade and sentence of what is said of one session, of one topic if that is named."""
    rows = examination(packets)["sessions"][session]["sayings"]
    return [(row["grade"], row["says"]) for row in rows if topic in (None, row["topic"])]


def patient(packets: Sequence[Packet]) -> Patient:
    """The first session."""
    return Patient(analyze(io.BytesIO(pcap_bytes(packets, nano=True))).results[0], 0)
