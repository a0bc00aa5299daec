"""Expert infos name rules where a message alone shows that it breaks one, and hold nothing against anybody else.

Judged by ``check``, on the stories that break and keep each rule, whole and damaged: a rule that the dissector names is
among its findings.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from ptpip_analyze import analyze
from tests.rules import matrix
from tests.rules.matrix import BROKEN, KEPT, packets_of
from tests.rules.silence import variants
from tests.support import ROOT, rows
from tests.traffic import TO_INITIATOR, Packet, capture, conversation, damage, write_pcap

from . import tshark

matrix.load()
NAMED = (
    "data-data-placement", "data-end-placement", "data-nothing-after-end", "data-one-direction",
    "data-phase-needs-request", "data-start-first", "data-start-once", "data-total-length-exact",
    "data-total-length-overrun", "event-placement",
    "init-fail-reason-defined", "name-max-length", "request-dataphase-defined", "request-dataphase-matches-direction",
    "request-dataphase-standard-op", "request-placement", "response-placement", "response-unsolicited",
)  # fmt: skip
# Expert infos that name no rule: which one it is, shows what comes later.
UNNAMED = " || ".join(
    f"ptp_ip.expert.{name}" for name in ("overlap", "no_request", "early_response", "second_response")
)
SAMPLE, ROUNDS = 10, 4


def told(path: Path, *options: str) -> set[str]:
    """The rules that the dissector says are broken."""
    return {rule for message in tshark.messages(path, *options) for rule in tshark.as_list(message.get("rule", []))}


def found(path: Path) -> set[str]:
    """The rules of which ``check`` has findings."""
    with analyze(path) as analysis:
        return {row["rule"] for row in rows(analysis, "findings")}


def is_plain(packets: Sequence[Packet]) -> bool:
    return bool(packets) and all(packet.connection != "discovery" and packet.link == "ethernet" for packet in packets)


@pytest.mark.parametrize("rule", NAMED)
def test_names_the_rule_that_a_story_breaks(rule: str, tmp_path: Path) -> None:
    for index, broken in enumerate(one for one in BROKEN if one.rule == rule):
        path = write_pcap(tmp_path / f"{index}.pcap", packets_of(broken.tell()), nano=True)
        if rule in told(path):
            return
    pytest.fail("named on none of its stories")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_accuses_of_nothing_that_check_does_not(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    stories = [broken.tell for broken in BROKEN] + list(dict.fromkeys(tell for _, tell in KEPT))
    for index, tell in enumerate(rng.sample(stories, SAMPLE)):
        packets = packets_of(tell())
        name, damaged = rng.choice([("whole", packets), *variants(packets)])
        if is_plain(damaged):
            path = write_pcap(tmp_path / f"{index}.pcap", damaged, nano=True)
            assert told(path) <= found(path), (tell.__name__, name)


@pytest.mark.parametrize(
    "name",
    [
        "lossy-capture.pcap",
        "cancel-and-probe.pcapng",
        "snaplen-96.pcap",
        "midstream.pcapng",
        "lossy-network-camera.pcap",
    ],
)
@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["one pass", "two passes"])
def test_accuses_no_real_camera(name: str, passes: tuple[str, ...]) -> None:
    """Without a tree in the first pass lost segments go unnoticed: then nothing is held against anybody."""
    path = ROOT / "captures" / name
    assert told(path, *passes) == set()
    assert tshark.run(["-r", str(path), *passes, "-Y", UNNAMED]) == ""


def test_says_the_same_in_each_pass(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "capture.pcap", capture("announces_too_much"), nano=True)
    first = told(path)
    assert first == told(path, "-2", "-Y", "frame")
    assert "data-total-length-exact" in first


def test_does_not_know_whose_reason_is_a_response_code_where_the_request_is_not_there(tmp_path: Path) -> None:
    refused = conversation().connect().init_command_request().init_fail(0x2019).close(by="responder").packets()
    rule = "init-fail-reason-defined"
    assert told(write_pcap(tmp_path / "both.pcap", refused)) == {rule}
    assert told(write_pcap(tmp_path / "one.pcap", damage.one_direction_only(refused, TO_INITIATOR))) == set()
