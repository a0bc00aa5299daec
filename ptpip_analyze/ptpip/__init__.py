"""PTP-IP as CIPA DC-X005-2005 describes it: messages out of byte streams, connections joined into sessions."""

from .conversation import Conversation, Conversations
from .pairing import Handshake, Pair, handshakes, pair
from .recognise import Dialect

__all__ = ["Conversation", "Conversations", "Dialect", "Handshake", "Pair", "handshakes", "pair"]
