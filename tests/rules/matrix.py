"""The matrix: for each rule conversations that break it and conversations that keep it.

A story is a function that makes its conversations anew. ``breaks("rule")`` enters it as one in which the subject of
that rule breaks it, and nobody anything but what is declared as related. ``keeps("rule", ...)`` enters it as one in
which that subject passes these rules and nobody breaks any; ``silent("rule", ...)`` as one in which they find nothing
to pass, either, whatever ``keeps`` says of it. Rules that only name, hint or measure have the same pair: a story in
which they speak, and one in which they don't.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from ptpip_analyze import analyze
from ptpip_analyze.rules import CATALOGUE, Judged, Verdict
from ptpip_analyze.rules.rule import SIDES
from ptpip_analyze.rules.run import TOPICS
from tests.traffic import Conversation, Packet, damage, pcap_bytes

Told = Conversation | Sequence[Conversation] | Sequence[Packet]
Story = Callable[[], Told]


Accusation = tuple[str, str]  # a rule, and who broke it: a name of SIDES


@dataclass(frozen=True)
class Broken:
    """A story that breaks a rule. ``by``: who does, names of SIDES; ``related``: what else is broken, and by whom."""

    rule: str
    tell: Story
    by: tuple[str, ...]
    related: frozenset[Accusation]

    @property
    def accuses(self) -> set[Accusation]:
        """All that is broken in it."""
        return {*self.related, *((self.rule, one) for one in self.by if CATALOGUE.rules[self.rule].checks)}


BROKEN: list[Broken] = []
KEPT: list[tuple[str, Story]] = []
SILENT: list[tuple[str, Story]] = []


def breaks(rule: str, *, by: str | tuple[str, ...] = (), related: Sequence[str] = ()) -> Callable[[Story], Story]:
    """Enter a story that breaks a rule (or makes it speak).

    ``by`` is to be said where the subject of a rule is "both": who of them, or "both" where nobody can tell. An entry
    of ``related`` is "RULE", by the same, or "RULE by WHOM".
    """

    def enter(tell: Story) -> Story:
        assert rule in CATALOGUE.rules, rule
        subject = CATALOGUE.rules[rule].subject
        who = (by,) if isinstance(by, str) else by or (() if subject == "both" else (subject,))
        also: set[Accusation] = set()
        for text in related:
            name, _, whom = text.partition(" by ")
            assert name in CATALOGUE.rules, name
            also |= {(name, one) for one in ([whom] if whom else who)}
        BROKEN.append(Broken(rule, tell, who, frozenset(also)))
        return tell

    return enter


def keeps(*rules: str) -> Callable[[Story], Story]:
    """Enter a story that keeps rules: whoever they are about passes."""
    return _entered(KEPT, rules)


def silent(*rules: str) -> Callable[[Story], Story]:
    """Enter a story that does not break rules, and in which nothing shows that they are kept."""
    return _entered(SILENT, rules)


def _entered(stories: list[tuple[str, Story]], rules: Sequence[str]) -> Callable[[Story], Story]:
    def enter(tell: Story) -> Story:
        for rule in rules:
            assert rule in CATALOGUE.rules, rule
            stories.append((rule, tell))
        return tell

    return enter


def load() -> None:
    """Fill the matrix: import the stories of all topics."""
    for topic in TOPICS:
        import_module(f"tests.rules.stories.{topic}")
    KEPT[:] = [pair for pair in KEPT if pair not in SILENT]


@cache
def found_in(tell: Story) -> Judged:
    """What the rules say of a story; told and judged once."""
    return judged(packets_of(tell()))


def packets_of(told: Told) -> list[Packet]:
    """The packets of what a story told, all its conversations by time."""
    if isinstance(told, Conversation):
        return told.packets()
    if told and isinstance(told[0], Packet):
        return list(told)  # type: ignore[arg-type]
    return damage.interleave(*(one.packets() for one in told))  # type: ignore[union-attr]


def judged(packets: Sequence[Packet], **options: object) -> Judged:
    """What the rules say of packets."""
    return _judged(pcap_bytes(packets, nano=True), **options)


def _judged(capture: bytes, **options: object) -> Judged:
    with analyze(io.BytesIO(capture), packets=False) as analysis:
        return analysis.results[0].judge(**options)


def accusations(found: Judged) -> set[Accusation]:
    """What was violated and by whom, by known makers or others, whether the rule speaks or another one for it."""
    return {
        (one.rule, SIDES[one.side])
        for ruling in found.rulings.values()
        for one in (*ruling.findings, *ruling.joined)
        if one.verdict in (Verdict.VIOLATION, Verdict.DEVIATION)
    }


_ACCUSED: dict[bytes, frozenset[Accusation]] = {}  # by digest of the capture


def accused_in(packets: Sequence[Packet]) -> frozenset[Accusation]:
    """``accusations`` of packets, judged once for the same bytes: one in five damaged captures is another story's."""
    capture = pcap_bytes(packets, nano=True)
    digest = hashlib.blake2b(capture).digest()
    if digest not in _ACCUSED:
        _ACCUSED[digest] = frozenset(accusations(_judged(capture)))
    return _ACCUSED[digest]


def accused(found: Judged) -> set[str]:
    """The rules that speak of something violated, by known makers or others."""
    return {one.rule for one in found.findings if one.verdict in (Verdict.VIOLATION, Verdict.DEVIATION)}


def silent_ones(found: Judged) -> set[str]:
    """The rules for which others speak."""
    return {rule for rule, ruling in found.rulings.items() if ruling.joined}


def passes(found: Judged, rule: str) -> set[str]:
    """Who passes a rule: names of SIDES, without "both"."""
    return {SIDES[side] for (_, side), tally in found.tallies(rule).items() if tally.passed}


def spoken(found: Judged) -> set[str]:
    """The rules that say anything."""
    return {one.rule for one in found.findings}
