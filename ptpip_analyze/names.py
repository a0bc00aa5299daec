"""A user's own names, read from TOML files (docs/names.md). Promises an overlay that all look-ups of ``facts`` see once
it is in use, and for a file that is no such thing one line, FILE:LINE: reason; refuses to take half of a file.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .facts.overlay import EMPTY, Overlay, OverlayError, overlay_of, use
from .tomlfile import TomlFileError, line_of, read_toml


def default_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where a user's names are kept: ``$XDG_CONFIG_HOME``, else ``~/.config``, then ``ptpip-analyze/names.toml``.

    As the XDG rules say, a relative ``XDG_CONFIG_HOME`` counts as none.
    """
    values = os.environ if environ is None else environ
    base = Path(values.get("XDG_CONFIG_HOME") or "")
    if not base.is_absolute():
        base = Path(values.get("HOME") or Path.home()) / ".config"
    return base / "ptpip-analyze" / "names.toml"


def use_names(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> list[Path]:
    """Put a user's names in force: those of the default file, if there is one, and on top those of ``path``.

    Gives the files that were read. Raises TomlFileError and changes nothing when one of them can't be used. Without any
    file, the built-in names are in force.
    """
    paths = names_files(path, environ)
    overlay = EMPTY
    for each in paths:
        overlay = overlay.under(read_names(each))
    use(overlay)
    return paths


def names_files(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> list[Path]:
    """The files that ``use_names`` reads, the later on top."""
    usual = default_path(environ)
    return [*([usual] if _is_there(usual) else []), *([Path(path)] if path is not None else [])]


@contextlib.contextmanager
def names_of(texts: Sequence[str]) -> Iterator[None]:
    """Names in force for a while, by the texts of files that ``use_names`` has read: in another process, say."""
    import tomllib

    overlay = EMPTY
    for text in texts:
        overlay = overlay.under(overlay_of(tomllib.loads(text)))
    before = use(overlay)
    try:
        yield
    finally:
        use(before)


def read_names(path: str | Path) -> Overlay:
    """The overlay that one file describes; it is not in force yet. Raises TomlFileError."""
    path = Path(path)
    content, text = read_toml(path)
    try:
        return overlay_of(content)
    except OverlayError as error:
        where = ".".join(error.keys)
        reason = error.reason if repr(error.keys[-1]) in error.reason else f"{where} {error.reason}"
        raise TomlFileError(path, line_of(text, error.keys, error.value), reason) from None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
