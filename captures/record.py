"""Records every capture of this folder again: ``python captures/record.py [NAME...]``. Needs gphoto2 and dumpcap.

Promises that nothing but the simulated camera of ``tests/camera`` and its clients is recorded: it runs in network and
host name namespaces of its own, and the photos are drawn. Refuses to leave a capture that did not go as described: a
client's status that is not the expected one, or a file over ``LIMIT_BYTES``, is an error.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import zeroconf  # noqa: E402
from lossy_link import CAMERA_ADDRESS, CAMERA_INTERFACE, CLIENT_INTERFACE, LossyLink  # noqa: E402
from scapy.packet import Packet  # noqa: E402

from ptpip_analyze.layers import ProbeResponse  # noqa: E402
from tests.camera import (  # noqa: E402
    Behaviour,
    DataStyle,
    Gphoto2,
    Initiator,
    Recording,
    SimulatedCamera,
    require,
    standard_model,
)
from tests.camera.codes import Event, FailReason, Format, Operation, Property, Response  # noqa: E402
from tests.camera.datasets import ObjectInfo  # noqa: E402
from tests.camera.jpeg import draw, encode  # noqa: E402
from tests.camera.model import CARD  # noqa: E402
from tests.camera.operations import Answer  # noqa: E402
from tests.camera.server import DEFAULT_PORT  # noqa: E402
from tests.camera.server import GUID as CAMERA_GUID  # noqa: E402
from tests.camera.session import Session  # noqa: E402
from tests.camera.wire import data_phase, send  # noqa: E402

LIMIT_BYTES = 1 << 20
ADDRESS = "127.0.0.1"
FOLDER = "/store_00010001/DCIM/100SIMUL"
HOST_NAME = "darkroom"
"""What the clients call themselves: gphoto2 sends the machine's host name."""
PHOTO_BYTES = 40_000
NIKON, GET_LIVE_VIEW, LIVE_VIEW_HEADER = 0x0A, 0x9203, 384
"""VendorExtensionID, operation, and bytes in front of each picture."""
LIVE_VIEW_FRAMES = 75
ETHERNET_MTU = 1500
ACK_BYTES = 78
"""Longest packet without data here: Ethernet, IPv4 and TCP headers with the options Linux sends."""
INSIDE = "--inside"
SECTION_HEADER, INTERFACE_DESCRIPTION = 0x0A0D0D0A, 1
OPTIONS_AT = {SECTION_HEADER: 16, INTERFACE_DESCRIPTION: 8}
"""pcapng blocks that describe the machine, and where in their bodies the options begin."""
MACHINE_OPTIONS = {SECTION_HEADER: {2, 3}, INTERFACE_DESCRIPTION: {12, 15}}
"""shb_hardware and shb_os; if_os and if_hardware."""


class RecordingFailed(Exception):
    """A conversation that did not go as its capture claims."""


def client(gphoto2: Gphoto2, *arguments: str, status: int = 0) -> None:
    """One run of gphoto2, which must end with ``status``."""
    ran = gphoto2.run(*arguments, timeout_s=60)
    if ran.returncode != status:
        raise RecordingFailed(f"gphoto2 {' '.join(arguments)}: status {ran.returncode}\n{ran.stdout}{ran.stderr}")


def finish(camera: SimulatedCamera) -> None:
    """Wait until everyone has gone, so that the recording holds the ends of all connections."""
    if not camera.wait_idle():
        raise RecordingFailed("an initiator did not close its connections")
    if camera.log.violations:
        raise RecordingFailed(f"an initiator broke the protocol: {camera.log.violations}")


@contextmanager
def recorded(
    path: Path, behaviour: Behaviour | None = None, snaplen: int | None = None
) -> Iterator[tuple[SimulatedCamera, Gphoto2]]:
    """A camera and a gphoto2 on loopback, recorded from before the first connection to after the last."""
    model = standard_model(photo_bytes=PHOTO_BYTES)
    with (
        tempfile.TemporaryDirectory() as home,
        SimulatedCamera(model, ADDRESS, behaviour=behaviour) as camera,
        Recording(path, snaplen=snaplen),
    ):
        yield camera, Gphoto2(ADDRESS, Path(home))
        finish(camera)


def summary(path: Path) -> None:
    """gphoto2 --summary."""
    with recorded(path) as (_, gphoto2):
        client(gphoto2, "--summary")


def list_and_get(path: Path) -> None:
    """Three clients in turn: listing, a download, a thumbnail. Data messages, the last part in End Data."""
    with recorded(path, Behaviour(DataStyle.DATA_THEN_REST, chunk_bytes=4096)) as (_, gphoto2):
        client(gphoto2, "--list-files")
        client(gphoto2, "--get-file", "2")
        client(gphoto2, "--get-thumbnail", "1")


def config(path: Path) -> None:
    """Properties described, read and set, one of them to a value the camera does not accept. All in End Data."""
    with recorded(path, Behaviour(DataStyle.ONE_END_DATA)) as (camera, gphoto2):
        client(gphoto2, "--list-config")
        client(gphoto2, "--get-config", "iso")
        client(gphoto2, "--set-config", "iso=400")
        client(gphoto2, "--set-config", "f-number=8")
        client(gphoto2, "--set-config", "/main/other/500f=123")  # gphoto2 says so, with status 0
        expect(camera, Operation.SetDevicePropValue, Response.InvalidDevicePropValue)
        if [camera.model.property(code).current for code in (Property.ExposureIndex, Property.FNumber)] != [400, 800]:
            raise RecordingFailed("the properties were not set")


def capture_and_download(path: Path) -> None:
    """A capture with its events, the photo's download, then events of photos taken by hand. An empty End Data."""
    with recorded(path, Behaviour(DataStyle.DATA_THEN_EMPTY, chunk_bytes=16_384)) as (camera, gphoto2):
        client(gphoto2, "--capture-image-and-download")
        waiting = gphoto2.start("--wait-event=1s")
        wait_for_session(camera)
        for _ in range(2):
            camera.press_shutter()
            time.sleep(0.1)
        waiting.communicate(timeout=20)


def upload_delete(path: Path) -> None:
    """A photo uploaded, listed, downloaded again and deleted; a protected one can't be deleted."""
    with recorded(path) as (camera, gphoto2):
        camera.model.object(3).protected = True
        upload = gphoto2.files / "upload.jpg"
        upload.write_bytes(camera.model.object(4).data)
        client(gphoto2, "--folder", FOLDER, "--upload-file", str(upload))
        upload.unlink()
        client(gphoto2, "--folder", FOLDER, "--list-files")
        client(gphoto2, "--folder", FOLDER, "--get-file", "upload.jpg")
        client(gphoto2, "--folder", FOLDER, "--delete-file", "upload.jpg")
        client(gphoto2, "--folder", FOLDER, "--delete-file", "SIM_0001.JPG")  # gphoto2 keeps the refusal to itself
        expect(camera, Operation.DeleteObject, Response.ObjectWriteProtected)
        if upload.read_bytes() != camera.model.object(4).data:
            raise RecordingFailed("the upload came back different")


def init_fail(path: Path) -> None:
    """Refused for each of the three reasons, then accepted."""
    with recorded(path) as (camera, gphoto2):
        for reason in FailReason:
            camera.behaviour.fail_reason = reason
            client(gphoto2, "--list-files", status=1)
        camera.behaviour.fail_reason = None
        client(gphoto2, "--list-files")


def busy(path: Path) -> None:
    """A download that is answered DeviceBusy, then works; captures asked for while one is going on."""
    with recorded(path) as (camera, gphoto2):
        camera.behaviour.busy[Operation.GetObject] = 1
        client(gphoto2, "--get-file", "1", status=1)
        client(gphoto2, "--get-file", "1")
        expect(camera, Operation.GetObject, Response.DeviceBusy)
        with Initiator(ADDRESS) as initiator:  # gphoto2 hangs after a DeviceBusy to InitiateCapture
            initiator.open_session()
            while initiator.transact(Operation.InitiateCapture).response == Response.OK:
                pass
            while (event := initiator.next_event()) is not None and event.eventCode != Event.CaptureComplete:
                pass
            initiator.transact(Operation.CloseSession)
        expect(camera, Operation.InitiateCapture, Response.DeviceBusy)


def midstream(path: Path) -> None:
    """Recording begins while the session is open: neither SYN nor handshake is in it, the events and downloads are."""
    model = standard_model(photo_bytes=PHOTO_BYTES)
    with tempfile.TemporaryDirectory() as home, SimulatedCamera(model, ADDRESS) as camera:
        running = Gphoto2(ADDRESS, Path(home)).start("--wait-event=2s", "--get-file", "1", "--get-thumbnail", "2")
        wait_for_session(camera)
        time.sleep(0.2)
        with Recording(path):
            camera.press_shutter()
            running.communicate(timeout=20)
            if running.returncode:
                raise RecordingFailed("gphoto2 failed")
            finish(camera)


def snaplen_96(path: Path) -> None:
    """The download of ``list-and-get``, with 96 bytes of each packet kept."""
    with recorded(path, Behaviour(DataStyle.DATA_THEN_REST, chunk_bytes=4096), snaplen=96) as (_, gphoto2):
        client(gphoto2, "--get-file", "2")


def two_initiators(path: Path) -> None:
    """One gphoto2 waits for events while another uploads and deletes; then both download at the same time."""
    slow = Behaviour(DataStyle.DATA_THEN_REST, chunk_bytes=2048, chunk_pause_s=0.004)
    with recorded(path, slow) as (camera, one), tempfile.TemporaryDirectory() as home:
        other = Gphoto2(ADDRESS, Path(home), guid=b"ANOTHER  GPHOTO2")
        (one.files / "note.txt").write_text("two initiators, one camera\n")
        waiting = other.start("--wait-event=2s", "--get-file", "3")
        wait_for_session(camera)
        client(one, "--folder", FOLDER, "--upload-file", "note.txt")
        client(one, "--folder", FOLDER, "--delete-file", "note.txt")
        client(one, "--wait-event=500ms", "--get-file", "1", "--get-file", "2")
        waiting.communicate(timeout=20)
        if waiting.returncode:
            raise RecordingFailed("the other gphoto2 failed")


def announced(path: Path) -> None:
    """python-zeroconf asks for cameras, announces this one, and takes it back when gphoto2 has listed its files."""
    with (
        tempfile.TemporaryDirectory() as home,
        SimulatedCamera(standard_model(photo_bytes=PHOTO_BYTES), ADDRESS) as camera,
        Recording(path, capture_filter="tcp port 15740 or udp port 5353"),
    ):
        network = zeroconf.Zeroconf(interfaces=[ADDRESS])
        service = zeroconf.ServiceInfo(
            "_ptp._tcp.local.",
            "Simulated Camera._ptp._tcp.local.",
            DEFAULT_PORT,
            properties={"guid": CAMERA_GUID.hex(), "ver": "1"},
            server="simulated-camera.local.",
            addresses=[socket.inet_aton(ADDRESS)],
        )
        zeroconf.ServiceBrowser(network, "_ptp._tcp.local.", handlers=[lambda **_: None])
        network.register_service(service)
        client(Gphoto2(ADDRESS, Path(home)), "--list-files")
        network.unregister_service(service)
        network.close()
        finish(camera)


def cancel_and_probe(path: Path) -> None:
    """What gphoto2 does not do: a download, an upload and a capture are cancelled; both sides probe."""
    slow = Behaviour(DataStyle.DATA_THEN_REST, chunk_bytes=1024, chunk_pause_s=0.01, capture_s=1.0)
    with recorded(path, slow) as (camera, _):
        with Initiator(ADDRESS, name="Small initiator \N{CAMERA}") as initiator:
            initiator.open_session()
            download = initiator.request(Operation.GetObject, 3)
            for _ in range(6):
                initiator.next_message()
            initiator.cancel(download)
            initiator.outcome(begun=True)
            info = ObjectInfo(CARD, Format.Undefined, 2, "upload.bin", 5000)
            initiator.transact(Operation.SendObjectInfo, CARD, 2, data=info.pack())
            upload = initiator.request(Operation.SendObject, out=True)
            for message in list(data_phase(upload, bytes(5000), DataStyle.DATA_THEN_REST, 1024))[:3]:
                send(initiator.command, message)
            initiator.cancel(upload, ("event", "command"))
            initiator.outcome()
            initiator.transact(Operation.InitiateCapture)
            initiator.cancel(initiator.last_transaction)
            initiator.next_event()
            initiator.probe()
            camera_asks = threading.Thread(target=camera.probe, args=(initiator.ack.connectionNumber,))
            camera_asks.start()
            initiator.next_event()
            send(initiator.event, ProbeResponse())
            camera_asks.join()
            initiator.transact(Operation.CloseSession)
        for operation in (Operation.GetObject, Operation.SendObject):
            expect(camera, operation, Response.TransactionCanceled)


def lossy_network_client(path: Path) -> None:
    """Downloads over a link that loses frames, recorded at the client's end: what is sent again is new there."""
    lossy_network(path, at_camera=False)


def lossy_network_camera(path: Path) -> None:
    """The same, recorded at the camera's end: what is sent again was seen before."""
    lossy_network(path, at_camera=True)


def lossy_network(path: Path, at_camera: bool) -> None:
    """Downloads over a link that loses 4 % of the frames; both kernels repair it."""
    model = standard_model(photo_bytes=2 * PHOTO_BYTES)
    with LossyLink(loss=0.04, seed=4) as link, tempfile.TemporaryDirectory() as home:
        camera = SimulatedCamera(model, CAMERA_ADDRESS, behaviour=Behaviour(chunk_bytes=8192))
        recording = (
            Recording(path, CAMERA_INTERFACE) if at_camera else Recording(path, CLIENT_INTERFACE, prefix=link.client)
        )
        with camera, recording:
            gphoto2 = Gphoto2(CAMERA_ADDRESS, Path(home), prefix=link.client)
            client(gphoto2, "--get-file", "1", "--get-file", "2", "--get-thumbnail", "3")
            finish(camera)
        if not link.lost:
            raise RecordingFailed("the link lost nothing")


def lossy_capture(path: Path) -> None:
    """The conversation of ``list-and-get`` as a recorder saw it that missed packets; the peers missed none."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.pcap"
        list_and_get(whole)
        drop_packets(whole, path, loss=0.06, seed=3)


def drop_packets(whole: Path, path: Path, loss: float, seed: int) -> None:
    """Copy a pcap file without some of its packets that carry data; the three-way handshakes stay."""
    raw, chosen = whole.read_bytes(), random.Random(seed)
    kept, at, dropped = [raw[:24]], 24, 0
    while at < len(raw):
        (captured,) = struct.unpack_from("=I", raw, at + 8)
        record = raw[at : at + 16 + captured]
        at += len(record)
        if captured > ACK_BYTES and chosen.random() < loss:
            dropped += 1
        else:
            kept.append(record)
    if not dropped:
        raise RecordingFailed("no packet was dropped")
    path.write_bytes(b"".join(kept))


class LiveViewCamera(SimulatedCamera):
    """Answers one operation of Nikon's, with a picture that differs each time behind a header of zeros."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        pictures = [encode(draw(number, 320, 240), f"Frame {number}") for number in range(1, LIVE_VIEW_FRAMES + 1)]
        self.frames = iter(pictures)  # drawn beforehand: it takes longer than a frame lasts

    def _perform(self, session: Session, request: Packet, data: bytes | None) -> Answer:
        if request.operationCode != GET_LIVE_VIEW:
            answer = super()._perform(session, request, data)
            if request.operationCode == Operation.GetDeviceInfo:
                told = self.model.device_info()
                told = replace(told, vendor_extension_id=NIKON, operations=(*told.operations, GET_LIVE_VIEW))
                answer = replace(answer, data=told.pack())
            return answer
        return Answer(data=bytes(LIVE_VIEW_HEADER) + next(self.frames))


def live_view(path: Path) -> None:
    """75 pictures at about 25 a second; the camera focuses for 0.35 s, the client does something else for 0.25 s."""
    camera = LiveViewCamera(standard_model(), ADDRESS, behaviour=Behaviour(chunk_bytes=4096))
    with camera, Recording(path):
        with Initiator(ADDRESS) as initiator:
            initiator.open_session()
            initiator.transact(Operation.GetDeviceInfo)
            for number in range(LIVE_VIEW_FRAMES):
                camera.behaviour.work_s[GET_LIVE_VIEW] = 0.35 if number == 30 else 0.004 + number % 5 / 1000
                if initiator.transact(GET_LIVE_VIEW).response != Response.OK:
                    raise RecordingFailed("no picture")
                time.sleep(0.25 if number == 50 else 0.025 + number % 3 / 500)
            initiator.transact(Operation.CloseSession)
        finish(camera)


class WearyCamera(SimulatedCamera):
    """Its battery gets weaker with each photo, and at 5 % it takes none."""

    def _perform(self, session: Session, request: Packet, data: bytes | None) -> Answer:
        battery = self.model.property(Property.BatteryLevel)
        if request.operationCode == Operation.InitiateCapture:
            if battery.current == 5:
                return Answer(Response.GeneralError)
            battery.current = max(int(battery.current) - 15, 5)
        return super()._perform(session, request, data)


def weary_battery(path: Path) -> None:
    """A row of photos with other exposures, until the camera refuses; the battery is asked for after each."""
    with WearyCamera(standard_model(photos=0), ADDRESS) as camera, Recording(path):
        with Initiator(ADDRESS) as initiator:
            initiator.open_session()
            for code in (Property.BatteryLevel, Property.ExposureTime, Property.ExposureIndex, Property.FNumber):
                initiator.transact(Operation.GetDevicePropDesc, code)
            for number, (milliseconds, speed) in enumerate(
                ((80, 200), (40, 200), (40, 400), (166, 400), (166, 100), (333, 100), (80, 800))
            ):
                initiator.transact(
                    Operation.SetDevicePropValue, Property.ExposureTime, data=struct.pack("<I", milliseconds)
                )
                initiator.transact(Operation.SetDevicePropValue, Property.ExposureIndex, data=struct.pack("<H", speed))
                if initiator.transact(Operation.InitiateCapture).response == Response.OK:
                    while (event := initiator.next_event()) and event.eventCode != Event.CaptureComplete:
                        pass
                initiator.transact(Operation.GetDevicePropValue, Property.BatteryLevel)
                time.sleep(0.1 + number / 50)
            initiator.transact(Operation.CloseSession)
        finish(camera)
        expect(camera, Operation.InitiateCapture, Response.GeneralError)


def firmware_1(path: Path) -> None:
    """What a client does with a camera that is as it should be."""
    firmware(path, Behaviour(chunk_bytes=8192))


def firmware_2(path: Path) -> None:
    """The same client with a newer firmware: slower, without a property and an operation, and with wrong totals."""
    slower = {Operation.GetDevicePropDesc: 0.03, Operation.GetObject: 0.12}
    firmware(path, Behaviour(chunk_bytes=8192, chunk_pause_s=0.06, work_s=dict(slower), announced_too_much=8), "2.0")


def firmware(path: Path, behaviour: Behaviour, version: str = "1.0") -> None:
    """Properties described, one of them set, a photo taken and fetched."""
    camera = FirmwareCamera(standard_model(photo_bytes=PHOTO_BYTES), ADDRESS, behaviour=behaviour)
    camera.version = version
    if version != "1.0":
        del camera.model.properties[Property.FocusMode]
    with camera, Recording(path):
        with Initiator(ADDRESS, name="Check client") as initiator:
            initiator.open_session()
            initiator.transact(Operation.GetDeviceInfo)
            for code in (Property.BatteryLevel, Property.FNumber, Property.FocusMode, Property.ExposureTime):
                initiator.transact(Operation.GetDevicePropDesc, code)
            initiator.transact(Operation.SetDevicePropValue, Property.FNumber, data=struct.pack("<H", 800))
            initiator.transact(Operation.InitiateCapture)
            while (event := initiator.next_event()) and event.eventCode != Event.CaptureComplete:
                pass
            for handle in (3, 4):
                initiator.transact(Operation.GetObjectInfo, handle)
                initiator.transact(Operation.GetObject, handle)
                initiator.transact(Operation.GetPartialObject, handle, 0, 1024)
                time.sleep(0.05)
            initiator.transact(Operation.CloseSession)
        finish(camera)


class FirmwareCamera(SimulatedCamera):
    """A camera with a version of its firmware; after the first one GetPartialObject is gone."""

    version = "1.0"

    def _perform(self, session: Session, request: Packet, data: bytes | None) -> Answer:
        first = self.version == "1.0"
        if request.operationCode == Operation.GetPartialObject and not first:
            return Answer(Response.OperationNotSupported)
        answer = super()._perform(session, request, data)
        if request.operationCode == Operation.GetDeviceInfo:
            told = self.model.device_info()
            operations = [one for one in told.operations if first or one != Operation.GetPartialObject]
            answer = replace(
                answer, data=replace(told, device_version=self.version, operations=tuple(operations)).pack()
            )
        return answer


def expect(camera: SimulatedCamera, operation: int, response: int) -> None:
    """The camera must have given this answer."""
    if not any((one.operation_code, one.response_code) == (operation, response) for one in camera.log.transactions):
        raise RecordingFailed(f"no {operation:#06x} was answered {response:#06x}")


def wait_for_session(camera: SimulatedCamera, timeout_s: float = 5.0) -> None:
    """Wait until an initiator has opened its session."""
    deadline = time.monotonic() + timeout_s
    while not any(session.ptp.session_id is not None for session in camera.sessions.values()):
        if time.monotonic() > deadline:
            raise RecordingFailed("nobody opened a session")
        time.sleep(0.01)


CAPTURES: dict[str, Callable[[Path], None]] = {
    "summary.pcapng": summary,
    "list-and-get.pcapng": list_and_get,
    "config.pcap": config,
    "capture-and-download.pcapng": capture_and_download,
    "upload-delete.pcap": upload_delete,
    "init-fail.pcapng": init_fail,
    "busy.pcap": busy,
    "cancel-and-probe.pcapng": cancel_and_probe,
    "two-initiators.pcapng": two_initiators,
    "announced.pcapng": announced,
    "midstream.pcapng": midstream,
    "snaplen-96.pcap": snaplen_96,
    "lossy-network-client.pcapng": lossy_network_client,
    "lossy-network-camera.pcap": lossy_network_camera,
    "lossy-capture.pcap": lossy_capture,
    "live-view.pcapng": live_view,
    "weary-battery.pcapng": weary_battery,
    "firmware-1.pcapng": firmware_1,
    "firmware-2.pcapng": firmware_2,
}


def record(names: list[str]) -> None:
    """Record the captures named, in the namespaces this process is in."""
    subprocess.run(["hostname", HOST_NAME], check=True)
    subprocess.run(["ip", "link", "set", "dev", "lo", "mtu", str(ETHERNET_MTU), "gso_max_segs", "1", "up"], check=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            recording = Path(folder) / name
            CAPTURES[name](recording)
            size = recording.stat().st_size
            if size > LIMIT_BYTES:
                raise RecordingFailed(f"{name} has {size} bytes")
            (HERE / name).write_bytes(without_machine(recording.read_bytes()))
        print(f"{name}: {size} bytes")


def without_machine(raw: bytes) -> bytes:
    """A pcapng file without what dumpcap tells about the machine: its processor and kernel. pcap files tell nothing."""
    if not raw.startswith(SECTION_HEADER.to_bytes(4, "little")):
        return raw
    blocks, at = [], 0
    while at < len(raw):
        kind, length = struct.unpack_from("=II", raw, at)
        body = raw[at + 8 : at + length - 4]
        if kind in OPTIONS_AT:
            body = _without_options(body, OPTIONS_AT[kind], MACHINE_OPTIONS[kind])
        blocks.append(struct.pack("=II", kind, len(body) + 12) + body + struct.pack("=I", len(body) + 12))
        at += length
    return b"".join(blocks)


def _without_options(body: bytes, at: int, unwanted: set[int]) -> bytes:
    """A block's body without some of the options that begin at ``at``."""
    kept = [body[:at]]
    while at < len(body):
        code, length = struct.unpack_from("=HH", body, at)
        end = at + 4 + (length + 3) // 4 * 4
        if code not in unwanted:
            kept.append(body[at:end])
        at = end
    return b"".join(kept)


def main(arguments: list[str]) -> int:
    """Enter namespaces of our own, then record."""
    names = [name for name in arguments if name != INSIDE] or list(CAPTURES)
    unknown = set(names) - set(CAPTURES)
    if unknown:
        print(f"no such capture: {', '.join(sorted(unknown))}; there are {', '.join(CAPTURES)}", file=sys.stderr)
        return 2
    if INSIDE not in arguments:
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = [require("unshare"), *root, "--net", "--uts", sys.executable, __file__, INSIDE, *names]
        return subprocess.run(command, check=False).returncode
    record(names)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
