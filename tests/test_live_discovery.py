"""python-zeroconf, which nobody here wrote, announces a camera on loopback; a client calls it, and both are found.

Needs dumpcap with the right to capture on loopback: without it the test is skipped, or fails if CI=true.
"""

import os
import socket

import pytest

import ptpip_analyze

from .camera import Initiator, MissingProgram, Recording, SimulatedCamera, require, standard_model
from .camera.server import GUID


@pytest.fixture(autouse=True)
def dumpcap():
    try:
        require("dumpcap")
    except MissingProgram as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def test_finds_a_camera_that_zeroconf_announces_and_the_session_that_followed(tmp_path):
    zeroconf = pytest.importorskip("zeroconf")
    address = f"127.{os.getpid() % 199 + 1}.{os.getpid() // 199 % 250}.77"
    recording = tmp_path / "live.pcapng"
    camera = SimulatedCamera(standard_model(photo_bytes=1000), address)
    guid = GUID.hex()
    with camera, Recording(recording, capture_filter=f"udp port 5353 or host {address}"):
        network = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
        service = zeroconf.ServiceInfo(
            "_ptp._tcp.local.",
            "Studio Camera._ptp._tcp.local.",
            15740,
            properties={"guid": guid, "ver": "1"},
            server="studio-camera.local.",
            addresses=[socket.inet_aton(address)],
        )
        network.register_service(service)
        with Initiator(address) as client:
            client.open_session()
        network.unregister_service(service)
        network.close()
        assert camera.wait_idle()
    with ptpip_analyze.analyze(recording) as analysis:
        found = analysis.discovery
        announced = found[(found["kind"] == "announcement") & (found["device"] == "Studio Camera")].to_dict("records")
        assert announced
        (first, *_) = announced
        assert (first["method"], first["service"], first["port"]) == ("mdns", "_ptp._tcp", 15740)
        assert (first["addresses"], first["guid"], first["joined_by"]) == (address, guid, "guid")
        assert first["session"] == 0
        assert "goodbye" in set(found["kind"])
        judged = analysis.results[0].judged
        assert (0, 1) in judged.verdicts("discovery-guid-announced")
        assert judged.rulings["discovery-guid-announced"].findings == []
        assert [one.rule for one in judged.findings if one.rule == "discovery-method"]
