"""The document of a check: nothing is lost between findings, waived, known and notes."""

from __future__ import annotations

import struct
from datetime import date

import pytest

from ptpip_analyze.conformance import Options, Waiver, checked, fails
from ptpip_analyze.rules import CATALOGUE
from tests.rules.matrix import Story, packets_of
from tests.rules.stories.association import second_event_connection
from tests.rules.stories.cancel_named import late_cancel_answered
from tests.rules.stories.name import without_a_name
from tests.traffic import conversation as talk

from .captures import analysed, analysed_packets, bad, good, rules_of

RULE = "framing-fixed-size-types"
FRAMING = Options(only=("framing-*",))


def test_finds_nothing_in_a_good_conversation() -> None:
    document = checked(analysed(good()).results)
    assert rules_of(document["findings"]) == []
    assert not fails(document, "should")


def test_tells_who_broke_which_rule_where_and_by_which_bytes() -> None:
    document = checked(analysed(bad()).results, FRAMING)
    (row,) = document["findings"]
    assert (row["rule"], row["verdict"], row["level"]) == (RULE, "violation", "must")
    assert (row["subject"], row["implementation"], row["session"]) == ("initiator", "desk", 0)
    assert row["frames"] == [row["frame"]]
    assert bytes.fromhex(row["proof"])[:8] == b"\x10\0\0\0\x03\0\0\0"
    assert row["clause"] == CATALOGUE.rules[RULE].clause


@pytest.mark.parametrize(("level", "failed"), [("must", True), ("should", True), ("never", False)])
def test_fails_at_the_level_that_was_asked_for(level: str, failed: bool) -> None:
    assert fails(checked(analysed(bad()).results, FRAMING), level) is failed


def test_says_for_each_rule_how_often_it_was_kept() -> None:
    document = checked(analysed(good()).results, Options(only=(RULE,)))
    (rule,) = document["rules"]
    assert rule["passed"] == 4  # Init Event Request and Ack, and two Start Data; nothing else here has a fixed size
    assert (rule["violated"], rule["inconclusive"]) == (0, 0)


def test_keeps_what_is_waived_and_says_why() -> None:
    waiver = Waiver(RULE, "fixed in 1.2", implementation="desk")
    document = checked(analysed(bad()).results, Options(only=("framing-*",), waivers=(waiver,)))
    assert document["findings"] == []
    assert [(row["rule"], row["reason"]) for row in document["waived"]] == [(RULE, "fixed in 1.2")]
    assert document["unused_waivers"] == []
    assert not fails(document, "must")


@pytest.mark.parametrize(
    ("waiver", "why"),
    [
        (Waiver(RULE, "old", date(2026, 1, 31)), "expired on 2026-01-31"),
        (Waiver(RULE, "another camera", implementation="EOS*"), "nothing to waive"),
        (Waiver(RULE, "the camera's", subject="responder"), "nothing to waive"),
        (Waiver(RULE, "whose?", subject="both"), "nothing to waive"),
        (Waiver("name-*", "another rule"), "nothing to waive"),
    ],
)
def test_reports_a_waiver_that_covers_nothing(waiver: Waiver, why: str) -> None:
    options = Options(only=("framing-*",), waivers=(waiver,), today=date(2026, 2, 1))
    document = checked(analysed(bad()).results, options)
    assert rules_of(document["findings"]) == [RULE]
    assert [one["why"] for one in document["unused_waivers"]] == [why]


def test_counts_what_the_side_did_that_may_not() -> None:
    """A response of the initiator: the rule is the responder's, the fault is not."""
    one = talk().open().message(7, struct.pack("<HI", 0x2001, 9), "to-responder").get_property().close_session().close()
    document = checked(analysed(one).results)
    (row,) = [row for row in document["findings"] if row["rule"] == "response-placement"]
    (card,) = [one["scorecard"]["response"] for one in document["implementations"] if one["subject"] == row["subject"]]
    assert (row["subject"], card["violated"] > 0) == ("initiator", True)


def test_counts_a_rule_as_broken_where_another_one_speaks_for_it() -> None:
    document = checked(analysed(bad()).results)
    for row in document["findings"]:
        for rule in filter(None, (row["related"] or "").split(",")):
            assert rule in CATALOGUE.rules


def test_holds_a_waiver_on_the_day_it_expires() -> None:
    options = Options(only=("framing-*",), waivers=(Waiver(RULE, "x", date(2026, 2, 1)),), today=date(2026, 2, 1))
    assert checked(analysed(bad()).results, options)["findings"] == []


def test_counts_only_what_the_baseline_does_not_know() -> None:
    first = checked(analysed(bad()).results, FRAMING)
    known = {first["findings"][0]["fingerprint"]: 1}
    again = analysed(bad(), bad(command_port=50003, event_port=50004)).results
    document = checked(again, Options(only=("framing-*",), baseline=known))
    assert rules_of(document["known"]) == [RULE]
    assert rules_of(document["findings"]) == [RULE]  # the second one is new


def test_tells_implementations_apart_in_the_fingerprint() -> None:
    prints = {checked(analysed(one).results, FRAMING)["findings"][0]["fingerprint"] for one in (bad(), bad(seed=1))}
    assert len(prints) == 1
    other = checked(analysed(bad(initiator_name="phone")).results, FRAMING)["findings"][0]["fingerprint"]
    assert other not in prints


def test_takes_and_leaves_out_rules_by_glob() -> None:
    results = analysed(bad()).results
    assert rules_of(checked(results, Options(only=("name-*",)))["findings"]) == []
    assert RULE not in rules_of(checked(results, Options(skip=("framing-fixed*",)))["findings"])


SPEAKS, JOINED = "name-empty-single-nul", "framing-variable-size-bounds"


def test_keeps_what_another_rule_shows_and_counts_it() -> None:
    document = checked(analysed(without_a_name()).results)
    assert rules_of(document["findings"]) == [SPEAKS]
    assert [(row["rule"], row["shown_by"], row["subject"]) for row in document["joined"]] == [
        (JOINED, SPEAKS, "initiator")
    ]
    assert {row["rule"]: row["violated"] for row in document["rules"] if row["violated"]} == {SPEAKS: 1, JOINED: 1}
    (card,) = (one["scorecard"] for one in document["implementations"] if one["subject"] == "initiator")
    assert (card["name"]["violated"], card["framing"]["violated"]) == (1, 1)


@pytest.mark.parametrize("rule", [SPEAKS, JOINED])
def test_waives_a_rule_alone_and_not_what_it_speaks_for(rule: str) -> None:
    """What remains is the same as where only the other one is checked."""
    results = analysed(without_a_name()).results
    document = checked(results, Options(waivers=(Waiver(rule, "known"),)))
    (other,) = {SPEAKS, JOINED} - {rule}
    assert rules_of(document["waived"]) == [rule]
    assert rules_of(document["findings"]) == rules_of(checked(results, Options(only=(other,)))["findings"]) == [other]
    assert document["joined"] == []


def test_waives_both_where_both_are_named() -> None:
    waivers = (Waiver(SPEAKS, "known"), Waiver(JOINED, "known"))
    document = checked(analysed(without_a_name()).results, Options(waivers=waivers))
    assert (document["findings"], document["joined"], document["unused_waivers"]) == ([], [], [])
    assert sorted(rules_of(document["waived"])) == [JOINED, SPEAKS]


def test_knows_from_the_baseline_what_was_joined() -> None:
    results = analysed(without_a_name()).results
    first = checked(results)
    known = {row["fingerprint"]: 1 for row in (*first["findings"], *first["joined"])}
    again = checked(results, Options(only=(JOINED,), baseline=known))
    assert (again["findings"], rules_of(again["known"])) == ([], [JOINED])


EITHER = "association-one-event-per-command"


def test_names_both_where_nobody_can_tell_who() -> None:
    document = checked(analysed_packets(packets_of(second_event_connection())).results, Options(only=(EITHER,)))
    (row,) = document["findings"]
    assert (row["subject"], row["implementation"]) == ("both", "Pretend Camera or desk")
    both = [one for one in document["implementations"] if one["title"] in row["implementation"]]
    cards = [one["scorecard"]["association"] for one in both]
    assert [(card["violated"], card["one_of_both"]) for card in cards] == [(0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("waiver", "covers"),
    [
        (Waiver(EITHER, "x"), True),
        (Waiver(EITHER, "x", subject="both"), True),
        (Waiver(EITHER, "x", subject="initiator"), False),
        (Waiver(EITHER, "x", subject="responder"), False),
        (Waiver(EITHER, "x", implementation="desk"), False),
        (Waiver(EITHER, "x", implementation="Pretend*"), False),
        (Waiver(EITHER, "x", implementation="*"), True),
        (Waiver(EITHER, "x", implementation="[Pd]*"), True),
    ],
)
def test_waives_what_one_of_both_did_only_where_both_are_named(waiver: Waiver, covers: bool) -> None:
    document = checked(
        analysed_packets(packets_of(second_event_connection())).results, Options(only=(EITHER,), waivers=(waiver,))
    )
    assert bool(document["waived"]) is covers
    assert bool(document["findings"]) is not covers


@pytest.mark.parametrize("story", [late_cancel_answered, without_a_name, second_event_connection])
def test_fails_alike_whole_and_in_part(story: Story) -> None:
    """All rules together find the same as each of them alone: no fault is hidden behind a lesser one."""
    results = analysed_packets(packets_of(story())).results
    whole = checked(results)
    broken = {row["rule"]: row["violated"] + row["deviations"] for row in whole["rules"]}
    failing = set()
    for rule in (name for name, count in broken.items() if count):
        part = checked(results, Options(only=(rule,)))
        assert len(part["findings"]) == broken[rule]
        failing |= {level for level in ("must", "should") if fails(part, level)}
    assert failing == {level for level in ("must", "should") if fails(whole, level)}
