"""A recorded camera that answers a real client. What others may use: ``Recording``, ``Server``, ``ReplayError``."""

from .recording import Recording, ReplayError
from .server import Server

__all__ = ["Recording", "ReplayError", "Server"]
