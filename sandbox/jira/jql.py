"""Read JQL: the part of the language that programs use, with Jira's complaints about the rest.

Source: https://support.atlassian.com/jira-software-cloud/docs/jql-operators/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.jira.errors import JiraError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<symbol>!=|!~|>=|<=|&&|\|\||[=<>~(),!])
      | (?P<word>[^\s"'=<>~(),!&|]+)
    )""",
    re.VERBOSE,
)
_RESERVED = re.compile(r"[+.;?*/%^$#@{}`]")
_OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<=", "~", "!~"})
_SORT_LIMIT = 7


@dataclass(frozen=True)
class Function:
    """A call such as `currentUser()`; only functions without arguments are known."""

    name: str


Value = str | Function


@dataclass(frozen=True)
class Clause:
    """One comparison. `values` is empty for `is EMPTY` and `is not EMPTY`."""

    field: str
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Both:
    """Two conditions that must hold together."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Either:
    """Two conditions of which one must hold."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Not:
    """A condition that must not hold."""

    inner: Condition


Condition = Clause | Both | Either | Not


@dataclass(frozen=True)
class Query:
    """A whole query; `order` holds pairs of field and whether the order is descending."""

    where: Condition | None
    order: tuple[tuple[str, bool], ...]


def refuse(why: str) -> JiraError:
    """Return the answer to a query that cannot be read."""
    return JiraError(400, f"Error in the JQL Query: {why}")


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool = False

    def is_word(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise refuse(f"The quoted string or character at {position} was not understood.")
        position = match.end()
        if match["quoted"] is not None:
            tokens.append(_Token(re.sub(r"\\(.)", r"\1", match["quoted"][1:-1]), quoted=True))
            continue
        word = match["symbol"] or match["word"]
        reserved = _RESERVED.search(word)
        if reserved:
            raise refuse(
                f"The character '{reserved[0]}' is a reserved JQL character. You must enclose it"
                f" in a string or use the escape '\\u{ord(reserved[0]):04x}' instead."
            )
        tokens.append(_Token({"&&": "and", "||": "or"}.get(word, word)))
    return tokens


def parse(text: str) -> Query:
    """Read a query; raises `JiraError` 400 with Jira's opening words when that fails."""
    return _Parser(_tokens(text)).query()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        where = None
        if self._peek() is not None and not self._peek_word("order"):
            where = self._either()
        order = self._order() if self._peek_word("order") else ()
        left_over = self._peek()
        if left_over is not None:
            raise refuse(f"Expecting either 'OR' or 'AND' but got '{left_over.text}'.")
        return Query(where, order)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peek_word(self, *words: str) -> bool:
        token = self._peek()
        return token is not None and token.is_word(*words)

    def _take(self, what: str) -> _Token:
        token = self._peek()
        if token is None:
            raise refuse(f"Expecting {what} before the end of the query.")
        self._at += 1
        return token

    def _skip(self, *words: str) -> bool:
        if self._peek_word(*words):
            self._at += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        token = self._take(f"'{symbol}'")
        if not token.is_word(symbol):
            raise refuse(f"Expecting '{symbol}' but got '{token.text}'.")

    def _either(self) -> Condition:
        left = self._both()
        while self._skip("or"):
            left = Either(left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._one()
        while self._skip("and"):
            left = Both(left, self._one())
        return left

    def _one(self) -> Condition:
        if self._skip("not", "!"):
            return Not(self._one())
        if self._skip("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._take("a field name").text.lower()
        operator = self._take("an operator")
        if operator.is_word("is"):
            negated = self._skip("not")
            value = self._take("EMPTY")
            if not value.is_word("empty", "null"):
                raise refuse(f"The operator 'is' needs EMPTY or NULL, not '{value.text}'.")
            return Clause(field, "is not" if negated else "is")
        if operator.is_word("in"):
            return Clause(field, "in", self._list())
        if operator.is_word("not"):
            self._expect("in")
            return Clause(field, "not in", self._list())
        if operator.quoted or operator.text not in _OPERATORS:
            raise refuse(
                f"Expecting operator but got '{operator.text}'. The valid operators are '=', '!=',"
                " '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."
            )
        if self._peek_word("empty", "null") and operator.text in ("=", "!="):
            self._at += 1
            return Clause(field, "is" if operator.text == "=" else "is not")
        return Clause(field, operator.text, (self._value(),))

    def _list(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while self._skip(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._take("a value")
        if not token.quoted and token.text in {*_OPERATORS, "(", ")", ","}:
            raise refuse(f"Expecting either a value, list or function but got '{token.text}'.")
        if not token.quoted and self._skip("("):
            self._expect(")")
            return Function(token.text.lower())
        return token.text

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._at += 1
        self._expect("by")
        order = [self._sort()]
        while self._skip(","):
            order.append(self._sort())
        if len(order) > _SORT_LIMIT:
            raise refuse(f"At most {_SORT_LIMIT} fields can be sorted by.")
        return tuple(order)

    def _sort(self) -> tuple[str, bool]:
        field = self._take("a field name").text.lower()
        if self._skip("desc"):
            return field, True
        self._skip("asc")
        return field, False
