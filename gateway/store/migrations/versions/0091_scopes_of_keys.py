"""Add name, scopes, expiry and last use to API keys, and the place of a made object to answers.

See docs/decisions/0082.
"""

from alembic import op

revision = "0091"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Keys that exist keep every scope and do not expire."""
    op.execute(
        """alter table api_key
             add column name text not null default '',
             -- '*' stands for every scope, those to come included
             add column scopes text[] not null default '{*}',
             add column expires_at timestamptz,
             -- '' for keys that were made before this column
             add column last_four text not null default '',
             -- to some minutes; null: never used
             add column used_at timestamptz"""
    )
    op.execute("alter table idempotency add column location text not null default ''")
    op.execute("create index ix_idempotency_created_at on idempotency (created_at)")
