"""One thing that the doctor says. Plain data; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

GRADES = ("problem", "slow", "fine", "unknown")
"""What a saying is: something went wrong; something took long; as it should be; can't be known from this capture."""


@dataclass(frozen=True, slots=True)
class Saying:
    """``grade`` is of GRADES; ``topic`` a word for what it is about ("pairing", "end", "busy", ...); ``says`` is one or
    two plain sentences; ``frames`` are frame numbers from 1; ``time`` ns since the epoch, None where it has none.
    """

    grade: str
    topic: str
    says: str
    frames: tuple[int, ...] = ()
    time: int | None = None
