"""Codes of Microsoft. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import GUESSED, IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("microsoft", 0x9101, "WMDRMPD_GetSecureTimeChallenge", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9102, "WMDRMPD_GetSecureTimeResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9103, "WMDRMPD_SetLicenseResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9104, "WMDRMPD_GetSyncList", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9105, "WMDRMPD_SendMeterChallengeQuery", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9106, "WMDRMPD_GetMeterChallenge", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9107, "WMDRMPD_SetMeterResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9108, "WMDRMPD_CleanDataStore", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9109, "WMDRMPD_GetLicenseState", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x910A, "WMDRMPD_SendWMDRMPDCommand", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x910B, "WMDRMPD_SendWMDRMPDRequest", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9122, "WPDWCN_ProcessWFCObject", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9170, "AAVT_OpenMediaSession", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9171, "AAVT_CloseMediaSession", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9172, "AAVT_GetNextDataBlock", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9173, "AAVT_SetCurrentTimePosition", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9180, "WMDRMND_SendRegistrationRequest", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9181, "WMDRMND_GetRegistrationResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9182, "WMDRMND_GetProximityChallenge", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9183, "WMDRMND_SendProximityResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9184, "WMDRMND_SendWMDRMNDLicenseRequest", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9185, "WMDRMND_GetWMDRMNDLicenseResponse", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9201, "WMPPD_ReportAddedDeletedItems", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9202, "WMPPD_ReportAcquiredItems", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9203, "WMPPD_PlaylistObjectPref", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9204, "ZUNE_GETUNDEFINED001", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9212, "WMDRMPD_SendWMDRMPDAppRequest", "libgphoto2", IMPLEMENTED, "out", (), (), "WMDRM app certificate message"),
    Operation("microsoft", 0x9213, "WMDRMPD_GetWMDRMPDAppResponse", "libgphoto2", IMPLEMENTED, "in", (), (), "WMDRM response message"),
    Operation("microsoft", 0x9214, "WMDRMPD_EnableTrustedFilesOperations", "libgphoto2", IMPLEMENTED, "none", ("Hash1:u32", "Hash2:u32", "Hash3:u32", "Hash4:u32"), ()),
    Operation("microsoft", 0x9215, "WMDRMPD_DisableTrustedFilesOperations", "libgphoto2", IMPLEMENTED),
    Operation("microsoft", 0x9216, "WMDRMPD_EndTrustedAppSession", "libgphoto2", IMPLEMENTED, "none", (), ()),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "microsoft", 0xD132, "ZUNE_UNKNOWN2", "libgphoto2"),
    Code("property", "microsoft", 0xD181, "ZUNE_UNKNOWN1", "libgphoto2"),
    Code("property", "microsoft", 0xD181, "Zune_UnknownVersion", "libgphoto2", GUESSED, "alias: same code as ZUNE_UNKNOWN1"),
    Code("property", "microsoft", 0xD215, "ZUNE_UNKNOWN3", "libgphoto2"),
    Code("property", "microsoft", 0xD216, "ZUNE_UNKNOWN4", "libgphoto2"),
)

ROWS = (*OPERATIONS, *PROPERTIES)
