"""Twin of ``operations``: requests and their answers, without a network."""

import struct

import pytest

from .codes import Event, Format, Operation, Property
from .codes import Response as R
from .datasets import ObjectInfo
from .model import CARD, standard_model
from .operations import DATA_OUT, HANDLERS, Answer, Notice, PtpSession, perform


class Asker:
    """A model with one open session."""

    def __init__(self):
        self.model = standard_model(photos=2)
        self.session = PtpSession(session_id=1)

    def __call__(self, operation, *parameters, data=None):
        return perform(self.model, self.session, operation, parameters, data)


@pytest.fixture
def ask():
    return Asker()


def test_supports_every_operation_it_has_a_code_for():
    assert set(HANDLERS) == set(Operation)


def test_tells_its_device_info_without_a_session():
    answer = perform(standard_model(), PtpSession(), Operation.GetDeviceInfo, ())
    assert answer.response == R.OK
    assert "Simulated Camera".encode("utf-16-le") in answer.data


@pytest.mark.parametrize("operation", sorted(set(Operation) - {Operation.GetDeviceInfo, Operation.OpenSession}))
def test_wants_a_session_for_everything_else(operation):
    data = b"" if operation in DATA_OUT else None
    assert perform(standard_model(), PtpSession(), operation, (), data) == Answer(R.SessionNotOpen)


def test_opens_one_session_and_names_it_to_whoever_wants_another(ask):
    ask.session.session_id = None
    assert ask(Operation.OpenSession, 0) == Answer(R.InvalidParameter)
    assert ask(Operation.OpenSession, 7) == Answer(R.OK)
    assert ask(Operation.OpenSession, 8) == Answer(R.SessionAlreadyOpen, (7,))
    assert ask(Operation.CloseSession) == Answer(R.OK)
    assert ask(Operation.GetStorageIDs) == Answer(R.SessionNotOpen)


def test_refuses_operations_parameters_and_data_phases_it_does_not_know(ask):
    assert ask(0x9999) == Answer(R.OperationNotSupported)
    assert ask(Operation.GetStorageIDs, 5) == Answer(R.ParameterNotSupported)
    assert ask(Operation.GetStorageIDs, 0).response == R.OK
    assert ask(Operation.GetObject, 3, data=b"") == Answer(R.InvalidParameter)
    assert ask(Operation.SendObject) == Answer(R.InvalidParameter)


def test_counts_objects_in_a_response_parameter_and_lists_them_in_data(ask):
    assert ask(Operation.GetNumObjects, CARD) == Answer(R.OK, (4,))
    assert ask(Operation.GetObjectHandles, CARD, 0, 2).data == struct.pack("<III", 2, 3, 4)


def test_gives_objects_whole_and_in_parts(ask):
    content = ask.model.object(3).data
    assert ask(Operation.GetObject, 3).data == content
    assert ask(Operation.GetPartialObject, 3, 10, 20) == Answer(R.OK, (20,), content[10:30])
    assert ask(Operation.GetPartialObject, 3, len(content) - 5, 20) == Answer(R.OK, (5,), content[-5:])
    assert ask(Operation.GetPartialObject, 3, len(content) + 1, 1) == Answer(R.InvalidParameter)
    assert ask(Operation.GetThumb, 3).data == ask.model.object(3).thumbnail
    assert ask(Operation.GetObjectInfo, 99) == Answer(R.InvalidObjectHandle)


def test_tells_the_others_what_it_deleted(ask):
    assert ask(Operation.DeleteObject, 3) == Answer(R.OK, notices=(Notice(Event.ObjectRemoved, (3,)),))
    ask.model.object(4).protected = True
    assert ask(Operation.DeleteObject, 4) == Answer(R.ObjectWriteProtected)


def test_reports_a_deletion_that_left_something(ask):
    ask.model.object(4).protected = True
    assert ask(Operation.DeleteObject, 2) == Answer(R.PartialDeletion, notices=(Notice(Event.ObjectRemoved, (3,)),))


def test_stores_an_upload_under_the_handle_it_announced(ask):
    info = ObjectInfo(0, Format.Undefined, 2, "note.txt", 5)
    announced = ask(Operation.SendObjectInfo, CARD, 2, data=info.pack())
    assert announced == Answer(R.OK, (CARD, 2, 5))
    assert ask(Operation.GetObject, 5) == Answer(R.InvalidObjectHandle)
    assert ask(Operation.SendObject, data=b"hello") == Answer(R.OK, notices=(Notice(Event.ObjectAdded, (5,)),))
    assert ask(Operation.GetObject, 5).data == b"hello"


def test_lets_an_initiator_send_again_what_came_in_part(ask):
    ask(Operation.SendObjectInfo, CARD, 2, data=ObjectInfo(0, Format.Undefined, 2, "note.txt", 5).pack())
    assert ask(Operation.SendObject, data=b"hell") == Answer(R.IncompleteTransfer)
    assert ask(Operation.SendObject, data=b"hello").response == R.OK
    assert ask(Operation.SendObject, data=b"hello") == Answer(R.NoValidObjectInfo)


def test_makes_a_folder_without_waiting_for_an_object(ask):
    answer = ask(Operation.SendObjectInfo, CARD, 2, data=ObjectInfo(0, Format.Association, 2, "NEW", 0).pack())
    assert answer.notices == (Notice(Event.ObjectAdded, (5,)),)
    assert ask.model.object(5).info.is_association


def test_refuses_object_info_that_ends_early(ask):
    assert ask(Operation.SendObjectInfo, CARD, 2, data=b"\1\0\1\0") == Answer(R.InvalidParameter)


def test_leaves_the_capture_itself_to_the_server(ask):
    assert ask(Operation.InitiateCapture, CARD, 0) == Answer(R.OK, capture_to=CARD)
    assert ask(Operation.InitiateCapture, 0x00020001, 0) == Answer(R.InvalidStorageID)


def test_tells_the_others_of_a_property_only_when_it_changed(ask):
    code = int(Property.ExposureIndex)
    assert ask(Operation.GetDevicePropValue, code).data == struct.pack("<H", 200)
    changed = Answer(R.OK, notices=(Notice(Event.DevicePropChanged, (code,)),))
    assert ask(Operation.SetDevicePropValue, code, data=struct.pack("<H", 400)) == changed
    assert ask(Operation.SetDevicePropValue, code, data=struct.pack("<H", 400)) == Answer(R.OK)
    assert ask(Operation.GetDevicePropDesc, code).data[5:9] == struct.pack("<HH", 200, 400)


def test_refuses_property_values_of_another_type(ask):
    answer = ask(Operation.SetDevicePropValue, Property.ExposureIndex, data=b"\1")
    assert answer == Answer(R.InvalidDevicePropFormat)
