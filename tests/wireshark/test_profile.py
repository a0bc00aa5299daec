"""Every filter that we publish is one that Wireshark takes, with the fields that our dissector has."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support import ROOT

from . import tshark

PROFILE = ROOT / "dissectors" / "profile" / "PTP-IP"
CAPTURE = ROOT / "captures" / "init-fail.pcapng"


def published() -> list[str]:
    rules = re.findall(r"^@[^@]+@([^@]+)@\[", (PROFILE / "colorfilters").read_text(), re.MULTILINE)
    buttons = re.findall(r'^"TRUE","[^"]+","([^"]+)"', (PROFILE / "dfilter_buttons").read_text(), re.MULTILINE)
    page = (ROOT / "docs" / "wireshark.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| (.*) \|$", page, re.MULTILINE)[1:]
    told = [one.replace("\\|", "|") for row in rows for one in re.findall(r"`([^`]+)`", row)]
    return [*rules, *buttons, *told]


def test_publishes_filters_that_wireshark_takes() -> None:
    filters = published()
    assert len(filters) > 25
    for several in (filters[:15], filters[15:]):
        tshark.run(["-r", str(CAPTURE), "-Y", " || ".join(f"({one})" for one in several)])


def test_is_a_profile_that_wireshark_reads() -> None:
    folder = tshark.home() / ".config" / "wireshark" / "profiles" / "PTP-IP"
    shutil.copytree(PROFILE, folder, dirs_exist_ok=True)
    said = tshark.run(["-C", "PTP-IP", "--color", "-r", str(CAPTURE), "-Y", "ptp_ip.fail_reason"])
    assert "InitFail" in said
    assert len({Path(PROFILE / name).name for name in ("colorfilters", "preferences", "dfilter_buttons")}) == 3


def test_prints_statistics_when_asked() -> None:
    said = tshark.run(["-q", "-o", "ptp_ip.statistics:TRUE", "-r", str(ROOT / "captures" / "list-and-get.pcapng")])
    assert re.search(r"^GetObject +\d+ +0 +[\d,]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$", said, re.MULTILINE), said
