"""Where a dataset and its captures lie: a folder here, or whatever fsspec reaches (``s3://``, ``memory://``).

Promises that a file appears under its name whole or not at all: here by renaming, in an object store because that is
how it takes objects. Refuses to list what others put beside the dataset's own files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem
    from pyarrow.fs import FileSystem

from .layout import LOCK, PART, STAGING


class FleetError(Exception):
    """A dataset that can't be written or read. ``str`` is one line that names it and the reason."""


def why(error: OSError) -> str:
    """The reason of an error; file systems elsewhere may give the path alone."""
    known = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}
    return error.strerror or (os.strerror(known[type(error)]) if type(error) in known else str(error))


def is_url(name: str) -> bool:
    """Whether a name is an address for fsspec, and not a path on this machine."""
    return "://" in name and not os.path.lexists(name)


def filesystem(name: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address or path, and the path there.

    Raises FleetError where there is none, or what it needs is not installed.
    """
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    if not is_url(name):
        return LocalFileSystem(), os.path.abspath(name)
    try:
        fs, path = url_to_fs(name)
    except (ImportError, ValueError) as error:
        raise FleetError(f"{name}: {error}") from error
    return fs, path


class Place:
    """The folder of a dataset: its files by their names below it. Pickles as its name, so that any process may have it.

    All methods raise FleetError for what the file system refuses.
    """

    def __init__(self, name: str) -> None:
        self._fs, self._root = filesystem(name)
        protocol = self._fs.protocol
        self.local = "file" in ((protocol,) if isinstance(protocol, str) else protocol)
        self.name = self._root if self.local else name.rstrip("/")

    def __reduce__(self) -> tuple[type[Place], tuple[str]]:
        return Place, (self.name,)

    @property
    def filesystem(self) -> AbstractFileSystem:
        """The file system it is on."""
        return self._fs

    @property
    def arrow(self) -> FileSystem:
        """The same for Arrow, which reads files here itself."""
        from pyarrow.fs import FSSpecHandler, LocalFileSystem, PyFileSystem

        return LocalFileSystem() if self.local else PyFileSystem(FSSpecHandler(self._fs))

    def path(self, name: str) -> str:
        """The path of a file, as ``filesystem`` takes it."""
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FleetError(f"{self.name}: {why(error)}") from error
        except Exception as error:  # of the library behind a file system: that it has no key for it, say
            if self.local or isinstance(error, FleetError):
                raise
            raise FleetError(f"{self.name}: {type(error).__name__}: {error}") from error

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none."""
        with self._said():
            try:
                return bytes(self._fs.cat_file(self.path(name)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def names(self) -> list[str]:
        """What lies in the dataset's folder, sorted; nothing where there is none."""
        with self._said():
            try:
                listed = self._fs.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return sorted(os.path.basename(path.rstrip("/")) for path in listed)

    def read_all(self, folder: str) -> list[bytes]:
        """The contents of all files in a folder."""
        with self._said():
            self._fs.invalidate_cache()  # others write here, too
            try:
                listed = self._fs.ls(self.path(folder), detail=False)
            except FileNotFoundError:
                return []
            return [bytes(content) for content in self._fs.cat(listed).values()] if listed else []

    def sizes(self, table: str) -> dict[str, int]:
        """Bytes of the files of a table, by their names."""
        with self._said():
            if not self.local:
                found = self._fs.find(self.path(table), detail=True)
                start = len(self._root.strip("/")) + 1
                return {path.strip("/")[start:]: int(facts["size"]) for path, facts in found.items()}
            try:
                folders = os.listdir(self.path(table))
            except FileNotFoundError:
                return {}
            names = [f"{table}/{folder}/{PART}" for folder in folders]
            return {name: os.path.getsize(self.path(name)) for name in names if os.path.exists(self.path(name))}

    @contextlib.contextmanager
    def staging(self) -> Iterator[str]:
        """A folder on this machine for files that are not whole yet; it is gone afterwards."""
        with self._said():
            if self.local:
                os.makedirs(self.path(STAGING), exist_ok=True)
            folder = tempfile.mkdtemp(prefix="ptpip-analyze-", dir=self.path(STAGING) if self.local else None)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, file: str, name: str) -> None:
        """Give a whole file from ``staging`` its place."""
        with self._said():
            if self.local:
                os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
                os.replace(file, self.path(name))
            else:
                self._fs.put_file(file, self.path(name))

    def write(self, content: bytes, name: str) -> None:
        """Write a small file."""
        with self.staging() as folder, self._said():
            file = os.path.join(folder, "file")
            with open(file, "wb") as stream:
                stream.write(content)
            self.put(file, name)

    def remove(self, name: str) -> None:
        """Remove a file, and its folder where it was the last one in it; nothing where there is none."""
        with self._said():
            path = self.path(name)
            if not self.local:
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm_file(path)
                return
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
                if os.path.basename(name) == PART:
                    os.rmdir(os.path.dirname(path))

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """The dataset is written by nobody else meanwhile, which only this machine's file systems can promise; what an
        interrupted run has left unfinished is removed.
        """
        if not self.local:
            yield
            return
        import fcntl

        if os.path.exists(self._root) and not os.path.isdir(self._root):
            raise FleetError(f"{self.name}: {os.strerror(errno.ENOTDIR)}")
        with self._said():
            os.makedirs(self._root, exist_ok=True)
            lock = os.open(self.path(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FleetError(f"{self.name}: another run is writing to it") from None
            try:
                shutil.rmtree(self.path(STAGING), ignore_errors=True)
                yield
            finally:
                shutil.rmtree(self.path(STAGING), ignore_errors=True)
        finally:
            os.close(lock)


class Hashed:
    """A file that is read once from its beginning to its end, with the SHA-256 and count of all bytes that passed."""

    def __init__(self, file: Any, name: str) -> None:
        import hashlib

        self._file, self.name = file, name
        self._digest, self.bytes = hashlib.sha256(), 0

    def read(self, count: int) -> bytes:
        """The next bytes, at most ``count``; empty at the end."""
        data: bytes = self._file.read(count)
        self._digest.update(data)
        self.bytes += len(data)
        return data

    def drain(self) -> str:
        """Read what is left; the SHA-256 of the whole file."""
        while self.read(1 << 20):
            pass
        return self._digest.hexdigest()
