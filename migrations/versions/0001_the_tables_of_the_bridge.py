"""The tables of the bridge.

The first revision: no older code runs beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("domain", sa.String(length=50), nullable=False),
        sa.Column("record", sa.String(length=100), nullable=False),
        sa.Column("issue_key", sa.String(length=100), nullable=True),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("rule_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
    )
    op.create_index("ix_activity_issue_key", "activity", ["issue_key", "id"], unique=False)
    op.create_index("ix_activity_record", "activity", ["record", "id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("record_id", sa.String(length=200), nullable=True),
        sa.Column("task", sa.String(length=200), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("source", "external_id", name="uq_deliveries_source_external_id"),
    )
    op.create_index(
        "ix_deliveries_due_at",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_deliveries_record_id", "deliveries", ["source", "record_id"], unique=False)

    op.create_table(
        "domain_settings",
        sa.Column("domain", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("domain", "key", name="pk_domain_settings"),
    )
    op.create_table(
        "rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("target_project", sa.String(length=50), nullable=True),
        sa.Column("target_issue_type", sa.String(length=100), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("recreate_deleted", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("tripped_reason", sa.Text(), nullable=False),
        sa.Column("tripped_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rules"),
        sa.UniqueConstraint("name", name="uq_rules_name"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", ID, nullable=False),
        sa.Column("domain", sa.String(length=50), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("record", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("rule_id", ID, nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["rules.id"], name="fk_dead_letters_rule_id_rules"),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_state", "dead_letters", ["state", "created_at"], unique=False)
    op.create_index("ix_dead_letters_unit", "dead_letters", ["unit", "unit_id"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("issue_id", sa.String(length=50), nullable=True),
        sa.Column("issue_key", sa.String(length=100), nullable=True),
        sa.Column("project", sa.String(length=50), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("seen_hash", sa.String(length=64), nullable=False),
        sa.Column("last_sync_hash", sa.String(length=64), nullable=False),
        sa.Column("target_hash", sa.String(length=64), nullable=False),
        sa.Column("snapshot", JSON, nullable=False),
        sa.Column("written", JSON, nullable=False),
        sa.Column("rule_id", ID, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("missing_scans", sa.Integer(), nullable=False),
        sa.Column("intent_at", MOMENT, nullable=True),
        sa.Column("pushed_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["rules.id"], name="fk_links_rule_id_rules"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("source", "source_id", name="uq_links_source_source_id"),
    )
    op.create_index(
        "ix_links_due_at",
        "links",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_links_issue_id", "links", ["issue_id"], unique=False)
    op.create_index("ix_links_issue_key", "links", ["issue_key"], unique=False)
    op.create_index(
        "ix_links_open",
        "links",
        ["source"],
        unique=False,
        sqlite_where=sa.text("completed = 0"),
        postgresql_where=sa.text("NOT completed"),
    )
    op.create_index("ix_links_state", "links", ["state"], unique=False)

    op.create_table(
        "rule_fields",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_field", sa.String(length=100), nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules.id"], name="fk_rule_fields_rule_id_rules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_fields"),
        sa.UniqueConstraint("rule_id", "target_field", name="uq_rule_fields_rule_id_target_field"),
    )


def downgrade() -> None:
    op.drop_table("rule_fields")
    op.drop_table("links")
    op.drop_table("dead_letters")
    op.drop_table("rules")
    op.drop_table("domain_settings")
    op.drop_table("deliveries")
    op.drop_table("activity")
