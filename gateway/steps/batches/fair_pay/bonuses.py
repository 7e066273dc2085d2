"""The bonus of a client for a worker, with a reason that the worker reads.

The money goes from the client's free money through the batch's hold to the worker, in one commit.
"""

import hashlib

import asyncpg

from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.ids import AccountId, BatchId, ClientId
from gateway.base.money import amount_text
from gateway.base.text.strings import holds_number
from gateway.gsm.septets import gsm_only
from gateway.payments.ledger import fair_pay_postings
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import bonuses
from gateway.store.batches.batches import Batch
from gateway.store.batches.bonuses import Bonus
from gateway.store.batches.life import batch_state
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people import clients

REASON_MAX = 60


async def pay_bonus(
    rt: Runtime,
    client: ClientId,
    batch: Batch,
    worker: int,
    amount_minor: int,
    reason: str,
    name: str = "",
) -> Bonus:
    """Pay a bonus to a worker of the client's batch, and return it.

    A bonus with the client's own `name`, or without one for the same worker, amount and reason, is
    paid once. Raises Refused where the worker did not answer in the batch, where the reason holds a
    phone number, where the name means another bonus, and where the money is not there.
    """
    if holds_number(reason):
        raise Refused("the reason holds a phone number; leave it out", field="reason")
    key = f"name:{name}" if name else _key(worker, amount_minor, reason)
    try:
        return await until_settled(
            lambda: _paid(rt, client, batch, worker, amount_minor, reason, key)
        )
    except asyncpg.CheckViolationError as bad:
        raise Refused(
            f"the bonus is {amount_text(amount_minor, batch.currency)}, and less is available; top up first",
            status=402,
            field="amount",
        ) from bad


def _key(worker: int, amount_minor: int, reason: str) -> str:
    whole = f"{worker}:{amount_minor}:{reason}"
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


async def _paid(
    rt: Runtime,
    client: ClientId,
    batch: Batch,
    worker: int,
    amount_minor: int,
    reason: str,
    key: str,
) -> Bonus:
    account = await clients.account_of(rt.db, client)
    assert account is not None
    async with rt.db.transaction() as db:
        if await batch_state.locked_state(db, batch.id) == "draft":
            raise Refused("the batch has not started, so no worker has worked on it", status=409)
        to = await bonuses.worker_of(db, batch.id, worker)
        if to is None:
            raise Refused(f"worker {worker} has not answered in this batch", field="worker")
        made = await bonuses.insert(db, batch.id, worker, key, amount_minor, reason)
        if made is not None:
            available = AccountId(account["account_id"])
            await _post(db, client, batch, to, (made, amount_minor), available)
            told = addressee(rt, to.channel, to.sealed, to.worker)
            if told is not None:
                text = rt.books[to.language].say(
                    "pay.bonus",
                    amount=amount_text(amount_minor, batch.currency),
                    reason=gsm_only(reason, REASON_MAX).strip() or reason,
                )
                await db.write([notice_write(rt, told, text, "money", f"bonus:{made}")])
        found = await bonuses.by_key(db, batch.id, key)
    assert found is not None
    if (found.worker, found.amount_minor, found.reason) != (worker, amount_minor, reason):
        raise Refused(
            "another bonus of this batch has this id",
            field="id",
            status=409,
            code=ProblemCode.ALREADY_EXISTS,
        )
    rt.jobs.enqueue("deliver", to.channel)
    return found


async def _post(
    db: Connection,
    client: ClientId,
    batch: Batch,
    to: bonuses.BonusWorker,
    bonus: tuple[int, int],
    available: AccountId,
) -> None:
    number, amount_minor = bonus
    whose = BatchId(batch.id)
    reserve = fair_pay_postings.bonus_reserve(client, whose, number, amount_minor, batch.currency)
    paid = fair_pay_postings.client_bonus(whose, to.worker, number, amount_minor, batch.currency)
    await transfers.post(db, reserve, available, batch.hold_account)
    await transfers.post(db, paid, batch.hold_account, to.account)
