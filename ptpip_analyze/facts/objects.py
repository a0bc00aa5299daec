"""Which operations carry an object's bytes, announce one, or end its transfer, and which events tell that one is gone.
Promises where among the parameters handle, offset and size stand; refuses operations of which that is not known.
"""

# One row per line: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import NamedTuple

OBJECT, THUMBNAIL, PREVIEW = "object", "thumbnail", "preview"
CONTENTS = (OBJECT, THUMBNAIL, PREVIEW)
WHOLE, PIECE, SEQUEL = "whole", "piece", "sequel"


class Transfer(NamedTuple):
    """An operation whose data phase is an object, or a part of one. Numbers are places among the request's parameters."""

    vendor: str  # "ptp" and "mtp" are the standards
    operation: int
    kind: str = OBJECT  # "preview": the picture made smaller by the camera
    part: str = WHOLE  # "piece": from an offset on; "sequel": what follows the one before, no offset is sent
    handle: int | None = 0  # None: the request names none
    offset: tuple[int, ...] = ()  # low word, then high word
    most: tuple[int, ...] = ()  # bytes asked for: low word, then high word
    outward: bool = False
    last: int | None = None  # not zero there: the initiator asks for no more of it


TRANSFERS: tuple[Transfer, ...] = (
    Transfer("ptp", 0x1009), Transfer("ptp", 0x100A, THUMBNAIL), Transfer("ptp", 0x100D, handle=None, outward=True),
    Transfer("ptp", 0x101B, part=PIECE, offset=(1,), most=(2,)), Transfer("ptp", 0x1022, PREVIEW),
    Transfer("android", 0x95C1, part=PIECE, offset=(1, 2), most=(3,)),
    Transfer("android", 0x95C2, part=PIECE, offset=(1, 2), most=(3,), outward=True),
    Transfer("canon", 0x901B, part=PIECE, offset=(1,), most=(2,)),
    Transfer("canon_eos", 0x9104), Transfer("canon_eos", 0x9107, part=PIECE, offset=(1,), most=(2,)),
    Transfer("canon_eos", 0x910A, THUMBNAIL), Transfer("canon_eos", 0x910B, part=PIECE, offset=(1,), most=(2,), outward=True),
    Transfer("canon_eos", 0x912C, part=PIECE, offset=(1,), most=(2,)), Transfer("canon_eos", 0x9171),
    Transfer("canon_eos", 0x9172, part=PIECE, offset=(1,), most=(2,)), Transfer("canon_eos", 0x9174, part=PIECE, offset=(1, 2), most=(3,)),
    Transfer("nikon", 0x90C4, THUMBNAIL), Transfer("nikon", 0x9200, PREVIEW), Transfer("nikon", 0x920F, PREVIEW),
    Transfer("nikon", 0x9400, part=SEQUEL, most=(1,), last=2), Transfer("nikon", 0x9431, part=PIECE, offset=(1, 2), most=(3, 4)),
    Transfer("sony", 0x9211, part=PIECE, offset=(1, 2), most=(3,)),
    Transfer("fuji", 0x900D, handle=None, outward=True), Transfer("fuji", 0x901D, handle=None, outward=True),
    Transfer("fuji", 0x9022, PREVIEW, handle=None), Transfer("fuji", 0x9041, handle=None, outward=True),
    Transfer("olympus_omd", 0x9485, handle=None),
)

# Vendors whose operations are understood whoever made the camera: numbers that no maker uses for anything else.
ANYONE = ("android",)

# An object that the initiator will send: (vendor, operation). Its handle is the third parameter of the response (PIMA
# 15740:2000 10.4.12, MTP 1.1 D.2.39).
ANNOUNCING = frozenset({("ptp", 0x100C), ("mtp", 0x9808), ("fuji", 0x900C), ("fuji", 0x9040)})
ANNOUNCED_HANDLE = 2

# Operations on a handle (first parameter) after which what comes of it is another transfer; and another object.
ENDING = frozenset({("canon_eos", 0x9117), ("canon_eos", 0x9118), ("canon_eos", 0x9119)})
DELETING = frozenset({("ptp", 0x100B), ("canon_eos", 0x9105)})
ALL_HANDLES = 0xFFFFFFFF

# Operations on a store (first parameter) after which its handles are free (PIMA 15740:2000 10.4.15).
FORMATTING = frozenset({("ptp", 0x100F), ("canon_eos", 0x9106)})
ALL_STORES = (0, 0xFFFFFFFF)

# Events that tell that an object (handle in the first parameter), or a store with all its objects, is there no more.
OBJECT_REMOVED = frozenset({("ptp", 0x4003), ("canon_eos", 0xC182), ("sony", 0xC202)})
STORE_REMOVED = frozenset({("ptp", 0x4005), ("canon_eos", 0xC193)})

# Sizes that a maker's cameras tell of every object until they are asked for the true one (seen of an X-T10).
PLACEHOLDER_SIZES = frozenset({("fuji", 0x19000)})

# Object properties (MTP 1.1 appendix B) out of which a name, format and size are learned.
OBJECT_FORMAT, OBJECT_SIZE, OBJECT_FILE_NAME = 0xDC02, 0xDC04, 0xDC07
UINT16, UINT64 = 4, 8  # datatypes of format and size
