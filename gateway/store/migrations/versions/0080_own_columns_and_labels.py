"""Add the client's own columns of a task, and the labels of a batch.

See docs/decisions/0075.
"""

from alembic import op

revision = "0080"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the index of a client's list of batches."""
    op.execute("alter table task add column own jsonb")
    op.execute("alter table batch add column labels jsonb not null default '{}'")
    op.execute("create index ix_batch_client_created on batch (client_id, created_at desc, id)")
    op.execute("drop index ix_batch_client_id")
