"""Every rule accuses whom it should on the story that breaks it, and nobody of anything else; who keeps it passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest

from ptpip_analyze.rules import CATALOGUE, REGISTRY
from ptpip_analyze.rules.rule import NOWHERE, SIDES
from ptpip_analyze.rules.run import load as load_rules
from tests.rules import matrix
from tests.rules.matrix import (
    BROKEN,
    KEPT,
    SILENT,
    Broken,
    Story,
    accusations,
    found_in,
    judged,
    packets_of,
    passes,
    spoken,
)
from tests.traffic import Packet, damage
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

matrix.load()
load_rules()
DECIDABLE = [entry.id for entry in CATALOGUE.rules.values() if not entry.undecidable]
STORIES = list(dict.fromkeys([*(one.tell for one in BROKEN), *(tell for _, tell in [*KEPT, *SILENT])]))
CHECKED = [broken for broken in BROKEN if CATALOGUE.rules[broken.rule].checks]
# Nothing that a capture shows keeps these: they speak of a fault, or of one of the ways to do without.
NEVER_PASSED = {"init-fail-only-during-establishment", "probe-responder-on-new-session"}
# What a capture lacks where a precondition of the catalogue is not met.
WITHOUT: dict[str, Callable[[list[Packet]], list[list[Packet]]]] = {
    "BOTHDIR": lambda packets: [damage.one_direction_only(packets, way) for way in (TO_RESPONDER, TO_INITIATOR)],
    "TCPSTART": lambda packets: [damage.without_handshake(packets)],
    "PAIRED": lambda packets: [damage.one_connection_only(packets, one) for one in ("command", "event")],
    "BODY": lambda packets: [damage.snap(packets, 62)],  # a message's header and nothing of its fields
}
# The catalogue asks for more than these rules need to know.
NEEDLESS = {
    ("PAIRED", "init-fail-only-during-establishment"), ("PAIRED", "cancel-i-case1-1"), ("BOTHDIR", "cancel-i-case1-1"),
    ("PAIRED", "probe-responder-on-new-session"), ("PAIRED", "session-device-busy-open"),
}  # fmt: skip


def peers(subject: str) -> set[str]:
    """Whom a subject names."""
    return {"initiator", "responder"} if subject == "both" else {subject}


def named(pair: object) -> str:
    return pair if isinstance(pair, str) else getattr(pair, "__name__", "")


def declared(tell: Story) -> set[tuple[str, str]]:
    """What a story breaks by its own word."""
    return set().union(*(broken.accuses for broken in BROKEN if broken.tell is tell))


def test_has_a_function_for_every_rule_that_can_be_decided() -> None:
    assert sorted(REGISTRY) == sorted(DECIDABLE)


def test_has_a_pair_of_stories_for_every_rule_that_can_be_decided() -> None:
    assert sorted({broken.rule for broken in BROKEN}) == sorted(DECIDABLE)
    assert sorted({rule for rule, _ in KEPT} | NEVER_PASSED) == sorted(DECIDABLE)
    assert {rule for rule, _ in SILENT} >= NEVER_PASSED


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule}-{broken.tell.__name__}")
def test_accuses_whom_the_story_says_and_nobody_else(broken: Broken) -> None:
    found = found_in(broken.tell)
    if CATALOGUE.rules[broken.rule].checks:
        assert broken.by, "say by whom"
    else:
        assert broken.rule in spoken(found)
    assert accusations(found) == broken.accuses


@pytest.mark.parametrize(("rule", "tell"), KEPT, ids=named)
def test_lets_those_pass_who_keep_it(rule: str, tell: Story) -> None:
    found, entry = found_in(tell), CATALOGUE.rules[rule]
    assert accusations(found) == declared(tell)
    if entry.checks:
        assert passes(found, rule) & peers(entry.subject)
    else:
        assert rule not in spoken(found)


@pytest.mark.parametrize(("rule", "tell"), SILENT, ids=named)
def test_stays_silent(rule: str, tell: Story) -> None:
    found = found_in(tell)
    assert accusations(found) == declared(tell)
    assert not passes(found, rule)


def test_judges_the_sides_that_the_catalogue_names() -> None:
    """A scorecard counts a rule for its subject: the rule passes, doubts or accuses these and nobody else."""
    sides: dict[str, set[str]] = defaultdict(set)
    for tell in STORIES:
        found = found_in(tell)
        for rule in found.rulings:
            sides[rule] |= {SIDES[side] for _, side in found.tallies(rule)}
    for entry in CATALOGUE.rules.values():
        assert sides[entry.id] <= peers(entry.subject), entry.id
        assert sides[entry.id] == peers(entry.subject) or not entry.checks or entry.undecidable, entry.id


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: f"{tell.__module__.rpartition('.')[2]}-{tell.__name__}")
def test_shows_what_it_found(tell: Story) -> None:
    """Every violation points at a message or a packet of its session, or at the whole of that session."""
    found = found_in(tell)
    for ruling in found.rulings.values():
        for finding in (*ruling.findings, *ruling.joined):
            assert finding.rule == ruling.rule
            assert finding.row is not None or finding.packet is not None or finding.session != NOWHERE
            assert (finding.shown_by is not None) == (finding in ruling.joined)


@pytest.mark.parametrize("broken", CHECKED, ids=lambda broken: f"{broken.rule}-{broken.tell.__name__}")
def test_accuses_nobody_where_a_precondition_is_not_met(broken: Broken) -> None:
    """Each name in ``requires`` of a rule is a guard that it has."""
    for name in CATALOGUE.rules[broken.rule].requires:
        if name in WITHOUT and (name, broken.rule) not in NEEDLESS:
            for packets in WITHOUT[name](packets_of(broken.tell())):
                assert accusations(judged(packets, only=(broken.rule,))) == set(), name
