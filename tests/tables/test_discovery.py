"""The discovery table: what was said, by whom, and the sessions that followed."""

from __future__ import annotations

import io

import pandas as pd

from ptpip_analyze import analyze
from ptpip_analyze.tables.schema import names
from tests.traffic import Packet, conversation, damage, pcap_bytes
from tests.traffic import announce as say

GUID = bytes.fromhex("6f2c81d35ab94e07a1c4d9e8b7305f12")


def table(*said: Packet) -> pd.DataFrame:
    talk = conversation(responder_guid=GUID).open().close()
    with analyze(io.BytesIO(pcap_bytes(damage.interleave(said, talk.packets()), nano=True))) as analysis:
        frame: pd.DataFrame = analysis.discovery
        return frame


def test_tells_all_of_an_announcement() -> None:
    told = say.announced("Cam", b"k=" + GUID)
    found = table(say.mdns(told, -2), say.mdns(told, -1))
    assert tuple(found.columns) == names("discovery")
    (row,) = found.to_dict("records")
    assert [row[name] for name in names("discovery")[:4]] == ["Cam", "mdns", "announcement", "_ptp._tcp"]
    assert (row["source_address"], row["addresses"], row["port"]) == ("192.168.1.1", "192.168.1.1", 15740)
    assert (row["guid"], row["session"], list(row["sessions"]), row["joined_by"]) == (GUID.hex(), 0, [0], "guid")
    assert (row["count"], row["frame"], list(row["frames"]), row["expires_s"]) == (2, 1, [1, 2], 120)
    assert row["last_time"] - row["time"] == pd.Timedelta(seconds=1)
    assert row["hardware_address"] == "02:00:00:00:00:01"


def test_leaves_null_what_is_not_known() -> None:
    (row,) = table(say.arp("0.0.0.0", say.CAMERA)).to_dict("records")
    assert [name for name, value in row.items() if not isinstance(value, list) and pd.notna(value) is False] == [
        "device", "service", "source_address", "port", "guid", "text", "expires_s",
    ]  # fmt: skip


def test_is_empty_where_nothing_was_said() -> None:
    assert len(table()) == 0


def test_numbers_sessions_over_all_captures(tmp_path) -> None:  # type: ignore[no-untyped-def]
    talk = damage.interleave([say.mdns(say.announced("Cam"))], conversation().open().close().packets())
    for name in ("a", "b"):
        (tmp_path / f"{name}.pcap").write_bytes(pcap_bytes(talk))
    with analyze(str(tmp_path)) as analysis:
        assert analysis.discovery["session"].tolist() == [0, 1]
        assert [list(one) for one in analysis.discovery["sessions"]] == [[0], [1]]
