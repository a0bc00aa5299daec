"""Packing and reading of the PTP datasets this camera exchanges.

Promises ISO 15740's byte layouts, little-endian, written here from the standard and sharing nothing with the analyzer's
own decoders. Refuses truncated input: reading past the end raises ``DatasetError``.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from .codes import DataType, Format

_SCALARS = {
    DataType.INT8: "<b",
    DataType.UINT8: "<B",
    DataType.INT16: "<h",
    DataType.UINT16: "<H",
    DataType.INT32: "<i",
    DataType.UINT32: "<I",
}
MAX_CHARACTERS = 255
"""A PTP string counts its characters, the closing NUL included, in one byte."""


class DatasetError(ValueError):
    """A dataset that ends early, or a value its data type cannot hold."""


def string(text: str) -> bytes:
    """A PTP string: count of UTF-16 units with NUL, the units; one zero byte when empty. DatasetError when too long."""
    if not text:
        return b"\0"
    units = (text + "\0").encode("utf-16-le")
    if len(units) // 2 > MAX_CHARACTERS:
        raise DatasetError(f"a PTP string holds at most {MAX_CHARACTERS} UTF-16 units, not {len(units) // 2}")
    return bytes([len(units) // 2]) + units


def array(values: Sequence[int], kind: str) -> bytes:
    """An array: u32 count, then each value; ``kind`` is the ``struct`` letter of an element."""
    return struct.pack(f"<I{len(values)}{kind}", len(values), *values)


def value(data_type: DataType, content: int | str) -> bytes:
    """One property value as its data type is sent. DatasetError when the type cannot hold it."""
    if data_type is DataType.STR:
        return string(str(content))
    try:
        return struct.pack(_SCALARS[data_type], content)
    except struct.error as error:
        raise DatasetError(f"{content!r} is not a {data_type.name}: {error}") from error


def read_value(data_type: DataType, raw: bytes) -> int | str:
    """The property value in ``raw``. DatasetError when ``raw`` is shorter or longer than the data type says."""
    cursor = Cursor(raw)
    content = cursor.string() if data_type is DataType.STR else cursor.scalar(_SCALARS[data_type])
    cursor.expect_end()
    return content


class Cursor:
    """A position in received bytes; every read checks the end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._offset = 0

    def scalar(self, form: str) -> int:
        """The next number in ``struct`` form ``form``."""
        (number,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return int(number)

    def string(self) -> str:
        """The next PTP string, without its NUL. DatasetError when it is not UTF-16."""
        units = self._take(2 * self.scalar("<B"))
        try:
            return units.decode("utf-16-le").removesuffix("\0")
        except UnicodeDecodeError as error:
            raise DatasetError(f"string that is not UTF-16: {error}") from error

    def expect_end(self) -> None:
        """DatasetError when bytes are left."""
        if self._offset != len(self._raw):
            raise DatasetError(f"{len(self._raw) - self._offset} bytes after the end of the dataset")

    def _take(self, size: int) -> bytes:
        end = self._offset + size
        if end > len(self._raw):
            raise DatasetError(f"dataset of {len(self._raw)} bytes ends inside a field at {self._offset}")
        taken = self._raw[self._offset : end]
        self._offset = end
        return taken


@dataclass(frozen=True)
class DeviceInfo:
    """What GetDeviceInfo carries (ISO 15740, 5.5.1)."""

    operations: tuple[int, ...]
    events: tuple[int, ...]
    properties: tuple[int, ...]
    capture_formats: tuple[int, ...]
    image_formats: tuple[int, ...]
    manufacturer: str
    model: str
    device_version: str
    serial_number: str
    standard_version: int = 100
    vendor_extension_id: int = 0
    vendor_extension_version: int = 0
    vendor_extension_description: str = ""
    functional_mode: int = 0

    def pack(self) -> bytes:
        """The dataset's bytes."""
        head = struct.pack("<HIH", self.standard_version, self.vendor_extension_id, self.vendor_extension_version)
        codes = (self.operations, self.events, self.properties, self.capture_formats, self.image_formats)
        texts = (self.manufacturer, self.model, self.device_version, self.serial_number)
        return b"".join(
            (
                head,
                string(self.vendor_extension_description),
                struct.pack("<H", self.functional_mode),
                *(array(sorted(group), "H") for group in codes),
                *(string(text) for text in texts),
            )
        )


@dataclass(frozen=True)
class StorageInfo:
    """What GetStorageInfo carries (ISO 15740, 5.5.3): a removable card with a DCF tree, readable and writable."""

    capacity_bytes: int
    free_bytes: int
    free_images: int
    description: str
    label: str
    storage_type: int = 0x0004  # removable RAM
    filesystem_type: int = 0x0003  # DCF
    access: int = 0x0000  # read and write

    def pack(self) -> bytes:
        """The dataset's bytes."""
        numbers = (self.storage_type, self.filesystem_type, self.access)
        sizes = (self.capacity_bytes, self.free_bytes, self.free_images)
        return struct.pack("<HHHQQI", *numbers, *sizes) + string(self.description) + string(self.label)


@dataclass(frozen=True)
class ObjectInfo:
    """What GetObjectInfo and SendObjectInfo carry (ISO 15740, 5.5.2)."""

    storage: int
    format: int
    parent: int
    filename: str
    size_bytes: int
    protection: int = 0
    thumbnail_format: int = 0
    thumbnail_bytes: int = 0
    thumbnail_size: tuple[int, int] = (0, 0)
    image_size: tuple[int, int] = (0, 0)
    bit_depth: int = 0
    association_type: int = 0
    association_description: int = 0
    sequence_number: int = 0
    capture_date: str = ""
    modification_date: str = ""
    keywords: str = ""

    def pack(self) -> bytes:
        """The dataset's bytes."""
        numbers = struct.pack(
            "<IHHIHIIIIIIIHII",
            self.storage,
            self.format,
            self.protection,
            self.size_bytes,
            self.thumbnail_format,
            self.thumbnail_bytes,
            *self.thumbnail_size,
            *self.image_size,
            self.bit_depth,
            self.parent,
            self.association_type,
            self.association_description,
            self.sequence_number,
        )
        texts = (self.filename, self.capture_date, self.modification_date, self.keywords)
        return numbers + b"".join(string(text) for text in texts)

    @classmethod
    def read(cls, raw: bytes) -> "ObjectInfo":
        """The dataset in ``raw``; bytes after its end are tolerated. DatasetError when it ends early."""
        cursor = Cursor(raw)
        storage, kind, protection, size = (cursor.scalar(form) for form in ("<I", "<H", "<H", "<I"))
        thumbnail_format, thumbnail_bytes = cursor.scalar("<H"), cursor.scalar("<I")
        thumbnail_size = (cursor.scalar("<I"), cursor.scalar("<I"))
        image_size = (cursor.scalar("<I"), cursor.scalar("<I"))
        bit_depth, parent = cursor.scalar("<I"), cursor.scalar("<I")
        association_type = cursor.scalar("<H")
        association_description, sequence_number = cursor.scalar("<I"), cursor.scalar("<I")
        filename, captured, modified, keywords = (cursor.string() for _ in range(4))
        return cls(
            storage,
            kind,
            parent,
            filename,
            size,
            protection,
            thumbnail_format,
            thumbnail_bytes,
            thumbnail_size,
            image_size,
            bit_depth,
            association_type,
            association_description,
            sequence_number,
            captured,
            modified,
            keywords,
        )

    @property
    def is_association(self) -> bool:
        """Whether it describes a folder."""
        return self.format == Format.Association


@dataclass(frozen=True)
class Range:
    """Allowed values of a property: from ``minimum`` to ``maximum`` in steps."""

    minimum: int
    maximum: int
    step: int

    def allows(self, content: int | str) -> bool:
        """Whether the property may hold ``content``."""
        return (
            isinstance(content, int)
            and self.minimum <= content <= self.maximum
            and (content - self.minimum) % self.step == 0
        )

    def pack(self, data_type: DataType) -> bytes:
        """Form flag 1 and the three values."""
        return b"\1" + b"".join(value(data_type, number) for number in (self.minimum, self.maximum, self.step))


@dataclass(frozen=True)
class Enumeration:
    """Allowed values of a property, one by one."""

    values: tuple[int | str, ...]

    def allows(self, content: int | str) -> bool:
        """Whether the property may hold ``content``."""
        return content in self.values

    def pack(self, data_type: DataType) -> bytes:
        """Form flag 2, the count and each value."""
        return b"\2" + struct.pack("<H", len(self.values)) + b"".join(value(data_type, one) for one in self.values)


@dataclass(frozen=True)
class Free:
    """No restriction beyond the data type."""

    def allows(self, content: int | str) -> bool:
        """Always: the data type has been checked already."""
        return True

    def pack(self, data_type: DataType) -> bytes:
        """Form flag 0."""
        return b"\0"


@dataclass
class DeviceProperty:
    """One property and its description, what GetDevicePropDesc carries (ISO 15740, 13.3.3)."""

    code: int
    data_type: DataType
    current: int | str
    form: Range | Enumeration | Free
    writable: bool = True

    def __post_init__(self) -> None:
        self.factory = self.current

    def pack(self) -> bytes:
        """The dataset's bytes."""
        head = struct.pack("<HHB", self.code, self.data_type, self.writable)
        values = value(self.data_type, self.factory) + value(self.data_type, self.current)
        return head + values + self.form.pack(self.data_type)

    def pack_value(self) -> bytes:
        """The current value's bytes, as GetDevicePropValue carries them."""
        return value(self.data_type, self.current)
