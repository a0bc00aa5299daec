"""One client's session with a recorded camera."""

from __future__ import annotations

from ptpip_analyze.layers import Data, Event, OperationResponse, ProbeResponse, StartData
from tests.camera import Initiator
from tests.replay.made import Stage, stage
from tests.traffic import conversation

OK, GENERAL_ERROR, NOT_SUPPORTED, CANCELLED = 0x2001, 0x2002, 0x2005, 0x201F
PHOTO = bytes(range(256)) * 2000


def client(at: Stage) -> Initiator:
    return Initiator("127.0.0.1", at.port)


def test_gives_the_k_th_answer_to_the_k_th_request_and_then_the_last() -> None:
    spoken = conversation().open().get_property(value=b"\1").get_property(value=b"\2").close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        assert initiator.open_session().response == OK
        values = [initiator.transact(0x1015, 0x5001).data for _ in range(4)]
    assert values == [b"\1", b"\2", b"\2", b"\2"]


def test_carries_data_as_it_was_carried() -> None:
    spoken = conversation().open().get_object(7, PHOTO, style="tail", chunk=1000).close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        got = initiator.transact(0x1009, 7)
    assert got.data == PHOTO
    assert got.messages == 512
    assert got.announced == len(PHOTO)


def test_takes_data_and_answers_as_recorded() -> None:
    spoken = conversation().open().transaction(0x1016, 0x5001, data_out=b"\7").close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        assert initiator.transact(0x1016, 0x5001, data=b"\x09" * 100_000).response == OK
        assert initiator.transact(0x1017, 0x5001, data=b"\x09").response == NOT_SUPPORTED


def test_refuses_what_was_not_recorded_and_says_so() -> None:
    spoken = conversation().open().get_object(7, b"small").close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        assert initiator.transact(0x1009, 8).response == GENERAL_ERROR
        assert initiator.transact(0x100B, 8).response == NOT_SUPPORTED
        assert initiator.transact(0x1009, 7).response == OK
        assert initiator.transact(0x1003).response == OK
    assert any("GetObject(0x8)" in line and "0x2002" in line for line in at.said)
    assert any("DeleteObject(0x8)" in line and "0x2005" in line for line in at.said)


def test_invents_no_byte_that_is_missing() -> None:
    packets = conversation().open().get_object(7, PHOTO[:9000]).close().packets()
    lost = [at for at, packet in enumerate(packets) if len(packet.payload) > 1400][1]  # behind the header
    with stage([*packets[:lost], *packets[lost + 1 :]]).listening() as at, client(at) as initiator:
        initiator.open_session()
        assert initiator.transact(0x1009, 7).response == GENERAL_ERROR
    assert any("missing from the capture" in line for line in at.said)


def test_sends_events_where_they_came_with_the_client_s_ids() -> None:
    spoken = conversation().open().transaction(0x1015, 0x5001, data_in=b"\1").request(0x100E).response()
    spoken.event(0x4002, 2, 5).event(0x400D, 2).close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        initiator.transact(0x1015, 0x5001)
        initiator.transact(0x1015, 0x5001)
        assert initiator.transact(0x100E).response == OK
        events = [initiator.next_event(), initiator.next_event()]
    assert [(one.eventCode, one.transactionId) for one in events if one is not None and Event in one] == [
        (0x4002, 3), (0x400D, 3),
    ]  # fmt: skip


def test_sends_events_once() -> None:
    spoken = conversation().open().request(0x100E).response().event(0x400D, 1).close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        for _ in range(3):
            initiator.transact(0x100E)
        assert initiator.next_event() is not None
        assert ProbeResponse in (initiator.probe() or b"")  # the next that comes


def test_answers_probes() -> None:
    with stage(conversation().open().close().packets()).listening() as at, client(at) as initiator:
        assert initiator.probe() is not None


def test_stops_a_data_phase_that_is_cancelled() -> None:
    spoken = conversation().open().request(0x1009, 7).start_data(30).data(b"first" * 2).wait(60.0)
    spoken.data(b"later" * 2).data(b"last." * 2, last=True).response().get_property().close()
    with stage(spoken.packets(), recorded_pace=True).listening() as at, client(at) as initiator:
        initiator.open_session()
        identity = initiator.request(0x1009, 7)
        assert StartData in initiator.next_message()
        assert Data in initiator.next_message()
        initiator.cancel(identity)
        message = initiator.next_message()
        assert OperationResponse in message
        assert message.responseCode == CANCELLED
        assert initiator.transact(0x1015, 0x5001).response == OK


def test_takes_a_cancel_in_place_of_data() -> None:
    spoken = conversation().open().transaction(0x1016, 0x5001, data_out=b"\7").close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:
        initiator.open_session()
        identity = initiator.request(0x1016, 0x5001, out=True)
        initiator.cancel(identity, ("command",))
        assert initiator.outcome().response == CANCELLED


def test_answers_at_once_unless_told_otherwise() -> None:
    spoken = conversation().open().request(0x100E).wait(60.0).response().wait(60.0).event(0x400D, 1).close()
    with stage(spoken.packets()).listening() as at, client(at) as initiator:  # gives up after five seconds
        initiator.open_session()
        assert initiator.transact(0x100E).response == OK
        assert initiator.next_event() is not None


def test_sends_later_events_while_other_requests_are_answered_at_the_recorded_pace() -> None:
    spoken = conversation().open().request(0x100E).response().wait(0.2).event(0x400D, 1).get_property().close()
    with stage(spoken.packets(), recorded_pace=True).listening() as at, client(at) as initiator:
        initiator.open_session()
        initiator.transact(0x100E)
        assert initiator.transact(0x1015, 0x5001).response == OK
        event = initiator.next_event()
        assert event is not None
        assert event.eventCode == 0x400D
