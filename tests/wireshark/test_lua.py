"""The facts that the dissector reads are those of the package, in every Lua that Wireshark has."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from ptpip_analyze import facts
from ptpip_analyze.facts.datasets import BY_NAME
from ptpip_analyze.wireshark import lua
from tests.support import ROOT, program

FILES = (ROOT / "dissectors" / "ptp_ip.lua", ROOT / "dissectors" / lua.NAME)
VERSIONS = ("5.1", "5.2", "5.3", "5.4")


def test_is_fresh() -> None:
    assert FILES[1].read_text(encoding="utf-8") == lua.text(), "python -m ptpip_analyze.wireshark.lua writes it again"


def test_writes_what_it_says() -> None:
    stream = io.StringIO()
    lua.write(stream)
    assert stream.getvalue() == lua.text()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_is_lua_of_every_version(path: Path, version: str) -> None:
    subprocess.run([program(f"luac{version}"), "-p", str(path)], check=True)


ASK = """
local facts = dofile(arg[1])
local function quoted(text)
  return '"' .. text:gsub('[%c"\\\\]', function(c) return string.format("\\\\u%04x", c:byte()) end) .. '"'
end
local function json(value)
  if type(value) == "table" then
    local said = {}
    for key, one in pairs(value) do said[#said + 1] = quoted(tostring(key)) .. ":" .. json(one) end
    return "{" .. table.concat(said, ",") .. "}"
  end
  if type(value) == "number" then return string.format("%.0f", value) end
  if type(value) == "boolean" then return tostring(value) end
  return quoted(value)
end
io.write(json(facts))
"""


def keyed(value: object) -> object:
    """Plain values as Lua has them: lists count from 1, all keys are texts here."""
    if isinstance(value, list):
        return {str(index): keyed(one) for index, one in enumerate(value, 1)}
    if isinstance(value, dict):
        return {str(key): keyed(one) for key, one in value.items()}
    return value


@pytest.mark.parametrize("version", VERSIONS)
def test_gives_lua_what_python_has(version: str, tmp_path: Path) -> None:
    (tmp_path / "ask.lua").write_text(ASK)
    command = [program(f"lua{version}"), str(tmp_path / "ask.lua"), str(FILES[1])]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    assert json.loads(said) == keyed(lua.table())


@pytest.mark.parametrize("vendor", [None, "canon_eos", "nikon", "sony", "fuji"])
@pytest.mark.parametrize("kind", ["operation", "event", "property", "response"])
def test_names_codes_as_the_facts_do(kind: str, vendor: str | None) -> None:
    told = lua.table()
    tables = told["operations"] if kind == "operation" else told["events"] if kind == "event" else told["names"][kind]  # type: ignore[index, call-overload]
    merged = tables["standard"] | (tables.get(vendor, {}) if vendor else {})  # type: ignore[operator, index, union-attr]
    names = {code: row[0] if isinstance(row, list) else row for code, row in merged.items()}  # type: ignore[union-attr]
    assert names == dict(facts.names_of(kind, vendor))


def test_gives_each_layout_a_name_of_its_own_in_filters() -> None:
    names = {lua.snake(name) for name in BY_NAME}
    assert len(names) == len(BY_NAME)
    assert lua.snake("DeviceInfo") == "device_info"
    assert lua.snake("CHDKLiveViewHeader") == "chdk_live_view_header"


def test_words_labels() -> None:
    assert lua.label("vendorExtensionId") == "Vendor extension id"
    assert lua.label("guid") == "Guid"


def test_escapes_what_lua_would_not_read() -> None:
    assert lua.lua('a"b\\c\n°') == '"a\\034b\\092c\\010\\194\\176"'
    assert (
        lua.lua({1: True, "end": [1, "x"], "plain": False}) == '{\n  [1]=true,\n  ["end"]={1,"x"},\n  plain=false,\n}'
    )
