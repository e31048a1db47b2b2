"""SoQL text to a syntax tree: the subset of the language that a reader of these datasets needs.

One tokenizer and one recursive descent, one method a level of precedence. It knows nothing of columns or types;
`sql.py` does. Every node carries where it stood, because the portal's errors say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from .errors import HttpError, soql_error


@dataclass(frozen=True)
class Name:
    """A column, or an alias where the clause allows one."""

    value: str
    at: int


@dataclass(frozen=True)
class Literal:
    value: str | int | float | bool | None
    at: int


@dataclass(frozen=True)
class Call:
    """A function or an operator; operators are named as the portal names them, `op$=`. `count(*)` has no arguments."""

    function: str
    arguments: tuple[Node, ...]
    at: int


Node = Name | Literal | Call
_T = TypeVar("_T")


@dataclass(frozen=True)
class Selected:
    expression: Node
    alias: str | None


@dataclass(frozen=True)
class Selection:
    system_star: bool = False
    user_star: bool = True
    items: tuple[Selected, ...] = ()
    distinct: bool = False


@dataclass(frozen=True)
class Ordering:
    expression: Node
    descending: bool = False
    nulls_first: bool | None = None


@dataclass
class Query:
    selection: Selection = field(default_factory=Selection)
    where: Node | None = None
    group: tuple[Node, ...] = ()
    having: Node | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<text>'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")
  | (?P<quoted>`[^`]+`)
  | (?P<name>:?@?[A-Za-z_][A-Za-z0-9_\-]*)
  | (?P<star>:\*)
  | (?P<mark>::|<=|>=|<>|!=|==|\|\||[-+*/%^(),=<>!])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CLAUSES = frozenset(["select", "where", "group", "having", "order", "limit", "offset"])
_RESERVED = _CLAUSES | {"and", "or", "not", "is", "between", "in", "like", "as", "asc", "desc", "by", "null", "nulls"}


def parse_query(line: str) -> Query:
    """A whole `$query`: SELECT … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT … OFFSET …"""
    return _Parser(line).query()


def parse_selection(line: str) -> Selection:
    parser = _Parser(line)
    return parser.only(parser.selection())


def parse_expression(line: str) -> Node:
    parser = _Parser(line)
    return parser.only(parser.expression())


def parse_group(line: str) -> tuple[Node, ...]:
    parser = _Parser(line)
    return parser.only(parser.expressions())


def parse_order(line: str) -> tuple[Ordering, ...]:
    parser = _Parser(line)
    return parser.only(parser.orderings())


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = line
        self._tokens = self._tokenize()
        self._next = 0

    # -- tokens

    def _tokenize(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self.line):
            match = _TOKENS.match(self.line, at)
            if match is None:
                if self.line[at] in "'\"":
                    raise self.error("unterminated-string", "Unterminated string", at)
                raise self.error("bad-parse", f"Unexpected character '{self.line[at]}'", at)
            kind = match.lastgroup or ""
            # a name may hold hyphens only as a computed column's id does; `a-b` is a subtraction
            end = match.end()
            if kind == "name" and not match.group().startswith(":@"):
                end = at + len(match.group().split("-")[0])
            if kind != "blank":
                tokens.append(_Token(kind, self.line[at:end], at))
            at = end
        tokens.append(_Token("end", "", len(self.line)))
        return tokens

    def error(self, code: str, detail: str, at: int) -> HttpError:
        return soql_error(code, detail, self.line, at + 1)

    @property
    def token(self) -> _Token:
        return self._tokens[self._next]

    def word(self, offset: int = 0) -> str:
        """The token as a lower-case keyword, or '' where it cannot be one."""
        token = self._tokens[min(self._next + offset, len(self._tokens) - 1)]
        return token.text.lower() if token.kind == "name" else ""

    def accept(self, *texts: str) -> str | None:
        """Step over the token if it is one of these marks or keywords."""
        token = self.token
        found = token.text.lower()
        if token.kind in ("mark", "name", "star") and found in texts:
            self._next += 1
            return found
        return None

    def expect(self, text: str) -> None:
        if self.accept(text) is None:
            raise self.unexpected(f"`{text}`")

    def unexpected(self, wanted: str) -> HttpError:
        if self.token.kind == "end":
            return self.error("unexpected-eof", f"Unexpected end of input, expected {wanted}", self.token.at)
        return self.error("bad-parse", f"Expected {wanted}, but got `{self.token.text}`", self.token.at)

    def only(self, parsed: _T) -> _T:
        if self.token.kind != "end":
            raise self.unexpected("end of input")
        return parsed

    # -- clauses

    def query(self) -> Query:
        query = Query()
        if self.accept("select"):
            query.selection = self.selection()
        if self.accept("where"):
            query.where = self.expression()
        if self.accept("group"):
            self.expect("by")
            query.group = self.expressions()
        if self.accept("having"):
            query.having = self.expression()
        if self.accept("order"):
            self.expect("by")
            query.order = self.orderings()
        while clause := self.accept("limit", "offset"):
            if not self.token.text.isdecimal():
                raise self.unexpected("a whole number")
            setattr(query, clause, int(self.token.text))
            self._next += 1
        return self.only(query)

    def selection(self) -> Selection:
        distinct = self.accept("distinct") is not None
        system_star = user_star = False
        items: list[Selected] = []
        while True:
            at = self.token.at
            if self.accept(":*"):
                if user_star:
                    message = "System column star selections must come before user column star selections"
                    raise self.error("bad-parse", message, at)
                system_star = self._star(bool(items), at)
            elif self.accept("*"):
                user_star = self._star(bool(items), at)
            else:
                expression = self.expression()
                items.append(Selected(expression, self._alias() if self.accept("as") else None))
            if not self.accept(","):
                return Selection(system_star, user_star, tuple(items), distinct)

    def _star(self, after_items: bool, at: int) -> bool:
        if after_items:
            raise self.error("bad-parse", "Star selections must come at the start of the select-list", at)
        return True

    def _alias(self) -> str:
        token = self.token
        if token.kind not in ("name", "quoted"):
            raise self.unexpected("an identifier")
        self._next += 1
        return token.text.strip("`").lower()

    def expressions(self) -> tuple[Node, ...]:
        found = [self.expression()]
        while self.accept(","):
            found.append(self.expression())
        return tuple(found)

    def orderings(self) -> tuple[Ordering, ...]:
        found = [self._ordering()]
        while self.accept(","):
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> Ordering:
        expression = self.expression()
        descending = self.accept("asc", "desc") == "desc"
        nulls_first = None
        if self.accept("null", "nulls"):
            place = self.accept("first", "last")
            if place is None:
                raise self.unexpected("`first` or `last`")
            nulls_first = place == "first"
        return Ordering(expression, descending, nulls_first)

    # -- expressions, loosest first

    def expression(self) -> Node:
        left = self._conjunction()
        while self.word() == "or":
            left = self._infix("or", left, self._conjunction)
        return left

    def _conjunction(self) -> Node:
        left = self._negation()
        while self.word() == "and":
            left = self._infix("and", left, self._negation)
        return left

    def _infix(self, operator: str, left: Node, operand: Callable[[], Node]) -> Node:
        at = self.token.at
        self._next += 1
        return Call(f"op${operator}", (left, operand()), at)

    def _negation(self) -> Node:
        at = self.token.at
        if self.accept("not", "!"):
            return Call("op$not", (self._negation(),), at)
        return self._predicate()

    def _predicate(self) -> Node:
        left = self._sum()
        while True:
            at = self.token.at
            if self.token.text in _COMPARISONS and self.token.kind == "mark":
                operator = _COMPARISONS[self.token.text]
                self._next += 1
                left = Call(f"op${operator}", (left, self._sum()), at)
            elif self.accept("is"):
                function = "#is_not_null" if self.accept("not") else "#is_null"
                self.expect("null")
                left = Call(function, (left,), at)
            elif self.word() in ("between", "in", "like"):
                left = self._range(left, at)
            elif self.word() == "not" and self.word(1) in ("between", "in", "like"):
                self._next += 1
                left = Call("op$not", (self._range(left, at),), at)
            else:
                return left

    def _range(self, left: Node, at: int) -> Node:
        if self.accept("between"):
            low = self._sum()
            self.expect("and")
            return Call("#between", (left, low, self._sum()), at)
        if self.accept("in"):
            self.expect("(")
            choices = self.expressions()
            self.expect(")")
            return Call("#in", (left, *choices), at)
        self.expect("like")
        return Call("#like", (left, self._sum()), at)

    def _sum(self) -> Node:
        left = self._product()
        while self.token.kind == "mark" and self.token.text in ("+", "-", "||"):
            left = self._infix(self.token.text, left, self._product)
        return left

    def _product(self) -> Node:
        left = self._power()
        while self.token.kind == "mark" and self.token.text in ("*", "/", "%"):
            left = self._infix(self.token.text, left, self._power)
        return left

    def _power(self) -> Node:
        left = self._unary()
        while self.token.kind == "mark" and self.token.text == "^":
            left = self._infix("^", left, self._unary)
        return left

    def _unary(self) -> Node:
        at = self.token.at
        if self.accept("-"):
            return Call("op$negate", (self._unary(),), at)
        if self.accept("+"):
            return self._unary()
        return self._cast()

    def _cast(self) -> Node:
        left = self._atom()
        while self.token.text == "::":
            at = self.token.at
            self._next += 1
            left = Call(f"cast${self._alias()}", (left,), at)
        return left

    def _atom(self) -> Node:
        token = self.token
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind == "number":
            self._next += 1
            return Literal(int(token.text) if token.text.isdecimal() else float(token.text), token.at)
        if token.kind == "text":
            self._next += 1
            return Literal(_unquoted(token.text), token.at)
        if token.kind == "quoted":
            self._next += 1
            return Name(token.text[1:-1].lower(), token.at)
        word = self.word()
        if word in ("true", "false", "null"):
            self._next += 1
            return Literal({"true": True, "false": False, "null": None}[word], token.at)
        if word and word not in _RESERVED:
            self._next += 1
            return self._call(word, token.at) if self.accept("(") else Name(word, token.at)
        raise self.unexpected("an expression")

    def _call(self, function: str, at: int) -> Node:
        arguments: tuple[Node, ...] = ()
        if not self.accept("*") and self.token.text != ")":
            arguments = self.expressions()
        self.expect(")")
        return Call(function, arguments, at)


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return re.sub(r"\\(.)", r"\1", text[1:-1])
