"""Batches. The columns that never change after the start are cached per process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.base.errors import Refused
from gateway.base.ids import AccountId, BatchId, ClientId
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.batches import plans, tallies
from gateway.store.db import Connection, Database, Row
from gateway.tasks.entry.fields import from_data, to_data
from gateway.tasks.handling import DEFAULT, Handling, from_options, to_options
from gateway.tasks.life.choices import PLAIN_LIFE, Life
from gateway.tasks.question import Field, Option
from gateway.tasks.rotation import rotated


@dataclass(frozen=True, slots=True)
class Batch:
    """The columns of a batch that a turn needs."""

    id: BatchId
    """The id of the batch."""
    client: ClientId
    """The client who owns it."""
    name: str
    """The client's name for it."""
    kind: str
    """The kind of its tasks."""
    instructions: str
    """The instructions for workers."""
    options: tuple[Option, ...]
    """The possible answers."""
    languages: tuple[str, ...]
    """The languages of its workers; empty for all."""
    price_minor: int
    """The price of an accepted answer."""
    currency: str
    """The currency of the price."""
    policy: str
    """The rule for the number of answers per task, as in `gateway.qa.judging.overlap.parse_policy`.
    """
    confidence: float
    """The confidence with which a task is decided."""
    method: str
    """The rule that turns answers into results."""
    gold_rate: float
    """The share of hidden gold among the questions."""
    lease_s: int
    """The seconds for which a question is held for a worker."""
    pack_max: int
    """The largest number of questions in one SMS."""
    hold_account: AccountId
    """The account of the money reserved for the batch."""
    handling: Handling = DEFAULT
    """The client's choices for the batch."""
    breadth: bool = False
    """True gives every task one answer before any gets a second. False finishes the tasks one after
    the other.
    """
    worker_max: int | None = None
    """The largest number of answers of one worker."""
    worker_day_max: int | None = None
    """The largest number of answers of one worker in 24 hours."""
    partner_price_minor: int = 0
    """The price that a partner earns with an accepted answer of its workers; 0 for none."""
    revision: int = 0
    """The number of changes of the batch's rule (`policy`, `confidence`, `method`). While the batch
    runs, nothing else changes except `handling.same`.
    """
    fields: tuple[Field, ...] = ()
    """The fields of a record; none for kinds without."""
    life: Life = PLAIN_LIFE
    """The language of its texts, and the rules of its end."""

    @property
    def option_ids(self) -> tuple[str, ...]:
        """Return the possible values of an answer.

        Options that mean the same as another are left out.
        """
        return tuple(o.id for o in self.options if o.id not in self.handling.same)

    def options_for(self, worker: int) -> tuple[Option, ...]:
        """Return the options in the order in which this worker is shown them."""
        return rotated(self.options, self.id, worker) if self.handling.rotate else self.options

    @property
    def language(self) -> str:
        """Return the language in which workers write (ISO 639-1), or "" when there are several."""
        return self.languages[0] if len(self.languages) == 1 else ""

    @property
    def cost_minor(self) -> int:
        """Return the most that an accepted answer costs the client, without messages."""
        return self.price_minor + self.partner_price_minor

    def told_price_minor(self, record: Mapping[str, Any] | None) -> int:
        """Return the price that a worker was told with a question.

        A client may raise the price of a batch that runs. `record` of an assignment then keeps the
        price that its worker was told before.
        """
        return record.get("price", self.price_minor) if record else self.price_minor

    @property
    def capped(self) -> bool:
        return self.worker_max is not None or self.worker_day_max is not None


_COLUMNS = """b.id, b.client_id, b.name, b.kind, b.instructions, b.options, b.languages, b.price, b.currency, b.policy,
  b.policy_options, b.method, b.gold_rate, b.lease_s, b.pack_max, b.account_id,
  b.breadth, b.worker_max, b.worker_day_max, b.partner_price, b.revision, b.fields,
  b.language, b.any_language, b.open, b.deadline, b.at_deadline"""


def _batch(row: Row) -> Batch:
    return Batch(
        id=BatchId(row["id"]),
        client=ClientId(row["client_id"]),
        name=row["name"],
        kind=row["kind"],
        instructions=row["instructions"],
        options=tuple(Option(o["id"], o["labels"]) for o in row["options"]),
        languages=tuple(row["languages"]),
        price_minor=row["price"],
        currency=row["currency"],
        policy=row["policy"],
        confidence=row["policy_options"].get("confidence", 0.0),
        method=row["method"],
        gold_rate=row["gold_rate"],
        lease_s=row["lease_s"],
        pack_max=row["pack_max"],
        hold_account=AccountId(row["account_id"]),
        handling=from_options(row["policy_options"]),
        breadth=row["breadth"],
        worker_max=row["worker_max"],
        worker_day_max=row["worker_day_max"],
        partner_price_minor=row["partner_price"],
        revision=row["revision"],
        fields=from_data(row["fields"]),
        life=Life(
            language=row["language"],
            any_language=row["any_language"],
            open=row["open"],
            deadline=row["deadline"],
            at_deadline=row["at_deadline"],
        ),
    )


class Batches:
    """The reader of batches, with a cache. The columns of `Batch` change only with its revision."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, Batch] = {}

    async def get(self, batch: str, revision: int = 0) -> Batch:
        """Return the batch as it was at this revision or later.

        A caller that applies the batch's rule passes the revision that it read. Other callers need
        none.
        """
        known = self._known.get(batch)
        if known is None or known.revision < revision:
            return await self.fresh(batch)
        return known

    async def fresh(self, batch: str) -> Batch:
        """Return the batch with its current rule, for rare operations.

        Raises Refused when there is no such batch.
        """
        row = await self._db.row(f"select {_COLUMNS} from batch b where b.id = $1", batch)
        if row is None:
            raise Refused(f"there is no batch {batch!r}", field="batch", status=404)
        self._known[batch] = _batch(row)
        return self._known[batch]


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be inserted."""

    name: str
    """The client's id for the task."""
    text: str
    """The text of the question."""
    gold: str | None
    """The truth of a gold task, else None."""
    wanted: int
    """The number of answers that the task needs at first."""
    maximum: int
    """The largest number of paid answers."""
    audience: dict[str, list[object]] | None = None
    """The workers who may be asked; None for all."""
    workers: Sequence[int] = ()
    """The ids of the workers to whom the task is addressed, in the order in which they are asked.
    """
    min_skill: float | None = None
    """The least skill of the workers who may be asked; None for all."""
    gold_reason: str | None = None
    """The reason why the truth of a gold task is right, if it has one."""
    own: Mapping[str, object] = field(default_factory=dict[str, object])
    """The client's own columns."""
    predicted: tuple[str, float | None] | None = None
    """The prediction of a model of the client's, and its score, if the file had one."""


async def insert_batch(db: Connection, batch: Batch) -> None:
    """Insert a new batch as a draft."""
    await db.execute(
        """insert into batch (id, client_id, name, kind, instructions, options, languages, price, currency, policy,
             policy_options, method, gold_rate, lease_s, pack_max, state, account_id, breadth, worker_max,
             worker_day_max, partner_price, needs_lesson, fields, language, any_language, open, deadline, at_deadline)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'draft', $16, $17, $18, $19, $20, $21,
             $22, $23, $24, $25, $26, $27)""",
        *_values(batch),
    )


async def change_draft(db: Connection, batch: Batch) -> None:
    """Give a draft other settings. Processes that know the former ones notice it."""
    await db.execute(
        """update batch set name = $3, kind = $4, instructions = $5, options = $6, languages = $7, price = $8, currency = $9,
             policy = $10, policy_options = $11, method = $12, gold_rate = $13, lease_s = $14, pack_max = $15, account_id = $16,
             breadth = $17, worker_max = $18, worker_day_max = $19, partner_price = $20, needs_lesson = $21, fields = $22,
             language = $23, any_language = $24, open = $25, deadline = $26, at_deadline = $27,
             revision = revision + 1, weights = null
           where id = $1 and client_id = $2""",
        *_values(batch),
    )


def _values(batch: Batch) -> tuple[object, ...]:
    return (
        batch.id,
        batch.client,
        batch.name,
        batch.kind,
        batch.instructions,
        [{"id": o.id, "labels": dict(o.labels)} for o in batch.options],
        list(batch.languages),
        batch.price_minor,
        batch.currency,
        batch.policy,
        to_options(batch.handling) | ({"confidence": batch.confidence} if batch.confidence else {}),
        batch.method,
        batch.gold_rate,
        batch.lease_s,
        batch.pack_max,
        batch.hold_account,
        batch.breadth,
        batch.worker_max,
        batch.worker_day_max,
        batch.partner_price_minor,
        batch.handling.needs_lesson,
        to_data(batch.fields) or None,
        batch.life.language,
        batch.life.any_language,
        batch.life.open,
        batch.life.deadline,
        batch.life.at_deadline,
    )


async def filled_of(db: Database, batch: str) -> Row:
    """Return `filled` and `weights` of a batch. Each is None if it has not been computed yet."""
    found = await db.row("select filled, weights from batch where id = $1", batch)
    assert found is not None
    return found


async def own_columns(db: Database, batch: str) -> list[str]:
    """Return the names of the client's own columns in a batch, in the order of its uploads."""
    found = await db.value("select filled->'columns' from batch where id = $1", batch)
    return list(found or ())


async def counts(db: Database, batch: BatchId) -> dict[str, int]:
    """Count the tasks of a batch and the answers they may get (see `steps.batches.prepare`)."""
    row = await db.row(
        """select count(*) filter (where gold is null) as tasks, count(gold) as golds,
             coalesce(sum(maximum), 0)::bigint as most,
             coalesce(sum(wanted) filter (where gold is null), 0)::bigint as least,
             coalesce(max(maximum) filter (where gold is null), 0)::int as overlap
           from task where batch_id = $1 and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)""",
        batch,
    )
    assert row is not None
    return dict(row)


async def keep_filled(db: Database, batch: BatchId, filled: Mapping[str, object]) -> None:
    """Store `filled` of a batch whose uploads came before the column existed."""
    await db.execute(
        "update batch set filled = $2 where id = $1 and filled is null", batch, dict(filled)
    )


async def keep_weights(
    db: Database, batch: str, filled: Mapping[str, object] | None, weights: Mapping[str, object]
) -> None:
    """Store the weights of messages, unless another upload came meanwhile."""
    await db.execute(
        """update batch set weights = coalesce(weights, '{}') || $3
           where id = $1 and filled is not distinct from $2""",
        batch,
        filled and dict(filled),
        dict(weights),
    )


async def sample_of_texts(db: Database, batch: BatchId, most: int) -> list[str]:
    """Return texts of the batch's tasks, evenly distributed from first to last."""
    rows = await db.rows(
        """select text from task where batch_id = $1 and gold is null
             and position % greatest(1, (select count(*) from task where batch_id = $1) / $2) = 0
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
           order by position limit $2""",
        batch,
        most,
    )
    return [row["text"] for row in rows]


async def first_texts(db: Database, batch: BatchId, most: int) -> list[tuple[str, str]]:
    """Return the name and the text of the first real tasks, in order."""
    rows = await db.rows(
        """select name, text from task where batch_id = $1 and gold is null
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
           order by position limit $2""",
        batch,
        most,
    )
    return [(row["name"], row["text"]) for row in rows]


async def texts(db: Database, batch: BatchId) -> list[tuple[str, str]]:
    """Return the name and the text of every task, in order."""
    rows = await db.rows(
        """select name, text from task where batch_id = $1
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1) order by position""",
        batch,
    )
    return [(row["name"], row["text"]) for row in rows]


async def crowd(db: Database, batch: Batch) -> list[tuple[str, str, str, int, str]]:
    """Return the active workers who may be asked, counted by group.

    A row has region, language, SMS channel, the number of workers, and their reach (sms, ussd).
    """
    rows = await db.rows(
        """select region, language, sms_channel, reach, count(*) as workers from worker w
           where state = 'active' and currency = $1 and (cardinality($2::text[]) = 0 or language = any($2))
             and ($3::real = 0 or $3::real <= (select skill_mean(s."right", s.wrong, s.learned_at)
               from (values (1)) one left join skill s on s.worker_id = w.id and s.kind = $4))
           group by 1, 2, 3, 4 order by 1, 2, 3, 4""",
        batch.currency,
        list(batch.languages),
        batch.handling.min_skill,
        batch.kind,
    )
    return [(r["region"], r["language"], r["sms_channel"], r["workers"], r["reach"]) for r in rows]


async def of_client(db: Database, client: ClientId, batch: str) -> Row | None:
    """Return a batch of this client with its counts, or None when it belongs to another client."""
    return await db.row(_LIST + " and b.id = $2", client, batch)


async def all_of_client(db: Database, client: ClientId) -> list[Row]:
    return await db.rows(_LIST + " order by b.created_at desc limit 200", client)


TO_PARTNERS = f"""cross join lateral (
  select count(*) filter (where t.code = {Code.PARTNER_REINVEST:d}) as partner_answers,
    coalesce(sum(case when t.debit = b.account_id then t.amount else -t.amount end), 0)::bigint as partners_spent
  from transfer t where b.partner_price > 0 and (
    t.debit = b.account_id and t.code in ({Code.PARTNER_EARN:d}, {Code.PARTNER_REINVEST:d})
    or t.credit = b.account_id and t.code in ({Code.PARTNER_CORRECTED:d}, {Code.REINVEST_CORRECTED:d}))) y2"""
"""A join with `batch b`: the answers that earned a partner its price, and the money spent on them.
"""


async def page_of_client(
    db: Database,
    client: ClientId,
    *,
    state: str | None,
    label: Mapping[str, str] | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Return batches of a client with their counts, newest first, that are older than `after`."""
    return await db.rows(
        f"""{_LIST} {_FILTERED} and ($4::text is null or (b.created_at, b.id) <
              (select created_at, id from batch where id = $4 and client_id = $1))
            order by b.created_at desc, b.id desc limit $5""",
        client,
        state,
        label,
        after,
        limit,
    )


async def number_of_client(
    db: Database, client: ClientId, *, state: str | None, label: Mapping[str, str] | None
) -> int:
    """Return how many batches of a client are in this state and have this label."""
    return await db.value(
        f"select count(*) from batch b where b.client_id = $1 and {plans.NOT_CHECK} {_FILTERED}",
        client,
        state,
        label,
    )


async def set_labels(db: Connection, batch: BatchId, labels: Mapping[str, str]) -> None:
    """Store the client's labels of a batch."""
    await db.execute("update batch set labels = $2 where id = $1", batch, dict(labels))


_FILTERED = "and ($2::text is null or b.state = $2) and ($3::jsonb is null or b.labels @> $3)"
_LIST = f"""
select b.id, b.labels, b.name, b.kind, b.instructions, b.options, b.languages, b.price, b.partner_price, b.currency, b.policy, b.policy_options,
  b.method, b.gold_rate, b.lease_s, b.pack_max, b.breadth, b.worker_max, b.worker_day_max, b.fields, b.state, b.reserved, b.created_at, b.started_at, b.closed_at,
  b.language, b.any_language, b.open, b.deadline, b.at_deadline, b.ends_at, b.rounds,
  {tallies.EARNED} as earned,
  case when (b.upload_until < now()) is not true then b.background end as background,
  (select coalesce(jsonb_agg(jsonb_build_object('currency', m.currency, 'messages', m.messages, 'segments', m.segments,
      'micro', m.micro) order by m.currency), '[]')
    from (select currency, sum(messages)::bigint as messages, sum(segments)::bigint as segments, sum(micro)::bigint as micro
      from message_bill where batch_id = b.id group by currency) m) as bills,
  -- the top-ups, or all that is kept back for them until they are decided
  (select y.topped_before + case when y.settled_at is null then y.reserve else y.topped_up - y.topped_before end from batch_pay y where y.batch_id = b.id)
    as kept_for_pay, c.*, partner_answers, partners_spent,
  {plans.SPENT} as checks_spent
from batch b {tallies.OF_BATCH} {TO_PARTNERS}
where b.client_id = $1 and {plans.NOT_CHECK}"""


async def lock(db: Connection, client: ClientId, batch: str) -> Row | None:
    """Return the batch's row, locked for a change of state, or None for another client's."""
    return await db.row(
        """select id, state, price, currency, account_id, reserved, filled, filled_to, upload_token, open, deadline, ends_at from batch
           where id = $1 and client_id = $2 for no key update""",
        batch,
        client,
    )


async def set_state(
    db: Connection, batch: BatchId, state: str, *, reserved: int | None = None
) -> None:
    await db.execute(
        """update batch set state = $2, reserved = coalesce($3, reserved),
             started_at = case when $2 = 'running' then coalesce(started_at, now()) else started_at end,
             closed_at = case when $2 in ('done', 'cancelled') then now() end
           where id = $1""",
        batch,
        state,
        reserved,
    )
    await tallies.count_anew(db, batch)


async def cap_gold(db: Connection, batch: BatchId, workers: int) -> None:
    """Limit the answers that a draft's gold question wants to `workers`, since each sees it once.

    Gold that is addressed to named workers keeps its own number.
    """
    await db.execute(
        """update task set maximum = $2, wanted = $2
           where batch_id = $1 and gold is not null and not directed and maximum > $2""",
        batch,
        workers,
    )


async def gold_above(db: Database, batch: BatchId, workers: int) -> int:
    """Return how many paid answers `cap_gold` would remove from a draft.

    The number is 0 for a batch that has started.
    """
    return await db.value(
        """select coalesce(sum(t.maximum - $2), 0)::bigint from task t join batch b on b.id = t.batch_id
           where b.id = $1 and b.state = 'draft' and t.position <= coalesce(b.filled_to, t.position) and t.gold is not null and not t.directed and t.maximum > $2""",
        batch,
        workers,
    )


async def paid_slots(db: Connection, batch: BatchId) -> int:
    """Return the largest number of answers that the batch may have to pay."""
    return await db.value("select coalesce(sum(maximum), 0) from task where batch_id = $1", batch)


CLOSABLE = f"""(b.state = 'running' or b.state = 'paused' and b.ends_at is not null) and not b.open
    and not exists (select from task t where t.batch_id = b.id and t.gold is null and t.state = 'open')
    -- A worker may still answer a question that was put to her before its task was cancelled.
    and not exists (select from task t where t.batch_id = b.id and t.state = 'cancelled' and t.held > 0)
    and not {plans.WAITING}"""
"""The condition that a batch `b` has nothing left to wait for at the time `now`."""


async def closable(db: Database, now: datetime) -> list[str]:
    """Return the batches of which every task is decided, and which wait for nothing else."""
    rows = await db.rows(f"select b.id from batch b where {CLOSABLE.format(now='$1')}", now)
    return [row["id"] for row in rows]


async def locked_state(db: Connection, batch: str) -> str | None:
    """Lock a batch until the end of the transaction, and return its state."""
    return await db.value("select state from batch where id = $1 for no key update", batch)


async def may_close(db: Connection, batch: str) -> bool:
    """Lock a batch, and return whether it may still be closed."""
    return bool(
        await db.value(
            """select state = 'running' and not open or state = 'paused' and ends_at is not null
               from batch where id = $1 for no key update""",
            batch,
        )
    )


async def state_and_upload(db: Database, batch: str, client: str) -> Row | None:
    """Return the state of a client's batch, and the place up to which an upload has filled it."""
    return await db.row(
        "select state, filled_to from batch where id = $1 and client_id = $2", batch, client
    )


async def currency_of(db: Database, batch: str) -> str | None:
    """Return the currency of a batch, or None where there is no such batch."""
    return await db.value("select currency from batch where id = $1", batch)


@dataclass(frozen=True, slots=True)
class BatchGold:
    """A gold task of a batch."""

    name: str
    gold: str


async def gold_of(db: Database, batch: str) -> list[BatchGold]:
    """Return the name and the known answer of each gold task of a batch."""
    rows = await db.rows(
        "select name, gold from task where batch_id = $1 and gold is not null", batch
    )
    return [BatchGold(**row) for row in rows]


async def withdraw(db: Connection, batch: str, state: str) -> None:
    """Withdraw every question of the batch that a worker holds; open tasks become `state`."""
    await db.execute("select withdraw_batch(p_batch => $1, p_state => $2)", batch, state)


async def plan_anew(db: Database) -> None:
    """Analyse the tables into which many rows came at once, so that statements are planned anew."""
    await db.execute("select plan_anew()")
