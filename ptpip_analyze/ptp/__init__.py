"""PTP (ISO 15740) on top of the messages: transactions, events and datasets.

What decodes payloads is imported by its own name (``ptp.datasets``, ``ptp.texts``, ...) when it is needed: it takes its
time to load, and most runs only list transactions.
"""

from .transactions import DIRECTIONS, STATUSES, Transactions, build
from .walk import NO_ROW

__all__ = ["DIRECTIONS", "NO_ROW", "STATUSES", "Transactions", "build"]
