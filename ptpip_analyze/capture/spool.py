"""Captures that can't be read at random (compressed, piped) become temporary files without a name.

Promises bounded memory, and that what came before a fault is kept. Refuses to fill the disk: spooling stops while a
reserve is still free, or at ``PTPIP_ANALYZE_SPOOL_BYTES`` bytes when that environment variable is set. Where the first
bytes are not those of a capture it stops at once: there may be no end (``/dev/zero``).
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from .batch import CaptureError

GZIP, ZSTANDARD = "gzip", "zstd"
LIMIT_VARIABLE = "PTPIP_ANALYZE_SPOOL_BYTES"
RESERVE_BYTES = 256 << 20
RESERVE_SHARE = 50  # one part in so many of the file system

_PIECE_BYTES = 1 << 20
_GZIP_INPUT_BYTES = 1 << 16
# zstd can't be told where to stop: 4 bytes may become 128 KiB, so 2 KiB become 64 MiB at most.
_ZSTANDARD_INPUT_BYTES = 2048

TELLING_BYTES = 4
"""So many tell a compression, and what a file is."""

_GZIP_START = b"\x1f\x8b"
_ZSTANDARD_START = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_START = b"\x2a\x4d\x18"  # preceded by 0x50 to 0x5f (RFC 8878 3.1.2)

UNFINISHED = "the rest is not analysed"
"""How the reason of a damage ends that is this machine's and not the capture's: there was no room for all of it."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Read = Callable[[int], bytes]


def compression_of(start: bytes) -> str | None:
    """The compression ("gzip", "zstd") that the first 4 bytes of a file tell, None for none."""
    if start[:2] == _GZIP_START:
        return GZIP
    if start[:4] == _ZSTANDARD_START or (start[1:4] == _SKIPPABLE_START and start[0] >> 4 == 5):
        return ZSTANDARD
    return None


def decompressed(read: Read, compression: str | None) -> Iterator[bytes]:
    """What ``read`` gives, decompressed, in pieces of bounded size. ValueError, with the reason, at damage."""
    if compression == GZIP:
        return _gunzip(read)
    if compression == ZSTANDARD:
        return _unzstd(read)
    return iter(lambda: read(_PIECE_BYTES), b"")


def _gunzip(read: Read) -> Iterator[bytes]:
    """RFC 1952: members one after another; zeros may pad the end."""
    data = read(_GZIP_INPUT_BYTES)
    while data:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not data:
                raise ValueError("the gzip data ends too early")
            before = member.copy()
            try:
                piece = member.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                yield from _before_fault(before, data)
                raise ValueError(f"the gzip data is damaged: {error}") from error
            if piece:
                yield piece
            if not member.eof:
                data = member.unconsumed_tail or read(_GZIP_INPUT_BYTES)
        data = member.unused_data.lstrip(b"\0")
        while not data and (more := read(_GZIP_INPUT_BYTES)):
            data = more.lstrip(b"\0")


def _before_fault(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What damaged data gives up to the byte at which zlib notices; in one go it would give nothing."""
    for at in range(len(data)):
        try:
            piece = member.decompress(data[at : at + 1])
        except zlib.error:
            return
        if piece:
            yield piece


def _unzstd(read: Read) -> Iterator[bytes]:
    """RFC 8878: frames one after another, skippable ones between. A fault takes the 2 KiB of input around it along."""
    import zstandard

    context = zstandard.ZstdDecompressor()
    data = read(_ZSTANDARD_INPUT_BYTES)
    while data:
        frame = context.decompressobj()
        while not frame.eof:
            if not data:
                raise ValueError("the zstd data ends too early")
            try:
                piece = frame.decompress(data)
            except zstandard.ZstdError as error:
                raise ValueError(f"the zstd data is damaged: {error}") from error
            if piece:
                yield piece
            data = frame.unused_data if frame.eof else read(_ZSTANDARD_INPUT_BYTES)
        data = data or read(_ZSTANDARD_INPUT_BYTES)


def spool(
    path: str, read: Read, limit: int | None = None, wanted: Callable[[bytes], bool] = lambda start: True
) -> tuple[BinaryIO, str | None, CaptureError | None]:
    """Put what ``read`` gives, decompressed when it is compressed, into a temporary file.

    ``limit`` bounds the bytes of the file. ``wanted`` is asked about the first four bytes, at least; where it answers
    False no more are read than it took to ask. Returns the file, the compression, and what ended spooling before the
    end of the data. OSError when reading fails.
    """
    if limit is None and os.environ.get(LIMIT_VARIABLE, "").isdecimal():
        limit = int(os.environ[LIMIT_VARIABLE])
    ahead = b""
    while len(ahead) < TELLING_BYTES and (more := read(_PIECE_BYTES)):
        ahead += more
    compression = compression_of(ahead)

    def read_all(count: int) -> bytes:
        nonlocal ahead
        if not ahead:
            return read(count)
        found, ahead = ahead[:count], ahead[count:]
        return found

    import tempfile  # takes its time to load, and is seldom needed

    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  the source closes it
    try:
        size = 0
        damage = None
        start: bytes | None = b""  # None: it is wanted
        pieces = decompressed(read_all, compression)
        while damage is None:
            try:
                piece = next(pieces, b"")
            except ValueError as error:
                damage = CaptureError(path, size, str(error), at_end=True)
                break
            if not piece:
                break
            room = _room(file, size, limit)
            if room < len(piece):
                reason = "the temporary file would fill the disk" if limit is None else f"more than {limit} bytes"
                damage = CaptureError(path, size + room, f"{reason}: {UNFINISHED}", at_end=True)
            try:
                size += _write(file, memoryview(piece)[:room])
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                size = os.fstat(file.fileno()).st_size
                damage = CaptureError(path, size, f"{os.strerror(error.errno)}: {UNFINISHED}", at_end=True)
            if start is not None and len(start := start + piece[:TELLING_BYTES]) >= TELLING_BYTES:
                if not wanted(start):
                    break
                start = None
    except BaseException:
        file.close()
        raise
    return file, compression, damage


def _room(file: BinaryIO, size: int, limit: int | None) -> int:
    """How many bytes may follow the ``size`` bytes in the file."""
    system = os.fstatvfs(file.fileno())
    reserve = max(RESERVE_BYTES, system.f_blocks * system.f_frsize // RESERVE_SHARE)
    room = max(0, system.f_bavail * system.f_frsize - reserve)
    return room if limit is None else max(0, min(room, limit - size))


def _write(file: BinaryIO, piece: memoryview) -> int:
    written = 0
    while written < len(piece):
        written += file.write(piece[written:])
    return written
