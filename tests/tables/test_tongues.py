"""Names of columns of codes, each row's in the words of its session's vendor."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from ptpip_analyze.facts import row_of
from ptpip_analyze.result import Result
from ptpip_analyze.tables.tongues import Tongues, distinct


class Sessions:
    """As much of a Result as is asked for."""

    def __init__(self, *vendors: str | None) -> None:
        self.vendors = list(vendors)


def tongues(session: list[int], *vendors: str | None) -> Tongues:
    return Tongues.of(cast("Result", Sessions(*vendors)), np.array(session, np.int64))


def names(of: Tongues, codes: list[int], valid: list[bool] | None = None) -> list[str | None]:
    there = np.ones(len(codes), bool) if valid is None else np.array(valid)
    return of.names("operation", np.array(codes, np.uint32), there).to_pylist()  # type: ignore[no-any-return]


def test_names_one_code_by_the_vendor_of_each_rows_session() -> None:
    of = tongues([0, 1, 2, -1, 0], "nikon", "sony", None)
    assert names(of, [0x9203] * 4 + [0x1009]) == ["GetLiveViewImg", row_name("sony"), "0x9203", "0x9203", "GetObject"]


def row_name(vendor: str) -> str:
    row = row_of("operation", 0x9203, vendor)
    assert row is not None
    assert row.name != "GetLiveViewImg"
    return row.name


def test_needs_no_vendor_by_row_where_all_sessions_have_the_same() -> None:
    of = tongues([0, 1, 1], "nikon", "nikon")
    assert of.of_row is None
    assert names(of, [0x9203, 0x9203, 0x1009]) == ["GetLiveViewImg", "GetLiveViewImg", "GetObject"]


def test_names_rows_without_a_session_by_the_standards_alone() -> None:
    assert names(tongues([0, -1], "nikon"), [0x9203, 0x9203]) == ["GetLiveViewImg", "0x9203"]


def test_leaves_null_what_is_not_valid() -> None:
    assert names(tongues([0, 0], None), [0x1009, 0x1009], [True, False]) == ["GetObject", None]


def test_gives_the_row_of_the_facts_for_each_code() -> None:
    of = tongues([0, 1], "nikon", "sony")
    found = of.rows("operation", np.array([0x9203, 0x9203], np.uint32), np.ones(2, bool))
    told = [found.rows[place] for place in found.place.tolist()]
    assert told == [row_of("operation", 0x9203, vendor) for vendor in ("nikon", "sony")]


@pytest.mark.parametrize("high", [0, 1 << 17, 1 << 31])
def test_keeps_codes_apart_however_wide_they_are(high: int) -> None:
    codes = np.array([5, high | 5, 5, high], np.uint32)
    place, unique = distinct(codes)
    assert [unique[one] for one in place.tolist()] == codes.tolist()
    assert len(unique) == len(set(codes.tolist()))
    place, pairs = tongues([0, 1, 1, -1], "nikon", "sony").distinct(codes)
    vendors = ["nikon", "sony", "sony", None]
    assert [pairs[one] for one in place.tolist()] == list(zip(codes.tolist(), vendors, strict=True))
