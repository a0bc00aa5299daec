"""The package's door: what it names is there, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ptpip_analyze


@pytest.mark.parametrize("name", ptpip_analyze.__all__)
def test_gives_every_name_it_promises(name: str) -> None:
    assert getattr(ptpip_analyze, name) is not None


def test_gives_the_very_things_of_the_rooms() -> None:
    from ptpip_analyze import analysis, capture

    for name in ("Analysis", "Analyzer", "analyze"):
        assert getattr(ptpip_analyze, name) is getattr(analysis, name)
    for name in ("CaptureError", "open_capture"):
        assert getattr(ptpip_analyze, name) is getattr(capture, name)


def test_offers_in_a_notebook_what_it_promises_and_no_room() -> None:
    from ptpip_analyze import payloads

    assert payloads
    assert {name for name in dir(ptpip_analyze) if not name.startswith("__")} == set(ptpip_analyze.__all__) - {
        "__version__"
    }


def test_refuses_a_name_that_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="'ptpip_analyze' has no attribute 'analyse'"):
        _ = ptpip_analyze.analyse


def test_loads_nothing_heavy_by_itself() -> None:
    code = "import sys, ptpip_analyze; print(*{'numpy', 'pandas', 'pyarrow', 'scapy', 'rich'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
