"""The simulated camera as a program: in a network namespace of its own, and to be killed in the middle of a transfer.

``python -m tests.camera.alone ADDRESS PHOTO_BYTES PAUSE_S [NAME]``: serves until standard input ends. With a name it is
announced by python-zeroconf, which nobody here wrote.
"""

from __future__ import annotations

import socket
import sys

from .model import standard_model
from .server import GUID, SimulatedCamera
from .session import Behaviour


def main() -> None:
    """Serve, and say so as soon as it is so."""
    address, photo_bytes, pause_s, *name = sys.argv[1:]
    behaviour = Behaviour(chunk_bytes=4096, chunk_pause_s=float(pause_s))
    with SimulatedCamera(standard_model(photo_bytes=int(photo_bytes)), address, behaviour=behaviour):
        network = announced(address, name[0]) if name else None
        print("ready", flush=True)
        sys.stdin.read()
        if network is not None:
            network.close()


def announced(address: str, name: str):
    """zeroconf, which announces the camera until it is closed."""
    import zeroconf

    network = zeroconf.Zeroconf(interfaces=[address])
    service = zeroconf.ServiceInfo(
        "_ptp._tcp.local.",
        f"{name}._ptp._tcp.local.",
        15740,
        properties={"guid": GUID.hex()},
        server="studio-camera.local.",
        addresses=[socket.inet_aton(address)],
    )
    network.register_service(service)
    return network


if __name__ == "__main__":
    main()
