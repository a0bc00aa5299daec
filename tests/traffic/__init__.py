"""Pretend peers: a conversation becomes packets, packets are damaged, and the truth is known.

``conversation().open().get_object(handle=1, data=b"...").close().drop(segment=7).packets()`` and its ``truth()``;
``damage`` for what networks do, ``STORIES`` for what cameras do, ``write_pcap`` and ``write_pcapng`` for files.
Plain Python and ``struct``: nothing here imports the product, so an error can't be on both sides of a test.
"""

from . import damage, polls
from .conversation import NOT_APPLICABLE, UNKNOWN_TOTAL, Conversation, Truth, conversation
from .files import pcap_bytes, pcapng_bytes, write_pcap, write_pcapng
from .fuji import FujiConversation, fuji_conversation
from .packet import LINK_TYPES, TO_INITIATOR, TO_RESPONDER, Packet
from .stories import STORIES, capture
from .wire import SEGMENTATIONS

__all__ = [
    "LINK_TYPES", "NOT_APPLICABLE", "SEGMENTATIONS", "STORIES", "TO_INITIATOR", "TO_RESPONDER", "UNKNOWN_TOTAL",
    "Conversation", "FujiConversation", "Packet", "Truth", "capture", "conversation", "damage", "fuji_conversation",
    "pcap_bytes", "pcapng_bytes", "polls", "write_pcap", "write_pcapng",
]  # fmt: skip
