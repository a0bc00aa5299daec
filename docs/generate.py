"""Writes what is generated in the documentation: `python docs/generate.py`.

tables.md comes from the schema, rules.md from the catalogue of rules; in README.md, tour.md and how-to/ the output
below each `$ ptpip-analyze ...` line of a console block is what the program says now. Tests compare all of them.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

from ptpip_analyze.cli.app import run
from ptpip_analyze.rules import CATALOGUE
from ptpip_analyze.tables.schema import ABOUT, ON_DEMAND, TABLES, VIEWS

ROOT = Path(__file__).resolve().parents[1]
TOURS = (ROOT / "README.md", ROOT / "docs" / "tour.md", *sorted((ROOT / "docs" / "how-to").glob("*.md")))

KINDS = """\
Kinds: `text`; `int` (64 bits, signed); `uint` (32 bits, unsigned, as on the wire); `float`; `time` (UTC, nanoseconds:
`timestamp[ns, UTC]` in pandas and Parquet, `2026-01-02T03:04:05.123456789Z` in CSV and JSON); `words` (list of `uint`).
A value that is not known is null. Frame numbers count from 1 over a capture file, as Wireshark does.
Rows are in order of first frame.

In CSV a text that begins as a formula of a spreadsheet does (`=`, `+`, `-`, `@`, tab or carriage return) has an
apostrophe before it: `'=1+1`. A number with its sign, and its unit, has none: `-667`, `+0.7 EV`.
"""

WHERE = """\
## `--where`

One condition over the columns of the table, as `DataFrame.query` takes it, and on a command line in quotes:
`--where 'operation == "GetObject" and latency_s > 0.5'`. It may consist of

- columns by their names; numbers, also `0x1009`; texts in quotes; `True` and `False`
- `==` `!=` `<` `<=` `>` `>=`, also `0.1 < latency_s < 0.5`
- times as texts in UTC: `request_time >= "2026-01-02T03:04:05.5"`, `start_time < "2026-01-02"`
- lists of constants: `response in ["OK", "DeviceBusy"]`, `response not in [...]`, `response.isin([...])`
- `and`, `or`, `not`, also written `&`, `|`, `~`; parentheses
- `+` `-` `*` `/` `//` `%` between numbers: `latency_s * 1000 > 50`
- nulls: `latency_s.isna()`, `latency_s.notna()`, also `.isnull()`, `.notnull()`
- texts: `operation.str.contains("Get|Set")`, with `case=False` for letters of any size and `regex=False` for a text
  that is no pattern; `.str.startswith("Get")`, `.str.endswith("Desc")`, `.str.lower()`, `.str.upper()`, `.str.len()`
- one word of a list, and how many there are: `parameters.str[0] == 0x5007`, also `.str.get(0)`;
  `parameters.str.len() > 1`

Everything else, other calls and attributes above all, is refused in one line. Nothing is ever executed.
"""

DEMANDED = "Made only where asked for by name (`--columns`, `--where`) or shown as a table:"

_BLOCK = re.compile(r"```console\n\$ ptpip-analyze (.*)\n(?:.*\n)*?```\n")


def tables_page() -> str:
    """docs/tables.md."""
    parts = ["# Tables\n", KINDS, WHERE]
    for table, columns in (TABLES | VIEWS).items():
        lines = [f"## {table}\n", f"{ABOUT[table]}\n", "| column | kind | unit | |", "|---|---|---|---|"]
        lines += [f"| `{column.name}` | {column.kind} | {column.unit} | {column.sentence} |" for column in columns]
        parts.append("\n".join(lines) + "\n")
        demanded = ON_DEMAND.get(table, {}).values()
        parts += [f"{DEMANDED} `{column.name}` ({column.kind}): {column.sentence}\n" for column in demanded]
    return "\n".join(parts)


RULES = """\
Each statement of CIPA DC-X005-2005 that shows on the wire is a rule. `ptpip-analyze explain RULE` says more of each:
how it is detected, what can look like it, and examples.

Verdicts: **pass**; **violation**; **known-vendor-deviation** (a known implementation does it this way, `--strict` makes
it a violation); **inconclusive** (a precondition is not met, or the evidence only points to it: neither passed nor
failed); **not-applicable**. Only *must* and *should* rules that check can fail; *may* and *info*, and all hints,
classifications and metrics, only say what happened.
"""


def rules_page() -> str:
    """docs/rules.md."""
    rules = CATALOGUE.rules.values()
    levels = ("must", "should", "may", "info")
    counts = ", ".join(f"{sum(entry.level == level for entry in rules)} {level}" for level in levels)
    parts = ["# Rules\n", RULES, f"{len(rules)} rules: {counts}.\n"]
    for topic in dict.fromkeys(entry.topic for entry in rules):
        lines = [
            f"## {topic}\n",
            "| rule | level | kind | subject | demands | clause | silent when |",
            "|" + "---|" * 7,
        ]
        lines += [
            _row(
                f"`{one.id}`",
                one.level,
                one.kind,
                one.subject,
                one.title,
                one.section,
                one.undecidable or one.silent_when,
            )
            for one in rules
            if one.topic == topic
        ]
        parts.append("\n".join(lines) + "\n")
    lines = ["## Known deviations\n", "| deviation | of | what | known by | counts as |", "|" + "---|" * 5]
    for deviation in CATALOGUE.deviations.values():
        lines.append(
            _row(f"`{deviation.id}`", deviation.vendor, deviation.what, deviation.fingerprint, deviation.treat_as)
        )
    parts.append("\n".join(lines) + "\n")
    lines = ["## Statements that no capture shows\n", "| clause | statement | why |", "|" + "---|" * 3]
    lines += [_row(one["section"], one["statement"], one["why"]) for one in CATALOGUE.unobservable]
    parts.append("\n".join(lines) + "\n")
    lines = ["## Thresholds\n", "Waiting times that rules use; `check --thresholds FILE` takes others.\n", "```toml"]
    lines += [f"{name} = {value:g}" for name, value in CATALOGUE.thresholds.items()]
    return "\n".join(parts) + "\n" + "\n".join([*lines, "```"]) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def tour(readme: str) -> str:
    """`readme` with the output of each command of its console blocks, as the program writes it into a pipe."""
    return _BLOCK.sub(lambda block: f"```console\n$ ptpip-analyze {block[1]}\n{said(block[1])}```\n", readme)


def said(arguments: str) -> str:
    """What the program writes to stdout, from the project's folder. Raises RuntimeError when it fails."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        code = run(shlex.split(arguments))
    if code not in (0, 1):  # 1: check or diff found something
        raise RuntimeError(f"ptpip-analyze {arguments} ended with {code}")
    return out.buffer.getvalue().decode()


if __name__ == "__main__":
    (ROOT / "docs" / "tables.md").write_text(tables_page())
    (ROOT / "docs" / "rules.md").write_text(rules_page())
    for page in TOURS:
        page.write_text(tour(page.read_text()))
