"""Whose camera it is."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptp.datasets import DeviceInfo
from ptpip_analyze.ptp.vendor import vendor_of


@pytest.mark.parametrize(
    ("manufacturer", "vendor"),
    [("Canon Inc.", "canon_eos"), ("Nikon Corporation", "nikon"), ("FUJIFILM", "fuji"), ("Nobody", None), (None, None)],
)
def test_goes_by_the_manufacturer(manufacturer: str | None, vendor: str | None) -> None:
    assert vendor_of(DeviceInfo(manufacturer, "A", None, None)) == vendor


def test_knows_nothing_of_a_camera_that_said_nothing() -> None:
    assert vendor_of(None) is None
