"""What the doctor says has a grade that its faces know."""

from __future__ import annotations

from ptpip_analyze.cli.doctor import _MARKS
from ptpip_analyze.doctor import GRADES


def test_has_a_mark_for_every_grade() -> None:
    assert set(_MARKS) == set(GRADES)
