"""Record the copies of batches whose tasks are not all stored yet.

See docs/decisions/0089.
"""

from alembic import op

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute("""
        create table unfinished_copy (
          batch_id text not null,
          created_at timestamptz not null default now(),
          constraint pk_unfinished_copy primary key (batch_id),
          constraint fk_unfinished_copy_batch_id foreign key (batch_id) references batch(id)
        )""")


def downgrade() -> None:
    """Remove it."""
    op.execute("drop table unfinished_copy")
