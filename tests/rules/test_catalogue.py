"""The catalogue ships with the package, is whole, and uses only words that it explains."""

from __future__ import annotations

from collections import Counter

from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.rules.catalogue import KINDS, LEVELS, SUBJECTS, Treatment
from ptpip_analyze.rules.deviations import COUNTS_AS, FINGERPRINTS
from ptpip_analyze.rules.run import TOPICS


def test_has_all_rules_by_level() -> None:
    assert Counter(entry.level for entry in CATALOGUE.rules.values()) == {
        "must": 108, "should": 43, "may": 19, "info": 42,
    }  # fmt: skip
    assert len(CATALOGUE.deviations) == 41
    assert len(CATALOGUE.unobservable) == 22


def test_uses_only_words_that_there_are() -> None:
    for entry in CATALOGUE.rules.values():
        assert (entry.level in LEVELS, entry.kind in KINDS, entry.subject in SUBJECTS) == (True, True, True), entry.id
        assert entry.topic in TOPICS
        assert set(entry.requires) <= set(CATALOGUE.preconditions), entry.id
        assert set(entry.deviations) <= set(CATALOGUE.deviations), entry.id
    assert set(CATALOGUE.kinds) == set(KINDS)


def test_names_only_rules_that_there_are_in_deviations() -> None:
    for deviation in CATALOGUE.deviations.values():
        assert isinstance(deviation.treat_as, Treatment), deviation.id
        assert set(deviation.rules) <= set(CATALOGUE.rules), deviation.id


def test_recognises_what_it_treats_in_its_own_way() -> None:
    """What is excused or reported has a fingerprint in code; of a dialect, and of what is only told, there is none."""
    for deviation in CATALOGUE.deviations.values():
        if deviation.treat_as in (Treatment.KNOWN, Treatment.REPORT):
            assert deviation.id in FINGERPRINTS
        elif deviation.id in FINGERPRINTS:
            assert deviation.treat_as in COUNTS_AS, deviation.id
    assert set(FINGERPRINTS) <= set(CATALOGUE.deviations)


def test_cites_a_clause_for_every_rule() -> None:
    for entry in CATALOGUE.rules.values():
        assert (
            "CIPA DC-X005-2005 §" in entry.section or "IEEE paper §" in entry.section or "White Paper" in entry.section
        )


def test_names_every_threshold_with_its_unit() -> None:
    assert all(name.endswith(("_s", "_ms")) and value >= 0 for name, value in CATALOGUE.thresholds.items())


def test_names_each_document_of_a_clause_once() -> None:
    assert CATALOGUE.rules["name-max-length"].clause == "CIPA DC-X005-2005 §2.3.1, §2.3.2"
    assert CATALOGUE.rules["init-no-traffic-before-established"].clause == (
        "CIPA DC-X005-2005 §2.2.3.1 steps 4-7; IEEE paper §III.C"
    )
