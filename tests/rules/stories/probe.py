"""Probes kept and broken."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import PROBE_REQUEST, PROBE_RESPONSE
from tests.traffic.packet import TO_INITIATOR

FORMAT_STORE = 0x100F
NEW = {"seed": 2, "number": 1, "initiator": "192.168.1.21", "connection_number": 2}
NEW_NAME = {"initiator_name": "laptop", "initiator_guid": bytes(range(32, 48))}


def formatting() -> Conversation:
    """A session in which an operation takes its time."""
    return talk().open().request(FORMAT_STORE, 1).wait(0.5)


def finish(one: Conversation) -> Conversation:
    """Two seconds pass, and the initiator says good-bye."""
    return one.wait(2).close_session().close()


@keeps(
    "probe-request-placement", "probe-response-placement", "probe-answered", "probe-response-unsolicited",
    "probe-initiator-during-transaction",
    "probe-rate",
)  # fmt: skip
@silent("probe-timeout-10s", "probe-timeout-closes-session", "probe-responder-on-new-session")
def probes_as_they_should_be() -> list[Packet]:
    """The initiator asks during a long operation; the camera when somebody new has come."""
    first = formatting().probe().wait(12).response().probe(TO_INITIATOR).wait(1).get_property()
    late = first.start_ns + 11 * 10**9
    second = talk(start_ns=late, **NEW, **NEW_NAME).open().close_session().close()
    return damage.interleave(finish(first).packets(), second.packets())


@keeps("probe-timeout-10s", "probe-timeout-closes-session", "probe-rate")
def gives_up_in_time() -> Conversation:
    """Nobody answers; after ten seconds the initiator closes both connections."""
    return formatting().probe(answered=False).wait(10.1).close()


@breaks("probe-request-placement", by="initiator")
def probe_on_the_command_connection() -> Conversation:
    """The initiator asks on the command connection, and is answered on the other one."""
    one = formatting().message(PROBE_REQUEST).message(PROBE_RESPONSE, b"", TO_INITIATOR, "event")
    return finish(one.response())


@breaks("probe-response-placement", by="responder")
def response_on_the_command_connection() -> Conversation:
    """The camera answers on the command connection; later it answers a second time, where it should."""
    one = formatting().probe(answered=False).message(PROBE_RESPONSE, b"", TO_INITIATOR, "command").wait(0.1)
    return finish(one.message(PROBE_RESPONSE, b"", TO_INITIATOR, "event").response())


@breaks("probe-answered", by="responder")
def no_answer() -> Conversation:
    """The camera does not answer, though its session goes on; the initiator closes after a while."""
    return formatting().probe(answered=False).wait(13).response().event(0x4006).wait(1).close()


@breaks("probe-answered", by="initiator")
def initiator_does_not_answer() -> Conversation:
    """The camera asks, as the initiator has just come, and gets no answer."""
    one = talk().open().probe(TO_INITIATOR).probe(TO_INITIATOR, answered=False).wait(12)
    return finish(one.event(0x4006).get_property())


@breaks("probe-response-unsolicited", by="responder")
def answer_without_a_question() -> Conversation:
    """The camera answers though nobody asked."""
    return finish(formatting().message(PROBE_RESPONSE, b"", TO_INITIATOR, "event").response())


@breaks("probe-response-unsolicited", by="responder")
def answered_twice() -> Conversation:
    """One question, two answers."""
    return finish(formatting().probe().wait(0.1).message(PROBE_RESPONSE, b"", TO_INITIATOR, "event").response())


@breaks("probe-timeout-10s", by="initiator")
def gives_up_too_early() -> Conversation:
    """The initiator closes after three seconds."""
    return formatting().probe(answered=False).wait(3).close("reset")


@breaks("probe-timeout-closes-session", by="initiator", related=["probe-answered by responder"])
def goes_on_without_an_answer() -> Conversation:
    """The initiator asks, gets no answer, and works on for more than a minute."""
    one = formatting().probe(answered=False).response().get_property().wait(35).get_property().wait(40)
    return finish(one.event(0x4006).get_property())


@breaks("probe-initiator-during-transaction")
def probe_while_idle() -> Conversation:
    """The initiator asks while it waits for nothing."""
    return finish(talk().open().get_property().wait(2).probe().wait(2).get_property())


@breaks("probe-responder-on-new-session")
def probe_without_a_visitor() -> list[Conversation]:
    """Two sessions; the camera asks one of them long after both were there."""
    first = talk().open().wait(20).probe(TO_INITIATOR)
    return [finish(first), finish(talk(**NEW, **NEW_NAME).open().wait(20))]


@breaks("probe-rate")
def one_probe_after_another() -> Conversation:
    """Twelve probes in ten seconds."""
    one = formatting()
    for _ in range(12):
        one.probe().wait(0.5)
    return finish(one.response())
