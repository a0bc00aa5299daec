"""The facts about what is personal."""

from __future__ import annotations

import re

import pytest

from ptpip_analyze.facts import datasets, personal, vendors
from ptpip_analyze.facts.properties import PROPERTIES
from ptpip_analyze.ptp.datasets import NAMES

ROWS = [*PROPERTIES, *(row for vendor in vendors.MODULES for row in vendors.rows(vendor))]


@pytest.mark.parametrize(
    "name", ["Artist", "CopyrightInfo", "UploadURL", "DeviceFriendlyName", "SynchronizationPartner"]
)
def test_knows_the_personal_properties_of_the_standards(name: str) -> None:
    assert any(word in name.lower() for word in personal.PERSONAL_PROPERTIES)


@pytest.mark.parametrize("name", ["FNumber", "ExposureTime", "WhiteBalance", "BatteryLevel", "ImageSize", "DateTime"])
def test_takes_no_setting_for_personal(name: str) -> None:
    assert not any(word in name.lower() for word in personal.PERSONAL_PROPERTIES)


@pytest.mark.parametrize("word", personal.PERSONAL_PROPERTIES)
def test_is_written_as_names_are_compared(word: str) -> None:
    assert word == word.lower()
    assert "_" not in word


def test_names_fields_and_datasets_that_there_are() -> None:
    fields = {field.name for field in datasets.BY_NAME["DeviceInfo"].fields}
    assert fields >= personal.PUBLIC_FIELDS
    assert set(NAMES) >= personal.PRIVATE_DATASETS


def test_takes_most_properties_of_makers_for_settings() -> None:
    names = {row.name.lower().replace("_", "") for row in ROWS if row.kind == "property"}
    found = {name for name in names if any(word in name for word in personal.PERSONAL_PROPERTIES)}
    assert {"artist", "owner"} <= found
    assert len(found) < len(names) / 8


def test_keeps_dates_and_sizes_and_nothing_that_looks_like_a_number_of_a_device() -> None:
    public = re.compile("|".join(personal.PUBLIC_SHAPES))
    assert public.fullmatch("20260102T030405")
    assert public.fullmatch("6000x4000")
    for text in ("12345678", "192.168.1.1", "51.4779", "", "20260102T030405 Ada"):
        assert not public.fullmatch(text)
