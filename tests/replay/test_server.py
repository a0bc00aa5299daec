"""A recorded camera on a socket, for clients of any kind; gphoto2 among them."""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import struct
from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.compare import compared
from ptpip_analyze.replay import server
from tests.camera import Gphoto2, Initiator, Recording
from tests.camera.initiator import Rejected
from tests.replay.made import stage
from tests.support import ROOT, program
from tests.traffic import capture, conversation, pcap_bytes

FOLDER = "/store_00010001/DCIM/100SIMUL"
_numbers = itertools.count(2)


def small() -> list:
    return conversation(responder_name="camera", connection_number=5).open().get_property(value=b"\1").close().packets()


def test_greets_as_the_recorded_camera_did() -> None:
    with stage(small()).listening() as at, Initiator("127.0.0.1", at.port) as initiator:
        assert initiator.ack.friendlyName == "camera"
        assert initiator.ack.connectionNumber == 5
        assert initiator.ack.guid == bytes(range(16, 32))


def test_serves_one_client_after_another_from_the_beginning() -> None:
    with stage(small()).listening() as at:
        for _ in range(3):
            with Initiator("127.0.0.1", at.port) as initiator:
                assert initiator.open_session().response == 0x2001
                assert initiator.transact(0x1015, 0x5001).data == b"\1"
    assert sum("2 answered, 0 refused" in line for line in at.said) == 3


def test_tells_a_second_client_that_it_is_busy() -> None:
    with stage(small()).listening() as at, Initiator("127.0.0.1", at.port):
        with pytest.raises(Rejected) as told, Initiator("127.0.0.1", at.port):
            pass
        assert told.value.reason == 2


def test_refuses_an_event_connection_of_nobody() -> None:
    with stage(small()).listening() as at, socket.create_connection(("127.0.0.1", at.port), 5) as peer:
        peer.sendall(struct.pack("<III", 12, 3, 5))
        assert peer.recv(100) == struct.pack("<III", 12, 5, 1)


def test_rejects_as_the_recorded_camera_did() -> None:
    with stage(capture("fails_on_command")).listening() as at:
        with pytest.raises(Rejected) as told, Initiator("127.0.0.1", at.port):
            pass
        assert told.value.reason > 0


def test_says_that_a_greeting_is_not_in_the_capture() -> None:
    with stage(capture("midstream")).listening() as at, Initiator("127.0.0.1", at.port) as initiator:
        assert initiator.ack.guid == bytes(16)
    assert "greeting is not in the capture" in at.said[0]


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 4000, struct.pack("<II", 0xFFFFFFF0, 1), b"", b"\x08\0\0\0\7"]
)
def test_goes_on_after_garbage(garbage: bytes) -> None:
    with stage(small()).listening() as at:
        with socket.create_connection(("127.0.0.1", at.port), 5) as peer:
            peer.sendall(garbage)
        with Initiator("127.0.0.1", at.port) as initiator:
            assert initiator.open_session().response == 0x2001


def test_goes_on_after_garbage_inside_a_session() -> None:
    with stage(small()).listening() as at:
        with Initiator("127.0.0.1", at.port) as initiator:
            initiator.command.sendall(b"\xff" * 64)
            assert initiator.command.recv(1) == b""
        with Initiator("127.0.0.1", at.port) as initiator:
            assert initiator.open_session().response == 0x2001
    assert any("sent no message of PTP-IP" in line for line in at.said)


def test_goes_on_where_the_capture_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "shrinks.pcap"
    path.write_bytes(pcap_bytes(conversation().open().get_object(7, bytes(50_000)).close().packets(), nano=True))
    with stage(path).listening() as at, Initiator("127.0.0.1", at.port) as initiator:
        initiator.open_session()
        os.truncate(path, 3000)
        initiator.request(0x1009, 7)
        while initiator.command.recv(4096):
            pass
    assert any("the capture has changed" in line for line in at.said)


def test_gives_up_a_client_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "GREETING_S", 0.05)
    with stage(small()).listening() as at, socket.create_connection(("127.0.0.1", at.port), 5) as peer:
        assert peer.recv(1) == b""
    assert any("did not go on in time" in line for line in at.said)


def test_asks_a_silent_client_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    keep_alive = server._keep_alive

    def watched(writer) -> None:
        keep_alive(writer)
        asked.append(writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    monkeypatch.setattr(server, "_keep_alive", watched)
    with stage(small()).listening() as at, Initiator("127.0.0.1", at.port):
        assert asked == [1, 1]  # commands and events


def test_lets_in_a_bounded_number_of_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    with stage(small()).listening() as at:
        idle = [socket.create_connection(("127.0.0.1", at.port), 5) for _ in range(2)]
        with socket.create_connection(("127.0.0.1", at.port), 5) as peer:
            assert peer.recv(1) == b""
        for one in idle:
            one.close()


def test_ends_after_the_first_client_if_asked_to() -> None:
    with stage(small(), once=True).listening() as at:
        with Initiator("127.0.0.1", at.port) as initiator:
            initiator.open_session()
        assert at.ended.wait(5)


# What gphoto2 was asked for, session by session, when these were recorded (captures/record.py).
RUNS = {
    "summary.pcapng": [("--summary",)],
    "list-and-get.pcapng": [("--list-files",), ("--get-file", "2"), ("--get-thumbnail", "1")],
    "capture-and-download.pcapng": [("--capture-image-and-download",), ("--wait-event=1s",)],
    "config.pcap": [
        ("--list-config",), ("--get-config", "iso"), ("--set-config", "iso=400"), ("--set-config", "f-number=8"),
        ("--set-config", "/main/other/500f=123"),
    ],
    "upload-delete.pcap": [
        ("--folder", FOLDER, "--upload-file", "upload.jpg"), ("--folder", FOLDER, "--list-files"),
        ("--folder", FOLDER, "--get-file", "upload.jpg"), ("--folder", FOLDER, "--delete-file", "upload.jpg"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_answers_gphoto2_as_the_camera_did(name: str, tmp_path: Path) -> None:
    """The same client has the same conversation once more: ``compared`` finds no difference but of times."""
    for tool in ("gphoto2", "dumpcap"):
        program(tool)
    # gphoto2 always connects to port 15740, so test runs at the same time need addresses of their own.
    address = f"127.{os.getpid() % 199 + 1}.{os.getpid() // 199 % 250 + 1}.{next(_numbers)}"
    gphoto2 = Gphoto2(address, tmp_path / "home")
    recorded = tmp_path / "replayed.pcapng"
    with analyze(ROOT / "captures" / name) as camera:
        uploads = camera.objects.query("kind == 'upload'")
        for transaction in uploads.transaction:
            (gphoto2.files / "upload.jpg").write_bytes(camera.data(transaction))
        wanted = set(camera.objects.query("kind == 'object' and complete").sha256)
        said: list[str] = []
        with Recording(recorded, capture_filter=f"tcp port 15740 and host {address}"):
            for session, arguments in enumerate(RUNS[name]):
                with stage(ROOT / "captures" / name, session).listening(address, 15740) as at:
                    ran = gphoto2.run("--force-overwrite", *arguments)
                    assert ran.returncode == 0, ran.stderr
                said += at.said
        assert not [line for line in said if "refused " in line and "0 refused" not in line]
        with analyze(recorded) as replayed:
            found = compared(camera.results, replayed.results)
            if len(RUNS[name]) == len(camera.sessions):
                assert not found["differ"]
            for one in found["sessions"][: len(RUNS[name])]:
                assert one["differences"] == 0
            columns = ["transaction_id", "operation_code", "data_bytes", "data_messages", "response_code", "status"]
            both = [
                one.transactions.query(f"session < {len(RUNS[name])}")[columns].to_dict("list")
                for one in (camera, replayed)
            ]
            assert both[0] == both[1]
    files = {hashlib.sha256(file.read_bytes()).hexdigest() for file in gphoto2.files.iterdir()}
    assert wanted <= files | {hashlib.sha256(b"").hexdigest()}
