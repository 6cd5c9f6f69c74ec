"""What HR departments ask for: the titles and descriptions from which the seed makes its tasks.

The HTML is of the kind that rich-text editors in HR systems leave behind: non-breaking spaces,
empty paragraphs, marks of pasted text, attached files as links that need a logged-in session.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.common.company import DOMAIN

_FILES = f"https://{DOMAIN.partition('.')[0]}.peopleforce.io/rails/active_storage/blobs"


@dataclass(frozen=True)
class Template:
    """A task that recurs: `{name}` is the person it is about, `owners` who may get it."""

    title: str
    owners: tuple[int, ...]
    description: str | None = None
    days: int = 7


_IT = (1151, 1152, 1158)
_HR = (1131, 1134, 1143)
_OFFICE = (1170, 1171, 1177)
_PAYROLL = (1184, 1185)

ONBOARDING = (
    Template(
        "Prepare laptop for {name}",
        _IT,
        "<p>Model&nbsp;<strong>as agreed with the manager</strong>, see the profile.</p>"
        "<ul><li>Disk encryption <strong>on</strong></li><li>Office Wi-Fi profile</li>"
        "<li>Accounts:<ul><li>Google Workspace</li><li>Slack</li><li>Jira</li></ul></li></ul>"
        f'<p><a href="{_FILES}/checklist-laptop.docx" name="checklist-laptop.docx"'
        ' class="fr-file">checklist-laptop.docx</a></p>',
        5,
    ),
    Template(
        "Create accounts for {name}",
        _IT,
        '<p id="isPasted">Create the accounts <em>before the first day</em>:</p>'
        "<ol><li>Google Workspace</li><li>Slack, channels <strong>#general</strong> and the"
        " team's own</li><li>VPN &amp; password manager</li></ol><p><br></p>",
        4,
    ),
    Template("Order access card for {name}", _OFFICE, "Photo is in the profile.&nbsp;<br>", 6),
    Template(
        "Workplace for {name}",
        _OFFICE,
        "<p>Desk, chair, monitor, keyboard.</p><p>Floor plan:</p>"
        f'<p><img src="{_FILES}/floor-plan-4.png" name="floor-plan-4.png" size="84213"'
        ' class="fr-fic fr-dib" style="width: 300px;"></p>',
        6,
    ),
    Template("Sign employment contract with {name}", _HR, None, 3),
    Template(
        "Welcome meeting with {name}",
        _HR,
        "<p>45 minutes, <u>with the manager</u>. Agenda:&nbsp;"
        f'<a href="https://wiki.{DOMAIN}/people/welcome" target="_blank"'
        ' rel="noopener noreferrer">wiki page</a>.</p>',
    ),
    Template("Add {name} to payroll", _PAYROLL, "Bank details by e-mail, <b>not</b> in chat.", 10),
    Template("Health insurance for {name}", _HR, "<p>Plan B, from the second month.</p>", 30),
    Template(
        "Assign a buddy to {name}",
        (1131, 1134, 1196, 1197),
        "<div>Ask in the team&nbsp;first.</div><div><br></div><div>Not the manager!</div>",
        5,
    ),
    Template(
        "Security training: {name}",
        (1163,),
        "<p>Course <strong><em>Phishing &amp; passwords</em></strong>, 40 min.</p>"
        "<blockquote>Everybody, no exceptions.</blockquote>",
        14,
    ),
    Template("Probation goals for {name}", (1196, 1197, 1236, 1118), None, 20),
    Template("Collect scans of documents from {name}", _HR, "Passport, tax number, diploma", 5),
)

OFFBOARDING = (
    Template(
        "Collect equipment from {name}",
        _IT,
        "<table><thead><tr><th>Item</th><th>Inventory no.</th></tr></thead><tbody>"
        "<tr><td>Laptop</td><td>NB-0412</td></tr><tr><td>Monitor 27&quot;</td><td>MN-0093</td>"
        "</tr><tr><td>Token</td><td>&nbsp;</td></tr></tbody></table>",
        3,
    ),
    Template(
        "Close accounts of {name}",
        (1151, 1163),
        "<p>On the last day, <strong>18:00 Kyiv time</strong>.</p><ol><li>Google: transfer files"
        " to the manager</li><li>Slack</li><li>GitHub<ul><li>remove keys</li><li>hand over"
        " repositories</li></ul></li></ol>",
        2,
    ),
    Template("Exit interview with {name}", _HR, "<p>Form &rarr; People drive. 30 min.</p>", 5),
    Template("Final settlement for {name}", _PAYROLL, "Unused vacation days: see the report.", 7),
    Template("Return access card: {name}", _OFFICE, None, 3),
    Template("Knowledge transfer plan for {name}", (1196, 1197, 1184), "<p>Due a week before.</p>"),
    Template("Reference letter for {name}", _HR, "<p>Ukrainian <b>and</b> English.</p>", 14),
)

EQUIPMENT = (
    Template(
        "Replace battery: {name}",
        _IT,
        "Laptop swells &amp; gets hot.<br>Please give a <strong>spare one</strong>.",
        4,
    ),
    Template("Second monitor for {name}", _IT, "<p>27&quot;, USB-C. Approved by manager.</p>"),
    Template("Noise-cancelling headset for {name}", _IT, None, 10),
    Template(
        "Laptop upgrade for {name} (32 GB)",
        (1126, 1151),
        "<p>Current one is four years old.</p><pre>free -h\nMem: 15Gi used 14Gi</pre>",
        21,
    ),
    Template("VPN access for {name}", (1163, 1151), "<p>Groups: <code>vpn-office</code></p>", 2),
    Template("Ergonomic chair for {name}", _OFFICE, "Doctor's note is in the profile.", 14),
)

DOCUMENTS = (
    Template(
        "Update personal file: {name}",
        _HR,
        "<p>Missing:</p><ul><li>new passport</li><li>address</li></ul>",
        14,
    ),
    Template("Vacation balance check: {name}", (1143,), None, 5),
    Template(
        "Certificate of employment for {name}",
        (1143, 1134),
        '<p>For the bank, <span style="color: rgb(226, 80, 65);">urgent</span>.</p>',
        2,
    ),
    Template(
        "Наказ про відпустку: {name}",
        (1143, 1131),
        "<p>Щорічна відпустка, <strong>14 днів</strong>.&nbsp;Підпис керівника потрібен.</p>",
        4,
    ),
    Template("Contract extension for {name}", (1283, 1134), "<p>Annex 2, two copies</p>", 20),
    Template(
        "NDA: {name}",
        (1283,),
        f'<p><a href="{_FILES}/nda-2026.pdf" name="nda-2026.pdf" class="fr-file">nda-2026.pdf</a>'
        " &mdash; sign &amp; scan</p>",
        10,
    ),
    Template("Performance review form for {name}", _HR, "<p>Cycle: second half-year</p>", 25),
)

FACILITIES = (
    Template("Air conditioning in Kyiv, room 4.12 <drips>", _OFFICE, "<p>Since Monday.</p>", 2),
    Template("Book venue for the winter party", (1170,), "<p>120 people, Kyiv <b>or</b> Lviv</p>"),
    Template("Fire drill, Warsaw office", (1171,), "<p>With the landlord.</p>", 30),
    Template("Renew parking contract", (1170,), None, 30),
    Template("Water & coffee supplier: new offer", (1171, 1170), "Compare <em>three</em> offers"),
    Template(
        "Generator fuel for the Kyiv office", (1177,), "<p>200&nbsp;l; receipt to finance.</p>"
    ),
    Template("First-aid kits: check expiry dates", _OFFICE, None, 21),
    Template("Meeting room signs, Lviv", (1177,), "<ul><li>Carpathians</li><li>Dnister</li></ul>"),
    Template("Office plants", _OFFICE, "<p><br></p>", 40),
    Template("Desk booking rules for Berlin", (1158,), "<p>Draft, then ask people.</p>", 20),
    Template("Badge printer is out of ribbon", _IT, "Type <code>YMCKO-300</code>, 2 pcs", 3),
    Template(
        "Shelter supplies: torches and power banks", (1177, 1170), "<p>For 80 people.</p>", 10
    ),
    Template("Cleaning schedule for next month", (1170,), None, 12),
    Template("New doorbell for the Lviv office", (1177,), "The old one is silent :)", 9),
    Template(
        "Annual audit of access cards", (1163, 1170), "<p>Compare with the active list.</p>", 30
    ),
    Template("Blood donation day", (1131,), "<p>Ask the clinic on <s>Friday</s> Thursday.</p>", 18),
    Template("Insurance of the Warsaw office", (1112, 1171), "<p>Policy ends next month.</p>", 25),
    Template(
        "T-shirts for newcomers", (1143,), "<p>Sizes are in the profiles: S&ndash;XL.</p>", 15
    ),
    Template("Kitchen in Kyiv: replace the dishwasher", (1170,), None, 10),
    Template("Printer 3rd floor: paper jam, again!!!", _IT, "<p>Tray&nbsp;2.</p>", 1),
)

RECRUITING = (
    Template("Call back {name}", (1140,), None, 2),
    Template("Send test task to {name}", (1140, 1196), "<p>Deadline: <b>5 days</b>.</p>", 3),
    Template("Feedback after interview: {name}", (1196, 1197, 1236), "Scorecard, please.", 2),
    Template("Prepare offer for {name}", (1105, 1134), "<p>Gross, with bonus; see notes.</p>", 4),
    Template("Reference check: {name}", (1140,), "<p>Two former managers</p>", 5),
)

CANDIDATES = (
    "Liubov Haidai", "Artem Voloshyn", "Julia Sommer", "Kacper Duda", "Tiago Pires",
    "Nina Bielska", "Yevhen Kostiuk", "Elif Arslan", "Marko Jovanovic", "Olesia Prokopenko",
)  # fmt: skip
