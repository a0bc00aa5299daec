"""One fault, one finding: where several rules fire on the same bytes the most specific one speaks.

Loses nothing and acquits nobody: what a silent rule found stays in ``Ruling.joined``, counts as broken, and has in
``shown_by`` the finding that speaks for it. A finding is joined only to one of the same side and of no lower level (or,
where it could not tell who, to one that can): so the whole of the rules says of a peer what each says alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from .rule import BOTH, Finding, Ruling, Verdict

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
    "cancel-datain-responder-stops": ("cancel-i-case3-1",),
    "cancel-r-error-code": ("cancel-r-case2",),
    "cancel-responder-answers-cancelled": ("cancel-i-case2-1", "cancel-i-case3-1", "cancel-i-case4-1"),
    "cancel-i-case5-1": ("cancel-single-response",),
    "cancel-i-case5-2": ("cancel-single-response",),
    "cancel-txid-valid": ("cancel-i-case1-1",),
    "data-end-required": ("cancel-r-error-code", "cancel-r-case2"),
    "init-no-traffic-before-established": ("event-not-before-established",),
    "response-after-data": ("cancel-r-error-code", "cancel-r-case2"),
    "response-unsolicited": ("cancel-single-response",),
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


def speakers(rules: Iterable[str]) -> set[str]:
    """The rules that may speak for these, and for one another."""
    found: set[str] = set()
    left = list(rules)
    while left:
        rule = left.pop()
        for name in (*SAME_MESSAGE.get(rule, ()), *MORE_PRECISE.get(rule, ())):
            if name not in found:
                found.add(name)
                left.append(name)
    return found


def join(rulings: dict[str, Ruling]) -> None:
    """Move violations that a more precise rule has as well into ``joined``."""
    _join(rulings, SAME_MESSAGE, lambda finding: [("row", finding.row)] if finding.row is not None else [])
    _join(rulings, MORE_PRECISE, _places)


def settle(rulings: dict[str, Ruling], chosen: Collection[str]) -> None:
    """Let a joined finding share what became of the one that speaks for it, as seen by the rules that were chosen.

    It takes over verdict, deviation and side of the most precise one; where none of the chosen rules speaks for it, it
    speaks itself.
    """
    chains = [_chain(finding) for rule in chosen for finding in rulings[rule].joined]
    for rule in chosen:
        rulings[rule].joined.clear()
    for finding, *above in chains:
        if above:
            last = above[-1]
            finding.verdict, finding.deviation, finding.side = last.verdict, last.deviation, last.side
        finding.shown_by = speaker = next((one for one in reversed(above) if one.rule in chosen), None)
        ruling = rulings[finding.rule]
        if speaker is None:
            ruling.findings.append(finding)
        else:
            ruling.joined.append(finding)
            if finding.rule not in speaker.related:
                speaker.related = (*speaker.related, finding.rule)


def _chain(finding: Finding) -> list[Finding]:
    """The finding, the one that speaks for it, the one that speaks for that, ..."""
    chain = [finding]
    while (above := chain[-1].shown_by) is not None:
        chain.append(above)
    return chain


Place = tuple[str, int]


def _join(
    rulings: dict[str, Ruling], table: dict[str, tuple[str, ...]], places: Callable[[Finding], list[Place]]
) -> None:
    for rule, precise in table.items():
        ruling = rulings.get(rule)
        if ruling is None or not ruling.findings:
            continue
        by_place: dict[Place, list[Finding]] = {}
        for name in precise:
            if name in rulings:
                for finding in (*rulings[name].findings, *rulings[name].joined):
                    if finding.verdict is Verdict.VIOLATION:
                        for place in places(finding):
                            by_place.setdefault(place, []).append(finding)
        kept = []
        for finding in ruling.findings:
            at = (one for place in places(finding) for one in by_place.get(place, ()))
            speaker = next((one for one in at if _speaks_for(one, finding)), None)
            if speaker is None:
                kept.append(finding)
            else:
                finding.shown_by = speaker
                ruling.joined.append(finding)
        ruling.findings[:] = kept


def _speaks_for(speaker: Finding, finding: Finding) -> bool:
    """Is it of the same side of the same session, or can it tell the side where the other can't?"""
    return (
        finding.verdict is Verdict.VIOLATION
        and speaker.session == finding.session
        and finding.side in (speaker.side, BOTH)
    )


def _places(finding: Finding) -> list[Place]:
    places = [("row", row) for row in (finding.row, *finding.rows) if row is not None]
    if finding.transaction is not None:
        places.append(("transaction", finding.transaction))
    return places
