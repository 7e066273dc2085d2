"""Add skill cards, and the index of the lessons that did not help.

See docs/decisions/0069.
"""

from alembic import op

revision = "0070"
down_revision = "0064"
branch_labels = None
depends_on = None

_TABLES = """
create index ix_relearning_call on relearning (id)
  where (status = 'assigned' and failures >= 2 and call_asked_at is null);
"""


def upgrade() -> None:
    """Add the tables and the index."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
