"""Where Wireshark's personal plugins are, and our two Lua files in it. Promises to ask tshark where there is one, and
to know the usual folders otherwise; refuses to touch anything but these two files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from . import lua

MECHANISM = "ptp_ip.lua"
FILES = (MECHANISM, lua.NAME)
_FOLDER = re.compile(r"^Personal Lua Plugins:\s*(\S.*)$", re.MULTILINE)


class DissectorError(Exception):
    """What stands in the way, in one line."""


def source() -> Path:
    """The folder with the dissector: of a checkout, else of an installation. DissectorError where there is none."""
    for folder in (lua.FOLDER, Path(sysconfig.get_path("data")) / "share" / "ptpip-analyze" / "dissectors"):
        if (folder / MECHANISM).is_file():
            return folder
    raise DissectorError(f"{MECHANISM} is not part of this installation")


def personal(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Wireshark's folder for personal Lua plugins: as tshark says, else the usual one of the operating system."""
    values = os.environ if environ is None else environ
    if environ is None and (said := _of_tshark()):
        return said
    if platform == "win32":
        return Path(values.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "Wireshark" / "plugins"
    return Path(values.get("HOME") or Path.home()) / ".local" / "lib" / "wireshark" / "plugins"


def _of_tshark() -> Path | None:
    tshark = shutil.which("tshark")
    if tshark is None:
        return None
    done = subprocess.run([tshark, "-G", "folders"], capture_output=True, text=True, check=False, timeout=60)
    match = _FOLDER.search(done.stdout)
    return Path(match[1].strip()) if match else None


def for_root() -> str:
    """What root has to know where our dissector is not loaded; empty for anybody else."""
    if not hasattr(os, "geteuid") or os.geteuid():
        return ""
    return " (as root: Wireshark 4.4 and later load no Lua script then; run it as another user)"


def install(folder: Path) -> list[Path]:
    """Put the dissector into a folder, with the names that are in force; gives the files. DissectorError if not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / name for name in FILES]
        written[0].write_bytes((source() / MECHANISM).read_bytes())
        written[1].write_text(lua.text(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise DissectorError(f"{folder}: {error.strerror or error}") from error
    return written


def answering(port: int = 15740) -> str | None:
    """The dissector that tshark asks first for a TCP port: "ptp_ip" is ours, "ptpip" Wireshark's own; None: no one's.

    DissectorError where tshark is missing or fails, or Lua stops with an error.
    """
    tshark = shutil.which("tshark")
    if tshark is None:
        raise DissectorError("tshark is not installed")
    done = subprocess.run([tshark, "-G", "decodes"], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise DissectorError(f"tshark -G decodes ended with {done.returncode}")
    if "Lua" in done.stderr and "rror" in done.stderr:
        raise DissectorError(done.stderr.strip().splitlines()[-1])
    found = [line.split("\t")[2] for line in done.stdout.splitlines() if line.startswith(f"tcp.port\t{port}\t")]
    return found[0] if found else None
