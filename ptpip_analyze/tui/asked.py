"""The filters that were asked for, kept across runs in the user's state directory (XDG_STATE_HOME), by table.

Promises that a file that can't be read or written takes nothing but the memory of other runs. Refuses to grow: of each
table the last ``MOST`` are kept.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from ptpip_analyze.tables.export import ExportError, replacing

MOST: Final = 50
_LONGEST: Final = 1000  # letters of a filter that is kept


def state_file() -> Path:
    """Where the filters are kept; the environment says where a user's state is (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(base) if Path(base).is_absolute() else Path("~/.local/state").expanduser()
    return folder / "ptpip-analyze" / "filters.json"


class Asked:
    """The filters of all tables, the last one last."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_file()
        self._of: dict[str, list[str]] | None = None

    def of(self, table: str) -> list[str]:
        """The filters of a table."""
        if self._of is None:
            self._of = self._read()
        return self._of.setdefault(table, [])

    def add(self, table: str, text: str) -> None:
        """This was asked for, and comes last; what other runs have kept meanwhile stays."""
        self._of = self._read()
        self._of[table] = [*(one for one in self.of(table) if one != text), text][-MOST:]
        if len(text) > _LONGEST:
            return
        with contextlib.suppress(OSError, ExportError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as stream:
                stream.write(json.dumps(self._of, ensure_ascii=False, indent=1).encode() + b"\n")

    def _read(self) -> dict[str, list[str]]:
        """What is kept; what can't be read is nothing, and what is no list of texts is left out."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                str(table): [text for text in texts if isinstance(text, str)][-MOST:]
                for table, texts in document.items()
                if isinstance(texts, list)
            }
        except (OSError, ValueError, AttributeError):
            return dict(self._of or {})
