"""--where: what a user may ask, and that nothing else is evaluated."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.tables.frame import frame_of
from ptpip_analyze.tables.schema import TABLES, arrow_schema
from ptpip_analyze.tables.where import (
    ALLOWED,
    NULL_METHODS,
    TEXT_METHODS,
    WhereError,
    filtered,
    parse_where,
    rows_wanted,
)

SECOND = 1_000_000_000
ROWS = [
    {
        "session": 0,
        "operation": "GetObject",
        "operation_code": 0x1009,
        "response": "OK",
        "latency_s": 0.1,
        "request_time": SECOND * SECOND,  # 2001-09-09T01:46:40Z
        "parameters": [1, 2],
        "transaction_id": 0xFFFFFFFF,
    },
    {"session": 1},
    {
        "session": 2,
        "operation": "X",
        "operation_code": 0x9123,
        "response": "X",
        "latency_s": 2.0,
        "request_time": 2 * SECOND * SECOND,
        "parameters": [],
        "transaction_id": 0,
    },
]


def batch(rows: list[dict[str, object]] = ROWS) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=arrow_schema("transactions"))


def chosen(expression: str) -> list[int]:
    answer = rows_wanted(parse_where(expression, "transactions"), batch())
    return [row for row, wanted in enumerate(answer.to_pylist()) if wanted]


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ('operation == "GetObject" and latency_s > 0.05', [0]),
        ("operation_code == 0x1009", [0]),
        ("operation_code == 0x1009 or session == 1", [0, 1]),
        ("not (session == 0)", [1, 2]),
        ("~(session == 0)", [1, 2]),
        ("latency_s > 0.05 & session == 2", [2]),
        ("latency_s > 1 | session == 0", [0, 2]),
        ('operation in ["X", "Y"]', [2]),
        ("session in (0, 1)", [0, 1]),
        ("session not in [0, 1]", [2]),
        ("session.isin([0, 1])", [0, 1]),
        ("~session.isin((0, 1)) & session == 2", [2]),
        ('operation.str.lower().isin(["x"])', [2]),
        ("0 < session <= 2", [1, 2]),
        ("session + 1 == 1", [0]),
        ("session * 2 % 4 == 0", [0, 2]),
        ("-session < 0", [1, 2]),
        ('operation.str.contains("Obj")', [0]),
        ('operation.str.contains("obj", case=False, regex=False)', [0]),
        ('operation.str.startswith("G")', [0]),
        ('operation.str.endswith("t")', [0]),
        ('operation.str.lower() == "x"', [2]),
        ('operation.str.lower().str.upper() == "X"', [2]),
        ("operation.str.len() > 1", [0]),
        ("parameters.str.len() == 2", [0]),
        ("parameters.str[0] == 1", [0]),
        ("operation.isna()", [1]),
        ("operation.notnull()", [0, 2]),
        ("operation == response", [2]),
        ("transaction_id == 4294967295", [0]),
        ("transaction_id == 9999999999999999999999", []),
        ('request_time > "2001-09-10"', [2]),
        ('request_time == "2001-09-09 01:46:40"', [0]),
        ('request_time == "2001-09-09T03:46:40+02:00"', [0]),
        ('"2001-09-09" < request_time < "2002-01-01"', [0]),
        ("session == 0\n or session == 2", [0, 2]),
    ],
)
def test_selects_rows(expression: str, rows: list[int]) -> None:
    assert chosen(expression) == rows


@pytest.mark.parametrize(
    "expression",
    [
        "latency_s > 0",
        "latency_s <= 0",
        "not latency_s > 0",
        "operation_code != 1",
        'operation != "z"',
        'not operation == "X"',
        "session not in [2]",
        'operation.str.len() < 5 or operation in ["GetObject"]',
    ],
)
def test_wants_the_rows_that_pandas_would(expression: str) -> None:
    frame = frame_of(batch())
    assert chosen(expression) == frame.query(expression, engine="python").index.tolist()


def test_does_not_want_a_row_whose_number_is_unknown() -> None:
    for expression in ("latency_s > 0", "latency_s <= 0", "latency_s != 1", "not latency_s > 0"):
        assert 1 not in chosen(expression)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ('operaton == "x"', "unknown column operaton; did you mean operation?, at character 1"),
        ("session == 1 & sessio == 1", "unknown column sessio; did you mean session?, at character 16"),
        ('response == "é" & sessio == 1', "at character 19 (sessio == 1)"),
        ("@session == 1", "@ is not allowed, at character 1"),
        ("session @ 2 == 1", "@ is not allowed, at character 9"),
        ("`session` == 1", "` is not allowed"),
        ("session = 1", "at character 9 (= 1)"),
        ("session ==", "syntax"),
        ("(session == 1", "was never closed, at character 1"),
        ("", "empty expression"),
        ("   ", "empty expression"),
        ("session", "is no condition"),
        ("session + 1", "is no condition"),
        ("session and latency_s > 1", "is no condition"),
        ("True", "names no column"),
        ('"a" == "a"', "names no column"),
        ("session == None", "isna()"),
        ("operation > 1", "text and number can't be compared"),
        ('session == "0"', "number and text can't be compared"),
        ('session in [1, "0"]', "number and text can't be compared"),
        ('session.isin([1, "0"])', "number and text can't be compared"),
        ('operation.isin("GetObject")', "isin needs a list of constants, at character 1"),
        ("operation.isin([response])", "in needs a list of constants"),
        (
            "request_time.dt.hour > 3",
            "attribute is not allowed, at character 1 (request_time.dt.hour > 3); allowed are ==",
        ),
        ('operation.eval("x")', 'this call is not allowed, at character 1 (operation.eval("x")); allowed are =='),
        ('request_time in ["2001-01-01"]', "can't be compared"),
        ('request_time > "tomorrow-ish"', "request_time"),
        ("request_time > 5", "time and number can't be compared"),
        ("parameters == 1", "parameters.str[0]"),
        ("parameters.str.lower() == 'x'", "not for a words"),
        ("session.str.len() == 1", "not for a number"),
        ('operation.str.contains("[")', "operation.str.contains"),
        ("operation_code & 0x1000", "is no condition"),
        ("session == 0x", "at character"),
        ("session == " + "(" * 300 + "1" + ")" * 300, "nested"),
        ("session == " + "-" * 3000 + "1", "nested"),
        ("session == 1 " * 1000, "longer than"),
    ],
)
def test_says_in_one_line_what_is_wrong(expression: str, said: str) -> None:
    with pytest.raises(WhereError) as error:
        parse_where(expression, "transactions")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "expression",
    [
        '__import__("os").system("touch pwned") == 0',
        "session.__class__ == 1",
        "session.__class__.__init__.__globals__ == 1",
        "().__class__.__bases__[0].__subclasses__() == session",
        'session.map("{}".format) == 1',
        'operation.str.replace("a", "b") == "c"',
        'operation.str.contains("a", na=session)',
        "operation.str.contains(operation)",
        "operation.str == 1",
        "[row for row in session] == session",
        "(lambda: 1)() == session",
        'f"{session}" == operation',
        "(session if session else 1) == 1",
        "(session := 1) == 1",
        "2 ** 9 ** 9 == session",
        "1 << 9 == session",
        '"a" * 1000000000 == operation',
        "session.to_pickle('x') == 1",
        "session.values[0] == 1",
        "session[0] == 1",
        "operation.str[0:1] == 'G'",
        "session is 1",
        "{1: 2} == session",
        "...  == session",
        "b'x' == operation",
        "1j == session",
        "exec('1') == session",
        "session.isna(1)",
        "session.isin([1], level=2)",
        "session.isin(session)",
        "__import__('os').isin([1])",
        "session.isin([__import__('os')])",
        "max(session) == 1",
        "session; session",
        "session == 1 if True else 2",
        "*session == 1",
        "await_ == 1",
        "session in operation",
        "session in [operation]",
        "__builtins__ == 1",
    ],
)
def test_refuses_everything_that_is_no_condition_over_columns(expression: str) -> None:
    with pytest.raises(WhereError):
        parse_where(expression, "transactions")


def test_never_lets_a_control_character_of_the_expression_out() -> None:
    with pytest.raises(WhereError) as error:
        parse_where('sess\x1bion == "\x1b[31m"', "transactions")
    assert "\x1b" not in str(error.value)


def test_allows_what_the_documentation_lists() -> None:
    tables = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
    page = tables.partition("## `--where`")[2].partition("\n## ")[0]
    for method in TEXT_METHODS:
        assert f".str.{method}(" in page
        assert f".str.{method}()" in ALLOWED
    for method in NULL_METHODS:
        assert f".{method}()" in page
    examples = [code for code in re.findall(r"`([a-z_]+[ .][^`]+|0\.1 [^`]+)`", page) if "..." not in code]
    assert len(examples) > 8
    for example in examples:
        parse_where(example, "sessions" if example.startswith("start_time") else "transactions")


def test_knows_the_columns_of_each_table_only() -> None:
    for table in TABLES:
        parse_where("session == 0", table)
    with pytest.raises(WhereError, match="unknown column latency_s"):
        parse_where("latency_s > 1", "messages")
    with pytest.raises(KeyError):
        parse_where("session == 0", "photos")


def test_filters_batch_by_batch_and_passes_over_empty_ones() -> None:
    where = parse_where("session == 2", "transactions")
    parts = [batch().slice(row, 1) for row in range(3)]
    assert [part.to_pylist()[0]["session"] for part in filtered(where, parts)] == [2]


def test_gives_the_same_rows_however_the_table_is_cut() -> None:
    rows = [{"session": number, "operation": f"Op{number % 3}"} for number in range(20)]
    where = parse_where('operation == "Op1" or operation.str.contains("2")', "transactions")
    whole = [row["session"] for part in filtered(where, [batch(rows)]) for row in part.to_pylist()]
    for size in (1, 3, 7):
        parts = [batch(rows).slice(start, size) for start in range(0, 20, size)]
        assert [row["session"] for part in filtered(where, parts) for row in part.to_pylist()] == whole


_PIECES = st.sampled_from(
    [
        "session",
        "operation",
        "parameters",
        "request_time",
        "==",
        "!=",
        "<",
        "and",
        "or",
        "not",
        "in",
        "&",
        "|",
        "~",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".str",
        ".len()",
        ".isna()",
        ".contains('a')",
        "1",
        "0x10",
        "'a'",
        "None",
        "@",
        "`",
        "**",
        "__class__",
        "lambda",
        ":",
        "=",
        ".",
        "é",
        "\n",
        "\\",
        "'",
        '"',
        "#",
        "1e999",
        "0b2",
        "%",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12))
def test_answers_or_says_one_line_whatever_is_typed(pieces: list[str]) -> None:
    expression = " ".join(pieces).replace(" .", ".")
    try:
        where = parse_where(expression, "transactions")
        answer = rows_wanted(where, batch())
    except WhereError as error:
        said = str(error)
    else:
        said = f"{answer.sum()} rows"
    assert len(said.splitlines()) == 1
