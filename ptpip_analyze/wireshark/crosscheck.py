"""A second opinion: our messages against what Wireshark's dissectors say of the same capture, read through pyshark.

Promises every difference with its frame and, where Wireshark's own dissector is known to be wrong, the reason; refuses
to judge which side is right where no reason is known.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .folders import MECHANISM, DissectorError, source

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS, BUILT_IN = "ptp_ip", "ptpip"
FIELDS = ("type", "length", "transaction_id", "code")

# Fields of each dissector: ours has one for each kind of code, Wireshark's own writes all into one.
_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    OURS: {
        "type": ("type",), "length": ("length",), "transaction_id": ("transaction_id",),
        "code": ("operation", "response", "event", "fail_reason"),
    },
    BUILT_IN: {
        "type": ("pktType",), "length": ("len",), "transaction_id": ("transactionID",),
        "code": ("opcode", "respcode", "eventcode"),
    },
}  # fmt: skip

# Why Wireshark's own dissector says otherwise.
NOT_FIRST = "Wireshark's own dissector reads the first message of a segment only"
NO_REASSEMBLY = "Wireshark's own dissector does not put messages together from several segments"
NO_FIELD = "Wireshark's own dissector does not read this field of messages of this type"
WRONG_PORT = "Wireshark's own dissector knows PTP-IP by TCP port 15740 alone"
NOT_ITS_DIALECT = "Wireshark's own dissector does not know Fujifilm's dialect"
CONTINUED = "Wireshark's own dissector takes the continuation of a message for a message"
NOT_WHOLE = "the capture does not have all of this message"
BEHIND_LOSS = "behind lost bytes our dissector goes on only where it is sure that a message begins"
_UNREAD = {("code", 5), ("transaction_id", 11)}  # Init Fail's reason, Cancel's TransactionID


class Heard(NamedTuple):
    """A message as a dissector sees it."""

    frame: int
    fields: dict[str, int]


def listen(path: str, dissector: str, *, reorder: bool = False) -> Iterator[Heard]:
    """The messages that a dissector finds in a capture. DissectorError where tshark is missing or fails.

    ``reorder`` lets Wireshark put segments in order, which hides what lies behind a hole of the capture.
    """
    if shutil.which("tshark") is None:
        raise DissectorError("tshark is not installed")
    import asyncio

    import pyshark

    extra = ["-n", "-X", f"lua_script:{source() / MECHANISM}"] if dissector == OURS else ["-n"]
    if reorder:
        extra += ["-o", "tcp.reassemble_out_of_order:TRUE"]
    decode = {} if dissector == OURS else {"tcp.port==15740": BUILT_IN}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # where another one has run in this thread, there is none
    capture = pyshark.FileCapture(path, display_filter=dissector, custom_parameters=extra, decode_as=decode)
    try:
        for packet in capture:
            for layer in packet.get_multiple_layers(dissector):
                fields = dict(_read(layer, dissector))
                if "type" in fields:
                    yield Heard(int(packet.number), fields)
    except pyshark.capture.capture.TSharkCrashException as error:
        raise DissectorError(str(error)) from error
    finally:
        capture.close()
        loop.close()  # it listens to the ends of all child processes
        asyncio.set_event_loop(None)


def _read(layer: Any, dissector: str) -> Iterator[tuple[str, int]]:
    for field, names in _NAMES[dissector].items():
        for name in names:
            found = layer.get_field(name)
            if found is not None:
                text = str(found.main_field.show if hasattr(found, "main_field") else found)
                yield field, int(text, 0)
                break


def compare(messages: Sequence[Mapping[str, Any]], heard: Sequence[Heard], dissector: str) -> dict[str, Any]:
    """Our messages (rows of the table) against those that a dissector found, in its order."""
    waiting: dict[int, list[Heard]] = defaultdict(list)
    for one in heard:
        waiting[one.frame].append(one)
    agreement = {field: {"compared": 0, "agree": 0} for field in FIELDS}
    different: list[dict[str, Any]] = []
    begun: set[tuple[int, int]] = set()
    behind: set[tuple[int, str]] = set()  # streams in which nothing was found since bytes were lost
    for row in sorted(messages, key=lambda row: (row["last_frame"], row["offset"])):
        reason = _excused(row, dissector, (row["tcp_stream"], row["first_frame"]) in begun)
        begun.add((row["tcp_stream"], row["last_frame"]))
        begun.add((row["tcp_stream"], row["first_frame"]))
        if row["type_code"] is None:
            continue
        if dissector == BUILT_IN and reason:
            different.append(_difference(dissector, row, "message", row["type_code"], None, reason))
            continue
        stream = row["tcp_stream"], row["direction"]
        theirs = waiting[row["last_frame"] if dissector == OURS else row["first_frame"]]
        at = next((n for n, one in enumerate(theirs) if one.fields["type"] == row["type_code"]), 0 if theirs else None)
        if reason and (at is None or theirs[at].fields["type"] != row["type_code"]):
            theirs = waiting[row["first_frame"]]  # what does not come to its end is shown where it begins
            at = next((n for n, one in enumerate(theirs) if one.fields["type"] == row["type_code"]), None)
        if row["status"] == "gap":
            behind.add(stream)
        if at is None:
            why = reason or (BEHIND_LOSS if dissector == OURS and stream in behind else None)
            different.append(_difference(dissector, row, "message", row["type_code"], None, why))
            continue
        if row["status"] != "gap":
            behind.discard(stream)
        said = theirs.pop(at).fields
        for field, mine in _ours(row).items():
            if mine is None and said.get(field) is None:
                continue
            agreement[field]["compared"] += 1
            if said.get(field) == mine:
                agreement[field]["agree"] += 1
            else:
                why = reason or (NO_FIELD if dissector == BUILT_IN and (field, row["type_code"]) in _UNREAD else None)
                different.append(_difference(dissector, row, field, mine, said.get(field), why))
    for frame, rest in sorted(waiting.items()):
        for one in rest:
            why = CONTINUED if dissector == BUILT_IN else None
            different.append(
                {
                    "dissector": dissector,
                    "frame": frame,
                    "field": "message",
                    "ours": None,
                    "theirs": one.fields["type"],
                    "reason": why,
                }
            )
    return {"dissector": dissector, "messages": len(heard), "fields": agreement, "differences": different}


def _ours(row: Mapping[str, Any]) -> dict[str, int | None]:
    return {
        "type": row["type_code"],
        "length": row["length"],
        "transaction_id": row["transaction_id"],
        "code": row["code"],
    }


def _excused(row: Mapping[str, Any], dissector: str, follows: bool) -> str | None:
    """Why this message can't be expected of a dissector."""
    if row["status"] != "complete":
        return NOT_WHOLE
    if dissector == OURS:
        return None
    if row["type_code"] is not None and row["type_code"] > 0xFFFF:
        return NOT_ITS_DIALECT
    if row["responder_port"] != 15740:
        return WRONG_PORT
    if row["first_frame"] != row["last_frame"]:
        return NO_REASSEMBLY
    return NOT_FIRST if follows else None


def _difference(
    dissector: str, row: Mapping[str, Any], field: str, mine: Any, theirs: Any, reason: str | None
) -> dict[str, Any]:
    return {
        "dissector": dissector,
        "frame": row["last_frame"],
        "field": field,
        "ours": mine,
        "theirs": theirs,
        "reason": reason,
    }


def crosscheck(path: str, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document of one capture: agreement per dissector and field, each difference, how many are not explained.

    Whether Wireshark shall put segments in order is its user's choice; where one leaves differences unexplained that
    the other one has not, as behind segments that came out of order, the other one is taken.
    """
    ours = compare(messages, list(listen(path, OURS)), OURS)
    if _unexplained(ours):
        ours = min((ours, compare(messages, list(listen(path, OURS, reorder=True)), OURS)), key=_unexplained)
    sides = [ours, compare(messages, list(listen(path, BUILT_IN)), BUILT_IN)]
    unexplained = sum(map(_unexplained, sides))
    return {"capture": path, "messages": len(messages), "dissectors": sides, "unexplained": unexplained}


def _unexplained(side: Mapping[str, Any]) -> int:
    return sum(one["reason"] is None for one in side["differences"])
