"""What each rule said of each side of each session, as rows."""

from __future__ import annotations

from ptpip_analyze import Analysis, conformance
from ptpip_analyze.fleet.verdicts import batches
from ptpip_analyze.tables.schema import arrow_schema
from tests.conformance.captures import analysed, bad, good
from tests.traffic import fuji_conversation


def rows(analysis: Analysis) -> list[dict[str, object]]:
    return [row for result in analysis.results for batch in batches(result) for row in batch.to_pylist()]


def test_adds_up_to_the_scorecards_of_check() -> None:
    analysis = analysed(good(), bad(number=2))
    cards = [one["scorecard"] for one in conformance.checked(analysis.results)["implementations"]]
    names = ("violated", "passed", "partly")
    counted = {name: sum(line[name] for card in cards for line in card.values()) for name in names}
    said = {(row["subject"], row["rule"]): set() for row in rows(analysis)}
    for row in rows(analysis):
        said[row["subject"], row["rule"]].add(row["verdict"])
    assert sum("violation" in verdicts for verdicts in said.values()) == counted["violated"] > 0
    kept = sum({"pass"} <= verdicts <= {"pass", "inconclusive"} for verdicts in said.values())
    assert kept == counted["passed"] + counted["partly"] > 0


def test_says_who_broke_what_in_which_session() -> None:
    found = [row for row in rows(analysed(good(), bad(number=2))) if row["verdict"] == "violation"]
    (one,) = [row for row in found if row["rule"] == "framing-fixed-size-types"]
    assert (one["session"], one["subject"]) == (1, "initiator")


def test_is_in_order_and_of_its_schema() -> None:
    analysis = analysed(good(), bad(number=2))
    (batch,) = batches(analysis.results[0])
    assert batch.schema == arrow_schema("verdicts")
    keys = [(row["session"], row["subject"] != "initiator") for row in rows(analysis)]
    assert keys == sorted(keys)


def test_says_nothing_of_a_makers_dialect() -> None:
    assert rows(analysed(fuji_conversation().open().close())) == []
