"""Add the time at which the file of a project is looked at, to remove it when it is old enough.

See docs/decisions/0083.
"""

from alembic import op

revision = "0093"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its index."""
    op.execute(
        "alter table project_file add column look_at timestamptz not null default now() + interval '1 day'"
    )
    op.execute("create index ix_project_file_look_at on project_file (look_at)")
