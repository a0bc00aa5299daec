"""pyarrow without the modules that it loads in case somebody needs them: they take longer than a small capture does.

Promises that whoever asks for one of them later gets it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def keep_pandas_away() -> None:
    """Load pyarrow, and let it make its first array, without loading pandas and cloudpickle.

    pyarrow looks for pandas once, with its first array, only to learn whether what it is handed is a Series; and for
    cloudpickle when it is loaded, to pickle functions of users. Here it finds none then.
    """
    with _away("cloudpickle"):
        import pyarrow as pa
    with _away("pandas"):
        pa.array([0])


@contextlib.contextmanager
def _away(module: str) -> Iterator[None]:
    """Let nobody find a module."""
    away = _NoModule(module)
    sys.meta_path.insert(0, away)
    try:
        yield
    finally:
        sys.meta_path.remove(away)


class _NoModule:
    """An import finder that finds no module of one name."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name == self._module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
