"""What the standards say, as rows. Promises literals and look-ups, each row with its source; refuses I/O, numpy,
scapy and anything that computes.

A maker's rows are read when its vendor is first asked for (``vendors``); ``search`` and ``all_rows`` ask for all.
"""

from .lookup import KINDS, STANDARDS, VENDORS, Row, all_rows, name_of, names_of, row_of, rows, search, table
from .overlay import Overlay, OverlayError, overlay_of
from .packets import MESSAGES, Message
from .row import CONFIDENCES, Choices, Code, Event, Operation, Scale
from .source import SOURCES, Source
from .values import choices, scale
from .wildcards import wildcard

__all__ = [
    "CONFIDENCES",
    "KINDS",
    "MESSAGES",
    "SOURCES",
    "STANDARDS",
    "VENDORS",
    "Choices",
    "Code",
    "Event",
    "Message",
    "Operation",
    "Overlay",
    "OverlayError",
    "Row",
    "Scale",
    "Source",
    "all_rows",
    "choices",
    "name_of",
    "names_of",
    "overlay_of",
    "row_of",
    "rows",
    "scale",
    "search",
    "table",
    "wildcard",
]
