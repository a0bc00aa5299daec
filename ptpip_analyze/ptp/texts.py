"""Property values as a photographer reads them: f/5.6, 1/125 s, ISO 800, daylight. Promises a text for every value,
None only for None, and no exception whatever the value; what nobody wrote down is the plain number, in hex where it
is a code. Refuses to guess: a number that a scale can't be right about stays a number.

Speeds and f-numbers are given as cameras write them (1/60, not 1/64), but only when the number can mean nothing else:
cameras that count in 1/10000 s use 2 for both 1/5000 s and 1/4000 s, which reads 0.0002 s.
Text from the wire is handed on as it is; ``describe.safe_text`` is its exit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from .. import facts
from ..facts import Scale
from ..facts.datasets import EOS_COMPRESSIONS, EOS_IMAGE_SIZES
from ..facts.values import (
    EXPOSURES_BY_HALVES,
    EXPOSURES_BY_THIRDS,
    F_NUMBERS_BY_HALVES,
    F_NUMBERS_BY_THIRDS,
    ISO_BY_THIRDS,
)
from .datatypes import date_text

PropertyValue = int | float | str | bytes | Sequence[int | str | bytes] | None

MOST_PARTS = 16
"""How many elements of an array, or bytes, are written out; a text is one line on a screen."""

# Stops in eighths, as Canon counts them: whole, third, half, two thirds.
_EIGHTHS = {0: 0.0, 3: 1 / 3, 4: 0.5, 5: 2 / 3}
_JPEG, _RAW = 1, 6  # types of an ImageFormat
_RAW_SIZES = {0: "RAW", 1: "mRAW", 2: "sRAW"}
_SIGNED_TYPES = (0x0001, 0x0003, 0x0005, 0x0007, 0x0009)


def value_text(
    code: int, value: PropertyValue, *, vendor: str | None = None, datatype: int | None = None
) -> str | None:
    """What a property's value means, with its unit; None when the value is None.

    ``vendor`` is a vendor of the facts; another one counts as unknown. ``datatype`` is the PTP data type the value was
    read with (0x0003 is INT16), where it is known: it tells -300 from 65236.
    """
    if value is None:
        return None
    try:
        return _value_text(code, value, vendor if vendor in facts.VENDORS else None, datatype)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # a value that the tables never dreamt of
        return plain_text(value)


def plain_text(value: PropertyValue, *, is_code: bool = False) -> str:
    """A value of a property nobody wrote down: the number (``is_code``: in hex), the text, the first elements."""
    if isinstance(value, int):
        if is_code and value >= 0:
            return f"0x{value:04X}"
        return str(int(value)) if abs(value) >> 128 == 0 else f"{value:#x}"
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return raw[:MOST_PARTS].hex(" ") + (f" … ({len(raw):,} bytes)" if len(raw) > MOST_PARTS else "")
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(
            plain_text(part) if isinstance(part, int | bytes) else str(part) for part in value[:MOST_PARTS]
        )
        return shown + (f", … ({len(value):,} values)" if len(value) > MOST_PARTS else "")
    return str(value)


def _value_text(code: int, value: PropertyValue, vendor: str | None, datatype: int | None) -> str:
    scale = facts.scale(code, vendor)
    if not isinstance(value, int) or isinstance(value, bool):
        text = _SPECIAL[scale.measure](scale, value) if scale and scale.measure in _SPECIAL else None
        return plain_text(value) if text is None else text
    meanings = facts.choices(code, vendor)
    if (named := _meaning(meanings, value, datatype)) is not None:
        return named
    if scale is None:
        return plain_text(value, is_code=bool(meanings))
    text = _code_text(scale, value, vendor) if scale.measure == "code" else measured_text(scale, value)
    return plain_text(value, is_code=scale.measure in _CODED) if text is None else text


def measured_text(scale: Scale, value: int) -> str | None:
    """What a number measures, in words; None for numbers that the measure has no words for. KeyError for "code"."""
    return _MEASURED[scale.measure](scale, value)


def _meaning(meanings: Mapping[int, str], value: int, datatype: int | None) -> str | None:
    """The meaning of a value, also when it was read signed and is written down unsigned, or the other way round."""
    if value in meanings:
        return meanings[value]
    if value < 0 and datatype in _SIGNED_TYPES:
        return meanings.get(value + (1 << {0x0001: 8, 0x0003: 16}.get(datatype, 32)))
    return None


def _number(scale: Scale, value: int) -> float:
    return (value - scale.zero) / scale.per


def _signed(value: int, bits: int) -> int:
    """A number that may have been read unsigned, or into more bits than it was sent with."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _short(number: float, digits: int = 1) -> str:
    """A number to so many decimals, none of them a needless 0."""
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(scale: Scale, value: int) -> str | None:
    return f"{_short(_number(scale, value))} %" if 0 <= _number(scale, value) <= 100 else None


def _f_number(scale: Scale, value: int) -> str | None:
    number = _number(scale, value)
    if not 0.5 <= number <= 128:
        return None
    return f"f/{_short(number, 2 if number < 1 else 1)}"


def _mm(scale: Scale, value: int) -> str | None:
    return f"{_short(_number(scale, value))} mm" if value > 0 else None


def _distance(scale: Scale, value: int) -> str | None:
    number = _number(scale, value)
    return None if value < 0 else f"{_short(number / 1000, 2)} m" if number >= 1000 else f"{_short(number)} mm"


def _exposure(scale: Scale, value: int) -> str | None:
    """An exposure time out of a linear number, as a camera writes it where only one such speed gives this number."""
    if value <= 0 or value >= 0xFFFFFF00:
        return None
    seconds = _number(scale, value)
    for speeds in (EXPOSURES_BY_THIRDS, EXPOSURES_BY_HALVES):
        fitting = [text for text in speeds if value in _roundings(_seconds(text) * scale.per)]
        if fitting:
            return f"{fitting[0]} s" if len(fitting) == 1 else f"{_short(seconds, 5)} s"
    return _speed(seconds)


def _roundings(number: float) -> tuple[int, int]:
    return math.floor(number + 1e-9), round(number)


def _seconds(text: str) -> float:
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


def _speed(seconds: float) -> str:
    """An exposure time as a camera writes it: 1/60 s for 1/64 s; any other as it is."""
    stops = 6 - math.log2(seconds)
    for each, speeds in ((3, EXPOSURES_BY_THIRDS), (2, EXPOSURES_BY_HALVES)):
        step = round(stops * each)
        if abs(stops * each - step) < 0.05 and 0 <= step < len(speeds):
            return f"{speeds[step]} s"
    inverse = 1 / seconds
    if seconds >= 0.3 and abs(inverse - 3) > 0.01:
        return f"{_short(seconds, 2 if seconds < 10 else 1)} s"
    return f"1/{float(f'{inverse:.3g}'):g} s" if seconds > 1e-6 else f"{seconds:g} s"


def _fraction(scale: Scale, value: int) -> str | None:
    """An exposure time packed as numerator and denominator, 16 bits each, as the camera wrote it.

    A numerator of all ones is none: 0xFFFFFFFF stands for "nothing to show".
    """
    above, below = value >> 16, value & 0xFFFF
    if not 0 < value < 0xFFFF0000 or not above or not below:
        return None
    if above >= below:
        return f"{_short(above / below, 2)} s"
    if above in (1, 10):  # 10/13 is what a camera shows as 1/1.3
        return f"1/{_short(below / above)} s"
    return f"{_short(above / below, 4)} s"


def _span(scale: Scale, value: int) -> str | None:
    number = _number(scale, value)
    if number < 0:
        return None
    return f"{_short(number, 3)} s" if number < 120 else f"{_short(number / 60)} min"


def _iso(scale: Scale, value: int) -> str | None:
    return f"ISO {value}" if 0 < value < 10_000_000 else None


def _ev(scale: Scale, value: int) -> str | None:
    if scale.per >= 1000:
        value = _signed(value, 16) if 0x8000 <= value <= 0xFFFF or value >= 0xFFFF0000 else value
    else:
        value = _signed(value, 8) if 0x80 <= value <= 0xFF or value >= 0xFFFFFF00 else value
    return _ev_text(_number(scale, value))


def _ev_text(stops: float) -> str | None:
    if abs(stops) > 40:
        return None
    text = _short(stops)
    return "0 EV" if text in ("0", "-0") else f"{text if stops < 0 else '+' + text} EV"


def _kelvin(scale: Scale, value: int) -> str | None:
    return f"{_short(_number(scale, value))} K" if 500 <= _number(scale, value) <= 100_000 else None


def _times(scale: Scale, value: int) -> str | None:
    return f"{_short(_number(scale, value), 2)}×" if value > 0 else None


def _fps(scale: Scale, value: int) -> str | None:
    return f"{_short(_number(scale, value), 2)} fps" if value > 0 else None


def _degrees(scale: Scale, value: int) -> str | None:
    number = _signed(value, 32) / scale.per
    return f"{_short(number)}°" if abs(number) <= 360 else None


def _unix_time(scale: Scale, value: int) -> str | None:
    if not 0 < value <= 0xFFFFFFFF:
        return None
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _utc_time(scale: Scale, value: int) -> str | None:
    text = _unix_time(scale, value)
    return f"{text} UTC" if text else None


def _fourcc(scale: Scale, value: int) -> str | None:
    text = struct.pack("<I", value).decode("latin-1") if 0 <= value <= 0xFFFFFFFF else ""
    return text.rstrip() if text.isascii() and text.isprintable() and text.strip() else None


def _ratio(scale: Scale, value: int) -> str | None:
    return f"{value >> 16}:{value & 0xFFFF}" if 0 < value <= 0xFFFFFFFF and value >> 16 and value & 0xFFFF else None


def _code_text(scale: Scale, value: int, vendor: str | None) -> str | None:
    row = facts.row_of(scale.of, value, vendor)
    return None if row is None else row.name


def _eighths(scale: Scale, value: int) -> tuple[int, float] | None:
    """Eighths of a stop as whole stops and the part that follows; None for a number cameras don't use."""
    stops, eighths = divmod(value - scale.zero, 8)
    return None if eighths not in _EIGHTHS else (stops, _EIGHTHS[eighths])


def _on_dial(stops: float, part: float, by_thirds: Sequence[str], by_halves: Sequence[str]) -> str | None:
    """What a dial shows so many stops after its beginning; half stops have a dial of their own."""
    dial, each = (by_halves, 2) if part == 0.5 else (by_thirds, 3)
    step = round((stops + part) * each)
    return dial[step] if 0 <= step < len(dial) else None


def _apex_f_number(scale: Scale, value: int) -> str | None:
    stops = _eighths(scale, value)
    shown = stops and _on_dial(*stops, F_NUMBERS_BY_THIRDS, F_NUMBERS_BY_HALVES)
    return f"f/{shown}" if shown else None


def _apex_exposure(scale: Scale, value: int) -> str | None:
    stops = _eighths(scale, value)
    shown = stops and _on_dial(stops[0] + 6, stops[1], EXPOSURES_BY_THIRDS, EXPOSURES_BY_HALVES)
    return f"{shown} s" if shown else None


def _apex_iso(scale: Scale, value: int) -> str | None:
    stops = _eighths(scale, value)
    if stops is None or stops[1] == 0.5 or value <= 0:
        return None
    low = {-4: "6", -3: "12", -2: "25"}.get(stops[0]) if stops[1] == 0 else None
    shown = low or _on_dial(stops[0] + 1, stops[1], ISO_BY_THIRDS, ())
    return f"ISO {shown}" if shown else None


def _apex_ev(scale: Scale, value: int) -> str | None:
    if not -0x80 <= value <= 0xFF and value < 0xFFFFFF80:
        return None
    steps = (_signed(value, 8) - scale.zero) * (-1 if scale.per < 0 else 1)
    whole, eighths = divmod(abs(steps), 8)
    if eighths not in _EIGHTHS:
        return None
    return _ev_text(math.copysign(whole + _EIGHTHS[eighths], steps))


def _sixths_f_number(scale: Scale, value: int) -> str | None:
    step, odd = divmod(value, 2)
    return None if odd or not 0 <= step < len(F_NUMBERS_BY_THIRDS) else f"f/{F_NUMBERS_BY_THIRDS[step]}"


def _sixths_exposure(scale: Scale, value: int) -> str | None:
    if not -0x8000 <= value <= 0xFFFF and value < 0xFFFF8000:
        return None
    bits = 8 if -0x80 <= value <= 0xFF else 16
    step, odd = divmod(_signed(value, bits), 2)
    step += 18
    return None if odd or not 0 <= step < len(EXPOSURES_BY_THIRDS) else f"{EXPOSURES_BY_THIRDS[step]} s"


def _sony_iso(scale: Scale, value: int) -> str | None:
    flag, number = value >> 24, value & 0xFFFFFF
    if number == 0 or flag not in (0, 1):
        return None
    return f"ISO {number}, multi-frame noise reduction" if flag else f"ISO {number}"


def _sony_object(scale: Scale, value: int) -> str | None:
    return "no picture" if value == 0 else "picture ready" if value & 0x8000 else None


def _fuji_iso(scale: Scale, value: int) -> str | None:
    flags, number = value >> 24, value & 0xFFFFFF
    if number == 0 or flags & 0x3F or not 0 < value <= 0xFFFFFFFF:
        return None
    return {0: f"ISO {number}", 0x40: f"ISO {number} (extended)", 0x80: f"ISO auto ({number})"}.get(flags)


def _fuji_exposure(scale: Scale, value: int) -> str | None:
    number = (value & 0x0FFFFFFF) / scale.per
    if not number or value > 0xFFFFFFFF or value >> 28 & 0x7:
        return None
    return _speed(1 / number if value >> 31 else number)


def _date(scale: Scale, value: PropertyValue) -> str | None:
    return date_text(value) if isinstance(value, str) else None


def _image_format(scale: Scale, value: PropertyValue) -> str | None:
    """An ImageFormat: its words, or the bytes of them."""
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        value = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
    if not isinstance(value, Sequence):
        return None
    return image_format_text([word for word in value if isinstance(word, int)])


def image_format_text(words: Sequence[int]) -> str | None:
    """Canon's ImageFormat: a count, then {16, type, size, compression} for each file that one picture makes.

    None where one of the words is none that is known.
    """
    if not words or words[0] not in (1, 2) or len(words) < 1 + 4 * words[0]:
        return None
    parts = []
    for entry in range(words[0]):
        length, kind, size, compression = words[1 + 4 * entry : 5 + 4 * entry]
        if length != 16:
            return None
        if kind == _RAW and compression in (3, 4):
            part = "cRAW" if (size, compression) == (0, 3) else _RAW_SIZES.get(size)
        elif kind == _JPEG and size in EOS_IMAGE_SIZES and compression in (2, 3):
            part = f"{EOS_IMAGE_SIZES[size]} {EOS_COMPRESSIONS[compression]}"
        else:
            part = None
        if part is None:
            return None
        parts.append(part)
    return " + ".join(parts)


def _no_number(scale: Scale, value: int) -> str | None:
    return None


_MEASURED: dict[str, Callable[[Scale, int], str | None]] = {
    "percent": _percent,
    "f_number": _f_number,
    "mm": _mm,
    "distance": _distance,
    "exposure": _exposure,
    "span": _span,
    "iso": _iso,
    "ev": _ev,
    "kelvin": _kelvin,
    "times": _times,
    "fps": _fps,
    "degrees": _degrees,
    "date": _no_number,
    "unix_time": _unix_time,
    "utc_time": _utc_time,
    "fourcc": _fourcc,
    "fraction": _fraction,
    "ratio": _ratio,
    "apex_f_number": _apex_f_number,
    "apex_exposure": _apex_exposure,
    "apex_iso": _apex_iso,
    "apex_ev": _apex_ev,
    "sixths_f_number": _sixths_f_number,
    "sixths_exposure": _sixths_exposure,
    "sony_iso": _sony_iso,
    "sony_object": _sony_object,
    "fuji_iso": _fuji_iso,
    "fuji_exposure": _fuji_exposure,
    "canon_image_format": _no_number,
}
"""How a number of each measure is worded; None where the number can't be one of it."""

_SPECIAL: dict[str, Callable[[Scale, PropertyValue], str | None]] = {
    "date": _date,
    "canon_image_format": _image_format,
}
"""Measures whose values are no plain numbers."""

# Measures whose numbers are codes, of which an unknown one is no quantity.
_CODED = frozenset({
    "code", "fraction", "fourcc", "apex_f_number", "apex_exposure", "apex_iso", "apex_ev", "sixths_f_number",
    "sixths_exposure", "sony_iso", "sony_object", "fuji_iso", "fuji_exposure", "canon_image_format",
})  # fmt: skip
