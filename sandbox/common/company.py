"""The invented company that both stand-ins work for: one list of people, so that e-mails match."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

COMPANY = "Acme"
DOMAIN = "acme.example"


@dataclass(frozen=True)
class Person:
    """One employee, as the HR system knows them.

    `status` is PeopleForce's: hired (starts later), probation, employed or terminated. `laptop`
    and `shirt_size` are the company's own fields. A location may not be settled yet.
    """

    id: int
    first_name: str
    last_name: str
    department: str
    division: str
    position: str
    location: str | None
    manager_id: int | None
    hired_on: date
    status: str
    laptop: str | None
    shirt_size: str | None

    @property
    def full_name(self) -> str:
        """Return first and last name, as both vendors show them."""
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        """Return the work address, the same at both vendors."""
        name = f"{self.first_name}.{self.last_name}".lower()
        return f"{name.replace(' ', '').replace(chr(39), '')}@{DOMAIN}"

    @property
    def active(self) -> bool:
        """Say whether the person may log in; Jira refuses to assign issues to others."""
        return self.status != "terminated"


# id, name, department, division, position, location, manager, hired on, status, laptop, shirt
_ROWS = """
1101 | Natalia Rudenko      | Executive        | Group   | Chief Executive Officer     | Kyiv   |      | 2015-02-02 | employed   | MacBook Pro 14  | S
1105 | Olha Rudnytska       | People           | Group   | Head of People              | Kyiv   | 1101 | 2016-05-16 | employed   | MacBook Air 13  | M
1107 | Andrii Lysenko       | Engineering      | Group   | Chief Technology Officer    | Kyiv   | 1101 | 2015-09-01 | employed   | MacBook Pro 16  | L
1112 | Katarzyna Wilk       | Finance          | Group   | Chief Financial Officer     | Warsaw | 1101 | 2017-03-06 | employed   | ThinkPad X1     | M
1118 | Jonas Becker         | Sales            | Europe  | Head of Sales               | Berlin | 1101 | 2018-01-15 | employed   | MacBook Air 15  | XL
1126 | Iryna Koval          | IT               | Group   | Head of IT                  | Lviv   | 1107 | 2017-09-25 | employed   | ThinkPad X1     | S
1131 | Marta Savchuk        | People           | Ukraine | HR Business Partner         | Lviv   | 1105 | 2019-04-08 | employed   | MacBook Air 13  | S
1134 | Piotr Zielinski      | People           | Europe  | HR Business Partner         | Warsaw | 1105 | 2020-02-03 | employed   | MacBook Air 13  | L
1140 | Sofia Hrytsenko      | People           | Ukraine | Recruiter                   | Kyiv   | 1105 | 2021-06-14 | employed   | MacBook Air 13  | XS
1143 | Daria Moroz          | People           | Ukraine | HR Administrator            | Kyiv   | 1105 | 2022-08-01 | employed   | ThinkPad T14    | M
1151 | Bohdan Kravets       | IT               | Ukraine | System Administrator        | Kyiv   | 1126 | 2018-11-12 | employed   | ThinkPad T14    | L
1152 | Ihor Melnychuk       | IT               | Ukraine | IT Support Engineer         | Lviv   | 1126 | 2020-10-05 | employed   | ThinkPad T14    | M
1158 | Lukas Brandt         | IT               | Europe  | IT Support Engineer         | Berlin | 1126 | 2021-03-01 | employed   | ThinkPad T14    | L
1163 | Yuliia Tkach         | IT               | Ukraine | Security Engineer           | Kyiv   | 1126 | 2021-09-20 | employed   | MacBook Pro 14  | M
1170 | Halyna Bondar        | Facilities       | Ukraine | Office Manager              | Kyiv   | 1112 | 2016-10-03 | employed   | ThinkPad T14    | L
1171 | Ewa Nowicka          | Facilities       | Europe  | Office Manager              | Warsaw | 1112 | 2019-08-19 | employed   | ThinkPad T14    | S
1177 | Stepan Oliinyk       | Facilities       | Ukraine | Facilities Coordinator      | Lviv   | 1170 | 2021-05-11 | employed   |                 | XL
1184 | Viktoriia Panchenko  | Finance          | Ukraine | Chief Accountant            | Kyiv   | 1112 | 2017-07-17 | employed   | ThinkPad T14    | M
1185 | Tomasz Krol          | Finance          | Europe  | Payroll Specialist          | Warsaw | 1112 | 2020-01-13 | employed   | ThinkPad T14    | M
1189 | Larysa Shevchuk      | Finance          | Ukraine | Accountant                  | Kyiv   | 1184 | 2022-02-07 | employed   | ThinkPad T14    |
1196 | Oleksandr Dmytruk    | Engineering      | Ukraine | Engineering Manager         | Kyiv   | 1107 | 2018-06-04 | employed   | MacBook Pro 16  | L
1197 | Anna Kowalczyk       | Engineering      | Europe  | Engineering Manager         | Warsaw | 1107 | 2019-01-21 | employed   | MacBook Pro 16  | S
1203 | Maksym Polishchuk    | Engineering      | Ukraine | Senior Software Engineer    | Kyiv   | 1196 | 2019-10-07 | employed   | MacBook Pro 16  | XL
1208 | Oksana Vdovenko      | Engineering      | Ukraine | Software Engineer           | Lviv   | 1196 | 2021-11-15 | employed   | MacBook Pro 14  | S
1211 | Denys Hnatiuk        | Engineering      | Ukraine | Software Engineer           | Lviv   | 1196 | 2022-04-04 | employed   | MacBook Pro 14  | M
1219 | Rui Tavares          | Engineering      | Europe  | Senior Software Engineer    | Lisbon | 1197 | 2020-09-14 | employed   | MacBook Pro 16  | M
1220 | Kateryna Ostapenko   | Engineering      | Europe  | QA Engineer                 | Warsaw | 1197 | 2022-06-20 | employed   | ThinkPad X1     | M
1228 | Pavlo Zinchenko      | Engineering      | Ukraine | DevOps Engineer             | Kyiv   | 1196 | 2020-03-30 | employed   | ThinkPad X1     | L
1236 | Emilia Lindqvist     | Product          | Europe  | Head of Product             | Berlin | 1101 | 2019-05-13 | employed   | MacBook Pro 14  | M
1241 | Roman Fedoriv        | Product          | Ukraine | Product Manager             | Lviv   | 1236 | 2021-02-22 | employed   | MacBook Pro 14  | L
1247 | Alina Marchenko      | Product          | Ukraine | Product Designer            | Kyiv   | 1236 | 2022-01-10 | employed   | MacBook Pro 14  | XS
1255 | Clara Hoffmann       | Sales            | Europe  | Account Executive           | Berlin | 1118 | 2020-11-02 | employed   | MacBook Air 15  | S
1256 | Taras Bilyk          | Sales            | Ukraine | Account Executive           | Kyiv   | 1118 | 2021-08-09 | employed   | MacBook Air 15  | L
1262 | Ines Carvalho        | Customer Success | Europe  | Customer Success Manager    | Lisbon | 1118 | 2021-04-26 | employed   | MacBook Air 13  | M
1268 | Nazar O'Hara         | Customer Success | Ukraine | Support Specialist          | Lviv   | 1262 | 2022-09-12 | employed   | ThinkPad T14    |
1275 | Magda Pawlak         | Marketing        | Europe  | Marketing Manager           | Warsaw | 1236 | 2020-06-08 | employed   | MacBook Air 15  | S
1283 | Vasyl Hordiienko     | Legal            | Group   | Legal Counsel               | Kyiv   | 1112 | 2019-12-02 | employed   | ThinkPad X1     | L
1304 | Solomiia Yatsenko    | Marketing        | Ukraine | Content Specialist          | Lviv   | 1275 | 2026-08-03 | probation  | MacBook Air 13  | S
1309 | Mateusz Wrona        | Engineering      | Europe  | Software Engineer           | Warsaw | 1197 | 2026-08-17 | probation  | MacBook Pro 14  | L
1315 | Zoriana Klymenko     | Engineering      | Ukraine | Software Engineer           | Kyiv   | 1196 | 2026-11-30 | hired      |                 | M
1316 | Felix Neumann        | Sales            | Europe  | Sales Development Rep       |        | 1118 | 2026-12-07 | hired      |                 | XL
1318 | Mariana Sydorenko    | Finance          | Ukraine | Accountant                  | Kyiv   | 1184 | 2026-12-14 | hired      |                 |
1192 | Hryhorii Tymchuk     | Finance          | Ukraine | Accountant                  | Kyiv   | 1184 | 2019-03-11 | terminated | ThinkPad T14    | L
1214 | Beatriz Mendes       | Engineering      | Europe  | QA Engineer                 | Lisbon | 1197 | 2021-01-18 | terminated | ThinkPad X1     | S
"""  # noqa: E501 - a table reads best as a table.


def _person(row: str) -> Person:
    cells = [cell.strip() for cell in row.split("|")]
    number, name, department, division, position, location, manager, hired, status = cells[:9]
    first_name, _, last_name = name.partition(" ")
    return Person(
        id=int(number),
        first_name=first_name,
        last_name=last_name,
        department=department,
        division=division,
        position=position,
        location=location or None,
        manager_id=int(manager) if manager else None,
        hired_on=date.fromisoformat(hired),
        status=status,
        laptop=cells[9] or None,
        shirt_size=cells[10] or None,
    )


PEOPLE: tuple[Person, ...] = tuple(_person(row) for row in _ROWS.strip().splitlines())
