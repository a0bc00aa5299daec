"""JUnit: a case per rule, a failure where it is violated, and nothing from the wire becomes markup."""

from __future__ import annotations

from xml.etree import ElementTree as etree

from ptpip_analyze.conformance import Options, Waiver, checked, junit
from tests.rules.stories.name import without_a_name
from tests.traffic import damage

from .captures import analysed, analysed_packets, bad, good

RULE = "framing-fixed-size-types"
FRAMING = Options(only=("framing-*",))


def test_fails_the_case_of_a_violated_rule() -> None:
    root = etree.fromstring(junit(checked(analysed(bad()).results, FRAMING)))
    failed = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == [RULE]
    failure = failed[0].find("failure")
    assert failure is not None
    assert "InitEventRequest of 16 bytes" in (failure.text or "")
    assert root.get("failures") == "1"
    assert int(root.get("tests") or 0) == len(list(root.iter("testcase")))


def test_fails_the_case_that_another_rule_shows() -> None:
    root = etree.fromstring(junit(checked(analysed(without_a_name()).results)))
    failed = {case.get("name"): case.find("failure") for case in root.iter("testcase")}
    failure = failed["framing-variable-size-bounds"]
    assert failure is not None
    assert "shown by name-empty-single-nul" in (failure.text or "")
    assert root.get("failures") == "2"


def test_says_how_much_of_a_passed_case_is_not_known() -> None:
    packets = good().packets()
    cut = damage.cut(packets, damage.segments(packets, "command", "to-initiator")[-1], 62)
    only = Options(only=("response-for-every-request",))
    root = etree.fromstring(junit(checked(analysed_packets(cut).results, only)))
    (case,) = root.iter("testcase")
    out = case.find("system-out")
    assert out is not None
    assert "3 passed, 1 inconclusive: " in (out.text or "")


def test_skips_what_nothing_was_seen_of() -> None:
    root = etree.fromstring(junit(checked(analysed(good()).results, Options(only=("framing-type-*", RULE)))))
    skipped = {case.get("name") for case in root.iter("testcase") if case.find("skipped") is not None}
    assert RULE not in skipped
    assert root.get("skipped") == str(len(skipped))


def test_fails_nothing_when_asked_never_to() -> None:
    root = etree.fromstring(junit(checked(analysed(bad()).results, FRAMING), "never"))
    assert root.get("failures") == "0"
    assert "InitEventRequest of 16 bytes" in "".join(root.itertext())


def test_fails_nothing_that_is_waived() -> None:
    options = Options(only=("framing-*",), waivers=(Waiver(RULE, "known"),))
    assert etree.fromstring(junit(checked(analysed(bad()).results, options))).get("failures") == "0"


def test_is_well_formed_whatever_a_peer_is_called() -> None:
    name = "</failure><script>&\x01\x1b\ufffe"
    text = junit(checked(analysed(bad(initiator_name=name)).results, FRAMING))
    root = etree.fromstring(text)
    assert root.find(".//script") is None
    assert "</failure><script>&" in "".join(root.itertext())
