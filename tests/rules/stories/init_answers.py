"""Establishment kept and broken: answers, refusals, and time."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.rules.stories.version import at, whole
from tests.traffic import Conversation
from tests.traffic import conversation as talk


def numbered() -> Conversation:
    """Up to Init Command Ack."""
    return talk().connect().init_command_request().init_command_ack()


def lingers(one: Conversation, connection: str = "command", seconds: int = 20) -> Conversation:
    """A connection stays open, and shows it every ten seconds."""
    for _ in range(0, seconds, 10):
        one.wait(10).acknowledge(connection).acknowledge(connection, by="responder")
    return one


@keeps("init-command-answered", "init-establishment-30s")
def answered_after_thirty_seconds() -> Conversation:
    """The camera asks its user."""
    one = talk().connect().init_command_request().wait(30).init_command_ack().connect("event")
    return one.init_event_request().init_event_ack().open_session().close_session().close()


@silent("init-command-answered", "init-establishment-30s")
def given_up() -> Conversation:
    """The initiator does not wait for longer than that."""
    return talk().connect().init_command_request().wait(30).close()


@keeps("init-event-answered", "init-fail-placement", "init-single-answer", "init-fail-reason-defined")
def refused_on_the_other_connection() -> Conversation:
    """Init Event Request is refused on the command connection."""
    one = numbered().connect("event").init_event_request().init_fail(3)
    return one.hang_up("command", by="responder").hang_up("event", by="responder")


@keeps("init-close-command-if-event-fails", "init-fail-responder-closes", "init-fail-initiator-closes")
def refused_on_the_event_connection() -> Conversation:
    """Init Event Request is refused, and all is closed."""
    one = numbered().connect("event").init_event_request().init_fail(3, "event")
    return one.wait(1).hang_up("event", by="responder").hang_up("command", by="initiator")


@silent("init-close-command-if-event-fails")
def refused_at_first() -> Conversation:
    """The event connection is refused by TCP, and accepted a moment later."""
    one = numbered().refused().wait(0.1).connect("event").init_event_request().init_event_ack().open_session()
    return lingers(one).close_session().close()


@keeps("init-event-connection-required")
def with_an_event_connection_beside() -> list[Conversation]:
    """The initiator gives up behind Init Command Ack, and tries again."""
    return [numbered().close(), whole(at(5, 1, connection_number=2))]


@breaks("init-command-answered")
def closed_without_an_answer() -> Conversation:
    """The responder closes the connection instead of answering."""
    return talk().connect().init_command_request().wait(0.1).close(by="responder")


@breaks("init-command-answered")
def reset_without_an_answer() -> Conversation:
    """The responder resets the connection instead of answering."""
    return talk().connect().init_command_request().wait(0.1).acknowledge(by="responder").close("reset", "responder")


@breaks("init-command-answered", related=["init-establishment-30s"])
def never_answered() -> Conversation:
    """Nothing comes for more than half a minute."""
    return lingers(talk().connect().init_command_request().wait(0.1), seconds=40).close()


@breaks("init-establishment-30s", by="responder")
def answered_too_late() -> Conversation:
    """An answer behind the limit."""
    return talk().connect().init_command_request().wait(32).init_command_ack().close()


@breaks("init-event-answered")
def event_request_without_an_answer() -> Conversation:
    """The responder closes the event connection instead of answering, and the command connection behind it."""
    one = numbered().connect("event").init_event_request().wait(0.1)
    return one.hang_up("event", by="responder").wait(0.1).hang_up("command", by="responder")


@breaks("init-event-answered", related=["init-establishment-30s"])
def event_request_never_answered() -> Conversation:
    """Nothing comes for more than half a minute."""
    one = numbered().connect("event").init_event_request().wait(0.1)
    for _ in range(4):
        one.wait(10).acknowledge("event").acknowledge("event", by="responder")
    return one.hang_up("event").hang_up("command")


@breaks("init-single-answer")
def acknowledged_twice() -> Conversation:
    """The responder answers one request twice."""
    return numbered().init_command_ack().close()


@breaks("init-single-answer")
def refused_twice() -> Conversation:
    """The responder refuses one request twice."""
    return talk().connect().init_command_request().init_fail(2).init_fail(2).close(by="responder")


@breaks("init-single-answer")
def refused_and_accepted() -> Conversation:
    """The event request is refused, then accepted."""
    one = numbered().connect("event").init_event_request().init_fail(3, "event").init_event_ack()
    return one.hang_up("event", by="responder").hang_up("command")


@breaks("init-event-connection-required", related=["transport-two-connections"])
def without_an_event_connection() -> list[Conversation]:
    """One session of two has no event connection."""
    first = numbered().open_session().get_device_info()
    return [lingers(first, seconds=40).close_session().close(), whole(at(5, 1, connection_number=2))]


@breaks("init-event-connection-required")
def without_an_event_connection_till_the_end() -> list[Conversation]:
    """Operations go on until the responder leaves."""
    first = numbered().open_session().get_device_info().close_session().close(by="responder")
    return [first, whole(at(5, 1, connection_number=2))]


@breaks("init-establishment-30s", by="initiator")
def event_connection_after_a_minute() -> Conversation:
    """The initiator waits with the event connection."""
    one = numbered().wait(60).connect("event").init_event_request().init_event_ack()
    return one.open_session().close_session().close()


@breaks("init-close-command-if-event-fails", by="initiator", related=["shutdown-both-connections"])
def command_connection_left_alone() -> Conversation:
    """The initiator gives up the event connection, and keeps the other one."""
    one = numbered().connect("event").init_event_request().wait(1).hang_up("event")
    return lingers(one, seconds=40).hang_up("command")


@keeps("init-close-command-if-event-fails")
def command_connection_closed_in_time() -> Conversation:
    """The event connection is refused, and the initiator tries for ten seconds before it leaves."""
    return lingers(numbered().refused().wait(0.1).refused(), seconds=10).hang_up("command")


@breaks("init-close-command-if-event-fails", by="initiator")
def command_connection_left_alone_by_tcp() -> Conversation:
    """The event connection is refused by TCP twice, and the other one is kept."""
    return lingers(numbered().refused().wait(0.1).refused(), seconds=40).hang_up("command")


@breaks("init-fail-initiator-closes")
def initiator_stays() -> Conversation:
    """The responder refuses and closes; the initiator does not."""
    one = talk().connect().init_command_request().init_fail(1).hang_up("command", "half", "responder")
    return lingers(one).hang_up("command", "half")


@breaks("init-fail-initiator-closes", related=["init-command-request-once"])
def initiator_asks_again() -> Conversation:
    """The initiator repeats its request on the connection where it was refused."""
    one = talk().connect().init_command_request().init_fail(2).wait(0.5).init_command_request()
    return one.close(by="responder")


@breaks("init-fail-responder-closes", related=["shutdown-both-connections by initiator"])
def responder_stays() -> Conversation:
    """The event request is refused; the initiator closes the command connection, nobody the other one."""
    one = numbered().connect("event").init_event_request().init_fail(3, "event").hang_up("command")
    return lingers(one, "event").hang_up("event")


@breaks("init-fail-responder-closes", related=["shutdown-both-connections by initiator"])
def responder_stays_where_nothing_was_said() -> Conversation:
    """The event request is refused on the command connection; the event connection stays open."""
    one = numbered().connect("event").init_event_request().init_fail(3).hang_up("command")
    return lingers(one, "event").hang_up("event")


@breaks("init-fail-reason-defined")
def unknown_reason() -> Conversation:
    """A reason that is a response code."""
    return talk().connect().init_command_request().init_fail(0x2019).close(by="responder")


@breaks("init-fail-reason-defined")
def reason_zero() -> Conversation:
    """No reason."""
    return talk().connect().init_command_request().init_fail(0).close(by="responder")


@breaks("init-fail-reason-defined")
def reason_four() -> Conversation:
    """The first reason that is not defined."""
    return talk().connect().init_command_request().init_fail(4).close(by="responder")


@breaks("init-fail-classify")
def refused_while_another_one_is_served() -> list[Conversation]:
    """A camera refuses the second initiator."""
    first = talk().open().wait(5).close_session().close()
    second = at(2, 1, initiator="192.168.1.21", initiator_guid=bytes(range(1, 17)))
    return [first, second.connect().init_command_request().init_fail(2).close(by="responder")]


@breaks("init-fail-only-during-establishment", related=["init-single-answer"])
def refused_when_established() -> Conversation:
    """Init Fail comes behind Init Event Ack."""
    one = talk().init().init_fail(3, "event")
    return one.wait(0.1).hang_up("event", by="responder").hang_up("command")


def refusals(count: int, seconds: float) -> list[Conversation]:
    """So many tries, so far from each other, all refused as busy."""
    return [
        at(seconds * number, number).connect().init_command_request().init_fail(2).close(by="responder")
        for number in range(count)
    ]


@breaks("init-busy-retry-later")
def tried_again_at_once() -> list[Conversation]:
    """The next try comes within a tenth of a second."""
    return refusals(2, 0.05)


@breaks("init-busy-retry-later")
def tried_again_too_often() -> list[Conversation]:
    """Six tries in five seconds."""
    return refusals(6, 1)


@keeps("init-busy-retry-later")
def tried_again_later() -> list[Conversation]:
    """Five tries in ten seconds."""
    return refusals(5, 2.5)
