"""SARIF: valid by its schema, with places and suppressions where they belong."""

from __future__ import annotations

import json

from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Schema

from ptpip_analyze.conformance import Options, Waiver, checked, sarif
from tests.rules.stories.name import without_a_name

from .captures import analysed, bad, good

RULE = "framing-fixed-size-types"


def document(**options: object) -> dict[str, object]:
    return checked(analysed(bad()).results, Options(only=("framing-*",), **options))


def test_is_valid_by_the_schema_of_sarif() -> None:
    for made in (document(), document(waivers=(Waiver(RULE, "known"),)), checked(analysed(good()).results)):
        Schema.model_validate_json(json.dumps(sarif(made)))


def test_names_the_rule_the_frame_and_the_capture() -> None:
    (run,) = sarif(document())["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == (RULE, "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == RULE
    assert result["locations"][0]["logicalLocations"][0]["name"].startswith("frame ")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_names_the_rules_that_a_result_speaks_for() -> None:
    (result,) = sarif(checked(analysed(without_a_name()).results))["runs"][0]["results"]
    assert result["properties"]["related"] == "framing-variable-size-bounds"


def test_suppresses_what_is_waived() -> None:
    (result,) = sarif(document(waivers=(Waiver(RULE, "known"),)))["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "known"}]


def test_marks_what_the_baseline_knows_as_unchanged() -> None:
    known = {document()["findings"][0]["fingerprint"]: 1}
    (result,) = sarif(document(baseline=known))["runs"][0]["results"]
    assert result["baselineState"] == "unchanged"
    (new,) = sarif(document(baseline={}))["runs"][0]["results"]
    assert new["baselineState"] == "new"
    (alone,) = sarif(document())["runs"][0]["results"]
    assert "baselineState" not in alone


def test_lets_no_control_character_through() -> None:
    made = checked(analysed(bad(initiator_name="a\x1b[31mb")).results, Options(only=("framing-*",)))
    assert "\\u001b" not in json.dumps(sarif(made))
