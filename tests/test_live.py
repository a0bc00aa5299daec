"""gphoto2, which nobody here wrote, talks to the simulated camera; what dumpcap recorded is analysed and compared with
the camera's own log.

Needs gphoto2 and dumpcap with the right to capture on loopback: without them the tests are skipped, or fail if CI=true.
"""

import itertools
import os
import struct
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import ptpip_analyze
from ptpip_analyze.layers import ProbeResponse

from .camera import (
    Behaviour,
    DataStyle,
    Gphoto2,
    Initiator,
    MissingProgram,
    Recording,
    SimulatedCamera,
    require,
    standard_model,
)
from .camera.codes import Event, FailReason, Format, Operation, Property, Response
from .camera.datasets import ObjectInfo
from .camera.model import CARD
from .camera.tools import CAPTURE_FILTER
from .camera.tools import GUID as GPHOTO2_GUID
from .camera.wire import data_phase, send

FOLDER = "/store_00010001/DCIM/100SIMUL"
CAPTURES = Path(__file__).parent.parent / "captures"
NO_TRANSACTION = 0xFFFFFFFF

_numbers = itertools.count(2)


class Stage:
    """A camera on a loopback address of its own, clients for it, and the recording of what they say."""

    def __init__(self, folder):
        number = next(_numbers)
        # gphoto2 always connects to port 15740, so test runs at the same time need addresses of their own.
        self.address = f"127.{os.getpid() % 199 + 1}.{os.getpid() // 199 % 250}.{number}"
        self.folder = folder
        self.recording = folder / ("live.pcap" if number % 2 else "live.pcapng")
        self.camera = SimulatedCamera(standard_model(photo_bytes=20_000), self.address)
        self.gphoto2 = Gphoto2(self.address, folder / "home")

    @contextmanager
    def recorded(self):
        """Record until the last initiator has gone."""
        with self.camera, Recording(self.recording, capture_filter=f"{CAPTURE_FILTER} and host {self.address}"):
            yield
            assert self.camera.wait_idle()
        assert self.camera.log.violations == []

    def run(self, *arguments):
        """One recorded run of gphoto2, which must succeed; what it printed."""
        with self.recorded():
            ran = self.gphoto2.run(*arguments)
        assert (ran.returncode, ran.stderr) == (0, "")
        return ran.stdout

    def analyse(self):
        """The analysis of the recording, after it was found to agree with the camera's log."""
        analysis = ptpip_analyze.analyze(self.recording)
        log = self.camera.log
        sessions = analysis.sessions
        guids = [bytes.fromhex(guid.replace("-", "")) for guid in sessions["initiator_guid"]]
        if len(set(guids)) == len(guids):  # of two that come at once, either may be heard first
            log.sessions.sort(key=lambda one: guids.index(one.initiator_guid))
        assert sessions["status"].tolist() == ["rejected" if one.fail_reason else "established" for one in log.sessions]
        assert sessions["initiator_name"].tolist() == [one.initiator_name for one in log.sessions]
        assert guids == [one.initiator_guid for one in log.sessions]
        for session, logged in zip(sessions.itertuples(), log.sessions, strict=True):
            assert (session.responder_address, session.responder_port) == (self.address, 15740)
            number = logged.connection_number
            if number:
                assert (session.connection_number, session.paired_by) == (number, "connection-number")
            transactions = analysis.transactions[analysis.transactions["session"] == session.session]
            assert rows(transactions) == [
                (
                    one.transaction_id,
                    one.operation_code,
                    one.parameters,
                    one.data_direction,
                    one.data_bytes,
                    one.response_code,
                    one.response_parameters,
                    "cancelled" if one.response_code == Response.TransactionCanceled else "complete",
                )
                for one in log.transactions
                if one.connection_number == number
            ]
            events = analysis.events[analysis.events["session"] == session.session]
            assert event_rows(events) == [
                (one.event_code, one.transaction_id, one.parameters)
                for one in log.events
                if one.connection_number == number
            ]
        return analysis


def rows(transactions):
    """What the camera logs too, of each transaction."""
    return [
        (
            int(row.transaction_id),
            int(row.operation_code),
            tuple(row.parameters),
            row.data_direction,
            int(row.data_bytes),
            int(row.response_code),
            tuple(row.response_parameters),
            row.status,
        )
        for row in transactions.itertuples()
    ]


def event_rows(events):
    """What the camera logs too, of each event."""
    return [(int(row.event_code), int(row.transaction_id), tuple(row.parameters)) for row in events.itertuples()]


def only(table, **wanted):
    """The one row of a table whose columns have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Skip where live tests can't run, and fail where they must."""
    try:
        require("gphoto2")
        with Recording(tmp_path_factory.mktemp("probe") / "probe.pcapng"):
            pass
    except (MissingProgram, PermissionError) as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def stage(programs, tmp_path):
    return Stage(tmp_path)


def test_reads_a_summary(stage):
    said = stage.run("--summary")
    assert "Manufacturer: ptpip-analyze" in said
    assert "Model: Simulated Camera" in said
    assert "ISO 200" in said
    analysis = stage.analyse()
    assert analysis.sessions["initiator_guid"].str.replace("-", "").tolist() == [GPHOTO2_GUID.hex()]
    assert analysis.sessions["responder_name"].tolist() == ["Simulated Camera"]
    described = analysis.transactions["operation"].tolist().count("GetDevicePropDesc")
    assert described == len(stage.camera.model.properties)
    assert analysis.packets["session"].notna().all()


def test_lists_files(stage):
    said = stage.run("--list-files")
    assert "There are 3 files in folder '/store_00010001/DCIM/100SIMUL'." in said
    assert "SIM_0003.JPG" in said
    stage.analyse()


@pytest.mark.parametrize("style", DataStyle)
def test_downloads_a_photo_in_every_style_of_data_phase(stage, style):
    stage.camera.behaviour = Behaviour(style, chunk_bytes=4096)
    stage.run("--get-file", "2")
    photo = stage.camera.model.object(4).data
    assert (stage.gphoto2.files / "SIM_0002.JPG").read_bytes() == photo
    analysis = stage.analyse()
    download = only(analysis.transactions, operation="GetObject")
    assert (download.announced_bytes, download.data_bytes) == (len(photo), len(photo))
    assert analysis.data(download) == photo
    parts = -(-len(photo) // 4096)
    assert (
        download.data_messages
        == {DataStyle.ONE_END_DATA: 1, DataStyle.DATA_THEN_REST: parts, DataStyle.DATA_THEN_EMPTY: parts + 1}[style]
    )


def test_downloads_a_thumbnail(stage):
    stage.run("--get-thumbnail", "1")
    thumbnail = stage.camera.model.object(3).thumbnail
    assert (stage.gphoto2.files / "thumb_SIM_0001.jpg").read_bytes() == thumbnail
    analysis = stage.analyse()
    assert analysis.data(only(analysis.transactions, operation="GetThumb")) == thumbnail


def test_tells_about_a_file(stage):
    said = stage.run("--show-info", "1")
    assert f"Size:        {len(stage.camera.model.object(3).data)} byte(s)" in said
    assert "Width:       320 pixel(s)" in said
    stage.analyse()


def test_lists_the_configuration(stage):
    said = stage.run("--list-config")
    assert "/main/imgsettings/iso" in said
    assert "/main/capturesettings/f-number" in said
    stage.analyse()


def test_reads_and_sets_a_property(stage):
    with stage.recorded():
        assert stage.gphoto2.run("--set-config", "iso=400").returncode == 0
        assert "Current: 400" in stage.gphoto2.run("--get-config", "iso").stdout
    assert stage.camera.model.property(Property.ExposureIndex).current == 400
    analysis = stage.analyse()
    change = only(analysis.transactions, operation="SetDevicePropValue")
    assert (tuple(change.parameters), analysis.data(change)) == ((Property.ExposureIndex,), struct.pack("<H", 400))


def test_captures_and_downloads_what_it_captured(stage):
    said = stage.run("--capture-image-and-download")
    assert "SIM_0004.JPG" in said
    assert (stage.gphoto2.files / "SIM_0004.JPG").read_bytes()[:2] == b"\xff\xd8"
    analysis = stage.analyse()
    capture = only(analysis.transactions, operation="InitiateCapture")
    assert analysis.events["event"].tolist() == ["ObjectAdded", "CaptureComplete"]
    assert set(analysis.events["transaction_id"]) == {capture.transaction_id}


def test_waits_for_events(stage):
    with stage.recorded():
        waiting = stage.gphoto2.start("--wait-event=1s")
        while not any(session.ptp.session_id for session in stage.camera.sessions.values()):
            assert waiting.poll() is None
            time.sleep(0.01)
        stage.camera.press_shutter()
        said, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 0
    assert "SIM_0004.JPG" in said
    assert event_rows(stage.analyse().events) == [(Event.ObjectAdded, NO_TRANSACTION, (6,))]


def test_uploads_a_file(stage):
    (stage.gphoto2.files / "note.txt").write_bytes(b"from gphoto2\n")
    stage.run("--folder", FOLDER, "--upload-file", "note.txt")
    uploaded = next(one for one in stage.camera.model.objects.values() if one.filename == "note.txt")
    assert uploaded.data == b"from gphoto2\n"
    analysis = stage.analyse()
    assert analysis.data(only(analysis.transactions, operation="SendObject")) == b"from gphoto2\n"


def test_deletes_a_file(stage):
    stage.run("--folder", FOLDER, "--delete-file", "SIM_0001.JPG")
    assert 3 not in stage.camera.model.objects
    assert tuple(only(stage.analyse().transactions, operation="DeleteObject").parameters) == (3, 0)


@pytest.mark.parametrize("reason", FailReason)
def test_is_refused(stage, reason):
    stage.camera.behaviour.fail_reason = reason
    with stage.recorded():
        assert stage.gphoto2.run("--summary").returncode != 0
    refused = stage.analyse().sessions.iloc[0]
    assert refused.fail_reason_code == reason


def test_is_told_that_the_camera_is_busy(stage):
    stage.camera.behaviour.busy[Operation.GetObject] = 1
    with stage.recorded():
        assert stage.gphoto2.run("--get-file", "1").returncode != 0
        assert stage.gphoto2.run("--get-file", "1").returncode == 0
    downloads = stage.analyse().transactions.query('operation == "GetObject"')
    assert downloads["response"].tolist() == ["DeviceBusy", "OK"]


def test_shares_the_camera_with_another_initiator(stage):
    stage.camera.behaviour = Behaviour(chunk_bytes=2048, chunk_pause_s=0.002)
    other = Gphoto2(stage.address, stage.folder / "other", guid=b"ANOTHER  GPHOTO2")
    with stage.recorded():
        clients = [other.start("--get-file", "1"), stage.gphoto2.start("--get-file", "2")]
        said = [client.communicate(timeout=20)[0] for client in clients]
    assert [client.returncode for client in clients] == [0, 0], said
    sessions = stage.analyse().sessions
    assert sessions["start_time"].max() < sessions["end_time"].min()


def test_sees_what_is_cancelled_and_probed(stage):
    stage.camera.behaviour = Behaviour(chunk_bytes=1024, chunk_pause_s=0.005)
    with stage.recorded(), Initiator(stage.address, name="Ötzi 📷") as initiator:
        initiator.open_session()
        download = initiator.request(Operation.GetObject, 3)
        for _ in range(5):
            initiator.next_message()
        initiator.cancel(download)
        assert initiator.outcome(begun=True).response == Response.TransactionCanceled
        info = ObjectInfo(CARD, Format.Undefined, 2, "upload.bin", 5000)
        initiator.transact(Operation.SendObjectInfo, CARD, 2, data=info.pack())
        upload = initiator.request(Operation.SendObject, out=True)
        for message in list(data_phase(upload, bytes(5000), DataStyle.DATA_THEN_REST, 1024))[:3]:
            send(initiator.command, message)
        initiator.cancel(upload, ("event", "command"))
        assert initiator.outcome().response == Response.TransactionCanceled
        assert ProbeResponse in initiator.probe()
        initiator.transact(Operation.CloseSession)
    messages = stage.analyse().messages
    assert messages[messages["type"] == "Cancel"]["connection"].value_counts().to_dict() == {"command": 2, "event": 2}
    probes = messages[messages["type"].str.startswith("Probe")]
    assert probes["direction"].tolist() == ["to-responder", "to-initiator"]


def test_has_a_small_capture_of_each_conversation_and_a_row_about_it():
    files = {file.name: file for file in CAPTURES.iterdir() if file.suffix in (".pcap", ".pcapng")}
    listed = [
        line.split("`")[1] for line in (CAPTURES / "README.md").read_text().splitlines() if line.startswith("| `")
    ]
    assert sorted(files) == sorted(listed)
    assert all(file.stat().st_size < 1 << 20 for file in files.values())
