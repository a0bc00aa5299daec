"""Two lists of steps laid side by side: equal keys first, then same operations in what is left between.

Takes time about linear in the lists: long ones are laid window by window.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from .steps import Step

WINDOW = 2000  # steps of each list that are laid together


class Pairing(NamedTuple):
    """A step of each list, or None where one has nothing beside it.

    ``sure``: nothing is missing there from either capture, so that a step with nothing beside it really is alone.
    """

    left: Step | None
    right: Step | None
    sure: bool = True


def aligned(left: Sequence[Step], right: Sequence[Step]) -> Iterator[Pairing]:
    """All steps of both lists, each once and in order, without the places where bytes are missing."""
    at = other = 0
    while at < len(left) or other < len(right):
        while at < len(left) and other < len(right) and left[at].operation and left[at].key == right[other].key:
            yield Pairing(left[at], right[other])
            at, other = at + 1, other + 1
        a, b = left[at : at + WINDOW], right[other : other + WINDOW]
        last = at + len(a) == len(left) and other + len(b) == len(right)
        done_a, done_b = yield from _window(a, b, last)
        at, other = at + done_a, other + done_b


def _window(left: Sequence[Step], right: Sequence[Step], last: bool) -> Generator[Pairing, None, tuple[int, int]]:
    """The steps of one window up to its last equal pair, or all of them if nothing comes behind; how many of each."""
    # A place where bytes are missing is like no other, not even like itself.
    keys = [[step.key or (side, place) for place, step in enumerate(steps)] for side, steps in enumerate((left, right))]
    matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    blocks = matcher.get_opcodes()
    if not last:
        equal = [place for place, block in enumerate(blocks) if block[0] == "equal"]
        blocks = blocks[: equal[-1] + 1] if equal else blocks
    for tag, low, high, begin, end in blocks:
        if tag == "equal":
            for a, b in zip(left[low:high], right[begin:end], strict=True):
                yield Pairing(a, b)
        else:
            yield from _unequal(left[low:high], right[begin:end])
    return (blocks[-1][2], blocks[-1][4]) if blocks else (0, 0)


def _unequal(left: Sequence[Step], right: Sequence[Step]) -> Iterator[Pairing]:
    """Steps with different keys: the same operation with other parameters stands together, the rest alone."""
    sure = all(step.known for step in (*left, *right))
    left, right = [step for step in left if step.operation], [step for step in right if step.operation]
    matcher = SequenceMatcher(
        None, [step.operation for step in left], [step.operation for step in right], autojunk=False
    )
    for tag, low, high, begin, end in matcher.get_opcodes():
        if tag == "equal":
            for a, b in zip(left[low:high], right[begin:end], strict=True):
                yield Pairing(a, b, sure)
        else:
            yield from (Pairing(step, None, sure) for step in left[low:high])
            yield from (Pairing(None, step, sure) for step in right[begin:end])
