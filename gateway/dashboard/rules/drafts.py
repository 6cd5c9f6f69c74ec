"""A rule that somebody is writing: what the request has of it, as a form or as YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from core.mapping import document
from core.mapping.document import Document
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.routing import Rule
from core.rule_text import RuleTextError, from_yaml, to_yaml
from gateway.dashboard.rules import forms
from gateway.dashboard.rules.forms import RuleForm

FORM, YAML = "form", "yaml"

Errors = dict[str, list[RuleError]]
"""What is wrong, by the part of the rule at which it is shown; "" for the rule as a whole."""

_LAST_STEP = re.compile(r"(\.[^.\[\]]+|\[\d+\])$|^[^.\[\]]+$")


@dataclass
class Draft:
    """What somebody wrote, the rule that it makes if it makes one, and what is wrong with it."""

    view: str
    form: RuleForm
    text: str = ""
    rule: Rule | None = None
    errors: Sequence[RuleError] = field(default_factory=tuple)

    @property
    def document(self) -> Document:
        """The document of a rule that can be used."""
        if self.rule is None:
            message = "what was written makes no rule"
            raise ValueError(message)
        return document.without_id(document.dump(self.rule))

    @property
    def placed(self) -> Errors:
        """The errors, each at the nearest place that the form has for it."""
        places = self.form.places() if self.view == FORM else set()
        found: Errors = {}
        for error in self.errors:
            part = error.part
            while part and part not in places:
                part = _LAST_STEP.sub("", part)
            found.setdefault(part, []).append(error)
        return found


def of_document(stored: Document) -> Draft:
    """Give a stored rule to be edited: as a form, or as YAML where a form cannot show it."""
    if forms.fits(stored):
        return Draft(FORM, forms.from_document(stored))
    return Draft(YAML, RuleForm(), to_yaml(stored))


def read(values: MultiDict[str, str], rule_id: int) -> Draft:
    """Give what a request says, and what rule it makes; `rule_id` is 0 for a new one."""
    if values.get("view") == YAML:
        text = values.get("yaml", "").replace("\r\n", "\n")
        return _of_text(text, rule_id)
    form = forms.read(values)
    wrong = forms.problems(form)
    draft = _parsed(Draft(FORM, form), forms.to_document(form), rule_id)
    if wrong:
        draft.rule, draft.errors = None, (*wrong, *draft.errors)
    return draft


def switched(draft: Draft) -> Draft:
    """Give the same in the other view, or as it is where that cannot show it, and why."""
    if draft.view == FORM:
        return replace(draft, view=YAML, text=to_yaml(forms.to_document(draft.form)))
    if draft.rule is None:
        return draft
    stored = draft.document
    if not forms.fits(stored):
        remedy = "go on in YAML"
        return replace(draft, errors=[RuleError("the form cannot show all of this rule", remedy)])
    return replace(draft, view=FORM, form=forms.from_document(stored))


def _of_text(text: str, rule_id: int) -> Draft:
    draft = Draft(YAML, RuleForm(), text)
    try:
        stored = from_yaml(text)
    except RuleTextError as error:
        draft.errors = [RuleError(f"this is not YAML: {error}", "mend the text")]
        return draft
    if isinstance(stored, list) and len(stored) == 1:
        stored = stored[0]  # As in a file of rules.
    return _parsed(draft, stored, rule_id)


def _parsed(draft: Draft, stored: object, rule_id: int) -> Draft:
    try:
        draft.rule = replace(document.parse(stored), id=rule_id)
    except RuleDocumentError as error:
        draft.errors = error.errors
    return draft
