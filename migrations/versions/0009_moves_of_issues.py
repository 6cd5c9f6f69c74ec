"""Since when a move of an issue is on its way.

Safe while the code of revision 0008 still runs: it neither reads nor writes the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("moving_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # Not in batch mode: to copy the table it would drop the old one.
    op.drop_column("links", "moving_at")
