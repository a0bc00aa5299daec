"""One fault, one finding: where several rules fire on the same bytes the most specific one speaks.

Keeps what the others saw as ``Finding.related``; loses nothing.
"""

from __future__ import annotations

from .evidence import Evidence
from .rule import Finding, Ruling, Verdict

# rule -> those that say the same more precisely: where one of them fires on the same message, or on the same
# transaction, it speaks for the rule.
MORE_PRECISE: dict[str, tuple[str, ...]] = {
    "cancel-both-connections": ("cancel-txid-valid",),
    "cancel-datain-responder-stops": ("cancel-i-case3-1",),
    "cancel-r-error-code": ("cancel-r-case2",),
    "cancel-responder-answers-cancelled": ("cancel-i-case2-1", "cancel-i-case3-1", "cancel-i-case4-1"),
    "cancel-single-response": ("cancel-i-case5-1", "cancel-i-case5-2"),
    "cancel-txid-valid": ("cancel-i-case1-1",),
    "data-end-required": ("cancel-r-error-code", "cancel-r-case2"),
    "data-total-length-exact": ("cancel-r-error-code", "cancel-r-case2"),
    "framing-variable-size-bounds": ("event-param-count",),
    "init-no-traffic-before-established": ("event-not-before-established",),
    "response-after-data": ("cancel-r-error-code", "cancel-r-case2"),
    "response-for-every-request": ("cancel-response-present",),
    "response-unsolicited": ("cancel-single-response", "cancel-i-case5-1", "cancel-i-case5-2"),
    "session-one-transaction": ("cancel-no-request-before-response",),
    "txid-not-applicable-value": ("event-txid-known-or-none",),
}


def join(seen: Evidence, rulings: dict[str, Ruling]) -> None:
    """Move findings that a more precise rule has as well into its ``related``."""
    for rule, precise in MORE_PRECISE.items():
        ruling = rulings.get(rule)
        if ruling is None or not ruling.findings:
            continue
        by_place: dict[tuple[str, int], Finding] = {}
        for name in precise:
            for finding in rulings[name].findings if name in rulings else ():
                if finding.verdict is Verdict.VIOLATION:
                    for place in _places(finding):
                        by_place.setdefault(place, finding)
        kept = []
        for finding in ruling.findings:
            speaker = next((by_place[place] for place in _places(finding) if place in by_place), None)
            if speaker is None or finding.verdict is not Verdict.VIOLATION:
                kept.append(finding)
            elif rule not in speaker.related:
                speaker.related = (*speaker.related, rule)
        ruling.findings[:] = kept


def _places(finding: Finding) -> list[tuple[str, int]]:
    places = [("row", row) for row in (finding.row, *finding.rows) if row is not None]
    if finding.transaction is not None:
        places.append(("transaction", finding.transaction))
    return places
