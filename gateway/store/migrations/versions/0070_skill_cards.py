"""Add skill cards, and the index of the lessons that did not help.

See docs/decisions/0069.
"""

from alembic import op

revision = "0070"
down_revision = "0064"
branch_labels = None
depends_on = None

_TABLES = """
-- A skill card that was given to a worker. Only the digest of its code is kept (gateway.qa.skills.card).
create table skill_card (
  digest text not null,
  worker_id bigint not null,
  kind text not null,
  -- the number to which it is bound; the card is revoked when the worker has another one
  msisdn_index bytea not null,
  accepted integer not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  revoked_by text,
  reason text,
  constraint pk_skill_card primary key (digest),
  constraint fk_skill_card_worker_id foreign key (worker_id) references worker(id)
);
create index ix_skill_card_worker_id on skill_card (worker_id);

-- A gateway whose skill cards are accepted, with its verification key, sealed.
create table card_issuer (
  name text not null,
  key_sealed bytea not null,
  added_by text not null,
  created_at timestamptz not null default now(),
  constraint pk_card_issuer primary key (name)
);

-- The cards that other gateways have revoked.
create table card_revoked (
  issuer text not null,
  digest text not null,
  constraint pk_card_revoked primary key (issuer, digest),
  constraint fk_card_revoked_issuer foreign key (issuer) references card_issuer(name)
);

-- The codes that workers have sent. Wrong ones are limited per day.
create table card_try (
  id bigint not null generated always as identity,
  worker_id bigint not null,
  digest text not null,
  -- the gateway that issued it; null for a code that was not accepted
  issuer text,
  kind text,
  created_at timestamptz not null default now(),
  constraint pk_card_try primary key (id),
  constraint fk_card_try_worker_id foreign key (worker_id) references worker(id)
);
create index ix_card_try_worker_id on card_try (worker_id, created_at);

create index ix_relearning_call on relearning (id)
  where (status = 'assigned' and failures >= 2 and call_asked_at is null);
"""


def upgrade() -> None:
    """Add the tables and the index."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
