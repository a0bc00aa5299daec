"""Twin of ``codes``: the camera's codes are typed apart from the facts, and both say the same."""

import pytest

from ptpip_analyze import facts

from . import codes


@pytest.mark.parametrize(
    ("kind", "codes_of_kind"),
    [
        ("operation", codes.Operation),
        ("response", codes.Response),
        ("event", codes.Event),
        ("property", codes.Property),
        ("format", codes.Format),
    ],
)
def test_has_the_names_the_facts_give(kind, codes_of_kind):
    assert [facts.name_of(kind, int(code)) for code in codes_of_kind] == [code.name for code in codes_of_kind]
