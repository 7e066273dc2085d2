"""Drop a foreign key and a trigger that each answer paid for.

See docs/decisions/0084.
"""

from alembic import op

revision = "0095"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop them. The triggers in `sql/` that do their work are loaded in the same start."""
    op.execute("alter table assignment drop constraint fk_assignment_worker_id")
    op.execute("drop trigger if exists answers_are_due on task")
    op.execute("drop function if exists answers_are_due()")
