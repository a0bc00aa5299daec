"""Jobs on a Dask cluster: the same dataset, also where workers are killed, and where one capture kills them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import fsspec
import pytest
from distributed import Client, LocalCluster, WorkerPlugin

from ptpip_analyze.fleet import FleetError, export_many, open_fleet
from ptpip_analyze.fleet.cluster import Cluster
from tests.traffic import capture, write_pcap

from .here import Here, contents, job

STORIES = ("plain", "two_pairs", "cancels_in", "upload", "parameters", "probes")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two workers with processes of their own, which nannies begin again."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0"
    ) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(8):
        write_pcap(tmp_path / "in" / f"{number:02d}.pcap", capture(STORIES[number % len(STORIES)]))
    return tmp_path / "in"


class Slow(WorkerPlugin):
    """Each job takes a while, so that there is time to kill somebody; and one capture kills whoever reads it."""

    name = "slow"

    def __init__(self, killer: str = "") -> None:
        self.killer = killer

    def setup(self, worker) -> None:
        from ptpip_analyze.fleet import work

        written = getattr(work, "_written_before", work._written)
        work._written_before = written
        killer = self.killer

        def slow(job, folder, known):
            time.sleep(0.05)
            if killer and job.capture.endswith(killer):
                os.kill(os.getpid(), signal.SIGKILL)
            return written(job, folder, known)

        work._written = slow


@pytest.fixture
def plugged(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as client:
        yield client
        client.unregister_worker_plugin("slow")


def made_here(folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the dataset has to be: made without any cluster."""
    with monkeypatch.context() as patched:
        patched.setattr("ptpip_analyze.fleet.run._crew", lambda width, scheduler: Here())
        assert export_many([str(folder)], target).failed == []
    return contents(target)


def test_makes_the_dataset_that_one_process_makes(
    cluster: LocalCluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = export_many([str(folder)], tmp_path / "d", scheduler=cluster.scheduler_address)
    assert (len(outcome.records), outcome.failed) == (8, [])
    assert contents(tmp_path / "d") == made_here(folder, tmp_path / "here", monkeypatch)


def test_loses_and_doubles_nothing_where_a_worker_is_killed(
    cluster: LocalCluster, plugged: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged.register_plugin(Slow())
    victims: list[int] = []

    def kill() -> None:
        while not list((tmp_path / "d" / "_records").glob("*.json")):
            time.sleep(0.01)
        victims.append(next(iter(plugged.run(os.getpid).values())))
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = export_many([str(folder)], tmp_path / "d", scheduler=cluster.scheduler_address)
    killer.join()
    assert victims
    assert outcome.failed == []
    assert contents(tmp_path / "d") == made_here(folder, tmp_path / "here", monkeypatch)
    rows = open_fleet(tmp_path / "d").frame("transactions", ["row_id", "capture_id"])
    assert rows["row_id"].is_unique
    assert rows.groupby("capture_id").size().to_dict() == {
        record.capture_id: record.rows["transactions"] for record in outcome.records
    }


def test_records_the_capture_that_kills_its_workers_and_no_other(
    cluster: LocalCluster, plugged: Client, folder: Path, tmp_path: Path
) -> None:
    plugged.register_plugin(Slow("05.pcap"))
    plugged.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
    outcome = export_many([str(folder)], tmp_path / "d", scheduler=cluster.scheduler_address)
    assert [(Path(one.capture).name, one.failure) for one in outcome.failed] == [
        ("05.pcap", "each process that analysed it was killed: it may take more memory than there is")
    ]
    assert len(outcome.records) == 8


def test_reads_and_writes_behind_fsspec(folder: Path, tmp_path: Path) -> None:
    """A file system in memory is one of a process: its worker is a thread of this one."""
    files = fsspec.filesystem("memory")
    source, target = f"memory://{tmp_path.name}/in", f"memory://{tmp_path.name}/d"
    for path in folder.iterdir():
        files.pipe(f"/{tmp_path.name}/in/{path.name}", path.read_bytes())
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as inside:
        outcome = export_many([source], target, scheduler=inside.scheduler_address)
        assert (len(outcome.records), outcome.failed) == (8, [])
        assert export_many([source], target, scheduler=inside.scheduler_address).skipped == 8
    assert open_fleet(target).dataset("sessions").count_rows() == sum(one.rows["sessions"] for one in outcome.records)


def test_says_that_no_scheduler_answers(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptpip_analyze.fleet.cluster._CONNECT_S", 0.5)
    with pytest.raises(FleetError, match=r"^tcp://127\.0\.0\.1:1: no Dask scheduler answers there$"):
        Cluster("tcp://127.0.0.1:1")


def test_waits_for_workers_for_a_while_only(tmp_path: Path) -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        Cluster(empty.scheduler_address, patience_s=0.1) as crew,
    ):
        assert crew.width == 1
        crew.submit(job(tmp_path, "x.pcap"))
        with pytest.raises(FleetError, match="has no workers"):
            crew.take()


def test_says_that_the_scheduler_is_gone(tmp_path: Path) -> None:
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
            crew = Cluster(empty.scheduler_address)
            crew.submit(job(tmp_path, "x.pcap"))
        with crew, pytest.raises(FleetError, match="scheduler is gone"):
            crew.take()


def test_takes_no_rows_of_another_version(
    cluster: LocalCluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ptpip_analyze.fleet.cluster.__version__", "99")
    with pytest.raises(FleetError, match=r"a worker has version .*, and this is 99"):
        export_many([str(folder)], tmp_path / "d", scheduler=cluster.scheduler_address)
