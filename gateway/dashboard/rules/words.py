"""What a rule's editor calls things: kinds of fields, operators, and what becomes of no value."""

from __future__ import annotations

from core.mapping.conditions import WITHOUT_VALUE, Operator
from core.mapping.schema import FieldKind
from core.mapping.sources import WhenEmpty

KINDS = {
    FieldKind.LINE: "One line of text; line breaks become blanks, and what is too long is cut.",
    FieldKind.TEXT: "A text, with line breaks.",
    FieldKind.RICH_TEXT: "A formatted text: HTML from PeopleForce becomes Jira's own format.",
    FieldKind.NUMBER: "A number such as 12 or 1234.5: no separators, no unit.",
    FieldKind.DATE: "A day such as 2026-10-05; of a time only the day is taken.",
    FieldKind.DATETIME: "A time such as 2026-10-05T09:30:00+02:00; of a day, midnight is taken.",
    FieldKind.OPTION: "One of the values below, by its name or id.",
    FieldKind.OPTIONS: "Some of the values below, by their names or ids.",
    FieldKind.CASCADE: "A choice in two steps, written as Parent / Child.",
    FieldKind.USER: "A person, by e-mail; it must be an active account of Jira.",
    FieldKind.USERS: "Some people, by e-mail; each must be an active account of Jira.",
    FieldKind.GROUP: "A group of Jira, by its name.",
    FieldKind.GROUPS: "Some groups of Jira, by their names.",
    FieldKind.LABELS: "Labels: single words; blanks become underscores.",
    FieldKind.COMPONENTS: "Some of the project's components, by their names or ids.",
    FieldKind.VERSIONS: "Some of the project's versions, by their names or ids.",
    FieldKind.PRIORITY: "One of Jira's priorities, by its name or id.",
    FieldKind.URL: "A web address such as https://example.com/page.",
    FieldKind.PARENT: "Another issue, by its key such as HR-42, or its id.",
    FieldKind.UNKNOWN: "A kind that is not known here: the value is given on unchecked.",
}
"""What may be put into a field of each kind."""

OPERATORS = {
    Operator.CONTAINS: "contains",
    Operator.EQUALS: "is",
    Operator.NOT_EQUALS: "is not",
    Operator.ONE_OF: "is one of (a line for each)",
    Operator.GLOB: "is like (* any text, ? one character)",
    Operator.REGEX: "matches (regular expression)",
    Operator.EXISTS: "has a value",
    Operator.EMPTY: "is empty",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
}

VALUELESS = frozenset(map(str, WITHOUT_VALUE))

WHEN_EMPTY = {
    WhenEmpty.LEAVE_UNSET: "leave it as it is in Jira",
    WhenEmpty.CLEAR: "clear it in Jira",
    WhenEmpty.VIOLATION: "refuse the task",
}
