"""Mends of fields whose values are chosen from a list, when those were renamed or deleted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from core.mapping.casts import CastContext, cast
from core.mapping.errors import RuleError
from core.mapping.filters import FilterError, text_of
from core.mapping.mending import Mend, with_mapping
from core.mapping.record import Record, is_empty
from core.mapping.refusal import Refusal
from core.mapping.routing import Rule
from core.mapping.schema import MANY, FieldKind, TargetField, folded
from core.mapping.shadow import Trial
from core.mapping.sources import REFUSE, FieldMapping, Path, Source, Static, Template, ValueMap
from core.mapping.values import AllowedValue, Cascade, Value
from core.mapping.violations import few, nearest, shown


class OptionMends:
    """Mends of a field whose values are chosen from a list."""

    def __init__(self, trial: Trial, mapping: FieldMapping, target: TargetField) -> None:
        self._trial, self._mapping, self._target = trial, mapping, target
        self._options = dict(options_of(target))

    def constants(self) -> Iterator[Mend]:
        """Exchange what the rule itself offers and the field does not take any more."""
        changed: dict[str, str] = {}
        unsolved: list[str] = []

        def mended(value: Any) -> Any:  # noqa: ANN401 - any JSON
            if isinstance(value, list) and self._target.kind is not FieldKind.CASCADE:
                return [mended(item) for item in value]
            if is_empty(value) or self._takes(value):
                return value
            text = _text(value)
            option = self._written_for.get(text) or nearest(text, self._options)
            if not option:
                unsolved.append(text)
                return value
            changed[text] = option
            return option

        sources = tuple(_exchanged(source, mended) for source in self._mapping.sources)
        if changed:
            pairs = [f"{shown(old)} -> {shown(new)}" for old, new in changed.items()]
            yield Mend(
                f"{self._target.id}:option",
                f"offer {self._target} what it has now: {', '.join(few(pairs))}",
                self._mended(sources, changed),
            )
        if unsolved:
            old = ", ".join(map(shown, few(unsolved)))
            yield Mend(
                f"{self._target.id}:choose",
                f"offer {self._target} another value than {old}: a person has to choose"
                f"{one_of(self._target)}",
            )

    def entries(self) -> Iterator[Mend]:
        """Translate the records' values that the field does not take any more, by a table.

        Whatever is not in the table goes on as it was: a table without `otherwise` refuses it, and
        the source behind it is asked next.
        """
        tables: dict[int, dict[str, str]] = {}
        for record in self._trial.records.values():
            position, raw = self._raw(record)
            for item in raw:
                option = self._option_for(item)
                if option:
                    tables.setdefault(position, {})[item] = option
        if not tables:
            return
        try:
            sources = tuple(self._with_tables(tables))
        except RuleError:  # Two spellings of one text, with different options.
            return
        pairs = [f"{shown(o)} -> {shown(n)}" for t in tables.values() for o, n in t.items()]
        number = len(pairs)
        yield Mend(
            f"{self._target.id}:table",
            f"translate {number} value{'s' * (number != 1)} of records for {self._target} by a "
            "table; the other values go on as they are",
            self._mended(sources),
            tuple(pairs),
        )

    def _with_tables(self, tables: Mapping[int, Mapping[str, str]]) -> Iterator[Source]:
        for position, source in enumerate(self._mapping.sources):
            table = tables.get(position)
            if table and isinstance(source, ValueMap):
                yield replace(source, table={**source.table, **table})
            elif table and isinstance(source, Path | Template):
                yield ValueMap(source, table)
                yield source
            else:
                yield source

    def _raw(self, record: Record) -> tuple[int, list[str]]:
        """Give the source that a record's value comes from, and its texts before any table."""
        with_problem: tuple[int, list[str]] | None = None
        for position, source in enumerate(self._mapping.sources):
            if isinstance(source, Static):
                break
            offered = source.offer(record)
            if not offered.problem and is_empty(offered.value):
                continue
            inner = source.source if isinstance(source, ValueMap) else source
            if not offered.problem:
                # What a table gave is the rule's own value: see `constants`.
                return position, [] if inner is not source else _texts(inner.offer(record).value)
            if with_problem is None:
                with_problem = position, _texts(inner.offer(record).value)
        return with_problem or (0, [])

    def _option_for(self, text: str) -> str:
        source_has = any(
            isinstance(source, ValueMap) and text in source.table
            for source in self._mapping.sources
        )
        if source_has or self._takes(text):
            return ""
        return self._written_for.get(text) or nearest(text, self._options, sure=True)

    def _takes(self, value: object) -> bool:
        context = CastContext(self._trial.lookups, self._trial.rule.zone)
        try:
            cast(value, self._target, context)
        except Refusal:
            return False
        return True

    @cached_property
    def _written_for(self) -> dict[str, str]:
        """The option that the target has had for a text, where it is still there.

        An option keeps its id when it is renamed, so this finds it whatever it is called now.
        """
        shape = self._trial.shapes.shape
        shapes = [(name, shape(self._target, value)) for name, value in self._options_as_values()]
        votes: dict[str, Counter[str]] = {}
        for record_id, fields in self._trial.written.items():
            before = fields.get(self._target.id)
            record = self._trial.records.get(record_id)
            if before is None or record is None:
                continue
            texts = _texts(self._mapping.offer(record).value)
            names = [name for name, written in shapes if written == before]
            if len(texts) == 1 and len(names) == 1:
                votes.setdefault(texts[0], Counter())[names[0]] += 1
        return {text: counter.most_common(1)[0][0] for text, counter in votes.items()}

    def _options_as_values(self) -> Iterator[tuple[str, Value]]:
        for name, value in self._options.items():
            yield name, (value,) if self._target.kind in MANY else value

    def _mended(self, sources: Sequence[Source], values: Mapping[str, str] | None = None) -> Rule:
        mapping = replace(self._mapping, sources=tuple(sources))
        return with_mapping(self._trial.rule, self._mapping, mapping, values)


def _exchanged(source: Source, mended: Callable[[Any], Any]) -> Source:
    """Give a source with the values that it names itself exchanged."""
    if isinstance(source, Static):
        return Static(mended(source.value))
    if isinstance(source, ValueMap):
        table = {key: mended(value) for key, value in source.table.items()}
        otherwise = source.otherwise if source.otherwise is REFUSE else mended(source.otherwise)
        return replace(source, table=table, otherwise=otherwise)
    return source


def options_of(target: TargetField) -> Iterator[tuple[str, Value]]:
    """Give what a rule writes for each value that a field takes, and the value."""
    cascade = target.kind is FieldKind.CASCADE
    for value in target.allowed or ():
        name = text_for(value, target)
        yield name, Cascade(value) if cascade else value
        for child in value.children if cascade else ():
            yield f"{name} / {child.name}", Cascade(value, child)


def text_for(value: AllowedValue, target: TargetField) -> str:
    """Give the name, which people can read in a rule, or the id where two values share a name."""
    same = target.choices.by_folded_name.get(folded(value.name), [])
    return value.name if value.name and len(same) == 1 else value.id


def one_of(target: TargetField) -> str:
    """Name some of the values that a field takes; nothing where it lists none."""
    names = [name for name, _ in options_of(target)]
    more = len(names) - len(few(names))
    return f" one of {', '.join(few(names))}{f' and {more} more' * (more > 0)}" if names else ""


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [text for item in items if not is_empty(item) and (text := _text(item))]


def _text(value: object) -> str:
    try:
        return text_of(value)
    except FilterError:
        return ""
