"""Files out of what a capture carried: objects and pictures of live view, in one folder, with a manifest."""

from .folder import ExtractError, TakenError
from .names import safe_name
from .run import KINDS, MANIFEST, extract, suggested_name, write_object

__all__ = ["KINDS", "MANIFEST", "ExtractError", "TakenError", "extract", "safe_name", "suggested_name", "write_object"]
