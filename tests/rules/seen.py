"""Evidence of packets, for the tests of what rules look at."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.rules import Evidence, Judged
from tests.traffic import Packet, pcap_bytes


def evidence(packets: Sequence[Packet]) -> Evidence:
    """What rules are shown of packets."""
    caught: list[Evidence] = []

    def look(seen: Evidence, *_: object, **__: object) -> Judged:
        caught.append(seen)
        return Judged({}, [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ptpip_analyze.rules.judge", look)
        analyze(io.BytesIO(pcap_bytes(packets, nano=True))).results[0].judge()
    return caught[0]
