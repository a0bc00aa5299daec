"""tshark with our dissector, run in a home of its own, and what it says of messages as plain values.

Promises one answer per question: runs are remembered. Without tshark, tests are skipped, and fail if CI=true.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import ROOT, program

DISSECTOR = ROOT / "dissectors" / "ptp_ip.lua"
ORDERED = ("-o", "tcp.reassemble_out_of_order:TRUE")  # as our profile has it
LUA_ERRORS = ("Lua Error", "lua:", "ptp_ip.lua:", "stack traceback")

Message = dict[str, Any]


@cache
def home() -> Path:
    """A home without a user's own profile and plugins."""
    return Path(tempfile.mkdtemp(prefix="wireshark-home-"))


def environment() -> dict[str, str]:
    """Of a process that must not see the user's own Wireshark."""
    return {**os.environ, "HOME": str(home()), "XDG_CONFIG_HOME": str(home() / ".config"), "LC_ALL": "C.UTF-8"}


def run(arguments: Sequence[str], *, dissector: bool = True) -> str:
    """The output of tshark; fails on an error of Lua, wherever it is told."""
    script = ("-X", f"lua_script:{DISSECTOR}") if dissector else ()
    done = subprocess.run(
        [program("tshark"), "-n", *script, *arguments], capture_output=True, env=environment(), timeout=300, check=False
    )
    errors = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, errors[-2000:]
    assert not any(word in errors for word in LUA_ERRORS), errors[-2000:]
    said = done.stdout.decode("utf-8", "replace")
    assert "Lua Error" not in said, said[said.index("Lua Error") :][:500]
    return said


def layers(path: Path, *options: str, protocols: str = "frame ptp_ip") -> list[dict[str, Any]]:
    """The protocols of each frame, as tshark writes them in JSON."""
    said = run(["-r", str(path), *options, "-T", "json", "--no-duplicate-keys", "-J", protocols])
    return [frame["_source"]["layers"] for frame in json.loads(said or "[]")]


def messages(path: Path, *options: str) -> list[Message]:
    """The messages that our dissector found, in its order; fields by their name without "ptp_ip.", and the frame."""
    found = []
    for frame in layers(path, *options):
        number = int(as_list(frame["frame"])[0]["frame.number"])
        found += [
            {"frame": number} | dict(fields_of(layer))
            for layer in as_list(frame.get("ptp_ip", []))
            if isinstance(layer, dict) and "ptp_ip.type" in layer
        ]
    return found


def as_list(value: Any) -> list[Any]:
    """What stands once or several times under one key."""
    return value if isinstance(value, list) else [value]


def fields_of(layer: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a message itself, not those of its dataset."""
    for key, value in layer.items():
        if key.startswith("ptp_ip."):
            yield key.removeprefix("ptp_ip."), value


def flat(layer: Any) -> Iterator[tuple[str, Any]]:
    """Every field below a layer, at any depth."""
    if isinstance(layer, list):
        for one in layer:
            yield from flat(one)
    elif isinstance(layer, dict):
        for key, value in layer.items():
            if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
                yield from flat(value)
            else:
                for one in as_list(value):
                    yield key, one


def numbers(value: Any) -> list[int]:
    """A field that may stand several times, as integers."""
    return [] if value is None else [int(one, 0) for one in as_list(value)]


def number(value: Any) -> int | None:
    """A field that stands once, as an integer."""
    return None if value is None else int(as_list(value)[0], 0)


def all_files(folder: Path, suffixes: Iterable[str] = (".pcap", ".pcapng")) -> list[Path]:
    """The captures in a folder."""
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes)
