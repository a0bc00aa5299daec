"""Findings and the doctor's sentences on the page: nothing is lost without a word, anchors stay the same."""

from __future__ import annotations

import re
from typing import Any

from ptpip_analyze import analyze, conformance
from ptpip_analyze.doctor import examined
from ptpip_analyze.report import findings as module
from ptpip_analyze.report.findings import conformance as shown
from ptpip_analyze.report.findings import notable_frames, verdicts
from ptpip_analyze.report.texts import Anchors
from tests.support import ROOT, analysed
from tests.traffic import conversation

from .conftest import everything, whole


def broken(times: int = 15) -> Any:
    """The initiator uses one TransactionID again and again."""
    talk = conversation(initiator_guid=bytes(16)).open().get_device_info()
    for _ in range(times):
        talk.transaction(0x1004, data_in=b"\0\0\0\0").response(0x2001, transaction_id=77)
    return analysed(talk.close_session().close().packets())


def test_has_every_rule_that_the_check_names_with_its_count() -> None:
    with broken() as analysis:
        document = conformance.checked(analysis.results)
        found, left = shown(document, ["x"], Anchors())
        counts: dict[str, int] = {}
        for row in document["findings"]:
            counts[row["rule"]] = counts.get(row["rule"], 0) + 1
        of_page: dict[str, int] = {}
        for group in found["groups"]:
            if group["verdict"] != "inconclusive":
                of_page[group["rule"]] = of_page.get(group["rule"], 0) + group["count"]
        assert of_page == counts
        assert found["violations"] == sum(row["verdict"] == "violation" for row in document["findings"]) > 0
        assert sum(one["count"] for one in found["by_level"]) == found["violations"]
        hidden = sum(group["more"] for group in found["groups"])
        assert hidden == sum(max(group["count"] - module.MOST_OF_GROUP, 0) for group in found["groups"]) > 0
        assert left == [f"{hidden} findings beyond the first ones of a rule: ptpip-analyze findings."]


def test_gives_anchors_of_rule_and_frame_that_stay_the_same() -> None:
    anchors = []
    for _ in range(2):
        with broken(2) as analysis:
            found, _ = shown(conformance.checked(analysis.results), ["x"], Anchors())
            rows = [(group["rule"], row) for group in found["groups"] for row in group["rows"]]
            anchors.append([row["id"] for _, row in rows])
            assert all(re.fullmatch(rf"{rule}-frame-\d+(-\d+)?", row["id"]) for rule, row in rows)
            assert len(set(anchors[-1])) == len(rows) > 1
    assert anchors[0] == anchors[1]


def test_bounds_rules_cards_and_sentences_and_counts_the_rest(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    monkeypatch.setattr(module, "MOST_CARDS", 1)
    monkeypatch.setattr(module, "MOST_SAYINGS", 3)
    monkeypatch.setattr(module, "MOST_FINDINGS", 4)
    with broken() as analysis:
        document = conformance.checked(analysis.results)
        found, left = shown(document, ["x"], Anchors())
        assert len(found["groups"]) == len(found["cards"]) == 1
        assert len(found["groups"][0]["rows"]) <= 4
        assert any("more rule" in line for line in left)
        assert any("1 scorecard more" in line for line in left)
        said, left = verdicts(examined(analysis.results), Anchors())
        assert sum(len(one["sayings"]) for one in said["entries"]) <= 3
    with analyze(str(ROOT / "captures" / "init-fail.pcapng")) as analysis:
        document = examined(analysis.results)
        said, left = verdicts(document, Anchors())
        total = sum(len(one["sayings"]) for one in (*document["sessions"], *document["captures"]))
        assert left == [f"{total - 3} sentences more of the doctor: ptpip-analyze doctor."]
        assert said["problems"] == 3


def test_says_what_the_doctor_says_with_marks_in_words() -> None:
    with whole(everything()) as analysis:
        document = examined(analysis.results)
        found, left = verdicts(document, Anchors())
        (entry,) = found["entries"]
        assert [one["says"] for one in entry["sayings"]] == [one["says"] for one in document["sessions"][0]["sayings"]]
        assert {one["grade_text"] for one in entry["sayings"]} <= {
            "Problem",
            "Slow",
            "As it should be",
            "Can't be known",
        }
        assert (entry["who"], left) == ("camera with desk", [])
        assert found["problems"] == sum(one["grade"] == "problem" for one in entry["sayings"])


def test_scores_as_the_check_does() -> None:
    with whole(everything()) as analysis:
        document = conformance.checked(analysis.results)
        found, _ = shown(document, ["x"], Anchors())
        for card, one in zip(found["cards"], document["implementations"], strict=True):
            for line in card["lines"]:
                known = one["scorecard"][line["topic"]]
                assert dict(line["counts"]) == {name: known[name] for name, _ in line["counts"]}
                assert sum(dict(line["counts"]).values()) == sum(
                    known.values()
                )  # columns without any rule are left out
            for entry in card["classes"]:
                assert entry["total"] == sum(row[entry["name"]] for row in one["scorecard"].values())


def test_names_the_frames_that_a_reader_will_look_for() -> None:
    with whole(everything()) as analysis:
        check, _ = shown(conformance.checked(analysis.results), ["x"], Anchors())
        doctor, _ = verdicts(examined(analysis.results), Anchors())
        frames = notable_frames(check, doctor)[0]
        refused = analysis.transactions.query("response == 'InvalidObjectHandle'").iloc[0]
        assert refused["last_frame"] in frames
