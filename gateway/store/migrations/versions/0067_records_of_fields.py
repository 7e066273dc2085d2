"""Add the fields of a batch of records, and what each worker is asked for and has typed of them.

See docs/decisions/0068.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0067"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one column to each table. All are null for the other kinds of task."""
    # the fields of a record, as in `tasks.entry.fields.to_data`
    op.add_column("batch", sa.Column("fields", JSONB))
    # the names of the fields for which the next worker is asked; null for all
    op.add_column("task", sa.Column("fields_asked", JSONB))
    # `asked`: the names of the fields for which this worker was asked, if not all; `typed`: the
    # values that she has typed so far; `said`: her words for them
    op.add_column("assignment", sa.Column("record", JSONB))
