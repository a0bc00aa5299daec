"""Where a person wants to go, in their words: a frame, a moment, a transaction by its number; to a row of a list."""

from __future__ import annotations

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


def row_at(listing: Listing, text: str, begins: int) -> int | None:
    """The row of the transactions table for words without fault; None for no such row. ``begins`` is the time of the
    first packet in ns.
    """
    if text.startswith("#"):
        return int(text[1:]) if int(text[1:]) < listing.rows.num_rows else None
    moment = moment_of(text)
    if moment.frame is not None:
        return listing.row_of_frame(moment.frame)
    time = begins + moment.since if moment.since is not None else moment.time
    return None if time is None else listing.row_of_time(time)
