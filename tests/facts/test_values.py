"""Tests of what the numbers of properties mean, over all rows of all vendors, and of looking it up."""

# ruff: noqa: E501

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


# What the settings that people change most read on the cameras themselves: vendor, property, meanings by value.
USED = [
    ("canon_eos", 0xD105, {0: "P", 1: "Tv", 2: "Av", 3: "M", 4: "bulb", 7: "custom", 9: "full auto", 0x37: "Fv"}),
    ("canon_eos", 0xD138, {0: "P", 1: "Tv", 2: "Av", 3: "M", 11: "sports", 12: "portrait", 13: "landscape"}),
    ("canon_eos", 0xD106, {0: "single", 4: "continuous high speed", 5: "continuous low speed", 0x10: "self-timer 10 s", 0x11: "self-timer 2 s"}),
    ("canon_eos", 0xD107, {1: "spot", 3: "evaluative", 4: "partial", 5: "center-weighted average"}),
    ("canon_eos", 0xD108, {0: "one shot", 1: "AI servo", 2: "AI focus", 3: "manual"}),
    ("canon_eos", 0xD109, {0: "auto", 1: "daylight", 2: "cloudy", 3: "tungsten", 4: "fluorescent", 5: "flash", 8: "shade", 9: "color temperature"}),
    ("canon_eos", 0xD10F, {1: "sRGB", 2: "Adobe RGB"}),
    ("canon_eos", 0xD110, {0x81: "standard", 0x82: "portrait", 0x83: "landscape", 0x84: "neutral", 0x85: "faithful", 0x86: "monochrome", 0x87: "auto"}),
    ("canon_eos", 0xD111, {0: "low", 1: "50 %", 2: "100 %", 4: "75 %", 5: "25 %"}),
    ("canon_eos", 0xD11C, {2: "card", 4: "computer"}),
    ("canon_eos", 0xD194, {0: "3:2", 1: "1:1", 2: "4:3", 7: "16:9"}),
    ("canon_eos", 0xD1B0, {0: "off", 1: "camera", 2: "computer", 3: "camera + computer"}),
    ("canon", 0xD00A, {0: "off", 1: "auto", 2: "on", 3: "red-eye reduction"}),
    ("canon", 0xD00C, {1: "auto", 2: "Tv", 3: "Av", 4: "M"}),
    ("canon", 0xD013, {0: "auto", 1: "daylight", 2: "cloudy", 3: "tungsten", 4: "fluorescent"}),
    ("nikon", 0x5005, {2: "auto", 4: "daylight", 5: "fluorescent", 6: "tungsten", 7: "flash", 0x8010: "cloudy", 0x8011: "shade", 0x8012: "color temperature", 0x8013: "preset"}),
    ("nikon", 0x500A, {1: "manual", 0x8010: "AF-S", 0x8011: "AF-C", 0x8012: "AF-A"}),
    ("nikon", 0x500B, {2: "center-weighted", 3: "matrix", 4: "spot"}),
    ("nikon", 0x500D, {0xFFFFFFFF: "bulb", 0xFFFFFFFD: "time"}),
    ("nikon", 0x500E, {1: "M", 2: "P", 3: "A", 4: "S", 0x8010: "auto", 0x8011: "portrait", 0x8012: "landscape", 0x8013: "close-up", 0x8014: "sports"}),
    ("nikon", 0x5013, {1: "single", 2: "continuous", 0x8010: "continuous low speed", 0x8011: "self-timer", 0x8012: "mirror up", 0x8016: "quiet release"}),
    ("nikon", 0xD032, {0: "sRGB", 1: "Adobe RGB"}),
    ("nikon", 0xD061, {0: "AF-S", 1: "AF-C", 2: "AF-F"}),
    ("nikon", 0xD108, {0: "center", 1: "top", 2: "bottom", 3: "left", 4: "right"}),
    ("nikon", 0xD10B, {0: "card", 1: "camera memory"}),
    ("nikon", 0xD10E, {0: "0°", 1: "270°", 2: "90°", 3: "180°"}),
    ("nikon", 0xD160, {0: "on", 1: "off"}),
    ("nikon", 0xD161, {0: "AF-S", 1: "AF-C", 2: "AF-A"}),
    ("sony", 0x5004, {2: "standard", 3: "fine", 4: "extra fine", 0x10: "RAW", 0x13: "RAW + fine"}),
    ("sony", 0x5005, {2: "auto", 4: "daylight", 6: "tungsten", 7: "flash", 0x8010: "cloudy", 0x8011: "shade", 0x8012: "color temperature"}),
    ("sony", 0x500A, {1: "manual", 0x8004: "AF-C", 0x8005: "AF-A", 0x8006: "DMF"}),
    ("sony", 0x500B, {0x8001: "multi", 0x8002: "center", 0x8004: "spot"}),
    ("sony", 0x500E, {1: "M", 2: "P", 3: "A", 4: "S", 0x8000: "intelligent auto", 0x8050: "movie"}),
    ("sony", 0x5013, {1: "single", 0x8003: "self-timer 5 s", 0x8004: "self-timer 10 s", 0x8005: "self-timer 2 s", 0x8010: "continuous high+ speed", 0x8012: "continuous low speed", 0x8015: "continuous medium speed", 0x8337: "continuous bracketing 0.3 EV, 3 pictures"}),
    ("sony", 0xD203, {1: "large", 2: "medium", 3: "small"}),
    ("sony", 0xD211, {1: "3:2", 2: "16:9"}),
    ("sony", 0xD21E, {0x00FFFFFF: "ISO auto"}),
    ("sony", 0xD2C1, {1: "released", 2: "pressed"}),
    ("fuji", 0x5005, {2: "auto", 4: "daylight", 6: "tungsten", 0x8001: "fluorescent 1", 0x8006: "shade", 0x800B: "color temperature"}),
    ("fuji", 0x500A, {1: "manual", 0x8001: "AF-S", 0x8002: "AF-C"}),
    ("fuji", 0x500E, {1: "M", 2: "P", 3: "A", 4: "S"}),
    ("fuji", 0x5012, {0: "off", 2: "2 s", 4: "10 s"}),
    ("fuji", 0xD001, {1: "PROVIA/Standard", 2: "Velvia/Vivid", 3: "ASTIA/Soft", 11: "Classic Chrome", 12: "ACROS", 16: "ETERNA/Cinema", 17: "Classic Neg."}),
    ("fuji", 0xD018, {2: "fine", 3: "normal", 4: "RAW + fine", 5: "RAW + normal"}),
    ("fuji", 0xD207, {1: "camera", 2: "computer"}),
    ("fuji", 0xD209, {1: "focusing", 2: "in focus", 3: "not in focus"}),
    ("fuji", 0xD241, {2: "S 3:2", 6: "M 3:2", 10: "L 3:2", 11: "L 16:9", 12: "L 1:1"}),
    ("fuji", 0xD242, {1: "critical", 4: "3 of 3 bars", 7: "1 of 5 bars", 11: "5 of 5 bars"}),
    ("olympus", 0xD003, {1: "MF", 0x8002: "C-AF"}),
    ("olympus", 0xD004, {2: "center-weighted", 4: "spot", 0x8001: "ESP"}),
    ("olympus", 0xD00D, {0x20: "RAW", 0x101: "large fine", 0x102: "large normal", 0x121: "RAW + large fine"}),
    ("olympus", 0xD01C, {0xFFFFFFFC: "bulb", 0xFFFFFFFB: "time", 0xFFFFFFFA: "composite"}),
    ("olympus", 0xD01E, {1: "auto", 2: "daylight", 3: "shade", 4: "cloudy", 5: "tungsten", 6: "fluorescent", 8: "flash"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "code", "meanings"),
    USED,
    ids=lambda part: f"{part:X}" if isinstance(part, int) else part if isinstance(part, str) else "",
)
def test_means_by_the_most_used_settings_what_cameras_show(vendor: str, code: int, meanings: dict[int, str]) -> None:
    told = facts.choices(code, vendor)
    assert {number: told.get(number) for number in meanings} == meanings


def test_means_by_sonys_bracketing_codes_what_their_digits_say() -> None:
    """0x8536: 5 pictures, 3/10 of a stop, one by one; an odd last digit is continuous."""
    steps = {0x3: "0.3", 0x5: "0.5", 0x7: "0.7", 0x1: "1", 0x2: "2"}
    for code, text in facts.choices(0x5013, "sony").items():
        if text.startswith(("bracketing", "continuous bracketing")):
            pictures, step, kind = code >> 8 & 0xF, code >> 4 & 0xF, code & 0xF
            whole = kind in (0, 1)
            stops = str(step) if whole else steps[step]
            way = "continuous bracketing" if kind & 1 else "bracketing"
            assert text == f"{way} {stops} EV, {pictures} pictures", hex(code)


def test_adds_up_canons_outputs_of_the_viewfinder() -> None:
    """0xD1B0 is a sum of flags, and so are its meanings."""
    flags = {1: "camera", 2: "computer", 4: "mobile", 8: "mobile 2"}
    for code, text in facts.choices(0xD1B0, "canon_eos").items():
        assert text == (" + ".join(name for flag, name in flags.items() if code & flag) or "off")
