"""TransactionIDs, beside the matrix: wrap-around, reserved values, sessions of unknown state, and known makers."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import accused, judged
from tests.rules.test_request import found, ours
from tests.traffic import NOT_APPLICABLE, TO_RESPONDER, Conversation, Packet, damage
from tests.traffic import conversation as talk


def numbered(*ids: int, opened: int = 0) -> Conversation:
    """A session whose requests have these ids."""
    one = talk().init().open_session(1, opened)
    for identity in ids:
        one.transaction(0x1014, 0x5001, transaction_id=identity)
    return one.close()


@pytest.mark.parametrize(("opened", "first", "kept"), [(0, 1, True), (0, 2, False), (1, 2, True), (1, 1, True),
                                                       (NOT_APPLICABLE, 1, True), (2022, 2023, False), (2022, 1, True),
                                                       (2022, 2024, False), (5, 4, False), (5, 5, False)])  # fmt: skip
def test_begins_at_one_or_behind_open_session(opened: int, first: int, kept: bool) -> None:
    said = found(numbered(first, opened=opened), "txid-start-one")
    assert any(finding.verdict is Verdict.VIOLATION for finding in said) is not kept


def test_says_where_a_numbering_begins_that_open_session_is_part_of() -> None:
    (finding,) = found(numbered(2023, 2024, opened=2022), "txid-start-one")
    assert finding.verdict is Verdict.VIOLATION
    assert finding.says.endswith("has TransactionID 2023; OpenSession has 2022")


def test_does_not_count_from_an_open_session_that_was_refused() -> None:
    one = talk().init().request(0x1002, 1, transaction_id=0).response(0x2019).wait(1)
    one.transaction(0x1001, data_in=b"info", transaction_id=NOT_APPLICABLE).close()
    assert accused(ours(one.packets())) == set()


@pytest.mark.parametrize(("ids", "says"), [
    ((1, 2, 4), "TransactionIDs are left out: 2, then 4"),
    ((1, 2, 1), "TransactionIDs begin again at 1: 2, then 1"),
    ((1, 2, 3, 2), "a TransactionID is smaller than the one before it: 3, then 2"),
    ((1, 3, 5), "TransactionIDs are left out: 1, then 3 (2 times in this session)"),
])  # fmt: skip
def test_says_how_a_numbering_breaks(ids: tuple[int, ...], says: str) -> None:
    (finding,) = found(numbered(*ids), "txid-increment-one")
    assert finding.says == says


def test_allows_for_a_reserved_id_that_was_counted_or_not() -> None:
    for behind in (3, 4):
        assert not found(numbered(1, 2, NOT_APPLICABLE, behind), "txid-increment-one")
    assert found(numbered(1, 2, NOT_APPLICABLE, 5), "txid-increment-one")


def midstream(*ids: int) -> Conversation:
    """Requests of a session that was open before the capture began; the first one comes before these."""
    one = talk()
    for identity in (ids[0] - 1, *ids):
        one.transaction(0x1004, data_in=b"\0\0\0\0", transaction_id=identity)
    return one.close()


@pytest.mark.parametrize(("ids", "rules"), [
    ((0xFFFFFFFD, 0xFFFFFFFE, 1, 2), set()),
    ((0xFFFFFFFD, 0xFFFFFFFE, 0, 1), {"txid-wrap", "txid-zero-only-open-or-info"}),
    ((0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF, 1), {"txid-wrap", "txid-ffffffff-reserved"}),
    ((0xFFFFFFFD, 0xFFFFFFFE, 2, 3), {"txid-wrap"}),
    ((0xFFFFFFFD, 1, 2, 3), {"txid-increment-one"}),
])  # fmt: skip
def test_wraps_around_the_reserved_values(ids: tuple[int, ...], rules: set[str]) -> None:
    said = {finding.rule for finding in ours(midstream(*ids).packets()).findings if finding.rule.startswith("txid-")}
    assert said == rules


def test_does_not_count_over_a_hole() -> None:
    packets = numbered(1, 2, 3, 4).packets()
    requests = [at for at, place in enumerate(damage.segments(packets)) if packets[place].payload[4:8] == b"\6\0\0\0"]
    for lost in requests:
        assert accused(ours(damage.drop(packets, segment=lost))) == set(), lost


def test_does_not_know_whether_a_session_is_open_where_the_answer_is_missing() -> None:
    packets = numbered(5, 9).packets()
    assert accused(ours(packets)) == {"txid-start-one", "txid-increment-one"}
    segments = damage.segments(packets)
    opened = next(at for at, place in enumerate(segments) if packets[place].payload[4:8] == b"\7\0\0\0")
    assert accused(ours(damage.drop(packets, segment=opened))) == {"txid-increment-one"}


def test_lets_two_sessions_use_the_same_ids() -> None:
    one = talk().open().get_property().get_object().close_session().open_session(2)
    for identity in (1, 2, 3):
        one.transaction(0x1014, 0x5001, transaction_id=identity)
    assert accused(ours(one.close().packets())) == set()


def test_says_which_operations_share_an_id() -> None:
    one = talk().open().get_property().transaction(0x1009, 1, data_in=b"photo", transaction_id=1).close()
    (finding,) = found(one, "txid-unique")
    assert finding.says == (
        "TransactionID 1 of GetDevicePropValue (0x1015) is used a second time, for GetObject (0x1009)"
    )
    assert finding.related == ("txid-increment-one",)


def always(identity: int, **options: bool) -> dict[str, str | None]:
    """What is known of an initiator that never changes its id: rule -> deviation."""
    result = ours(numbered(identity, identity, identity, opened=identity).packets(), **options)
    bad = (Verdict.VIOLATION, Verdict.DEVIATION)
    return {finding.rule: finding.deviation for finding in result.findings if finding.verdict in bad}


def test_knows_mmattes_by_an_id_that_is_always_six() -> None:
    known = "dev-mmattes-constant-tx"
    assert always(6) == {"txid-start-one": known, "txid-unique": known}
    assert always(6, strict=True) == {"txid-start-one": None, "txid-unique": None}
    assert always(7) == {"txid-start-one": None, "txid-unique": None}


def sent_again(parameter: int = 0x5001, answered: bool = False, guid: bytes = b"\xff" * 16) -> Conversation:
    """A request is sent again with its id, three seconds later; greeted as libpict does."""
    one = talk(initiator_guid=guid, initiator_name="xyz").open().request(0x1014, 0x5001, transaction_id=1)
    if answered:
        one.response(0x2005)
    one.wait(3).request(0x1014, parameter, transaction_id=1).response(0x2005, transaction_id=1)
    return one.transaction(0x1014, 1, transaction_id=2).close()


def test_knows_libpict_by_a_request_sent_again() -> None:
    (finding,) = found(sent_again(), "txid-unique")
    assert finding.deviation == "dev-libpict-resend-same-tx"
    assert finding.says.endswith("is used again for the same request, which had no response")
    for result in (
        ours(sent_again().packets(), strict=True),
        ours(sent_again(parameter=0x5002).packets()),
        ours(sent_again(answered=True).packets()),
        ours(sent_again(guid=bytes(range(16))).packets()),
    ):
        (other,) = found(result, "txid-unique")
        assert other.verdict is Verdict.VIOLATION
    assert "is used a second time" in found(sent_again(answered=True), "txid-unique")[0].says


def counting_on(opened: int, first: int) -> Conversation:
    """Two sessions on one pair of connections; the first one ends with id 3."""
    one = talk().init().open_session(1, 1).transaction(0x1014, 1, transaction_id=2)
    one.transaction(0x1003, transaction_id=3).open_session(2, opened)
    return one.transaction(0x1014, 1, transaction_id=first).transaction(0x1003, transaction_id=first + 1).close()


@pytest.mark.parametrize(("opened", "first", "deviation"), [(4, 5, "dev-theta4j-continuous-tx"), (0, 4, None)])
def test_knows_theta4j_by_one_counter_for_a_connection(opened: int, first: int, deviation: str | None) -> None:
    (finding,) = found(counting_on(opened, first), "txid-restart-per-session")
    assert finding.deviation == deviation
    (strict,) = found(ours(counting_on(opened, first).packets(), strict=True), "txid-restart-per-session")
    assert strict.verdict is Verdict.VIOLATION


@pytest.mark.parametrize(("opened", "first"), [(0, 1), (1, 2), (0, 7), (9, 10)])
def test_takes_no_other_beginning_for_counting_on(opened: int, first: int) -> None:
    assert not found(counting_on(opened, first), "txid-restart-per-session")


def restarted(packets: list[Packet]) -> tuple[bool, bool]:
    """Did the initiator pass in the session behind another one, or can't that be known?"""
    ruling = judged(packets, only=("txid-restart-per-session",)).rulings["txid-restart-per-session"]
    return bool(ruling.passed), bool(ruling.unsure)


def one_after_the_other(first: int) -> list[Packet]:
    """Two sessions of one initiator on connections of their own; the first one ends with id 3."""
    one = talk(initiator_guid=bytes(range(16))).init().open_session(1, 1).transaction(0x1014, 1, transaction_id=2)
    two = talk(initiator_guid=bytes(range(16)), seed=1, number=1, command_port=50011, event_port=50012)
    two.init().open_session(1, 0).transaction(0x1014, 1, transaction_id=first)
    ended = one.transaction(0x1003, transaction_id=3).close().packets()
    return damage.in_turn(ended, two.transaction(0x1003, transaction_id=first + 1).close().packets())


def test_does_not_know_with_what_a_session_ended_whose_last_request_is_missing() -> None:
    """Ids 1, 2, 3, and then 7: another beginning, unless more than 3 is missing."""
    packets = one_after_the_other(7)
    assert restarted(packets) == (True, False)
    closes = damage.segments(packets, "command", TO_RESPONDER)[3]
    assert restarted(damage.drop(packets, closes)) == (False, True)
    assert restarted(damage.drop(one_after_the_other(1), closes)) == (True, False)


def test_takes_no_session_of_another_initiator_for_the_one_before() -> None:
    """Another GUID, from the same computer."""
    stories = [
        talk(seed=number, number=number, start_ns=Conversation.start_ns + number * 5_000_000_000,
             command_port=50001 + 2 * number, event_port=50002 + 2 * number, initiator_guid=bytes([number]) * 16)
        .init().open_session(1, 1 + 3 * number).transaction(0x1014, 1, transaction_id=2 + 3 * number)
        .transaction(0x1003, transaction_id=3 + 3 * number).close()
        for number in range(1, 3)
    ]  # fmt: skip
    packets = damage.interleave(*(one.packets() for one in stories))
    assert not found(ours(packets), "txid-restart-per-session")


def test_says_only_perhaps_where_no_session_is_known() -> None:
    one = talk()
    for _ in range(3):  # the first one's boundary is not certain
        one.transaction(0x9105, transaction_id=NOT_APPLICABLE)
    (finding,) = found(one.close(), "txid-ffffffff-reserved")
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.says.endswith("(2 times in this session), if a session is open")


def test_leaves_events_to_the_rule_of_events() -> None:
    one = talk().open().get_property().wait(0.1).event(0x4006, 0, 1).wait(0.1).get_property().close()
    assert accused(ours(one.packets())) == set()


def test_says_of_which_requests_it_knows_whether_a_session_is_open() -> None:
    assert ours(numbered(1, 2, 3).packets()).rulings["txid-increment-one"].unsure == {}
    late = talk()
    for identity in (7, 8, 9):
        late.transaction(0x9105, transaction_id=identity)
    assert ours(late.close().packets()).rulings["txid-increment-one"].unsure == {(0, 0): 2}
    outside = talk().init().transaction(0x9105, transaction_id=NOT_APPLICABLE).open_session().close()
    assert ours(outside.packets()).rulings["txid-increment-one"].unsure == {}


def test_counts_hundreds_of_faults_in_one_finding() -> None:
    one = talk().open()
    for identity in range(1, 400):
        one.request(0x1014, 1, transaction_id=2 * identity).response(0x2005)
    assert len(found(one.close(), "txid-increment-one")) == 1


def test_counts_what_was_numbered_rightly() -> None:
    assert ours(numbered(1, 2, 3, 5).packets()).rulings["txid-increment-one"].passed == {(0, 0): 2}


def test_takes_no_retry_with_a_new_number_for_a_copy() -> None:
    one = talk().open().request(0x1014, 1, transaction_id=1).wait(3).request(0x1014, 1, transaction_id=3)
    (finding,) = found(one.response(0x2005, transaction_id=3).close(), "txid-increment-one")
    assert finding.says.startswith("TransactionIDs are left out")
