"""Known implementations are told by what they send, and by nothing else."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from ptpip_analyze.rules import CATALOGUE, Verdict
from ptpip_analyze.rules.catalogue import Treatment
from ptpip_analyze.rules.deviations import FINGERPRINTS
from tests.rules.matrix import Told, judged, packets_of
from tests.rules.stories.init_answers import answered_too_late, lingers, numbered, unknown_reason
from tests.rules.stories.name import VERSION, asked, of_eight_bits, utf16
from tests.rules.stories.version import at, whole, with_half_a_version
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation
from tests.traffic import conversation as talk

ANONYMOUS = b"\xff" * 16
VCAM = bytes.fromhex("0000000000000000000100bbc1859fab")
LIBPICT = ANONYMOUS + utf16("xyz\0") + VERSION


def host_name() -> Told:
    one = talk(initiator_name="studio-workstation-17.photography.example.com")
    return one.open().get_device_info().get_property().close_session().close()


def another_host_name() -> Told:
    one = talk(initiator_name="studio-workstation-17.photography.example.com")
    return one.open().get_property().close_session().close()  # another one's host name is as long


def guid_and_name() -> Told:
    return asked(utf16("desk\0"))


def overrun(guid: bytes) -> Told:
    return asked(utf16("lights"), guid)


def one_connection(greeting: bytes) -> Told:
    one = talk().connect().message(1, greeting).init_command_ack().open_session().get_device_info()
    return [lingers(one, seconds=40).close_session().close(), whole(at(5, 1, connection_number=2))]


def number_one(greeting: bytes) -> Told:
    one = talk(connection_number=7).connect().message(1, greeting).init_command_ack().connect("event")
    one.message(3, struct.pack("<I", 1), connection="event").init_fail(3, "event")
    return one.hang_up("event", by="responder").hang_up("command")


def long_start_data(greeting: bytes, surplus: int) -> Told:
    one = talk().connect().message(1, greeting).init_command_ack().connect("event").init_event_request()
    one.init_event_ack().open_session().request(0x1016, 0x5001, transaction_id=1, data_phase_info=2)
    one.raw(struct.pack("<IIIQ", 32, 9, 1, 1) + bytes(surplus)).data(b"\1", TO_RESPONDER, last=True).response()
    return one.transaction(0x1003, transaction_id=2).close()


def eight_bits_and_no_version() -> Told:
    return asked(b"darkroom\0")


def refused_by_fujifilm() -> Told:
    return talk(responder_port=55740).connect().init_command_request().init_fail(0x2019).close(by="responder")


def prompted_again() -> Told:
    late = at(60, 1, connection_number=2).connect().init_command_request().wait(32).init_command_ack().close()
    return [whole(talk()), late]


def rejected_after_a_while() -> Told:
    return talk().connect().init_command_request().wait(32).init_fail(1).close(by="responder")


def busy_after_a_while() -> Told:
    return talk().connect().init_command_request().wait(32).init_fail(2).close(by="responder")


def stays(*, silent: bool) -> Told:
    one = numbered().connect("event").init_event_request().init_fail(3, "event")
    one.hang_up("event", by="responder").hang_up("command", "half", "responder")
    if not silent:
        one.wait(1).init_command_request()
    return lingers(one).hang_up("command", "half")


def any_number(guid: bytes) -> Told:
    one = talk(responder_guid=guid).connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<I", 5), connection="event").init_event_ack().wait(0.1)
    return one.open_session().get_device_info().close_session().close()


CASES: list[tuple[str, str, Callable[[], Told], Callable[[], Told]]] = [
    ("dev-libgphoto2-long-hostname", "name-max-length", host_name, another_host_name),
    ("dev-no-version-field", "version-field-present", guid_and_name, with_half_a_version),
    ("dev-libpict-init-36", "name-nul-terminated", lambda: overrun(ANONYMOUS), lambda: overrun(bytes(range(16)))),
    (
        "dev-libpict-no-event-connection",
        "init-event-connection-required",
        lambda: one_connection(LIBPICT),
        lambda: one_connection(bytes(range(16)) + LIBPICT[16:]),
    ),
    (
        "dev-libpict-connection-number-1",
        "association-number-echoed",
        lambda: number_one(LIBPICT),
        lambda: number_one(bytes(range(16)) + LIBPICT[16:]),
    ),
    (
        "dev-libpict-startdata-0x20",
        "framing-fixed-size-types",
        lambda: long_start_data(LIBPICT, 12),
        lambda: long_start_data(ANONYMOUS + utf16("desktop\0") + VERSION, 12),
    ),
    (
        "dev-libpict-startdata-0x20",
        "framing-length-covers-whole-packet",
        lambda: long_start_data(LIBPICT, 0),
        lambda: long_start_data(ANONYMOUS + utf16("desktop\0") + VERSION, 0),
    ),
    ("dev-mmattes-init", "name-utf16-wellformed", eight_bits_and_no_version, of_eight_bits),
    ("dev-mmattes-init", "name-nul-terminated", eight_bits_and_no_version, of_eight_bits),
    ("dev-fuji-fail-reasons", "init-fail-reason-defined", refused_by_fujifilm, unknown_reason),
    ("dev-pairing-prompt-delay", "init-establishment-30s", answered_too_late, prompted_again),
    ("dev-pairing-prompt-delay", "init-establishment-30s", rejected_after_a_while, busy_after_a_while),
    (
        "dev-libgphoto2-no-close-on-event-fail",
        "init-fail-initiator-closes",
        lambda: stays(silent=True),
        lambda: stays(silent=False),
    ),
    (
        "dev-vcam-ignores-number",
        "association-unknown-number-refused",
        lambda: any_number(VCAM),
        lambda: any_number(bytes(range(16, 32))),
    ),
]


def verdicts(told: Told, rule: str, **options: bool) -> set[tuple[Verdict, str | None]]:
    found = judged(packets_of(told), **options).findings
    return {(one.verdict, one.deviation) for one in found if one.rule == rule}


@pytest.mark.parametrize(
    ("deviation", "rule", "known", "stranger"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_tells_a_known_implementation_from_a_stranger(
    deviation: str, rule: str, known: Callable[[], Told], stranger: Callable[[], Told]
) -> None:
    suspected = CATALOGUE.deviations[deviation].treat_as is Treatment.REPORT
    assert verdicts(known(), rule) == {(Verdict.VIOLATION if suspected else Verdict.DEVIATION, deviation)}
    assert verdicts(known(), rule, strict=True) == {(Verdict.VIOLATION, None)}
    assert verdicts(stranger(), rule) == {(Verdict.VIOLATION, None)}


LONG = "studio-workstation-17.photography.example.com"


def begins_so(name: str, **options: object) -> Conversation:
    """The known one's session, greeted by another name."""
    one = talk(initiator_name=name, **options).open().get_device_info()  # type: ignore[arg-type]
    return one.get_property().close_session().close()


def of_another_version() -> Told:
    return asked(utf16(LONG + "\0") + struct.pack("<I", 0x00010001))


def long_responder() -> Told:
    return talk(responder_name=LONG).open().get_device_info().get_property().close_session().close()


def number(given: int, sent: int) -> Told:
    one = talk(connection_number=given).connect().message(1, LIBPICT).init_command_ack().connect("event")
    one.message(3, struct.pack("<I", sent), connection="event").init_fail(3, "event")
    return one.hang_up("event", by="responder").hang_up("command")


def greeted_and_gone() -> Told:
    """No operation either: nothing shows that it does without an event connection."""
    one = talk().connect().message(1, LIBPICT).init_command_ack()
    return [lingers(one, seconds=40).close(), whole(at(5, 1, connection_number=2))]


def long_start_data_of_the_camera() -> Told:
    one = talk().connect().message(1, LIBPICT).init_command_ack().connect("event").init_event_request()
    one.init_event_ack().open_session().request(0x1015, 0x5001, transaction_id=1)
    one.raw(struct.pack("<IIIQ", 32, 9, 1, 1) + bytes(12), direction=TO_INITIATOR)
    one.data(b"\1", TO_INITIATOR, last=True).response()
    return one.transaction(0x1003, transaction_id=2).close()


def long_end_data() -> Told:
    one = talk().connect().message(1, LIBPICT).init_command_ack().connect("event").init_event_request()
    one.init_event_ack().open_session().request(0x1016, 0x5001, transaction_id=1, data_phase_info=2)
    one.start_data(1, TO_RESPONDER).data(b"\1", TO_RESPONDER, last=True).response()
    one.message(13, bytes(24))
    return one.transaction(0x1003, transaction_id=2).close()


def another_number_of_vcam() -> Told:
    one = talk(responder_guid=VCAM, connection_number=2).connect().init_command_request().init_command_ack()
    one.connect("event").message(3, struct.pack("<I", 5), connection="event").init_event_ack().wait(0.1)
    return one.open_session().get_device_info().close_session().close()


def stays_where_it_was_refused_at_once() -> Told:
    one = talk().connect().init_command_request().init_fail(3)
    one.hang_up("command", "half", "responder")
    return lingers(one).hang_up("command", "half")


def event_answered_late() -> Told:
    return numbered().connect("event").init_event_request().wait(32).init_event_ack().open_session().close()


def anonymous_prompt() -> Told:
    one = talk(initiator_guid=ANONYMOUS).connect().init_command_request().wait(32).init_command_ack()
    return one.close()


# By rule, others that break it and differ from the known one in one respect.
STRANGERS: list[tuple[str, Callable[[], Told]]] = [
    ("name-max-length", lambda: begins_so("n" * 100)),
    ("name-max-length", lambda: begins_so("studio workstation of the photography department")),
    ("name-max-length", lambda: begins_so(LONG, initiator_guid=ANONYMOUS)),
    ("name-max-length", of_another_version),
    ("name-max-length", long_responder),
    ("version-field-present", lambda: asked(utf16("\0"))),
    ("association-number-echoed", lambda: number(7, 2)),
    ("init-event-connection-required", greeted_and_gone),
    ("framing-fixed-size-types", long_start_data_of_the_camera),
    ("framing-fixed-size-types", long_end_data),
    ("association-unknown-number-refused", another_number_of_vcam),
    ("init-fail-initiator-closes", stays_where_it_was_refused_at_once),
    ("init-establishment-30s", event_answered_late),
    ("init-establishment-30s", anonymous_prompt),
]


@pytest.mark.parametrize(("rule", "stranger"), STRANGERS)
def test_takes_nobody_for_known_who_differs_in_one_respect(rule: str, stranger: Callable[[], Told]) -> None:
    assert verdicts(stranger(), rule) == {(Verdict.VIOLATION, None)}


def test_has_fingerprints_of_the_catalogue_only() -> None:
    assert set(FINGERPRINTS) <= set(CATALOGUE.deviations)
