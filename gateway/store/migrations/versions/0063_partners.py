"""Add the state, capacity and money of partners, and a partner's price to batches.

A partner that exists already has worked before, so it becomes active, and its history says why. See
docs/decisions/0066.
"""

from alembic import op

revision = "0063"
down_revision = "0073"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """alter table partner
      -- gateway.workers.partners.states
      add column state text not null default 'applicant',
      -- The time since which the partner earns its price; null before it became active.
      add column admitted_at timestamptz,
      add column languages text[] not null default '{}',
      -- The number of workers whom the partner can look after, and their answers per day.
      add column workers_max integer,
      add column answers_day integer,
      -- The largest share of a batch that is proposed for the partner; null for no limit.
      add column quota real,
      add constraint ck_partner_state
        check (state in ('applicant', 'screened', 'in_training', 'active', 'resting')),
      add constraint ck_partner_capacity check (workers_max > 0 and answers_day > 0),
      add constraint ck_partner_quota check (quota > 0 and quota <= 1)""",
    # Every change of a partner, its criteria, expenses and invoices. `subject` names the expense
    # or invoice, and `details` holds the new values.
    """create table partner_event (
      id bigint not null generated always as identity,
      partner_id bigint not null,
      event text not null,
      subject text not null default '',
      was text not null default '',
      becomes text not null default '',
      details jsonb not null default '{}'::jsonb,
      by_whom text not null,
      reason text not null,
      at timestamptz not null default now(),
      constraint pk_partner_event primary key (id),
      constraint fk_partner_event_partner_id foreign key (partner_id) references partner(id)
    )""",
    "create index ix_partner_event_partner_id on partner_event (partner_id)",
    """insert into partner_event (partner_id, event, becomes, by_whom, reason)
      select id, 'state', 'active', 'migration 0063', 'the partner worked before states existed'
      from partner""",
    "update partner set state = 'active', admitted_at = now()",
    # What was found about a criterion of admission. The newest row of a criterion counts.
    """create table partner_criterion (
      id bigint not null generated always as identity,
      partner_id bigint not null,
      -- gateway.workers.partners.criteria
      criterion text not null,
      met boolean not null,
      -- A figure, like the share of hires who earned less than a living wage, and how it was found.
      figure text not null default '',
      method text not null default '',
      evidence text not null,
      seen_on date not null,
      checked_by text not null,
      at timestamptz not null default now(),
      constraint pk_partner_criterion primary key (id),
      constraint fk_partner_criterion_partner_id foreign key (partner_id) references partner(id)
    )""",
    "create index ix_partner_criterion_partner_id on partner_criterion (partner_id, criterion)",
    """alter table batch
      -- The partner's price of an accepted answer of its workers; 0 for none.
      add column partner_price bigint not null default 0,
      add constraint ck_batch_partner_price check (partner_price >= 0)""",
    # An expense for training, salaries or the community. When it was checked, it releases money
    # that is due for reinvestment: `released` of it in `releases` parts.
    """create table partner_expense (
      id bigint not null generated always as identity,
      partner_id bigint not null,
      kind text not null,
      spent_on date not null,
      amount bigint not null,
      currency text not null,
      document text not null,
      document_sha256 bytea,
      state text not null default 'filed',
      filed_by text not null,
      filed_at timestamptz not null default now(),
      checked_by text,
      checked_at timestamptz,
      reason text not null default '',
      released bigint not null default 0,
      releases smallint not null default 0,
      constraint pk_partner_expense primary key (id),
      constraint ck_partner_expense_amount check (amount > 0 and released between 0 and amount),
      constraint ck_partner_expense_kind check (kind in ('training', 'salary', 'community')),
      constraint ck_partner_expense_state check (state in ('filed', 'checked', 'refused')),
      constraint ck_partner_expense_checked
        check ((state = 'filed') = (checked_at is null) and (state = 'checked' or released = 0)),
      constraint fk_partner_expense_partner_id foreign key (partner_id) references partner(id)
    )""",
    "create index ix_partner_expense_partner_id on partner_expense (partner_id)",
    """create unique index uq_partner_expense_document on partner_expense (partner_id, lower(document))
      where (state <> 'refused')""",
    """create unique index uq_partner_expense_sha256 on partner_expense (document_sha256)
      where (state <> 'refused')""",
    """create table partner_invoice (
      id bigint not null generated always as identity,
      number text not null,
      partner_id bigint not null,
      currency text not null,
      first_day date not null,
      last_day date not null,
      amount bigint not null,
      -- gateway.workers.partners.invoices
      state text not null default 'draft',
      -- The currency of the payment, with the rate (its units per unit of `currency`), the day of
      -- the rate and its source.
      pay_currency text not null,
      pay_amount bigint not null,
      rate numeric,
      rate_on date,
      rate_source text not null default '',
      drafted_by text not null,
      drafted_at timestamptz not null default now(),
      -- 'bank' or the name of a provider, and the reference there
      paid_by_way text,
      paid_reference text,
      paid_on date,
      paid_at timestamptz,
      constraint pk_partner_invoice primary key (id),
      constraint uq_partner_invoice_number unique (number),
      constraint uq_partner_invoice_paid unique (paid_by_way, paid_reference),
      constraint ck_partner_invoice_amount check (amount > 0 and pay_amount > 0),
      constraint ck_partner_invoice_days check (first_day <= last_day),
      constraint ck_partner_invoice_state check (state in ('draft', 'first_review', 'ready', 'paid',
        'rejected', 'cancelled')),
      constraint ck_partner_invoice_paid check ((state = 'paid') = (paid_at is not null)
        and (state = 'paid') = (paid_reference is not null)),
      constraint ck_partner_invoice_rate check ((pay_currency = currency) = (rate is null)
        and (rate is null) = (rate_on is null)),
      constraint fk_partner_invoice_partner_id foreign key (partner_id) references partner(id)
    )""",
    "create index ix_partner_invoice_partner_id on partner_invoice (partner_id)",
    # The items of an invoice: the transfers of one code between the partner and one batch.
    """create table partner_invoice_item (
      invoice_id bigint not null,
      code smallint not null,
      batch_id text not null default '',
      transfers integer not null,
      amount bigint not null,
      constraint pk_partner_invoice_item primary key (invoice_id, code, batch_id),
      constraint fk_partner_invoice_item_invoice_id foreign key (invoice_id)
        references partner_invoice(id)
    )""",
    # One word of one person about an invoice. The key makes the two reviewers different persons.
    """create table partner_invoice_review (
      invoice_id bigint not null,
      person_id bigint not null,
      at timestamptz not null default now(),
      constraint pk_partner_invoice_review primary key (invoice_id, person_id),
      constraint fk_partner_invoice_review_invoice_id foreign key (invoice_id)
        references partner_invoice(id),
      constraint fk_partner_invoice_review_person_id foreign key (person_id) references person(id)
    )""",
    # A partner's price that is given back, because the answer was found to be wrong.
    """create table partner_correction (
      id bigint not null generated always as identity,
      answer_id bigint not null,
      partner_id bigint not null,
      batch_id text not null,
      currency text not null,
      amount bigint not null,
      -- The part of the price that had been kept for reinvestment.
      reinvest bigint not null,
      taken bigint not null default 0,
      reinvest_taken bigint not null default 0,
      times smallint not null default 0,
      at timestamptz not null default now(),
      constraint pk_partner_correction primary key (id),
      constraint uq_partner_correction_answer_id unique (answer_id),
      constraint ck_partner_correction_bounds check (amount > 0 and reinvest between 0 and amount
        and taken between 0 and amount and reinvest_taken between 0 and reinvest
        and reinvest_taken <= taken),
      constraint fk_partner_correction_answer_id foreign key (answer_id) references answer(id),
      constraint fk_partner_correction_partner_id foreign key (partner_id) references partner(id),
      constraint fk_partner_correction_batch_id foreign key (batch_id) references batch(id)
    )""",
    """create index ix_partner_correction_open on partner_correction (partner_id)
      where (taken < amount)""",
    # The shares of a batch as they were chosen, beside what was proposed at that time.
    """create table batch_share_event (
      id bigint not null generated always as identity,
      batch_id text not null,
      shares jsonb not null,
      proposed jsonb not null,
      by_whom text not null,
      reason text not null,
      at timestamptz not null default now(),
      constraint pk_batch_share_event primary key (id),
      constraint fk_batch_share_event_batch_id foreign key (batch_id) references batch(id)
    )""",
    "create index ix_batch_share_event_batch_id on batch_share_event (batch_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
