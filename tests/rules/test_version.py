"""Versions, beside the matrix: what may be a later revision accuses nobody."""

from __future__ import annotations

import struct

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import Told, judged, packets_of
from tests.rules.stories.name import asked, utf16
from tests.rules.stories.version import at, of_one_placeholder, whole
from tests.traffic import conversation as talk


def said(story: Told, rule: str) -> list[Verdict]:
    return [one.verdict for one in judged(packets_of(story)).findings if one.rule == rule]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        (0x00010000, None),
        (0x00010001, Verdict.INCONCLUSIVE),
        (0x00010063, Verdict.INCONCLUSIVE),
        (0x00010064, Verdict.VIOLATION),
        (0x00090000, Verdict.INCONCLUSIVE),
        (0x000A0000, Verdict.VIOLATION),
        (0x00000000, Verdict.VIOLATION),
        (0x00000100, Verdict.VIOLATION),
        (0xFFFFFFFF, Verdict.VIOLATION),
    ],
)
def test_tells_a_later_revision_from_nonsense(version: int, verdict: Verdict | None) -> None:
    found = said(asked(utf16("desk\0") + struct.pack("<I", version)), "version-is-1-0")
    assert found == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("asked_for", "told", "is_broken"),
    [
        (0x00010000, 0x00010000, False),
        (0x00010000, 0x00010001, True),
        (0x00010001, 0x00010000, False),
        (0x00010000, 0x00020000, False),  # another major number is another rule's
        (0x00000000, 0x00010000, False),  # nonsense is compared with nothing
    ],
)
def test_compares_versions_of_one_major_number(asked_for: int, told: int, is_broken: bool) -> None:
    story = whole(talk(initiator_version=asked_for, responder_version=told))
    assert bool(said(story, "version-responder-not-above-initiator")) == is_broken


def test_does_not_compare_nonsense_with_another_major_number() -> None:
    assert said(whole(talk(initiator_version=1)), "version-unsupported-closes") == []
    assert said(whole(talk(responder_version=0xFFFF0000)), "version-unsupported-closes") == []


@pytest.mark.parametrize(
    ("first", "second", "hints"),
    [
        ((0x10001, 0x10000), (0x10001, 0x10000), 1),  # the responder is known to have 1.0
        ((0x10000, 0x10000), (0x10001, 0x10001), 0),  # it lowered its version the first time
        ((0x10001, 0x10000), (0x10000, 0x10000), 0),
    ],
)
def test_hints_at_an_initiator_that_does_not_learn(first: tuple[int, int], second: tuple[int, int], hints: int) -> None:
    story = [
        whole(talk(initiator_version=first[0], responder_version=first[1])),
        whole(at(5, 1, initiator_version=second[0], responder_version=second[1], connection_number=2)),
    ]
    assert said(story, "version-initiator-highest-or-known") == [Verdict.INCONCLUSIVE] * hints


@pytest.mark.parametrize(
    ("first", "second", "sides"),
    [
        ((0x10001, 0x10000), (0x10001, 0x10001), {1}),  # the responder's own version changed
        ((0x10000, 0x10000), (0x10001, 0x10001), set()),  # both may have been lowered the first time
        ((0x10001, 0x10001), (0x10000, 0x10000), set()),
        ((0x20000, 0x10000), (0x10001, 0x10000), {0}),
    ],
)
def test_hints_at_versions_that_change_for_no_reason(
    first: tuple[int, int], second: tuple[int, int], sides: set[int]
) -> None:
    story = [
        whole(talk(initiator_version=first[0], responder_version=first[1])),
        whole(at(5, 1, initiator_version=second[0], responder_version=second[1], connection_number=2)),
    ]
    found = judged(packets_of(story)).findings
    assert {one.side for one in found if one.rule == "version-stable-per-device"} == sides


def test_takes_no_placeholder_for_one_device() -> None:
    assert said(of_one_placeholder(), "version-stable-per-device") == []


@pytest.mark.parametrize(("asked_for", "told"), [(0x00010001, True), (0x00020000, False), (0x00010000, False)])
def test_takes_who_leaves_for_one_that_minds_the_minor_version_only_where_it_is_lower(
    asked_for: int, told: bool
) -> None:
    one = talk(initiator_version=asked_for).connect().init_command_request().init_command_ack().close()
    assert bool(said(one, "version-initiator-minor-compat")) == told
