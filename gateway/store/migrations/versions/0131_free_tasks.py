"""Keep tasks without a free place out of the index of free tasks.

A turn looks for the next free task of a batch in the order of the positions. Tasks whose places are
all held or answered stay open until they are decided, and a held question may stay held for hours.
Each turn read all of them first: with 2,000 workers who held a question, 440 entries of the index.

The column changes when a task fills or opens again, and not with each answer, so that counting an
answer still rewrites no index entry. Adding the column writes the table of tasks once.
"""

from alembic import op

revision = "0131"
down_revision = "0126"
branch_labels = None
depends_on = None

_FREE = "create index ix_task_free on task (batch_id, position) where state = 'open' and gold is null and not directed"


def upgrade() -> None:
    """Add the column, and make the indexes again."""
    op.execute(
        "alter table task add column is_full boolean not null"
        " generated always as (answered + held >= wanted) stored"
    )
    op.execute("drop index ix_task_free")
    op.execute(f"{_FREE} and not is_full")
    op.execute("drop index ix_task_gold")
    op.execute(
        "create index ix_task_gold on task (batch_id, position)"
        " where state = 'open' and gold is not null"
    )


def downgrade() -> None:
    """Remove the column, and make the indexes as they were."""
    op.execute("drop index ix_task_gold")
    op.execute(
        "create index ix_task_gold on task (batch_id) where state = 'open' and gold is not null"
    )
    op.execute("drop index ix_task_free")
    op.execute(_FREE)
    op.execute("alter table task drop column is_full")
