"""Drop the CHECK constraints of tasks and assignments; triggers in `store/sql/work.sql` look now.

See docs/decisions/0063.
"""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_CHECKS = {
    "task": ("counts", "no_surplus", "paid_slots", "reserved", "state"),
    "assignment": ("state",),
}


def upgrade() -> None:
    """Drop them. The triggers are loaded in the same start, before anything else writes."""
    for table, names in _CHECKS.items():
        for name in names:
            op.execute(f"alter table {table} drop constraint ck_{table}_{name}")
