"""What there is to say of a rule, as labelled lines for every face."""

from __future__ import annotations

from ptpip_analyze.rules import CATALOGUE


def explained(rule: str) -> list[tuple[str, str]]:
    """What a rule demands, where the standard says it, how it is detected and when it stays silent: (label, text).

    Empty texts are left out. KeyError for a name that is no rule.
    """
    entry = CATALOGUE.rules[rule]
    lines = [
        ("level", f"{entry.level} ({entry.basis})"),
        ("judges", f"{entry.subject}, per {entry.scope}; {CATALOGUE.kinds[entry.kind]}"),
        ("clause", entry.clause),
        ("detected", entry.detect),
        ("evidence", entry.evidence),
        ("silent when", entry.silent_when),
        ("false alarms", entry.false_positives),
        ("needs", "; ".join(f"{name}: {CATALOGUE.preconditions[name]}" for name in entry.requires)),
        ("breaks it", ", ".join(entry.violating)),
        ("keeps it", ", ".join(entry.conforming)),
        ("note", entry.note),
        ("can't be decided", entry.undecidable),
        ("known deviations", ", ".join(entry.deviations)),
    ]
    return [(name, text) for name, text in lines if text]
