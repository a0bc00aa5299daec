"""Operations that fetch lists of events are known by code, without decoding anything."""

from __future__ import annotations

import numpy as np

from ptpip_analyze.facts.datasets import CARRIED
from ptpip_analyze.ptp.datasets import EVENT_LISTS, operations_with
from ptpip_analyze.ptp.polled import FUJI_LIST, GET_VALUE, LISTS, may_list


def test_knows_every_operation_whose_dataset_is_a_list_of_events() -> None:
    assert operations_with(EVENT_LISTS) == {*LISTS, GET_VALUE}
    assert [row.first for row in CARRIED if row.operation == GET_VALUE and row.dataset in EVENT_LISTS] == [FUJI_LIST]


def test_takes_a_property_for_a_list_only_where_it_is_fujis() -> None:
    operation = np.array([0x9116, 0x1015, 0x1015, 0x1014, 0x90C7])
    first = np.array([0, 0xD212, 0x5007, 0xD212, 5])
    assert may_list(operation, first).tolist() == [True, True, False, False, True]
