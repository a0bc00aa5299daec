"""The bibliography. Promises one entry per key that a row cites; refuses locations on any one machine."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """Where a fact can be looked up."""

    title: str
    where: str


SOURCES: dict[str, Source] = {
    "PIMA 15740:2000": Source(
        "PIMA 15740:2000, Photography - Electronic still picture imaging - Picture Transfer Protocol (PTP) for Digital "
        "Still Photography Devices (PTP 1.0; ISO 15740:2005 has the same numbers)",
        "clauses 5.3 (datatypes), 6 (formats), 10 (operations), 11 (responses), 12 (events), 13 (properties)",
    ),
    "ISO 15740:2008": Source(
        "ISO 15740:2008, Photography - Electronic still picture imaging - Picture transfer protocol (PTP) for digital "
        "still photography devices (PTP 1.1)",
        "codes that PTP 1.0 doesn't have",
    ),
    "CIPA DC-X005-2005": Source(
        "CIPA DC-X005-2005, PTP-IP: Picture Transfer Protocol over TCP/IP networks, revision 1.0",
        "section 2.3 (message layouts), 3 (protocol version)",
    ),
    "USB still image 1.0": Source(
        "USB-IF, Universal Serial Bus Still Image Capture Device Definition, revision 1.0", "sections 5, 7"
    ),
    "MTP 1.1": Source("USB-IF, Media Transfer Protocol specification, revision 1.1", "appendices A to F"),
    "MTP class driver": Source(
        "Microsoft, MTP class driver's lists of codes: MTP 2 numbering and the older MTP services extension",
        "read through tengelmeier/mtp-tools, mtp_description.json",
    ),
    "libgphoto2": Source(
        "libgphoto2 2.5, the gPhoto project's camera library",
        "camlibs/ptp2: ptp.h, ptp.c, ptpip.c, library.c, cameras/",
    ),
    "libpict": Source("libpict, PTP client library", "github.com/petabyt/libpict"),
    "vcam": Source("vcam, virtual camera, and the libfuji that it shares headers with", "github.com/petabyt/vcam"),
    "hkr": Source("fuji-cam-wifi-tool, client for Fujifilm cameras", "github.com/hkr/fuji-cam-wifi-tool, commands.cpp"),
    "ptp-ip": Source("ptp-ip, library and client for cameras with PTP/IP", "github.com/malc0mn/ptp-ip, ip, fmt"),
    "CHDK": Source(
        "Canon Hack Development Kit, its PTP extension", "chdk.fandom.com; libgphoto2 camlibs/ptp2/chdk_ptp.h"
    ),
    "Ricoh PTP-IP reference": Source("Ricoh, THETA API, PTP-IP reference", "developers.theta360.com"),
    "Nikon Z clients": Source(
        "Clients for Nikon's Z cameras by several authors, who agree on the operations with 32-bit property codes",
        "public programs in C++, Dart, Rust, Swift and TypeScript: GetDevicePropDescEx and its siblings",
    ),
    "unofficial notes": Source(
        "Write-ups and programs of people who watched a maker's own application",
        "unconfirmed: all such rows are guesses",
    ),
}
