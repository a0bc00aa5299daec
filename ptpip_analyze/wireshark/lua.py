"""The facts as a Lua table, for ``dissectors/ptp_ip.lua``. Promises the same names, layouts and value texts as Python
has, written so that Lua 5.1 to 5.4 read it; refuses mechanism: how a message is read is written by hand in Lua.

``python -m ptpip_analyze.wireshark.lua`` writes ``dissectors/ptp_ip_facts.lua`` again. A user's own names
(docs/names.md) go in where an overlay is in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from .. import facts
from ..facts import containers, makers, packets, wildcards
from ..facts.datasets import (
    BY_NAME,
    CARRIED,
    EOS_IMAGE_FORMATS,
    EOS_TEXTS,
    LAYOUTS,
    SECRETS,
    SONY_ACCESS,
    SONY_ENABLED,
    WORDINGS,
)
from ..facts.layout import Field, Layout
from ..facts.lookup import VENDORS
from ..facts.properties import DATATYPES
from ..facts.values import EXPOSURES_BY_HALVES, EXPOSURES_BY_THIRDS, KIN
from ..facts.vendors import FAMILIES, MODULES, rows
from ..ptp.parameters import is_count, label_of, of_event, parsed

NAME = "ptp_ip_facts.lua"
FOLDER = Path(__file__).parents[2] / "dissectors"  # of a checkout; an installed package has a copy of its own

# Code tables that the dissector asks for names; events and operations have more than a name and come apart.
_NAMED = (
    "access", "association", "dataphase", "datatype", "filesystem", "form_flag", "format", "get_set", "init_fail",
    "object_property", "property", "protection", "protocol_version", "response", "storage_type", "usb_container_type",
    "vendor_extension",
)  # fmt: skip

# Measures whose texts the dissector computes, and those that are written out value by value for one byte. Values of
# others are shown as numbers.
LINEAR = ("percent", "f_number", "mm", "exposure", "iso", "ev", "kelvin", "times")
WRITTEN_OUT = ("apex_f_number", "apex_exposure", "apex_iso", "apex_ev", "sixths_f_number", "sixths_exposure")
_SMALL = range(256)

_KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KEYWORDS = frozenset(
    ("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
     "not", "or", "repeat", "return", "then", "true", "until", "while")
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Plain = str | int | bool | list[Any] | dict[Any, Any]


def snake(name: str) -> str:
    """A name in lower camel case as Wireshark's filters have it: standardVersion -> standard_version."""
    return "_".join(word.lower() for word in _WORD.findall(name))


def label(name: str) -> str:
    """A name in camel case as words: standardVersion -> Standard version."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in _WORD.findall(name)]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def lua(value: Plain, depth: int = 0) -> str:
    """A value as a Lua expression; tables of tables take one line per entry."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        entries = [lua(each, depth + 1) for each in value]
    else:
        entries = [f"{_key(key)}={lua(each, depth + 1)}" for key, each in value.items()]
    inner = value if isinstance(value, list) else list(value.values())
    if depth < 3 and any(isinstance(each, dict | list) for each in inner):
        indent = "  " * (depth + 1)
        lines = "".join(f"{indent}{entry},\n" for entry in entries)
        return "{\n" + lines + "  " * depth + "}"
    return "{" + ",".join(entries) + "}"


def _key(key: int | str) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return key if _KEY.fullmatch(key) and key not in _KEYWORDS else f"[{_quoted(key)}]"


def _quoted(text: str) -> str:
    """A Lua string; bytes outside printable ASCII as \\ddd, which every Lua reads."""
    escaped = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in (0x22, 0x5C) else f"\\{byte:03d}"
        for byte in text.encode("utf-8", "replace")
    )
    return f'"{escaped}"'


def table() -> dict[int | str, Plain]:
    """All that the dissector is told, as plain values."""
    return {
        "vendors": list(VENDORS),
        "messages": _messages(),
        "names": {kind: _by_vendor({v: facts.names_of(kind, v) for v in (None, *VENDORS)}) for kind in _NAMED},
        "operations": _by_vendor({v: _operations(v) for v in (None, *VENDORS)}),
        "events": _by_vendor({v: _events(v) for v in (None, *VENDORS)}),
        "families": {vendor: list(others) for vendor, others in FAMILIES.items()},
        "carried": _carried(),
        "layouts": {layout.name: _layout(layout) for layout in LAYOUTS},
        "datatypes": dict(DATATYPES),
        "choices": _by_vendor({v: _choices(v) for v in (None, *_valued())}),
        "scales": _by_vendor({v: _scales(v) for v in (None, *_valued())}),
        "measures": _measures(),
        "exposures": {"thirds": list(EXPOSURES_BY_THIRDS), "halves": list(EXPOSURES_BY_HALVES)},
        "makers": [_maker(maker) for maker in makers.MAKERS],
        "maker_ports": dict(makers.PORTS),
        "labels": _labels(),
        "wildcards": _wildcards(),
        "owners": {kind: _owners(kind) for kind in ("operation", "event", "property")},
        "siblings": {v: _own_operations(v) for maker in makers.MAKERS if len(maker.vendors) > 1 for v in maker.vendors},
        "eos_texts": dict.fromkeys(sorted(EOS_TEXTS), True),
        "eos_image_formats": dict.fromkeys(sorted(EOS_IMAGE_FORMATS), True),
        "secrets": {vendor: dict.fromkeys(sorted(codes), True) for vendor, codes in SECRETS.items() if vendor},
        "sony_access": dict(SONY_ACCESS),
        "sony_enabled": dict(SONY_ENABLED),
        "ports": {"standard": packets.DEFAULT_PORT, "fuji": list(containers.PORTS)},
        "fuji_magic": containers.MAGIC,
    }


def _messages() -> dict[int | str, Plain]:
    """By type: name, shortest and longest length (0: no bound)."""
    found: dict[int | str, Plain] = {}
    for message in packets.MESSAGES.values():
        found[message.type_code] = [message.name, message.minimum_length, message.maximum_length or 0]
    for container in containers.CONTAINERS.values():
        found[container.code] = [container.name, container.minimum_length, container.maximum_length or 0]
    return found


def _by_vendor(tables: Mapping[str | None, Mapping[int, Plain]]) -> dict[int | str, Plain]:
    """What holds with no vendor, and for each vendor what it has besides or otherwise."""
    standard = tables[None]
    found: dict[int | str, Plain] = {"standard": dict(sorted(standard.items()))}
    for vendor, own in tables.items():
        if vendor is not None:
            other = {code: value for code, value in sorted(own.items()) if standard.get(code) != value}
            if other:
                found[vendor] = dict(other)
    return found


def _operations(vendor: str | None) -> dict[int, Plain]:
    """Name, way of the data, parameters of request and response as "Name:kind Name:kind"."""
    found: dict[int, Plain] = {}
    for code, row in facts.table("operation", vendor).items():
        if isinstance(row, facts.Operation):
            request, response = _parameters(row.request), _parameters(row.response)
            told: list[Plain] = [row.name, row.data or "", request, response]
            while len(told) > 1 and not told[-1]:
                told.pop()
            found[code] = told
    return found


def _parameters(written: Iterable[str] | None) -> str:
    """In a line; "?" where nobody wrote them down."""
    return "?" if written is None else " ".join(map(_parameter, written))


def _parameter(written: str) -> str:
    """As "Name:kind", what single values mean behind it: "Mode:u32(1=half;2=full)", with ~ for blanks."""
    row = parsed(written)
    if row is None:
        return "?:u32"
    meanings = ";".join(f"{value}={text.replace(' ', '~')}" for value, text in row.meanings.items())
    return f"{row.name}:{'count' if is_count(row) else row.kind}" + f"({meanings})" * bool(meanings)


def _labels() -> dict[int | str, Plain]:
    """What stands before the values of parameters in texts, by name."""
    names: set[str] = set()
    for vendor in (None, *VENDORS):
        for kind in ("operation", "event"):
            for row in facts.table(kind, vendor).values():
                if isinstance(row, facts.Operation):
                    names.update(one.name for one in map(parsed, (*(row.request or ()), *(row.response or ()))) if one)
                elif isinstance(row, facts.Event):
                    names.update(one.name for one in map(parsed, of_event(row)) if one)
    return {name: label_of(name) for name in sorted(names) if label_of(name) != name}


def _events(vendor: str | None) -> dict[int, Plain]:
    """Name, and the parameters as for operations."""
    found: dict[int, Plain] = {}
    for code, row in facts.table("event", vendor).items():
        if isinstance(row, facts.Event):
            said = _parameters(of_event(row))
            found[code] = [row.name, said] if said else [row.name]
    return found


def _carried() -> dict[int | str, Plain]:
    """By vendor and operation the datasets by first parameter; "any" is for all others."""
    found: dict[int | str, Plain] = {}
    for row in CARRIED:
        of_vendor = found.setdefault(row.vendor, {})
        assert isinstance(of_vendor, dict)
        choices = of_vendor.setdefault(row.operation, {})
        assert isinstance(choices, dict)
        choices["any" if row.first is None else row.first] = row.dataset
    return found


def _layout(layout: Layout) -> dict[int | str, Plain]:
    """Its name in filters, and its fields: name in filters, label, kind, code table, kind of elements."""
    return {"abbr": snake(layout.name), "fields": [_field(field) for field in layout.fields]}


def _field(field: Field) -> Plain:
    codes = field.codes if field.codes not in WORDINGS or field.codes in ("handle", "hex", "storage") else ""
    return [snake(field.name), label(field.name), field.kind.value, codes, field.of.value if field.of else ""]


def _valued() -> list[str]:
    """The vendors of whose properties more is known than the standard tells."""
    return [
        v
        for v in VENDORS
        if v not in facts.STANDARDS and (_choices(v) != _choices(None) or _scales(v) != _scales(None))
    ]


def _choices(vendor: str | None) -> dict[int, Plain]:
    found: dict[int, Plain] = {}
    for code in _valued_codes(vendor):
        if texts := facts.choices(code, vendor):
            found[code] = dict(sorted(texts.items()))
    return found


def _scales(vendor: str | None) -> dict[int, Plain]:
    found: dict[int, Plain] = {}
    for code in _valued_codes(vendor):
        scale = facts.scale(code, vendor)
        if scale is not None and (scale.measure in LINEAR or _small(scale)):
            found[code] = [_measure_key(scale), scale.per, scale.zero]
    return found


def _valued_codes(vendor: str | None) -> list[int]:
    from ..facts import values

    names = dict.fromkeys(filter(None, ("ptp", KIN.get(vendor or ""), vendor)))
    return sorted({row.code for name in names for row in values.rows(name)})


def _measure_key(scale: facts.Scale) -> str:
    return scale.measure if scale.measure in LINEAR else f"{scale.measure}/{scale.per}/{scale.zero}"


def _small(scale: facts.Scale) -> dict[int | str, Plain]:
    """The texts of the values 0 to 255 of a measure that is written out."""
    from ..ptp.texts import measured_text

    if scale.measure not in WRITTEN_OUT:
        return {}
    told = {value: measured_text(scale, value) for value in _SMALL}
    return {value: text for value, text in told.items() if text is not None}


def _measures() -> dict[int | str, Plain]:
    from ..facts import values

    found: dict[int | str, Plain] = {}
    for vendor in VENDORS:
        for row in values.rows(vendor):
            if isinstance(row, facts.Scale) and row.measure not in LINEAR and (texts := _small(row)):
                found[_measure_key(row)] = dict(texts)
    return dict(sorted(found.items(), key=lambda item: str(item[0])))


def _maker(maker: makers.Maker) -> dict[int | str, Plain]:
    return {
        "vendors": list(maker.vendors), "manufacturers": list(maker.manufacturers), "models": list(maker.models),
        "extensions": list(maker.extensions), "others": maker.others, "file": MODULES[maker.vendors[0]],
    }  # fmt: skip


def _wildcards() -> dict[int | str, Plain]:
    """What numbers stand for in the parameters of requests: operation -> name of the parameter -> value -> text."""
    found: dict[int | str, Any] = {}
    for row in wildcards.WILDCARDS:
        for code in row.operations:
            found.setdefault(code, {}).setdefault(row.parameter, {})[row.value] = row.text
    return found


def _owners(kind: str) -> dict[int, Plain]:
    """By code outside the standards, the files of the makers that name it, apart by spaces."""
    from ..ptp.vendor import owners_of

    return {code: " ".join(sorted(files)) for code, files in sorted(owners_of(kind).items())}


def _own_operations(vendor: str) -> dict[int, Plain]:
    """What tells a maker's vendors apart."""
    return {row.code: True for row in sorted(rows(vendor), key=lambda row: row.code) if row.kind == "operation"}


def lines() -> Iterator[str]:
    """The file's text, in pieces."""
    yield "-- Facts of PTP-IP for ptp_ip.lua: code tables, layouts, texts of values. Generated: do not edit.\n"
    yield "-- Made by: python -m ptpip_analyze.wireshark.lua\n"
    yield "-- A module. Wireshark loads it as a plugin, too, which does nothing more.\n"
    yield 'local loaded = package and package.loaded and package.loaded["ptp_ip_facts"]\n'
    yield 'if type(loaded) == "table" then return loaded end\n'
    yield "local facts = " + lua(table()) + "\n"
    yield 'if package and package.loaded then package.loaded["ptp_ip_facts"] = facts end\n'
    yield "return facts\n"


def text() -> str:
    """The file's text."""
    return "".join(lines())


def write(stream: TextIO) -> None:
    """Write the file to a text stream."""
    stream.writelines(lines())


def main() -> None:
    """Write the file where a checkout has it."""
    with (FOLDER / NAME).open("w", encoding="utf-8", newline="\n") as stream:
        write(stream)


assert BY_NAME  # every layout has a name of its own; ``table`` relies on it


if __name__ == "__main__":
    main()
