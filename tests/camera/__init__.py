"""A simulated camera on real sockets, built with ``ptpip_analyze.layers`` and good enough for a real client.

Promises a responder of no maker, that libgphoto2's generic PTP driver works with, and a log of its own of what it did.
Refuses to stand for a real camera: what is recorded from it proves how a client behaves, never how a camera does.

Read ``server`` first; ``model`` and ``operations`` are what it serves, ``session`` and ``wire`` how, ``initiator`` and
``tools`` who asks.
"""

from .initiator import Initiator, Outcome, Rejected
from .log import Log, LoggedEvent, LoggedSession, LoggedTransaction
from .model import Model, standard_model
from .server import SimulatedCamera
from .session import Behaviour
from .tools import Gphoto2, MissingProgram, Recording, require
from .wire import DataStyle, ProtocolError

__all__ = [
    "Behaviour",
    "DataStyle",
    "Gphoto2",
    "Initiator",
    "Log",
    "LoggedEvent",
    "LoggedSession",
    "LoggedTransaction",
    "MissingProgram",
    "Model",
    "Outcome",
    "ProtocolError",
    "Recording",
    "Rejected",
    "SimulatedCamera",
    "require",
    "standard_model",
]
