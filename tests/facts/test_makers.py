"""What gives makers away: texts as they are compared, vendors that exist."""

from __future__ import annotations

import pytest

from ptpip_analyze.facts import CONFIDENCES, SOURCES, VENDORS
from ptpip_analyze.facts.makers import MAKERS, PORTS, Maker
from ptpip_analyze.facts.vendors import MODULES


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.vendors[0])
def test_names_vendors_that_exist(maker: Maker) -> None:
    assert set(maker.vendors) <= set(VENDORS)
    assert len({MODULES[vendor] for vendor in maker.vendors}) == 1
    assert maker.source in SOURCES
    assert maker.confidence in CONFIDENCES


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.vendors[0])
def test_writes_texts_as_they_are_compared(maker: Maker) -> None:
    assert maker.manufacturers
    assert all(text == text.lower() for text in (*maker.manufacturers, *maker.models))


def test_gives_each_vendor_and_each_text_to_one_maker() -> None:
    for texts in (
        [vendor for maker in MAKERS for vendor in maker.vendors],
        [text for maker in MAKERS for text in maker.manufacturers],
        [text for maker in MAKERS for text in maker.models],
        [number for maker in MAKERS for number in maker.extensions],
    ):
        assert len(texts) == len(set(texts))


def test_takes_no_maker_by_the_extension_that_all_report() -> None:
    assert not {0, 6, 0xFFFFFFFF} & {number for maker in MAKERS for number in maker.extensions}


def test_knows_ports_of_makers_that_there_are() -> None:
    assert set(PORTS.values()) <= {maker.vendors[0] for maker in MAKERS}
