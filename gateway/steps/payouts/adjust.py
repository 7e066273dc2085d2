"""Adjustments: the gateway keeps a bounded part of later earnings for a paid answer that was wrong.

Nothing that was paid is taken back. The caller that reverses a verdict uses `open_adjustment`
inside its own commit. The job `adjust` does the rest: it lets undisputed adjustments stand, passes
appeals on to a coordinator or operator, drops those that were not upheld, forgives old ones, and
takes each week's part.
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
from gateway.store.db import Connection, Row
from gateway.store.ledger import adjustments, transfers

_QUESTION_CHARACTERS = 30


async def open_adjustment(
    rt: Runtime, db: Connection, answer: int, *, amount_minor: int | None = None
) -> str | None:
    """Open an adjustment for a paid answer in the caller's transaction, and tell the worker by SMS.

    The amount is the answer's price or less. Return the adjustment's reference, or None when this
    answer ever had one. Raises Refused for an unknown answer, or for more than its price. The
    caller enqueues `deliver` for the worker's channel after the commit, or leaves it to the ticker.
    """
    row = await adjustments.of_answer(db, answer)
    if row is None:
        raise Refused(f"there is no answer {answer}")
    amount = row["price"] if amount_minor is None else amount_minor
    if not 0 < amount <= row["price"]:
        raise Refused(f"an adjustment is between 1 and the answer's price, {row['price']}")
    now, worker = rt.clock.now(), WorkerId(row["worker_id"])
    while True:  # A reference has six signs, so the same one may be drawn twice.
        ref = new_ref()
        made = await adjustments.insert(db, ref, answer, worker, amount, now + DISPUTE, now + LIFE)
        if made is not None:
            break
        if await adjustments.has_one(db, answer):
            return None
    text = rt.books[row["language"]].say(
        "adjust.opened",
        ref=ref,
        amount=amount_text(amount, row["currency"]),
        percent=adjusting.WEEKLY_PERCENT,
        day=f"{now + DISPUTE:%d/%m}",
    )
    # A worker who cannot be told has nothing withheld: with another key this raises.
    to = Addressee(row["sms_channel"], rt.vault.open(row["msisdn_sealed"]), worker)
    await db.write([notice_write(rt, to, text, "money", f"adjustment:{made}")])
    return ref


async def record_adjustment_decision(rt: Runtime, ref: str, *, upheld: bool, who: str) -> None:
    """Decide a disputed or open adjustment in the name of the coordinator or operator `who`.

    Raises Refused where there is none.
    """
    row = await adjustments.by_ref(rt.db, ref)
    if row is None or row["state"] not in ("open", "disputed"):
        raise Refused(f"{ref} is not an adjustment that waits for a decision")
    async with rt.db.transaction() as db:
        becomes = "standing" if upheld else "dropped"
        if not await adjustments.change_state(db, row["id"], row["state"], becomes, who, None):
            raise Refused(f"{ref} was decided meanwhile")


async def adjust(rt: Runtime) -> int:
    """Bring every adjustment to its current state and take this week's parts.

    Return the number of parts that were taken.
    """
    now = rt.clock.now()
    await notify_outside.appeals(rt)
    for row in await adjustments.overdue(rt.db, now):
        becomes = "standing" if row["state"] == "open" else "dropped"
        async with rt.db.transaction() as db:
            await adjustments.change_state(db, row["id"], row["state"], becomes, "time", None)
    taken = 0
    for worker in await adjustments.debtors(rt.db):
        taken += await until_settled(lambda worker=worker: _take(rt, worker))
    return taken


async def _take(rt: Runtime, worker: WorkerId) -> int:
    """Take one worker's part of this week, in one commit.

    The money goes from her balance to the batch, and on to its client if the batch is closed.
    """
    async with rt.db.transaction() as db:
        rows = {row["id"]: row for row in await adjustments.standing_adjustments(db, worker)}
        if not rows:
            return 0
        since = min(row["created_at"] for row in rows.values())
        week = await adjustments.week(db, worker, since, rt.clock.now())
        allowed = adjusting.allowance(week["earned"], week["taken"], week["balance"])
        shares = adjusting.share_allowance(
            [Open(row["id"], row["rest"], row["created_at"]) for row in rows.values()], allowed
        )
        released: dict[str, int] = {}
        for adjustment, amount in shares:
            row = rows[adjustment]
            await _book(db, worker, AccountId(week["account"]), row, amount)
            if row["batch_state"] in ("done", "cancelled"):
                nth = row["releases"] + 1 + released.get(row["batch"], 0)
                released[row["batch"]] = released.get(row["batch"], 0) + 1
                await _give_back(db, row, amount, nth)
            await adjustments.took(db, adjustment, amount)
        return len(shares)


async def _book(
    db: Connection, worker: WorkerId, account: AccountId, row: Row, amount_minor: int
) -> None:
    decision = f"adjustment:{row['id']}:{row['times'] + 1}"
    posted = postings.correct_down(
        decision, BatchId(row["batch"]), worker, amount_minor, row["currency"]
    )
    await transfers.post(db, posted, account, AccountId(row["hold"]))


async def _give_back(db: Connection, row: Row, amount_minor: int, nth: int) -> None:
    posted = postings.release_hold(
        BatchId(row["batch"]), ClientId(row["client_id"]), amount_minor, row["currency"], nth=nth
    )
    await transfers.post(db, posted, AccountId(row["hold"]), AccountId(row["available"]))
