"""Files out of what a capture carried: objects and pictures of live view, in one folder, with a manifest."""

from .folder import ExtractError
from .run import WHAT, Extracted, extract

__all__ = ["WHAT", "ExtractError", "Extracted", "extract"]
