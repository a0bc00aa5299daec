"""What the camera does for each operation: a table of functions from request to answer.

Promises the response parameters and data that ISO 15740 clause 10 gives each operation. Refuses to touch sockets: an
answer names the events that follow and a capture to carry out, the server sends and times them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .codes import Event, Operation
from .codes import Response as R
from .datasets import DatasetError, ObjectInfo, array, read_value
from .model import Model, Refusal, StoredObject


@dataclass
class PtpSession:
    """What PTP remembers between the transactions of one initiator."""

    session_id: int | None = None
    """The initiator's number, between OpenSession and CloseSession."""
    announced: tuple[StoredObject, int] | None = None
    """What SendObjectInfo promised and its size, until SendObject brings it."""


@dataclass(frozen=True)
class Notice:
    """An event that follows an operation, for every open session but the one that asked."""

    event: Event
    parameters: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """An operation's outcome."""

    response: R = R.OK
    parameters: tuple[int, ...] = ()
    data: bytes | None = None
    """What the data-in phase carries; None: there is none."""
    notices: tuple[Notice, ...] = ()
    capture_to: int | None = None
    """A capture that goes on after the response: its storage, 0 for the camera's choice."""


Handler = Callable[[Model, PtpSession, Sequence[int], bytes], Answer]


def perform(
    model: Model, session: PtpSession, operation: int, parameters: Sequence[int], data: bytes | None = None
) -> Answer:
    """Carry out one operation. Parameters that are not sent count as 0; every refusal becomes its response."""
    if operation not in HANDLERS:
        return Answer(R.OperationNotSupported)
    handler, needs = HANDLERS[operation]
    if session.session_id is None and operation not in SESSIONLESS:
        return Answer(R.SessionNotOpen)
    if (data is not None) != (operation in DATA_OUT):
        return Answer(R.InvalidParameter)
    padded = (*parameters, 0, 0, 0, 0, 0)[:5]
    if any(padded[needs:]):
        return Answer(R.ParameterNotSupported)
    try:
        return handler(model, session, padded, data or b"")
    except Refusal as refusal:
        return Answer(refusal.response, refusal.parameters)


def _device_info(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.device_info().pack())


def _open_session(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    if session.session_id is not None:
        raise Refusal(R.SessionAlreadyOpen, (session.session_id,))
    if parameters[0] == 0:
        raise Refusal(R.InvalidParameter)
    session.session_id = parameters[0]
    return Answer()


def _close_session(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    session.session_id = session.announced = None
    return Answer()


def _storage_ids(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=array(model.storages, "I"))


def _storage_info(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.storage_info(parameters[0]).pack())


def _num_objects(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(parameters=(len(model.handles(*parameters[:3])),))


def _object_handles(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=array(model.handles(*parameters[:3]), "I"))


def _object_info(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.object(parameters[0]).info.pack())


def _object(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.object(parameters[0]).data)


def _partial_object(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    handle, offset, most = parameters[:3]
    content = model.object(handle).data
    if offset > len(content):
        raise Refusal(R.InvalidParameter)
    part = content[offset : offset + most]
    return Answer(parameters=(len(part),), data=part)


def _thumbnail(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.thumbnail(parameters[0]))


def _delete(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    gone, kept = model.delete(*parameters[:2])
    response = R.OK
    if kept:
        response = R.PartialDeletion if gone else R.ObjectWriteProtected
    return Answer(response, notices=tuple(Notice(Event.ObjectRemoved, (handle,)) for handle in gone))


def _send_object_info(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    session.announced = None
    try:
        info = ObjectInfo.read(data)
    except DatasetError:
        return Answer(R.InvalidParameter)
    announced = model.reserve(parameters[0], parameters[1], info)
    numbers = (announced.storage, announced.parent, announced.handle)
    if info.is_association:  # a folder has no content, so no SendObject follows
        model.store(announced, b"")
        return Answer(parameters=numbers, notices=(Notice(Event.ObjectAdded, (announced.handle,)),))
    session.announced = (announced, info.size_bytes)
    return Answer(parameters=numbers)


def _send_object(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    if session.announced is None:
        raise Refusal(R.NoValidObjectInfo)
    announced, size_bytes = session.announced
    if len(data) != size_bytes:  # the announcement stays, so that the initiator may send the object again
        raise Refusal(R.IncompleteTransfer)
    session.announced = None
    model.store(announced, data)
    return Answer(notices=(Notice(Event.ObjectAdded, (announced.handle,)),))


def _initiate_capture(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    model.check_capture(*parameters[:2])
    return Answer(capture_to=parameters[0])


def _property_desc(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.property(parameters[0]).pack())


def _property_value(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    return Answer(data=model.property(parameters[0]).pack_value())


def _set_property_value(model: Model, session: PtpSession, parameters: Sequence[int], data: bytes) -> Answer:
    code = parameters[0]
    try:
        content = read_value(model.property(code).data_type, data)
    except DatasetError:
        return Answer(R.InvalidDevicePropFormat)
    changed = model.set_property(code, content)
    return Answer(notices=(Notice(Event.DevicePropChanged, (code,)),) if changed else ())


SESSIONLESS = {Operation.GetDeviceInfo, Operation.OpenSession}
"""Operations that need no open session (ISO 15740, 10.5)."""

DATA_OUT = {Operation.SendObjectInfo, Operation.SendObject, Operation.SetDevicePropValue}
"""Operations whose data phase goes to the camera."""

HANDLERS: dict[int, tuple[Handler, int]] = {
    Operation.GetDeviceInfo: (_device_info, 0),
    Operation.OpenSession: (_open_session, 1),
    Operation.CloseSession: (_close_session, 0),
    Operation.GetStorageIDs: (_storage_ids, 0),
    Operation.GetStorageInfo: (_storage_info, 1),
    Operation.GetNumObjects: (_num_objects, 3),
    Operation.GetObjectHandles: (_object_handles, 3),
    Operation.GetObjectInfo: (_object_info, 1),
    Operation.GetObject: (_object, 1),
    Operation.GetThumb: (_thumbnail, 1),
    Operation.DeleteObject: (_delete, 2),
    Operation.SendObjectInfo: (_send_object_info, 2),
    Operation.SendObject: (_send_object, 0),
    Operation.InitiateCapture: (_initiate_capture, 2),
    Operation.GetDevicePropDesc: (_property_desc, 1),
    Operation.GetDevicePropValue: (_property_value, 1),
    Operation.SetDevicePropValue: (_set_property_value, 1),
    Operation.GetPartialObject: (_partial_object, 3),
}
"""Each supported operation: what it does and how many parameters it takes."""
