"""Files of a dataset appear whole, here and behind fsspec."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import pytest

from ptpip_analyze.fleet.places import FleetError, Hashed, Place, is_url


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(str(tmp_path / "d") if request.param == "local" else f"memory://{tmp_path.name}/d")


def test_reads_what_it_wrote(place: Place) -> None:
    place.write(b"one", "_records/1.json")
    place.write(b"two", "_records/2.json")
    place.write(b"three", "_records/1.json")
    assert place.read("_records/1.json") == b"three"
    assert sorted(place.read_all("_records")) == [b"three", b"two"]
    assert "_records" in place.names()


def test_knows_nothing_where_there_is_nothing(place: Place) -> None:
    assert (place.read("x.json"), place.read_all("_records"), place.sizes("events"), place.names()) == (
        None,
        [],
        {},
        [],
    )
    place.remove("events/capture_id=0/part-0.parquet")


def test_tells_the_sizes_of_the_files_of_a_table(place: Place) -> None:
    place.write(b"12345", "events/capture_id=7/part-0.parquet")
    place.write(b"1", "sessions/capture_id=7/part-0.parquet")
    assert place.sizes("events") == {"events/capture_id=7/part-0.parquet": 5}
    place.remove("events/capture_id=7/part-0.parquet")
    assert place.sizes("events") == {}


def test_leaves_no_folder_behind_a_file_that_is_removed(tmp_path: Path) -> None:
    place = Place(str(tmp_path))
    place.write(b"1", "events/capture_id=7/part-0.parquet")
    place.remove("events/capture_id=7/part-0.parquet")
    assert os.listdir(tmp_path / "events") == []


def test_leaves_nothing_of_what_is_staged(place: Place) -> None:
    with place.staging() as folder:
        Path(folder, "half").write_bytes(b"1")
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


def test_stages_on_the_same_file_system_so_that_renaming_suffices(tmp_path: Path) -> None:
    with Place(str(tmp_path)).staging() as folder:
        assert Path(folder).is_relative_to(tmp_path)


def test_is_the_same_place_in_another_process(place: Place) -> None:
    place.write(b"one", "a")
    assert pickle.loads(pickle.dumps(place)).read("a") == b"one"


def test_is_the_same_place_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Place("d").name == str(tmp_path / "d")


def test_is_kept_from_two_runs_at_once(tmp_path: Path) -> None:
    with Place(str(tmp_path)).kept(), pytest.raises(FleetError, match="another run"), Place(str(tmp_path)).kept():
        pass
    with Place(str(tmp_path)).kept():
        pass


def test_removes_what_an_interrupted_run_has_staged(tmp_path: Path) -> None:
    (tmp_path / "_staging" / "x").mkdir(parents=True)
    with Place(str(tmp_path)).kept():
        assert not (tmp_path / "_staging").exists()


@pytest.mark.parametrize(("name", "said"), [("nowhere://b/x", "Protocol not known"), ("s3://b/x", "s3fs")])
def test_says_which_file_systems_there_are_not(name: str, said: str) -> None:
    with pytest.raises(FleetError, match=f"^{name}: .*{said}"):
        Place(name)


def test_says_what_the_file_system_refuses(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(FleetError, match=r"/f/d: Not a directory$"):
        Place(str(tmp_path / "f" / "d")).write(b"", "x")


def test_takes_a_file_that_is_there_for_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:").mkdir()
    (tmp_path / "a:" / "b.pcap").write_bytes(b"")
    assert not is_url("a://b.pcap")
    assert is_url("a://c.pcap")


def test_hashes_what_passes_and_what_is_left() -> None:
    import hashlib

    file = Hashed(io.BytesIO(b"x" * 5000), "name")
    assert file.read(10) == b"x" * 10
    assert file.drain() == hashlib.sha256(b"x" * 5000).hexdigest()
    assert (file.bytes, file.name) == (5000, "name")


def test_says_what_a_library_behind_a_file_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_key(*_: object) -> bytes:
        raise LookupError("no credentials")

    place = Place("memory://d")
    monkeypatch.setattr(type(place.filesystem), "cat_file", no_key)
    with pytest.raises(FleetError, match=r"^memory://d: LookupError: no credentials$"):
        place.read("x")
