"""Which operations fetch a list of events. Promises to tell them by array, so that a capture without any pays nothing;
refuses to read what they answer (``datasets.polled_events``).
"""

from __future__ import annotations

import numpy as np

LISTS = (0x9013, 0x9116, 0x90C7, 0x941C)
"""Operations whose data may be a list of events: CheckEvent of PowerShots, GetEvent of EOS, GetEvent(Ex) of Nikon."""

GET_VALUE, FUJI_LIST = 0x1015, 0xD212
"""Fujifilm's list is the value of a property."""


def may_list(operation: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Mask of requests, by operation code and first parameter, that fetch a list of events from some maker's camera."""
    found = np.isin(operation, LISTS)
    found |= (operation == GET_VALUE) & (first == FUJI_LIST)
    return found
