"""Writes what is generated in the documentation: `python docs/generate.py`.

tables.md comes from the schema, rules.md from the catalogue of rules, commands.md from the command line, codes.md and
codes/ from the facts; in README.md, tour.md and how-to/ the output below each `$ ptpip-analyze ...` line of a console
block is what the program says now. Tests compare all of them.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import typer

from ptpip_analyze import facts
from ptpip_analyze.cli.app import GROUPS, built, run
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


COMMANDS = """\
`ptpip-analyze COMMAND --help` says the same. [Tables](tables.md) names the columns and says what `--where` takes,
[rules](rules.md) what `check` holds a capture against.
"""

EXITS = """\
Exit codes of every command: 0 done; 2 bad usage, or a file that is no capture (one line on stderr); 130 Ctrl-C. Those
that end otherwise say so below.
"""

EXIT = {
    "check": "1: a rule of the level of `--fail-on` is violated, or `--need-session` found no session",
    "diff": "1: the two differ",
    "crosscheck": "1: a difference is not explained",
    "live": "143: ended by SIGTERM",
    "lua": "1: `check` found that our dissector does not answer",
}


def commands_page() -> str:
    """docs/commands.md."""
    program: Any = typer.main.get_command(built())
    context = program.make_context("ptpip-analyze", [], resilient_parsing=True)
    parts = ["# Commands\n", COMMANDS, EXITS]
    for title, names in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_command(program.commands[name], context) for name in names]
    return "\n".join(parts)


def _command(command: Any, parent: Any) -> str:
    context = type(parent)(command, info_name=command.name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    about = "\n\n".join(_text(" ".join(part.split())) for part in command.help.split("\n\n"))
    lines = [f"### {command.name}\n", f"{about}\n", f"```text\n{usage}\n```\n"]
    if command.name in EXIT:
        lines.append(f"Exit code {EXIT[command.name]}.\n")
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    for head in ("argument", "option"):
        rows = [_parameter(one, context) for one in shown if one.param_type_name == head]
        if rows:
            lines += [f"| {head} | takes | default | |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _parameter(one: Any, context: Any) -> str:
    option = one.param_type_name == "option"
    names = [*one.opts, *one.secondary_opts] if option else [one.make_metavar(context)]
    choices = getattr(one.type, "choices", None)
    takes = "" if getattr(one, "is_flag", False) else ", ".join(f"`{choice}`" for choice in choices or ())
    if not takes and option and not one.is_flag:
        takes = f"`{one.make_metavar(context)}`"
    if one.multiple or one.nargs == -1:
        takes = f"{takes} (repeatable)".strip()
    default = one.default
    if one.required:
        told = "required"
    elif default in (None, False, "", (), []) or callable(default):
        told = ""
    elif default is True:
        told = f"`{one.opts[0]}`"
    else:
        told = f"`{getattr(default, 'value', default)}`"
    return _row(", ".join(f"`{name}`" for name in names), takes, told, _text(one.help or ""))


def _text(text: str) -> str:
    """`text` with nothing in it that Markdown takes for its own."""
    return re.sub(r"([\\*_`\[\]])", r"\\\1", text).replace("<", "&lt;")


CODES = {
    "operation": "Operations",
    "response": "Responses",
    "event": "Events",
    "property": "Properties",
    "format": "Formats",
}

CODES_ABOUT = """\
Names of codes by whose they are: `ptp` and `mtp` are the standards, all others makers and their dialects. One number
means different things with different makers. How sure a name is: **documented** by the standard or the maker;
**agreed** between two implementations, or one and a real camera; **implemented** by one; **guessed** from behaviour.
`ptpip-analyze codes TEXT` searches all of them, your [own names](names.md) too.
"""


def codes_pages() -> dict[str, str]:
    """docs/codes.md and the pages of each kind, by their names below docs/."""
    found = [row for row in facts.all_rows() if row.kind in CODES]
    index = ["# Codes\n", CODES_ABOUT, "| kind | codes |", "|---|---|"]
    pages = {}
    for kind, title in CODES.items():
        own = [row for row in found if row.kind == kind]
        index.append(_row(f"[{title}](codes/{kind}.md)", str(len(own))))
        parts = [f"# {title}\n"]
        for vendor in dict.fromkeys(row.vendor for row in own):
            lines = [f"## {vendor}\n", "| code | name | how sure | source |", "|---|---|---|---|"]
            lines += [
                _row(f"`0x{row.code:04X}`", f"`{row.name}`", row.confidence, _text(row.source))
                for row in sorted(own, key=lambda row: row.code)
                if row.vendor == vendor
            ]
            parts.append("\n".join(lines) + "\n")
        pages[f"codes/{kind}.md"] = "\n".join(parts)
    return {"codes.md": "\n".join(index) + "\n", **pages}


def pages() -> dict[str, str]:
    """All pages that are generated as a whole, by their names below docs/."""
    return {
        "tables.md": tables_page(),
        "rules.md": rules_page(),
        "commands.md": commands_page(),
        **codes_pages(),
    }


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
    (ROOT / "docs" / "codes").mkdir(exist_ok=True)
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text)
    for page in TOURS:
        page.write_text(tour(page.read_text()))
