"""The consequences of an appeal's outcome for truth, money, skill and statistics, and the news.

Each part may run twice without a second effect, and the appeal is settled when all are written. A
process that dies in between leaves the rest to the next run of the job `appeals`.
"""

from datetime import timedelta

import structlog

from gateway.base.errors import Refused
from gateway.base.ids import WorkerId
from gateway.base.money import amount_text
from gateway.phrases import book_in
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.payouts.adjust import give_back
from gateway.steps.people.appeals.views import fate_of
from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold
from gateway.steps.quality.corrections.overturn import Overturn, overturn_result
from gateway.steps.quality.review import said_truth
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import reviews
from gateway.store.db import Connection
from gateway.store.ledger import adjustments
from gateway.store.people import appeals
from gateway.store.people.appeals import Appeal, Outcome
from gateway.store.quality import explained_answers

log = structlog.get_logger()

_AGAIN = timedelta(minutes=1)


async def settle(rt: Runtime, appeal: int) -> bool:
    """Apply what follows from a decided appeal, and return whether all is written.

    A batch whose results are just being published refuses corrections for a moment. Then the next
    run goes on.
    """
    found = await appeals.by_id(rt.db, appeal)
    if found.state == "waiting" or found.settled_at is not None:
        return found.state != "waiting"
    if found.state == "upheld":
        try:
            await _correct_truth(rt, found)
        except Refused as refused:
            log.warning("an appeal cannot be settled yet", appeal=found.ref, why=str(refused))
            await appeals.postpone(rt.db, appeal, rt.clock.now() + _AGAIN)
            return False
    await until_settled(lambda: _settle(rt, appeal))
    if found.state != "stands":
        await give_back(rt)
    rt.jobs.enqueue("deliver", found.worker_channel)
    if found.state == "upheld":
        await _uphold_same(rt, found)
    return True


async def _correct_truth(rt: Runtime, appeal: Appeal) -> None:
    """Make the worker's answer the truth of its task, and of gold that was made of it."""
    facts = await explained_answers.answer_facts(rt.db, WorkerId(appeal.worker), appeal.answer)
    assert facts is not None
    by, reason = appeal.decider or "", f"appeal {appeal.ref}: {appeal.reason}"
    if await fate_of(rt, facts) == "right":
        return
    is_gold = facts.gold_right is not None
    truth = said_truth(rt, await rt.batches.get(appeal.batch), appeal.value)
    tasks = [reviews.Related(appeal.task, is_gold), *await reviews.related(rt.db, appeal.task_id)]
    for task in tasks:
        if not task.gold:
            await overturn_result(rt, Overturn(appeal.batch, task.name, truth, by, reason))
        elif await reviews.gold_truth(rt.db, appeal.batch, task.name) != truth:
            said = Correction(appeal.batch, task.name, truth, by, reason, appealed=True)
            await correct_gold(rt, said)


async def _settle(rt: Runtime, appeal: int) -> None:
    async with rt.db.transaction() as db:
        found = await appeals.locked(db, appeal)
        if found.settled_at is not None:
            return
        taken = await _change_adjustment(db, found)
        await _tell_worker(rt, db, found, taken)
        await appeals.settled(db, appeal, rt.clock.now())


async def _change_adjustment(db: Connection, appeal: Appeal) -> int:
    """Change the adjustment by the outcome, and return what was taken for it, in minor units."""
    if appeal.adjustment is None:
        return 0
    taken = await adjustments.taken_for(db, appeal.adjustment)
    if appeal.state == "upheld" or (appeal.state == "lapsed" and taken):
        await adjustments.void_for(db, [appeal.answer], appeal.decider or "")
    else:
        becomes = "standing" if appeal.state == "stands" else "dropped"
        await adjustments.end_dispute(db, appeal.adjustment, becomes, appeal.decider or "")
    return taken


async def _tell_worker(rt: Runtime, db: Connection, appeal: Appeal, taken_minor: int) -> None:
    """Tell the worker the outcome. Without the SMS, WHY says the same."""
    told = {"ref": appeal.ref}
    key = {"upheld": "appeal.upheld", "stands": "appeal.stands", "lapsed": "appeal.lapsed"}
    said = key[appeal.state]
    if taken_minor and appeal.state == "upheld":
        said = "appeal.upheld_money"
        told["amount"] = amount_text(taken_minor, appeal.currency)
    text = book_in(appeal.worker_language, rt.books).say(said, **told)
    to = addressee(rt, appeal.worker_channel, appeal.worker_sealed, appeal.worker)
    if to is not None:
        cause = f"appeal:{appeal.id}:{appeal.state}"
        await db.write([notice_write(rt, to, text, "money", cause)])


async def _uphold_same(rt: Runtime, appeal: Appeal) -> None:
    """Uphold the waiting appeals of other workers about this task whose answers are right now."""
    for other in await appeals.waiting_on_task(rt.db, appeal.task_id):
        facts = await explained_answers.answer_facts(rt.db, WorkerId(other.worker), other.answer)
        if facts is None or await fate_of(rt, facts) != "right":
            continue
        reason = f"the same as appeal {appeal.ref}"
        outcome = Outcome("upheld", appeal.decider or "", appeal.decider_id, reason)
        async with rt.db.transaction() as db:
            if (await appeals.locked(db, other.id)).state == "waiting":
                await appeals.decide(db, other.id, outcome, rt.clock.now())
        await settle(rt, other.id)
