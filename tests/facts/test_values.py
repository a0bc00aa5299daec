"""Tests of what the numbers of properties mean, over all rows of all vendors, and of looking it up."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts import CONFIDENCES, VENDORS, Choices, Scale, values

ROWS = [row for vendor in VENDORS for row in values.rows(vendor)]


def test_says_how_sure_every_row_is() -> None:
    assert {row.confidence for row in ROWS} <= set(CONFIDENCES)
    assert {row.vendor for row in ROWS if row.confidence == "documented"} == {"ptp"}


def test_measures_something_of_the_closed_set() -> None:
    assert {row.measure for row in ROWS if isinstance(row, Scale)} <= set(values.MEASURES)


def test_uses_every_measure() -> None:
    assert set(values.MEASURES) - {row.measure for row in ROWS if isinstance(row, Scale)} == set()


def test_divides_by_no_zero() -> None:
    assert [row for row in ROWS if isinstance(row, Scale) and not row.per] == []


def test_names_a_code_table_only_where_it_measures_a_code() -> None:
    for row in ROWS:
        if isinstance(row, Scale):
            assert (row.measure == "code") == bool(row.of), row
            assert not row.of or row.of in facts.KINDS


def test_gives_a_property_one_scale_and_one_set_of_choices_per_vendor() -> None:
    places = Counter((row.vendor, type(row), row.code) for row in ROWS)
    assert [place for place, number in places.items() if number > 1] == []


def test_speaks_of_properties_that_have_a_name() -> None:
    nameless = [row for row in ROWS if facts.row_of("property", row.code, row.vendor) is None]
    assert nameless == []


def test_words_choices_in_one_printable_line() -> None:
    for row in ROWS:
        if isinstance(row, Choices):
            assert row.texts, row
            assert all(text.strip() == text and text and text.isprintable() for text in row.texts.values()), row
            assert all(-0x8000 <= number <= 0xFFFFFFFF for number in row.texts), row


def test_lists_what_dials_show_in_order() -> None:
    def number(text: str) -> float:
        above, _, below = text.partition("/")
        return float(above) / float(below or 1)

    for dial, step, start, way in (
        (values.EXPOSURES_BY_THIRDS, 1 / 3, 64.0, -1),
        (values.EXPOSURES_BY_HALVES, 1 / 2, 64.0, -1),
        (values.F_NUMBERS_BY_THIRDS, 1 / 6, 1.0, 1),
        (values.F_NUMBERS_BY_HALVES, 1 / 4, 1.0, 1),
        (values.ISO_BY_THIRDS, 1 / 3, 50.0, 1),
    ):
        for place, text in enumerate(dial):  # 0.3 s for 0.35 s is the boldest
            assert number(text) == pytest.approx(start * 2 ** (way * step * place), rel=0.16), text


def test_puts_a_vendors_meanings_over_the_standards() -> None:
    assert facts.choices(0x500E)[1] == "manual"
    assert facts.choices(0x500E, "nikon")[1] == "M"
    assert facts.choices(0x500E, "nikon")[7] == "portrait"
    assert facts.choices(0x5005, "sony")[0x8011] == "shade"
    assert 0x8011 not in facts.choices(0x5005)


def test_puts_a_vendors_scale_over_the_standards() -> None:
    standard, fuji, sony = (facts.scale(0x500D, vendor) for vendor in (None, "fuji", "sony"))
    assert (standard.per, fuji.per, sony.per) == (10_000, 1_000_000, 10_000)


def test_knows_nothing_of_a_property_nobody_wrote_down() -> None:
    assert facts.scale(0xD999) is None
    assert facts.choices(0xD999, "nikon") == {}


def test_lends_a_vendor_the_numbers_of_its_kin() -> None:
    assert facts.scale(0xD002, "olympus_omd") == facts.scale(0xD002, "olympus")
    assert facts.scale(0xD002, "olympus").per == 10


def test_refuses_a_vendor_that_does_not_exist() -> None:
    for look in (facts.scale, facts.choices):
        with pytest.raises(KeyError):
            look(0x5007, "cannon")


def test_hands_out_meanings_that_nobody_can_change() -> None:
    with pytest.raises(TypeError):
        facts.choices(0x5005)[4] = "mine"


def test_reads_a_makers_values_only_when_they_are_asked_for() -> None:
    script = """
import sys
from ptpip_analyze import facts
def loaded(): return [n for n in sys.modules if "vendors.values_" in n]
facts.name_of("property", 0xD101, "canon_eos"); facts.scale(0x5007)
print(loaded())
facts.scale(0xD101, "canon_eos")
print(loaded())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['ptpip_analyze.facts.vendors.values_canon']"]
