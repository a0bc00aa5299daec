"""Whose code tables name the codes of rows: names, and rows of the facts, for columns of codes at once.

Promises that each distinct pair of code and vendor is looked up once. Refuses to find a vendor: sessions have theirs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .. import facts
from ..result import Result
from . import arrow


class Named(NamedTuple):
    """Rows of the facts for codes: which of ``rows`` each code has; None where nothing names it."""

    place: np.ndarray
    rows: list[facts.Row | None]


class Tongues(NamedTuple):
    """In whose code tables the codes of rows are looked up: ``vendors[of_row]``; of one vendor, no ``of_row``."""

    vendors: list[str | None]
    of_row: np.ndarray | None

    @classmethod
    def of(cls, result: Result, session: np.ndarray) -> Tongues:
        """For rows of these sessions; -1 is none."""
        by_session = [*result.vendors, None]  # the last one is what session -1 finds
        vendors = list(dict.fromkeys(by_session))
        if len(vendors) == 1 or (len(set(by_session[:-1])) == 1 and int(session.min(initial=0)) >= 0):
            return cls(vendors[:1], None)
        return cls(vendors, np.array([vendors.index(vendor) for vendor in by_session], np.int64)[session])

    def distinct(self, codes: np.ndarray) -> tuple[np.ndarray, list[tuple[int, str | None]]]:
        """The place of each row's pair of code and vendor among the distinct ones, and these."""
        if self.of_row is None:
            place, unique = distinct(codes)
            return place, [(code, self.vendors[0]) for code in unique]
        bits = 16 if int(codes.max(initial=0)) < 1 << 16 else 32
        place, unique = distinct(self.of_row << bits | codes.astype(np.int64))
        return place, [(key & (1 << bits) - 1, self.vendors[key >> bits]) for key in unique]

    def rows(self, kind: str, codes: np.ndarray, valid: np.ndarray) -> Named:
        """What the facts say of codes of one kind; of codes that are not valid, anything."""
        place, unique = self.distinct(np.where(valid, codes, 0))
        return Named(place, [facts.row_of(kind, code, vendor) for code, vendor in unique])

    def names(self, kind: str, codes: np.ndarray, valid: np.ndarray) -> pa.Array:
        """Names of codes of one kind, dictionary-encoded."""
        place, unique = self.distinct(codes)
        return arrow.choices(place, [facts.name_of(kind, code, vendor) for code, vendor in unique], valid)


def distinct(codes: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Index of each code among the distinct ones, and these. Codes of 16 bits are counted instead of sorted."""
    if len(codes) and int(codes.max()) < 1 << 18:
        seen = np.zeros(1 << 18, bool)
        seen[codes] = True
        unique = np.flatnonzero(seen)
        place = np.zeros(1 << 18, np.int32)
        place[unique] = np.arange(len(unique))
        return place[codes], unique.tolist()
    values, inverse = np.unique(codes, return_inverse=True)
    return inverse, values.tolist()
