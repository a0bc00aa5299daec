"""Marks and comments of a person, kept beside each capture as ``CAPTURE.notes.json``.

Promises a whole file or the one before; a file that can't be read is left as it is. Refuses to keep anything else:
a mark is the frame in which a transaction begins, a comment a text for such a frame.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ptpip_analyze.tables.export import ExportError, replacing

SUFFIX: Final = ".notes.json"


class NotesError(Exception):
    """Notes that can't be read or written, in one line."""


class Notes:
    """The notes to some captures: ``marks`` and ``comments`` by path of the capture and number of the frame."""

    def __init__(self, captures: Sequence[str]) -> None:
        self._captures = list(captures)
        self.marks: dict[str, set[int]] = {path: set() for path in captures}
        self.comments: dict[str, dict[int, str]] = {path: {} for path in captures}
        self._unread: set[str] = set()

    def read(self) -> list[str]:
        """Take what is there; what can't be read is told, a line each, and will not be overwritten."""
        faults = []
        for path in self._captures:
            name = Path(path + SUFFIX)
            try:
                document = json.loads(name.read_text(encoding="utf-8"))
                self.marks[path] = {int(frame) for frame in document.get("marks", [])}
                self.comments[path] = {int(frame): str(text) for frame, text in document.get("comments", {}).items()}
            except FileNotFoundError:
                continue
            except (OSError, ValueError, TypeError, AttributeError) as error:
                self._unread.add(path)
                faults.append(f"{name}: can't be read as notes ({error}); it stays as it is")
        return faults

    def mark(self, capture: str, frames: set[int], marked: bool) -> None:
        """Mark frames, or no longer. NotesError when that can't be kept; then it holds until the end."""
        before = self.marks.setdefault(capture, set())
        self.marks[capture] = before | frames if marked else before - frames
        self._write(capture)

    def comment(self, capture: str, frame: int, text: str) -> None:
        """Comment on a frame, "" takes the comment away. NotesError when that can't be kept."""
        comments = self.comments.setdefault(capture, {})
        if text.strip():
            comments[frame] = text.strip()
        else:
            comments.pop(frame, None)
        self._write(capture)

    def of(self, capture: str | None, frame: int | None) -> str:
        """The comment on a frame; "" for none."""
        return "" if capture is None or frame is None else self.comments.get(capture, {}).get(frame, "")

    @property
    def any(self) -> bool:
        """Is there any comment?"""
        return any(self.comments.values())

    def _write(self, capture: str) -> None:
        target = Path(capture + SUFFIX)
        if capture in self._unread:
            raise NotesError(f"{target}: holds something that can't be read as notes; it stays as it is")
        marks, comments = sorted(self.marks.get(capture, ())), self.comments.get(capture, {})
        document: dict[str, Any] = {
            "marks": marks,
            "comments": {str(frame): comments[frame] for frame in sorted(comments)},
        }
        try:
            if not marks and not comments:
                target.unlink(missing_ok=True)
                return
            with replacing(target) as stream:
                stream.write(json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
        except (OSError, ExportError) as error:
            raise NotesError(f"notes are not kept: {error}") from error
