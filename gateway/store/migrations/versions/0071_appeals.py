"""Add appeals with their deciders and deadlines, and the decisions of persons that they assess.

See docs/decisions/0070.
"""

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_TABLES = """
-- A worker's appeal against what was found about one of her answers. An answer has at most one.
create table appeal (
  id bigint not null generated always as identity,
  -- the reference that the worker typed: of an adjustment, or of the answer itself
  ref text not null,
  answer_id bigint not null,
  -- the adjustment of her earnings that waits for the outcome; null for none
  adjustment_id bigint,
  worker_id bigint not null,
  -- Who decided what she appeals: rule, client, person or coordinator, with the name.
  decided_kind text not null,
  decided_by text not null,
  -- the person who opened the adjustment; '' for none
  opened_by text not null default '',
  -- the answer that counted as right when she appealed
  truth text,
  state text not null default 'waiting',
  -- 1: the first person looks, 2: another one, 3: the operator, without a deadline
  round smallint not null default 1,
  -- the coordinator who looks; null for the operator
  handler_id bigint,
  due_at timestamptz not null,
  -- the time of the next step: to tell, to remind, to pass on, or to finish what was decided
  next_at timestamptz,
  told_at timestamptz,
  reminded_at timestamptz,
  created_at timestamptz not null,
  decided_at timestamptz,
  decider text,
  decider_id bigint,
  reason text,
  -- the time at which all consequences were written
  settled_at timestamptz,
  constraint pk_appeal primary key (id),
  constraint uq_appeal_answer_id unique (answer_id),
  constraint uq_appeal_ref unique (ref),
  constraint ck_appeal_state check (state in ('waiting', 'upheld', 'stands', 'lapsed')),
  constraint fk_appeal_adjustment_id foreign key (adjustment_id) references adjustment(id),
  constraint fk_appeal_answer_id foreign key (answer_id) references answer(id),
  constraint fk_appeal_decider_id foreign key (decider_id) references coordinator(id),
  constraint fk_appeal_handler_id foreign key (handler_id) references coordinator(id),
  constraint fk_appeal_worker_id foreign key (worker_id) references worker(id)
);
create index ix_appeal_next_at on appeal (next_at) where (next_at is not null);
create index ix_appeal_waiting on appeal (worker_id) where (state = 'waiting');
create index ix_appeal_handler on appeal (handler_id) where (state = 'waiting');

create table appeal_event (
  id bigint not null generated always as identity,
  appeal_id bigint not null,
  -- filed, told, reminded, passed_on, upheld, stands, lapsed, settled
  event text not null,
  who text not null default '',
  reason text not null default '',
  at timestamptz not null default now(),
  constraint pk_appeal_event primary key (id),
  constraint fk_appeal_event_appeal_id foreign key (appeal_id) references appeal(id)
);
create index ix_appeal_event_appeal_id on appeal_event (appeal_id);
create index ix_appeal_event_passed_on on appeal_event (who) where (event = 'passed_on');

-- A person's decision about quality, so that its author can be assessed: a task in review, a
-- correction of gold, an adjustment, or an appeal. `coordinator_id` is set where the name is that
-- of one coordinator.
create table person_decision (
  id bigint not null generated always as identity,
  kind text not null,
  by text not null,
  coordinator_id bigint,
  task_id bigint,
  answer_id bigint,
  at timestamptz not null default now(),
  appealed_at timestamptz,
  overturned_at timestamptz,
  overturned_by text,
  constraint pk_person_decision primary key (id),
  constraint ck_person_decision_kind check (kind in ('review', 'gold', 'adjustment', 'appeal')),
  constraint fk_person_decision_coordinator_id foreign key (coordinator_id) references coordinator(id)
);
create index ix_person_decision_by on person_decision (lower(by));
create index ix_person_decision_coordinator_id on person_decision (coordinator_id)
  where (coordinator_id is not null);
create index ix_person_decision_task_id on person_decision (task_id);
"""

_ADJUSTMENTS = """
-- void: the answer was right after all, and what was taken goes back
alter table adjustment drop constraint ck_adjustment_state;
alter table adjustment add constraint ck_adjustment_state
  check (state in ('open', 'disputed', 'standing', 'dropped', 'done', 'void'));
alter table adjustment add column opened_by text not null default '';
alter table adjustment add column returned bigint not null default 0;
create index ix_adjustment_to_return on adjustment (id) where (state = 'void' and taken > returned);
"""

# What was appealed before goes on as it was promised: it is dropped at its last day.
_EARLIER = """
insert into appeal (ref, answer_id, adjustment_id, worker_id, decided_kind, decided_by, truth, round, due_at, next_at,
    told_at, created_at)
  select j.ref, j.answer_id, j.id, j.worker_id, case when t.rule = 'person' then 'person' else 'rule' end,
      coalesce(t.decided_by, ''), coalesce(t.gold, t.value), 2, j.decide_by, now(),
      (select max(at) from adjustment_event e where e.adjustment_id = j.id and e.event = 'passed_on'),
      (select coalesce(max(at), now()) from adjustment_event e where e.adjustment_id = j.id and e.event = 'disputed')
    from adjustment j join answer a on a.id = j.answer_id join task t on t.id = a.task_id where j.state = 'disputed';
insert into person_decision (kind, by, task_id, at)
  select 'review', decided_by, id, coalesce(decided_at, now()) from task where rule = 'person' and decided_by is not null;
insert into person_decision (kind, by, task_id, at)
  select 'gold', by, task_id, created_at from correction where task_id is not null;
"""


def upgrade() -> None:
    """Create the tables, and take over the appeals and decisions that there are."""
    for part in (_TABLES, _ADJUSTMENTS, _EARLIER):
        for statement in part.split(";\n"):
            if statement.strip():
                op.execute(statement)
