"""Rules judge what the floors below observed: each statement of the standard that shows on the wire, with a verdict.

``judge`` runs them; ``Evidence`` is what they may look at; ``catalogue`` has their texts.
"""

from .catalogue import CATALOGUE, Catalogue, Deviation, Entry
from .evidence import Evidence
from .rule import REGISTRY, Finding, Ruling, Verdict, rule
from .run import Judged, judge

__all__ = [
    "CATALOGUE",
    "REGISTRY",
    "Catalogue",
    "Deviation",
    "Entry",
    "Evidence",
    "Finding",
    "Judged",
    "Ruling",
    "Verdict",
    "judge",
    "rule",
]
