"""What in a conversation tells of a person, a device or a network, and what only of a make. Promises literals; refuses
to replace anything: that is done by ``scrub``.

Texts are personal unless a row here says otherwise; numbers are not, unless a row here says so.
"""

from __future__ import annotations

PUBLIC_FIELDS: frozenset[str] = frozenset({"vendorExtensionDesc", "manufacturer", "model", "deviceVersion"})
"""Fields of DeviceInfo whose text is the same for every camera of a make (PIMA 15740:2000 5.5.1)."""

PUBLIC_SHAPES: tuple[str, ...] = (
    r"\d{8}T\d{6}(\.\d)?(Z|[+-]\d{4})?",  # a date (PIMA 15740:2000 5.3.5): times stay
    r"\d{1,5}x\d{1,5}",  # ImageSize (PIMA 15740:2000 13.4.3)
)
"""What a text may be that stays wherever it stands."""

PRIVATE_DATASETS: frozenset[str] = frozenset({"NikonWiFiProfile", "NikonWiFiProfiles", "OlympusXML"})
"""Datasets of which nothing stays: networks with their addresses and keys, documents of any content."""

PERSONAL_PROPERTIES: tuple[str, ...] = (
    "artist", "author", "owner", "copyright", "serial", "gps", "latitude", "longitude", "altitude", "location", "ssid",
    "wifi", "wlan", "wireless", "network", "passphrase", "password", "ipaddress", "macaddress", "bluetooth", "guid",
    "friendlyname", "username", "nickname", "partner", "initiatorinfo", "uniqueid", "certificate", "url", "ftp",
    "email", "phone", "comment", "uuid", "deviceid", "clientid", "hostname",
)  # fmt: skip
"""Words in the name of a property, in lower case, whose values are replaced also where they are numbers."""

DCF_LETTERS: frozenset[str] = frozenset({
    "IMG_", "_MG_", "MVI_", "DSC_", "_DSC", "DSCF", "_DSF", "DSC0", "P100", "PICT", "SIM_", "IMGP", "R000", "SDIM",
})  # fmt: skip
"""Letters with which cameras begin the names of their files unless somebody chose others (DCF 2.0 3.2.2)."""

DCF_FOLDERS: frozenset[str] = frozenset({
    "CANON", "NIKON", "MSDCF", "_FUJI", "OLYMP", "_PANA", "RICOH", "LEICA", "SIGMA", "SIMUL", "MEDIA", "ANDRO", "APPLE",
    "EOS1D", "PENTX", "NCD70",
})  # fmt: skip
"""The same of folders (DCF 2.0 3.1.2)."""

PLAIN_FOLDERS: frozenset[str] = frozenset({"DCIM", "MISC", "PRIVATE", "CANONMSC", "AVCHD", "M4ROOT", "STREAM", "BDMV"})
"""Folders that every card has."""

SUFFIXES: frozenset[str] = frozenset({
    "jpg", "jpeg", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf", "rw2", "orf", "pef", "dng", "tif",
    "tiff", "png", "gif", "bmp", "heic", "heif", "hif", "mov", "mp4", "m4v", "avi", "mts", "m2ts", "mpg", "mpo", "wav",
    "mp3", "aac", "wma", "thm", "txt", "xml", "dat", "ctg", "log", "html", "csv", "x3f", "gpr", "srw", "3fr", "iiq",
})  # fmt: skip
"""Endings of file names, which stay."""
