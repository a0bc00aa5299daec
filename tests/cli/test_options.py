"""The shared options: declared once, the same in every listing command."""

from __future__ import annotations

import inspect

import pytest
from typer.main import get_command

from ptpip_analyze.cli import listing, options
from ptpip_analyze.cli.app import app
from ptpip_analyze.tables.schema import TABLES

SHARED = {"--format", "-o", "--columns", "--limit", "--where", "--port", "--progress", "--no-progress"}


def option_names(command: str) -> set[str]:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    return {name for one in parameters for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("table", TABLES)
def test_gives_every_listing_command_all_shared_options(table: str) -> None:
    assert option_names(table) >= SHARED


def test_has_one_signature_for_all_listing_commands() -> None:
    signatures = {str(inspect.signature(listing._command(table))) for table in TABLES}
    assert len(signatures) == 1


def test_offers_the_formats_of_the_exporters_and_the_table() -> None:
    from ptpip_analyze.tables.export import FORMATS

    assert set(options.RowFormat.__args__) == {"table", *FORMATS}  # type: ignore[attr-defined]
