"""Where a person wants to go, in their words: a frame, a moment, a transaction by its number; to a row of a list."""

from __future__ import annotations

from typing import NamedTuple

from ptpip_analyze.tables.moments import MomentError, moment_of

from .rows import Listing


def fault_of(text: str) -> str:
    """What is wrong with such words, in a sentence; "" for nothing."""
    if text.startswith("#") and text[1:].isdecimal():
        return ""
    try:
        moment_of(text)
    except MomentError as error:
        return str(error)
    return ""


class Goal(NamedTuple):
    """A row of the transactions table, None for none; and what to say of it, where it isn't just what was asked for."""

    row: int | None
    says: str = ""


def goal_of(listing: Listing, text: str, begins: int, frames: int) -> Goal:
    """Where words without fault lead. ``begins`` is the time of the first packet in ns, ``frames`` counts the packets
    of the longest capture.
    """
    last = listing.rows.num_rows - 1
    if last < 0:
        return Goal(None, "There is no transaction.")
    if text.startswith("#"):
        number = int(text[1:])
        return (
            Goal(number) if number <= last else Goal(None, f"There is no transaction #{number}; the last is #{last}.")
        )
    moment = moment_of(text)
    if moment.frame is not None:
        return _by_frame(listing, moment.frame, frames)
    time = begins + moment.since if moment.since is not None else moment.time
    row = None if time is None else listing.row_of_time(time)
    if row is None or time is None:
        return Goal(None, "The transactions have no times.")
    late = (listing.value("request_time", row) or time) < time
    return Goal(row, f"Nothing begins so late; #{row} is the last that has begun." if late else "")


def _by_frame(listing: Listing, frame: int, frames: int) -> Goal:
    row = listing.row_of_frame(frame)
    if row is None:
        first = listing.value("first_frame", 0)
        return Goal(None, f"No transaction has begun by frame {frame:,}; the first begins in frame {first:,}.")
    if frame <= frames:
        return Goal(row)
    begun = listing.value("first_frame", row)
    return Goal(row, f"The last frame is {frames:,}: #{row}, which begins in frame {begun:,}, is the last transaction.")
