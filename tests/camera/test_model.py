"""Twin of ``model``: a card and its properties, without a network."""

import pytest

from .codes import ALL_OBJECTS, ROOT, Format, Property
from .codes import Response as R
from .datasets import ObjectInfo
from .model import ALL_IMAGES, CARD, Refusal, standard_model


@pytest.fixture
def model():
    return standard_model(photos=2)


def refusal(call, *arguments):
    """The response a refused call gives."""
    with pytest.raises(Refusal) as refused:
        call(*arguments)
    return refused.value.response


def test_has_photos_in_a_dcf_folder(model):
    dcim, folder, *photos = model.objects.values()
    assert (dcim.filename, dcim.parent, folder.filename, folder.parent) == ("DCIM", 0, "100SIMUL", dcim.handle)
    assert [one.filename for one in photos] == ["SIM_0001.JPG", "SIM_0002.JPG"]
    assert all(one.data.startswith(b"\xff\xd8") and one.data.endswith(b"\xff\xd9") for one in photos)


def test_lists_by_storage_format_and_folder(model):
    assert model.handles() == [1, 2, 3, 4]
    assert model.handles(CARD, 0, ROOT) == [1]
    assert model.handles(CARD, 0, 2) == [3, 4]
    assert model.handles(CARD, Format.Association) == [1, 2]
    assert model.handles(CARD, ALL_IMAGES) == [3, 4]
    assert model.handles(CARD, Format.Undefined) == []


def test_refuses_what_is_not_there(model):
    assert refusal(model.storage_info, 0x00020001) == R.InvalidStorageID
    assert refusal(model.handles, 0x00020001) == R.InvalidStorageID
    assert refusal(model.handles, CARD, 0, 99) == R.InvalidObjectHandle
    assert refusal(model.handles, CARD, 0, 3) == R.InvalidParentObject
    assert refusal(model.object, 99) == R.InvalidObjectHandle
    assert refusal(model.thumbnail, 1) == R.NoThumbnailPresent
    assert refusal(model.property, 0xD001) == R.DevicePropNotSupported


def test_describes_a_photo_as_it_is_stored(model):
    photo = model.object(3)
    assert photo.info == ObjectInfo(
        storage=CARD,
        format=Format.JFIF,
        parent=2,
        filename="SIM_0001.JPG",
        size_bytes=len(photo.data),
        thumbnail_format=Format.JFIF,
        thumbnail_bytes=len(photo.thumbnail),
        thumbnail_size=(160, 120),
        image_size=(320, 240),
        bit_depth=24,
        capture_date="20260102T030401",
        modification_date="20260102T030401",
    )


def test_adds_a_photo_when_it_captures_and_never_gives_a_handle_twice(model):
    before = model.free_bytes(CARD)
    captured = model.capture()
    assert (captured.filename, captured.parent) == ("SIM_0003.JPG", 2)
    assert model.free_bytes(CARD) == before - len(captured.data)
    model.delete(captured.handle)
    assert model.capture().handle == captured.handle + 1


def test_refuses_to_capture_to_an_unknown_storage_or_format(model):
    assert refusal(model.check_capture, 0x00020001, 0) == R.InvalidStorageID
    assert refusal(model.check_capture, CARD, Format.Undefined) == R.InvalidObjectFormatCode


def test_deletes_a_folder_with_all_that_is_in_it(model):
    assert model.delete(1) == ([1, 2, 3, 4], [])
    assert model.objects == {}


def test_keeps_protected_objects_and_the_folders_that_hold_them(model):
    model.object(3).protected = True
    assert model.delete(3) == ([], [3])
    assert model.delete(1) == ([4], [1, 2, 3])


def test_deletes_all_objects_of_a_format(model):
    assert model.delete(ALL_OBJECTS, Format.JFIF) == ([3, 4], [])
    assert sorted(model.objects) == [1, 2]


def test_reserves_room_before_an_upload_and_stores_it_afterwards(model):
    info = ObjectInfo(0, Format.Undefined, 0, "note.txt", 5)
    announced = model.reserve(0, 0, info)
    assert (announced.storage, announced.parent) == (CARD, 0)
    assert announced.handle not in model.objects
    model.store(announced, b"hello")
    assert model.object(announced.handle).data == b"hello"


def test_refuses_uploads_that_can_not_be_stored(model):
    info = ObjectInfo(0, Format.Undefined, 0, "note.txt", 5)
    assert refusal(model.reserve, 0x00020001, 0, info) == R.InvalidStorageID
    assert refusal(model.reserve, CARD, 99, info) == R.InvalidParentObject
    assert refusal(model.reserve, CARD, 3, info) == R.InvalidParentObject
    assert refusal(model.reserve, CARD, 0, ObjectInfo(0, Format.Undefined, 0, "", 5)) == R.InvalidParameter
    assert refusal(model.reserve, CARD, 0, ObjectInfo(0, Format.Undefined, 0, "big", 0xFFFFFFFF)) == R.StoreFull


def test_says_whether_setting_a_property_changed_it(model):
    assert model.set_property(Property.ExposureIndex, 400)
    assert not model.set_property(Property.ExposureIndex, 400)
    assert model.property(Property.ExposureIndex).current == 400
    assert model.property(Property.ExposureIndex).factory == 200


def test_refuses_read_only_properties_and_values_outside_the_form(model):
    assert refusal(model.set_property, Property.BatteryLevel, 50) == R.AccessDenied
    assert refusal(model.set_property, Property.ExposureIndex, 123) == R.InvalidDevicePropValue
    assert refusal(model.set_property, Property.FocalLength, 2450) == R.InvalidDevicePropValue
