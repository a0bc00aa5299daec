"""`check` and `explain`: exit codes, formats, files of the user, and what a page says."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from ptpip_analyze.rules import CATALOGUE
from tests.conformance.captures import bad, good
from tests.rules.matrix import packets_of
from tests.rules.stories.association import second_event_connection
from tests.rules.stories.name import without_a_name
from tests.traffic import damage, write_pcap

RULE = "framing-fixed-size-types"


@pytest.fixture
def bad_pcap(tmp_path: Path) -> Path:
    return write_pcap(tmp_path / "bad.pcap", bad().packets())


@pytest.fixture
def good_pcap(tmp_path: Path) -> Path:
    return write_pcap(tmp_path / "good.pcap", good().packets())


def test_ends_with_0_where_nothing_is_wrong(run, good_pcap: Path) -> None:
    ran = run("check", good_pcap)
    assert ran.code == 0
    assert "No violations" in ran.out


def test_ends_with_1_for_a_violation_and_shows_its_bytes(run, bad_pcap: Path) -> None:
    ran = run("check", bad_pcap)
    assert ran.code == 1
    assert f"MUST {RULE}: 1 violation by initiator desk" in ran.out
    assert "10 00 00 00 03 00 00 00" in ran.out
    assert CATALOGUE.rules[RULE].clause in ran.out


def test_ends_with_0_when_asked_never_to_fail(run, bad_pcap: Path) -> None:
    assert run("check", bad_pcap, "--fail-on", "never").code == 0


def test_writes_json_sarif_and_junit(run, bad_pcap: Path) -> None:
    document = json.loads(run("check", bad_pcap, "--format", "json").out)
    assert RULE in [row["rule"] for row in document["findings"]]
    assert document["findings"][0]["time"].endswith("Z")
    assert json.loads(run("check", bad_pcap, "--format", "sarif").out)["version"] == "2.1.0"
    assert etree.fromstring(run("check", bad_pcap, "--format", "junit").out.encode()).tag == "testsuites"


@pytest.mark.parametrize(("name", "begins"), [("a.json", "{"), ("a.sarif", "{"), ("a.xml", "<?xml")])
def test_takes_the_format_from_the_suffix(run, bad_pcap: Path, tmp_path: Path, name: str, begins: str) -> None:
    assert run("check", bad_pcap, "-o", tmp_path / name).code == 1
    assert (tmp_path / name).read_text().startswith(begins)


def test_refuses_a_suffix_that_names_no_format(run, bad_pcap: Path, tmp_path: Path) -> None:
    ran = run("check", bad_pcap, "-o", tmp_path / "a.csv")
    assert ran.code == 2
    assert "a suffix of" in ran.err


def test_takes_its_own_json_as_a_baseline(run, bad_pcap: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    run("check", bad_pcap, "-o", old)
    ran = run("check", bad_pcap, "--baseline", old)
    assert ran.code == 0
    assert "Known from the baseline: " in ran.out
    assert "No violations beside 1 in the baseline" in ran.out


def test_waives_what_a_file_says_and_reports_the_rest(run, bad_pcap: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(f'[[waiver]]\nrule = "{RULE}"\nreason = "known"\n\n[[waiver]]\nrule = "name-*"\nreason = "no"\n')
    ran = run("check", bad_pcap, "--waivers", waivers, "--only", "framing-*")
    assert ran.code == 0
    assert "Waived: 1 finding" in ran.out
    assert "No violations beside 1 waived" in ran.out
    assert "Waiver in line 5 not used (name-*): nothing to waive" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "nmae-*"), "--only: no rule is called nmae-*"),
        (("--skip", "x"), "--skip: no rule is called x"),
        (("--skip", "*"), "--only and --skip leave no rule to check by"),
        (("--waivers", "absent.toml"), "absent.toml: No such file"),
        (("--baseline", "absent.json"), "absent.json: No such file"),
        (("--thresholds", "absent.toml"), "absent.toml: No such file"),
    ],
)
def test_says_in_one_line_what_it_can_not_use(run, bad_pcap: Path, arguments: tuple[str, str], said: str) -> None:
    ran = run("check", bad_pcap, *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_says_when_there_is_nothing_to_judge(run, tmp_path: Path) -> None:
    ran = run("check", write_pcap(tmp_path / "empty.pcap", []))
    assert ran.code == 0
    assert "Nothing to judge" in ran.out
    needing = run("check", tmp_path / "empty.pcap", "--need-session")
    assert needing.code == 1


def test_needs_a_session_where_it_is_told_so(run, good_pcap: Path) -> None:
    assert run("check", good_pcap, "--need-session").code == 0


def test_explains_a_rule(run) -> None:
    ran = run("explain", RULE)
    assert ran.code == 0
    assert CATALOGUE.rules[RULE].title in ran.out
    assert CATALOGUE.rules[RULE].silent_when in ran.out


def test_lists_all_rules(run) -> None:
    lines = run("explain").out.splitlines()
    assert len([line for line in lines if ": " in line]) == len(CATALOGUE.rules)


def test_explains_every_rule_and_deviation(run) -> None:
    for name in (*CATALOGUE.rules, *CATALOGUE.deviations):
        ran = run("explain", name)
        assert ran.code == 0
        assert name in ran.out


def test_guesses_what_was_meant(run) -> None:
    ran = run("explain", "framing-fixed-size-type")
    assert ran.code == 2
    assert f"did you mean {RULE}" in ran.err


def test_lists_the_rules_that_a_glob_matches(run) -> None:
    lines = run("explain", "cancel-*").out.splitlines()
    known = [entry for entry in CATALOGUE.rules.values() if entry.id.startswith("cancel-")]
    assert lines == [f"{entry.level:<6} {entry.id}: {entry.title}" for entry in known]
    assert len(lines) > 5
    assert "known  dev-theta4j-five-params: " in run("explain", "dev-t*").out


def test_explains_the_one_rule_that_a_glob_matches(run) -> None:
    assert run("explain", RULE[:-1] + "?").out == run("explain", RULE).out


@pytest.mark.parametrize(
    ("glob", "said"),
    [("frming-*", "did you mean framing-"), ("dat-*", "did you mean data-"), ("*zzz*", "`explain` alone lists them")],
)
def test_guesses_what_a_glob_was_meant_to_match(run, glob: str, said: str) -> None:
    ran = run("explain", glob)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"no rule is called {glob}; {said}" in ran.err


def test_names_the_rules_that_one_finding_shows(run, tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "name.pcap", without_a_name().packets())
    out = run("check", path).out
    assert "MUST name-empty-single-nul: 1 violation by initiator" in out
    assert "with it: framing-variable-size-bounds" in out
    assert "1 violation (1 must)" in out


def test_says_where_nobody_can_tell_who(run, tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "left.pcap", packets_of(second_event_connection()))
    said = "MUST association-one-event-per-command: 1 violation by one of both, Pretend Camera or desk"
    assert said in run("check", path).out


def test_ends_with_the_sums_of_the_scorecards(run, tmp_path: Path) -> None:
    """A capture that is cut short: much of it can't be known."""
    path = write_pcap(tmp_path / "cut.pcap", damage.snap(good().packets(), 96))
    document = json.loads(run("check", path, "--format", "json").out)
    cards = [card for one in document["implementations"] for card in one["scorecard"].values()]
    unknown, partly = (sum(card[name] for card in cards) for name in ("inconclusive", "partly"))
    asked = sum(sum(card.values()) - card["not_applicable"] for card in cards)
    assert 0 < partly < unknown < asked
    out = run("check", path).out
    assert f"of {asked} verdicts in the scorecards {unknown} can't be known and {partly} only in part." in out
    for one in document["implementations"]:
        counts = one["instances"]
        assert f"{counts['passed']} instances passed, {counts['inconclusive']} can't be known" in out


def test_names_what_is_waived_beside_what_is_not(run, bad_pcap: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(f'[[waiver]]\nrule = "{RULE}"\nreason = "known"\n')
    assert "No violations beside 1 waived; of " in run("check", bad_pcap, "--waivers", waivers).out
    old = tmp_path / "old.json"
    run("check", bad_pcap, "-o", old)
    assert "No violations beside 1 in the baseline; of " in run("check", bad_pcap, "--baseline", old).out


def test_fits_into_80_columns(run, tmp_path: Path) -> None:
    out = run("check", write_pcap(tmp_path / "good.pcap", good().packets())).out
    rows = [line for line in out.splitlines() if line.startswith("  ") and ("·" in line or "passed" in line)]
    assert len(rows) > 20
    assert max(map(len, rows)) <= 80


def test_lets_no_control_character_from_the_wire_through(run, tmp_path: Path) -> None:
    ran = run("check", write_pcap(tmp_path / "bad.pcap", bad(initiator_name="a\x1b[31mb").packets()))
    assert "\x1b" not in ran.out
