"""Twin of ``session``: data phases and cancels, case by case of CIPA DC-X005-2005, 5.6.1."""

import socket

import pytest

from ptpip_analyze.layers import Cancel, Data, EndData, Event, OperationRequest, ProbeRequest, StartData

from .codes import DataPhase
from .log import Log
from .session import Behaviour, Cancelled, Session, hang_up
from .wire import DataStyle, ProtocolError, receive, send

OUT = OperationRequest(dataPhaseInfo=DataPhase.OUT, operationCode=0x100D, transactionId=4)


@pytest.fixture
def connected():
    """A session and the initiator's ends of its connections."""
    (command, initiator), (event, listener) = socket.socketpair(), socket.socketpair()
    with command, initiator, event, listener:
        initiator.settimeout(5)
        listener.settimeout(5)
        yield Session(1, command, Log(), event), initiator, listener


def test_collects_a_data_out_phase(connected):
    session, initiator, _ = connected
    for message in (StartData(totalDataLength=5), Data(data=b"he"), Data(data=b"ll"), EndData(data=b"o")):
        send(initiator, message)
    assert session.receive_data(OUT) == b"hello"


def test_expects_no_data_unless_it_is_announced(connected):
    session, _, _ = connected
    assert session.receive_data(OperationRequest(dataPhaseInfo=DataPhase.NONE_OR_IN)) is None
    with pytest.raises(ProtocolError, match="data phase 3"):
        session.receive_data(OperationRequest(dataPhaseInfo=DataPhase.UNKNOWN))


@pytest.mark.parametrize("sent", [[Data(data=b"x")], [StartData(), StartData()], [StartData(), ProbeRequest()]])
def test_refuses_what_is_no_data_out_phase(connected, sent):
    session, initiator, _ = connected
    for message in sent:
        send(initiator, message)
    with pytest.raises(ProtocolError, match="inside a data-out phase"):
        session.receive_data(OUT)


def test_stops_receiving_at_a_cancel_and_counts_what_came(connected):
    session, initiator, _ = connected
    for message in (StartData(totalDataLength=5), Data(data=b"he"), Cancel(transactionId=4)):
        send(initiator, message)
    with pytest.raises(Cancelled) as cancelled:
        session.receive_data(OUT)
    assert cancelled.value.data_bytes == 2
    assert session.log.cancels == [("command", 4)]


def test_stops_sending_at_a_cancel_on_the_command_connection(connected):
    session, initiator, _ = connected
    send(initiator, Cancel(transactionId=4))
    with pytest.raises(Cancelled) as cancelled:
        session.send_data(4, b"x" * 100, Behaviour(chunk_bytes=10))
    assert cancelled.value.data_bytes == 0


def test_waits_for_the_command_connections_cancel_after_the_event_connections(connected):
    session, initiator, _ = connected
    session.command.settimeout(0.05)
    session.cancelled_by_event = 4
    with pytest.raises(TimeoutError):
        session.check_cancelled(4, 0)
    send(initiator, Cancel(transactionId=4))
    with pytest.raises(Cancelled):
        session.check_cancelled(4, 0)


def test_is_not_disturbed_by_a_cancel_of_another_transaction_on_the_event_connection(connected):
    session, initiator, _ = connected
    session.cancelled_by_event = 3
    session.send_data(4, b"x" * 100, Behaviour(data_style=DataStyle.ONE_END_DATA))
    assert receive(initiator).totalDataLength == 100
    assert receive(initiator).data == b"x" * 100


def test_refuses_another_request_inside_a_transaction(connected):
    session, initiator, _ = connected
    send(initiator, OUT)
    with pytest.raises(ProtocolError, match="inside a transaction"):
        session.check_cancelled(4, 0)


def test_logs_the_events_it_could_send_and_no_others(connected):
    session, _, listener = connected
    session.send_event(0x4002, (7,), 4)
    event = receive(listener)
    assert Event in event
    assert (event.eventCode, event.transactionId, event.parameters) == (0x4002, 4, [7])
    listener.close()
    session.send_event(0x4003, (7,), 4)
    assert [(one.event_code, one.parameters) for one in session.log.events] == [(0x4002, (7,))]


def test_ends_both_connections_together(connected):
    session, initiator, listener = connected
    session.hang_up()
    assert receive(initiator) is None
    assert receive(listener) is None
    hang_up(session.command)  # once more does no harm
