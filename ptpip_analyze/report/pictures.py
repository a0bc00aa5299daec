"""Objects and live view as small pictures: decoded here, written anew as JPEG, and only then put on the page.

Promises that no byte of a picture from the wire reaches the page, and a bound on what is decoded and on what is kept.
What has no picture says why.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from ptpip_analyze import facts
from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.carried import Carried
from ptpip_analyze.describe import clock_time, counted, human_bytes
from ptpip_analyze.liveview import NO_PICTURE, Frame, live_view_frames, pace
from ptpip_analyze.objects import Objects
from ptpip_analyze.ptp import NO_ROW
from ptpip_analyze.ptp.objects import ranges_text
from ptpip_analyze.result import Result

from .texts import Anchors, clipped

WIDTH, HEIGHT = 176, 132
"""Pixels of a picture at most."""

MOST_OBJECTS: Final = 120
MOST_PICTURES: Final = 60
MOST_TEXT: Final = 800_000
"""Characters of all pictures."""

MOST_PIXELS: Final = 120_000_000
"""A larger picture is not decoded."""

MOST_PIXELS_IN_ALL: Final = 600_000_000
MOST_READ: Final = 1 << 25
"""Bytes of an object that are read for its picture."""

MOST_LIVE_VIEWS: Final = 40
FRAMES_SHOWN: Final = 6
"""Pictures of one session's live view."""

_START: Final = b"\xff\xd8\xff"
_LOOKED_THROUGH: Final = 1 << 16  # bytes in which a picture may begin: raw files wrap theirs
_MOST_FRAME: Final = 1 << 22  # bytes of a picture of live view that is kept for a while
_QUALITY: Final = 70


class NoPictureError(Exception):
    """Why there is none, in a few words."""


@dataclass
class Budget:
    """What may still be decoded and kept."""

    pictures: int = MOST_PICTURES
    text: int = MOST_TEXT
    pixels: int = MOST_PIXELS_IN_ALL
    refused: int = field(default=0)

    @property
    def spent(self) -> bool:
        """Is there no room for another one?"""
        return self.pictures <= 0 or self.text <= 0 or self.pixels <= 0


def small(data: bytes, budget: Budget) -> dict[str, Any]:
    """A picture as ``src`` (a data: address), ``width``, ``height`` and the size it really has, ``real``.

    NoPictureError for what can't be decoded, or where the budget is spent.
    """
    if budget.spent:
        budget.refused += 1
        raise NoPictureError("left out: enough pictures are shown")
    from PIL import Image, ImageFile, ImageOps

    start = data[:_LOOKED_THROUGH].find(_START)
    if start < 0:
        raise NoPictureError("no JPEG")
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = True  # a part of a photo is better than none
        with warnings.catch_warnings(), io.BytesIO(data[start:]) as stream:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound is ours
            opened = Image.open(stream, formats=["JPEG"])
            real = opened.size
            if real[0] * real[1] > MOST_PIXELS:
                raise NoPictureError(f"{real[0]} × {real[1]} pixels are too many to decode")
            budget.pixels -= real[0] * real[1]
            opened.draft("RGB", (WIDTH, HEIGHT))  # decodes no more than that needs
            image = ImageOps.exif_transpose(opened.convert("RGB"))
            image.thumbnail((WIDTH, HEIGHT))
    except NoPictureError:
        raise
    except Exception as error:  # whatever a decoder makes of bytes that somebody else wrote
        raise NoPictureError("its JPEG can't be decoded") from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    written = io.BytesIO()
    plain = Image.new("RGB", image.size)
    plain.paste(image)  # without what the picture said of itself
    plain.save(written, "JPEG", quality=_QUALITY, optimize=True)
    source = "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode("ascii")
    budget.pictures -= 1
    budget.text -= len(source)
    return {"src": Markup(source), "width": image.width, "height": image.height, "real": f"{real[0]} × {real[1]}"}


def carried(results: Sequence[Result], budget: Budget, anchors: Anchors) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects that were carried, in order, those up to ``MOST_OBJECTS``; and what is left out."""
    shown: list[dict[str, Any]] = []
    total = 0
    for result in results:
        objects = Objects(result)
        total += len(objects.found)
        shown += [_object(result, objects, one, budget, anchors) for one in objects.found[: MOST_OBJECTS - len(shown)]]
    left = []
    if total > len(shown):
        left.append(f"{counted(total - len(shown), 'object')} more: ptpip-analyze objects, or extract.")
    return shown, left


def _object(result: Result, objects: Objects, one: Carried, budget: Budget, anchors: Anchors) -> dict[str, Any]:
    made, columns = result.transactions, result.messages
    picture, why = None, None
    try:
        picture = small(_bytes(objects, one), budget)
    except NoPictureError as error:
        why = str(error)
    request = int(made.request[one.transactions[0]])
    time = NO_TIME if request == NO_ROW else int(columns["time"][request])
    vendor = result.vendors[one.session]
    name = one.info.filename if one.info else None
    handle = None if one.handle is None else f"0x{one.handle:08X}"
    session = one.session + result.first_session
    frame = int(made.first[one.transactions[0]]) + 1
    return {
        "id": anchors.give("object", "session", session, "frame", frame),
        "name": clipped(name, 80) if name else f"{'upload' if one.upload else one.kind} {handle or ''}".strip(),
        "kind": "upload" if one.upload else one.kind,
        "handle": handle,
        "session": session,
        "format": None if one.format is None else clipped(facts.name_of("format", one.format, vendor), 60),
        "bytes": human_bytes(one.canvas.bytes),
        "complete": one.complete,
        "missing": clipped(ranges_text(one.missing) or "", 80),
        "operation": clipped(facts.name_of("operation", one.operation, vendor), 60),
        "time": None if time == NO_TIME else clock_time(time),
        "frame": frame,
        "last_frame": int(made.last[one.transactions].max()) + 1,
        "note": clipped(one.note, 200) if one.note else None,
        "picture": picture,
        "why": why,
    }


def _bytes(objects: Objects, one: Carried) -> bytes:
    """The first bytes of an object, zeros for what is missing; nothing where it does not begin like a picture."""
    data = bytearray()
    for at, piece in objects.chunks(one, MOST_READ):
        if at > len(data) + MOST_READ:
            break
        data.extend(bytes(at - len(data)))
        data.extend(piece)
        if len(data) >= _LOOKED_THROUGH and data.find(_START, 0, _LOOKED_THROUGH) < 0:
            return b""
    return bytes(data)


def live_views(results: Sequence[Result], budget: Budget) -> tuple[list[dict[str, Any]], list[str]]:
    """How the pictures of live view came, by session, and some of them, evenly; and what is left out."""
    found: list[dict[str, Any]] = []
    for result in results:
        for session, frames in _by_session(result).items():
            measured = pace(frames.times, frames.sizes, frames.incomplete)
            pictures = []
            for frame in frames.some:
                try:
                    pictures.append(small(frame.jpeg, budget) | {"frame": frame.first + 1})
                except NoPictureError:
                    continue
            found.append(
                {
                    "session": session + result.first_session,
                    "frames": measured.frames,
                    "incomplete": measured.incomplete,
                    "fps": None if measured.fps is None else f"{measured.fps:.1f}",
                    "jitter": None if measured.jitter_s is None else f"{measured.jitter_s * 1e3:.1f} ms",
                    "sizes": [human_bytes(of(frames.sizes)) for of in (min, max)] if frames.sizes else [],
                    "left_out": [f"{count:,} without a picture: {why}" for why, count in frames.left_out.items()],
                    "pictures": pictures,
                }
            )
    left = []
    if len(found) > MOST_LIVE_VIEWS:
        left.append(f"{counted(len(found) - MOST_LIVE_VIEWS, 'live view')} more: ptpip-analyze extract.")
    return found[:MOST_LIVE_VIEWS], left


@dataclass
class _Shown:
    """What came of one session's live view; ``some`` are pictures at equal steps, so far."""

    times: list[int | None] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    incomplete: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    some: list[Frame] = field(default_factory=list)
    step: int = 1

    def take(self, frame: Frame) -> None:
        """Keep a picture where its turn is; with twice as many as needed every other one goes."""
        if (len(self.sizes) - 1) % self.step == 0 and len(frame.jpeg) <= _MOST_FRAME:
            self.some.append(frame)
        if len(self.some) >= 2 * FRAMES_SHOWN:
            self.some = self.some[::2]
            self.step *= 2


def _by_session(result: Result) -> dict[int, _Shown]:
    seen: dict[int, _Shown] = {}
    for frame in live_view_frames(result):
        shown = seen.setdefault(frame.session, _Shown())
        if frame.left_out != NO_PICTURE:
            shown.times.append(frame.time(result))
        if frame.left_out is not None:
            shown.left_out[frame.left_out] = shown.left_out.get(frame.left_out, 0) + 1
            continue
        shown.sizes.append(len(frame.jpeg))
        shown.incomplete += bool(frame.missing)
        shown.take(frame)
    for shown in seen.values():
        shown.some = shown.some[:FRAMES_SHOWN]
    return seen
