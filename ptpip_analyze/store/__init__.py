"""Columns that outgrow memory. Knows nothing of packets or protocols."""

from .column import Columns

__all__ = ["Columns"]
