"""Which numbers are among others. ``numpy.isin`` is made for many: asked about a handful it takes ten times as long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEW = 16


def among(values: np.ndarray, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
    """bool: which of the values, one-dimensional, are among some numbers. No masked arrays: masks are not looked at."""
    found = np.zeros(len(values), bool)
    if len(values) == 0 or len(numbers) == 0:
        return found
    if len(numbers) > FEW:
        return np.isin(values, numbers)
    for number in numbers:
        found |= values == number
    return found
