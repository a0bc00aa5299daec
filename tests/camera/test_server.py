"""Twin of ``server``: an initiator at the other end of real connections on loopback."""

import socket
import struct
import threading
import time

import pytest

from ptpip_analyze.layers import Event as EventMessage
from ptpip_analyze.layers import InitEventRequest, InitFail, ProbeRequest, ProbeResponse

from .codes import NO_TRANSACTION, PROTOCOL_VERSION, UNKNOWN_TOTAL, Event, FailReason, Operation, Property
from .codes import Response as R
from .initiator import GUID as INITIATOR_GUID
from .initiator import Initiator, Rejected
from .log import LoggedEvent, LoggedSession, LoggedTransaction
from .model import CARD, standard_model
from .server import GUID, SimulatedCamera
from .session import Behaviour
from .wire import DataStyle, receive, send

SLOW = Behaviour(chunk_bytes=64, chunk_pause_s=0.01)


@pytest.fixture
def camera():
    with SimulatedCamera(standard_model(photos=1), port=0) as running:
        yield running


def connect(camera, **hello):
    return Initiator("127.0.0.1", camera.port, **hello)


def test_introduces_itself_and_remembers_who_came(camera):
    with connect(camera, name="Ötzi 📷", version=0x00010005) as initiator:
        assert (initiator.ack.guid, initiator.ack.friendlyName) == (GUID, "Simulated Camera")
        assert (initiator.ack.connectionNumber, initiator.ack.protocolVersion) == (1, PROTOCOL_VERSION)
    assert camera.log.sessions == [LoggedSession(1, INITIATOR_GUID, "Ötzi 📷", 0)]


def test_answers_an_older_initiator_in_its_version(camera):
    with connect(camera, version=0x00000009) as initiator:
        assert initiator.ack.protocolVersion == 0x00000009


def test_keeps_a_log_of_its_own(camera):
    with connect(camera) as initiator:
        initiator.open_session(1)
        handles = initiator.transact(Operation.GetObjectHandles, CARD, 0, 0)
        initiator.transact(Operation.SetDevicePropValue, Property.ExposureIndex, data=struct.pack("<H", 400))
        initiator.transact(Operation.GetObject, 99)
    assert handles.data == struct.pack("<IIII", 3, 1, 2, 3)
    assert camera.log.transactions == [
        LoggedTransaction(1, 0, Operation.OpenSession, (1,), "none", 0, R.OK, ()),
        LoggedTransaction(1, 1, Operation.GetObjectHandles, (CARD, 0, 0), "in", 16, R.OK, ()),
        LoggedTransaction(1, 2, Operation.SetDevicePropValue, (Property.ExposureIndex,), "out", 2, R.OK, ()),
        LoggedTransaction(1, 3, Operation.GetObject, (99,), "none", 0, R.InvalidObjectHandle, ()),
    ]


@pytest.mark.parametrize(
    ("style", "messages"),
    [(DataStyle.ONE_END_DATA, 1), (DataStyle.DATA_THEN_REST, 6), (DataStyle.DATA_THEN_EMPTY, 7)],
)
def test_sends_data_in_the_style_chosen(camera, style, messages):
    photo = camera.model.object(3).data
    camera.behaviour = Behaviour(data_style=style, chunk_bytes=1000)
    assert 5000 < len(photo) <= 6000
    with connect(camera) as initiator:
        initiator.open_session()
        got = initiator.transact(Operation.GetObject, 3)
    assert (got.data, got.messages, got.announced) == (photo, messages, len(photo))


def test_leaves_the_total_unknown_when_told_so(camera):
    camera.behaviour.announce_total = False
    with connect(camera) as initiator:
        initiator.open_session()
        got = initiator.transact(Operation.GetThumb, 3)
    assert (got.announced, got.data) == (UNKNOWN_TOTAL, camera.model.object(3).thumbnail)


def test_promises_too_much_and_takes_its_time_when_told_so(camera):
    camera.behaviour.announced_too_much = 8
    camera.behaviour.work_s[Operation.GetThumb] = 0.02
    with connect(camera) as initiator:
        initiator.open_session()
        begun = time.monotonic()
        got = initiator.transact(Operation.GetThumb, 3)
    assert time.monotonic() - begun >= 0.02
    assert (got.announced, got.data) == (len(got.data) + 8, camera.model.object(3).thumbnail)


def test_serves_several_initiators_at_once_each_with_its_session(camera):
    with connect(camera) as one, connect(camera, guid=b"ANOTHER INITIATR") as other:
        assert (one.ack.connectionNumber, other.ack.connectionNumber) == (1, 2)
        assert one.open_session().response == R.OK
        assert other.transact(Operation.GetStorageIDs).response == R.SessionNotOpen
        assert other.open_session().response == R.OK
        pending = one.request(Operation.GetObject, 3)
        assert other.transact(Operation.GetThumb, 3).data == camera.model.object(3).thumbnail
        assert one.outcome().data == camera.model.object(3).data
        one.transact(Operation.DeleteObject, 3)
        event = other.next_event()
        assert (event.eventCode, event.parameters, event.transactionId) == (Event.ObjectRemoved, [3], NO_TRANSACTION)
    assert pending == 1
    assert camera.wait_idle()
    assert camera.log.events == [LoggedEvent(2, Event.ObjectRemoved, NO_TRANSACTION, (3,))]


@pytest.mark.parametrize("reason", FailReason)
def test_refuses_initiators_for_the_reason_chosen(camera, reason):
    camera.behaviour.fail_reason = reason
    with pytest.raises(Rejected) as rejected, connect(camera):
        pass
    assert rejected.value.reason == reason
    assert [(one.connection_number, one.fail_reason) for one in camera.log.sessions] == [(0, reason)]


def test_knows_its_bonded_initiators(camera):
    camera.behaviour.bonded_guids = frozenset({INITIATOR_GUID})
    with connect(camera) as initiator:
        assert initiator.open_session().response == R.OK
    with pytest.raises(Rejected) as rejected, connect(camera, guid=b"\xff" * 16):
        pass
    assert rejected.value.reason == FailReason.REJECTED_INITIATOR


def test_is_busy_for_more_initiators_than_it_can_serve(camera):
    camera.behaviour.max_sessions = 1
    with connect(camera):
        with pytest.raises(Rejected) as rejected, connect(camera):
            pass
        assert rejected.value.reason == FailReason.BUSY
    assert camera.wait_idle()
    with connect(camera) as later:
        assert later.open_session().response == R.OK


def test_refuses_an_event_connection_of_nobody(camera):
    with socket.create_connection(("127.0.0.1", camera.port), timeout=5) as stray:
        send(stray, InitEventRequest(connectionNumber=77))
        answer = receive(stray)
        assert InitFail in answer
        assert answer.reason == FailReason.UNSPECIFIED
        assert receive(stray) is None
    assert camera.wait_idle()
    assert "77" in camera.log.violations[0]


def test_disconnects_whoever_speaks_another_protocol(camera):
    with socket.create_connection(("127.0.0.1", camera.port), timeout=5) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert browser.recv(100) == b""
    assert camera.wait_idle()
    assert len(camera.log.violations) == 1


def test_disconnects_an_initiator_that_leaves_the_data_phase_unknown(camera):
    with connect(camera) as initiator:
        initiator.open_session()
        initiator.request(Operation.GetDeviceInfo, phase=3)
        assert receive(initiator.command) is None
        assert initiator.next_event() is None
    assert camera.wait_idle()
    assert camera.log.violations == ["data phase 3 is not supported"]


def test_ends_the_event_connection_with_the_command_connection(camera):
    with connect(camera) as initiator:
        initiator.command.close()
        assert initiator.next_event() is None
    assert camera.wait_idle()
    assert camera.sessions == {}


def test_answers_probes_and_probes_itself(camera):
    with connect(camera) as initiator:
        assert ProbeResponse in initiator.probe()
        answered = []
        asking = threading.Thread(target=lambda: answered.append(camera.probe(1)))
        asking.start()
        assert ProbeRequest in initiator.next_event()
        send(initiator.event, ProbeResponse())
        asking.join()
    assert answered == [True]
    assert camera.log.probes == [1]


def test_notices_an_initiator_that_does_not_answer_a_probe(camera):
    with connect(camera):
        assert not camera.probe(1, timeout_s=0.05)


def test_is_busy_as_often_as_told(camera):
    camera.behaviour.busy[Operation.GetThumb] = 2
    with connect(camera) as initiator:
        initiator.open_session()
        responses = [initiator.transact(Operation.GetThumb, 3).response for _ in range(3)]
    assert responses == [R.DeviceBusy, R.DeviceBusy, R.OK]


def test_reports_a_capture_with_its_transaction_to_the_initiator_that_asked(camera):
    camera.behaviour.capture_s = 0.05
    with connect(camera) as one, connect(camera) as other:
        one.open_session()
        other.open_session()
        assert one.transact(Operation.InitiateCapture).response == R.OK
        assert other.transact(Operation.InitiateCapture).response == R.DeviceBusy
        added, complete, heard = one.next_event(), one.next_event(), other.next_event()
    assert (added.eventCode, added.parameters, added.transactionId) == (Event.ObjectAdded, [4], 1)
    assert (complete.eventCode, complete.parameters, complete.transactionId) == (Event.CaptureComplete, [], 1)
    assert (heard.eventCode, heard.parameters, heard.transactionId) == (Event.ObjectAdded, [4], NO_TRANSACTION)


def test_reports_a_full_card_when_the_photo_does_not_fit(camera):
    camera.model.photo_bytes = camera.model.free_bytes(CARD) + 1
    with connect(camera) as initiator:
        initiator.open_session()
        initiator.transact(Operation.InitiateCapture)
        assert initiator.next_event().eventCode == Event.StoreFull


def test_tells_every_initiator_of_a_photo_taken_by_hand(camera):
    with connect(camera) as initiator:
        initiator.open_session()
        photo = camera.press_shutter()
        event = initiator.next_event()
    assert EventMessage in event
    assert (event.eventCode, event.parameters, event.transactionId) == (
        Event.ObjectAdded,
        [photo.handle],
        NO_TRANSACTION,
    )


@pytest.mark.parametrize("order", [("command", "event"), ("event", "command")])
def test_cancels_a_download_whichever_connection_tells_it_first(camera, order):
    camera.behaviour = SLOW
    with connect(camera) as initiator:
        initiator.open_session()
        transaction = initiator.request(Operation.GetObject, 3)
        for _ in range(4):
            initiator.next_message()
        initiator.cancel(transaction, order)
        assert initiator.outcome(begun=True).response == R.TransactionCanceled
        assert initiator.transact(Operation.GetNumObjects, CARD).parameters == (3,)
    assert camera.wait_idle()
    cancelled = camera.log.transactions[1]
    assert 0 < cancelled.data_bytes < len(camera.model.object(3).data)
    assert sorted(camera.log.cancels) == [("command", transaction), ("event", transaction)]


def test_ignores_a_cancel_that_comes_too_late(camera):
    with connect(camera) as initiator:
        initiator.open_session()
        transaction = 1
        assert initiator.transact(Operation.GetThumb, 3).response == R.OK
        initiator.cancel(transaction)
        assert initiator.transact(Operation.GetThumb, 3).response == R.OK


def test_ends_a_cancelled_capture_without_a_photo(camera):
    camera.behaviour.capture_s = 5.0
    with connect(camera) as initiator:
        initiator.open_session()
        initiator.transact(Operation.InitiateCapture)
        initiator.cancel(1)
        assert initiator.next_event().eventCode == Event.CaptureComplete
    assert sorted(camera.model.objects) == [1, 2, 3]


def test_raises_what_went_wrong_inside_when_it_stops(monkeypatch):
    camera = SimulatedCamera(port=0)
    camera.start()
    monkeypatch.setattr(camera.model, "capture", lambda storage: 1 / 0)
    with connect(camera) as initiator:
        initiator.open_session()
        initiator.transact(Operation.InitiateCapture)
    assert camera.wait_idle()
    with pytest.raises(ExceptionGroup) as failed:
        camera.stop()
    assert [type(fault) for fault in failed.value.exceptions] == [ZeroDivisionError]


def test_disconnects_everyone_when_it_stops():
    camera = SimulatedCamera(port=0)
    camera.start()
    with connect(camera) as initiator:
        camera.stop()
        assert initiator.next_event() is None
        assert receive(initiator.command) is None
    with pytest.raises(ConnectionRefusedError), connect(camera):
        pass
