"""Jobs on processes of their own: which one was killed is known, and none outlives who began it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ptpip_analyze.fleet.places import FleetError
from ptpip_analyze.fleet.processes import Processes, cores
from tests.traffic import capture, write_pcap

from .here import job


def mortal(pipe: Connection) -> None:
    """Does what the name of the capture says."""
    while True:
        name = Path(pipe.recv().capture).name
        if name == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(FleetError("full") if name == "fail" else f"{name} by {os.getpid()}")


def test_does_jobs_in_other_processes(tmp_path: Path) -> None:
    paths = [write_pcap(tmp_path / f"{number}.pcap", capture("plain")) for number in range(3)]
    with Processes(2) as crew:
        for number in range(2):
            crew.submit(job(tmp_path / "d", paths[number], number))
        first, record = crew.take()
        crew.submit(job(tmp_path / "d", paths[2], 2))
        records = [record, crew.take()[1], crew.take()[1]]
    assert {one.capture_id for one in records if one} == {0, 1, 2}
    assert [one.rows["transactions"] for one in records if one] == [5, 5, 5]
    assert first.capture_id in (0, 1)


def test_knows_which_job_killed_its_process_and_goes_on(tmp_path: Path) -> None:
    with Processes(1, mortal) as crew:
        crew.submit(job(tmp_path, "good"))
        before = crew.take()[1]
        crew.submit(job(tmp_path, "kill"))
        killed, record = crew.take()
        assert (Path(killed.capture).name, record) == ("kill", None)
        crew.submit(job(tmp_path, "good"))
        assert crew.take()[1] != before  # by another process


def test_raises_what_a_job_raised(tmp_path: Path) -> None:
    with Processes(1, mortal) as crew:
        crew.submit(job(tmp_path, "fail"))
        with pytest.raises(FleetError, match="full"):
            crew.take()


def test_leaves_no_process_behind(tmp_path: Path) -> None:
    with Processes(1, mortal) as crew:
        crew.submit(job(tmp_path, "good"))
        _, said = crew.take()
        crew.submit(job(tmp_path, "good"))
    pid = int(str(said).rpartition(" ")[2])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


STUCK = """
import os, sys, time
from ptpip_analyze.fleet.processes import Processes
from tests.fleet.here import job
from tests.fleet.test_processes import stuck

if __name__ == "__main__":
    crew = Processes(1, stuck)
    crew.submit(job(sys.argv[1], "x"))
    time.sleep(60)
"""


def stuck(pipe: Connection) -> None:
    """As a process in the midst of a long job: it does not ask its pipe."""
    import threading

    from ptpip_analyze.fleet.serving import _end_with_parent

    place = pipe.recv().place
    threading.Thread(target=_end_with_parent, daemon=True).start()
    place.write(str(os.getpid()).encode(), "pid")
    time.sleep(60)


def test_ends_its_processes_also_where_it_is_killed_itself(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(STUCK)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, tmp_path / "main.py", tmp_path / "d"], env=environment) as parent:
        wait_for(lambda: (tmp_path / "d" / "pid").exists())
        parent.kill()
    pid = int((tmp_path / "d" / "pid").read_text())
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid))


def wait_for(what, seconds: float = 30) -> None:
    """Until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_zombie(pid: int) -> bool:
    """Ended, and not yet asked about by whoever has adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_counts_the_cores_that_it_may_use() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
