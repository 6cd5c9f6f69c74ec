"""Rules that are watched: their history, what shadow mappings found, people, and the audit.

Safe while the code of revision 0002 still runs: what it inserts leaves the new columns at their
defaults.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("rules", sa.Column("strikes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("rules", sa.Column("struck_at", MOMENT, nullable=True))
    op.add_column("rules", sa.Column("examples", JSON, nullable=False, server_default="[]"))
    op.add_column(
        "dead_letters", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_dead_letters_rule_id", "dead_letters", ["rule_id", "state"])
    op.create_table(
        "rule_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules.id"], name="fk_rule_versions_rule_id_rules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_versions"),
        sa.UniqueConstraint("rule_id", "version", name="uq_rule_versions_rule_id_version"),
    )
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "id"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "people",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("source", "person_id", name="uq_people_source_person_id"),
    )
    op.create_index("ix_people_read_at", "people", ["read_at"])
    op.create_table(
        "shadow_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("domain", sa.String(length=50), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("only_rule", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules_total", sa.Integer(), nullable=False),
        sa.Column("rules_done", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_runs"),
    )
    op.create_index("ix_shadow_runs_asked_at", "shadow_runs", ["asked_at"])
    op.create_table(
        "shadow_results",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("mends", JSON, nullable=False),
        sa.Column("collisions", JSON, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["shadow_runs.id"],
            name="fk_shadow_results_run_id_shadow_runs",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules.id"], name="fk_shadow_results_rule_id_rules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_results"),
    )
    op.create_index("ix_shadow_results_run_id", "shadow_results", ["run_id"])
    op.create_index("ix_shadow_results_rule_id", "shadow_results", ["rule_id", "id"])


def downgrade() -> None:
    for table in ("shadow_results", "shadow_runs", "people", "audit", "rule_versions"):
        op.drop_table(table)
    op.drop_index("ix_dead_letters_rule_id", "dead_letters")
    # Not in batch mode: to copy the table it would drop the old one, and with it, by the foreign
    # key's cascade, the fields of all rules.
    op.drop_column("dead_letters", "held")
    for column in ("examples", "struck_at", "strikes"):
        op.drop_column("rules", column)
