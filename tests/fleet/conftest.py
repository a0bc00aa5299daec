"""Fixtures of the tests of datasets."""

from __future__ import annotations

from .here import here

__all__ = ["here"]
