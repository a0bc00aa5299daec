"""`check`: does this implementation follow the standard, or do those of a dataset of captures? `explain`: what a rule
demands and when it stays silent.

Shows what ``conformance`` says; judges nothing.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.fleet import dataset_among
from ptpip_analyze.cli.options import Captures, Names, Output, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, json_bytes, name_codes, named_format, written_to
from ptpip_analyze.describe import counted, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ptpip_analyze.conformance import Options

CheckFormat = Literal["text", "json", "sarif", "junit"]
FailOn = Literal["must", "should", "never"]

SUFFIXES: Final[dict[str, CheckFormat]] = {".json": "json", ".sarif": "sarif", ".xml": "junit", ".txt": "text"}
FOUND: Final = 1  # exit code: something at or above --fail-on
_SHOWN: Final = 3  # findings of one rule and implementation that are told in full; JSON has all
_PROOF: Final = 32  # digits of the proof in a line
_CARD: Final = {  # heading and colour of each class of a scorecard
    "passed": ("passed", "green"), "partly": ("partly\npassed", "green"), "violated": ("violated", "red"),
    "one_of_both": ("one of\nboth", "red"), "deviations": ("known\ndeviation", "magenta"),
    "inconclusive": ("can't\nknow", "yellow"), "not_applicable": ("nothing\nto judge", "dim"),
}  # fmt: skip
_LEAST: Final = 5  # rules that are named where most of their instances can't be known; JSON has all


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("check")(_check)
    app.command("explain")(_explain)


def _check(
    captures: Captures,
    file_format: Annotated[
        CheckFormat | None,
        typer.Option(
            "--format", help="A page for people, or json, sarif, junit (xml) for machines.", show_default=False
        ),
    ] = None,
    output: Output = None,
    fail_on: Annotated[FailOn, typer.Option(help="The level of violations that ends with exit code 1.")] = "must",
    only: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only these rules; repeatable.", show_default=False)
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Not these rules; repeatable.", show_default=False)
    ] = None,
    waivers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file of findings to be tolerated.", show_default=False)
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON of an earlier check: only what is new counts.", show_default=False),
    ] = None,
    thresholds: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file of other waiting times.", show_default=False)
    ] = None,
    need_session: Annotated[
        bool,
        typer.Option("--need-session", help="Exit code 1 also where no session of the standard's dialect is there."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Known deviations of makers are violations.")] = False,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Judge both sides by CIPA DC-X005-2005.

    Findings by rule and implementation, and a scorecard. Exit code 1 when a rule of the level of --fail-on is violated.
    """
    chosen = named_format(file_format, output, "text", SUFFIXES)
    if (dataset := dataset_among(captures)) is not None:
        given = {
            "--waivers": waivers, "--baseline": baseline, "--thresholds": thresholds, "--port": ports,
            "--vendor": vendor, "--names": names, f"--format {chosen}": chosen in ("sarif", "junit"),
        }  # fmt: skip
        for option, value in given.items():
            if value:
                raise CommandError(f"{option}: not with a dataset, of which the captures are judged already")
        _check_dataset(dataset, chosen, output, fail_on, only or [], skip or [], strict, need_session)
        return
    options = _options(only or [], skip or [], strict, waivers, baseline, thresholds)
    name_codes(names)
    with analysed(captures, ports, progress, vendor=vendor) as analysis:
        from ptpip_analyze import conformance

        document = conformance.checked(analysis.results, options)
        with written_to(output, captures) as stream:
            if chosen == "junit":
                stream.write(conformance.junit(document, fail_on))
            elif chosen == "text":
                stream.write(_page(document, output, fail_on))
            else:
                stream.write(json_bytes(conformance.sarif(document) if chosen == "sarif" else _timed(document)))
        failed = conformance.fails(document, fail_on) or (need_session and not document["judged_sessions"])
    if failed:
        raise typer.Exit(FOUND)


def _check_dataset(
    name: str,
    chosen: CheckFormat,
    output: Path | None,
    fail_on: FailOn,
    only: Sequence[str],
    skip: Sequence[str],
    strict: bool,
    need_session: bool,
) -> None:
    """The scorecards of a dataset of captures, by model and firmware."""
    from ptpip_analyze import conformance
    from ptpip_analyze.cli.fleet import checked_page, opened
    from ptpip_analyze.fleet import FleetError, scorecard

    _known_globs(only, skip)
    try:
        document = scorecard.checked(opened(name), only, skip, strict=strict)
    except FleetError as error:
        raise CommandError(str(error)) from error
    with written_to(output) as stream:
        stream.write(json_bytes(document) if chosen == "json" else checked_page(document, output))
    if conformance.fails(document, fail_on) or (need_session and not document["judged_sessions"]):
        raise typer.Exit(FOUND)


def _known_globs(only: Sequence[str], skip: Sequence[str]) -> None:
    """CommandError for a glob that matches no rule, and for those that leave none."""
    from ptpip_analyze.rules.run import chosen

    for option, globs in (("--only", only), ("--skip", skip)):
        for glob in globs:
            if not chosen([glob]):
                raise CommandError(f"{option}: no rule is called {glob}; `explain` lists them")
    if not chosen(only, skip):
        raise CommandError("--only and --skip leave no rule to check by")


def _options(
    only: Sequence[str],
    skip: Sequence[str],
    strict: bool,
    waivers: Path | None,
    baseline: Path | None,
    thresholds: Path | None,
) -> Options:
    """The user's wishes. Raises CommandError for a file that can't be used and a glob that matches nothing."""
    from ptpip_analyze import conformance
    from ptpip_analyze.tomlfile import TomlFileError

    _known_globs(only, skip)
    try:
        return conformance.Options(
            tuple(only),
            tuple(skip),
            strict,
            conformance.thresholds_of(thresholds) if thresholds else {},
            conformance.waivers_of(waivers) if waivers else (),
            conformance.baseline_of(baseline) if baseline else None,
        )
    except TomlFileError as error:
        raise CommandError(str(error)) from error


def _timed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with times as text."""

    def row(one: dict[str, Any]) -> dict[str, Any]:
        time = one["time"]
        return {**one, "time": None if time is None else describe.iso_time(time)}

    return {
        key: [row(one) for one in value] if key in ("findings", "joined", "waived", "known", "notes") else value
        for key, value in document.items()
    }


def _page(document: dict[str, Any], output: Path | None, fail_on: str) -> bytes:
    from ptpip_analyze.cli.screen import console_for, encoded

    page = io.StringIO()
    console = console_for(page, terminal=output is None and sys.stdout.isatty())
    _groups(console, document["findings"])
    _notes(console, document["notes"])
    for heading, key in (("Waived", "waived"), ("Known from the baseline", "known")):
        if document[key]:
            _say(console, f"{heading}: {counted(len(document[key]), 'finding')}")
    for one in document["unused_waivers"]:
        _say(console, f"Waiver in line {one['line']} not used ({one['rule']}): {one['why']}", "yellow")
    _cards(console, document["implementations"])
    _verdict(console, document, fail_on)
    return encoded(page.getvalue(), output)


def _say(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """A line, broken between words where the terminal is too narrow."""
    from ptpip_analyze.cli.page import say_line

    say_line(console, safe_text(text), style, indent)


def _groups(console: Console, findings: Sequence[dict[str, Any]]) -> None:
    from ptpip_analyze.cli.page import OF_LEVEL

    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in findings:
        groups.setdefault((row["rule"], row["verdict"], row["subject"], row["implementation"]), []).append(row)
    for (rule, verdict, subject, implementation), rows in groups.items():
        first = rows[0]
        kind = "known deviation" if verdict == "known-vendor-deviation" else "violation"
        by = f"{subject} {implementation}" if subject != "both" else f"one of both, {implementation}"
        _say(console, f"{first['level'].upper()} {rule}: {counted(len(rows), kind)} by {by}", OF_LEVEL[first["level"]])
        _say(console, f"{first['title']}. {first['clause']}", "dim", 2)
        if first["deviation"]:
            _say(console, f"as known of {first['deviation']}", "magenta", 2)
        for row in rows[:_SHOWN]:
            _say(console, f"{_place(row)}: {row['says']}", "", 2)
            if row["related"]:
                _say(console, f"with it: {row['related'].replace(',', ', ')}", "dim", 4)
            if row["proof"]:
                digits = row["proof"][: 2 * _PROOF]
                more = " …" if len(row["proof"]) > 2 * _PROOF else ""
                _say(console, " ".join(digits[at : at + 2] for at in range(0, len(digits), 2)) + more, "dim", 4)
        if len(rows) > _SHOWN:
            _say(console, f"… {counted(len(rows) - _SHOWN, 'more', 'more')}: ptpip-analyze findings", "dim", 2)
        _say(console, "")


def _place(row: dict[str, Any]) -> str:
    frames = row["frames"] or []
    if not frames:
        return "session" if row["session"] is None else f"session {row['session']}"
    named = ", ".join(map(str, frames[:6])) + (", …" if len(frames) > 6 else "")
    return f"{'frame' if len(frames) == 1 else 'frames'} {named}"


def _notes(console: Console, notes: Sequence[dict[str, Any]]) -> None:
    hints: dict[str, list[dict[str, Any]]] = {}
    for row in notes:
        if row["verdict"] == "inconclusive":
            hints.setdefault(row["rule"], []).append(row)
    if not hints:
        return
    _say(console, "Points to something, proves nothing:", "bold")
    for rule, rows in hints.items():
        first = rows[0]
        more = f" (and {counted(len(rows) - 1, 'more', 'more')})" if len(rows) > 1 else ""
        _say(
            console,
            f"{rule}, {first['subject']} {first['implementation']}: {_place(first)}: {first['says']}{more}",
            "",
            2,
        )
    _say(console, "")


def _cards(console: Console, implementations: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    for one in implementations:
        guid = f", GUID {one['guid']}" if one["guid"] else ""
        name = f' "{one["name"]}"' if one["name"] and one["name"] != one["title"] else ""
        said = f"{one['subject'].capitalize()} {one['title']}{name} at {one['address']}{guid}"
        _say(console, f"{said}, {counted(len(one['sessions']), 'session')}", "bold")
        if not one["judged"]:
            _say(console, "speaks a dialect of its maker: not judged by the standard", "dim", 2)
            _say(console, "")
            continue
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
        table.add_column("  rules", vertical="bottom")
        for heading, _ in _CARD.values():
            table.add_column(heading, justify="right")
        total = dict.fromkeys(_CARD, 0)
        for topic, card in one["scorecard"].items():
            table.add_row(f"  {topic}", *(_number(card[name], style) for name, (_, style) in _CARD.items()))
            for name in _CARD:
                total[name] += card[name]
        table.add_row(Text("  all", style="bold"), *(_number(total[name], style) for name, (_, style) in _CARD.items()))
        console.print(table)
        _instances(console, one)
        _say(console, "")


def _instances(console: Console, one: dict[str, Any]) -> None:
    """How much of what a peer did was judged, and the rules that one pass stands for much that nobody knows."""
    passed, unknown = one["instances"]["passed"], one["instances"]["inconclusive"]
    _say(console, f"{counted(passed, 'instance')} passed, {unknown:,} can't be known", "", 2)
    least = [row for row in one["partly"] if row["passed"] < row["inconclusive"]]
    for row in least[:_LEAST]:
        _say(console, f"{row['rule']}: {row['passed']:,} passed, {row['inconclusive']:,} can't be known", "dim", 4)
    if len(least) > _LEAST:
        _say(
            console, f"… {counted(len(least) - _LEAST, 'more rule')} known in fewer than half: --format json", "dim", 4
        )


def _number(value: int, style: str) -> Any:
    from rich.text import Text

    return Text(str(value) if value else "·", style=style if value else "dim")


def _verdict(console: Console, document: dict[str, Any], fail_on: str) -> None:
    if not document["judged_sessions"]:
        _say(console, "Nothing to judge: no session of the standard's dialect is in these captures.", "yellow")
        return
    violations = [row for row in document["findings"] if row["verdict"] == "violation"]
    by_level = {level: sum(row["level"] == level for row in violations) for level in ("must", "should", "may", "info")}
    parts = [f"{count:,} {level}" for level, count in by_level.items() if count]
    known = len(document["findings"]) - len(violations)
    apart = [f"{len(document[key]):,} {word}" for key, word in (("waived", "waived"), ("known", "in the baseline"))
             if document[key]]  # fmt: skip
    said = f"{counted(len(violations), 'violation')} ({', '.join(parts)})" if violations else "No violations"
    said += f" beside {' and '.join(apart)}" if apart else ""
    said += f", {counted(known, 'known deviation')}" if known else ""
    cards = [card for one in document["implementations"] for card in one["scorecard"].values()]
    total = {name: sum(card[name] for card in cards) for name in _CARD}
    asked = sum(total.values()) - total["not_applicable"]
    words = {"inconclusive": "can't be known", "partly": "only in part"}
    unknown = [f"{total[name]:,} {word}" for name, word in words.items() if total[name]]
    said += f"; of {counted(asked, 'verdict')} in the scorecards {' and '.join(unknown) or 'all are known'}"
    _say(console, said + ".", "bold red" if violations else "bold green")
    if document["undecidable"]:
        _say(console, f"{counted(len(document['undecidable']), 'rule')} can't be decided from any capture.", "dim")


def _explain(
    rule: Annotated[
        str | None,
        typer.Argument(
            metavar="[RULE]", help="A rule's name, or a quoted glob; without one, all are listed.", show_default=False
        ),
    ] = None,
) -> None:
    """Tell what a rule demands, and when it stays silent.

    With its clause, and how it is detected. A glob such as 'data-*' lists the rules of which the names match.
    """
    from ptpip_analyze.cli.screen import console_for, encoded
    from ptpip_analyze.rules import CATALOGUE

    page = io.StringIO()
    console = console_for(page, terminal=sys.stdout.isatty())
    found = list(CATALOGUE.rules) if rule is None else _called(rule)
    for name in found:
        if len(found) > 1:
            _say(console, _in_a_line(name))
        elif name in CATALOGUE.rules:
            _entry(console, name)
        else:
            _deviation(console, name)
    with written_to(None) as stream:
        stream.write(encoded(page.getvalue(), None))


def _called(rule: str) -> list[str]:
    """The rules and known deviations of this name, or that this glob matches.

    CommandError, with the nearest, where there are none.
    """
    import difflib
    from fnmatch import fnmatchcase

    from ptpip_analyze.rules import CATALOGUE

    names = [*CATALOGUE.rules, *CATALOGUE.deviations]
    found = [name for name in names if fnmatchcase(name, rule)]
    if found:
        return found
    literal = rule.rstrip("*?")  # what is left of a name is near to how others begin
    begins: dict[str, str] = {}
    for name in names:
        begins.setdefault(name[: len(literal)] if literal != rule else name, name)
    near = [begins[begin] for begin in difflib.get_close_matches(literal, begins, 3)]
    hint = f"did you mean {', '.join(near)}?" if near else "`explain` alone lists them"
    raise CommandError(f"no rule is called {rule}; {hint}")


def _in_a_line(name: str) -> str:
    from ptpip_analyze.rules import CATALOGUE

    if name in CATALOGUE.deviations:
        return f"known  {name}: {CATALOGUE.deviations[name].what}"
    entry = CATALOGUE.rules[name]
    return f"{entry.level:<6} {entry.id}: {entry.title}"


def _entry(console: Console, rule: str) -> None:
    from ptpip_analyze.conformance.explained import explained
    from ptpip_analyze.rules import CATALOGUE

    entry = CATALOGUE.rules[rule]
    _say(console, rule, "bold")
    _say(console, f"{entry.title}.")
    _say(console, "")
    for name, text in explained(rule):
        _say(console, f"{name}: {text}", "", 2)


def _deviation(console: Console, name: str) -> None:
    from ptpip_analyze.rules import CATALOGUE

    one = CATALOGUE.deviations[name]
    _say(console, name, "bold")
    for key, text in (
        ("of", one.vendor), ("what", one.what), ("known by", one.fingerprint), ("source", one.source),
        ("confidence", one.confidence), ("counts as", one.treat_as), ("rules", ", ".join(one.rules)),
    ):  # fmt: skip
        _say(console, f"{key}: {text}", "", 2)
