"""Frames may be visited in any order and as often as somebody likes: sharkd is asked, which does what a window does.

sharkd answers one request a line: it loads a capture, dissects single frames with their tree, and lists frames that a
filter finds with their columns.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, program
from tests.traffic import Conversation, Packet, capture, damage, write_pcap

from . import tshark

LIST = ROOT / "captures" / "list-and-get.pcapng"


@cache
def home() -> Path:
    """A home that has our files as plugins: sharkd takes no script on its command line."""
    made = Path(tempfile.mkdtemp(prefix="sharkd-home-"))
    plugins = made / ".local" / "lib" / "wireshark" / "plugins"
    plugins.mkdir(parents=True)
    for path in tshark.DISSECTOR.parent.glob("*.lua"):
        shutil.copy(path, plugins)
    return made


def asked(path: Path, *questions: dict[str, Any]) -> list[Any]:
    """What sharkd answers to questions about a capture, one after another."""
    lines = [{"method": "load", "params": {"file": str(path)}}, *questions]
    said = "".join(
        json.dumps({"jsonrpc": "2.0", "id": number, **line}) + "\n" for number, line in enumerate(lines, start=1)
    )
    environment = tshark.environment() | {"HOME": str(home()), "XDG_CONFIG_HOME": str(home() / ".config")}
    done = subprocess.run(
        [program("sharkd"), "-"], input=said.encode(), capture_output=True, env=environment, timeout=120, check=False
    )
    told = done.stderr.decode("utf-8", "replace")
    assert not any(word in told for word in tshark.LUA_ERRORS), told[-2000:]
    return [json.loads(line)["result"] for line in done.stdout.splitlines()][1:]


def tree(frame: int) -> dict[str, Any]:
    return {"method": "frame", "params": {"frame": frame, "proto": True}}


def rows(**options: Any) -> dict[str, Any]:
    return {"method": "frames", "params": options}


def lines_of(answer: dict[str, Any]) -> list[str]:
    """The lines of our part of a frame's tree, from top to bottom."""
    found: list[str] = []

    def walk(nodes: list[dict[str, Any]]) -> None:
        for node in nodes:
            found.append(node["l"])
            walk(node.get("n", []))

    walk([node for node in answer["tree"] if node.get("f") == "ptp_ip"])
    return found


def repeated() -> Conversation:
    """An initiator that has one TransactionID for all it asks, and a property polled under it."""
    camera = Conversation(seed=5).open()
    for value in range(6):
        camera.transaction(0x1015, 0x5001, data_in=bytes([value]), transaction_id=7)
    return camera.get_object(0x2A).close()


def captures(folder: Path) -> dict[str, Path]:
    return {
        "whole": LIST,
        "one id": write_pcap(folder / "one-id.pcap", repeated().packets(), nano=True),
        "zero ids": write_pcap(folder / "zero-ids.pcap", capture("zero_ids"), nano=True),
    }


@pytest.mark.parametrize("name", ["whole", "one id", "zero ids"])
def test_says_the_same_backwards_and_forwards(name: str, tmp_path: Path) -> None:
    """Each frame was seen with a tree before: without one, Wireshark does not tell which TCP stream a frame is of."""
    path = captures(tmp_path)[name]
    frames = range(1, 1 + len(tshark.layers(path)))
    said = [lines_of(answer) for answer in asked(path, *map(tree, (*frames, *reversed(frames), *frames)))]
    count = len(frames)
    assert said[count : 2 * count] == said[2 * count :][::-1]
    assert sum(map(len, said[:count])) > 50


def test_knows_which_request_a_message_belongs_to_where_all_have_one_id(tmp_path: Path) -> None:
    path = captures(tmp_path)["one id"]
    requests = [message["frame"] for message in tshark.messages(path) if message.get("operation") == "0x1015"]
    answers = [message["frame"] for message in tshark.messages(path) if message["type"] == "7"][1:7]
    trees = [lines_of(answer) for answer in asked(path, *map(tree, reversed(answers)))]
    said = [line for lines in reversed(trees) for line in lines if line.startswith("Request in")]
    assert said == [f"Request in: {frame}" for frame in requests]
    assert len(said) == 6


def of_type(packets: Sequence[Packet], kind: int) -> list[int]:
    """The packets that hold a message of a type, all of it and nothing else."""
    return [at for at, packet in enumerate(packets) if packet.payload[4:8] == bytes([kind, 0, 0, 0])]


@pytest.mark.parametrize("passes", [(), ("-2", "-Y", "frame")])
def test_pairs_no_response_with_a_request_of_the_same_id_before_a_lost_one(
    passes: tuple[str, ...], tmp_path: Path
) -> None:
    packets = repeated().packets()
    requests, responses = of_type(packets, 6), of_type(packets, 7)
    for lost in ([responses[2], requests[3]], [requests[3]]):
        path = write_pcap(tmp_path / "lost.pcap", damage.drop(packets, *lost), nano=True)
        said = tshark.messages(path, *passes)
        stray = next(message for message in said if message["frame"] == responses[3] + 1 - len(lost))
        assert stray["type"] == "7"
        assert "request_in" not in stray
        with_request = [message for message in said if message["type"] == "7" and "request_in" in message]
        assert len(with_request) == len(responses) - len(lost)


@pytest.mark.parametrize("passes", [(), ("-2",), ("-2", "-Y", "frame")])
def test_gives_a_cancel_no_transaction_that_began_behind_it(passes: tuple[str, ...], tmp_path: Path) -> None:
    camera = Conversation(seed=6).open().cancel(9, on=("command",)).transaction(0x1015, 0x5001, transaction_id=9)
    path = write_pcap(tmp_path / "early.pcap", camera.close().packets(), nano=True)
    said = [message for message in tshark.messages(path, *passes) if message.get("transaction_id") == "9"]
    assert [message["type"] for message in said] == ["11", "6", "7"]
    assert {"operation_name", "request_in", "response_in"}.isdisjoint(said[0])


def test_goes_on_behind_a_cancelled_data_phase_where_the_other_side_acknowledged(tmp_path: Path) -> None:
    """Less came than was announced: what stands there may be any message."""
    camera = Conversation(seed=7).open().request(0x1009, 1).start_data(5000).data(bytes(600)).cancel(on=("command",))
    camera.response(0x201F).get_property().get_property().close()
    packets = camera.packets()
    path = write_pcap(tmp_path / "cancelled.pcap", damage.drop(packets, of_type(packets, 10)[0]), nano=True)
    said = [(message["type"], message.get("transaction_id")) for message in tshark.messages(path)]
    assert said[-10:-8] == [("11", "1"), ("7", "1")]
    assert said[-8:] == [(kind, str(number)) for number in (2, 3) for kind in ("6", "9", "12", "7")]


def test_fills_the_columns_whatever_was_asked_for_before() -> None:
    question = rows(filter='ptp_ip.response_name == "OK"')
    first, _, again = asked(LIST, question, tree(1), question)
    assert [row["c"][4] for row in first] == ["PTP-IP"] * len(first)
    assert all(row["c"][6].startswith("OperationResponse #") for row in first)
    assert len(first) > 3
    assert first == again
