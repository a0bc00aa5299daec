"""Files out of what a capture carried: objects and pictures of live view, in one folder, with a manifest."""

from .folder import ExtractError
from .names import safe_name
from .run import KINDS, MANIFEST, extract

__all__ = ["KINDS", "MANIFEST", "ExtractError", "extract", "safe_name"]
