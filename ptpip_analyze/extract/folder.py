"""A folder that files are written to. Promises that nothing is written outside it, whatever lies in it: no symbolic
link is followed; a file has its final name when it is complete, and not before. Refuses to overwrite unless told to.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ptpip_analyze.describe import safe_text


class ExtractError(Exception):
    """A file or folder that can't be written. `str` is one line that names it and the reason."""


class TakenError(ExtractError):
    """A file that is there already and was not to be replaced; ``file`` is its path, fit to be shown."""

    def __init__(self, file: str) -> None:
        super().__init__(f"{file}: is there already; force=True overwrites it")
        self.file = file


class Folder:
    """An open folder; files in it are reached through it alone, even when it is moved."""

    def __init__(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        self.path = Path(path)
        self._force = force
        with self._named():
            self.path.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def names(self) -> list[str]:
        """What is in the folder."""
        with self._named():
            return os.listdir(self._fd)

    def refuse(self, name: str) -> None:
        """TakenError where a name is taken and may not be overwritten."""
        if not self._force and self._has(name):
            raise TakenError(self._shown(name))

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A binary stream whose content appears under a name when the block ends without an exception.

        With an exception, KeyboardInterrupt too, nothing is left, and what was there before stays. What is replaced is
        what has the name: of a symbolic link, the link.
        """
        if "/" in name or name in ("", ".", ".."):
            raise ValueError(f"no file name: {name!r}")
        temporary = f".{os.urandom(8).hex()}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with self._named(name):
                with os.fdopen(os.open(temporary, flags, 0o666, dir_fd=self._fd), "wb") as stream:
                    yield stream
                self.refuse(name)
                os.replace(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self._fd)
            raise

    def _has(self, name: str) -> bool:
        try:
            os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _shown(self, name: str = "") -> str:
        return safe_text(str(self.path / name))

    @contextlib.contextmanager
    def _named(self, name: str = "") -> Iterator[None]:
        """Turns an error of the operating system into the one line that names the file."""
        try:
            yield
        except OSError as error:
            raise ExtractError(f"{self._shown(name)}: {error.strerror or error}") from error
