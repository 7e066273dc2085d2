"""Mark the adjustments that were not looked at for the partner of the worker.

When a worker's earning is adjusted, her partner gives its price of that answer back, and receives it
again when the adjustment is void. See docs/decisions/0066.
"""

from alembic import op

revision = "0064"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table adjustment add column partner_due boolean not null default true")
    op.execute(
        """create index ix_adjustment_partner_due on adjustment (id)
           where (partner_due and state in ('standing', 'done', 'dropped', 'void'))"""
    )
    # The part that went back to the partner, because the worker's adjustment was void after all.
    op.execute(
        """alter table partner_correction add column returned bigint not null default 0,
             add constraint ck_partner_correction_returned check (returned between 0 and taken)"""
    )
