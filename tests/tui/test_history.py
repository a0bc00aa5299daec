"""A property over time: values in order, the sparkline, texts, what is not drawn."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ptpip_analyze.tui.history import BLOCKS, MOST, history
from tests.support import ROOT

from .conftest import running


def table(*values: tuple[str | None, str], code: int = 0x500F) -> pa.Table:
    rows = [
        {"session": 0, "property": "ExposureIndex", "property_code": code, "role": role, "value": value,
         "text": value and f"ISO {value}"}
        for value, role in values
    ]  # fmt: skip
    return pa.Table.from_pylist([*rows, rows[0] | {"session": 1}, rows[0] | {"property_code": 1}])


def test_draws_numbers_between_the_least_and_the_largest() -> None:
    said = history(table(("100", "current"), ("[1, 2]", "allowed"), ("800", "set"), ("400", "current")), 0)
    assert said == f"ExposureIndex: 3 values, 2 changes  {BLOCKS[0]}{BLOCKS[7]}{BLOCKS[3]}  ISO 100 → ISO 400"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([("100", "current")], "ExposureIndex: 1 value, ISO 100"),
        ([("100", "current")] * 3, "ExposureIndex: 3 values, always ISO 100"),
        ([("low", "current"), ("high", "set")], "ExposureIndex: 2 values, 1 change    ISO low → ISO high"),
        ([("100", "refused")], ""),
    ],
)
def test_says_what_it_does_not_draw(values: list[tuple[str, str]], said: str) -> None:
    assert history(table(*values), 0) == said


def test_draws_the_last_of_many() -> None:
    said = history(table(*((str(number), "current") for number in range(100))), 0)
    assert sum(letter in BLOCKS for letter in said) == MOST


async def test_properties_tell_the_history_of_the_one_under_the_cursor() -> None:
    async with running(ROOT / "captures" / "config.pcap", (140, 40)) as seen:
        before = (await seen.press("5")).splitlines()[-2]
        after = (await seen.press("down")).splitlines()[-2]
        assert "DateTime: 1 value" in before
        assert "BatteryLevel: " in after
