"""One object as far as it was carried: which bytes of it are there, and whether those are all.

Promises "complete" only where every byte is there up to an end that nothing contradicts; what does not agree is said.
Refuses to know bytes: it handles ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .facts.named import GET_THUMB
from .facts.objects import OBJECT, PLACEHOLDER_SIZES, THUMBNAIL
from .ptp.objects import Canvas, Info, MissingRange


@dataclass(eq=False, slots=True)
class Carried:
    """One object as far as it was carried: by one transaction, or by several that asked for parts of it."""

    session: int
    handle: int | None
    kind: str  # facts.objects.CONTENTS
    upload: bool
    operation: int
    partial: bool  # parts of it were asked for
    vendor: str | None
    info: Info | None
    differs: bool = False  # parts of it are not what the object before it had in the same places
    canvas: Canvas = field(default_factory=Canvas)
    pieces: list[tuple[int, int | None]] = field(default_factory=list)  # transaction, offset of its payload
    told_size: int | None = None  # of a whole one, by its data phase
    withheld: int = 0  # of that, bytes that were announced and not sent
    reach: int = 0  # of one out of parts: behind the last byte that was transferred, be it in the capture or not
    ends: set[int] = field(default_factory=set)  # where parts ended that were shorter than asked for
    nothing_at: int | None = None  # the first offset at which a part had no byte
    again: int | None = None  # the part that begins anew with the bytes that were there
    failed: bool = False
    unplaced: int = 0

    def reaches(self, start: int, size: int, *, is_short: bool) -> None:
        """A part of it was transferred; ``is_short``: more bytes were asked for, and the responder said OK."""
        if size:
            self.reach = max(self.reach, start + size)
        if is_short and size:
            self.ends.add(start + size)
        elif is_short:
            self.nothing_at = start if self.nothing_at is None else min(start, self.nothing_at)

    def clear(self) -> None:
        """Take back all parts."""
        self.canvas, self.pieces, self.ends = Canvas(), [], set()
        self.reach, self.unplaced, self.nothing_at, self.again = 0, 0, None, None

    @property
    def transactions(self) -> list[int]:
        """Rows of the transactions that carried it, in order."""
        return [number for number, _ in self.pieces]

    @property
    def declared(self) -> int | None:
        """Size that a dataset told before it was carried, or else after."""
        if self.info is None:
            return None
        if self.kind == THUMBNAIL:
            return self.info.thumbnail_size if self.operation == GET_THUMB else None
        return self.info.size if self.kind == OBJECT else None

    @property
    def format(self) -> int | None:
        """Its format code, where a dataset told it."""
        if self.info is None:
            return None
        if self.kind == THUMBNAIL:
            return self.info.thumbnail_format if self.operation == GET_THUMB else None
        return self.info.format if self.kind == OBJECT else None

    @property
    def ended(self) -> int | None:
        """Where its transfers show that it ends; None where nothing does, or bytes behind that were carried too.

        A part that has fewer bytes than were asked for is the last one (PIMA 15740:2000 10.4.27). Cameras that never
        give as many are found out by what comes behind.
        """
        if not self.partial:
            return self.told_size
        if self.nothing_at is not None and self.nothing_at <= self.reach:
            return self.reach if self.nothing_at == self.reach else None
        return self.reach if self.ends == {self.reach} else None

    @property
    def promised(self) -> int | None:
        """The declared size, but for what a maker's cameras say of every object."""
        return None if (self.vendor, self.declared) in PLACEHOLDER_SIZES else self.declared

    @property
    def size(self) -> int | None:
        """Bytes of the whole object as its transfer shows; as declared where parts of it were asked for.

        None where neither is known, and where they contradict each other.
        """
        promised, ended = self.promised, self.ended
        if not self.partial or promised is None:
            return ended
        return promised if promised >= self.reach and ended in (None, promised) else None

    @property
    def complete(self) -> bool | None:
        """Is every byte there? None where parts were carried without a hole, and its size is not known."""
        size = self.size
        if self.failed or self.unplaced:
            return False
        if size is not None:
            return self.canvas.bytes == size
        return None if self.partial and self.canvas.bytes == self.reach else False

    @property
    def note(self) -> str | None:
        """What does not agree, in one line; None where nothing is known to."""
        says = []
        if self.withheld and self.told_size is not None:
            announced, sent = f"{self.told_size:,}", self.told_size - self.withheld
            if self.declared in (None, self.told_size):
                says.append(f"{announced} bytes were announced, its transfer ended after {sent:,}")
            else:
                says.append(
                    f"{self.declared:,} bytes were declared, {announced} announced, its transfer ended after {sent:,}"
                )
        elif self.declared is not None and self.ended not in (None, self.declared):
            says.append(f"{self.declared:,} bytes were declared, its transfer ended after {self.ended:,}")
        elif self.declared is not None and self.declared < self.reach:
            says.append(f"{self.declared:,} bytes were declared, {self.reach:,} were transferred")
        if self.differs:
            says.append("its bytes are not those that were read before in the same place: taken for another object")
        return "; ".join(says) or None

    @property
    def missing(self) -> list[MissingRange]:
        """The ranges that are not there; with an open end where it is not known how much is missing."""
        found: list[MissingRange] = [*self.canvas.holes(self.reach if self.size is None else self.size)]
        if self.size is None and self.complete is False and not (self.partial and not self.unplaced):
            found.append((self.canvas.end, None))
        return found
