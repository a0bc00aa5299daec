"""Wording for all faces, and the one exit for text from the wire.

Promises that what it returns is one printable line: no control character, no bidirectional override, no lone surrogate.
Refuses to compute: it is handed values and says them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

# C0, DEL, C1, line and paragraph separators, zero-width and bidirectional controls, byte order mark, surrogates, tags.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

STATUS_WORDS: Final[dict[str, str]] = {
    "established": "established",
    "rejected": "rejected by the responder",
    "incomplete": "handshake not finished",
    "midstream": "began before the capture",
    "complete": "complete",
    "cancelled": "cancelled",
    "open": "never answered",
    "gap": "bytes missing from the capture",
    "began-earlier": "request before the capture",
    "disordered": "steps out of order",
    "cut": "cut short",
    "malformed": "malformed",
}
"""Statuses of sessions, transactions and messages, in words."""

LINK_TYPES: Final[dict[int, str]] = {
    0: "BSD null",
    1: "Ethernet",
    12: "raw IP",
    14: "raw IP",
    101: "raw IP",
    105: "802.11",
    108: "BSD loopback",
    113: "Linux cooked",
    127: "802.11 with radiotap",
    192: "802.11 with PPI",
    228: "raw IPv4",
    229: "raw IPv6",
    276: "Linux cooked v2",
}
"""Link types by LINKTYPE number (tcpdump.org/linktypes.html), in words."""

PAIRING_WORDS: Final[dict[str, str]] = {
    "connection-number": "by connection number",
    "dialect": "by hosts and time",
    "guess": "by a guess",
    "alone": "no event connection",
}
"""`paired_by`, in words."""


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def safe_text(text: str) -> str:
    """`text` with every character that could act on a terminal, a line or the reading direction escaped."""
    return _UNSAFE.sub(_escape, text)


def json_escape(text: str) -> str:
    """`text` with the same characters as JSON escapes, for text that already is JSON: its own escapes stay."""

    def escape(match: re.Match[str]) -> str:
        code = ord(match.group())
        if code <= 0xFFFF:
            return f"\\u{code:04x}"
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"

    return _UNSAFE.sub(escape, text)


def count(number: int) -> str:
    """A count with thousands separated: 1,234."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 session", "2 sessions", "3 gaps"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def human_bytes(size: int) -> str:
    """A size in bytes to three digits: 999 B, 1.21 kB, 3.4 MB (powers of 1000)."""
    if abs(size) < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB", "PB", "EB"):
        value /= 1000
        if abs(value) < 999.5 or unit == "EB":
            break
    return f"{_three_digits(value)} {unit}"


def human_seconds(seconds: float) -> str:
    """A duration to three digits: 12.3 µs, 4.56 ms, 7.89 s, 2 min 05 s, 3 h 07 min."""
    if seconds < 0:
        return "-" + human_seconds(-seconds)
    if seconds == 0:
        return "0 s"
    for unit, scale in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3), ("s", 1.0)):
        value = seconds * scale
        if value < 999.5 and (unit != "s" or value < 59.95):
            return f"{_three_digits(value)} {unit}"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24:02d} h"


def _three_digits(value: float) -> str:
    size = abs(value)
    text = f"{value:.2f}" if size < 9.995 else f"{value:.1f}" if size < 99.95 else f"{value:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clock_time(nanoseconds: int, *, digits: int = 3, date: bool = True) -> str:
    """UTC time since the epoch as 2026-01-02 03:04:05.123; `digits` (0 to 9) after the point, not rounded."""
    return iso_time(nanoseconds, digits=digits)[0 if date else 11 : -1].replace("T", " ")


def iso_time(nanoseconds: int, *, digits: int = 9) -> str:
    """UTC time since the epoch as 2026-01-02T03:04:05.123456789Z; `digits` (0 to 9) after the point, not rounded."""
    from datetime import UTC, datetime, timedelta

    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    point = "." + f"{fraction:09d}"[:digits] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{point}Z"


def code_text(code: int) -> str:
    """A code as its standard prints it: 0x1009."""
    return f"0x{code:04X}"


def link_type(number: int) -> str:
    """A link type in words; LINKTYPE 195 for one without."""
    return LINK_TYPES.get(number, f"LINKTYPE {number}")


def endpoint(address: str, port: int | None) -> str:
    """Address and port: 192.168.1.1:15740, [fe80::1]:15740; without a known port only the address."""
    address = safe_text(address)
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def frames_text(frames: Sequence[int], total: int | None = None) -> str:
    """Frame numbers for a sentence: "frame 7", "frames 7, 9 and 12", "frames 7, 9, 12 and 4 more"."""
    listed = [str(frame) for frame in frames]
    more = (len(frames) if total is None else total) - len(frames)
    if not listed:
        return ""
    if more > 0:
        return f"frames {', '.join(listed)} and {more:,} more"
    if len(listed) == 1:
        return f"frame {listed[0]}"
    return f"frames {', '.join(listed[:-1])} and {listed[-1]}"


def parameters_text(parameters: Sequence[int] | None) -> str:
    """Parameters as hexadecimal words: 0x00010001, 0xFFFFFFFF; "" for none or null."""
    return ", ".join(f"0x{word:08X}" for word in parameters or ())


def session_status(status: str, fail_reason: str | None = None) -> str:
    """A session's status in words; with the Init Fail reason where one was given."""
    words = STATUS_WORDS.get(status, status)
    return f"{words}: {safe_text(fail_reason)}" if fail_reason else words


def session_end(close_kind: str | None, closed_by: str | None, goes_on: bool = False) -> str:
    """How a session ended: "closed by the initiator", "reset by the responder", "still open when the capture ends".

    Of a capture that ``goes_on`` nobody knows the end: "still open".
    """
    if close_kind in (None, "none"):
        return "still open" if goes_on else "still open when the capture ends"
    verb = "reset" if close_kind == "reset" else "closed"
    return f"{verb} by the {closed_by}" if closed_by else verb


STALL_WORDS: Final[dict[str, str]] = {
    "silence": "silence",
    "retransmission": "until a segment came again or late",
    "zero-window": "the receiver took nothing",
}
"""`stall_cause`, in words."""


def time_spent(row: Mapping[str, Any]) -> str:
    """Where the time of a row of `transactions` went, in a sentence; "" where nothing of it is known.

    "Asked 5 ms after the response before; waiting for the device 93 ms (30 ms before the first data), transfer 129 ms;
    121 ms of that stalled (silence)."
    """
    parts = []
    before = None if row["first_byte_s"] is None else human_seconds(row["first_byte_s"])
    if before and row["data_direction"] == "out":
        parts.append(f"until the client's data {before}")
    if row["device_s"] is not None:
        began = f" ({before} before the first data)" if before and row["data_direction"] == "in" else ""
        parts.append(f"waiting for the device {human_seconds(row['device_s'])}{began}")
    if row["transfer_s"] is not None:
        parts.append(f"transfer {human_seconds(row['transfer_s'])}")
    said = [f"asked {human_seconds(row['think_s'])} after the response before"] if row["think_s"] is not None else []
    said += [", ".join(parts)] if parts else []
    if row["stalled_s"]:
        cause = STALL_WORDS.get(row["stall_cause"])
        said.append(f"{human_seconds(row['stalled_s'])} of that stalled" + (f" ({cause})" if cause else ""))
    elif parts and row["stalled_s"] is None:
        said.append("whether it stalled can't be known")
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


_PROBLEMS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("session", "rejected"): ("was rejected", "were rejected"),
    ("session", "incomplete"): ("did not finish the handshake", "did not finish the handshake"),
    ("session", "midstream"): ("began before the capture", "began before the capture"),
    ("session", "reset"): ("ended with a reset of its command connection",) * 2,
    ("transaction", "gap"): ("misses bytes that the capture lacks", "miss bytes that the capture lacks"),
    ("transaction", "cancelled"): ("was cancelled", "were cancelled"),
    ("transaction", "open"): ("has no response by the end", "have no response by the end"),
    ("transaction", "began-earlier"): ("began before the capture", "began before the capture"),
    ("transaction", "disordered"): ("takes steps that PTP does not allow", "take steps that PTP does not allow"),
    ("probe request", "open"): ("has no response by the end", "have no response by the end"),
    ("message", "gap"): ("misses bytes that the capture lacks", "miss bytes that the capture lacks"),
    ("message", "cut"): ("is cut off by the capture", "are cut off by the capture"),
    ("message", "malformed"): ("is malformed", "are malformed"),
}


def problem_line(
    of: str,
    status: str,
    *,
    session: int | None,
    count: int,
    frames: Sequence[int],
    reason: str | None = None,
) -> str:
    """One problem as a sentence: "session 0: 2 transactions have no response by the end (frames 12 and 40)".

    `of` is "session", "transaction", "message" or "probe request"; `frames` the first few frame numbers of `count` such
    rows.
    """
    one, many = _PROBLEMS.get((of, status), (f"is {status}", f"are {status}"))
    if of == "session":
        line = f"session {session} {one}"
    else:
        line = f"{counted(count, of)} {one if count == 1 else many}"
        line = f"session {session}: {line}" if session is not None else line
    if reason:
        line += f": {safe_text(reason)}"
    return f"{line} ({frames_text(frames, count)})" if frames else line


_ASCII: Final = {"█": "#", **dict.fromkeys("▉▊▋▌", "="), **dict.fromkeys("▍▎▏", "-"), "→": "->", "·": "-", "µ": "u"}


def in_letters_of(text: str, encoding: str) -> bytes:
    """`text` in `encoding`. Of letters that it lacks, our own signs become ASCII as wide as they, others escapes.

    Only the arrow, which stands in no column, and the ellipsis before a remark become wider.
    """
    return text.encode(encoding, "ptpip-analyze")


def _plain_letter(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    written = []
    for at in range(error.start, error.end):
        letter, behind = error.object[at], error.object[at + 1 : at + 3]
        if letter == "…":  # followed by one blank it begins a remark, else it ends a name
            written.append("..." if behind[:1] == " " and behind.strip() else "~")
        else:
            written.append(_ASCII.get(letter) or letter.encode("ascii", "backslashreplace").decode("ascii"))
    return "".join(written), error.end


codecs.register_error("ptpip-analyze", _plain_letter)


def bar(share: float, width: int) -> str:
    """A bar of `width` characters at most, in eighths; `share` from 0 to 1. A share above zero is never invisible."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0 and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
