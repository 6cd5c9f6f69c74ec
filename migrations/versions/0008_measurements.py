"""How much was done in each quarter of an hour, and the indexes by which it is counted.

Safe while the code of the revision before still runs: it knows neither the table nor the indexes.
The first run fills in the last day. Clearing out by age reads the indexes as well, instead of all
rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("domain", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", "domain", "name", name="pk_measurements"),
    )
    op.create_index("ix_activity_at", "activity", ["at", "domain", "action"])
    op.create_index("ix_deliveries_finished_at", "deliveries", ["finished_at", "source", "state"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_finished_at", "deliveries")
    op.drop_index("ix_activity_at", "activity")
    op.drop_table("measurements")
