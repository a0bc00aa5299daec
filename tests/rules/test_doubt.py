"""Which verdicts are withdrawn when the clock of a capture was set."""

from __future__ import annotations

from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.clock import STEPPED
from ptpip_analyze.rules.doubt import ACROSS, APART, SKEWED, TIMED, doubt
from ptpip_analyze.rules.rule import Ruling
from tests.rules.matrix import judged
from tests.traffic import conversation as talk
from tests.traffic import damage
from tests.traffic.packet import TO_INITIATOR

from .seen import evidence
from .stories.init import operations_before_the_event_connection


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


def test_withdraws_what_compares_times_where_two_clocks_show() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    found = judged(damage.skewed(packets, 2_000_000_000, TO_INITIATOR))
    withdrawn = {rule for rule, ruling in found.rulings.items() if SKEWED in ruling.why}
    assert withdrawn
    assert all(TIMED & set(CATALOGUE.rules[rule].requires) for rule in withdrawn)


def test_doubts_a_finding_that_rests_on_a_message_of_a_session_with_two_clocks() -> None:
    one, other = (
        talk(number=number, command_port=50001 + 9 * number, event_port=50002 + 9 * number) for number in (0, 1)
    )
    fine = one.open().get_property().close_session().close().packets()
    apart = damage.skewed(other.open().get_property().close_session().close().packets(), 2_000_000_000, TO_INITIATOR)
    seen = evidence(damage.interleave(fine, apart))
    rule = "association-number-echoed"
    ruling = Ruling(rule, checks=True)
    rows = [int(case.requests[0]) for case in seen.cases]
    ruling.fires(0, 0, "of itself", row=rows[0])
    ruling.fires(0, 0, "of both", row=rows[0], rows=(rows[1],))
    doubt(seen, {rule: ruling})
    assert [finding.says for finding in ruling.findings] == ["of itself"]
    assert SKEWED in ruling.why


def test_does_not_compare_the_clocks_of_two_interfaces() -> None:
    rule = "init-no-traffic-before-established"
    assert set(CATALOGUE.rules[rule].requires) >= ACROSS
    packets = operations_before_the_event_connection().packets()
    for one_interface in (True, False):
        seen = evidence(packets)
        seen.one_interface = one_interface
        ruling = Ruling(rule, checks=True)
        ruling.fires(0, 0, "too early", row=int(seen.cases[0].requests[0]))
        doubt(seen, {rule: ruling})
        assert len(ruling.findings) == one_interface
        assert (APART in ruling.why) != one_interface
