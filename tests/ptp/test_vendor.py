"""Whose camera it is: enough evidence gives a vendor, too little or a contradiction none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.ptp.camera import DeviceInfo, device_info
from ptpip_analyze.ptp.vendor import ENOUGH, Clue, Seen, checked, clues, decide, told

SHARED = Path(__file__).resolve().parents[3] / "shared" / "facts" / "vectors.json"
EOS, NIKON, SONY = (0x9114, 0x9115, 0x9116, 0x9128), (0x90C0, 0x90C7, 0x90C8), (0x9201, 0x9202, 0x9207, 0x9209)


def camera(manufacturer: str | None = None, model: str | None = None, **more: object) -> DeviceInfo:
    return DeviceInfo(manufacturer, model, None, None)._replace(**more)


def vendor(seen: Seen) -> str | None:
    listed = seen.device.operations if seen.device else ()
    return decide(clues(seen), {*listed, *seen.operations}, seen.device.model if seen.device else None)


def asked(*operations: int) -> dict[int, int]:
    return {operation: row for row, operation in enumerate(operations, 10)}


@pytest.mark.parametrize(
    ("manufacturer", "name"),
    [
        ("Canon Inc.", "canon_eos"),
        ("Nikon Corporation", "nikon"),
        ("FUJIFILM", "fuji"),
        ("Sony Corporation", "sony"),
        ("OM Digital Solutions", "olympus_omd"),
        ("Nobody", None),
        ("Canonical", None),
        ("vcam", None),
        ("", None),
        (None, None),
    ],
)
def test_goes_by_the_manufacturer(manufacturer: str | None, name: str | None) -> None:
    assert vendor(Seen(camera(manufacturer, "A"))) == name


@pytest.mark.parametrize(
    ("model", "extension", "name"),
    [
        ("RICOH THETA S", None, "ricoh"),
        ("THETA m15", 6, "ricoh"),
        ("A", 0xD, "ricoh"),
        ("PENTAX K-3 Mark III", 6, None),
        ("RICOH GR III", 6, None),
        ("", None, None),
    ],
)
def test_knows_of_ricohs_cameras_the_theta_only(model: str, extension: int | None, name: str | None) -> None:
    ricoh = camera("RICOH IMAGING COMPANY, LTD.", model, extension=extension, extension_text="ricoh.com: 1.0")
    assert vendor(Seen(ricoh)) == name


@pytest.mark.parametrize("model", ["DC-240", "E-Moto", "X-Acto", "NXT Brick", "EX-Z1", "EOS", "DSC-1"])
def test_takes_the_beginning_of_a_model_for_no_proof_where_it_is_short(model: str) -> None:
    assert vendor(Seen(camera("", model), name=model)) is None
    assert clues(Seen(camera("", model))) != []


@pytest.mark.parametrize(("model", "name"), [("ILCE-7M3", "sony"), ("Canon EOS R5", "canon_eos"), ("COOLPIX", "nikon")])
def test_goes_by_a_model_that_no_other_maker_has(model: str, name: str) -> None:
    assert vendor(Seen(camera("", model))) == name


@pytest.mark.parametrize("extension", [0xA, 0xB, 0x11, 0xE, 6, 0, 0xFFFFFFFF])
def test_never_goes_by_the_extension_alone(extension: int) -> None:
    assert vendor(Seen(camera("", "", extension=extension))) is None


def test_takes_an_extension_for_a_clue_beside_others() -> None:
    seen = Seen(camera("Nikon Corporation", "D5500", extension=0xA))
    assert Clue("nikon", 1, "VendorExtensionID 0xA") in clues(seen)


@pytest.mark.parametrize(("operations", "name"), [(EOS, "canon_eos"), (NIKON, "nikon"), ((0x96F2, 0x96F8), "sony_qx")])
def test_knows_a_camera_by_operations_that_only_its_maker_has(operations: tuple[int, ...], name: str) -> None:
    assert vendor(Seen(operations=asked(*operations))) == name


def test_finds_too_little_in_one_operation() -> None:
    seen = Seen(operations=asked(0x90C7))
    assert vendor(seen) is None
    assert told(clues(seen), None) == "too little for nikon: operation 0x90C7 requested, as of nikon"


def test_counts_what_was_refused_only_beside_what_was_not() -> None:
    assert vendor(Seen(refused=asked(*EOS))) is None
    assert clues(Seen(refused=asked(*EOS))) == []
    assert vendor(Seen(operations=asked(0x9114), refused=asked(0x9128))) == "canon_eos"
    assert vendor(Seen(operations=asked(0x9114))) is None


def test_finds_nothing_in_operations_that_makers_share() -> None:
    """0x9201 to 0x9209 are Nikon's and Sony's: what was asked does not say whose."""
    assert vendor(Seen(operations=asked(*SONY))) is None


def test_finds_too_little_in_numbers_that_follow_one_another() -> None:
    """Whoever adds operations of their own begins at 0x9001."""
    assert vendor(Seen(operations=asked(*range(0x9000, 0x9006)))) is None
    assert vendor(Seen(operations=asked(0x9109, 0x9114))) is None


def test_tells_sony_by_its_events_beside_operations_that_are_shared() -> None:
    assert vendor(Seen(operations=asked(*SONY), events=asked(0xC201, 0xC203, 0xC206, 0xC207))) == "sony"


def test_finds_nothing_in_the_extensions_of_mtp() -> None:
    assert clues(Seen(operations=asked(0x9801, 0x9802, 0x9805), properties=asked(0xD401, 0xD402, 0xD403, 0xD406))) == []


def test_takes_no_side_when_clues_contradict() -> None:
    seen = Seen(camera("Canon Inc.", "", operations=()), operations=asked(*NIKON))
    assert vendor(seen) is None
    assert (told(clues(seen), None) or "").startswith('contradictory: canon_eos: manufacturer "Canon Inc." (against')


def test_holds_an_unknown_maker_against_operations_of_a_known_one() -> None:
    assert vendor(Seen(operations=asked(0x90C0, 0x90C7))) == "nikon"
    assert vendor(Seen(camera("Acme"), operations=asked(0x90C0, 0x90C7))) is None


def test_knows_fujifilm_by_its_dialect() -> None:
    assert vendor(Seen(dialect="fuji", port=55740)) == "fuji"
    assert vendor(Seen(dialect="standard", port=55740)) is None


def test_takes_no_name_for_proof() -> None:
    seen = Seen(name="EOST6", name_message=4)
    assert vendor(seen) is None
    assert clues(seen) == [Clue("canon_eos", 1, 'is named "EOST6"', 4)]
    assert sum(clue.weight for clue in clues(seen._replace(port=55740, device=camera("", "", extension=0xB)))) < ENOUGH


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (camera("Canon Inc.", "Canon PowerShot A1", operations=(0x9001, 0x9013, 0x9020)), "canon"),
        (camera("Canon Inc.", "Canon PowerShot G5 X", operations=(0x9001, *EOS)), "canon_eos"),
        (camera("OLYMPUS", "E-M1", operations=(0x9481, 0x9485, 0x9486)), "olympus_omd"),
        (camera("OLYMPUS", "C-5050", operations=(0x9101, 0x9103, 0x9301)), "olympus"),
        (camera("Sony Corporation", "DSC-QX10"), "sony_qx"),
        (camera("Sony Corporation", "ILCE-7M3"), "sony"),
    ],
)
def test_tells_the_vendors_of_one_maker_apart(device: DeviceInfo, name: str) -> None:
    assert vendor(Seen(device)) == name


def test_keeps_each_clue_with_the_message_it_was_read_from() -> None:
    seen = Seen(camera("Nikon Corporation", "NIKON D1"), 7, operations=asked(*NIKON))
    evidence = clues(seen)
    assert [clue.weight for clue in evidence] == sorted((clue.weight for clue in evidence), reverse=True)
    assert {clue.message for clue in evidence} == {7, 10}
    assert told(evidence, "nikon") == (
        'manufacturer "Nikon Corporation"; 3 operations from 0x90C0 on requested, as of nikon; model "NIKON D1"'
    )


def test_says_nothing_where_nothing_was_seen() -> None:
    assert clues(Seen()) == []
    assert told([], None) is None
    assert decide([]) is None


def test_refuses_a_vendor_that_does_not_exist() -> None:
    assert checked("nikon") == "nikon"
    assert checked(None) is None
    with pytest.raises(ValueError, match=r"^no vendor is called nicon; known are ptp, .*nikon.*sony_qx$"):
        checked("nicon")


@pytest.mark.skipif(not SHARED.exists(), reason="real payloads are not at hand")
def test_knows_real_cameras() -> None:
    makers = {"canon": "canon_eos", "fuji": "fuji", "nikon": "nikon", "samsung": "samsung"}
    found = 0
    for vector in json.loads(SHARED.read_text()):
        if vector["dataset"] == "DeviceInfo" and not vector["truncated"]:
            found += 1
            said = device_info(bytes.fromhex(vector["hex"]))
            assert vendor(Seen(said)) == makers[vector["camera"].split("-")[0]]
    assert found
