"""Scorecards by model and firmware, out of many captures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import analyze, conformance
from ptpip_analyze.conformance.scorecard import CARD
from ptpip_analyze.fleet import FleetError, Options, export_many, open_fleet
from ptpip_analyze.fleet.scorecard import checked
from tests.conformance.captures import bad, good
from tests.rules.stories.session import opens_two_sessions
from tests.support import RECORDED
from tests.traffic import damage, fuji_conversation, write_pcap

from .here import Here

RULE = "framing-fixed-size-types"


@pytest.fixture
def dataset(here: Here, tmp_path: Path) -> Path:
    """Three captures: good, bad, both; and one of a dialect."""
    (tmp_path / "in").mkdir()
    two = damage.in_turn(good(number=2).packets(), bad(number=3).packets())
    for name, packets in {"a": good().packets(), "b": bad().packets(), "c": two}.items():
        write_pcap(tmp_path / "in" / f"{name}.pcap", packets)
    write_pcap(tmp_path / "in" / "d.pcap", fuji_conversation().open().close().packets())
    (tmp_path / "in" / "e.pcap").write_bytes(b"broken")
    export_many([str(tmp_path / "in")], tmp_path / "d")
    return tmp_path / "d"


def by_title(document: dict[str, Any], subject: str) -> dict[str, dict[str, Any]]:
    return {one["title"]: one for one in document["implementations"] if one["subject"] == subject}


def test_counts_sessions_and_captures_of_who_broke_a_rule(dataset: Path) -> None:
    (row,) = [row for row in checked(open_fleet(dataset))["findings"] if row["rule"] == RULE]
    assert (row["subject"], row["implementation"], row["verdict"]) == ("initiator", "desk", "violation")
    assert (row["sessions"], row["looked_at"], row["captures"]) == (2, 4, 2)
    assert row["capture"] == str(dataset.parent / "in" / "b.pcap")
    with analyze(row["capture"]) as analysis:
        findings = analysis.findings
    shown = findings[(findings["rule"] == RULE) & (findings["frame"] == row["frame"])]
    assert shown["says"].tolist() == [row["says"]]


def test_gives_the_scorecard_that_check_gives_of_the_captures(here: Here, tmp_path: Path) -> None:
    """Where each implementation has one address and one name, both count the same."""
    for path in [path for path in RECORDED if path.stem in ("config", "busy", "lossy-capture", "two-initiators")]:
        export_many([str(path)], tmp_path / path.name)
        with analyze(path) as analysis:
            theirs = conformance.checked(analysis.results)["implementations"]
        ours = checked(open_fleet(tmp_path / path.name))["implementations"]
        for subject in ("initiator", "responder"):
            told, counted = ([one for one in people if one["subject"] == subject] for people in (theirs, ours))
            if len(told) == len(counted) == 1:
                card = told[0]["scorecard"].values()
                assert counted[0]["scorecard"] == {name: sum(line[name] for line in card) for name in CARD}
                assert counted[0]["instances"] == told[0]["instances"]
                assert counted[0]["sessions"] == len(told[0]["sessions"])


def test_has_the_classes_that_check_has_of_captures(here: Here, tmp_path: Path) -> None:
    """A capture that lost requests, and two sessions that one of both opened wrongly."""
    lossy = good().packets()
    for index in damage.segments(lossy, "command", "to-responder")[-4:]:
        lossy = damage.cut(lossy, index, 62)
    said = set()
    for name, packets in {"a": lossy, "b": opens_two_sessions().packets()}.items():
        path = write_pcap(tmp_path / f"{name}.pcap", packets)
        with analyze(path) as analysis:
            theirs = conformance.checked(analysis.results)["implementations"]
        export_many([str(path)], tmp_path / name)
        ours = checked(open_fleet(tmp_path / name))["implementations"]
        cards = {one["subject"]: {name: sum(line[name] for line in one["scorecard"].values()) for name in CARD}
                 for one in theirs}  # fmt: skip
        assert {one["subject"]: one["scorecard"] for one in ours} == cards
        assert {one["subject"]: one["instances"] for one in ours} == {
            one["subject"]: one["instances"] for one in theirs
        }
        said |= {name for card in cards.values() for name, count in card.items() if count}
    assert said >= {"partly", "one_of_both", "passed", "inconclusive"}


def test_adds_up_the_instances_of_all_captures(dataset: Path) -> None:
    with analyze([dataset.parent / "in" / f"{name}.pcap" for name in "abc"]) as analysis:
        theirs = [one for one in conformance.checked(analysis.results)["implementations"] if one["title"] == "desk"]
    ours = by_title(checked(open_fleet(dataset)), "initiator")["desk"]
    assert ours["instances"]["passed"] == sum(one["instances"]["passed"] for one in theirs) > 10


def test_tells_firmware_apart(here: Here, tmp_path: Path) -> None:
    (path,) = [path for path in RECORDED if path.stem == "config"]
    export_many([str(path)], tmp_path / "d")
    assert "Simulated Camera 1.0" in by_title(checked(open_fleet(tmp_path / "d")), "responder")


def test_does_not_judge_a_dialect(dataset: Path) -> None:
    document = checked(open_fleet(dataset))
    cameras = [one for one in document["implementations"] if one["subject"] == "responder"]
    (dialect,) = [one for one in cameras if not one["judged_sessions"]]
    assert set(dialect["scorecard"].values()) == {0}
    assert document["judged_sessions"] == 4


def test_tells_which_captures_say_nothing(dataset: Path) -> None:
    document = checked(open_fleet(dataset))
    assert [Path(one["capture"]).name for one in document["failed"]] == ["e.pcap"]
    assert document["captures"] == 4


def test_checks_by_the_rules_that_are_wanted(dataset: Path) -> None:
    fleet = open_fleet(dataset)
    assert {row["rule"] for row in checked(fleet, ["framing-*"])["findings"]} == {RULE}
    assert checked(fleet, skip=["framing-*"])["findings"] == []
    assert sum(by_title(checked(fleet, [RULE]), "initiator")["desk"]["scorecard"].values()) == 1


def test_counts_known_deviations_as_violations_when_strict(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.compute as pc

    fleet = open_fleet(dataset)
    batches = fleet.batches

    def excused(table: str, columns: Any = None, where: Any = None):
        for batch in batches(table, columns, None):
            at = batch.schema.get_field_index("verdict")
            if at >= 0:
                said = pc.replace_substring(batch["verdict"].cast("string"), "violation", "known-vendor-deviation")
                batch = batch.set_column(at, "verdict", said)
            if "violated" in batch.schema.names:
                names = {"violated": "deviations", "deviations": "violated"}
                batch = batch.rename_columns([names.get(name, name) for name in batch.schema.names])
            yield batch

    monkeypatch.setattr(fleet, "batches", excused)
    usual, strict = checked(fleet), checked(fleet, strict=True)
    assert [row["verdict"] for row in usual["findings"]] == ["known-vendor-deviation"]
    assert [row["verdict"] for row in strict["findings"]] == ["violation"]
    for one, other in zip(usual["implementations"], strict["implementations"], strict=True):
        assert other["scorecard"]["violated"] == one["scorecard"]["deviations"]
        assert other["scorecard"]["passed"] == one["scorecard"]["passed"]


def test_needs_the_tables_that_it_reads(here: Here, tmp_path: Path) -> None:
    write_pcap(tmp_path / "a.pcap", good().packets())
    export_many([str(tmp_path / "a.pcap")], tmp_path / "d", Options(("sessions",)))
    with pytest.raises(FleetError, match="has no table verdicts"):
        checked(open_fleet(tmp_path / "d"))
