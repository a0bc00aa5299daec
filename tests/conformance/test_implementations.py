"""Who is judged: sessions of one initiator or camera are together, those of another are not."""

from __future__ import annotations

from ptpip_analyze.conformance.implementations import by_part, implementations

from .captures import analysed, good


def test_joins_sessions_of_the_same_peers() -> None:
    found = implementations(analysed(good(), good(command_port=50003, event_port=50004)).results)
    assert [(one.side, one.name, [part.session for part in one.parts]) for one in found] == [
        (1, "camera", [0, 1]),
        (0, "desk", [0, 1]),
    ]


def test_tells_another_guid_name_or_address_apart() -> None:
    others = [
        {"initiator_guid": bytes(16)}, {"initiator_name": "phone"}, {"initiator": "192.168.1.21"},
    ]  # fmt: skip
    for number, other in enumerate(others):
        second = good(command_port=50003, event_port=50004, **other)
        found = implementations(analysed(good(), second).results)
        assert [len(one.parts) for one in found if one.side == 0] == [1, 1], number


def test_calls_a_camera_by_its_model() -> None:
    found = implementations(analysed(good()).results)
    assert {one.side: one.title for one in found} == {1: "Pretend Camera", 0: "desk"}


def test_knows_who_took_part_in_a_session() -> None:
    found = implementations(analysed(good()).results)
    assert {side: one.name for (_, _, side), one in by_part(found).items()} == {0: "desk", 1: "camera"}
