"""The recipe from a capture file to tables: the same in any pieces, over several captures, down to the bytes."""

from __future__ import annotations

import gzip
import io
import os
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ptpip_analyze import Analysis, Analyzer, CaptureError, analyze, open_capture
from ptpip_analyze.ahead import Shared, Worker
from ptpip_analyze.capture import NO_TIME, PacketBatch, Source
from ptpip_analyze.headers import read_apart
from tests.traffic import STORIES, Packet, capture, conversation, damage, pcap_bytes, pcapng_bytes, write_pcap

TABLES = ("sessions", "transactions", "messages", "events", "packets")


def analysed(packets: Sequence[Packet], **options: Any) -> Analysis:
    return analyze(io.BytesIO(pcap_bytes(packets, nano=True)), **options)


def slices(batch: PacketBatch, size: int) -> list[PacketBatch]:
    """A batch in smaller ones."""
    return [
        PacketBatch(
            batch.first + low, batch.base, batch.data, *(
                getattr(batch, name)[low : low + size] for name in ("time", "position", "captured", "original", "link")
            )
        )
        for low in range(0, len(batch.time), size)
    ]  # fmt: skip


def in_pieces(packets: Sequence[Packet], size: int) -> Analysis:
    source = open_capture(io.BytesIO(pcap_bytes(packets, nano=True)))
    analyzer = Analyzer(source)
    for batch in source.batches():
        for part in slices(batch, size):
            analyzer.feed(part)
    return Analysis([analyzer.finish()])


def equal(one: Analysis, other: Analysis) -> None:
    for table in TABLES:
        assert_frame_equal(one.frame(table), other.frame(table), obj=table)


# The same in any pieces


@pytest.mark.parametrize(
    "name", ["plain", "two_pairs", "cancels_in", "ports_again", "header_apart", "http", "midstream"]
)
def test_gives_the_same_tables_one_packet_at_a_time(name: str) -> None:
    with analysed(capture(name)) as whole, in_pieces(capture(name), 1) as parts:
        equal(whole, parts)


@pytest.mark.parametrize("size", [1, 4, 11])
def test_gives_the_same_tables_of_damaged_packets_in_any_pieces(size: int) -> None:
    packets = capture("two_initiators")
    for harm in (
        damage.drop(packets, segment=range(4, 30, 5)),
        damage.shuffle(packets, 6, 3),
        damage.fragmented(packets, 400),
        damage.snap(packets, 90),
    ):
        with analysed(harm) as whole, in_pieces(harm, size) as parts:
            equal(whole, parts)


def test_gives_the_same_tables_whatever_the_file_format() -> None:
    packets = capture("plain")
    with analysed(packets) as pcap, analyze(io.BytesIO(pcapng_bytes(packets, sections=3, unknown=True))) as pcapng:
        equal(pcap, pcapng)


def test_shows_what_was_fed_so_far_and_goes_on() -> None:
    packets = capture("plain")
    source = open_capture(io.BytesIO(pcap_bytes(packets, nano=True)))
    analyzer = Analyzer(source)
    seen = []
    for batch in source.batches():
        for part in slices(batch, 10):
            analyzer.feed(part)
            snapshot = Analysis([analyzer.snapshot()])
            seen.append((len(snapshot.packets), len(snapshot.transactions), len(snapshot.messages)))
    assert seen == sorted(seen)
    assert seen[0][0] == 10
    assert seen[1][2] > 0
    with Analysis([analyzer.finish()]) as followed, analysed(packets) as whole:
        equal(followed, whole)


def test_takes_batches_prepared_ahead() -> None:
    packets = capture("two_pairs")
    source = open_capture(io.BytesIO(pcap_bytes(packets, nano=True)))
    analyzer = Analyzer(source)
    parts = [part for batch in source.batches() for part in slices(batch, 9)]
    ahead = analyzer.prepare(parts[0])
    for following in parts[1:]:
        ready, ahead = ahead, analyzer.prepare(following)
        analyzer.feed(ready)
    analyzer.feed(ahead)
    with Analysis([analyzer.finish()]) as pipelined, analysed(packets) as whole:
        equal(pipelined, whole)


# Packets without a time


def timeless(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in frame if not name.endswith(("time", "_s"))]]


@pytest.mark.parametrize("name", ["plain", "two_pairs", "same_number_in_turn", "ports_again", "cancels_in"])
def test_knows_all_but_times_of_packets_that_have_none(name: str) -> None:
    packets = capture(name)
    with analysed(packets) as timed, analyze(io.BytesIO(pcapng_bytes(packets, block="simple"))) as told:
        for table in TABLES:
            assert_frame_equal(timeless(told.frame(table)), timeless(timed.frame(table)), obj=table)
            times = told.frame(table).drop(columns=timeless(told.frame(table)).columns)
            assert times.isna().all(axis=None), table
        assert told.captures[0].times is None


def without_times(packets: Sequence[Packet], frames: set[int], size: int) -> Analysis:
    """Analysed in pieces, the packets of some frame numbers having no time."""
    source = open_capture(io.BytesIO(pcap_bytes(packets, nano=True)))
    analyzer = Analyzer(source)
    for batch in source.batches():
        batch.time = np.array([NO_TIME if n in frames else at for n, at in enumerate(batch.time, batch.first + 1)])
        for part in slices(batch, size):
            analyzer.feed(part)
    return Analysis([analyzer.finish()])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_gives_no_time_to_what_lies_in_a_packet_without_one(size: int) -> None:
    packets = capture("big_object")
    with analysed(packets) as timed:
        whole = timed.transactions
        asked = int(whole.query('operation == "GetObject"').iloc[0]["first_frame"])
        long = timed.messages.query("last_frame - first_frame > 2").iloc[0]
        between = f"{long['first_frame']} < frame < {long['last_frame']} and tcp_payload_bytes > 0"
        inside = int(timed.packets.query(between).iloc[0]["frame"])
    with without_times(packets, {1, asked, inside, len(packets)}, size) as told:
        got, messages = told.transactions, told.messages
        row = got.query('operation == "GetObject"').iloc[0]
        assert row[["request_time", "latency_s", "first_byte_s"]].isna().all()
        assert row["response_time"] == whole.query('operation == "GetObject"').iloc[0]["response_time"]
        assert messages["time"][long["message"]] is pd.NaT
        assert told.packets["time"].isna().sum() == 4
        others = got.query('operation != "GetObject"')
        assert_frame_equal(others, whole.loc[others.index])
        known = told.packets["time"].dropna()
        assert told.captures[0].times == (known.min().value, known.max().value)
        session = told.sessions.iloc[0]
        assert (session["start_time"], session["end_time"]) == (known.min(), known.max())
        assert session["duration_s"] == (known.max().value - known.min().value) / 1e9


# Read by another process


@pytest.fixture(params=["all bytes", "heads", "heads, one by one"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A process that reads in chunks so small that a story has many."""
    monkeypatch.setattr("ptpip_analyze.analysis.CHUNK_BYTES", 2048)
    monkeypatch.setattr("ptpip_analyze.headers.CHUNK_BYTES", 2048)
    monkeypatch.setattr("ptpip_analyze.capture.at_hand._PAYS", 1 << 20 if request.param == "all bytes" else 0)
    monkeypatch.setattr("ptpip_analyze.capture.at_hand._MANY", 256 if request.param == "heads, one by one" else 1)
    with Worker(read_apart, Shared(1 << 14)) as worker:
        yield worker


@pytest.mark.parametrize("name", STORIES)
def test_gives_the_same_tables_whoever_reads_the_headers(name: str, tmp_path: Path, reader: Worker) -> None:
    packets = capture(name)
    path = write_pcap(tmp_path / "a.pcap", packets, nano=True)
    with analyze(path, reader=reader) as apart, analyze(path) as in_thread, in_pieces(packets, len(packets)) as whole:
        equal(apart, in_thread)
        for table in TABLES:
            expected = whole.frame(table).drop(columns="capture", errors="ignore")
            assert_frame_equal(apart.frame(table).drop(columns="capture", errors="ignore"), expected, obj=table)
        assert apart.captures[0].source.links == whole.captures[0].source.links
    assert not reader.closed


def test_reads_several_captures_with_one_process_in_turn(tmp_path: Path, reader: Worker) -> None:
    paths = [write_pcap(tmp_path / f"{name}.pcap", capture(name)) for name in ("plain", "two_pairs", "upload")]
    reader.ask(str(paths[0]))
    with analyze(paths, reader=reader) as apart, analyze(paths) as alone:
        equal(apart, alone)


def test_knows_the_damage_that_another_process_found(tmp_path: Path, reader: Worker) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap_bytes(capture("plain"))[:-5])
    with analyze(path, reader=reader) as read:
        damage = read.captures[0].damage
    assert damage is not None
    assert damage.at_end
    assert damage.path == str(path)


def test_notices_that_the_other_process_reads_another_file(tmp_path: Path, reader: Worker) -> None:
    path = write_pcap(tmp_path / "a.pcap", capture("plain"))
    other = write_pcap(tmp_path / "b.pcap", capture("two_pairs"))
    reader.ask(str(path))
    for _ in range(200):  # until it has opened the file
        if any(Path(f"/proc/{child}/fd").exists() and str(path) in map(os.readlink, Path(f"/proc/{child}/fd").iterdir())
               for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()):  # fmt: skip
            break
        threading.Event().wait(0.02)
    os.replace(other, path)
    with analyze(path, reader=reader) as read, analysed(capture("two_pairs")) as whole:
        assert read.messages["type"].tolist() == whole.messages["type"].tolist()


def test_reads_the_bytes_of_huge_packets_from_the_file(tmp_path: Path, reader: Worker) -> None:
    record = (1).to_bytes(4, "little") + bytes(4) + (9000).to_bytes(4, "little") * 2 + bytes(9000)
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap_bytes(capture("plain")) + record * 20 + pcap_bytes(capture("upload"))[24:])
    with analyze(path, reader=reader) as apart, analyze(path) as alone:
        equal(apart, alone)
        assert [apart.bytes(row) for row in range(len(apart.messages))] == [
            alone.bytes(row) for row in range(len(alone.messages))
        ]


def test_unpacks_a_capture_itself(tmp_path: Path, reader: Worker) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap_bytes(capture("plain"), nano=True)))
    with analyze(path, reader=reader) as read, analysed(capture("plain")) as whole:
        assert len(read.messages) == len(whole.messages) > 0
    assert not reader.closed


# Tables and bytes


@pytest.mark.parametrize("name", ["plain", "upload", "boundaries_anywhere", "messages_in_an_object", "sequence_wraps"])
def test_gives_the_bytes_behind_every_message_and_data_phase(name: str) -> None:
    (one,) = STORIES[name]()
    truth = one.truth()
    with analysed(one.packets()) as told:
        for _, row in told.messages.iterrows():
            stream = truth.streams[row["connection"], row["direction"]]
            assert told.bytes(row) == stream[row["offset"] : row["offset"] + row["length"]]
        for (_, row), known in zip(told.transactions.iterrows(), truth.transactions, strict=True):
            assert told.data(row) == known["data"]


def test_takes_a_row_in_any_form() -> None:
    with analysed(capture("plain")) as told:
        frame = told.messages
        expected = told.bytes(3)
        assert len(expected) == frame["length"][3]
        assert told.bytes(frame.iloc[3]) == expected
        assert told.bytes(dict(frame.iloc[3])) == expected
        assert told.bytes(np.int64(3)) == expected
        assert told.bytes(next(frame.iloc[3:].itertuples())) == expected
        asked = told.transactions.query('operation == "GetObject"').iloc[0]
        assert told.data(asked) == told.data(int(asked["transaction"])) == told.data(asked.to_dict())
        with pytest.raises(TypeError, match="'transaction'"):
            told.data(next(frame.itertuples()))


def test_says_what_it_needs_instead_of_what_is_no_row() -> None:
    with analysed(capture("plain")) as told:
        with pytest.raises(TypeError, match=r"one row of transactions is needed, not a whole DataFrame: .*\.iloc\[0\]"):
            told.data(told.transactions)
        for odd in ("3", {"session": 0}, {"transaction": None}, object(), [1]):
            with pytest.raises(
                TypeError, match=f"a row with 'transaction' or its number is needed, not {type(odd).__name__}"
            ):
                told.data(odd)


@pytest.mark.parametrize("number", [-1, 1000])
def test_refuses_a_row_that_does_not_exist(number: int) -> None:
    with analysed(capture("plain")) as told:
        with pytest.raises(IndexError, match=f"no message {number}"):
            told.bytes(number)
        with pytest.raises(IndexError, match=f"no transaction {number}"):
            told.data(number)


def test_leaves_out_missing_bytes_and_says_where_they_belong() -> None:
    payload = random.Random(1).randbytes(5000)
    packets = conversation().open().get_object(1, payload).get_property().packets()
    third = damage.segments(packets, "command", "to-initiator")[4]
    gone = packets[third].payload
    with analysed(damage.drop(packets, third)) as told:
        asked = told.transactions.query('operation == "GetObject"').iloc[0]
        assert asked["status"] == "gap"
        pieces = told.data_pieces(asked)
        missing = [(offset, length) for offset, length, position in pieces if position is None]
        assert missing == [(payload.index(gone), len(gone))]
        offset, length = missing[0]
        assert told.data(asked) == payload[:offset] + payload[offset + length :]
        reach = 0
        for at, size, _ in pieces:
            assert at == reach
            reach = at + size
        assert reach == len(payload)


def test_refuses_data_that_is_not_whole_where_it_is_asked_to() -> None:
    packets = conversation().open().get_object(1, bytes(5000)).get_property().packets()
    third = damage.segments(packets, "command", "to-initiator")[4]
    with analysed(damage.drop(packets, third)) as told:
        size = len(packets[third].payload)
        with pytest.raises(ValueError, match=f"^transaction 1: {size:,} bytes of its data are missing$"):
            told.data(1, strict=True)
        assert len(told.data(1)) == 5000 - size
        assert told.data(2, strict=True) == told.data(2) != b""
    with analysed(packets[: third - 3]) as told, pytest.raises(ValueError, match=r"^transaction 1: (\d|an unknown)"):
        told.data(1, strict=True)


def test_makes_a_table_once_and_when_asked() -> None:
    with analysed(capture("plain")) as told:
        assert told.sessions is told.sessions is told.frame("sessions")
        assert isinstance(told.transactions, pd.DataFrame)
        with pytest.raises(AttributeError, match="'Analysis' object has no attribute 'photos'"):
            _ = told.photos
        with pytest.raises(AttributeError, match="_hidden"):
            _ = told._hidden
        with pytest.raises(KeyError):
            told.arrow("photos")


def test_offers_its_tables_in_a_notebook_and_says_what_it_is(tmp_path: Path) -> None:
    paths = [write_pcap(tmp_path / name, capture("plain")) for name in ("a\x1b[2J.pcap", "b.pcap")]
    with analyze(paths[0]) as told, analyze(paths) as both:
        assert {*told.tables, "data", "extract"} <= set(dir(told))
        assert repr(told) == f"<Analysis of '{tmp_path}/a\\x1b[2J.pcap': sessions=1, transactions=5>"
        assert repr(both) == "<Analysis of 2 captures: sessions=2, transactions=10>"


def test_keeps_its_rows_and_not_its_bytes_when_closed() -> None:
    told = analysed(capture("plain"))
    rows = told.transactions
    told.close()
    assert told.transactions is rows


# Several captures


def test_numbers_rows_over_several_captures(tmp_path: Path) -> None:
    first = write_pcap(tmp_path / "a.pcap", capture("plain"), nano=True)
    second = write_pcap(tmp_path / "b.pcap", capture("two_pairs"), nano=True)
    third = write_pcap(tmp_path / "c.pcap", capture("upload"), nano=True)
    with analyze([first, second, third]) as told:
        assert [result.path for result in told.captures] == [str(first), str(second), str(third)]
        assert told.sessions["session"].tolist() == [0, 1, 2, 3]
        assert told.sessions["capture"].tolist() == [str(first), str(second), str(second), str(third)]
        assert told.transactions["transaction"].tolist() == list(range(len(told.transactions)))
        assert told.messages["message"].tolist() == list(range(len(told.messages)))
        session_of = {str(first): {0}, str(second): {1, 2}, str(third): {3}}
        for name in ("transactions", "messages", "packets"):
            frame = told.frame(name)
            assert {path: set(rows["session"]) for path, rows in frame.groupby("capture")} == session_of, name
        assert sorted(told.events["session"]) == [1, 2]
        for path in (first, second, third):
            with analyze(path) as alone:
                offset = int(told.messages[told.messages["capture"] == str(path)]["message"].iloc[0])
                for number in (0, len(alone.messages) - 1):
                    assert told.bytes(offset + number) == alone.bytes(number)
                own = told.transactions[told.transactions["capture"] == str(path)]
                for (_, row), (_, known) in zip(own.iterrows(), alone.transactions.iterrows(), strict=True):
                    assert told.data(row) == alone.data(known)
                    assert row["operation_code"] == known["operation_code"]
        with pytest.raises(IndexError):
            told.bytes(len(told.messages))
        with pytest.raises(IndexError):
            told.data(len(told.transactions))


def test_analyses_once_what_has_two_names(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", capture("plain"))
    (tmp_path / "link.pcap").symlink_to(path)
    with analyze([path, f"{tmp_path}/./a.pcap", tmp_path]) as told:
        assert [result.path for result in told.captures] == [str(path)]
        assert told.repeated == [
            (f"{tmp_path}/./a.pcap", str(path)), (str(path), str(path)), (f"{tmp_path}/link.pcap", str(path)),
        ]  # fmt: skip
    with analyze(path) as alone:
        assert alone.repeated == []


def test_says_what_it_needs_instead_of_what_is_no_capture() -> None:
    with pytest.raises(TypeError, match=r"bytes are no path.*io\.BytesIO"):
        analyze(pcap_bytes(capture("plain")))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is needed, not int"):
        analyze(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no capture is named"):
        analyze([])


def test_takes_a_directory_and_a_path_object(tmp_path: Path) -> None:
    write_pcap(tmp_path / "one.pcap", capture("plain"))
    with analyze(tmp_path) as folder, analyze(tmp_path / "one.pcap") as file:
        assert len(folder.sessions) == len(file.sessions) == 1


def test_expects_ptpip_on_the_ports_it_is_told() -> None:
    packets = conversation(responder_port=9999).connect().request(0x1001).response().packets()
    packets = damage.one_direction_only(packets, "to-responder")
    with analysed(packets) as unknown, analysed(packets, ports=[9999]) as known:
        assert (len(unknown.sessions), len(known.sessions)) == (0, 1)


def test_reports_progress_up_to_the_whole_of_all_captures(tmp_path: Path) -> None:
    paths = [write_pcap(tmp_path / f"{name}.pcap", capture(name)) for name in ("plain", "upload")]
    told: list[tuple[int, int]] = []
    analyze(paths, progress=lambda done, total: told.append((done, total))).close()
    total = sum(path.stat().st_size for path in paths)
    assert told[-1] == (total, total)
    assert {whole for _, whole in told} == {total}
    assert told == sorted(told)


def test_tells_what_is_damaged_and_analyses_what_is_before_it() -> None:
    whole = pcap_bytes(capture("plain"))
    with analyze(io.BytesIO(whole[:-10])) as told:
        (result,) = told.captures
        assert result.damage is not None
        assert result.packets == len(capture("plain")) - 1
        assert len(told.transactions) == 5


def test_refuses_what_is_no_capture(tmp_path: Path) -> None:
    good, bad = write_pcap(tmp_path / "a.pcap", capture("plain")), tmp_path / "b.pcap"
    bad.write_bytes(b"this is a letter")
    with pytest.raises(CaptureError, match=r"b\.pcap"):
        analyze([good, bad])


def test_closes_what_it_has_open_when_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Source] = []

    def opening(name: str) -> Source:
        opened.append(open_capture(name))
        return opened[-1]

    def stop(done: int, total: int) -> None:
        if len(opened) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("ptpip_analyze.analysis.open_capture", opening)
    paths = [write_pcap(tmp_path / f"{name}.pcap", capture(name)) for name in ("plain", "upload")]
    with pytest.raises(KeyboardInterrupt):
        analyze(paths, progress=stop)
    assert len(opened) == 2
    for source in opened:
        with pytest.raises(ValueError, match="closed"):
            source.read(0, 1)
    assert "ahead" not in {thread.name for thread in threading.enumerate()}


# Packets


def test_keeps_no_packets_when_they_are_not_wanted() -> None:
    file = io.BytesIO(pcap_bytes(capture("two_pairs"), nano=True))
    with analyze(file, packets=False) as told, analysed(capture("two_pairs")) as whole:
        for table in ("sessions", "transactions", "messages", "events"):
            assert_frame_equal(told.frame(table), whole.frame(table), obj=table)
        with pytest.raises(ValueError, match="packets=True"):
            _ = told.packets


def test_lists_packets_that_are_not_tcp_beside_those_that_are() -> None:
    packets = capture("plain")
    frame = bytearray(packets[5].whole)
    frame[23] = 17  # UDP
    changed = [*packets[:5], damage.flip(packets, 5, 23, 6 ^ 17)[5], *packets[6:]]
    with analysed(changed) as told:
        row = told.packets.iloc[5]
        assert pd.isna(row["tcp_stream"])
        assert pd.isna(row["tcp_payload_bytes"])
        assert (row["source"], row["destination"]) == (packets[5].source[0], packets[5].destination[0])
        assert len(told.packets) == len(packets)


def test_counts_the_payload_of_a_fragmented_datagram_once() -> None:
    packets = conversation(mss=1400).open().get_object(1, bytes(3000)).packets()
    with analysed(damage.fragmented(packets, 256)) as told, analysed(packets) as plain:
        assert told.packets["tcp_payload_bytes"].sum() == plain.packets["tcp_payload_bytes"].sum()
        assert told.transactions["data_bytes"].tolist() == plain.transactions["data_bytes"].tolist()
