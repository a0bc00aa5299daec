"""Which verdicts are withdrawn when the clock of a capture was set."""

from __future__ import annotations

from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.clock import STEPPED
from ptpip_analyze.rules.doubt import TIMED
from tests.rules.matrix import judged
from tests.traffic import conversation as talk
from tests.traffic import damage


def test_withdraws_what_compares_times_and_nothing_else() -> None:
    packets = talk(initiator_version=0x00020000).open().get_property().close_session().close().packets()
    found = judged(damage.clock_set(packets, 5, -40_000_000_000))
    withdrawn = {rule for rule, ruling in found.rulings.items() if STEPPED in ruling.why}
    assert withdrawn
    assert all(TIMED & set(CATALOGUE.rules[rule].requires) for rule in withdrawn)
    assert any(ruling.passed for ruling in found.rulings.values())


def test_withdraws_nothing_while_the_clock_runs() -> None:
    found = judged(talk().open().get_property().close_session().close().packets())
    assert not any(STEPPED in ruling.why for ruling in found.rulings.values())
