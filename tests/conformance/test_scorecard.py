"""Scorecards: each rule once for each peer, whoever is guilty, and how much of it the capture shows."""

from __future__ import annotations

import pytest

from ptpip_analyze.conformance import Options, checked
from ptpip_analyze.conformance.scorecard import CARD, class_of
from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.run import Tally
from tests.rules import matrix
from tests.rules.stories.init import command_request_of_the_responder
from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk

from .captures import analysed, analysed_packets, bad, good

FRAMING = Options(only=("framing-*",))


def cards(document: dict[str, object]) -> dict[str, dict[str, object]]:
    """What is said of the initiator and the responder."""
    return {one["subject"]: one for one in document["implementations"]}  # type: ignore[attr-defined]


def test_counts_a_rule_once_in_the_scorecard_of_each_side() -> None:
    document = checked(analysed(bad(), bad(command_port=50003, event_port=50004)).results, FRAMING)
    found = cards(document)
    assert found["initiator"]["sessions"] == found["responder"]["sessions"] == [0, 1]
    assert found["initiator"]["scorecard"]["framing"]["violated"] == 1
    assert found["responder"]["scorecard"]["framing"]["violated"] == 0
    judged = [entry for entry in CATALOGUE.rules.values() if entry.topic == "framing" and entry.checks]
    assert sum(found["initiator"]["scorecard"]["framing"].values()) == len(judged)


@pytest.mark.parametrize(
    ("tally", "name"),
    [
        (Tally(), "not_applicable"),
        (Tally(unsure=1), "inconclusive"),
        (Tally(passed=1), "passed"),
        (Tally(passed=1, unsure=500), "partly"),
        (Tally(passed=9, unsure=9, deviations=1), "deviations"),
        (Tally(passed=9, deviations=1, either=1), "one_of_both"),
        (Tally(passed=9, deviations=1, either=1, violated=1), "violated"),
    ],
)
def test_counts_the_worst_and_hides_no_doubt(tally: Tally, name: str) -> None:
    assert class_of(tally) == name
    assert name in CARD


def test_counts_whoever_is_guilty() -> None:
    """A responder that sends what only initiators do breaks a rule about initiators."""
    found = cards(checked(analysed(command_request_of_the_responder()).results))
    assert found["responder"]["scorecard"]["init"]["violated"] == 1
    assert found["initiator"]["scorecard"]["init"]["violated"] == 0


def test_counts_every_finding_in_the_card_of_its_subject() -> None:
    matrix.load()
    for broken in matrix.BROKEN:
        document = checked(analysed_packets(matrix.packets_of(broken.tell())).results, Options(only=(broken.rule,)))
        for row in document["findings"]:
            sums = {"violated": 0, "one_of_both": 0, "deviations": 0}
            for one in document["implementations"]:
                if row["subject"] in (one["subject"], "both"):
                    for card in one["scorecard"].values():
                        sums = {name: sums[name] + card[name] for name in sums}
            assert sum(sums.values()) or row["session"] is None, (broken, row)
            assert row["subject"] != "both" or sums["violated"] == 0, (broken, row)


def long_session() -> Conversation:
    """Twenty operations, each answered."""
    one = talk().open()
    for _ in range(20):
        one.get_property()
    return one.close_session().close()


def test_says_how_much_of_a_rule_is_not_known() -> None:
    """Of the last operations the capture lost what the responder said: the first ones pass, the others may have."""
    rule = "response-for-every-request"
    packets = long_session().packets()
    answers = damage.segments(packets, "command", "to-initiator")[-24:]
    cut = packets
    for index in answers:
        cut = damage.cut(cut, index, 62)
    found = cards(checked(analysed_packets(cut).results, Options(only=(rule,))))["responder"]
    assert found["scorecard"]["response"]["partly"] == 1
    assert found["scorecard"]["response"]["passed"] == 0
    (row,) = found["partly"]
    assert row["rule"] == rule
    assert (row["passed"], row["inconclusive"]) == (13, 9)
    assert found["instances"] == {"passed": row["passed"], "inconclusive": row["inconclusive"]}


def test_knows_all_of_a_whole_capture() -> None:
    (card,) = (one for one in checked(analysed(good()).results, Options(only=("response-*",)))["implementations"]
               if one["subject"] == "responder")  # fmt: skip
    assert card["partly"] == []
    assert card["instances"]["inconclusive"] == 0
    assert card["instances"]["passed"] > 10
