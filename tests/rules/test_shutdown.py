"""Ends, beside the matrix: thresholds, and the sentences."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import CATALOGUE
from tests.rules.matrix import accused, judged
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import FIN, RST, SYN


def said(packets: list, rule: str) -> list[str]:
    return [one.says for one in judged(packets).findings if one.rule == rule]


@pytest.mark.parametrize(("pause", "guilty"), [(4.9, False), (5.1, True)])
def test_gives_the_other_connection_five_seconds(pause: float, guilty: bool) -> None:
    one = talk().open().close_session().close(connections=("command",)).wait(pause).close(connections=("event",))
    assert ("shutdown-both-connections" in accused(judged(one.packets()))) is guilty


def test_knows_nothing_of_an_end_that_messages_came_behind() -> None:
    """The event connection is refused by TCP, and its next try, from the same port, has lost its handshake."""
    one = talk().connect().init_command_request().init_command_ack().refused().wait(0.1).connect("event")
    one = one.init_event_request().init_event_ack().open_session().wait(20).get_property().wait(20).close_session()
    packets = one.close().packets()
    kept = [packet for packet in packets if not (packet.connection == "event" and packet.flags & SYN)]
    refusal = [packet for packet in packets if packet.connection == "event"][:2]
    found = judged(sorted([*kept, refusal[0]], key=lambda packet: packet.time_ns))
    assert accused(found) == set()
    assert any("behind the reset" in why for why in found.rulings["shutdown-error-propagates"].why)


def test_says_which_connection_went_on() -> None:
    for ended, survivor in (("command", "event"), ("event", "command")):
        one = talk().open().close_session().close(connections=(ended,)).wait(20).close(connections=(survivor,))
        (says,) = said(one.packets(), "shutdown-both-connections")
        assert says.startswith(
            f"the initiator ended the {ended} connection, and the {survivor} connection went on for 20"
        )


def test_says_how_the_session_was_left() -> None:
    rule = "shutdown-close-session-first"
    assert said(talk().open().close_session().close().packets(), rule) == ["the connections ended after CloseSession"]
    assert said(talk().open().get_property().close().packets(), rule) == [
        "the connections ended without CloseSession, after GetDevicePropValue"
    ]
    refused = talk().open().transaction(0x1003, response=0x2002).close()
    assert said(refused.packets(), rule) == ["the connections ended without CloseSession, after CloseSession"]


def test_says_that_a_session_is_still_open() -> None:
    assert said(talk().open().packets(), "shutdown-loss-detection") == ["still open when the capture ends"]


def orderly() -> list[Packet]:
    return talk().open().get_property().wait(60).close_session().close().packets()


@pytest.mark.parametrize("late_ns", [20_000, 40_000, 200_000, 1_000_000, 20_000_000])
def test_the_fin_that_acknowledges_the_other_one_came_second(late_ns: int) -> None:
    late = damage.skewed(orderly(), late_ns, TO_RESPONDER)
    found = judged(late)
    assert accused(found) == set()
    assert set(said(late, "shutdown-loss-detection")) == {"ended by the initiator: orderly FIN"}


def test_a_responder_that_hangs_up_is_found_whatever_the_clocks_say() -> None:
    packets = talk().open().get_property().wait(60).close(by="responder").packets()
    for late_ns in (0, 200_000):
        found = judged(damage.skewed(packets, late_ns, TO_INITIATOR))
        assert [one.rule for one in found.findings if one.rule == "shutdown-by-initiator"]


def test_a_fin_that_may_be_in_a_hole_ended_the_connection() -> None:
    """Init Event Ack and the FIN behind it are missing: what was acknowledged of them is one hole."""
    one = talk().open().close("reset", "responder", ("command",)).close("fin", "responder", ("event",))
    packets = one.wait(12).acknowledge("event").packets()
    lost = [
        place
        for place, packet in enumerate(packets)
        if packet.connection == "event" and packet.direction == TO_INITIATOR and (packet.payload or packet.flags & FIN)
    ]
    assert "shutdown-both-connections" not in accused(judged(damage.drop(packets, *lost)))


def test_accuses_the_side_that_left_and_shows_what_went_on() -> None:
    one = talk().open().close("reset", "initiator", ("command",)).wait(20).acknowledge("event")
    packets = one.packets()
    (found,) = [one for one in judged(packets).findings if one.rule == "shutdown-both-connections"]
    (reset,) = [place for place, packet in enumerate(packets) if packet.flags & RST]
    assert (found.side, found.packet, found.packets) == (0, reset, (len(packets) - 1,))


def test_every_wait_of_a_shutdown_rule_is_a_precondition() -> None:
    assert "WINDOW" in CATALOGUE.rules["shutdown-both-connections"].requires
