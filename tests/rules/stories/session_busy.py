"""Busy responders, captures that run on, and several sessions at once."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation
from tests.traffic import conversation as talk
from tests.traffic.conversation import START_NS, device_info

BUSY, NOT_OPEN = 0x2019, 0x2003
CAPTURE_COMPLETE = 0x400D


def pair(number: int, after: float = 0.0) -> Conversation:
    """One of several sessions with the same responder, that many seconds after the first."""
    return talk(
        command_port=50000 + 10 * number, event_port=50001 + 10 * number, number=number, connection_number=number + 1,
        initiator=f"192.168.1.{20 + number}", initiator_guid=bytes([number + 1] * 16), seed=number,
        start_ns=START_NS + round(after * 1e9),
    )  # fmt: skip


@keeps(
    "session-device-busy-async", "session-device-busy-reissue", "session-async-response",
    "session-multi-initiator", "session-limit-by-connections", "session-supported-operations",
    "session-identify-mtp-pictbridge",
)  # fmt: skip
@silent("session-device-busy-open", "session-isolation")
def quiet() -> Conversation:
    """A camera that is never busy."""
    return talk().open().get_property().close_session().close()


@keeps("session-device-busy-open")
def busy_and_left() -> Conversation:
    """OpenSession is refused as busy, and the initiator closes both connections."""
    return talk().init().request(0x1002, 1, transaction_id=0).response(BUSY).wait(0.1).close()


@breaks("session-device-busy-open")
def busy_and_asked_again() -> Conversation:
    """OpenSession is refused as busy, and asked again and again on the same connections."""
    one = talk().init()
    for _ in range(3):
        one.request(0x1002, 1, transaction_id=0).response(BUSY).wait(0.5)
    return one.request(0x1002, 1, transaction_id=0).response().close_session().close()


@breaks("session-device-busy-open")
def busy_and_kept_open() -> Conversation:
    """OpenSession is refused as busy, and the connections stay open."""
    one = talk().init().request(0x1002, 1, transaction_id=0).response(BUSY)
    return one.wait(20).close()


@keeps("session-device-busy-async")
def busy_while_it_captures() -> Conversation:
    """GetThumb during a capture is refused as busy at once."""
    one = talk().open().transaction(0x100E).wait(0.1).transaction(0x100A, 1, response=BUSY)
    return one.wait(2).event(CAPTURE_COMPLETE, 1).transaction(0x100A, 1).close_session().close()


@breaks("session-device-busy-async")
def waits_while_it_captures() -> Conversation:
    """GetThumb during a capture waits until that is complete."""
    one = talk().open().transaction(0x100E).wait(0.1).request(0x100A, 1)
    return one.wait(3).event(CAPTURE_COMPLETE, 1).wait(0.1).response().close_session().close()


@keeps("session-device-busy-reissue")
def asks_again_after_a_while() -> Conversation:
    """Busy three times, and asked again half a second later each time."""
    one = talk().open()
    for _ in range(3):
        one.transaction(0x100E, response=BUSY).wait(0.5)
    return one.transaction(0x100E).close_session().close()


@breaks("session-device-busy-reissue")
def asks_again_at_once() -> Conversation:
    """Busy five times, and asked again within a millisecond."""
    one = talk().open()
    for _ in range(5):
        one.transaction(0x100E, response=BUSY)
    return one.transaction(0x100E).close_session().close()


@breaks("session-device-busy-reissue")
def gives_up_at_once() -> Conversation:
    """Busy, and never asked again."""
    return talk().open().transaction(0x100E, response=BUSY).wait(70).get_property().close_session().close()


@breaks("session-async-response")
def captures_and_tells() -> Conversation:
    """InitiateCapture, and the event that ends it."""
    one = talk().open().transaction(0x100E).wait(1).event(0x4002, 1, 7).event(CAPTURE_COMPLETE, 1)
    return one.close_session().close()


@keeps("session-isolation")
def two_sessions_side_by_side() -> list[Conversation]:
    """One session closes while another goes on."""
    first = pair(0).open().wait(1).close_session().close()
    second = pair(1, 0.2).open().wait(1.5).get_property().close_session().close()
    return [first, second]


@breaks("session-isolation")
def one_session_ends_the_other() -> list[Conversation]:
    """When the first session closes, the second one is not open any more."""
    first = pair(0).open().wait(1).close_session().close()
    second = pair(1, 0.2).open().wait(1.2).transaction(0x1015, 0x5001, response=NOT_OPEN).close_session().close()
    return [first, second]


@breaks("session-multi-initiator")
def three_sessions_at_once() -> list[Conversation]:
    """Three initiators at one camera."""
    return [pair(number, 0.1 * number).open().wait(2).close_session().close() for number in range(3)]


@breaks("session-limit-by-connections")
def refused_because_full() -> list[Conversation]:
    """The second initiator is refused as busy while the first one has its session."""
    first = pair(0).open().wait(2).close_session().close()
    return [first, pair(1, 1.0).connect().init_command_request().init_fail(2).close(by="responder")]


@keeps("session-supported-operations")
def asks_for_what_is_listed() -> Conversation:
    """Only operations of DeviceInfo."""
    one = talk().init().transaction(0x1001, data_in=device_info("Example", "Camera"), transaction_id=0)
    return one.open_session().transaction(0x1009, 1, data_in=b"x").close_session().close()


@breaks("session-supported-operations")
def asks_for_what_is_not_listed() -> Conversation:
    """MoveObject, of which DeviceInfo says nothing."""
    one = talk().init().transaction(0x1001, data_in=device_info("Example", "Camera"), transaction_id=0)
    return one.open_session().transaction(0x1019, 1, 2, 3, response=0x2005).close_session().close()


@breaks("session-identify-mtp-pictbridge")
def speaks_mtp() -> Conversation:
    """GetObjectPropsSupported."""
    return talk().open().transaction(0x9801, 0x3801, data_in=struct.pack("<I", 0)).close_session().close()


@breaks("session-identify-mtp-pictbridge")
def sends_a_script() -> Conversation:
    """PictBridge announces itself by a script file."""
    name = "HDISCVRY.DPS\0"
    info = struct.pack("<IHHI", 0x10001, 0x3002, 0, 100) + bytes(40) + bytes([len(name)]) + name.encode("utf-16-le")
    return talk().open().transaction(0x100C, data_out=info, returns=(1, 2, 3)).close_session().close()
