"""How cameras announce themselves: ports, service types, groups. Literals; each row says where it is from.

Announcements are no part of PTP-IP (CIPA DC-X005-2005 5.2 only lists ways), so this is what makers do.
"""

from __future__ import annotations

from typing import NamedTuple

MDNS_PORT, LLMNR_PORT, DNS_PORT = 5353, 5355, 53
SSDP_PORT = 1900
DHCP_SERVER_PORT, DHCP_CLIENT_PORT = 67, 68
PTP_IP_PORT = 15740
FUJI_AUTOSAVE_PORTS = (51540, 51541, 51542, 51560)
NAME_PORTS = frozenset({MDNS_PORT, LLMNR_PORT, DNS_PORT})
DHCP_PORTS = frozenset({DHCP_SERVER_PORT, DHCP_CLIENT_PORT})
PORTS = frozenset({*NAME_PORTS, *DHCP_PORTS, SSDP_PORT, PTP_IP_PORT, *FUJI_AUTOSAVE_PORTS})
"""UDP ports on which announcements are looked for; on any other port what is sent to all."""


class Service(NamedTuple):
    """A service type by which a camera is known. ``speaks_ptp``: its port is where PTP-IP is spoken."""

    name: str
    vendor: str | None
    speaks_ptp: bool
    source: str


DNS_SD_SERVICES = (
    Service("_ptp._tcp", None, True, "IANA service name registry: ptp"),
    Service("_nikon._tcp", "nikon", False, "captures of Nikon cameras described in public"),
)
"""By DNS-SD type (RFC 6763 4.1.2), without its domain."""

SSDP_SERVICES = (
    Service("urn:schemas-canon-com:", "canon_eos", False, "vcam upnp/gssdp.c"),
    Service("urn:schemas-sony-com:service:ScalarWebAPI:", "sony", False, "Sony Camera Remote API"),
    Service("urn:schemas-sony-com:service:DigitalImaging:", "sony", False, "answers of cameras described in public"),
)
"""By the beginning of the UPnP type (UPnP Device Architecture 1.1, 1.1.4), in any case of letters."""

FUJI_DISCOVER = b"DISCOVER "
"""How Fujifilm's PC AutoSave begins what it broadcasts: vcam src/fuji/ssdp.c."""

LINK_LOCAL = 0xA9FE
"""Upper half of an IPv4 link-local address, 169.254/16 (RFC 3927)."""
