"""A SoQL tree to SQLite: types checked as the portal checks them, every literal bound, never pasted.

Rows live in the table `portal_rows` (see `dataset.py`): system fields, the key and the crash date are columns, all
else is read out of the row's JSON through the function `body(start, length)`. Timestamps are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import moments
from .columns import BOOLEAN, FIXED, FLOATING, NUMBER, POINT, ROW_ID, ROW_VERSION, SYSTEM_TYPES, TEXT, Column
from .errors import HttpError, soql_error
from .ids import Permutation
from .soql import Call, Literal, Name, Node, Ordering, Query, Selected

Value = str | int | float | bytes | None

NULL = "null"


@dataclass(frozen=True)
class Sql:
    """An SQL expression with its bound values and its SoQL type."""

    text: str
    type: str
    values: tuple[Value, ...] = ()
    literal: bool = False
    # what a result column must be rendered from: 'json' is ready JSON text, 'value' is a value of `type`
    form: str = "value"


@dataclass(frozen=True)
class Output:
    """One column of the answer."""

    alias: str
    sql: Sql


@dataclass(frozen=True)
class Schema:
    """What an expression may refer to."""

    dataset: str
    columns: tuple[Column, ...]
    key: str | None
    ids: Permutation

    def type_of(self, field: str) -> str | None:
        if field in SYSTEM_TYPES:
            return SYSTEM_TYPES[field]
        return next((column.type for column in self.columns if column.field == field), None)


AGGREGATES = frozenset(["count", "sum", "avg", "min", "max"])
_SYSTEM_COLUMNS = {":id": "counter", ":version": "version", ":created_at": "created_at", ":updated_at": "updated_at"}
_ORDERED = frozenset([TEXT, NUMBER, FIXED, FLOATING, ROW_ID, ROW_VERSION, NULL])
_TRUNCATIONS = {"date_trunc_y": "start of year", "date_trunc_ym": "start of month", "date_trunc_ymd": "start of day"}
_EXTRACTIONS = {
    "date_extract_y": "%Y",
    "date_extract_m": "%m",
    "date_extract_d": "%d",
    "date_extract_hh": "%H",
    "date_extract_mm": "%M",
    "date_extract_ss": "%S",
    "date_extract_dow": "%w",
}
_TEXT_FUNCTIONS = {
    "upper": ("upper({})", 1, TEXT),
    "lower": ("lower({})", 1, TEXT),
    "trim": ("trim({})", 1, TEXT),
    "length": ("length({})", 1, NUMBER),
    "starts_with": ("(instr({}, {}) = 1)", 2, BOOLEAN),
    "contains": ("(instr({}, {}) > 0)", 2, BOOLEAN),
}


class Compiler:
    """Compiles the expressions of one clause; `line` is its text, for the positions in error messages."""

    def __init__(self, schema: Schema, line: str, aliases: dict[str, Node] | None = None) -> None:
        self.schema = schema
        self.line = line
        self.aliases = aliases or {}

    def condition(self, node: Node) -> Sql:
        compiled = self.expression(node)
        if compiled.type != BOOLEAN:
            raise self._error("non-boolean-where", f"Cannot filter by an expression of type {compiled.type}", node)
        return compiled

    def expression(self, node: Node) -> Sql:
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Literal):
            return self._literal(node)
        return self._call(node)

    def output(self, node: Node) -> Sql:
        """As `expression`, but a plain column gives its ready JSON, just as it was stored."""
        if isinstance(node, Name) and node.value not in self.aliases and not node.value.startswith(":id"):
            field = self._field(node)
            if field not in SYSTEM_TYPES:
                kind = self.schema.type_of(field) or TEXT
                return Sql("body(start, length) -> ?", kind, (json_path(field),), form="json")
        if isinstance(node, Name) and node.value == ":id":
            return Sql("id", ROW_ID, form="shown")
        compiled = self.expression(node)
        return Sql(compiled.text, compiled.type, compiled.values)

    def aggregated(self, node: Node) -> bool:
        if not isinstance(node, Call):
            return False
        return node.function in AGGREGATES or any(self.aggregated(argument) for argument in node.arguments)

    # -- leaves

    def _field(self, node: Name) -> str:
        if self.schema.type_of(node.value) is None:
            raise self._error(
                "no-such-column",
                f"No such column: {node.value}",
                node,
                column=node.value,
                dataset=self.schema.dataset,
            )
        return node.value

    def _name(self, node: Name) -> Sql:
        if node.value in self.aliases:
            return Compiler(self.schema, self.line).expression(self.aliases[node.value])
        field = self._field(node)
        kind = self.schema.type_of(field) or TEXT
        if field in _SYSTEM_COLUMNS:
            return Sql(_SYSTEM_COLUMNS[field], kind)
        if field == "crash_date":
            return Sql("crash_date", kind)
        if field == self.schema.key:
            return Sql("key", kind)
        raw = "json_extract(body(start, length), ?)"
        shaped = {NUMBER: f"cast({raw} as numeric)", FLOATING: f"floating({raw})"}.get(kind, raw)
        return Sql(shaped, kind, (json_path(field),))

    def _literal(self, node: Literal) -> Sql:
        if node.value is None:
            return Sql("null", NULL, literal=True)
        if isinstance(node.value, bool):
            return Sql("?", BOOLEAN, (int(node.value),), literal=True)
        kind = TEXT if isinstance(node.value, str) else NUMBER
        return Sql("?", kind, (node.value,), literal=True)

    # -- calls

    def _call(self, node: Call) -> Sql:
        name = node.function
        if name.startswith("op$") or name.startswith("#"):
            return self._operator(node)
        if name.startswith("cast$"):
            return self._cast(node, name.removeprefix("cast$"))
        if name in AGGREGATES:
            return self._aggregate(node)
        arguments = [self.expression(argument) for argument in node.arguments]
        values = tuple(value for argument in arguments for value in argument.values)
        if name in _TRUNCATIONS and len(arguments) == 1:
            moment = self._as(arguments[0], FLOATING, node)
            text = f"(cast(strftime('%s', {moment.text} / 1000, 'unixepoch', ?) as integer) * 1000)"
            return Sql(text, FLOATING, (*moment.values, _TRUNCATIONS[name]))
        if name in _EXTRACTIONS and len(arguments) == 1:
            moment = self._as(arguments[0], FLOATING, node)
            text = f"cast(strftime(?, {moment.text} / 1000, 'unixepoch') as integer)"
            return Sql(text, NUMBER, (_EXTRACTIONS[name], *moment.values))
        if name in _TEXT_FUNCTIONS and len(arguments) == _TEXT_FUNCTIONS[name][1]:
            template, _, kind = _TEXT_FUNCTIONS[name]
            for argument in arguments:
                self._as(argument, TEXT, node)
            return Sql(template.format(*(argument.text for argument in arguments)), kind, values)
        raise self._error("no-such-function", f"No such function: {name}/{len(arguments)}", node, function=name)

    def _aggregate(self, node: Call) -> Sql:
        name = node.function
        if not node.arguments:
            if name != "count":
                raise self._error("no-such-function", f"No such function: {name}/0", node, function=name)
            return Sql("count(*)", NUMBER)
        inner = self.expression(node.arguments[0])
        if name in ("sum", "avg") and inner.type != NUMBER:
            raise self._mismatch(name, inner.type, node)
        if inner.type not in _ORDERED and name != "count":
            raise self._mismatch(name, inner.type, node)
        kind = inner.type if name in ("min", "max") else NUMBER
        return Sql(f"{name}({inner.text})", kind, inner.values)

    def _operator(self, node: Call) -> Sql:
        if seek := self._keyset(node):
            return seek
        name = node.function.removeprefix("op$")
        arguments = [self.expression(argument) for argument in node.arguments]
        if name in ("and", "or", "not"):
            for argument in arguments:
                self._as(argument, BOOLEAN, node)
            text = f" {name} ".join(argument.text for argument in arguments)
            return _joined(f"(not {text})" if name == "not" else f"({text})", BOOLEAN, arguments)
        if name in ("#is_null", "#is_not_null"):
            suffix = "is null" if name == "#is_null" else "is not null"
            return _joined(f"({arguments[0].text} {suffix})", BOOLEAN, arguments)
        if name in ("=", "!=", "<", "<=", ">", ">="):
            arguments = self._unified(arguments, node)
            return _joined(f"({arguments[0].text} {name} {arguments[1].text})", BOOLEAN, arguments)
        if name == "#between":
            arguments = self._unified(arguments, node)
            subject, low, high = (argument.text for argument in arguments)
            return _joined(f"({subject} between {low} and {high})", BOOLEAN, arguments)
        if name == "#in":
            arguments = self._unified(arguments, node)
            choices = ", ".join(argument.text for argument in arguments[1:])
            return _joined(f"({arguments[0].text} in ({choices}))", BOOLEAN, arguments)
        if name in ("#like", "||"):
            arguments = [self._as(argument, TEXT, node) for argument in arguments]
            operator, kind = ("like", BOOLEAN) if name == "#like" else ("||", TEXT)
            return _joined(f"({arguments[0].text} {operator} {arguments[1].text})", kind, arguments)
        arguments = [self._as(argument, NUMBER, node) for argument in arguments]
        templates = {"/": "({} * 1.0 / {})", "^": "power({}, {})", "negate": "(- {})"}
        template = templates.get(name, f"({{}} {name} {{}})")
        return _joined(template.format(*(argument.text for argument in arguments)), NUMBER, arguments)

    def _keyset(self, node: Call) -> Sql | None:
        """`:a > x or (:a = x and :b > y)` as `(a, b) > (x, y)`, which the index over (a, b) can seek.

        The same rows, since system fields are never null; without it every page would scan the pages before it.
        """
        match node:
            case Call("op$or", (Call("op$>", (Name(first), low)), Call("op$and", (same, beyond)))):
                match same, beyond:
                    case Call("op$=", (Name(again), equal)), Call("op$>", (Name(second), tie)):
                        plain = first == again and isinstance(low, Literal) and isinstance(equal, Literal)
                        if plain and low.value == equal.value and {first, second} <= SYSTEM_TYPES.keys():  # type: ignore[union-attr]
                            left = self._unified([self._name(Name(first, node.at)), self.expression(low)], node)
                            right = self._unified([self._name(Name(second, node.at)), self.expression(tie)], node)
                            columns, bounds = zip(left, right, strict=True)
                            text = f"(({columns[0].text}, {columns[1].text}) > ({bounds[0].text}, {bounds[1].text}))"
                            return _joined(text, BOOLEAN, list(bounds))
        return None

    # -- types

    def _cast(self, node: Call, kind: str) -> Sql:
        inner = self.expression(node.arguments[0])
        if inner.literal:
            return self._as(inner, kind, node)
        if inner.type == kind:
            return inner
        templates = {
            (TEXT, NUMBER): "cast({} as numeric)",
            (NUMBER, TEXT): "cast({} as text)",
            (TEXT, FLOATING): "floating({})",
            (POINT, TEXT): "{}",
        }
        template = templates.get((inner.type, kind))
        if template is None:
            raise self._error("no-such-function", f"No such cast: {inner.type} to {kind}", node, function=kind)
        return Sql(template.format(inner.text), kind, inner.values)

    def _unified(self, arguments: list[Sql], node: Call) -> list[Sql]:
        """The same expressions in one ordered type: that of the first argument that is not a text literal."""
        typed = [argument for argument in arguments if not argument.literal]
        typed = typed or [argument for argument in arguments if argument.type not in (TEXT, NULL)] or arguments
        kind = typed[0].type
        if kind not in _ORDERED and kind != BOOLEAN:
            raise self._mismatch(node.function, kind, node)
        return [self._as(argument, kind, node) for argument in arguments]

    def _as(self, argument: Sql, kind: str, node: Node) -> Sql:
        """The expression in this type: as it is, or a text literal read as the type."""
        if argument.type in (kind, NULL):
            return argument
        if not (argument.literal and argument.type == TEXT):
            raise self._mismatch(getattr(node, "function", ""), argument.type, node)
        readers: dict[str, Callable[[str], Value]] = {
            NUMBER: _number,
            FLOATING: moments.read_floating,
            FIXED: moments.read_fixed,
            ROW_ID: self.schema.ids.read,
            ROW_VERSION: lambda text: text.encode(),
        }
        try:
            value = readers[kind](str(argument.values[0]))
        except (KeyError, ValueError):
            raise self._mismatch(getattr(node, "function", ""), argument.type, node) from None
        return Sql("?", kind, (value,), literal=True)

    def _mismatch(self, function: str, kind: str, node: Node) -> HttpError:
        detail = f"Type mismatch for {function}, is {kind}"
        return self._error("type-mismatch", detail, node, function=function, type=kind)

    def _error(self, code: str, detail: str, node: Node, **data: object) -> HttpError:
        return soql_error(code, detail, self.line, node.at + 1, **data)


def json_path(field: str) -> str:
    return f'$."{field}"'


def default_alias(node: Node) -> str:
    """The name the portal gives an expression without one: `count`, `max_updated_at`."""
    if isinstance(node, Name):
        return node.value
    if isinstance(node, Literal):
        return str(node.value)
    words = [node.function.split("$")[-1], *(default_alias(argument).strip(":@") for argument in node.arguments)]
    return "_".join("".join(c if c.isalnum() or c == "_" else "_" for c in word) for word in words)


def outputs(items: tuple[Selected, ...], compiler: Compiler) -> tuple[Output, ...]:
    """The answer's columns; an alias given twice is an error, a default one is numbered."""
    found: dict[str, Output] = {}
    for item in items:
        alias = item.alias or default_alias(item.expression)
        if alias in found and item.alias:
            raise soql_error(
                "duplicate-alias", f"Duplicate alias: {alias}", compiler.line, item.expression.at + 1, alias=alias
            )
        number = 1
        while alias in found:
            alias = f"{item.alias or default_alias(item.expression)}_{number}"
            number += 1
        found[alias] = Output(alias, compiler.output(item.expression))
    return tuple(found.values())


def order_by(orderings: tuple[Ordering, ...], compiler: Compiler) -> Sql:
    """Ascending puts nulls last and descending first, unless said otherwise."""
    terms: list[Sql] = []
    for ordering in orderings:
        compiled = compiler.expression(ordering.expression)
        if compiled.type not in _ORDERED and compiled.type != BOOLEAN:
            raise soql_error(
                "type-mismatch",
                f"Cannot order by an expression of type {compiled.type}",
                compiler.line,
                ordering.expression.at + 1,
            )
        direction = "desc" if ordering.descending else "asc"
        nulls_first = ordering.descending if ordering.nulls_first is None else ordering.nulls_first
        # a null clause on a column that is never null would only keep SQLite from using its index
        nulls = "" if compiled.text in _SYSTEM_COLUMNS.values() else f" nulls {'first' if nulls_first else 'last'}"
        terms.append(Sql(f"{compiled.text} {direction}{nulls}", compiled.type, compiled.values))
    return _joined(", ".join(term.text for term in terms), NULL, terms)


def check_grouping(query: Query, compiler: Compiler) -> bool:
    """Whether the query aggregates; every selected column must then be grouped by."""
    grouped = set(map(_shape, (_resolved(node, compiler.aliases) for node in query.group)))
    items = [item.expression for item in query.selection.items]
    if not (query.group or any(compiler.aggregated(item) for item in items)):
        return False
    star = query.selection.user_star or query.selection.system_star
    for loose in [*items, *([Name("*", 0)] if star else [])]:
        if not _covered(loose, grouped):
            raise soql_error(
                "column-not-in-group-bys",
                f"Column not in group bys: {default_alias(loose)}",
                compiler.line,
                loose.at + 1,
                column=default_alias(loose),
            )
    return True


def _covered(node: Node, grouped: set[str]) -> bool:
    if _shape(node) in grouped or isinstance(node, Literal):
        return True
    if isinstance(node, Name):
        return False
    return node.function in AGGREGATES or all(_covered(argument, grouped) for argument in node.arguments)


def _resolved(node: Node, aliases: dict[str, Node]) -> Node:
    return aliases.get(node.value, node) if isinstance(node, Name) else node


def _shape(node: Node) -> str:
    """The expression without its positions, to compare two of them."""
    if isinstance(node, Call):
        return f"{node.function}({', '.join(map(_shape, node.arguments))})"
    return repr(node.value) if isinstance(node, Literal) else node.value


def _joined(text: str, kind: str, arguments: list[Sql]) -> Sql:
    literal = False
    return Sql(text, kind, tuple(value for argument in arguments for value in argument.values), literal)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)
