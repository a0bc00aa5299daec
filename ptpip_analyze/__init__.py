"""ptpip-analyze: whole PTP-IP conversations out of packet captures.

``analyze(path)`` gives sessions, transactions, messages, events and packets as pandas DataFrames; ``Analyzer`` takes
packets as they come. Loading this package loads none of the libraries behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis import Analysis, Analyzer, analyze
    from .capture import CaptureError, open_capture

__version__ = "0.1.0"
__all__ = ["Analysis", "Analyzer", "CaptureError", "__version__", "analyze", "open_capture"]

_HOMES = {
    "Analysis": "analysis",
    "Analyzer": "analysis",
    "analyze": "analysis",
    "CaptureError": "capture",
    "open_capture": "capture",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
