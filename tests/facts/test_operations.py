"""Tests of the operations of PTP and MTP."""

from __future__ import annotations

from ptpip_analyze.facts.operations import OPERATIONS

PTP = {row.code: row for row in OPERATIONS if row.vendor == "ptp"}
MTP = {row.code: row for row in OPERATIONS if row.vendor == "mtp"}


def test_holds_all_operations_of_ptp_without_a_hole() -> None:
    assert sorted(PTP) == [*range(0x1000, 0x1026)]


def test_holds_the_operations_of_mtp_in_its_range() -> None:
    assert {0x9801, 0x9802, 0x9803, 0x9804, 0x9805, 0x9806, 0x9807, 0x9808, 0x9810, 0x9811} <= set(MTP)
    assert all(0x9000 <= code <= 0x9FFF for code in MTP)


def test_lists_no_vendor_and_no_code_twice() -> None:
    assert len(PTP) + len(MTP) == len(OPERATIONS)


def test_knows_direction_and_parameters_of_the_operations_that_move_objects() -> None:
    get, info, send = PTP[0x1009], PTP[0x100C], PTP[0x100D]
    assert (get.name, get.data, get.request) == ("GetObject", "in", ("ObjectHandle:handle",))
    assert (info.name, info.data, info.dataset) == ("SendObjectInfo", "out", "ObjectInfo")
    assert info.response == ("StorageID:storage_id", "ParentHandle:handle", "ObjectHandle:handle")
    assert (send.name, send.data, send.request) == ("SendObject", "out", ())


def test_splits_ptp_between_its_two_editions() -> None:
    assert {row.source for code, row in PTP.items() if code <= 0x101C} == {"PIMA 15740:2000"}
    assert {row.source for code, row in PTP.items() if code > 0x101C} == {"ISO 15740:2008"}
