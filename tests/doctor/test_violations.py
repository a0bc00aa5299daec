"""What breaks a MUST is told, with who did it and where."""

from __future__ import annotations

from tests.traffic import TO_INITIATOR, Conversation
from tests.traffic import conversation as talk

from .made import examination, sayings


def short(times: int = 1) -> Conversation:
    """Data phases that are shorter than announced."""
    one = talk().open()
    for _ in range(times):
        one.transaction(0x1009, 1, data_in=bytes(4), announced=8)
    return one.close_session().close()


def test_says_which_rule_was_broken_by_whom_and_where() -> None:
    rows = [row for row in examination(short().packets())["sessions"][0]["sayings"] if row["topic"] == "standard"]
    (row,) = rows
    assert row["grade"] == "problem"
    assert row["says"].startswith("The camera breaks the standard (MUST data-total-length-exact): ")
    assert row["frames"]


def test_counts_what_one_side_does_again_and_again() -> None:
    ((_, says),) = sayings(short(4).packets(), "standard")
    assert says.endswith("(4 times; this is the first).")


def test_names_the_initiator_that_broke_it() -> None:
    packets = talk().open().get_device_info(1).get_device_info(1).close_session().close().packets()
    assert any(says.startswith("The initiator “desk” breaks the standard (MUST txid-") for _, says in
               sayings(packets, "standard"))  # fmt: skip


def test_says_nothing_twice() -> None:
    packets = (
        talk().open().probe(TO_INITIATOR, answered=False).wait(20).get_property().close_session().close().packets()
    )
    rows = sayings(packets)
    assert len([says for _, says in rows if "prob" in says]) == 1


def test_tells_of_a_broken_connection_that_is_no_session() -> None:
    one = talk().connect().raw(bytes.fromhex("0000002400000001") + bytes(28)).close()
    found = examination(one.packets())
    assert found["sessions"] == []
    assert any("MUST framing-little-endian" in row["says"] for row in found["captures"][0]["sayings"])


def test_keeps_silent_where_everything_is_as_it_must_be() -> None:
    packets = talk().open().get_property().event(0x4002).close_session().close().packets()
    assert sayings(packets, "standard") == []
