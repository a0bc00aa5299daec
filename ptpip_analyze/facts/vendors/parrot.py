"""Codes of Parrot. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import GUESSED, IMPLEMENTED, Code, Event, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("parrot", 0x9201, "GetSunshineValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9202, "GetTemperatureValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9203, "GetAngleValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9204, "GetGpsValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9205, "GetGyroscopeValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9206, "GetAccelerometerValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9207, "GetMagnetometerValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9208, "GetImuValues", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9209, "GetStatusMask", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x920A, "EjectStorage", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9210, "StartMagnetoCalib", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9211, "StopMagnetoCalib", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9212, "MagnetoCalibStatus", "libgphoto2", IMPLEMENTED),
    Operation("parrot", 0x9213, "SendFirmwareUpdate", "libgphoto2", IMPLEMENTED),
)

EVENTS: tuple[Event, ...] = (
    Event("parrot", 0xC201, "Status", "libgphoto2", GUESSED, ("StatusMask",), "event", "uncertain"),
    Event("parrot", 0xC202, "MagnetoCalibrationStatus", "libgphoto2", GUESSED, ("CalibrationStatus",), "event", "uncertain"),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "parrot", 0xD201, "PhotoSensorEnableMask", "libgphoto2"),
    Code("property", "parrot", 0xD202, "PhotoSensorsKeepOn", "libgphoto2"),
    Code("property", "parrot", 0xD203, "MultispectralImageSize", "libgphoto2"),
    Code("property", "parrot", 0xD204, "MainBitDepth", "libgphoto2"),
    Code("property", "parrot", 0xD205, "MultispectralBitDepth", "libgphoto2"),
    Code("property", "parrot", 0xD206, "HeatingEnable", "libgphoto2"),
    Code("property", "parrot", 0xD207, "WifiStatus", "libgphoto2"),
    Code("property", "parrot", 0xD208, "WifiSSID", "libgphoto2"),
    Code("property", "parrot", 0xD209, "WifiEncryptionType", "libgphoto2"),
    Code("property", "parrot", 0xD20A, "WifiPassphrase", "libgphoto2"),
    Code("property", "parrot", 0xD20B, "WifiChannel", "libgphoto2"),
    Code("property", "parrot", 0xD20C, "Localization", "libgphoto2"),
    Code("property", "parrot", 0xD20D, "WifiMode", "libgphoto2"),
    Code("property", "parrot", 0xD210, "AntiFlickeringFrequency", "libgphoto2"),
    Code("property", "parrot", 0xD211, "DisplayOverlayMask", "libgphoto2"),
    Code("property", "parrot", 0xD212, "GPSInterval", "libgphoto2"),
    Code("property", "parrot", 0xD213, "MultisensorsExposureMeteringMode", "libgphoto2"),
    Code("property", "parrot", 0xD214, "MultisensorsExposureTime", "libgphoto2"),
    Code("property", "parrot", 0xD215, "MultisensorsExposureProgramMode", "libgphoto2"),
    Code("property", "parrot", 0xD216, "MultisensorsExposureIndex", "libgphoto2"),
    Code("property", "parrot", 0xD217, "MultisensorsIrradianceGain", "libgphoto2"),
    Code("property", "parrot", 0xD218, "MultisensorsIrradianceIntegrationTime", "libgphoto2"),
    Code("property", "parrot", 0xD219, "OverlapRate", "libgphoto2"),
)

ROWS = (*OPERATIONS, *EVENTS, *PROPERTIES)
