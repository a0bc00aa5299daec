"""A check as JUnit XML, which CI systems show: one suite per implementation, one case per rule that was looked at.

A violation is a failure, also where another rule shows it more precisely; a rule that could not be decided is skipped
with its reason, and one that could be decided only in part says so. Nothing from the wire becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as etree

from ..describe import safe_text
from ..rules import Verdict

# Characters that XML 1.0 (2.2) has no way to write.
_NOT_XML = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(document: Mapping[str, Any], fail_on: str = "must") -> bytes:
    """The document of ``checked`` as XML in UTF-8. Findings below the level ``fail_on`` are told and do not fail."""
    levels = ("must", "should") if fail_on == "should" else ("must",) if fail_on == "must" else ()
    root = etree.Element("testsuites", name="ptpip-analyze check")
    findings: dict[str, list[Mapping[str, Any]]] = {}
    for row in (*document["findings"], *document["joined"]):
        findings.setdefault(row["rule"], []).append(row)
    total = failed = skipped = 0
    suite = etree.SubElement(root, "testsuite", name="CIPA DC-X005-2005")
    for rule in document["rules"]:
        if rule["kind"] not in ("check", "classify+check"):
            continue
        case = etree.SubElement(
            suite, "testcase", classname=f"ptpip.{rule['rule'].partition('-')[0]}", name=rule["rule"]
        )
        total += 1
        rows = findings.get(rule["rule"], [])
        failing = [row for row in rows if row["verdict"] == Verdict.VIOLATION.value and row["level"] in levels]
        if failing:
            failed += 1
            failure = etree.SubElement(
                case, "failure", type=rule["level"], message=_text(f"{rule['title']} ({rule['clause']})")
            )
            failure.text = _told(failing)
        elif not rows and not rule["passed"]:
            skipped += 1
            reasons = "; ".join(rule["why_inconclusive"]) or "nothing to judge in these captures"
            etree.SubElement(case, "skipped", message=_text(reasons))
        told = [_told([row for row in rows if row not in failing])] if len(rows) > len(failing) else []
        if rule["passed"] and rule["inconclusive"]:
            reasons = "; ".join(rule["why_inconclusive"]) or "it points to a violation and proves none"
            told.append(_text(f"{rule['passed']} passed, {rule['inconclusive']} inconclusive: {reasons}"))
        if told:
            etree.SubElement(case, "system-out").text = "\n".join(told)
    for element in (root, suite):
        element.set("tests", str(total))
        element.set("failures", str(failed))
        element.set("errors", "0")
        element.set("skipped", str(skipped))
    etree.indent(root)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _told(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"{row['implementation']} ({row['subject']}): {row['says']} [{row['verdict']}] "
        f"{row['capture']}, session {row['session']}, frames {', '.join(map(str, row['frames'] or []))}"
        f"{', shown by ' + row['shown_by'] if 'shown_by' in row else ''}"
        for row in rows
    ]
    return _text("\n".join(safe_text(line) for line in lines))


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
