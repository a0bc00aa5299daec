"""One fault, one finding: where several rules fire on the same bytes the most specific one speaks.

Keeps what the others saw as ``Finding.related``; loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from .catalogue import CATALOGUE, LEVELS
from .rule import BOTH, INITIATOR, RESPONDER, Finding, Ruling, Verdict

# rule -> those that say the same more precisely: where one of them fires on the same message, or on the same
# transaction, it speaks for the rule.
MORE_PRECISE: dict[str, tuple[str, ...]] = {
    "framing-fixed-size-types": ("framing-length-covers-whole-packet",),
    "framing-variable-size-bounds": (
        "framing-length-covers-whole-packet",
        "name-nul-terminated",
        "name-empty-single-nul",
        "name-no-padding",
        "version-field-present",
    ),
    "version-is-1-0": ("version-major-high-half",),
    "init-fail-reason-defined": ("framing-little-endian",),
    "init-command-request-once": ("init-packet-after-established",),
    "init-single-answer": ("init-fail-only-during-establishment", "init-packet-after-established"),
    "init-establishment-30s": ("init-command-answered", "init-event-answered"),
    "init-close-command-if-event-fails": ("init-fail-initiator-closes", "init-fail-responder-closes"),
    "data-total-length-exact": ("data-total-length-overrun", "cancel-r-error-code", "cancel-r-case2"),
    "response-for-every-request": ("response-txid-matches", "cancel-response-present"),
    "response-txid-matches": ("data-txid-consistent",),
    "cancel-both-connections": ("cancel-txid-valid",),
    "cancel-datain-responder-stops": ("cancel-i-case3-1",),
    "cancel-r-error-code": ("cancel-r-case2",),
    "cancel-responder-answers-cancelled": ("cancel-i-case2-1", "cancel-i-case3-1", "cancel-i-case4-1"),
    "cancel-single-response": ("cancel-i-case5-1", "cancel-i-case5-2"),
    "cancel-txid-valid": ("cancel-i-case1-1",),
    "data-end-required": ("cancel-r-error-code", "cancel-r-case2"),
    "init-no-traffic-before-established": ("event-not-before-established",),
    "response-after-data": ("cancel-r-error-code", "cancel-r-case2"),
    "response-unsolicited": ("cancel-single-response", "cancel-i-case5-1", "cancel-i-case5-2"),
    "session-one-transaction": ("cancel-no-request-before-response",),
}
# The same, but only where they point at the same message: of another one the general rule may know more.
SAME_MESSAGE: dict[str, tuple[str, ...]] = {
    "framing-variable-size-bounds": ("request-param-count", "response-param-count", "event-param-count"),
    "data-start-first": (
        "request-dataout-then-start", "data-data-placement", "data-end-placement", "data-phase-needs-request",
    ),
    "request-dataphase-defined": ("framing-little-endian",),
    "request-opcode-range": ("framing-little-endian",),
    "response-code-range": ("framing-little-endian",),
    "event-code-range": ("framing-little-endian",),
    "data-start-once": ("data-nothing-after-end", "data-phase-needs-request"),
    "data-one-direction": ("data-data-placement", "data-end-placement"),
    "data-end-required": ("data-null-out-option-b",),
    "request-dataphase-matches-direction": ("data-one-direction",),
    "request-dataout-then-start": ("data-txid-consistent",),
    "response-after-data": ("data-end-required",),
    "txid-increment-one": ("txid-unique",),
    "txid-not-applicable-value": ("txid-zero-only-open-or-info",),
}  # fmt: skip


def join(rulings: dict[str, Ruling]) -> None:
    """Move findings that a more precise rule has as well into its ``related``."""
    _join(rulings, SAME_MESSAGE, lambda finding: [("row", finding.row)] if finding.row is not None else [])
    _join(rulings, MORE_PRECISE, _places)


Place = tuple[str, int]


def _join(
    rulings: dict[str, Ruling], table: dict[str, tuple[str, ...]], places: Callable[[Finding], list[Place]]
) -> None:
    for rule, precise in table.items():
        ruling = rulings.get(rule)
        if ruling is None or not ruling.findings:
            continue
        by_place: dict[tuple[str | int, ...], Finding] = {}
        for name in precise:
            for finding in rulings[name].findings if name in rulings else ():
                if finding.verdict is Verdict.VIOLATION:
                    for place in places(finding):
                        for side in (INITIATOR, RESPONDER, BOTH) if finding.side == BOTH else (finding.side,):
                            by_place.setdefault((side, *place), finding)
        kept = []
        for finding in ruling.findings:
            said = (by_place.get((finding.side, *place)) for place in places(finding))
            speaker = next((one for one in said if one is not None and _binds(one.rule) <= _binds(rule)), None)
            if speaker is None or finding.verdict is not Verdict.VIOLATION:
                kept.append(finding)
            elif rule not in speaker.related:
                speaker.related = (*speaker.related, rule)
        ruling.findings[:] = kept


def _binds(rule: str) -> int:
    """How binding a rule is, 0 the most: nothing is absorbed by what binds less."""
    return LEVELS.index(CATALOGUE.rules[rule].level)


def _places(finding: Finding) -> list[Place]:
    places = [("row", row) for row in (finding.row, *finding.rows) if row is not None]
    if finding.transaction is not None:
        places.append(("transaction", finding.transaction))
    return places
