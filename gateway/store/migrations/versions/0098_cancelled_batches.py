"""Find the cancelled batches that wait for the answers of workers who hold their questions."""

from alembic import op

revision = "0098"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the few cancelled batches that are not over."""
    op.execute(
        "create index ix_batch_cancelled_waiting on batch (id) where (state = 'cancelled' and closed_at is null)"
    )


def downgrade() -> None:
    """Remove the index."""
    op.execute("drop index ix_batch_cancelled_waiting")
