"""Which rows are wanted: one pandas query expression over a table's columns.

Promises that an expression is read as a syntax tree and held against a short list of what is allowed before pandas
sees it: columns, constants, comparisons, arithmetic, a few methods of texts. Refuses the rest with one line that names
the place: names that are no columns, other calls and attributes, `@`, backquotes, powers. Nothing is ever executed.
The rows are those of `DataFrame.query`, with one addition: a text compared with a time is read as a time, in UTC.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from ptpip_analyze.describe import safe_text
from ptpip_analyze.tables.schema import Column, arrow_type, columns

TEXT_METHODS: Final = {
    "contains": "bool",
    "startswith": "bool",
    "endswith": "bool",
    "lower": "text",
    "upper": "text",
    "len": "number",
    "get": "number",
}
"""Methods allowed behind `.str`, and the kind of what they answer. `len` and `get` are for lists of words, too."""

NULL_METHODS: Final = frozenset({"isna", "notna", "isnull", "notnull"})
"""Methods allowed on a column."""

ALLOWED: Final = "== != < <= > >=, in [...], .isin([...]), and or not, + - * / // %, .isna(), .notna(), " + ", ".join(
    f".str.{name}()" for name in TEXT_METHODS
)
"""What an expression may consist of, beside columns and constants."""

_LONGEST: Final = 4096  # characters: no expression needs more, and deep nesting would exhaust the parser
_JOINING: Final = {"&": "and", "|": "or"}  # as pandas reads them: weaker than comparisons
_SWITCHES: Final = frozenset({"case", "regex"})  # keyword arguments of .str methods
_ARITHMETIC: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARING: Final = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZONE: Final = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


class WhereError(ValueError):
    """An expression that is not allowed or has no meaning. `str` is one line that names the place."""


class Where(NamedTuple):
    """A checked expression: as it was written, as pandas gets it, the columns it reads, its time constants by name."""

    text: str
    expression: str
    columns: tuple[str, ...]
    times: tuple[tuple[str, str], ...]


def parse_where(text: str, table: str, beside: Sequence[Column] = ()) -> Where:
    """Check `text` against the columns of `table`, and those that its rows have `beside`.

    Raises WhereError for anything that is not an allowed expression, that is no condition (`session + 1`), or that
    compares what can't be compared. Raises KeyError for a table that does not exist.
    """
    source, places = _as_python(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash in the user's text Python has an opinion, the user an aim
            tree = ast.parse(source, mode="eval")
    except SyntaxError as error:
        place = _original(source, places, max(error.offset or 1, 1) - 1)
        raise WhereError(f"{_first_words(error.msg)}, at {_at(text, place)}") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise WhereError("can't be parsed: nested too deeply or not text") from error
    known = (*columns(table), *beside)
    checker = _Checker(text, source, places, {column.name: str(column.kind) for column in known})
    try:
        tree = _Lists().visit(tree)
        checker.check(tree.body)
        expression = ast.unparse(_Times(checker.times).visit(tree))
    except RecursionError as error:
        raise WhereError("nested too deeply") from error
    if not checker.used:
        raise WhereError(f"{safe_text(text)}: names no column of {table}")
    times = tuple((_time_name(at), str(constant.value)) for at, constant in enumerate(checker.times))
    where = Where(text, expression, tuple(dict.fromkeys(checker.used)), times)
    rows_wanted(where, _sample(known))
    return where


def rows_wanted(where: Where, batch: pa.RecordBatch) -> pa.BooleanArray:
    """True for each row of `batch` that `where` selects. Raises WhereError when the values can't be compared."""
    import pandas as pd

    from ptpip_analyze.tables.frame import frame_of

    frame = frame_of(batch.select(list(where.columns)))
    try:
        # pandas takes a text beside == for a list of one text, so times go in as times, under names of their own.
        times = {name: pd.Timestamp(text) for name, text in where.times}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas warns of groups in a pattern
            result = frame.eval(where.expression, engine="python", resolvers=[times], local_dict={}, global_dict={})
    except Exception as error:  # pandas raises whatever its arrays raise; each of them means "this has no meaning"
        raise WhereError(f"{safe_text(where.text)}: {_first_words(str(error)) or type(error).__name__}") from error
    if not isinstance(result, pd.Series) or not pd.api.types.is_bool_dtype(result.dtype):
        raise WhereError(f"{safe_text(where.text)}: is no condition; compare it with something")
    return pa.array(result.astype("boolean").fillna(False).to_numpy(dtype=bool), pa.bool_())


def filtered(where: Where, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of `batches` that `where` selects; batches left empty are passed over."""
    for batch in batches:
        chosen = batch.filter(rows_wanted(where, batch))
        if chosen.num_rows:
            yield chosen


def _sample(known: Sequence[Column]) -> pa.RecordBatch:
    """One row with a value in each column: what has no meaning for it has none for any row."""
    values = {"text": "a", "float": 1.0, "words": [1], "bool": True}
    row = {column.name: values.get(column.kind, 1) for column in known}
    schema = pa.schema([pa.field(column.name, arrow_type(column.kind)) for column in known])
    return pa.RecordBatch.from_pylist([row], schema=schema)


def _as_python(text: str) -> tuple[str, list[int]]:
    """`text` with & and | as and, or; and for each character of the result its place in `text`."""
    if len(text) > _LONGEST:
        raise WhereError(f"longer than {_LONGEST} characters")
    if not text.strip():
        raise WhereError("empty expression")
    line = re.sub(r"[\r\n]", " ", text)
    lead = len(line) - len(line.lstrip())
    source: list[str] = []
    places: list[int] = []
    done = lead
    # What can't be split into tokens can't be parsed either: the parser meets the same fault and names it better.
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(line[lead:]).readline):
            start = token.start[1] + lead
            if token.string in ("@", "`") and token.type in (tokenize.OP, tokenize.ERRORTOKEN):
                raise WhereError(f"{token.string} is not allowed, at {_at(text, start)}")
            if token.type == tokenize.OP and token.string in _JOINING:
                joined = f" {_JOINING[token.string]} "
                source += [line[done:start], joined]
                places += [*range(done, start), *[start] * len(joined)]
                done = start + 1
    source.append(line[done:])
    places += [*range(done, len(line)), len(line)]
    return "".join(source), places


def _original(source: str, places: list[int], column: int) -> int:
    return places[min(column, len(source), len(places) - 1)]


def _at(text: str, place: int) -> str:
    rest = safe_text(text[place : place + 24])
    return f"character {place + 1} ({rest})" if rest.strip() else "the end"


class _Checker:
    """One walk over a syntax tree; `check` answers a node's kind: text, number, bool, time, words, or "" when open."""

    def __init__(self, text: str, source: str, places: list[int], kinds: dict[str, str]) -> None:
        self.text, self.source, self.places, self.kinds = text, source, places, kinds
        self.used: list[str] = []
        self.times: list[ast.Constant] = []

    def refuse(self, node: ast.AST, what: str, *, hint: bool = False) -> WhereError:
        column = len(self.source.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))
        place = _at(self.text, _original(self.source, self.places, column))
        return WhereError(f"{what}, at {place}" + (f"; allowed are {ALLOWED}" if hint else ""))

    def check(self, node: ast.expr) -> str:
        match node:
            case ast.Name():
                return self.column(node)
            case ast.Constant():
                return self.constant(node)
            case ast.BoolOp():
                for part in node.values:
                    self.condition(part)
                return "bool"
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                self.condition(node.operand)
                return "bool"
            case ast.UnaryOp():
                return self.number(node.operand)
            case ast.BinOp(op=op) if isinstance(op, _ARITHMETIC):
                self.number(node.left)
                return self.number(node.right)
            case ast.Compare():
                return self.comparison(node)
            case ast.Call():
                return self.call(node)
            case ast.Subscript(value=ast.Attribute(attr="str") as owner, slice=ast.Constant(value=int())):
                return self.method_owner(owner, "get")
        raise self.refuse(node, f"{_spoken(node)} is not allowed", hint=True)

    def column(self, node: ast.Name) -> str:
        kind = self.kinds.get(node.id)
        if kind is None:
            near = difflib.get_close_matches(node.id, self.kinds, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise self.refuse(node, f"unknown column {safe_text(node.id)}{hint}")
        self.used.append(node.id)
        return {"int": "number", "uint": "number", "float": "number"}.get(kind, kind)

    def constant(self, node: ast.Constant) -> str:
        match node.value:
            case bool():
                return "bool"
            case int() | float():
                return "number"
            case str():
                return "text"
            case None:
                raise self.refuse(node, "None is no value; ask with .isna() or .notna()")
        raise self.refuse(node, f"a constant of type {type(node.value).__name__} is not allowed")

    def condition(self, node: ast.expr) -> None:
        if self.check(node) not in ("bool", ""):
            raise self.refuse(node, "is no condition; compare it with something")

    def number(self, node: ast.expr) -> str:
        if self.check(node) != "number":
            raise self.refuse(node, "arithmetic needs numbers")
        return "number"

    def comparison(self, node: ast.Compare) -> str:
        left, left_kind = node.left, self.check(node.left)
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                if not isinstance(right, ast.List | ast.Tuple) or len(node.ops) > 1:
                    raise self.refuse(right, "in needs a list of constants")
                for item in right.elts:
                    if not isinstance(item, ast.Constant):
                        raise self.refuse(item, "in needs a list of constants")
                    self.same_kind(left, left_kind, item, self.check(item), listed=True)
            elif isinstance(op, _COMPARING):
                right_kind = self.check(right)
                self.same_kind(left, left_kind, right, right_kind)
                left, left_kind = right, right_kind
            else:
                raise self.refuse(node, f"{_spoken(op)} is not allowed")
        return "bool"

    def same_kind(self, left: ast.expr, left_kind: str, right: ast.expr, right_kind: str, listed: bool = False) -> None:
        for kind, node in ((left_kind, left), (right_kind, right)):
            if kind == "words":
                raise self.refuse(node, "a list can't be compared; take one word of it, as in parameters.str[0]")
        if "time" in (left_kind, right_kind) and not listed:
            for kind, node in ((left_kind, left), (right_kind, right)):
                if kind == "text" and isinstance(node, ast.Constant):
                    node.value = _with_zone(str(node.value))
                    self.times.append(node)
                    return
        if left_kind != right_kind:
            raise self.refuse(right, f"{left_kind} and {right_kind} can't be compared")

    def call(self, node: ast.Call) -> str:
        match node.func:
            case ast.Attribute(attr=name, value=ast.Name() as column) if name in NULL_METHODS:
                self.column(column)
                if node.args or node.keywords:
                    raise self.refuse(node, f"{name} takes no argument")
                return "bool"
            case ast.Attribute(attr=name, value=ast.Attribute(attr="str") as owner) if name in TEXT_METHODS:
                for argument in node.args:
                    if not isinstance(argument, ast.Constant):
                        raise self.refuse(argument, f"{name} needs a constant")
                    self.constant(argument)
                for keyword in node.keywords:
                    if keyword.arg not in _SWITCHES or not isinstance(keyword.value, ast.Constant):
                        raise self.refuse(keyword.value, "only case= and regex= are allowed here")
                return self.method_owner(owner, name)
            case ast.Attribute(attr="isin"):
                raise self.refuse(node, "isin needs a list of constants")
        raise self.refuse(node, "this call is not allowed", hint=True)

    def method_owner(self, owner: ast.Attribute, method: str) -> str:
        """The kind of `<owner>.<method>(...)`, where owner is `<value>.str`."""
        kind = self.check(owner.value)
        if kind not in ("text", "words") or (kind == "words" and method not in ("len", "get")):
            raise self.refuse(owner, f".str.{method} is not for a {kind}")
        return "text" if kind == "text" and method == "get" else TEXT_METHODS[method]


class _Lists(ast.NodeTransformer):
    """Writes x.isin([...]) as x in [...]."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(
                func=ast.Attribute(attr="isin", value=value), args=[ast.List() | ast.Tuple() as listed], keywords=[]
            ):
                return ast.copy_location(ast.Compare(self.visit(value), [ast.In()], [listed]), node)
        return node


class _Times(ast.NodeTransformer):
    """Puts a name where a time constant stood."""

    def __init__(self, times: list[ast.Constant]) -> None:
        self.times = {id(constant): at for at, constant in enumerate(times)}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Name(_time_name(self.times[id(node)]), ast.Load()) if id(node) in self.times else node


def _time_name(at: int) -> str:
    return f"_time{at}"  # no column starts with an underscore


def _first_words(message: str) -> str:
    return safe_text(message.split("\n")[0].split(". ")[0])


def _with_zone(text: str) -> str:
    """A time as a user writes it, as pandas compares it: UTC unless an offset is given."""
    if _DATE.fullmatch(text):
        return f"{text}T00:00:00Z"
    return text if _ZONE.search(text) else f"{text}Z"


def _spoken(node: ast.AST) -> str:
    names = {"Pow": "**", "MatMult": "@", "BinOp": "this operator", "Is": "is", "IsNot": "is not", "IfExp": "if"}
    name = type(node).__name__
    return names.get(name, name.lower())
