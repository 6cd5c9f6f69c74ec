"""Since when work waits, and the replays that were asked for.

Safe while the code of revision 0004 still runs: what it makes due has no `waiting_since` until it
is published again, and what it finishes keeps one that nobody looks at without a `due_at`. The new
table was known to nobody before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITS = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("links", sa.Column("waiting_since", MOMENT, nullable=True))
    # The last write is the nearest that is known; it is not later than now.
    op.execute("UPDATE links SET waiting_since = updated_at WHERE due_at IS NOT NULL")
    op.create_index(
        "ix_links_waiting_since",
        "links",
        ["waiting_since"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["source", "received_at"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )

    op.create_table(
        "replays",
        sa.Column("id", ID, nullable=False),
        sa.Column("nonce", sa.String(length=100), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("up_to", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_replays"),
        sa.UniqueConstraint("nonce", name="uq_replays_nonce"),
    )
    op.create_index("ix_replays_at", "replays", ["at"])


def downgrade() -> None:
    op.drop_table("replays")
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.drop_index("ix_links_waiting_since", "links")
    # Not in batch mode: to copy the table it would drop the old one.
    op.drop_column("links", "waiting_since")
