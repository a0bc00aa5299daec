"""No capture makes an innocent peer guilty: a story never accuses more for being captured badly.

The test that matters most. Every story of the matrix in all its variants (``silence.variants``) and in some of its
disturbances: who is accused of what in a damaged capture was accused of it in the whole one as well, or the reader was
told something false.
"""

from __future__ import annotations

import zlib

import pytest

from ptpip_analyze.rules.run import load as load_rules
from tests.rules import silence
from tests.rules.matrix import accusations, accused_in, found_in, packets_of
from tests.rules.silence import invented
from tests.rules.stories.association import second_event_connection

load_rules()
STORIES = silence.stories()
EVERY = 3  # disturbances: each story takes another third of them


@pytest.mark.parametrize("name", STORIES)
def test_accuses_nobody_for_what_a_capture_lacks(name: str) -> None:
    known = accusations(found_in(STORIES[name]))
    for what, damaged in silence.variants(packets_of(STORIES[name]())):
        assert invented(accused_in(damaged), known) == [], f"{name} {what}"


@pytest.mark.parametrize("name", STORIES)
def test_accuses_nobody_for_what_disturbs_a_capture(name: str) -> None:
    known = accusations(found_in(STORIES[name]))
    first = zlib.crc32(name.encode()) % EVERY
    for what, disturbed in list(silence.disturbances(packets_of(STORIES[name]()), name))[first::EVERY]:
        assert invented(accused_in(disturbed), known) == [], f"{name} {what}"


def test_judges_captures_of_the_same_bytes_once_and_all_others_each() -> None:
    packets = packets_of(second_event_connection())
    said = accused_in(packets)
    assert said == accusations(found_in(second_event_connection)) != set()
    assert accused_in(list(packets)) is said
    assert accused_in(packets[:-1]) is not said


def test_takes_one_of_both_for_no_invention_where_one_of_them_did_it() -> None:
    found = accusations(found_in(second_event_connection))
    rule = "association-one-event-per-command"
    assert invented(found, {(rule, "initiator")}) == []
    assert invented(found, {("shutdown-by-initiator", "initiator")}) == [(rule, "both")]
    assert invented(accusations(found_in(STORIES["probe-no_answer"])), {("probe-answered", "initiator")}) == [
        ("probe-answered", "responder")
    ]


def test_disturbs_in_every_way_that_there_is() -> None:
    """Each kind changes the packets, and does it the same way again."""
    name = "shutdown-orderly"
    packets = packets_of(STORIES[name]())
    for kind in silence.DISTURBANCES:
        made = list(silence.disturbances(packets, name, [kind]))
        assert made, kind
        assert all(disturbed != packets for _, disturbed in made), kind
        assert made == list(silence.disturbances(packets, name, [kind]))
