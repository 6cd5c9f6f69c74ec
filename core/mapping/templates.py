"""Texts with placeholders: a small, safe part of Jinja2's language.

What is allowed is listed, all else is refused when the rule is written: placeholders, `if`,
comparisons and the filters of `filters.py`. There are no calls, loops, assignments, arithmetic or
includes, so no template runs longer or grows larger than in proportion to its text and the record.
A dot reads a key of the record and never an attribute of a Python object, so there is nothing to
climb out by. Jinja2's own sandbox stands behind that as a second wall
(https://jinja.palletsprojects.com/en/stable/sandbox/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.mapping.errors import RuleError
from core.mapping.filters import FILTERS, MAX_TEXT, TESTS, FilterError, bounded, text_of
from core.mapping.record import Record

MAX_TEMPLATE_LENGTH = 4_000
"""Characters of the template's own text."""

_MAX_DEPTH = 30
ALL = "record"
"""The name under which a template finds all of the record."""

_WATCH = "watched placeholder"  # No template can spell a name with a blank.
_RESERVED = frozenset({"self", "super", "caller", "loop", "varargs", "kwargs"})


class Rendered(NamedTuple):
    """What came of a template: its text, and the placeholders for which there was no value."""

    text: str
    missing: tuple[str, ...]
    nothing_found: bool
    """There were placeholders, and not one of them had a value."""


class RenderError(Exception):
    """A template cannot be filled from one record; the message says why."""


def render(template: str, record: Record) -> Rendered:
    """Fill a template from a record: its top-level keys are the names, `record` is all of it.

    Raises RuleError where the template is not one, and RenderError where this record does not fit.
    """
    return compile_template(template)(record)


@lru_cache(maxsize=1024)
def compile_template(text: str) -> Callable[[Record], Rendered]:
    """Give the function that fills a template.

    Raises RuleError where the text is not a template, or uses what is not allowed in one.
    """
    try:
        # Checked before it is compiled, for the compiler works constant expressions out.
        parsed = parse_template(text)
        _watch_placeholders(parsed)
        template = _ENVIRONMENT.from_string(parsed)
    except FilterError as error:
        raise RuleError(f"this template can never be filled: {error}", "mend it") from error
    except TemplateError as error:
        raise RuleError(f"this is not a template: {error.message}", _REMEDY) from error
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise RuleError("the template is nested too deeply", "simplify it") from error

    return lambda record: _render(template, record)


def parse_template(text: str) -> nodes.Template:
    """Give the syntax tree of a template in which all is allowed.

    Raises RuleError where something is not, and TemplateError where the text is not a template.
    """
    if len(text) > MAX_TEMPLATE_LENGTH:
        raise RuleError(
            f"the template is {len(text):,} characters long, {MAX_TEMPLATE_LENGTH:,} are allowed",
            "shorten it",
        )
    parsed = _ENVIRONMENT.parse(text)
    _check(parsed, depth=0)
    return parsed


def _render(template: JinjaTemplate, record: Record) -> Rendered:
    seen = _Seen()
    token = _SEEN.set(seen)
    try:
        text = template.render(record if ALL in record else {**record, ALL: record})
        return Rendered(
            bounded(text), tuple(dict.fromkeys(seen.missing)), seen.empty > 0 and seen.filled == 0
        )
    except FilterError as error:
        raise RenderError(str(error)) from error
    except TemplateError as error:
        raise RenderError(error.message or type(error).__name__) from error
    except (TypeError, ValueError, RecursionError) as error:
        # Comparing a text with a number, for one.
        message = f"{error}"
        raise RenderError(message) from error
    finally:
        _SEEN.reset(token)


@dataclass
class _Seen:
    """What the placeholders of the template that is being filled came to."""

    filled: int = 0
    empty: int = 0
    length: int = 0
    missing: list[str] = field(default_factory=list)


class _RecordEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 with dots and brackets that read JSON and nothing else."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - any JSON
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401 - any JSON
        try:
            if isinstance(obj, Mapping) and isinstance(argument, str):
                return obj[argument]
            if isinstance(obj, str | list) and isinstance(argument, int | slice):
                return obj[argument]
        except (LookupError, TypeError, ValueError):
            pass
        return self.undefined(name=str(argument))


def _placeholder(value: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    """Give what a placeholder prints, and note whether that is anything.

    `name` is empty where the template itself says what to print for nothing.
    """
    seen = _SEEN.get()
    try:
        text = text_of(value)
    except FilterError as error:
        message = f"{{{{ {name} }}}}: {error}"
        raise FilterError(message) from None
    seen.length += len(text)
    if seen.length > MAX_TEXT:
        message = f"the text is longer than {MAX_TEXT:,} characters"
        raise FilterError(message)
    if text and not text.isspace():
        seen.filled += 1
    else:
        seen.empty += 1
        if name:
            seen.missing.append(name)
    return text


def _watch_placeholders(template: nodes.Template) -> None:
    """Put `_placeholder` around every placeholder: it is told what the placeholder is called."""
    for output in template.find_all(nodes.Output):
        output.nodes = [
            child
            if isinstance(child, nodes.TemplateData) or not _mentions_record(child)
            else nodes.Filter(
                child, _WATCH, [nodes.Const(_written(child))], [], None, None, lineno=child.lineno
            )
            for child in output.nodes
        ]


def _mentions_record(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) or node.find(nodes.Name) is not None


def _written(node: nodes.Node) -> str:
    """Give the dotted name a placeholder is about; nothing where it has a default."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        key = node.arg.value if isinstance(node.arg, nodes.Const) else "..."
        return f"{_written(node.node)}[{key!r}]"
    if isinstance(node, nodes.Filter) and node.node is not None and node.name != "default":
        return _written(node.node)
    return ""


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Keyword,
)  # fmt: skip
_REMEDY = (
    "use placeholders such as {{ assigned_to.full_name }}, {% if %}, comparisons and the filters "
    + ", ".join(sorted(FILTERS))
)


def _check(node: nodes.Node, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise RuleError("the template is nested too deeply", "simplify it")
    if not isinstance(node, _ALLOWED):
        raise RuleError(f"{_name_of(node)} is not allowed in a template", _REMEDY)
    if isinstance(node, nodes.Name) and node.name in _RESERVED:
        raise RuleError(
            f"the name {node.name!r} has a meaning of its own in templates",
            f"write {ALL}[{node.name!r}]",
        )
    for child in node.iter_child_nodes():
        _check(child, depth + 1)


def _name_of(node: nodes.Node) -> str:
    names = {
        nodes.Call: "calling a function or method", nodes.For: "a loop",
        nodes.Assign: "setting a variable", nodes.Concat: "joining by ~",
    }  # fmt: skip
    if isinstance(node, nodes.BinExpr):
        return f"arithmetic ({type(node).__name__.lower()})"
    return names.get(type(node), f"{type(node).__name__.lower()}")


_SEEN: ContextVar[_Seen] = ContextVar("seen")
_ENVIRONMENT = _RecordEnvironment(cache_size=0, autoescape=False)
_ENVIRONMENT.globals = {}
_ENVIRONMENT.filters = {**FILTERS, _WATCH: _placeholder}
_ENVIRONMENT.tests.clear()
_ENVIRONMENT.tests.update(TESTS)
