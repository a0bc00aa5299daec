"""No capture makes an innocent peer guilty: a story never fires more rules for being captured badly.

The test that matters most. Every story of the matrix in all its variants (``silence.variants``): a rule that a damaged
capture fires was fired by the whole one as well, or the reader was told something false.
"""

from __future__ import annotations

import pytest

from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix, silence
from tests.rules.matrix import BROKEN, KEPT, Story, accused_sides, guilty_sides, judged, packets_of

matrix.load()
load_rules()
STORIES: dict[str, Story] = {
    f"{tell.__module__.rpartition('.')[2]}-{tell.__name__}": tell
    for tell in [*(broken.tell for broken in BROKEN), *(tell for _, tell in KEPT)]
}


@pytest.mark.parametrize("name", STORIES)
def test_accuses_nobody_for_what_a_capture_lacks(name: str) -> None:
    packets = packets_of(STORIES[name]())
    known = guilty_sides(judged(packets))
    for what, damaged in silence.variants(packets):
        invented = accused_sides(judged(damaged)) - known
        assert not invented, f"{name} {what}: {', '.join(f'{rule} by {side}' for rule, side in sorted(invented))}"
