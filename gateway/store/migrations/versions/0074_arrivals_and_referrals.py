"""Add the questions whether payouts arrived, recent pay for an even distribution, and referrals.

See docs/decisions/0071.
"""

from alembic import op

revision = "0074"
down_revision = "0077"
branch_labels = None
depends_on = None

_ARRIVALS = """
-- The payouts whose workers are asked whether the money arrived. The states are: due (to be asked),
-- asked (by SMS), yes, no, and silent (the worker did not answer).
create table arrival (
  payout_id uuid not null,
  worker_id bigint not null,
  provider text not null,
  -- the list on which the payout was approved, if it was on one
  list_id bigint,
  -- the worker's first payout; otherwise it is of the sample
  first boolean not null,
  state text not null default 'due',
  created_at timestamptz not null default now(),
  asked_at timestamptz,
  answered_at timestamptz,
  via text,
  -- After a "no", the payouts of the same run wait until a person has released them.
  holds boolean not null default false,
  -- what the person found: arrived or missing, and why
  found text,
  because text,
  released_by bigint,
  released_at timestamptz,
  constraint pk_arrival primary key (payout_id),
  constraint ck_arrival_state check (state in ('due', 'asked', 'yes', 'no', 'silent')),
  constraint ck_arrival_found check (found in ('arrived', 'missing')),
  constraint fk_arrival_payout_id foreign key (payout_id) references payout(id),
  constraint fk_arrival_worker_id foreign key (worker_id) references worker(id),
  constraint fk_arrival_list_id foreign key (list_id) references approval_list(id),
  constraint fk_arrival_released_by foreign key (released_by) references person(id)
);
create index ix_arrival_worker_id on arrival (worker_id);
create index ix_arrival_open on arrival (created_at) where (state in ('due', 'asked'));
create index ix_arrival_holds on arrival (provider) where (holds and released_at is null);

-- The event of a payout up to which payouts were chosen for the question, and the next look.
create table arrival_progress (
  one boolean not null default true,
  upto bigint not null,
  due_at timestamptz not null,
  constraint pk_arrival_progress primary key (one),
  constraint ck_arrival_progress_one check (one)
);
"""

_EVEN = """
-- The recent earnings of each worker, as of `refreshed_at`: an amount counts half after three and a
-- half days. Idle workers with lower recent earnings are offered work first.
create table recent_pay (
  worker_id bigint not null,
  earned double precision not null,
  refreshed_at timestamptz not null,
  constraint pk_recent_pay primary key (worker_id),
  constraint fk_recent_pay_worker_id foreign key (worker_id) references worker(id)
);
create index ix_recent_pay_refreshed_at on recent_pay (refreshed_at);

-- While there is little work and idle workers have earned less, a worker gets no question that is open
-- to all until then.
alter table worker add column yields_until timestamptz;

-- The answer up to which recent earnings were counted, and the time of the next count.
create table even_progress (
  one boolean not null default true,
  upto bigint not null,
  due_at timestamptz not null,
  constraint pk_even_progress primary key (one),
  constraint ck_even_progress_one check (one)
);
"""

_REFERRALS = """
-- The code of a worker who brings others: they text JOIN and the code.
create table referral_code (
  worker_id bigint not null,
  code text not null,
  created_at timestamptz not null default now(),
  constraint pk_referral_code primary key (worker_id),
  constraint uq_referral_code_code unique (code),
  constraint fk_referral_code_worker_id foreign key (worker_id) references worker(id)
);

-- The worker who brought another one. A refused referral is never paid; `why` says the reason.
create table referral (
  worker_id bigint not null,
  referrer_id bigint not null,
  state text not null default 'open',
  why text not null default '',
  amount bigint,
  created_at timestamptz not null default now(),
  checked_at timestamptz not null default now(),
  decided_at timestamptz,
  constraint pk_referral primary key (worker_id),
  constraint ck_referral_state check (state in ('open', 'paid', 'refused')),
  constraint ck_referral_another check (worker_id <> referrer_id),
  constraint fk_referral_worker_id foreign key (worker_id) references worker(id),
  constraint fk_referral_referrer_id foreign key (referrer_id) references worker(id)
);
create index ix_referral_referrer_id on referral (referrer_id);
create index ix_referral_open on referral (checked_at) where (state = 'open');
"""


def upgrade() -> None:
    """Add them, one statement after the other."""
    for statement in f"{_ARRIVALS}{_EVEN}{_REFERRALS}".split(";\n"):
        if statement.strip():
            op.execute(statement)
