"""Tests of a user's own names on top of the built-in ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts import Event, Operation, OverlayError, overlay_of, values
from ptpip_analyze.facts.overlay import EMPTY, Overlay, active, use


@pytest.fixture(autouse=True)
def _built_in_names() -> Iterator[None]:
    before = use(EMPTY)
    yield
    use(before)


def in_force(content: dict[str, Any]) -> Overlay:
    overlay = overlay_of(content)
    use(overlay)
    return overlay


def test_names_a_code_that_nothing_named() -> None:
    assert facts.name_of("operation", 0x9290, "sony") == "0x9290"
    in_force({"sony": {"operations": {"0x9290": "GetLensInformation"}}})
    assert facts.name_of("operation", 0x9290, "sony") == "GetLensInformation"
    assert facts.names_of("operation", "sony")[0x9290] == "GetLensInformation"
    assert facts.name_of("operation", 0x9290, "nikon") == "0x9290"


def test_says_where_a_name_is_from() -> None:
    in_force({"sony": {"operations": {"0x9290": {"name": "GetLensInformation", "confidence": "agreed", "note": "x"}}}})
    row = facts.row_of("operation", 0x9290, "sony")
    assert isinstance(row, Operation)
    assert (row.source, row.confidence, row.note, row.request) == ("overlay", "agreed", "x", None)
    in_force({"sony": {"operations": {"0x9290": "GetLensInformation"}}})
    assert facts.row_of("operation", 0x9290, "sony").confidence == "guessed"


@pytest.mark.parametrize(
    ("section", "kind", "code"),
    [
        ("operations", "operation", 0x9777),
        ("responses", "response", 0xA777),
        ("events", "event", 0xC777),
        ("formats", "format", 0xB777),
        ("properties", "property", 0xD377),
        ("object_properties", "object_property", 0xD777),
    ],
)
def test_names_codes_of_every_section(section: str, kind: str, code: int) -> None:
    in_force({"canon_eos": {section: {str(code): "Mine"}}})
    assert facts.name_of(kind, code, "canon_eos") == "Mine"


def test_corrects_a_name_and_keeps_what_it_does_not_speak_of() -> None:
    in_force({"ptp": {"operations": {"0x1009": "FetchObject"}, "events": {"0x4002": "ObjectIsThere"}}})
    operation, event = facts.row_of("operation", 0x1009), facts.row_of("event", 0x4002)
    assert isinstance(operation, Operation)
    assert isinstance(event, Event)
    assert (operation.name, operation.data, operation.request) == ("FetchObject", "in", ("ObjectHandle:handle",))
    assert (event.name, event.parameters) == ("ObjectIsThere", ("ObjectHandle",))
    assert {row.name for row in facts.rows("ptp") if (row.kind, row.code) == ("operation", 0x1009)} == {"FetchObject"}


def test_corrects_the_parameters_of_an_operation() -> None:
    in_force({"ptp": {"operations": {"0x1009": {"name": "GetObject", "request": ["Thing:u32"]}}}})
    row = facts.row_of("operation", 0x1009)
    assert isinstance(row, Operation)
    assert (row.request, row.response, row.data) == (("Thing:u32",), (), "in")


def test_is_found_by_search_before_what_it_corrects() -> None:
    in_force({"ptp": {"operations": {"0x1009": "FetchObject"}}, "sony": {"properties": {"0xD2F0": "FetchHeat"}}})
    assert [(row.name, row.source) for row in facts.search("fetch")] == [
        ("FetchObject", "overlay"),
        ("FetchHeat", "overlay"),
    ]
    assert next(row.name for row in facts.search("0x1009")) == "FetchObject"
    assert not [row for row in facts.search("GetObject") if (row.vendor, row.code) == ("ptp", 0x1009)]


def test_adds_meanings_and_scales_to_properties() -> None:
    in_force(
        {
            "sony": {
                "properties": {
                    "0xD2F0": {"name": "LensTemperature", "measure": "kelvin", "per": 10, "zero": 5},
                    "0x5005": {"values": {"0x8040": "candlelight", "4": "sun"}},
                }
            }
        }
    )
    scale = facts.scale(0xD2F0, "sony")
    assert scale is not None
    assert (scale.measure, scale.per, scale.zero, scale.source) == ("kelvin", 10, 5, "overlay")
    white_balance = facts.choices(0x5005, "sony")
    assert (white_balance[0x8040], white_balance[4], white_balance[0x8011]) == ("candlelight", "sun", "shade")
    assert facts.name_of("property", 0x5005, "sony") == "WhiteBalance"
    assert facts.choices(0x5005)[4] == "daylight"
    assert [row.source for row in values.rows("sony")[:2]] == ["overlay", "overlay"]


def test_adds_to_the_standard_what_every_vendor_then_sees() -> None:
    in_force({"ptp": {"properties": {"0x5017": {"values": {"9": "moonlight"}}}}})
    assert facts.choices(0x5017, "nikon")[9] == "moonlight"


def test_leaves_no_trace_when_it_is_taken_away() -> None:
    before = facts.name_of("operation", 0x1009), facts.choices(0x5005)[4], len(facts.search("")), active()
    in_force({"ptp": {"operations": {"0x1009": "Mine"}, "properties": {"0x5005": {"values": {"4": "sun"}}}}})
    assert facts.name_of("operation", 0x1009) == "Mine"
    use(EMPTY)
    assert (facts.name_of("operation", 0x1009), facts.choices(0x5005)[4], len(facts.search("")), active()) == before


def test_puts_one_overlay_on_top_of_another() -> None:
    lower = overlay_of({"sony": {"operations": {"0x9290": "Old", "0x9291": "Kept"}}})
    upper = overlay_of({"sony": {"operations": {"0x9290": "New"}}})
    use(lower.under(upper))
    assert [facts.name_of("operation", code, "sony") for code in (0x9290, 0x9291)] == ["New", "Kept"]


def test_shows_every_thread_the_old_names_or_the_new_ones_and_never_a_mixture() -> None:
    both = [
        overlay_of({"sony": {"operations": {"0x9290": name}, "events": {"0xC2F0": name}}}) for name in ("One", "Two")
    ]
    seen: set[tuple[str, str]] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            table = {row.kind: row.name for row in facts.rows("sony") if row.source == "overlay"}
            seen.add((table["operation"], table["event"]))

    use(both[0])
    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(300):
        use(both[turn % 2])
    stop.set()
    for thread in threads:
        thread.join()
    assert seen <= {("One", "One"), ("Two", "Two")}


@pytest.mark.parametrize(
    ("content", "keys", "reason"),
    [
        ({"cannon": {}}, "cannon", "no vendor is called 'cannon'"),
        ({"sony": 5}, "sony", "is not a table"),
        ({"sony": {"operation": {}}}, "sony.operation", "no section is called 'operation'"),
        ({"sony": {"messages": {}}}, "sony.messages", "no section is called"),
        ({"sony": {"operations": []}}, "sony.operations", "is not a table"),
        ({"sony": {"operations": {"GetIt": "0x9001"}}}, "sony.operations.GetIt", "is not a code"),
        ({"sony": {"operations": {"-1": "X"}}}, "sony.operations.-1", "does not fit"),
        ({"sony": {"operations": {"0x123456789": "X"}}}, "sony.operations.0x123456789", "is not a code"),
        ({"sony": {"operations": {"9999999999": "X"}}}, "sony.operations.9999999999", "does not fit 32 bits"),
        ({"sony": {"operations": {"0x10": "X", "16": "Y"}}}, "sony.operations.16", "is the same code as 0x10"),
        ({"sony": {"operations": {"0x10": 7}}}, "sony.operations.0x10", "is not a name or a table"),
    ],
)
def test_says_what_is_wrong_and_which_keys_lead_there(content: dict[str, Any], keys: str, reason: str) -> None:
    with pytest.raises(OverlayError) as caught:
        overlay_of(content)
    assert ".".join(caught.value.keys) == keys
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("section", "entry", "key", "reason"),
    [
        ("operations", {}, "", "says nothing"),
        ("operations", {"note": "x"}, "", "has no name"),
        ("operations", "", "name", "is not a printable text"),
        ("operations", "a\x1b[31m", "name", "is not a printable text"),
        ("operations", "a<b>", "name", "a name has letters"),
        ("operations", {"nam": "X"}, "nam", "no key of an entry"),
        ("responses", {"name": "X", "request": []}, "request", "no key"),
        ("operations", {"name": "X", "data": "up"}, "data", "none of in"),
        ("operations", {"name": "X", "confidence": "sure"}, "confidence", "'sure'"),
        ("operations", {"name": "X", "request": "A:u32"}, "request", "a list of texts"),
        ("operations", {"name": "X", "request": [1]}, "request", "a list of texts"),
        ("operations", {"name": "X", "request": ["A"]}, "request", "Name:kind"),
        ("operations", {"name": "X", "request": ["A:hand"]}, "request", "'hand'"),
        ("operations", {"name": "X", "request": ["A:u32"] * 6}, "request", "at most 5"),
        ("operations", {"name": "X", "response": []}, "response", "without a request"),
        ("events", {"name": "X", "parameters": ["A"] * 4}, "parameters", "at most 3"),
        ("properties", {"measure": "furlongs"}, "measure", "'furlongs'"),
        ("properties", {"measure": "ev", "per": 0}, "per", "is 0"),
        ("properties", {"measure": "ev", "per": True}, "per", "a whole number"),
        ("properties", {"name": "X", "per": 2}, "per", "without a measure"),
        ("properties", {"values": {"on": "1"}}, "values.on", "is not a code"),
        ("properties", {"values": {"1": 2}}, "values.1", "printable text"),
    ],
)
def test_says_what_is_wrong_with_an_entry(section: str, entry: object, key: str, reason: str) -> None:
    with pytest.raises(OverlayError) as caught:
        overlay_of({"sony": {section: {"0x10": entry}}})
    assert ".".join(caught.value.keys) == f"sony.{section}.0x10.{key}".rstrip(".")
    assert reason in caught.value.reason


def test_takes_negative_numbers_as_values_but_not_as_codes() -> None:
    in_force({"sony": {"properties": {"0xD2F0": {"name": "Tilt", "values": {"-1": "left"}}}}})
    assert facts.choices(0xD2F0, "sony") == {-1: "left"}


def test_offers_only_measures_that_there_are() -> None:
    from ptpip_analyze.facts.overlay import _MEASURES

    assert set(_MEASURES) < set(values.MEASURES)
