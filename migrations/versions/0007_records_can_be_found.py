"""Records are found by words, people, request id and order of change; replays go on alone.

Safe while the code of revision 0006 still runs: the columns that are new may be empty, and the
index of words is kept by the database, whoever writes. Links whose words were written before are
cut anew here, since searches look for words without accents and for e-mails as well.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = re.compile(r"[^\W_]+")
AT_ONCE = 500

LINKS = sa.table(
    "links", sa.column("id", sa.BigInteger), sa.column("snapshot", JSON), sa.column("search_text")
)

# The whole index is of rowids: what is found is read from `links`. In step by triggers, which a
# migration that copies `links` (batch mode) would drop: make them anew there.
SQLITE = (
    """CREATE VIRTUAL TABLE links_search USING fts5(
        search_text, content='links', content_rowid='id', detail=none, columnsize=0,
        prefix='2 3 4', tokenize='unicode61'
    )""",
    "INSERT INTO links_search(links_search) VALUES ('rebuild')",
    """CREATE TRIGGER links_search_insert AFTER INSERT ON links BEGIN
        INSERT INTO links_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
    """CREATE TRIGGER links_search_delete AFTER DELETE ON links BEGIN
        INSERT INTO links_search(links_search, rowid, search_text)
        VALUES ('delete', old.id, old.search_text);
    END""",
    """CREATE TRIGGER links_search_update AFTER UPDATE OF search_text ON links
    WHEN old.search_text <> new.search_text BEGIN
        INSERT INTO links_search(links_search, rowid, search_text)
        VALUES ('delete', old.id, old.search_text);
        INSERT INTO links_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
)


def upgrade() -> None:
    _cut_words_anew()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    else:
        op.execute(
            "CREATE INDEX ix_links_search ON links USING gin (to_tsvector('simple', search_text))"
        )

    op.add_column("activity", sa.Column("rule_version", sa.Integer(), nullable=True))
    op.add_column("activity", sa.Column("calls", JSON, nullable=True))
    op.create_index("ix_activity_request_id", "activity", ["request_id"])
    op.create_index("ix_deliveries_request_id", "deliveries", ["request_id"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "id"])

    op.drop_index("ix_links_state", "links")
    op.create_index("ix_links_state", "links", ["state", "updated_at"])
    op.create_index("ix_links_updated_at", "links", ["updated_at"])
    op.create_index("ix_links_rule_id", "links", ["rule_id", "updated_at"])

    op.add_column("replays", sa.Column("wanted", JSON, nullable=True))
    op.add_column(
        "replays", sa.Column("total", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "replays", sa.Column("done", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    op.drop_column("replays", "done")
    op.drop_column("replays", "total")
    op.drop_column("replays", "wanted")
    op.drop_index("ix_links_rule_id", "links")
    op.drop_index("ix_links_updated_at", "links")
    op.drop_index("ix_links_state", "links")
    op.create_index("ix_links_state", "links", ["state"])
    op.drop_index("ix_deliveries_state", "deliveries")
    op.drop_index("ix_deliveries_request_id", "deliveries")
    op.drop_index("ix_activity_request_id", "activity")
    op.drop_column("activity", "calls")
    op.drop_column("activity", "rule_version")
    if op.get_bind().dialect.name == "sqlite":
        for name in ("update", "delete", "insert"):
            op.execute(f"DROP TRIGGER links_search_{name}")
        op.execute("DROP TABLE links_search")
    else:
        op.drop_index("ix_links_search", "links")


def _cut_words_anew() -> None:
    connection = op.get_bind()
    last = 0
    while True:
        rows = connection.execute(
            sa.select(LINKS.c.id, LINKS.c.snapshot)
            .where(LINKS.c.id > last)
            .order_by(LINKS.c.id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        connection.execute(
            sa.update(LINKS)
            .where(LINKS.c.id == sa.bindparam("of"))
            .values(search_text=sa.bindparam("words")),
            [{"of": row.id, "words": _words(row.snapshot)} for row in rows],
        )


def _words(snapshot: dict) -> str:
    people = [snapshot.get(name) or {} for name in ("assigned_to", "associated_to")]
    parts = [snapshot.get("title")]
    parts += [person.get(name) for person in people for name in ("full_name", "email")]
    text = " ".join(part for part in parts if part)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return " ".join(dict.fromkeys(WORD.findall(kept)))
