"""Adjustments: the gateway keeps a bounded part of later earnings for a paid answer that was wrong.

Nothing that was paid is taken back. The caller that reverses a verdict uses `open_adjustment`
inside its own commit. The job `adjust` does the rest: it lets undisputed adjustments stand,
forgives old ones, takes each week's part, and gives back what was taken for an answer that was
right after all. A disputed adjustment waits for its appeal (`steps/people/appeals`).
"""

from gateway.base.errors import Refused
from gateway.base.ids import AccountId, BatchId, ClientId, WorkerId, new_ref
from gateway.base.money import amount_text
from gateway.payments.ledger import adjusting, postings
from gateway.payments.ledger.adjusting import DISPUTE, LIFE, Open
from gateway.steps.messages import notify_outside
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.ledger import adjustments, transfers
from gateway.store.ledger.adjustments import Owed, StandingDebt

_RETURNED_AT_ONCE = 200


async def open_adjustment(
    rt: Runtime, db: Connection, answer: int, *, amount_minor: int | None = None, by: str = ""
) -> str | None:
    """Open an adjustment for a paid answer in the caller's transaction, and tell the worker by SMS.

    The amount is the answer's price or less, and `by` the person who opens it. Return the
    adjustment's reference, or None when this answer ever had one. Raises Refused for an unknown
    answer, or for more than its price. The caller enqueues `deliver` for the worker's channel after
    the commit, or leaves it to the ticker.
    """
    row = await adjustments.of_answer(db, answer)
    if row is None:
        raise Refused(f"there is no answer {answer}")
    amount = row.price if amount_minor is None else amount_minor
    if not 0 < amount <= row.price:
        raise Refused(f"an adjustment is between 1 and the answer's price, {row.price}")
    now, worker = rt.clock.now(), WorkerId(row.worker_id)
    while True:  # A reference has six signs, so the same one may be drawn twice.
        ref = new_ref()
        made = await adjustments.insert(
            db, ref, answer, worker, amount, now + DISPUTE, now + LIFE, by
        )
        if made is not None:
            break
        if await adjustments.has_one(db, answer):
            return None
    text = rt.books[row.language].say(
        "adjust.opened",
        ref=ref,
        amount=amount_text(amount, row.currency),
        percent=adjusting.WEEKLY_PERCENT,
        day=f"{now + DISPUTE:%d/%m}",
    )
    # A worker who cannot be told has nothing withheld: with another key this raises.
    to = Addressee(row.sms_channel, rt.vault.open(row.msisdn_sealed), worker)
    await db.write([notice_write(rt, to, text, "money", f"adjustment:{made}")])
    return ref


async def record_adjustment_decision(rt: Runtime, ref: str, *, upheld: bool, who: str) -> None:
    """Decide an open adjustment in the name of the operator `who`.

    Raises Refused where there is none, and for a disputed one, whose appeal is decided instead.
    """
    row = await adjustments.by_ref(rt.db, ref)
    if row is not None and row.state == "disputed":
        raise Refused(
            f"the worker appealed: decide it with: gateway appeals decide {ref}", status=409
        )
    if row is None or row.state != "open":
        raise Refused(f"{ref} is not an adjustment that waits for a decision")
    async with rt.db.transaction() as db:
        becomes = "standing" if upheld else "dropped"
        if not await adjustments.change_state(db, row.id, row.state, becomes, who, None):
            raise Refused(f"{ref} was decided meanwhile")


async def adjust(rt: Runtime) -> int:
    """Bring every adjustment to its current state and take this week's parts.

    Return the number of parts that were taken.
    """
    now = rt.clock.now()
    await give_back(rt)
    for row in await adjustments.overdue(rt.db, now):
        becomes = "standing" if row.state == "open" else "dropped"
        async with rt.db.transaction() as db:
            await adjustments.change_state(db, row.id, row.state, becomes, "time", None)
    taken = 0
    for worker in await adjustments.debtors(rt.db):
        taken += await until_settled(lambda worker=worker: _take(rt, worker))
    return taken


async def _take(rt: Runtime, worker: WorkerId) -> int:
    """Take one worker's part of this week, in one commit.

    The money goes from her balance to the batch, and on to its client if the batch is closed.
    """
    async with rt.db.transaction() as db:
        rows = {row.id: row for row in await adjustments.standing_adjustments(db, worker)}
        if not rows:
            return 0
        since = min(row.created_at for row in rows.values())
        week = await adjustments.week(db, worker, since, rt.clock.now())
        allowed = adjusting.allowance(week.earned, week.taken, week.balance)
        shares = adjusting.share_allowance(
            [Open(row.id, row.rest, row.created_at) for row in rows.values()], allowed
        )
        released: dict[str, int] = {}
        for adjustment, amount in shares:
            row = rows[adjustment]
            await _book(db, worker, AccountId(week.account), row, amount)
            if row.batch_state in ("done", "cancelled"):
                nth = row.releases + 1 + released.get(row.batch, 0)
                released[row.batch] = released.get(row.batch, 0) + 1
                await _give_back(db, row, amount, nth)
            await adjustments.took(db, adjustment, amount)
        return len(shares)


async def _book(
    db: Connection, worker: WorkerId, account: AccountId, row: StandingDebt, amount_minor: int
) -> None:
    decision = f"adjustment:{row.id}:{row.times + 1}"
    posted = postings.correct_down(decision, BatchId(row.batch), worker, amount_minor, row.currency)
    await transfers.post(db, posted, account, AccountId(row.hold))


async def _give_back(db: Connection, row: StandingDebt, amount_minor: int, nth: int) -> None:
    posted = postings.release_hold(
        BatchId(row.batch), ClientId(row.client_id), amount_minor, row.currency, nth=nth
    )
    await transfers.post(db, posted, AccountId(row.hold), AccountId(row.available))


async def give_back(rt: Runtime) -> int:
    """Give back what void adjustments took, and return the number of payments to workers.

    It is a bonus from the batch, once per adjustment. A batch that is over has given its money back
    to its client, so that it is set aside again first. Where the client has not enough, the debt
    stays on record, the numbers of `controls.tell` are told once, and the next run tries again.
    """
    done = 0
    for adjustment in await adjustments.to_return(rt.db, _RETURNED_AT_ONCE):
        done += await until_settled(lambda adjustment=adjustment: _return_taken(rt, adjustment))
    return done


async def _return_taken(rt: Runtime, adjustment: int) -> int:
    async with rt.db.transaction() as db:
        owed = await adjustments.owed(db, adjustment)
        if owed is None:
            return 0
        if owed.batch_over and owed.available_minor < owed.amount_minor:
            await _tell_debt(rt, db, owed)
            return 0
        await _book_return(db, owed)
        await adjustments.gave_back(db, adjustment, owed.amount_minor)
        return 1


async def _book_return(db: Connection, owed: Owed) -> None:
    decision, batch = f"adjustment:{owed.adjustment}", BatchId(owed.batch)
    if owed.batch_over:
        again = postings.reserve_again(
            ClientId(owed.client), batch, decision, owed.amount_minor, owed.currency
        )
        await transfers.post(db, again, AccountId(owed.available), AccountId(owed.hold))
    paid = postings.bonus(decision, batch, WorkerId(owed.worker), owed.amount_minor, owed.currency)
    await transfers.post(db, paid, AccountId(owed.hold), AccountId(owed.account))


async def _tell_debt(rt: Runtime, db: Connection, owed: Owed) -> None:
    text = (
        f"Gateway: {amount_text(owed.amount_minor, owed.currency)} goes back to worker {owed.worker} "
        f"after an appeal, but client {owed.client} has too little. Top it up: it is then paid."
    )
    await notify_outside.notify_outside(rt, db, text, f"owed:{owed.adjustment}")
