"""Data messages have their place in the payload, or none where a hole hides how much was lost."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptp.placing import placed


@pytest.mark.parametrize(
    ("lengths", "hidden", "total", "ended", "places"),
    [
        ([112, 112, 62], [0, 0, 0], 250, True, [0, 100, 200]),
        ([112, 12], [0, 0], None, True, [0, 100]),
        ([112, 112, 62], [0, 112, 0], 350, True, [0, 200, 300]),  # one message lost
        ([112, 112, 62], [0, 130, 0], 356, True, [0, 206, 306]),  # two small ones
        ([112, 112, 62], [0, 112, 0], None, True, [0, None, None]),
        ([112, 112, 62], [0, 112, 0], 350, False, [0, None, None]),  # End Data is not there
        ([112, 112, 62], [0, 112, 0], 900, True, [0, None, None]),  # more is lost than the hole is long
        ([112, 112, 62], [0, 112, 0], 100, True, [0, None, None]),  # less announced than carried
        ([112, 112, 112, 62], [0, 112, 224, 0], 650, True, [0, 200, 500, 600]),  # messages as long as the others
        ([112, 112, 112, 62], [0, 112, 224, 0], 640, True, [0, None, None, None]),  # it does not add up
        ([112, 112, 112, 62], [0, 100, 236, 0], 650, True, [0, None, None, None]),  # nor fit
        ([112, 62], [-1, 0], None, True, [None, None]),
        ([], [], 5, False, []),
    ],
)
def test_places_messages(
    lengths: list[int], hidden: list[int], total: int | None, ended: bool, places: list[int | None]
) -> None:
    assert placed(lengths, hidden, total, ended=ended) == places
