"""Add projects, their files and their stages.

See docs/decisions/0067.
"""

from alembic import op

revision = "0065"
down_revision = "0075"
branch_labels = None
depends_on = None

_TABLES = (
    """create table project (
      id text not null,
      client_id text not null,
      name text not null,
      -- the name of the recipe, and its text as it was when the project was made
      recipe text not null,
      recipe_text text not null,
      parameters jsonb not null,
      -- the price of an answer of a main stage
      price bigint not null,
      -- the price of the worker's partner for such an answer
      partner_price bigint not null default 0,
      currency text not null,
      state text not null default 'draft',
      -- the stages with the most that each can cost (gateway.tasks.projects.plan); null without a file
      plan jsonb,
      -- the checks of the first stages' texts: warned, warnings
      advice jsonb,
      -- the most that all stages can cost, reserved at the start
      reserved bigint not null default 0,
      -- why the project does not go on, for its client, and the time of the next try
      waits text,
      retry_at timestamptz,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      closed_at timestamptz,
      constraint pk_project primary key (id),
      constraint ck_project_price check (price > 0),
      constraint ck_project_state check (state in ('draft', 'running', 'paused', 'done', 'cancelled')),
      constraint fk_project_client_id foreign key (client_id) references client(id)
    )""",
    "create index ix_project_client_id on project (client_id, created_at)",
    """create table project_file (
      project_id text not null,
      body bytea not null,
      -- the SHA-256 of the body
      digest bytea not null,
      received_at timestamptz not null default now(),
      constraint pk_project_file primary key (project_id),
      constraint fk_project_file_project_id foreign key (project_id) references project(id)
    )""",
    """create table project_stage (
      project_id text not null,
      position smallint not null,
      name text not null,
      -- the stage whose results it needs; '' for none
      after text not null,
      batch_id text not null,
      state text not null default 'waiting',
      constraint pk_project_stage primary key (project_id, position),
      constraint uq_project_stage_batch_id unique (batch_id),
      constraint ck_project_stage_state check (state in ('waiting', 'running', 'done', 'skipped', 'cancelled')),
      constraint fk_project_stage_project_id foreign key (project_id) references project(id),
      constraint fk_project_stage_batch_id foreign key (batch_id) references batch(id)
    )""",
    """create index ix_project_stage_open on project_stage (project_id)
         where state in ('waiting', 'running')""",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)
