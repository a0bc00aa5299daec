"""Which captures are meant: files, globs and folders here, and addresses of fsspec, each by one absolute name.

Promises the same name for the same capture from wherever it is asked. Refuses standard input, which has none.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence

from ptpip_analyze.capture import STDIN, CaptureError, expand, is_named_like_a_capture, once

from .places import filesystem, is_url, why


def named(captures: Sequence[str]) -> list[str]:
    """Absolute names of captures, sorted, each once. CaptureError for a name behind which there is nothing.

    Of several names of one file that in the fewest folders counts, however they were found.
    """
    found: list[str] = []
    for capture in captures:
        if capture == STDIN:
            raise CaptureError(capture, None, "standard input has no name to be found by again; give files")
        if is_url(capture):
            found += _behind(capture)
        else:
            found += [os.path.abspath(name) for name in expand([capture])]
    return sorted(once(sorted(dict.fromkeys(found), key=lambda name: (name.count(os.sep), name)))[0])


def _behind(address: str) -> list[str]:
    """The captures behind an address: a file, a glob, or those in a folder that are named like captures."""
    from fsspec.implementations.local import LocalFileSystem

    fs, path = filesystem(address)
    local = isinstance(fs, LocalFileSystem)  # file://
    try:
        if glob.has_magic(path) and not fs.exists(path):
            inside = [name for name in fs.glob(path) if fs.isfile(name)]
            nothing = "no capture matches this pattern"
        elif fs.isdir(path):
            inside = [name for name in fs.ls(path, detail=False) if is_named_like_a_capture(name) and fs.isfile(name)]
            nothing = "no captures in this folder"
        else:
            inside = [path] if fs.exists(path) else []
            nothing = "no such file or folder"
    except OSError as error:
        raise CaptureError(address, None, why(error)) from error
    except Exception as error:  # of the library behind a file system: that it has no key for it, say
        raise CaptureError(address, None, f"{type(error).__name__}: {error}") from error
    if not inside:
        raise CaptureError(address, None, nothing)
    return inside if local else [fs.unstrip_protocol(name) for name in inside]
