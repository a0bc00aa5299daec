"""Which codes outside the standards each session used. Promises distinct codes with the first message of each, by work
on whole columns; refuses to conclude anything from them (``vendor`` does).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..among import among
from ..facts.named import OPERATION_NOT_SUPPORTED
from ..ptpip import messages as m
from .transactions import Transactions
from .walk import NO_ROW

PROPERTY_OPERATIONS = (0x1014, 0x1015, 0x1016, 0x1017)  # their first parameter is a property

_OPERATIONS = (0x9000, 0x9FFF)
_EVENTS = (0xC000, 0xCFFF)
_PROPERTIES = (0xD000, 0xDFFF)

Codes = list[dict[int, int]]


class SeenCodes(NamedTuple):
    """By session: code -> row of the first message that had it."""

    operations: Codes
    events: Codes
    properties: Codes
    refused: Codes


def seen_codes(
    columns: dict[str, np.ndarray], made: Transactions, session_of_stream: np.ndarray, sessions: int
) -> SeenCodes:
    """The codes that sessions used, out of message columns and transactions.

    Operations are those of requests that were not answered OperationNotSupported; ``refused`` has those that were.
    """
    asked = made.request != NO_ROW
    request, session = made.request[asked], made.session[asked]
    code = columns["code"][request]
    answer = made.response[asked]
    refused = (answer != NO_ROW) & (columns["code"][answer] == OPERATION_NOT_SUPPORTED)
    beyond = _within(code, _OPERATIONS)
    operations = _distinct(code, request, session, beyond & ~refused, sessions)
    turned_down = _distinct(code, request, session, beyond & refused, sessions)
    for_property = np.flatnonzero(among(code, PROPERTY_OPERATIONS) & ~refused)
    rows = request[for_property]
    word = columns["word0"][rows]
    named = (columns["words"][rows] > 0) & _within(word, _PROPERTIES)
    properties = _distinct(word, rows, session[for_property], named, sessions)
    events = np.flatnonzero((columns["type"] == m.EVENT) & _within(columns["code"], _EVENTS))
    owner = session_of_stream[columns["stream"][events]]
    sent = _distinct(columns["code"][events], events, owner, owner >= 0, sessions)
    return SeenCodes(operations, sent, properties, turned_down)


def _within(code: np.ndarray, bounds: tuple[int, int]) -> np.ndarray:
    found: np.ndarray = (code >= bounds[0]) & (code <= bounds[1])
    return found


def _distinct(code: np.ndarray, row: np.ndarray, session: np.ndarray, wanted: np.ndarray, sessions: int) -> Codes:
    """Distinct wanted codes of each session, with their lowest row."""
    found: Codes = [{} for _ in range(sessions)]
    if not wanted.any():
        return found
    key = session[wanted].astype(np.int64) << 16 | code[wanted].astype(np.int64)
    keys, place = np.unique(key, return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, place, row[wanted])
    for each, lowest in zip(keys.tolist(), first.tolist(), strict=True):
        found[each >> 16][each & 0xFFFF] = lowest
    return found
