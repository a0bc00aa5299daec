"""tshark with our dissector finds what our tables say: every message once, with the same fields, in one and two passes.

On every recorded capture and every story. tshark delivers a connection's bytes in order: where a segment came late,
what follows it is shown in the frame that fills the hole, and never earlier than our last frame.
"""

from __future__ import annotations

import struct
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import analyze, facts
from ptpip_analyze.ptp.parameters import event_text, parameters_text, response_text
from tests.support import RECORDED, ROOT, Row, rows
from tests.traffic import STORIES, Conversation, capture, conversation, write_pcap

from . import tshark

OTHERS = ROOT.parent / "shared" / "captures"
NAMES = [*(f"made/{name}" for name in STORIES), *(f"recorded/{path.name}" for path in RECORDED)]
PASSES = {"one pass": (), "two passes": ("-2",), "two passes with a filter": ("-2", "-Y", "frame")}

# Where words begin, and how many there may be at most.
WORDS = {6: (18, 5), 7: (14, 5), 8: (14, 3), 0x10001: (12, 5), 0x10003: (12, 5), 0x10004: (12, 5)}
CODE = {6: "operation", 7: "response", 8: "event", 5: "fail_reason", 0x10001: "operation", 0x10002: "operation",
        0x10003: "response", 0x10004: "event"}  # fmt: skip
KINDS = {6: "operation", 0x10001: "operation", 7: "response", 0x10003: "response", 8: "event", 0x10004: "event"}
# Captures in which segments came late: only with this preference does Wireshark put them in order.
LATE = ("lossy-network-client", "lossy-network-camera", "net-loss3")


def options_for(path: Path) -> tuple[str, ...]:
    return tshark.ORDERED if path.stem.startswith(LATE) else ()


def ours(analysis: Any) -> list[dict[str, Any]]:
    """Our messages, with what tshark can be asked for."""
    vendors = {row["session"]: row["vendor"] for row in rows(analysis, "sessions")}
    found = []
    for row in rows(analysis, "messages"):
        if row["type_code"] is None:
            continue
        begin, most = WORDS.get(row["type_code"], (0, 0))
        data = analysis.bytes(row) if most else b""
        count = min(max(len(data) - begin, 0) // 4, most)
        words = list(struct.unpack_from(f"<{count}I", data, begin)) if count else []
        found.append(row | {"words": words, "vendor": vendors.get(row["session"])})
    return found


def identity(kind: int, length: int, transaction_id: int | None, code: int | None, words: list[int]) -> tuple[Any, ...]:
    return kind, length, transaction_id, code, tuple(words)


def of_ours(row: Row) -> tuple[Any, ...]:
    code = row["code"] if row["type_code"] in CODE else None
    return identity(row["type_code"], row["length"], row["transaction_id"], code, row["words"])


def of_theirs(message: tshark.Message) -> tuple[Any, ...]:
    kind = tshark.number(message["type"])
    length = tshark.number(message["length"])
    assert kind is not None
    assert length is not None
    code = tshark.number(message.get(CODE.get(kind, "none")))
    return identity(
        kind, length, tshark.number(message.get("transaction_id")), code, tshark.numbers(message.get("parameter"))
    )


def differences(path: Path, *options: str) -> tuple[list[str], Counter[str]]:
    """What tshark says otherwise than our tables, and how much was compared."""
    told: list[str] = []
    compared: Counter[str] = Counter()
    with analyze(path) as analysis:
        mine = ours(analysis)
        transactions = rows(analysis, "transactions")
        sessions = rows(analysis, "sessions")
    theirs = tshark.messages(path, *options_for(path), *options)
    waiting: dict[tuple[Any, ...], list[tshark.Message]] = defaultdict(list)
    for message in theirs:
        waiting[of_theirs(message)].append(message)
    paired: list[tuple[Row, tshark.Message]] = []
    for row in sorted(mine, key=lambda row: (row["status"] != "complete", row["last_frame"])):
        same = waiting[of_ours(row)]
        late = bool(options_for(path))
        at = next(
            (
                n
                for n, one in enumerate(same)
                if one["frame"] == row["last_frame"] or (late and one["frame"] > row["last_frame"])
            ),
            None,
        )
        if row["status"] != "complete":  # where such a message ends is anybody's guess
            if same:
                same.pop(0)
            continue
        if at is None:
            told.append(f"frame {row['last_frame']}: {row['type']} {row['transaction_id']} is not there")
            continue
        paired.append((row, same.pop(at)))
        compared["messages"] += 1
        compared["fields"] += 6
    if all(row["status"] != "malformed" for row in mine):
        for left in waiting.values():
            told += [f"frame {one['frame']}: type {one['type']} is not ours" for one in left]
    told += frames_differ(paired, bool(options_for(path)), compared)
    told += names_differ(paired, "-2" in options, compared)
    told += transactions_differ(paired, transactions, "-2" in options, compared)
    told += sessions_differ(paired, sessions, "-2" in options, "-2" in options and "-Y" not in options, compared)
    return told, compared


def frames_differ(paired: list[tuple[Row, tshark.Message]], late: bool, compared: Counter[str]) -> list[str]:
    told = []
    for row, message in paired:
        begins = tshark.number(message.get("begins_in")) or message["frame"]
        compared["fields"] += 1
        if begins != row["first_frame"] and not late:
            told.append(f"frame {row['last_frame']}: begins in {begins}, not in {row['first_frame']}")
    return told


def names_differ(paired: list[tuple[Row, tshark.Message]], all_known: bool, compared: Counter[str]) -> list[str]:
    """Names of codes: those of the vendor that tshark says, and where that is ours, our names."""
    told = []
    for row, message in paired:
        kind = KINDS.get(row["type_code"])
        if kind is None:
            continue
        name, vendor = message.get(f"{kind}_name"), message.get("vendor")
        compared["fields"] += 1
        if name != facts.name_of(kind, row["code"], vendor):
            told.append(f"frame {row['last_frame']}: {kind} 0x{row['code']:04X} is called {name} ({vendor})")
        if all_known and row["code"] >= 0x9000 and vendor != row["vendor"]:
            told.append(f"frame {row['last_frame']}: of {vendor}, not of {row['vendor']}")
        if all_known and vendor == row["vendor"] and name != row["code_name"]:
            told.append(f"frame {row['last_frame']}: {name} and not {row['code_name']}")
    return told


def transactions_differ(
    paired: list[tuple[Row, tshark.Message]], transactions: list[Row], all_known: bool, compared: Counter[str]
) -> list[str]:
    """Response times, and the frames of request and response that each names."""
    told = []
    at: dict[tuple[Any, ...], list[tuple[Row, tshark.Message]]] = defaultdict(list)
    for row, message in paired:
        at[row["session"], row["transaction_id"], row["time"], row["type_code"] & 0xF].append((row, message))
    for transaction in transactions:
        if transaction["latency_s"] is None or transaction["status"] not in ("complete", "cancelled"):
            continue
        fuji = bool(at.get((transaction["session"], transaction["transaction_id"], transaction["response_time"], 3)))
        sides = [
            at.get((transaction["session"], transaction["transaction_id"], transaction[time], kind), [])
            for time, kind in (("request_time", 1 if fuji else 6), ("response_time", 3 if fuji else 7))
        ]
        if not all(sides):
            continue
        (_, request), (_, response) = sides[0][-1], sides[1][0]
        compared["response times"] += 1
        compared["fields"] += 2
        where = f"frame {response['frame']}"
        took = response.get("response_time")
        if (request["frame"], response["frame"]) != (sides[0][-1][0]["last_frame"], sides[1][0][0]["last_frame"]):
            continue  # one of them waited for a segment that came late
        if took is None or abs(float(took) - transaction["latency_s"]) > 2e-9:
            told.append(f"{where}: answered after {took}, not {transaction['latency_s']:.9f}")
        if tshark.number(response.get("request_in")) not in (
            request["frame"],
            None if request["frame"] == response["frame"] else -1,
        ):
            told.append(f"{where}: request in {response.get('request_in')}, not {request['frame']}")
        if all_known and request["frame"] != response["frame"]:
            compared["fields"] += 1
            if tshark.number(request.get("response_in")) != response["frame"]:
                told.append(
                    f"frame {request['frame']}: response in {request.get('response_in')}, not {response['frame']}"
                )
        if response.get("operation_name") != request.get("operation_name"):
            told.append(f"{where}: {response.get('operation_name')} and not {request.get('operation_name')}")
    return told


def sessions_differ(
    paired: list[tuple[Row, tshark.Message]], sessions: list[Row], all_known: bool, blind: bool, compared: Counter[str]
) -> list[str]:
    """One number for each of our sessions, and the streams that belong together."""
    told = []
    numbers: dict[int, set[int | None]] = defaultdict(set)
    streams: dict[int, dict[str, int]] = defaultdict(dict)
    for row, message in paired:
        numbers[row["session"]].add(tshark.number(message.get("session")))
        streams[row["session"]][row["connection"]] = row["tcp_stream"]
    for session in sessions:
        sure = session["paired_by"] in ("connection-number", "dialect")
        seen = numbers[session["session"]] - {None}
        if sure and all_known and session["session"] in numbers:
            compared["fields"] += 1
            if len(seen) != 1:
                told.append(f"session {session['session']} is {sorted(map(str, seen))}")
    for row, message in paired:
        sure = sessions[row["session"]]["paired_by"] == "connection-number"
        other = streams[row["session"]].get("event" if row["connection"] == "command" else "command")
        tells = row["type_code"] in (1, 2, 3, 4, 8, 13, 14)  # those of transactions do not
        if sure and all_known and tells and other is not None and row["connection"] in ("command", "event"):
            compared["fields"] += 1
            # Without a tree in the first pass, streams get their numbers when the second one comes to them.
            if tshark.number(message.get("paired_stream")) not in (other, None if blind else other):
                told.append(f"frame {row['last_frame']}: paired with {message.get('paired_stream')}, not {other}")
    return told


RUNS = [(case, passes) for case in NAMES for passes in PASSES if case.startswith("recorded/") or "filter" not in passes]


@pytest.mark.parametrize(("case", "passes"), RUNS)
def test_finds_our_messages_with_our_fields(case: str, passes: str, path_of) -> None:
    told, compared = differences(path_of(case), *PASSES[passes])
    assert told == []
    assert compared["messages"] or case in ("made/http", "made/other_protocol")


@pytest.mark.skipif(not OTHERS.is_dir(), reason="no captures of other implementations beside the project")
def test_finds_our_messages_in_the_captures_of_others() -> None:
    for path in tshark.all_files(OTHERS):
        told, _ = differences(path, "-2", "-Y", "frame")
        assert told == [], path.name


def test_believes_an_acknowledgment_where_the_capture_begins_behind_the_syn(tmp_path: Path) -> None:
    """Messages whose header is a segment of its own, by the side whose sequence numbers nobody saw begin."""
    path = write_pcap(tmp_path / "no-syn.pcap", capture("header_apart")[1:], nano=True)
    told, compared = differences(path)
    assert told == []
    assert compared["messages"] > 10


def test_words_what_numbers_stand_for_in_a_request_as_our_tables_do() -> None:
    path = ROOT / "captures" / "list-and-get.pcapng"
    wanted = "ptp_ip.operation in {0x1004..0x1007} && ptp_ip.type == 6"
    said = tshark.run(["-r", str(path), "-Y", wanted, "-o", 'gui.column.format:"Info","%i"'])
    with analyze(path) as analysis:
        calls = [
            parameters_text(row["operation_code"], row["parameters"], row["vendor"])
            for row in rows(analysis, "transactions")
            if 0x1004 <= row["operation_code"] <= 0x1007
        ]
    assert any("=all" in call and "=root" in call for call in calls)
    assert [line.strip().partition(": ")[2] for line in said.splitlines()] == [
        call.removesuffix("()") for call in calls
    ]


VALUES = ((1, 2, 3, 4, 5), (0xFFFFFFFF, 0, 0x10000, 0x100000, 0), (0, 0x5005, 0x3801, 0xFFFFFFFF, 0x9002))
WORDED = (None, "canon_eos", "nikon", "sony", "panasonic", "fuji", "olympus_omd", "canon")


def information(folder: Path, camera: Conversation, kind: int, vendor: str | None) -> list[str]:
    """What Wireshark's column Info says of a type of messages, each behind its heading."""
    path = write_pcap(folder / "worded.pcap", camera.packets())
    said = tshark.run(
        ["-r", str(path), "-Y", f"ptp_ip.type == {kind}", "-o", f"ptp_ip.vendor:{vendor or 'standard'}",
         "-o", 'gui.column.format:"Info","%i"']
    )  # fmt: skip
    return [line.strip().partition(": ")[2] for line in said.splitlines()]


@pytest.mark.parametrize("vendor", WORDED)
def test_words_requests_as_our_tables_do(vendor: str | None, tmp_path: Path) -> None:
    camera, wanted = conversation().init(), list[str]()
    for code in facts.table("operation", vendor):
        for parameters in VALUES:
            camera.request(code, *parameters).response(0x2005)
            wanted.append(parameters_text(code, parameters, vendor).removesuffix("()"))
    assert len(wanted) > 200
    assert information(tmp_path, camera, 6, vendor) == wanted


@pytest.mark.parametrize("vendor", WORDED)
def test_words_responses_as_our_tables_do(vendor: str | None, tmp_path: Path) -> None:
    camera, wanted = conversation().init(), list[str]()
    for code, row in facts.table("operation", vendor).items():
        for response, parameters in ((0x2001, VALUES[0]), (0x2001, VALUES[1]), (0x2002, VALUES[0])):
            camera.request(code).response(response, *parameters)
            wanted.append(f"{row.name} → {response_text(code, response, parameters, vendor)}")
    assert [text.rpartition(" after ")[0] for text in information(tmp_path, camera, 7, vendor)] == wanted


@pytest.mark.parametrize("vendor", WORDED)
def test_words_events_as_our_tables_do(vendor: str | None, tmp_path: Path) -> None:
    camera, wanted = conversation().init().open_session(), list[str]()
    for code in facts.table("event", vendor):
        for parameters in VALUES:
            camera.event(code, 0xFFFFFFFF, *parameters[:3])
            wanted.append(event_text(code, parameters[:3], vendor))
    assert information(tmp_path, camera, 8, vendor) == wanted
