"""Batches. The columns that never change after the start are cached per process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.base.errors import Refused
from gateway.base.ids import AccountId, BatchId, ClientId
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

    def __hash__(self) -> int:
        """Return a hash that is equal for equal batches, so that results per batch are cached."""
        return hash((self.id, self.revision))

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


async def set_labels(db: Connection, batch: BatchId, labels: Mapping[str, str]) -> None:
    """Store the client's labels of a batch."""
    await db.execute("update batch set labels = $2 where id = $1", batch, dict(labels))


async def currency_of(db: Database, batch: str) -> str | None:
    """Return the currency of a batch, or None where there is no such batch."""
    return await db.value("select currency from batch where id = $1", batch)
