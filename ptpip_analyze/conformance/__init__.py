"""What the rules say of whole captures, by implementation, with waivers and a baseline: for people and for CI.

``checked`` makes the document; ``sarif`` and ``junit`` are it in the formats that CI systems read.
"""

from .document import FAIL_ON, Options, checked, fails
from .junit import junit
from .sarif import sarif
from .settings import Waiver, baseline_of, thresholds_of, waivers_of

__all__ = [
    "FAIL_ON",
    "Options",
    "Waiver",
    "baseline_of",
    "checked",
    "fails",
    "junit",
    "sarif",
    "thresholds_of",
    "waivers_of",
]
