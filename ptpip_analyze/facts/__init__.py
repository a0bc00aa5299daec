"""What the standards say, as rows. Promises literals and look-ups, each row with its source; refuses I/O, numpy,
scapy and anything that computes.

A maker's rows are read when its vendor is first asked for (``vendors``); ``search`` and ``all_rows`` ask for all.
"""

from .lookup import KINDS, STANDARDS, VENDORS, Row, all_rows, name_of, names_of, row_of, rows, search, table
from .packets import MESSAGES, Message
from .row import CONFIDENCES, Code, Event, Operation
from .source import SOURCES, Source

__all__ = [
    "CONFIDENCES",
    "KINDS",
    "MESSAGES",
    "SOURCES",
    "STANDARDS",
    "VENDORS",
    "Code",
    "Event",
    "Message",
    "Operation",
    "Row",
    "Source",
    "all_rows",
    "name_of",
    "names_of",
    "row_of",
    "rows",
    "search",
    "table",
]
