"""Captures of long watching: sessions that come and go, each on ports of its own, and a camera that only announces.

Promises true counts beside each capture, as ``generate`` does, whose packets these are.
"""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

from .generate import CACHE, START_NS, Connection, Round, Session, Truth, render

VISIT_NS = 800_000_000  # between the end of a session and the next one
EVENT_NS = 500_000_000
PACE_NS = 400_000
PORTS = range(20_000, 60_000)

Part = tuple[Round, list[Connection]]


def visits(count: int, truth: Truth, rng: random.Random) -> Iterator[Part]:
    """So many sessions one after another, of five transactions each beside CloseSession."""
    session = Session(0, truth, rng, PACE_NS)
    initiator, responder = session.command.initiator[0], session.command.responder
    now = START_NS
    for number in range(count):
        port = PORTS[2 * number % len(PORTS)]
        session.transaction_id = 0
        session.command, session.event = (
            Connection(at, (initiator, port + at), responder, [rng.randrange(1 << 32), rng.randrange(1 << 32)])
            for at in (0, 1)
        )
        this = Round()
        session.begin(this, now)
        session.open()
        for _ in range(3):
            session.transaction(0x1015, 0x5001, data=b"12")
        session.close()
        yield this, [session.command, session.event]
        now = session.clock + VISIT_NS


def announcements(count: int, truth: Truth, rng: random.Random) -> Iterator[Part]:
    """One session in which so many events come, half a second apart, and nothing is asked."""
    session = Session(0, truth, rng, PACE_NS)
    ends = [session.command, session.event]
    this = Round()
    session.begin(this, START_NS)
    session.open()
    yield this, ends
    for _ in range(0, count, 100):
        this = Round()
        session.begin(this, session.clock)
        for _ in range(100):
            session.clock += EVENT_NS
            session.announce(0x4006, 0x5007)
        yield this, ends


KINDS = {"visits": visits, "announcements": announcements}


def cached(name: str, count: int, folder: Path = CACHE) -> Path:
    """The path of a capture of this kind, made now unless it is there; its counts are in the ``.json`` beside it."""
    path = folder / f"{name}-{count}.pcap"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        truth, partial = Truth(), path.with_suffix(".part")
        with partial.open("wb") as output:
            output.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for this, ends in KINDS[name](count, truth, random.Random(1)):
                (packets,) = this.packets
                output.write(render(packets, this.payload, {one.number: one for one in ends}, truth.packets))
                truth.packets += len(packets)
            truth.capture_bytes = output.tell()
        path.with_suffix(".json").write_text(json.dumps(truth.counts(), indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    return path
