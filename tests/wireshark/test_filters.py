"""Display filters of the documentation find what their lines promise, and the same where nobody sees the tree."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import ROOT
from tests.traffic import capture, write_pcap

from . import tshark

PAGE = ROOT / "docs" / "wireshark.md"
LIST = ROOT / "captures" / "list-and-get.pcapng"


WANTED = (
    'ptp_ip.property.name == "FNumber"', 'ptp_ip.property.text contains "f/"', "ptp_ip.handle", "ptp_ip.response_time",
    'ptp_ip.operation_name == "GetDeviceInfo"', "ptp_ip.request_in", "ptp_ip.dataset", "ptp_ip.data", "ptp_ip.session",
    "ptp_ip.dataset.device_info.model", "ptp_ip.length > 20",
)  # fmt: skip


def filters() -> list[str]:
    """Those in the second column of the page's table."""
    table = PAGE.read_text(encoding="utf-8").partition("## Display filters")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    columns = [re.split(r"(?<!\\)\|", line)[2].replace("\\|", "|") for line in lines]
    return [one for column in columns for one in re.findall("`([^`]+)`", column)]


def frames(path: Path, wanted: str) -> set[int]:
    return {
        int(line) for line in tshark.run(["-r", str(path), "-Y", wanted, "-T", "fields", "-e", "frame.number"]).split()
    }


def test_hides_what_it_says_and_shows_the_rest(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "canon.pcap", capture("canon_polls"), nano=True)
    everything = frames(path, "ptp_ip")
    without_data = frames(path, next(one for one in filters() if "!(ptp_ip.type in" in one))
    without_polls = frames(path, next(one for one in filters() if "!(ptp_ip.operation_name in" in one))
    assert everything > without_data
    assert everything > without_polls
    assert frames(path, "ptp_ip.type == 6") <= without_data


def test_follows_one_transaction_through_all_its_messages() -> None:
    found = frames(LIST, "ptp_ip.session == 0 && ptp_ip.transaction_id == 1")
    kinds = {m["type"] for m in tshark.messages(LIST) if m["frame"] in found and m.get("session") == "0"}
    assert {"6", "7"} <= kinds


def test_finds_a_filter_out_of_sight_as_in_sight(tmp_path: Path) -> None:
    """Where nobody sees the tree, only fields that somebody asks for are added: the filter asks."""
    path = write_pcap(tmp_path / "sony.pcap", capture("sony_polls"), nano=True)
    for wanted in WANTED:
        hidden = tshark.run(["-r", str(path), "-Y", wanted])  # columns: no tree is to be seen
        assert len(hidden.splitlines()) == len(frames(path, wanted)), wanted
