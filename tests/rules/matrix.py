"""The matrix: for each rule conversations that break it and conversations that keep it.

A story is a function that makes its conversations anew. ``breaks("rule")`` enters it as one that fires that rule and no
other but those declared as related; ``keeps("rule", ...)`` as one that fires none of these, nor any other rule that
checks. Rules that only name, hint or measure have the same pair: a story in which they speak, and one in which they
don't.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from ptpip_analyze import analyze
from ptpip_analyze.rules import CATALOGUE, Judged, Verdict
from ptpip_analyze.rules.rule import SIDES
from ptpip_analyze.rules.run import TOPICS
from tests.traffic import Conversation, Packet, damage, pcap_bytes

Told = Conversation | Sequence[Conversation] | Sequence[Packet]
Story = Callable[[], Told]


@dataclass(frozen=True)
class Broken:
    """A story that breaks a rule. ``related``: rules that may fire beside it."""

    rule: str
    tell: Story
    related: frozenset[str]


BROKEN: list[Broken] = []
KEPT: list[tuple[str, Story]] = []


def breaks(rule: str, *, related: Sequence[str] = ()) -> Callable[[Story], Story]:
    """Enter a story that breaks a rule (or makes it speak)."""

    def enter(tell: Story) -> Story:
        assert rule in CATALOGUE.rules, rule
        BROKEN.append(Broken(rule, tell, frozenset(related)))
        return tell

    return enter


def keeps(*rules: str) -> Callable[[Story], Story]:
    """Enter a story that keeps rules (or in which they have nothing to say)."""

    def enter(tell: Story) -> Story:
        for rule in rules:
            assert rule in CATALOGUE.rules, rule
            KEPT.append((rule, tell))
        return tell

    return enter


def load() -> None:
    """Fill the matrix: import the stories of all topics."""
    for topic in TOPICS:
        import_module(f"tests.rules.stories.{topic}")


def packets_of(told: Told) -> list[Packet]:
    """The packets of what a story told, all its conversations by time."""
    if isinstance(told, Conversation):
        return told.packets()
    if told and isinstance(told[0], Packet):
        return list(told)  # type: ignore[arg-type]
    return damage.interleave(*(one.packets() for one in told))  # type: ignore[union-attr]


def judged(packets: Sequence[Packet], **options: object) -> Judged:
    """What the rules say of packets."""
    with analyze(io.BytesIO(pcap_bytes(packets, nano=True)), packets=False) as analysis:
        return analysis.results[0].judge(**options)


def accused(found: Judged) -> set[str]:
    """The rules that say something was violated, by known makers or others."""
    return {one.rule for one in found.findings if one.verdict in (Verdict.VIOLATION, Verdict.DEVIATION)}


def accused_sides(found: Judged) -> set[tuple[str, str]]:
    """The same, each with the side that is accused."""
    return {
        (one.rule, SIDES[one.side])
        for one in found.findings
        if one.verdict in (Verdict.VIOLATION, Verdict.DEVIATION)
    }  # fmt: skip


def guilty_sides(found: Judged) -> set[tuple[str, str]]:
    """The same, and the rules for which a more precise one speaks."""
    return accused_sides(found) | {(rule, SIDES[one.side]) for one in found.findings for rule in one.related}


def spoken(found: Judged) -> set[str]:
    """The rules that say anything."""
    return {one.rule for one in found.findings}
