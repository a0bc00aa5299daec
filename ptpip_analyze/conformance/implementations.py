"""Who is judged: the initiators and responders of the captures, each with the sessions it took part in.

Two sessions are of one implementation where GUID, name and address agree; nobody is joined by guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..ptpip import messages as m
from ..ptpip.recognise import Dialect
from ..result import Result
from ..rules.rule import INITIATOR, RESPONDER, SIDES


class Part(NamedTuple):
    """A session in which an implementation took part: index of the result, and of the session in it."""

    result: int
    session: int


@dataclass(slots=True)
class Implementation:
    """One initiator or responder. ``judged`` is False where it speaks a dialect, which no rule scores."""

    side: int
    name: str
    guid: str | None
    address: str
    model: str | None
    vendor: str | None
    judged: bool
    parts: list[Part] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is called: its model, else the friendly name, else the address."""
        return self.model or self.name or self.address

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of it, as plain values."""
        return {
            "subject": SIDES[self.side],
            "title": self.title,
            "name": self.name or None,
            "guid": self.guid,
            "address": self.address,
            "model": self.model,
            "vendor": self.vendor,
            "judged": self.judged,
        }


def implementations(results: list[Result]) -> list[Implementation]:
    """All of them, responders and initiators of each session in order of first packet."""
    from ..tables.addresses import address_text

    found: dict[tuple[Any, ...], Implementation] = {}
    for number, result in enumerate(results):
        for index, pair in enumerate(result.pairs):
            main = pair.parts[0]
            judged = all(part.conversation.dialect is Dialect.STANDARD for part in pair.parts)
            for side, kind in ((RESPONDER, m.INIT_COMMAND_ACK), (INITIATOR, m.INIT_COMMAND_REQUEST)):
                row = pair.command.rows.get(kind) if pair.command else None
                body = result.greetings.get(row) if row is not None else None
                fuji = main.conversation.dialect is Dialect.FUJI
                said = m.greeting(kind, body, fuji=fuji) if body is not None else {}
                name, guid = said.get("name"), said.get("guid")
                address = address_text(main.responder[0] if side == RESPONDER else main.initiator_address)
                camera = result.cameras.get(index) if side == RESPONDER else None
                key = side, guid, name, address
                one = found.setdefault(
                    key,
                    Implementation(
                        side,
                        name if isinstance(name, str) else "",
                        guid if isinstance(guid, str) else None,
                        address,
                        None,
                        None,
                        judged,
                    ),
                )
                one.judged |= judged
                if camera is not None and camera.model and one.model is None:
                    one.model = camera.model
                if side == RESPONDER and one.vendor is None:
                    one.vendor = result.vendors[index]
                one.parts.append(Part(number, index))
    return list(found.values())


def by_part(found: list[Implementation]) -> dict[tuple[int, int, int], Implementation]:
    """By result, session and side, who it was."""
    return {(part.result, part.session, one.side): one for one in found for part in one.parts}
