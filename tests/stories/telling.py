"""Cases and their two golden texts.

Cases are found, never listed: every story of ``tests.traffic`` and every capture in ``captures``. Promises texts that
depend on nothing but the packets; refuses to judge them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from ptpip_analyze import Analysis, analyze, describe
from ptpip_analyze.cli import main
from tests.support import RECORDED, ROOT, Row, rows
from tests.traffic import STORIES, capture, write_pcap

FOLDER = Path(__file__).parent
GOLDEN = {"txt": "the wording", "json": "the substance"}
CASES = [*(f"made/{name}" for name in STORIES), *(f"recorded/{path.name}" for path in RECORDED)]


def golden(case: str, layer: str) -> Path:
    """Where the golden text of a case is kept."""
    return FOLDER / f"{case}.{layer}"


def all_golden() -> set[Path]:
    """The golden files that there are."""
    return {path for folder in ("made", "recorded") for path in (FOLDER / folder).iterdir()}


def tell(case: str) -> dict[str, str]:
    """Both layers of a case, by suffix."""
    kind, name = case.split("/")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "page"
        if kind == "recorded":
            home, named = ROOT, f"captures/{name}"
        else:
            home, named = Path(folder), f"{name}.pcap"
            write_pcap(home / named, capture(name), nano=True)
        before = Path.cwd()
        os.chdir(home)  # the page names the capture as it was named
        try:
            with analyze(named) as analysis:
                return {"txt": _page(named, output) + _conversation(analysis), "json": _substance(analysis)}
        finally:
            os.chdir(before)


def _page(named: str, output: Path) -> str:
    """What the summary command writes."""
    try:
        main(["summary", named, "-o", str(output)])
    except SystemExit as ended:
        if ended.code:
            raise AssertionError(f"summary of {named} ended with {ended.code}") from ended
    return output.read_text()


def _conversation(analysis: Analysis) -> str:
    """Transactions, events, and messages that are not as they should be, by first frame."""
    told = [(row["first_frame"], _transaction(row)) for row in rows(analysis, "transactions")]
    told += [(row["frame"], _event(row)) for row in rows(analysis, "events")]
    told += [(row["first_frame"], _odd_message(row)) for row in rows(analysis, "messages") if _is_odd(row)]
    told.sort(key=lambda line: line[0])  # stable: of one frame, transactions stand before events
    return "\nConversation\n" + "".join(f"  {line}\n" for _, line in told)


def _transaction(row: Row) -> str:
    asked = describe.safe_text(row["operation"] or "request not captured")
    answer = describe.safe_text(row["response"] or "no response")
    line = f"{asked}({describe.parameters_text(row['parameters'])}) → {answer}"
    if row["latency_s"] is not None:
        line += f" in {describe.human_seconds(row['latency_s'])}"
    if row["response_parameters"]:
        line += f", returns {describe.parameters_text(row['response_parameters'])}"
    if row["data_direction"] in ("in", "out"):
        line += f", {describe.human_bytes(row['data_bytes'])} {row['data_direction']}"
        if row["announced_bytes"] != row["data_bytes"]:
            total = row["announced_bytes"]
            line += " of " + ("an unknown total" if total is None else describe.human_bytes(total))
    if row["status"] != "complete":
        line += f" [{describe.STATUS_WORDS[row['status']]}]"
    return f"{_frames(row)}  {row['session']} #{_id(row)}  {line}"


def _event(row: Row) -> str:
    words = f"{row['event']}({describe.parameters_text(row['parameters'])})"
    return f"{row['frame']:>9}  {row['session']} #{_id(row)}  event {describe.safe_text(words)}"


def _is_odd(row: Row) -> bool:
    return bool(row["status"] != "complete" or row["session"] is None)


def _odd_message(row: Row) -> str:
    kind = row["type"] or "no message"
    status = describe.STATUS_WORDS[row["status"]] + (f": {row['reason']}" if row["reason"] else "")
    where = f"at offset {row['offset']} {row['direction']} on the {row['connection']} connection"
    return f"{_frames(row)}  {row['session']} ! {kind} of {row['length']} bytes {where} [{status}]"


def _id(row: Row) -> str:
    identity = row["transaction_id"]
    return "?" if identity is None else "none" if identity == 0xFFFFFFFF else str(identity)


def _frames(row: Row) -> str:
    first, last = row["first_frame"], row["last_frame"]
    return f"{first if first == last else f'{first}-{last}':>9}"


_SESSION = [
    "initiator_address",
    "responder_address",
    "responder_port",
    "command_port",
    "event_port",
    "connection_number",
    "initiator_guid",
    "initiator_name",
    "initiator_version",
    "responder_guid",
    "responder_name",
    "responder_version",
    "vendor",
    "manufacturer",
    "model",
    "dialect",
    "paired_by",
    "status",
    "fail_reason_code",
    "fail_reason",
    "transactions",
    "events",
    "bytes_to_responder",
    "bytes_to_initiator",
    "closed_by",
    "close_kind",
]
_TRANSACTION = [
    "session",
    "transaction_id",
    "operation_code",
    "operation",
    "parameters",
    "data_phase_info",
    "data_direction",
    "announced_bytes",
    "data_bytes",
    "data_messages",
    "dataset",
    "response_code",
    "response",
    "response_parameters",
    "status",
    "first_frame",
    "last_frame",
]
_FINDING = ("rule", "verdict", "subject", "session", "transaction_id", "frame")
_EVENT = ("session", "event_code", "event", "transaction_id", "parameters", "source", "frame")


def _substance(analysis: Analysis) -> str:
    messages, packets = rows(analysis, "messages"), rows(analysis, "packets")
    said = Counter(
        " ".join(str(row[name]) for name in ("session", "connection", "direction", "type", "status"))
        for row in messages
    )
    streams = len({row["tcp_stream"] for row in packets} - {None})
    return _lines(
        {
            "packets": {"count": len(packets), "tcp_streams": streams},
            "flags": Counter(row["flags"] for row in packets if row["flags"]),
            "sessions": [{name: row[name] for name in _SESSION} for row in rows(analysis, "sessions")],
            "transaction_columns": _TRANSACTION,
            "transactions": [[row[name] for name in _TRANSACTION] for row in rows(analysis, "transactions")],
            "event_columns": _EVENT,
            "events": [[row[name] for name in _EVENT] for row in rows(analysis, "events")],
            "messages": said,
            "finding_columns": list(_FINDING),
            "findings": [
                [row[name] for name in _FINDING]
                for row in rows(analysis, "findings")
                if row["verdict"] in ("violation", "known-vendor-deviation")
            ],
        }
    )


def _lines(facts: dict[str, Any]) -> str:
    """JSON with one row on each line, so that a difference is a line."""
    parts = []
    for name, value in facts.items():
        if isinstance(value, Counter):
            entries = [f"{json.dumps(entry)}: {count}" for entry, count in sorted(value.items())]
            inside, ends = entries, "{}"
        elif isinstance(value, list) and value and not isinstance(value[0], str):
            inside, ends = [json.dumps(row) for row in value], "[]"
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
            continue
        body = ",\n".join(f"  {line}" for line in inside)
        parts.append(f"{json.dumps(name)}: {ends[0]}\n{body}\n{ends[1]}" if inside else f"{json.dumps(name)}: {ends}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
