"""The table of legal steps is the standard's: every line of it, and no other."""

from __future__ import annotations

import itertools

import pytest

from ptpip_analyze.ptp.transitions import LEADS_TO, TRANSITIONS, State, Step

# Read from CIPA DC-X005-2005 1.6.4, 2.3.6 to 2.3.11 and 2.7.2: what may follow in each state. WHOLE is Fujifilm's.
LEGAL = {
    State.REQUESTED: {Step.START, Step.START_EMPTY, Step.WHOLE, Step.SUCCESS, Step.FAILURE},
    State.TRANSFERRING: {Step.DATA, Step.END, Step.FAILURE},
    State.EMPTY: {Step.END, Step.SUCCESS, Step.FAILURE},
    State.DELIVERED: {Step.SUCCESS, Step.FAILURE},
    State.ANSWERED: set(),
    State.UNSEEN: set(Step),
}
SHOWS = {
    Step.START: State.TRANSFERRING,
    Step.START_EMPTY: State.EMPTY,
    Step.DATA: State.TRANSFERRING,
    Step.END: State.DELIVERED,
    Step.WHOLE: State.DELIVERED,
    Step.SUCCESS: State.ANSWERED,
    Step.FAILURE: State.ANSWERED,
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_allows_a_step_where_the_standard_does(state: State, step: Step) -> None:
    assert ((state, step) in TRANSITIONS) is (step in LEGAL[state])


@pytest.mark.parametrize(("state", "step"), list(TRANSITIONS))
def test_leads_a_legal_step_to_what_it_shows(state: State, step: Step) -> None:
    assert TRANSITIONS[state, step] is SHOWS[step]


def test_leads_an_illegal_step_to_what_it_shows_as_well() -> None:
    assert LEADS_TO == SHOWS


def test_lets_nothing_follow_a_response() -> None:
    assert not [step for state, step in TRANSITIONS if state is State.ANSWERED]


def test_reaches_an_answer_from_everywhere() -> None:
    for state in set(State) - {State.ANSWERED}:
        assert TRANSITIONS[state, Step.FAILURE] is State.ANSWERED
