"""What a camera said, ready to be said again."""

from __future__ import annotations

import pytest

from ptpip_analyze.replay import ReplayError
from ptpip_analyze.replay.recording import Answer, Recording, key_of
from tests.replay.made import analysed, recording
from tests.traffic import STORIES, capture, conversation, damage, fuji_conversation, pcap_bytes

PHOTO = b"photo" * 1000


def flaws(told: Recording) -> list[str]:
    return [answer.flaw for answers in told.answers.values() for answer in answers if answer.flaw]


def sent(told: Recording, answer: Answer, live: dict[int, int]) -> bytes:
    return b"".join(data for message in answer.messages for data in told.read(message, live))


def test_keeps_answers_by_operation_and_parameters_in_order() -> None:
    spoken = conversation().open().get_property(value=b"\1").get_object(7, PHOTO).get_property(value=b"\2").close()
    told = recording(spoken.packets())
    first, second = told.answers[0x1015, (0x5001,)]
    assert (first.number, second.number) == (1, 3)
    assert (0x1009, (7,)) in told.answers
    assert told.count == 4
    assert told.flawed == 0


def test_says_the_camera_s_bytes_with_the_client_s_transaction_id() -> None:
    told = recording(conversation().open().get_object(7, PHOTO, style="tail", chunk=700).close().packets())
    (answer,) = told.answers[0x1009, (7,)]
    own, live = sent(told, answer, {}), sent(told, answer, {answer.transaction_id: 0x01020304})
    assert len(own) == len(live)
    count = len(answer.messages)
    assert live.count(b"\4\3\2\1") == count > 3
    assert b"".join(part[4:] for part in live.split(b"\4\3\2\1")) != b""
    assert live.replace(b"\4\3\2\1", answer.transaction_id.to_bytes(4, "little")) == own


@pytest.mark.parametrize("name", ["plain", "one_byte_each", "boundaries_anywhere"])
def test_finds_the_transaction_id_wherever_segments_end(name: str) -> None:
    told = recording(capture(name))
    for answers in told.answers.values():
        for answer in answers:
            assert b"\4\3\2\1" in sent(told, answer, {answer.transaction_id: 0x01020304})


def test_takes_a_session_s_number_for_the_client_s_own_choice() -> None:
    assert key_of(0x1002, (1,)) == key_of(0x1002, (77,))
    assert key_of(0x1009, (1,)) != key_of(0x1009, (2,))


def test_puts_events_where_they_came() -> None:
    spoken = conversation().open().event(0x4004, 0xFFFFFFFF, 1).request(0x100E).event(0x4002, 1, 5).response()
    told = recording(spoken.event(0x400D, 1).get_object(7, PHOTO).close().packets())
    (opening,) = told.answers[key_of(0x1002, ())]
    (capturing,) = told.answers[0x100E, ()]
    assert len(opening.behind) == len(capturing.before) == len(capturing.behind) == 1
    assert b"".join(told.read(capturing.before[0], {1: 9}))[8:18] == b"\2\x40\t\0\0\0\5\0\0\0"


def test_says_what_it_can_t_answer_because_bytes_are_missing() -> None:
    packets = conversation().open().get_object(7, PHOTO).get_object(8, b"small").close().packets()
    lost = [at for at, packet in enumerate(packets) if len(packet.payload) > 1400][1]  # behind the header
    told = recording([*packets[:lost], *packets[lost + 1 :]])
    assert told.flawed == 1
    assert "missing from the capture" in flaws(told)[0]
    assert told.answers[0x1009, (8,)][0].flaw is None


def test_answers_nothing_of_which_a_whole_message_is_missing() -> None:
    spoken = conversation().open().get_object(7, PHOTO, style="tail", chunk=1436)  # each fills a segment
    packets = spoken.close().packets()
    lost = [at for at, packet in enumerate(packets) if len(packet.payload) == 1448][1]
    assert flaws(recording([*packets[:lost], *packets[lost + 1 :]])) == [
        "bytes of its data phase are missing from the capture"
    ]


def test_answers_nothing_that_snaplen_cut() -> None:
    told = recording(pcap_bytes(conversation().open().get_object(7, PHOTO).close().packets(), snaplen=96))
    assert len(flaws(told)) == 1


def test_answers_nothing_without_its_response() -> None:
    told = recording(conversation().open().request(0x1009, 7).packets())
    assert flaws(told) == ["its response is not in the capture"]


@pytest.mark.parametrize("name", STORIES)
def test_knows_of_every_story_which_sessions_it_can_replay(name: str) -> None:
    with analysed(capture(name)) as analysis:
        sessions = analysis.sessions
        if not len(sessions):
            with pytest.raises(ReplayError):
                Recording(analysis.results[0], 0)
            return
    told = recording(capture(name))
    for answers in told.answers.values():
        for answer in answers:
            if answer.flaw is None:
                assert len(sent(told, answer, {})) >= (12 if told.is_fuji else 14)


ACK = 4  # behind the handshake and the greeting of the initiator


def test_refuses_sessions_that_are_not_there_and_a_greeting_that_nobody_can_make_up() -> None:
    with pytest.raises(ReplayError, match="the camera's greeting is not captured"):
        recording(damage.drop(fuji_conversation().init().open_session().close().packets(), ACK))
    with pytest.raises(ReplayError, match="there is no session 3"):
        recording(conversation().open().close().packets(), 3)


def test_keeps_greetings_as_they_were() -> None:
    told = recording(conversation(responder_name="camera").open().close().packets())
    assert told.command_greeting is not None
    assert "camera".encode("utf-16-le") in told.command_greeting
    assert told.event_greeting == b"\x08\0\0\0\4\0\0\0"
    told = recording(capture("handshake_missing"))
    assert told.answers
