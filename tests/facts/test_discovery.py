"""Facts of discovery: each service has its source, each port its reason."""

from __future__ import annotations

from ptpip_analyze.facts import VENDORS
from ptpip_analyze.facts.discovery import DNS_SD_SERVICES, PORTS, SSDP_SERVICES


def test_names_a_source_and_a_known_vendor_for_every_service() -> None:
    for service in (*DNS_SD_SERVICES, *SSDP_SERVICES):
        assert service.source
        assert service.vendor is None or service.vendor in VENDORS


def test_writes_types_as_they_stand_on_the_wire() -> None:
    assert all(service.name.split(".")[1] in ("_tcp", "_udp") for service in DNS_SD_SERVICES)
    assert all(service.name.startswith("urn:") and service.name.endswith(":") for service in SSDP_SERVICES)


def test_has_only_ports() -> None:
    assert all(0 < port < 1 << 16 for port in PORTS)
