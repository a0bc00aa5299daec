"""What the camera is: its card, the objects on it and its properties, without sockets and without sessions.

Promises that every request it can't fulfil raises ``Refusal`` with the response a standard responder gives. Refuses to
be any maker's camera: names, numbers and photos are this project's own. Not locked: the server calls it one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .codes import ALL_OBJECTS, ALL_STORAGES, ROOT, STANDARD_VERSION, DataType, Event, Format, Operation, Property
from .codes import Response as R
from .datasets import DeviceInfo, DeviceProperty, Enumeration, Free, ObjectInfo, Range, StorageInfo
from .jpeg import draw, encode

MANUFACTURER, MODEL = "ptpip-analyze", "Simulated Camera"
CARD = 0x00010001
CAPACITY_BYTES = 64 << 20
ALL_IMAGES = 0xFFFFFFFF
"""GetNumObjects and GetObjectHandles take this for "images only" in place of a format."""
IMAGE_FORMATS = (Format.EXIF_JPEG, Format.JFIF)
THUMBNAIL_SIZE = (160, 120)


class Refusal(Exception):
    """A request the camera answers with ``response`` (and ``parameters``) in place of OK."""

    def __init__(self, response: R, parameters: tuple[int, ...] = ()) -> None:
        super().__init__(response.name)
        self.response = response
        self.parameters = parameters


@dataclass
class StoredObject:
    """One object on a card: a photo, another file, or a folder ("association")."""

    handle: int
    storage: int
    parent: int
    """Handle of the folder it is in, 0 at the root."""
    format: int
    filename: str
    data: bytes = b""
    thumbnail: bytes = b""
    image_size: tuple[int, int] = (0, 0)
    protected: bool = False
    capture_date: str = ""

    @property
    def info(self) -> ObjectInfo:
        """Its ObjectInfo dataset."""
        is_image, is_folder = self.format in IMAGE_FORMATS, self.format == Format.Association
        return ObjectInfo(
            storage=self.storage,
            format=self.format,
            parent=self.parent,
            filename=self.filename,
            size_bytes=len(self.data),
            protection=int(self.protected),
            thumbnail_format=Format.JFIF if self.thumbnail else 0,
            thumbnail_bytes=len(self.thumbnail),
            thumbnail_size=THUMBNAIL_SIZE if self.thumbnail else (0, 0),
            image_size=self.image_size,
            bit_depth=24 if is_image and self.thumbnail else 0,
            association_type=int(is_folder),  # 1: generic folder
            capture_date=self.capture_date,
            modification_date=self.capture_date,
        )


@dataclass
class Model:
    """A camera's state. Handles are never used twice, as ISO 15740 asks within a session."""

    storages: tuple[int, ...] = (CARD,)
    objects: dict[int, StoredObject] = field(default_factory=dict)
    properties: dict[int, DeviceProperty] = field(default_factory=dict)
    photo_size: tuple[int, int] = (320, 240)
    photo_bytes: int = 0
    """Floor of a captured photo's file size."""
    serial_number: str = "SIM-0001"
    _last_handle: int = 0
    _last_photo: int = 0

    def device_info(self) -> DeviceInfo:
        """The DeviceInfo dataset."""
        return DeviceInfo(
            operations=tuple(Operation),
            events=tuple(Event),
            properties=tuple(self.properties),
            capture_formats=(Format.JFIF,),
            image_formats=(Format.JFIF, Format.Association, Format.Undefined),
            manufacturer=MANUFACTURER,
            model=MODEL,
            device_version="1.0",
            serial_number=self.serial_number,
            standard_version=STANDARD_VERSION,
        )

    def storage_info(self, storage: int) -> StorageInfo:
        """The StorageInfo dataset. Refuses an unknown storage."""
        self._check_storage(storage)
        free = self.free_bytes(storage)
        return StorageInfo(
            CAPACITY_BYTES, free, free // max(self.photo_bytes, 8192), "Simulated card", f"CARD{storage & 0xFFFF}"
        )

    def free_bytes(self, storage: int) -> int:
        """Bytes left on a storage."""
        return CAPACITY_BYTES - sum(len(one.data) for one in self.objects.values() if one.storage == storage)

    def object(self, handle: int) -> StoredObject:
        """The object with this handle. Refuses an unknown handle."""
        if handle not in self.objects:
            raise Refusal(R.InvalidObjectHandle)
        return self.objects[handle]

    def handles(self, storage: int = ALL_STORAGES, wanted_format: int = 0, parent: int = 0) -> list[int]:
        """Handles on ``storage``, of a format (0: any), in folder ``parent`` (0: anywhere, ``ROOT``: at the root)."""
        if storage != ALL_STORAGES:
            self._check_storage(storage)
        if parent not in (0, ROOT):
            self._check_folder(parent)
        return [
            one.handle
            for one in self.objects.values()
            if storage in (ALL_STORAGES, one.storage)
            and _is_of(one, wanted_format)
            and (parent == 0 or one.parent == (0 if parent == ROOT else parent))
        ]

    def thumbnail(self, handle: int) -> bytes:
        """The thumbnail's file. Refuses when there is none."""
        one = self.object(handle)
        if not one.thumbnail:
            raise Refusal(R.NoThumbnailPresent)
        return one.thumbnail

    def add_folder(self, filename: str, parent: int = 0, storage: int = CARD) -> StoredObject:
        """A new folder."""
        return self._add(storage, parent, Format.Association, filename)

    def add_photo(self, parent: int, size_bytes: int = 0, storage: int = CARD, protected: bool = False) -> StoredObject:
        """A new photo, drawn from its running number, with a thumbnail."""
        self._last_photo += 1
        number = self._last_photo
        width, height = self.photo_size
        data = encode(draw(number, width, height), f"Simulated photo {number}", size_bytes)
        if len(data) > self.free_bytes(storage):
            raise Refusal(R.StoreFull)
        added = self._add(storage, parent, Format.JFIF, f"SIM_{number:04}.JPG", data)
        added.thumbnail = encode(draw(number, *THUMBNAIL_SIZE), coarseness=2.0)
        added.image_size = self.photo_size
        added.capture_date = f"20260102T0304{number % 60:02}"
        added.protected = protected
        return added

    def capture(self, storage: int = 0) -> StoredObject:
        """What pressing the shutter adds: a photo in the newest folder of ``storage`` (0: the camera chooses)."""
        storage = storage or self.storages[0]
        folders = [
            one.handle for one in self.objects.values() if one.storage == storage and one.format == Format.Association
        ]
        return self.add_photo(folders[-1] if folders else 0, self.photo_bytes, storage)

    def check_capture(self, storage: int, wanted_format: int) -> None:
        """Refuses storages and formats the camera can't capture to."""
        if storage:
            self._check_storage(storage)
        if wanted_format not in (0, Format.JFIF):
            raise Refusal(R.InvalidObjectFormatCode)

    def reserve(self, storage: int, parent: int, info: ObjectInfo) -> StoredObject:
        """The object that SendObjectInfo announces, not on the card yet; ``storage`` and ``parent`` 0: camera's choice.

        Its handle is taken. ``store`` puts it on the card.
        """
        storage = storage or self.storages[0]
        self._check_storage(storage)
        if parent not in (0, ROOT):
            self._check_folder(parent, R.InvalidParentObject)
        if info.size_bytes > self.free_bytes(storage):
            raise Refusal(R.StoreFull)
        if not info.filename:
            raise Refusal(R.InvalidParameter)
        return StoredObject(
            self._next_handle(),
            storage,
            0 if parent == ROOT else parent,
            info.format,
            info.filename,
            image_size=info.image_size,
            capture_date=info.capture_date,
        )

    def store(self, announced: StoredObject, data: bytes) -> None:
        """Put an announced object on the card, with its content."""
        announced.data = data
        self.objects[announced.handle] = announced

    def delete(self, handle: int, wanted_format: int = 0) -> tuple[list[int], list[int]]:
        """Delete an object, a folder with what is in it, or all objects of a format; the handles gone and kept.

        Write-protected objects stay, and so do the folders that hold one.
        """
        if handle == ALL_OBJECTS:
            chosen = [one for one in self.objects.values() if _is_of(one, wanted_format)]
        else:
            chosen = list(self._tree(self.object(handle)))
        for one in reversed(chosen):  # folders come before what is in them
            holds_something = any(inside.parent == one.handle for inside in self.objects.values())
            if not one.protected and not holds_something:
                del self.objects[one.handle]
        handles = [one.handle for one in chosen]
        return [h for h in handles if h not in self.objects], [h for h in handles if h in self.objects]

    def property(self, code: int) -> DeviceProperty:
        """The property. Refuses an unknown one."""
        if code not in self.properties:
            raise Refusal(R.DevicePropNotSupported)
        return self.properties[code]

    def set_property(self, code: int, content: int | str) -> bool:
        """Set a property; whether that changed it. Refuses read-only properties and values outside the form."""
        one = self.property(code)
        if not one.writable:
            raise Refusal(R.AccessDenied)
        if not one.form.allows(content):
            raise Refusal(R.InvalidDevicePropValue)
        changed = one.current != content
        one.current = content
        return changed

    def _add(self, storage: int, parent: int, kind: int, filename: str, data: bytes = b"") -> StoredObject:
        added = StoredObject(self._next_handle(), storage, parent, kind, filename, data)
        self.objects[added.handle] = added
        return added

    def _next_handle(self) -> int:
        self._last_handle += 1
        return self._last_handle

    def _tree(self, top: StoredObject) -> Iterator[StoredObject]:
        yield top
        for one in list(self.objects.values()):
            if one.parent == top.handle:
                yield from self._tree(one)

    def _check_storage(self, storage: int) -> None:
        if storage not in self.storages:
            raise Refusal(R.InvalidStorageID)

    def _check_folder(self, handle: int, unknown: R = R.InvalidObjectHandle) -> None:
        if handle not in self.objects:
            raise Refusal(unknown)
        if self.objects[handle].format != Format.Association:
            raise Refusal(R.InvalidParentObject)


def _is_of(one: StoredObject, wanted_format: int) -> bool:
    """Whether ``one`` has the format asked for; 0 asks for any."""
    return wanted_format in (0, one.format) or (wanted_format == ALL_IMAGES and one.format in IMAGE_FORMATS)


def standard_properties() -> list[DeviceProperty]:
    """The camera's properties: one of every data type, form and access that clients meet."""
    u8, u16, i16, u32, text = DataType.UINT8, DataType.UINT16, DataType.INT16, DataType.UINT32, DataType.STR
    apertures = (280, 400, 560, 800, 1100)
    times = (10, 40, 80, 166, 333, 10_000)
    speeds = (100, 200, 400, 800, 1600)
    return [
        DeviceProperty(Property.BatteryLevel, u8, 75, Range(0, 100, 5), writable=False),
        DeviceProperty(Property.ImageSize, text, "320x240", Enumeration(("320x240", "640x480"))),
        DeviceProperty(Property.CompressionSetting, u8, 2, Enumeration((1, 2, 3))),
        DeviceProperty(Property.WhiteBalance, u16, 2, Enumeration((2, 4, 5, 6, 7))),
        DeviceProperty(Property.FNumber, u16, 560, Enumeration(apertures)),
        DeviceProperty(Property.FocalLength, u32, 3500, Range(2400, 7000, 100)),
        DeviceProperty(Property.FocusMode, u16, 2, Enumeration((1, 2, 3))),
        DeviceProperty(Property.ExposureMeteringMode, u16, 3, Enumeration((2, 3, 4))),
        DeviceProperty(Property.FlashMode, u16, 2, Enumeration((1, 2, 3))),
        DeviceProperty(Property.ExposureTime, u32, 80, Enumeration(times)),
        DeviceProperty(Property.ExposureProgramMode, u16, 2, Enumeration((1, 2, 3, 4)), writable=False),
        DeviceProperty(Property.ExposureIndex, u16, 200, Enumeration(speeds)),
        DeviceProperty(Property.ExposureBiasCompensation, i16, 0, Range(-2000, 2000, 500)),
        DeviceProperty(Property.DateTime, text, "20260102T030400", Free()),
        DeviceProperty(Property.StillCaptureMode, u16, 1, Enumeration((1, 2))),
        DeviceProperty(Property.Artist, text, "", Free()),
        DeviceProperty(Property.CopyrightInfo, text, "public domain", Free()),
    ]


def standard_model(photos: int = 3, photo_bytes: int = 0) -> Model:
    """A camera with one card: ``DCIM/100SIMUL`` and in it ``photos`` photos of at least ``photo_bytes`` each."""
    model = Model(photo_bytes=photo_bytes)
    model.properties = {one.code: one for one in standard_properties()}
    folder = model.add_folder("100SIMUL", model.add_folder("DCIM").handle)
    for _ in range(photos):
        model.add_photo(folder.handle, photo_bytes)
    return model
