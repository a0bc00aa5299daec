"""A capture scrubbed: the same conversation, and a report of what was replaced. Read this first."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ..result import Result
from .copy import copy
from .packets import Packets
from .pseudonyms import KEY_BYTES, Pseudonyms


@dataclass(slots=True)
class Report:
    """What was replaced and left out, counted. ``values`` says what stands for what: originals, for nobody else."""

    packets: int
    replaced: dict[str, int]  # by kind, how many different values
    filled: dict[str, int]  # by kind, how often, or how many bytes
    left_out: dict[str, int]
    values: dict[str, dict[str, str]] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it, without any value."""
        return {
            "packets": self.packets,
            "replaced": dict(sorted(self.replaced.items())),
            "filled": dict(sorted(self.filled.items())),
            "left_out": dict(sorted(self.left_out.items())),
        }


def scrub(result: Result, out: BinaryIO, key: bytes | None = None) -> Report:
    """Write the capture of ``result`` without personal data, in the format that it has, uncompressed.

    The same ``key`` gives the same stand-ins; without one they are this run's own. CaptureError as in reading.
    """
    pseudonyms = Pseudonyms(key or secrets.token_bytes(KEY_BYTES))
    packets = Packets(result, pseudonyms)
    told = result.source.told()
    try:
        left_out: Counter[str] = copy(result.source, packets.scrub, out)
    finally:
        result.source.learn(told)
    return Report(
        result.packets,
        {kind: len(values) for kind, values in pseudonyms.values.items()},
        dict(pseudonyms.counts),
        dict(left_out),
        pseudonyms.values,
    )
