"""A check as SARIF 2.1.0, which code hosts and IDEs show. Promises documents that validate against its schema.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0. A place in a capture is a frame: it stands as a
logical location, because a capture has no lines; the byte range of a message is not in the file as one piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import __version__
from ..describe import safe_text
from ..rules import CATALOGUE, Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"must": "error", "should": "warning", "may": "note", "info": "note"}
_PROPERTIES = (
    "verdict", "subject", "session", "transaction_id", "frames", "proof", "deviation", "related", "clause",
)  # fmt: skip


def sarif(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of ``checked`` as a SARIF log with one run."""
    rows = [
        *(_result(row, None, "new" if document["compared"] else None) for row in document["findings"]),
        *(_result(row, {"kind": "external", "justification": safe_text(row["reason"])}) for row in document["waived"]),
        *(_result(row, None, "unchanged") for row in document["known"]),
    ]
    names = sorted({row["ruleId"] for row in rows})
    index = {name: number for number, name in enumerate(names)}
    for row in rows:
        row["ruleIndex"] = index[row["ruleId"]]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "ptpip-analyze",
                        "version": __version__,
                        "rules": [_rule(name) for name in names],
                    }
                },
                "artifacts": [{"location": {"uri": _uri(path)}} for path in document["captures"]],
                "results": rows,
                "columnKind": "utf16CodeUnits",
            }
        ],
    }


def _rule(name: str) -> dict[str, Any]:
    entry = CATALOGUE.rules[name]
    return {
        "id": name,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.detect},
        "help": {"text": f"{entry.clause}. Silent when: {entry.silent_when}."},
        "defaultConfiguration": {"level": _LEVELS[entry.level]},
        "properties": {"level": entry.level, "subject": entry.subject, "clause": entry.clause},
    }


def _result(row: Mapping[str, Any], suppression: dict[str, Any] | None, state: str | None = None) -> dict[str, Any]:
    frame = row["frame"]
    place = "capture" if frame is None else f"frame {frame}"
    deviates = row["verdict"] == Verdict.DEVIATION.value
    result: dict[str, Any] = {
        "ruleId": row["rule"],
        "level": "note" if deviates else _LEVELS[row["level"]],
        "message": {"text": safe_text(f"{row['implementation']}: {row['says']} ({place})")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(row["capture"])}},
                "logicalLocations": [{"name": place, "fullyQualifiedName": f"session {row['session']}/{place}"}],
            }
        ],
        "partialFingerprints": {"ptpip/v1": row["fingerprint"]},
        "properties": {key: row[key] for key in _PROPERTIES if row[key] is not None},
    }
    if state is not None:
        result["baselineState"] = state
    if suppression is not None:
        result["suppressions"] = [suppression]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/-._~")
