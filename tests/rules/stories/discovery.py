"""How the initiator found the responder."""

from __future__ import annotations

import base64

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation, Packet, announce, damage
from tests.traffic import conversation as talk

GUID = bytes.fromhex("6f2c81d35ab94e07a1c4d9e8b7305f12")
OTHER = bytes.fromhex("c25a07e14f8843b59d0612fe7ab3c968")
KEY = b"guid=" + GUID.hex().encode()
HOST = "169.254.3.4"


def session(**options: object) -> Conversation:
    """A short session with a responder that has a GUID worth its name."""
    named = {"responder_guid": GUID, "initiator_guid": OTHER} | options
    return talk(**named).open().get_property().close_session().close()  # type: ignore[arg-type]


def after(*said: Packet, conversation: Conversation | None = None) -> list[Packet]:
    """A session, and what was said in UDP around it."""
    return damage.interleave(said, (conversation or session()).packets())


@keeps(
    "discovery-port-consistent", "discovery-guid-announced", "discovery-mdns", "discovery-custom-udp",
    "discovery-manual-list", "discovery-address-config", "transport-default-port", "bonding-initiator-filters",
)  # fmt: skip
@breaks("discovery-method")
def multicast_dns() -> list[Packet]:
    """Asked for, announced with everything, and called."""
    asked = announce.dns(questions=(announce.question("_ptp._tcp.local"),), answer=False)
    told = announce.announced("My Camera", KEY)
    return after(announce.mdns(asked, -3, announce.DESK), announce.mdns(told, -2.5), announce.mdns(told, -1.5))


@keeps("discovery-guid-announced", "discovery-ssdp", "discovery-port-consistent")
def ssdp() -> list[Packet]:
    """The UDN is the GUID, as Canon has it (dev-canon-udn-equals-guid)."""
    return after(announce.to_group(announce.notify(announce.uuid_text(GUID))))


@keeps("discovery-guid-announced", "discovery-custom-udp")
def two_services_in_one() -> list[Packet]:
    """The GUID stands in the text of a second service, in the same datagram."""
    more = announce.txt("My Camera._nikon._tcp.local", b"guid=" + GUID.hex().upper().encode())
    parts = announce.announced("My Camera", b"ver=1")
    told = announce.dns(
        parts[12:], announce.ptr("_nikon._tcp.local", "My Camera._nikon._tcp.local"), more, counts=(0, 6)
    )
    return after(announce.mdns(told))


@keeps("discovery-method", "discovery-address-config", "discovery-manual-list", "bonding-responder-filters")
def nothing_said() -> Conversation:
    """TCP alone."""
    return session()


@breaks("discovery-method")
def looked_for_in_vain() -> list[Packet]:
    """A minute of multicast, none of it from the camera."""
    printer = announce.announced("Printer", target="printer.local", service="_ipp._tcp.local", address="192.168.1.9")
    said = [announce.mdns(printer, -at, source="192.168.1.9") for at in (70, 40, 10)]
    return after(*said)


@breaks("discovery-port-consistent")
def announced_elsewhere() -> list[Packet]:
    """SRV has the next port."""
    return after(announce.mdns(announce.announced("My Camera", KEY, port=15741)))


@keeps("discovery-port-consistent", "discovery-guid-announced", "transport-default-port")
def announced_at_another_port() -> list[Packet]:
    """Another port than the standard's, announced and used."""
    said = announce.mdns(announce.announced("My Camera", KEY, port=15000))
    return after(said, conversation=session(responder_port=15000))


@breaks("discovery-guid-announced")
def announced_without_guid() -> list[Packet]:
    """The text says other things."""
    return after(announce.mdns(announce.announced("My Camera", b"ver=1", b"apps=3")))


@keeps("discovery-guid-announced")
def announced_in_other_words() -> list[Packet]:
    """The GUID is the value of a key that nobody knows, in base64."""
    return after(announce.mdns(announce.announced("My Camera", b"k=" + base64.b64encode(GUID))))


@silent("discovery-guid-announced")
def announced_as_another() -> list[Packet]:
    """Another identity, which may be the same one in a form that nobody knows."""
    return after(announce.mdns(announce.announced("My Camera", b"guid=" + OTHER.hex().encode())))


@silent("discovery-guid-announced")
def announced_another_camera() -> list[Packet]:
    """The instance is that of another port of this host."""
    return after(announce.mdns(announce.announced("My Camera", b"ver=1", port=15999)))


@breaks("discovery-mdns")
def pointer_alone() -> list[Packet]:
    """Nobody ever says where the instance is."""
    return after(announce.mdns(announce.dns(announce.ptr("_ptp._tcp.local", "My Camera._ptp._tcp.local"))))


@breaks("discovery-mdns")
def another_address() -> list[Packet]:
    """The A record has an address that nobody calls."""
    return after(announce.mdns(announce.announced("My Camera", KEY, address="192.168.1.77")))


@breaks("discovery-ssdp")
def description_elsewhere() -> list[Packet]:
    """LOCATION names another host."""
    told = announce.notify(announce.uuid_text(GUID), location="http://192.168.1.99:49152/upnp/CameraDevDesc.xml")
    return after(announce.to_group(told))


@breaks("discovery-custom-udp")
def beacon() -> list[Packet]:
    """A broadcast every five seconds with address and port."""
    payload = b"CAM\1" + bytes([192, 168, 1, 1]) + b"\x7c\x3d"
    said = [announce.udp(payload, (announce.CAMERA, 40000), (announce.BROADCAST, 40001), at) for at in (-15, -10, -5)]
    return after(*said)


@breaks("discovery-custom-udp")
def fuji_autosave() -> list[Packet]:
    """Fujifilm's search for its computer (dev-fuji-discover)."""
    words = b"DISCOVER desk HTTP/1.1\r\nHOST: 192.168.1.255:51541\r\nMX: 5\r\nDSCADDR: 192.168.1.1\r\n"
    words += b"SERVICE: PCAUTOSAVE/1.0\r\n"
    return after(announce.udp(words, (announce.CAMERA, 51542), ("192.168.1.255", 51541)))


@keeps("discovery-custom-udp")
def chatter() -> list[Packet]:
    """A service that has nothing to do with it, and one datagram that holds two bytes like the port."""
    said = [
        announce.udp(bytes(range(at, at + 9)), (announce.CAMERA, 1234), (announce.BROADCAST, 1234), -at)
        for at in (1, 2)
    ]
    return after(*said, announce.udp(b"\x7c\x3d\1", (announce.CAMERA, 77), (announce.BROADCAST, 77), -0.5))


@breaks("discovery-manual-list")
def tries_others() -> list[Packet]:
    """Two addresses refuse before the third one is a camera."""
    tries = [
        talk(responder=f"192.168.1.{last}", command_port=40000 + last, number=last)
        .connect()
        .close("reset", by="responder")
        for last in (7, 8)
    ]
    refused = [[one for one in packets if not one.flags & 0x10 or one.flags & 4]
               for packets in (one.packets() for one in tries)]  # fmt: skip
    return damage.in_turn(*refused, session().packets())


@breaks("discovery-address-config")
def by_dhcp() -> list[Packet]:
    """The camera asks for an address and uses the one it gets."""
    steps = ((1, "0.0.0.0"), (2, announce.CAMERA), (3, "0.0.0.0"), (5, announce.CAMERA))
    return after(*(announce.dhcp_packet(kind, yours, -9 + kind) for kind, yours in steps))


@breaks("discovery-address-config")
def link_local_in_spite_of_dhcp() -> list[Packet]:
    """A server offers an address, and the camera takes one by itself."""
    said = (
        announce.dhcp_packet(1, at_s=-9), announce.dhcp_packet(2, announce.CAMERA, -8),
        announce.arp("0.0.0.0", HOST, -5), announce.arp(HOST, HOST, -4),
    )  # fmt: skip
    return after(*said, conversation=session(responder=HOST))


@keeps("discovery-address-config")
def dhcp_of_somebody_else() -> list[Packet]:
    """A host that has no session gets an address."""
    said = announce.dhcp_packet(5, "192.168.1.50", -3, station=b"\2\0\0\0\0\x77")
    return after(said, announce.arp("192.168.1.20", "192.168.1.1", -2))
