"""Twin of ``log``: what was written down stays as it was."""

import dataclasses

import pytest

from .log import Log, LoggedTransaction


def test_keeps_its_rows_unchangeable_and_in_order():
    log = Log()
    for transaction_id in (0, 1, 2):
        log.transactions.append(LoggedTransaction(1, transaction_id, 0x1001, (), "in", 211, 0x2001, ()))
    assert [one.transaction_id for one in log.transactions] == [0, 1, 2]
    with pytest.raises(dataclasses.FrozenInstanceError):
        log.transactions[0].data_bytes = 0


def test_shares_nothing_with_another_cameras_log():
    one, other = Log(), Log()
    one.violations.append("a message no one asked for")
    assert other.violations == []
