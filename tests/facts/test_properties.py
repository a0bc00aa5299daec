"""Tests of the properties of PTP and MTP."""

from __future__ import annotations

from ptpip_analyze.facts.properties import DATATYPES, OBJECT_PROPERTIES, PROPERTIES


def test_holds_the_device_properties_of_ptp_1_0_without_a_hole() -> None:
    codes = [row.code for row in PROPERTIES if row.vendor == "ptp"]
    assert codes[:32] == list(range(0x5000, 0x5020))
    assert len(codes) == len(set(codes)) == 45


def test_names_what_a_photographer_turns() -> None:
    names = {row.code: row.name for row in PROPERTIES}
    assert (names[0x5001], names[0x5007], names[0x500D], names[0x500F]) == (
        "BatteryLevel", "FNumber", "ExposureTime", "ExposureIndex",
    )  # fmt: skip


def test_keeps_object_properties_apart_from_device_properties() -> None:
    assert {row.kind for row in PROPERTIES} == {"property"}
    assert {row.kind for row in OBJECT_PROPERTIES} == {"object_property"}
    names = {row.code: row.name for row in OBJECT_PROPERTIES}
    assert (names[0xDC01], names[0xDC07]) == ("StorageID", "ObjectFileName")


def test_leaves_vendors_out() -> None:
    assert {row.vendor for row in (*PROPERTIES, *OBJECT_PROPERTIES)} == {"ptp", "mtp"}


def test_gives_every_device_property_of_ptp_1_0_its_datatype() -> None:
    names = {row.code: row.name for row in PROPERTIES}
    assert sorted(DATATYPES) == list(range(0x5001, 0x5020))
    assert [names[code] for code, datatype in DATATYPES.items() if datatype == 3] == ["ExposureBiasCompensation"]
    assert [names[code] for code, datatype in DATATYPES.items() if datatype == 0xFFFF] == [
        "ImageSize", "RGBGain", "DateTime", "UploadURL", "Artist", "CopyrightInfo",
    ]  # fmt: skip
