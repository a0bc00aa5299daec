"""Rules of protocol versions (CIPA DC-X005-2005 2.3.1, 2.3.2, 3, 5.5): the field, its value, and what follows from two.

A higher version than the standard's may be that of a later revision, so it accuses nobody by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from ..ptpip import messages as m
from .evidence import Evidence
from .greeting import PROTOCOL_VERSION, VERSION_BYTES, Greeting, by_row, greetings, in_words, is_shared
from .opening import Opening, openings
from .rule import INITIATOR, RESPONDER, Ruling, rule

_NOT_WHOLE = "the greeting is not in the capture as a whole"
_SWAPPED_HALVES, _SWAPPED_BYTES = 0x00000001, 0x00000100
_MOST_MAJOR, _MOST_MINOR = 9, 99  # what a later revision may call itself
_UNSPECIFIED = 3  # reason of Init Fail (2.3.5)


def is_sane(version: int) -> bool:
    """May this be the version of some revision of the protocol?"""
    return 1 <= version >> 16 <= _MOST_MAJOR and version & 0xFFFF <= _MOST_MINOR


@rule("version-field-present")
def field_present(seen: Evidence, ruling: Ruling) -> None:
    """Four bytes follow the name."""
    for one in greetings(seen):
        if isinstance(one, tuple):
            ruling.unknown(one[1], one[2], _NOT_WHOLE)
        elif one.rest is None:
            ruling.unknown(one.session, one.side, "the name has no end")
        elif len(one.rest) >= VERSION_BYTES:
            ruling.passes(one.session, one.side)
        else:
            name, left = m.type_names()[one.kind], len(one.rest)
            says = f"{name} ends {left} bytes behind the name" if left else f"{name} ends with the name"
            ruling.fires(one.session, one.side, f"{says}; a version of 4 bytes is missing", row=one.row)


def _values(seen: Evidence, ruling: Ruling) -> list[tuple[Greeting, int]]:
    """The greetings with a version that can be read; the others are counted as undecided."""
    found = []
    for one in greetings(seen):
        if isinstance(one, tuple):
            ruling.unknown(one[1], one[2], _NOT_WHOLE)
        elif one.version is None:
            ruling.unknown(one.session, one.side, "the version is not where it should be")
        else:
            found.append((one, one.version))
    return found


@rule("version-is-1-0")
def is_1_0(seen: Evidence, ruling: Ruling) -> None:
    """The version of the standard is 1.0."""
    for one, version in _values(seen, ruling):
        says = f"{m.type_names()[one.kind]} announces 0x{version:08X}"
        if version == PROTOCOL_VERSION:
            ruling.passes(one.session, one.side)
        elif is_sane(version):
            says += f" ({in_words(version)}): a later revision, or a mistake"
            ruling.names(one.session, one.side, says, row=one.row, sure=False)
        else:
            what = {0: "zero", _SWAPPED_HALVES: "1.0 with its halves swapped", _SWAPPED_BYTES: "1.0 with swapped bytes"}
            says += f" ({what.get(version, 'no version of the protocol')}); 1.0 is 0x{PROTOCOL_VERSION:08X}"
            ruling.fires(one.session, one.side, says, row=one.row)


@rule("version-major-high-half")
def major_high_half(seen: Evidence, ruling: Ruling) -> None:
    """The major number is the upper half."""
    for one, version in _values(seen, ruling):
        if version == _SWAPPED_HALVES:
            says = f"{m.type_names()[one.kind]} has minor and major number of its version swapped"
            ruling.fires(one.session, one.side, f"{says}: 0x{version:08X}", row=one.row)
        else:
            ruling.passes(one.session, one.side)


class Meeting(NamedTuple):
    """One command connection on which both sides were asked for their version: what they said, as far as it is sane."""

    one: Opening
    asked: Greeting | None
    told: Greeting | None

    @property
    def versions(self) -> tuple[int, int] | None:
        """Those of initiator and responder; None where either is missing or makes no sense."""
        asked, told = (None if said is None else said.version for said in (self.asked, self.told))
        if asked is None or told is None or not (is_sane(asked) and is_sane(told)):
            return None
        return asked, told


def _meetings(seen: Evidence) -> list[Meeting]:
    """Every command connection with its greetings, in order of time."""
    said = by_row(seen)
    found = []
    for one in openings(seen).commands:
        asked = one.first(INITIATOR, m.INIT_COMMAND_REQUEST)
        told = one.first(RESPONDER, m.INIT_COMMAND_ACK)
        if one.line.roles_sure and asked is not None:
            found.append(Meeting(one, said.get(asked), None if told is None else said.get(told)))
    return sorted(found, key=lambda meeting: meeting.one.line.tcp.first_packet)


@rule("version-responder-not-above-initiator")
def responder_not_above_initiator(seen: Evidence, ruling: Ruling) -> None:
    """A responder lowers its version to that of the initiator."""
    for meeting in _meetings(seen):
        session = meeting.one.session
        if meeting.told is None:
            continue
        if meeting.versions is None or meeting.asked is None:
            ruling.unknown(session, RESPONDER, "not both versions can be read")
            continue
        asked, told = meeting.versions
        if told > asked and told >> 16 == asked >> 16:
            says = f"the responder answered version {in_words(asked)} with {in_words(told)}"
            ruling.fires(session, RESPONDER, says, row=meeting.told.row, rows=(meeting.asked.row,))
        else:
            ruling.passes(session, RESPONDER)


@rule("version-unsupported-closes")
def unsupported_closes(seen: Evidence, ruling: Ruling) -> None:
    """An initiator does not go on with a responder of another major version."""
    for meeting in _meetings(seen):
        case, told = meeting.one.case, meeting.told
        if meeting.versions is None or told is None:
            continue
        asked, answered = (version >> 16 for version in meeting.versions)
        request = None if case.event is None else case.event.first(m.INIT_EVENT_REQUEST, INITIATOR)
        if asked == answered:
            ruling.passes(case.index, INITIATOR)
        elif request is not None and case.paired:  # the number that it repeats came with the version
            says = f"the initiator of version {in_words(meeting.versions[0])} went on with a responder of version "
            ruling.fires(case.index, INITIATOR, says + in_words(meeting.versions[1]), row=request, rows=(told.row,))
        elif meeting.one.line.closed_by == INITIATOR:
            ruling.passes(case.index, INITIATOR)
        else:
            ruling.unknown(case.index, INITIATOR, "whether the initiator went on is not in the capture")


@rule("version-initiator-minor-compat")
def initiator_minor_compat(seen: Evidence, ruling: Ruling) -> None:
    """An initiator that leaves as soon as it sees a lower minor version may not support it."""
    for meeting in _meetings(seen):
        one, told = meeting.one, meeting.told
        if meeting.versions is None or told is None:
            continue
        asked, answered = meeting.versions
        went_on = one.case.event is not None or len(one.line.rows[INITIATOR]) > 1
        if asked >> 16 != answered >> 16 or answered >= asked or went_on or one.line.closed_by != INITIATOR:
            continue
        if openings(seen).tries(one, told.row):
            continue  # it may have tried to open the event connection
        says = f"an initiator of version {in_words(asked)} left when it saw {in_words(answered)}"
        ruling.fires(one.session, INITIATOR, says, row=told.row, packet=one.line.closing_packet(INITIATOR))


@rule("version-responder-minor-compat")
def responder_minor_compat(seen: Evidence, ruling: Ruling) -> None:
    """A responder that refuses a lower minor version than one it accepted may not support it."""
    accepted: dict[tuple[tuple[int, int], int], tuple[int, int]] = {}  # responder and major -> highest asked, its row
    meetings = _meetings(seen)
    for meeting in meetings:
        if meeting.versions is not None and meeting.told is not None:
            asked, told = meeting.versions
            key = meeting.one.line.part.responder, told >> 16
            if asked >> 16 == told >> 16:
                accepted[key] = max(accepted.get(key, (0, 0)), (asked, meeting.told.row))
    for meeting in meetings:
        fail = meeting.one.first(RESPONDER, m.INIT_FAIL)
        version = None if meeting.asked is None else meeting.asked.version
        if fail is None or version is None or seen.code[fail] != _UNSPECIFIED or meeting.told is not None:
            continue
        best, row = accepted.get((meeting.one.line.part.responder, version >> 16), (0, 0))
        if best > version:
            says = f"version {in_words(version)} was refused by a responder that accepted {in_words(best)}"
            ruling.fires(meeting.one.session, RESPONDER, says, row=fail, rows=(row,))


@rule("version-initiator-highest-or-known")
def initiator_highest_or_known(seen: Evidence, ruling: Ruling) -> None:
    """An initiator that knows an older responder greets it with its version, and lowers it for nobody else."""
    known: dict[tuple[bytes, bytes], int] = {}  # initiator and responder -> the version of an older responder
    for meeting in _meetings(seen):
        if meeting.versions is None or meeting.asked is None or meeting.told is None:
            continue
        peers = meeting.asked.guid, meeting.told.guid
        asked, told = meeting.versions
        if any(is_shared(guid) for guid in peers) or asked >> 16 != told >> 16:
            continue
        if peers in known and asked > known[peers]:
            says = f"announces {in_words(asked)} to a responder that it knows to have {in_words(known[peers])}"
            ruling.fires(meeting.one.session, INITIATOR, says, row=meeting.asked.row)
        if told < asked:
            known[peers] = told  # not lowered to the initiator's: its own


@rule("version-stable-per-device")
def stable_per_device(seen: Evidence, ruling: Ruling) -> None:
    """One device announces one version, unless it lowers it to that of its peer."""
    # By side and GUID: the version, whether it may be lowered, and the row that says it.
    own: dict[tuple[int, bytes], tuple[int, bool, int]] = {}
    for meeting in _meetings(seen):
        for side, said, other in ((INITIATOR, meeting.asked, meeting.told), (RESPONDER, meeting.told, meeting.asked)):
            if said is None or said.version is None or is_shared(said.guid):
                continue
            now = said.version, other is not None and other.version == said.version, said.row
            before = own.setdefault((side, said.guid), now)
            if before[0] == now[0]:
                continue
            explained = min(before, now)[1] and before[0] >> 16 == now[0] >> 16
            if not explained:
                says = f"the device announced {in_words(before[0])} before and {in_words(now[0])} now"
                ruling.fires(meeting.one.session, side, says, row=said.row, rows=(before[2],))
            own[side, said.guid] = max(before, now) if explained else now
