"""Captures without personal data. What others may use: ``scrub`` and its ``Report``."""

from .run import Report, scrub

__all__ = ["Report", "scrub"]
