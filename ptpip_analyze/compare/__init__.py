"""Two captures side by side: which operations, parameters, values and responses differ, and where that begins.

Made for "the official app against my client" and "firmware 1 against firmware 2".
"""

from .document import compared

__all__ = ["compared"]
