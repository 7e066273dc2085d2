"""Keep what was topped up before a batch was opened again.

See docs/decisions/0106.
"""

from alembic import op

revision = "0126"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the parts of the top-ups that earlier rounds of a batch have paid."""
    op.execute("alter table batch_pay add column topped_before bigint not null default 0")
    op.execute("alter table worker_pay add column paid_before bigint not null default 0")


def downgrade() -> None:
    """Remove them."""
    op.execute("alter table worker_pay drop column paid_before")
    op.execute("alter table batch_pay drop column topped_before")
