"""The editor of a rule: a form that knows the target's fields, and a preview on recent records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flask import Response, request
from flask.typing import ResponseReturnValue

from core import rule_edits
from core import rules as stored
from core.database import reading, writing
from core.mapping import previewing, routing
from core.mapping.errors import RuleDocumentError
from core.mapping.schema import TargetField, TargetSchema
from core.models import Role, Rule, RuleState
from core.rule_edits import ChangedMeanwhileError, NoSuchRuleError, Seen
from core.rule_text import to_yaml
from gateway.access import role_required
from gateway.dashboard.rules import checks, drafts, forms, steps, words
from gateway.dashboard.rules.activation import head_of
from gateway.dashboard.rules.checks import Check
from gateway.dashboard.rules.common import (
    author,
    pages,
    rights,
    rule_or_404,
    still_out_of_force,
    told,
)
from gateway.dashboard.rules.drafts import Draft
from gateway.dashboard.rules.forms import RuleForm
from gateway.dashboard.rules.world import Target, ask_for, suggestions, target_of, world_of
from gateway.rendering import page, part

TEMPLATE = "rule_edit.html"

_UNPROCESSABLE, _CONFLICT = 422, 409


@dataclass(frozen=True)
class Editing:
    """Which rule is edited, as of which version; both are 0 for a new one."""

    rule_id: int = 0
    version: int = 0
    note: str = ""

    @classmethod
    def read(cls) -> Editing:
        """Give what the request says of it."""
        return cls(
            request.form.get("rule_id", 0, int),
            request.form.get("version", 0, int),
            request.form.get("note", "").strip(),
        )


@dataclass(frozen=True)
class Said:
    """What the editor says besides the rule: how a check went, why it was not saved, its YAML."""

    check: Check = field(default_factory=Check)
    trouble: ChangedMeanwhileError | NoSuchRuleError | None = None
    written: str = ""


NOTHING = Said()


@pages.get("/rules/new")
@role_required(Role.ADMIN)
def new() -> ResponseReturnValue:
    """Show an empty editor."""
    return _editor(Editing(), Draft(drafts.FORM, RuleForm()))


@pages.get("/rules/<int:rule_id>")
@role_required(Role.VIEWER)
def show(rule_id: int) -> ResponseReturnValue:
    """Show a rule: to admins in the editor, to all others as it is written."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    return _stored(row)


@pages.post("/rules/form")
@role_required(Role.ADMIN)
def form() -> ResponseReturnValue:
    """Show the editor after one of its buttons was pressed; nothing is saved."""
    draft = drafts.read(request.form, 0)
    step = request.form.get("do", "")
    if step == "switch":
        draft = drafts.switched(draft)
    else:
        # What is wrong is said when it is saved, and in the preview: not while it is typed.
        draft.errors = ()
        target = target_of(draft.form.project, draft.form.issue_type)
        # Return in a text presses the form's first button; the box for a new field has its own.
        step = step if step != "add field" else f"add field {request.form.get('new_field', '')}"
        steps.do(draft.form, step, target.schema.value)
    return _editor(Editing.read(), draft)


@pages.post("/rules/save")
@role_required(Role.ADMIN)
def save() -> ResponseReturnValue:
    """Save a rule: what cannot be used, and what others changed meanwhile, is told in words."""
    editing = Editing.read()
    draft = drafts.read(request.form, editing.rule_id)
    if draft.rule is None:
        return _editor(editing, draft, status=_UNPROCESSABLE)
    check = _checked(editing, draft)
    if check.stops:
        return _editor(editing, draft, Said(check))
    try:
        row = _store(editing, draft.rule, check)
    except RuleDocumentError as error:
        draft.errors = error.errors
        return _editor(editing, draft, status=_UNPROCESSABLE)
    except (ChangedMeanwhileError, NoSuchRuleError) as error:
        return _editor(editing, draft, Said(trouble=error), status=_CONFLICT)
    return _saved(editing, row)


def _store(editing: Editing, rule: routing.Rule, check: Check) -> Rule:
    with writing() as session:
        if not editing.rule_id:
            return rule_edits.create(session, rule, author(), editing.note, in_force=False)
        seen = Seen(editing.rule_id, editing.version)
        return rule_edits.change(session, seen, rule, author(), check.noted(editing.note))


def _saved(editing: Editing, row: Rule) -> Response:
    if not editing.rule_id:
        return Response(headers={"HX-Redirect": f"/rules/{row.id}", "X-Saved": "yes"})
    same = row.version == editing.version
    text = "Nothing was changed." if same else f"Saved as version {row.version}."
    answer = _stored(row)
    answer.headers["X-Saved"] = "yes"
    return told(answer, f"{text}{still_out_of_force(row)}")


@pages.post("/rules/preview")
@role_required(Role.VIEWER)
def preview() -> ResponseReturnValue:
    """Show what the rule, as it is written at the moment, would do with recent records."""
    rule_id = request.form.get("rule_id", 0, int)
    if "view" in request.form:
        draft = drafts.read(request.form, rule_id)
    else:
        with reading() as session:
            rule = stored.to_rule(rule_or_404(session, rule_id))
        draft = Draft(drafts.YAML, RuleForm(), rule=rule)
    if draft.rule is None:
        return part(TEMPLATE, "preview", preview=None, wrong=len(draft.errors))
    target = target_of(draft.rule.project, draft.rule.issue_type)
    world = world_of(draft.rule, target.schema.value)
    found = previewing.preview(draft.rule, world.records, world.around)
    chosen = request.form.get("record", "")
    if chosen not in world.records:
        chosen = next(iter([*found.refused, *found.matching, *world.records]), "")
    one = (
        previewing.preview_one(draft.rule, chosen, world.records[chosen], world.around)
        if chosen
        else None
    )
    return part(
        TEMPLATE, "preview", preview=found, world=world, target=target, one=one, rule=draft.rule
    )


@pages.get("/rules/target")
@role_required(Role.VIEWER)
def target() -> ResponseReturnValue:
    """Say how old what is known of a target is; a worker is asked for what is missing or old."""
    known = target_of(
        request.args.get("project", "").strip(), request.args.get("issue_type", "").strip()
    )
    if known.wanted and known.reachable:
        ask_for(known)
    tries = request.args.get("tries", 0, int)
    # The form was drawn without it, so it has to be drawn anew.
    read_now = not known.wanted
    return part(TEMPLATE, "target", target=known, tries=tries + 1, read_now=read_now)


def _checked(editing: Editing, draft: Draft) -> Check:
    """Have the examples of a rule that is in force tried before it is changed."""
    if draft.rule is None or not draft.rule.examples or not editing.rule_id:
        return Check()
    with reading() as session:
        row = session.get(Rule, editing.rule_id)
    if row is None or row.state is not RuleState.ACTIVE or row.version != editing.version:
        return Check()  # It writes nothing, or will not be saved.
    return checks.check(draft.document, editing.rule_id, held=False)


def _stored(row: Rule) -> Response:
    written = stored.written(row)
    draft = drafts.of_document(written)
    return _editor(Editing(row.id, row.version), draft, Said(written=to_yaml(written)))


def _editor(editing: Editing, draft: Draft, said: Said = NOTHING, *, status: int = 200) -> Response:
    """Give the editor with all that was typed, whatever is wrong with it."""
    row = None
    if editing.rule_id:
        with reading() as session:
            row = session.get(Rule, editing.rule_id)
    gone = isinstance(said.trouble, NoSuchRuleError)
    known = _target(draft)
    answer = page(
        TEMPLATE,
        "rule",
        editing=replace(editing, rule_id=0, version=0) if gone else editing,
        draft=draft,
        form=draft.form,
        errors=draft.placed,
        target=known,
        fields=_Fields(known.schema.value, draft.form),
        paths=suggestions(),
        words=words,
        kinds=forms.KINDS,
        types=forms.TYPES,
        tries=0,
        read_now=False,
        check=said.check,
        conflict=None if gone else said.trouble,
        gone=gone,
        written=said.written,
        **(head_of(row) if row is not None else {"row": None, **rights()}),
    )
    answer.status_code = status
    answer.headers["HX-Trigger"] = "preview"
    return answer


def _target(draft: Draft) -> Target:
    if draft.view == drafts.FORM:
        return target_of(draft.form.project, draft.form.issue_type)
    return target_of(draft.rule.project, draft.rule.issue_type) if draft.rule else target_of("", "")


class _Fields:
    """The target's fields as the form needs them; without a schema nothing is known of any."""

    def __init__(self, schema: TargetSchema | None, form: RuleForm) -> None:
        self.known = schema is not None
        self._fields = dict(schema.fields) if schema is not None else {}
        mapped = {one.field_id for one in form.fields}
        free = [it for it in self._fields.values() if it.settable and it.id not in mapped]
        self.missing = [it for it in free if it.must_be_filled]
        self.others = sorted(
            (it for it in free if not it.must_be_filled), key=lambda it: it.name.casefold()
        )

    def choices(self, field_id: str) -> list[tuple[str, str]]:
        """Give the values of a field that lists any: what to write for each, and what it is."""
        target = self._fields.get(field_id)
        if target is None or target.allowed is None:
            return []
        found: list[tuple[str, str]] = []
        for value in target.allowed:
            named = len(target.choices.by_name.get(value.name, ())) == 1 and bool(value.name)
            found.append((value.name, f"id {value.id}") if named else (value.id, value.name))
            found.extend((f"{value.name} / {it.name}", f"id {it.id}") for it in value.children)
        return found

    def get(self, field_id: str) -> TargetField | None:
        """Give a field; None where the target does not have it, or nothing is known."""
        return self._fields.get(field_id)
