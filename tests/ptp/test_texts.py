"""Property values as a photographer reads them."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze import facts
from ptpip_analyze.facts import values
from ptpip_analyze.facts.overlay import EMPTY, overlay_of, use
from ptpip_analyze.ptp import texts
from ptpip_analyze.ptp.datatypes import date_text
from ptpip_analyze.ptp.texts import plain_text, value_text

BULB = 0xFFFFFFFF

EXAMPLES: list[tuple[str | None, int, Any, str]] = [
    # The standard, any camera.
    (None, 0x5001, 85, "85 %"),
    (None, 0x5001, 0, "0 %"),
    (None, 0x5001, 250, "250"),
    (None, 0x5002, 1, "sleep"),
    (None, 0x5003, "6000x4000", "6000x4000"),
    (None, 0x5005, 4, "daylight"),
    (None, 0x5005, 6, "tungsten"),
    (None, 0x5005, 0x8077, "0x8077"),
    (None, 0x5007, 560, "f/5.6"),
    (None, 0x5007, 95, "f/0.95"),
    (None, 0x5007, 280, "f/2.8"),
    (None, 0x5007, 1100, "f/11"),
    (None, 0x5007, 0, "0"),
    (None, 0x5007, 0xFFFF, "65535"),
    (None, 0x5008, 5000, "50 mm"),
    (None, 0x5008, 1850, "18.5 mm"),
    (None, 0x5009, 450, "450 mm"),
    (None, 0x5009, 1500, "1.5 m"),
    (None, 0x5009, 0xFFFF, "infinity"),
    (None, 0x500A, 1, "manual"),
    (None, 0x500B, 4, "center spot"),
    (None, 0x500C, 2, "off"),
    (None, 0x500D, 80, "1/125 s"),
    (None, 0x500D, 166, "1/60 s"),
    (None, 0x500D, 167, "1/60 s"),
    (None, 0x500D, 12, "1/800 s"),
    (None, 0x500D, 15, "1/640 s"),
    (None, 0x500D, 31, "1/320 s"),
    (None, 0x500D, 3, "1/3200 s"),
    (None, 0x500D, 2, "0.0002 s"),  # 1/5000 or 1/4000: a camera that counts in 1/10000 s can't say
    (None, 0x500D, 1, "0.0001 s"),
    (None, 0x500D, 3333, "1/3 s"),
    (None, 0x500D, 5000, "0.5 s"),
    (None, 0x500D, 10_000, "1 s"),
    (None, 0x500D, 13_000, "1.3 s"),
    (None, 0x500D, 20_000, "2 s"),
    (None, 0x500D, 300_000, "30 s"),
    (None, 0x500D, 111, "1/90 s"),
    (None, 0x500D, 0, "0"),
    (None, 0x500E, 3, "aperture priority"),
    (None, 0x500F, 800, "ISO 800"),
    (None, 0x500F, 0xFFFF, "ISO auto"),
    (None, 0x5010, 0, "0 EV"),
    (None, 0x5010, 333, "+0.3 EV"),
    (None, 0x5010, 667, "+0.7 EV"),
    (None, 0x5010, -1000, "-1 EV"),
    (None, 0x5010, -1333, "-1.3 EV"),
    (None, 0x5010, 65236, "-0.3 EV"),  # read without its sign
    (None, 0x5011, "20260102T030405", "2026-01-02 03:04:05"),
    (None, 0x5011, "20260102T030405.0", "2026-01-02 03:04:05"),
    (None, 0x5011, "20260102T030405.7Z", "2026-01-02 03:04:05.7 UTC"),
    (None, 0x5011, "20260102T030405+0130", "2026-01-02 03:04:05 +01:30"),
    (None, 0x5011, "yesterday", "yesterday"),
    (None, 0x5012, 10_000, "10 s"),
    (None, 0x5012, 0, "off"),
    (None, 0x5013, 2, "burst"),
    (None, 0x5014, 3, "3"),
    (None, 0x5016, 20, "2×"),
    (None, 0x5016, 15, "1.5×"),
    (None, 0x5017, 2, "black and white"),
    (None, 0x501B, 300_000, "5 min"),
    (None, 0x501C, 2, "multi-spot"),
    (None, 0x501E, "Ansel", "Ansel"),
    (None, 0x5022, 0x47504A4D, "MJPG"),
    (None, 0x5025, 29_970_000, "29.97 fps"),
    (None, 0xD999, 4711, "4711"),
    # Canon EOS: eighths of a stop.
    ("canon_eos", 0xD101, 0x30, "f/5.6"),
    ("canon_eos", 0xD101, 0x20, "f/2.8"),
    ("canon_eos", 0xD101, 0x0D, "f/1.2"),
    ("canon_eos", 0xD101, 0x23, "f/3.2"),
    ("canon_eos", 0xD101, 0x24, "f/3.5"),
    ("canon_eos", 0xD101, 0x2B, "f/4.5"),
    ("canon_eos", 0xD101, 0x3C, "f/9.5"),
    ("canon_eos", 0xD101, 0x58, "f/32"),
    ("canon_eos", 0xD101, 0xFFFF, "auto"),
    ("canon_eos", 0xD101, 0x31, "0x0031"),  # no eighth that cameras use
    ("canon_eos", 0xD102, 0x70, "1/125 s"),
    ("canon_eos", 0xD102, 0x68, "1/60 s"),
    ("canon_eos", 0xD102, 0x6C, "1/90 s"),
    ("canon_eos", 0xD102, 0x6D, "1/100 s"),
    ("canon_eos", 0xD102, 0xA0, "1/8000 s"),
    ("canon_eos", 0xD102, 0x38, "1 s"),
    ("canon_eos", 0xD102, 0x10, "30 s"),
    ("canon_eos", 0xD102, 0x2D, "2.5 s"),
    ("canon_eos", 0xD102, 0x0C, "bulb"),
    ("canon_eos", 0xD103, 0x48, "ISO 100"),
    ("canon_eos", 0xD103, 0x60, "ISO 800"),
    ("canon_eos", 0xD103, 0x5D, "ISO 640"),
    ("canon_eos", 0xD103, 0x80, "ISO 12800"),
    ("canon_eos", 0xD103, 0xA8, "ISO 409600"),
    ("canon_eos", 0xD103, 0x28, "ISO 6"),
    ("canon_eos", 0xD103, 0, "ISO auto"),
    ("canon_eos", 0xD104, 0, "0 EV"),
    ("canon_eos", 0xD104, 3, "+0.3 EV"),
    ("canon_eos", 0xD104, 0xFD, "-0.3 EV"),
    ("canon_eos", 0xD104, 0xFFFFFFFB, "-0.7 EV"),
    ("canon_eos", 0xD104, 0x0C, "+1.5 EV"),
    ("canon_eos", 0xD104, 0xE8, "-3 EV"),
    ("canon_eos", 0xD105, 3, "M"),
    ("canon_eos", 0xD106, 0x10, "self-timer 10 s"),
    ("canon_eos", 0xD108, 0, "one shot"),
    ("canon_eos", 0xD109, 1, "daylight"),
    ("canon_eos", 0xD109, 7, "0x0007"),
    ("canon_eos", 0xD10A, 5200, "5200 K"),
    ("canon_eos", 0xD111, 4, "75 %"),
    ("canon_eos", 0xD113, 1_767_323_045, "2026-01-02 03:04:05"),
    ("canon_eos", 0xD17C, 1_767_323_045, "2026-01-02 03:04:05 UTC"),
    ("canon_eos", 0xD11C, 4, "computer"),
    ("canon_eos", 0xD138, 0x37, "Fv"),
    ("canon_eos", 0xD120, (1, 16, 6, 0, 4), "RAW"),
    ("canon_eos", 0xD120, (1, 16, 6, 0, 3), "cRAW"),
    ("canon_eos", 0xD120, (1, 16, 1, 0, 3), "L fine"),
    ("canon_eos", 0xD120, (2, 16, 6, 0, 4, 16, 1, 14, 2), "RAW + S1 normal"),
    ("canon_eos", 0xD120, struct.pack("<5I", 1, 16, 1, 1, 2), "M normal"),
    ("canon_eos", 0xD120, (1, 16, 1, 1, 5), "1, 16, 1, 1, 5"),  # a compression that nobody wrote down
    ("canon_eos", 0xD1B0, 3, "camera + computer"),
    ("canon_eos", 0x5007, 560, "f/5.6"),
    # Canon PowerShot: exposure compensation counts down.
    ("canon", 0xD01D, 0x38, "f/8"),
    ("canon", 0xD01E, 0x78, "1/250 s"),
    ("canon", 0xD01C, 0x50, "ISO 200"),
    ("canon", 0xD01F, 0x18, "0 EV"),
    ("canon", 0xD01F, 0x00, "+3 EV"),
    ("canon", 0xD01F, 0x1B, "-0.3 EV"),
    ("canon", 0xD01F, 0x13, "+0.7 EV"),
    ("canon", 0xD009, 100, "10 s"),
    # Nikon.
    ("nikon", 0xD100, 1 << 16 | 125, "1/125 s"),
    ("nikon", 0xD100, 2 << 16 | 1, "2 s"),
    ("nikon", 0xD100, 25 << 16 | 10, "2.5 s"),
    ("nikon", 0xD100, 10 << 16 | 13, "1/1.3 s"),
    ("nikon", 0xD100, 1 << 16 | 8000, "1/8000 s"),
    ("nikon", 0xD100, BULB, "bulb"),
    ("nikon", 0xD100, 0xFFFFFFFD, "time"),
    ("nikon", 0xD100, 0, "0x0000"),
    ("nikon", 0x500D, BULB, "bulb"),
    ("nikon", 0x500D, 80, "1/125 s"),
    ("nikon", 0x500E, 3, "A"),
    ("nikon", 0x500B, 3, "matrix"),
    ("nikon", 0x5005, 0x8010, "cloudy"),
    ("nikon", 0x500A, 0x8010, "AF-S"),
    ("nikon", 0xD0E3, 2400, "24 mm"),
    ("nikon", 0xD0E5, 280, "f/2.8"),
    ("nikon", 0xD10A, -4, "-0.3 EV"),
    ("nikon", 0xD10A, 252, "-0.3 EV"),
    ("nikon", 0xD126, 4, "+0.7 EV"),
    ("nikon", 0xD067, 3 * 65536, "3°"),
    ("nikon", 0xD10E, 2, "90°"),
    ("nikon", 0xF003, 30, "f/5.6"),
    ("nikon", 0xF004, 42, "1/125 s"),
    ("nikon", 0xF004, -6, "2 s"),
    ("nikon", 0xF004, 250, "2 s"),
    ("nikon", 0xF004, -31, "bulb"),
    # Sony.
    ("sony", 0xD20D, 1 << 16 | 125, "1/125 s"),
    ("sony", 0xD20D, 8 << 16 | 10, "0.8 s"),
    ("sony", 0xD20D, 1 << 16 | 3, "1/3 s"),
    ("sony", 0xD20D, 10 << 16 | 80, "1/8 s"),
    ("sony", 0xD20D, 300 << 16 | 10, "30 s"),
    ("sony", 0xD20D, 0, "bulb"),
    ("sony", 0xD21E, 800, "ISO 800"),
    ("sony", 0xD21E, 102_400, "ISO 102400"),
    ("sony", 0xD21E, 0x00FFFFFF, "ISO auto"),
    ("sony", 0xD21E, 0x01000640, "ISO 1600, multi-frame noise reduction"),
    ("sony", 0xD21E, 0x10000640, "0x10000640"),
    ("sony", 0xD20F, 5600, "5600 K"),
    ("sony", 0xD215, 0x8001, "picture ready"),
    ("sony", 0xD218, 76, "76 %"),
    ("sony", 0xD218, -1, "unknown"),
    ("sony", 0x5005, 0x8011, "shade"),
    ("sony", 0x5010, -700, "-0.7 EV"),
    ("sony", 0x500E, 0x8050, "movie"),
    ("sony", 0xD2C2, 2, "pressed"),
    # Fujifilm.
    ("fuji", 0xD02A, 200, "ISO 200"),
    ("fuji", 0xD02A, 0x40000064, "ISO 100 (extended)"),
    ("fuji", 0xD02A, 0x80001900, "ISO auto (6400)"),
    ("fuji", 0xD02A, 0xFFFFFFFF, "ISO auto"),
    ("fuji", 0xD240, 0x80000000 | 125_000, "1/125 s"),
    ("fuji", 0xD240, 0x80000000 | 4_000_000, "1/4000 s"),
    ("fuji", 0xD240, 2000, "2 s"),
    ("fuji", 0xD240, 0xFFFFFFFF, "---"),
    ("fuji", 0x500D, 15_625, "1/60 s"),  # microseconds: 1/64 is what dials call 1/60
    ("fuji", 0x500D, 7812, "1/125 s"),
    ("fuji", 0x500D, 19_686, "1/50 s"),
    ("fuji", 0x500D, 122, "1/8000 s"),
    ("fuji", 0x500D, 2_000_000, "2 s"),
    ("fuji", 0x500D, 32_000_000, "30 s"),
    ("fuji", 0x500D, 64_000_030, "2 min"),
    ("fuji", 0x500D, BULB, "bulb"),
    ("fuji", 0x5005, 0x800B, "color temperature"),
    ("fuji", 0x500C, 0x800A, "enabled"),
    ("fuji", 0x500C, 0x8004, "0x8004"),  # sources disagree
    ("fuji", 0x5007, 280, "f/2.8"),
    ("fuji", 0x5007, 0xFFFF, "---"),
    ("fuji", 0x5012, 2, "2 s"),
    ("fuji", 0x5012, 2000, "2 s"),
    ("fuji", 0xD001, 2, "Velvia/Vivid"),
    ("fuji", 0xD001, 11, "Classic Chrome"),
    ("fuji", 0xD018, 4, "RAW + fine"),
    ("fuji", 0xD218, 30, "f/5.6"),
    ("fuji", 0xD219, 0xFFFA, "2 s"),
    ("fuji", 0xD219, -6, "2 s"),
    ("fuji", 0xD219, 42, "1/125 s"),
    ("fuji", 0xD242, 9, "3 of 5 bars"),
    ("fuji", 0xDF01, 5, facts.name_of("fuji_client_state", 5, "fuji")),
    ("fuji", 0xDF01, 999, "0x03E7"),
    # Olympus and OM System.
    ("olympus", 0xD002, 28, "f/2.8"),
    ("olympus", 0xD007, 0xFFFF, "ISO auto"),
    ("olympus", 0xD008, 65_236, "-0.3 EV"),
    ("olympus", 0xD01B, 4 << 16 | 3, "4:3"),
    ("olympus", 0xD01C, 10 << 16 | 1250, "1/125 s"),
    ("olympus_omd", 0xD01C, 0xFFFFFFFC, "bulb"),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "code", "value", "text"), EXAMPLES)
def test_says_what_a_photographer_reads(vendor: str | None, code: int, value: Any, text: str) -> None:
    assert value_text(code, value, vendor=vendor) == text


def test_says_nothing_about_a_value_that_is_not_known() -> None:
    assert value_text(0x5007, None, vendor="nikon") is None


@pytest.mark.parametrize("code", [0x5007, 0x500D, 0x5005, 0xD101, 0xD999])
def test_takes_a_vendor_it_does_not_know_for_none(code: int) -> None:
    assert value_text(code, 4, vendor="cannon") == value_text(code, 4)


def test_reads_a_signed_value_as_the_unsigned_one_that_tables_name() -> None:
    assert value_text(0x5005, 0x8010 - 0x10000, vendor="nikon", datatype=0x0003) == "cloudy"
    assert value_text(0x5005, 0x8010 - 0x10000, vendor="nikon") == str(0x8010 - 0x10000)


def test_writes_out_a_few_elements_of_a_long_value() -> None:
    assert plain_text(tuple(range(4))) == "0, 1, 2, 3"
    assert plain_text(tuple(range(5000))) == ", ".join(map(str, range(16))) + ", … (5,000 values)"
    assert plain_text(b"\x01\xff") == "01 ff"
    assert plain_text(bytes(5000)) == " ".join(["00"] * 16) + " … (5,000 bytes)"


def test_words_every_measure_there_is() -> None:
    assert set(values.MEASURES) - {"code"} == set(texts._MEASURED)


def test_shows_what_a_users_overlay_says() -> None:
    before = use(overlay_of({
        "sony": {"properties": {
            "0xD2F0": {"name": "LensTemperature", "measure": "kelvin", "per": 10},
            "0x5005": {"values": {"0x8040": "candlelight"}},
        }}
    }))  # fmt: skip
    try:
        assert value_text(0xD2F0, 29_300, vendor="sony") == "2930 K"
        assert value_text(0x5005, 0x8040, vendor="sony") == "candlelight"
        assert value_text(0x5005, 0x8011, vendor="sony") == "shade"
    finally:
        use(before)
    assert use(EMPTY) is before
    use(before)
    assert value_text(0x5005, 0x8040, vendor="sony") == "0x8040"


@pytest.mark.parametrize("vendor", [None, *facts.VENDORS])
def test_gives_a_line_for_every_number_of_every_property(vendor: str | None) -> None:
    known = [row.code for row in values.rows(vendor or "ptp")] + [0x5011, 0x500D, 0xD120]
    numbers = [
        0,
        1,
        -1,
        7,
        127,
        128,
        255,
        256,
        0x7FFF,
        0x8000,
        0xFFFF,
        0x10000,
        1 << 24,
        1 << 31,
        BULB,
        1 << 32,
        1 << 64,
    ]
    for code in known:
        for number in [*numbers, -(1 << 15), -(1 << 31), -(1 << 63), (1 << 128) - 1, 10**5000]:
            text = value_text(code, number, vendor=vendor)
            assert text
            assert text.isprintable()


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.binary(max_size=40),
    st.lists(st.integers() | st.text(max_size=3) | st.none(), max_size=20),
    st.tuples(st.integers(0, 3), st.integers(), st.integers(), st.integers(), st.integers()),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    code=st.sampled_from(sorted({code for _, code, _, _ in EXAMPLES})) | st.integers(0, 0xFFFFFFFF),
    value=anything,
    vendor=st.sampled_from([None, "nobody", *facts.VENDORS]),
    datatype=st.none() | st.integers(0, 0xFFFF),
)
def test_never_raises_whatever_the_value(code: int, value: Any, vendor: str | None, datatype: int | None) -> None:
    text = value_text(code, value, vendor=vendor, datatype=datatype)
    assert (text is None) == (value is None)
    assert text is None or isinstance(text, str)


@pytest.mark.parametrize(("code", "vendor"), [(0xD20D, "sony"), (0xD229, "sony"), (0xD01C, "olympus")])
def test_takes_all_ones_for_no_exposure_time(code: int, vendor: str) -> None:
    assert value_text(code, 0xFFFFFFFF, vendor=vendor) == "0xFFFFFFFF"
    assert value_text(code, 0x0001007D, vendor=vendor) == "1/125 s"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("20261399T993405", "20261399T993405"),
        ("20260102T030405.0+01:00", "2026-01-02 03:04:05 +01:00"),
        ("20260102T030405.0+0100", "2026-01-02 03:04:05 +01:00"),
    ],
)
def test_reads_dates_as_datasets_do(sent: str, text: str) -> None:
    assert value_text(0x5011, sent) == text
    assert (date_text(sent) or sent) == text
