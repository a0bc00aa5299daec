"""gphoto2 and the simulated camera talk on loopback and between two network namespaces, and `live` watches: its rows
are those of the file that it saves, whatever happens to the camera, the client, the network, the disk or itself.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import ptpip_analyze
from ptpip_analyze.capture.recorders import MEANS
from ptpip_analyze.tables.lines import json_rows, write_lines
from tests.camera import Gphoto2
from tests.network import APP, CAMERA, Camera, Network, Watching, until
from tests.support import program

LOOPBACK = f"127.{os.getpid() % 199 + 1}.{os.getpid() // 199 % 250}.99"


@pytest.fixture(autouse=True)
def programs() -> None:
    for name in ("gphoto2", "dumpcap"):
        program(name)


@pytest.fixture
def network():
    with Network() as made:
        yield made


def listed(capture: Path) -> list[str]:
    """The transactions of a file, which must be whole, as lines of JSON."""
    written = io.BytesIO()
    with ptpip_analyze.analyze(capture) as analysis:
        assert analysis.captures[0].damage is None
        write_lines(analysis.batches("transactions"), written, json_rows, "\n")
    return written.getvalue().decode().splitlines()


def in_order(rows: list[str]) -> list[str]:
    """Rows as a listing has them: a row that came twice counts as it came last."""
    latest = {json.loads(row)["transaction"]: row for row in rows}
    return [latest[number] for number in sorted(latest)]


@pytest.mark.parametrize("means", MEANS)
def test_says_what_the_file_will_say_on_loopback(tmp_path, means):
    saved = tmp_path / "live.pcapng"
    options = ("--filter", f"host {LOOPBACK}", "--with", means, "-w", str(saved))
    with Camera(LOOPBACK, "20000", "0") as _, Watching(tmp_path, "lo", *options) as watching:
        watching.begun()
        gphoto2 = Gphoto2(LOOPBACK, tmp_path / "home")
        assert gphoto2.run("--get-file", "2").returncode == 0
        watching.until("CloseSession", '"OK"')
        assert watching.end() == 130
    assert in_order(watching.rows) == listed(saved)
    assert len(watching.rows) > 10
    assert " 0 dropped by the kernel" in watching.said
    assert "1 session; saved in" in watching.said


def test_watches_two_machines_and_hears_the_camera_announced(network, tmp_path):
    pytest.importorskip("zeroconf")
    saved = tmp_path / "live.pcapng"
    with Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side) as watching:
        watching.begun()
        with Camera(CAMERA, "20000", "0", "Studio Camera", prefix=network.camera_side):
            gphoto2 = Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side)
            assert gphoto2.run("--summary").returncode == 0
            watching.until("CloseSession", '"OK"')
            until(lambda: "announces itself" in watching.said, "an announcement")
        assert watching.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert f"“Studio Camera” announces itself at {CAMERA}:15740 (mdns _ptp._tcp)" in watching.said
    assert in_order(watching.rows) == listed(saved)
    with ptpip_analyze.analyze(saved) as analysis:
        assert analysis.sessions["initiator_address"].tolist() == [APP]
        found = analysis.discovery.query('device == "Studio Camera" and kind == "announcement"')
        assert set(found["joined_by"]) == {"guid"}


def test_keeps_what_there_was_when_the_camera_dies_in_a_transfer(network, tmp_path):
    saved = tmp_path / "live.pcapng"
    with Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side) as watching:
        watching.begun()
        with Camera(CAMERA, "900000", "0.01", prefix=network.camera_side) as camera:
            client = Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).start("--get-file", "2")
            until(lambda: saved.stat().st_size > 200_000, "a transfer")
            camera.kill()
            client.communicate(timeout=20)
        watching.end()
    rows = in_order(watching.rows)
    assert rows == listed(saved)
    (download,) = [row for row in map(json.loads, rows) if row["operation"] == "GetObject"]
    assert download["status"] == "open"
    assert 0 < download["data_bytes"] < 900_000


def test_keeps_what_there_was_when_the_client_dies_in_a_transfer(network, tmp_path):
    saved = tmp_path / "live.pcapng"
    with Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side) as watching:
        watching.begun()
        with Camera(CAMERA, "900000", "0.01", prefix=network.camera_side):
            client = Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).start("--get-file", "2")
            until(lambda: saved.stat().st_size > 200_000, "a transfer")
            client.kill()
            client.communicate(timeout=20)
        watching.end()
    assert in_order(watching.rows) == listed(saved)
    assert any('"GetObject"' in row and '"open"' in row for row in watching.rows)


@pytest.mark.parametrize("means", MEANS)
def test_keeps_what_there_was_when_the_interface_vanishes(network, tmp_path, means):
    saved = tmp_path / "live.pcapng"
    options = ("-w", str(saved), "--with", means)
    with Watching(tmp_path, network.interface, *options, prefix=network.app_side) as watching:
        watching.begun()
        with Camera(CAMERA, "20000", "0", prefix=network.camera_side):
            assert Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).run("--summary").returncode == 0
            watching.until("CloseSession", '"OK"')
            network.cut()
            assert watching.wait() == 2
    assert in_order(watching.rows) == listed(saved)
    last = watching.said.splitlines()[-1]
    assert last.startswith(f"ptpip-analyze: {network.interface}: ")
    assert "Traceback" not in watching.said


def test_says_that_an_interface_was_set_down_and_goes_on_when_it_is_up(network, tmp_path):
    saved = tmp_path / "live.pcapng"
    with Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side) as watching:
        watching.begun()
        network.set("down")
        until(lambda: f"{network.interface} is down" in watching.said, "a word of it")
        network.set("up")
        until(lambda: f"{network.interface} is there again" in watching.said, "a word of it")
        with Camera(CAMERA, "20000", "0", prefix=network.camera_side):
            assert Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).run("--summary").returncode == 0
            watching.until("CloseSession", '"OK"')
        watching.end()
    assert in_order(watching.rows) == listed(saved)


def test_keeps_what_there_was_when_the_disk_is_full(network, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", small], check=False)
    if mounted.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("tmpfs can't be mounted")
        pytest.skip("tmpfs can't be mounted")
    saved = small / "live.pcapng"
    try:
        with Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side) as watching:
            watching.begun()
            with Camera(CAMERA, "900000", "0", prefix=network.camera_side):
                Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).run("--get-file", "2")
                assert watching.wait() == 2
        assert in_order(watching.rows) == listed(saved)
        assert watching.said.splitlines()[-1].endswith(f"{saved}: No space left on device")
        assert saved.stat().st_size > 100_000
    finally:
        subprocess.run(["umount", small], check=True)


def test_leaves_a_whole_file_when_it_is_killed(network, tmp_path):
    saved = tmp_path / "live.pcapng"
    with Camera(CAMERA, "900000", "0.005", prefix=network.camera_side):
        watching = Watching(tmp_path, network.interface, "-w", str(saved), prefix=network.app_side).begun()
        client = Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).start("--get-file", "2")
        until(lambda: saved.stat().st_size > 200_000, "a transfer")
        watching.end(signal.SIGKILL)
        client.communicate(timeout=20)
    size = saved.stat().st_size
    assert any('"open"' in row for row in listed(saved))
    time.sleep(0.3)
    assert saved.stat().st_size == size  # nobody goes on writing
    begun = {json.loads(row)["transaction"] for row in listed(saved)}
    assert {json.loads(row)["transaction"] for row in watching.rows} <= begun


def running(process: int) -> bool:
    """Is there such a process, which has not ended yet?"""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("means", MEANS)
def test_leaves_nobody_capturing_when_it_is_killed_and_no_packet_comes(network, tmp_path, means):
    options = ("--with", means, "--filter", "tcp port 1")
    with Watching(tmp_path, network.interface, *options, prefix=network.app_side) as watching:
        watching.begun()
        number = watching.process.pid
        children = [int(one) for one in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
        assert any(map(running, children))
        watching.end(signal.SIGKILL)
        until(lambda: not any(map(running, children)), "the end of who captures")


def test_tells_who_may_not_capture_how_to_be_allowed(tmp_path):
    weak = [program("setpriv"), "--bounding-set=-net_raw,-net_admin"]
    with Watching(tmp_path, "lo", prefix=weak) as watching:
        assert watching.wait() == 2
    (line,) = watching.said.splitlines()
    assert line.startswith("ptpip-analyze: no permission to capture: ")
    assert "setcap cap_net_raw,cap_net_admin+eip" in line
