"""Where the data messages of one transaction lie in its payload. Promises exact places; where a hole in the stream
hides message headers and nothing tells how many, what follows has no place (None), and is never moved up.
"""

from __future__ import annotations

from collections.abc import Sequence

HEADER = 12  # length, type and TransactionID of a Data message (CIPA DC-X005-2005 2.3.10)


def placed(lengths: Sequence[int], hidden: Sequence[int], total: int | None, *, ended: bool) -> list[int | None]:
    """Payload offset of each data message, in stream order.

    ``lengths`` are their lengths; ``hidden`` the bytes of the stream before each, behind the one before it, in which no
    message was found (-1: it is not known how many); ``total`` is the announced size and ``ended`` says that the last
    one is End Data, so that both together place what stands behind a hole.
    """
    holes = [index for index, size in enumerate(hidden) if size]
    carried = sum(max(length - HEADER, 0) for length in lengths)
    lost = None if total is None or not ended or total < carried else total - carried
    filled = _payloads(lengths, [hidden[index] for index in holes], lost)
    inside = iter(filled or ())
    places: list[int | None] = []
    at: int | None = 0
    for length, missing in zip(lengths, hidden, strict=True):
        if missing:
            at = None if at is None or not filled else at + next(inside)
        places.append(at)
        at = None if at is None else at + max(length - HEADER, 0)
    return places


def _payloads(lengths: Sequence[int], holes: Sequence[int], lost: int | None) -> list[int] | None:
    """Payload bytes in each of the holes; None where they can't be known.

    Of one hole, all that is lost. Of several, if whole messages as long as the others fit each of them, and what they
    carried adds up to what is lost.
    """
    if lost is None or not holes:
        return None
    if len(holes) == 1:
        return [lost] if holes[0] < 0 or lost <= holes[0] else None
    usual = max(lengths[:-1], default=0)
    if usual <= HEADER or any(size < 0 or size % usual for size in holes):
        return None
    payloads = [size // usual * (usual - HEADER) for size in holes]
    return payloads if sum(payloads) == lost else None
