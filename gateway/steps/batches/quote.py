"""The quote of a client's batch before it starts, and the money that the client has for it."""

from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

from gateway.base.ids import ClientId
from gateway.qa.confidence.certificate import GOLD_MIN
from gateway.qa.skills.gold_budget import GoldBudget
from gateway.steps.batches.fair_pay.floor import QuotedPay, quoted_pay
from gateway.steps.batches.prepare import Filled
from gateway.steps.batches.quoting.gold_needed import gold_needed
from gateway.steps.batches.quoting.promise import PromisedQuote, promise_in_quote
from gateway.steps.batches.quoting.ready_when import (
    CrowdNow,
    ReadyForecast,
    crowd_now,
    ready_when,
)
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.slots import gold_answers
from gateway.steps.messages import message_cost
from gateway.steps.messages.message_cost import MessagesQuote
from gateway.steps.runtime import Runtime
from gateway.store.batches import audiences, batch_tasks, pace, plans
from gateway.store.batches.batches import Batch
from gateway.store.db import Connection, Database
from gateway.store.people import clients

USUAL_MORE = 1.4
"""The answers per task that early stopping usually takes, in multiples of the first answers.

Seven recorded crowds took 2.8 answers where the first two did not agree well enough.
"""


@dataclass(frozen=True, slots=True)
class Quote:
    """The quote of a batch, with costs in minor units.

    - `most_minor` and `least_minor` are the most and the likely cost; the answers are the numbers
      that these buy.
    - `most_minor` counts the partner's price with every answer, `least_minor` with none.
    - `workers` counts the workers who may be asked.
    - `workers_needed` is the least number of workers, since no worker answers a task twice or more
      than the batch's limit.
    - `days_least` is the least number of days with the present workers and the limit per day.
    - `checks_minor` is the part of the most that is set aside for paid reviews and audits.
    - `warned` and `warnings` are the advice on texts, worked out at the uploads.
    - `pay` is the expected pay per hour, beside the floor.
    - `workers_able` counts the workers who may be asked and are not paused, and
      `workers_reachable` those of them whose phone is not known to be off.
    - `answers_expected` is the expected number of paid answers to real questions.
    - `ready` is the expected finishing time, with its reason.
    - `gold` is the gold that the workers will use up, beside the gold that is there.
    - `promise` is the plan for a promised accuracy; None where the client named a policy.
    """

    tasks: int
    golds: int
    answers_maximum: int
    answers_minimum: int
    price_minor: int
    partner_price_minor: int
    most_minor: int
    least_minor: int
    available_minor: int
    currency: str
    messages: MessagesQuote
    workers: int
    workers_needed: int
    days_least: int | None
    can_finish: bool
    why_not: str | None
    checks_minor: int
    warned: int
    warnings: list[dict[str, Any]]
    pay: QuotedPay
    workers_able: int
    workers_reachable: int
    answers_expected: int
    expected_minor: int
    ready: ReadyForecast
    gold: GoldBudget
    promise: PromisedQuote | None

    @property
    def reserve_minor(self) -> int:
        """Return what is set aside for top-ups, beside the most that the answers can cost."""
        return self.pay.reserve_minor(self.answers_maximum)


async def quote(rt: Runtime, client: ClientId, batch_id: str) -> Quote:
    """Return the cost known before the start.

    It lies between the most (every slot paid) and the least (every task content with its first
    answers).
    """
    batch = await rt.batches.fresh(batch_id)
    found = await filled(rt, batch)
    available = await available_minor(rt, client)
    crowd = await crowd_now(rt, batch)
    skilled = await pace.workers_by_skill(rt.db, batch, rt.clock.now())
    promise = await promise_in_quote(rt, batch, found, skilled)
    if promise is not None:
        found = _with_promise(found, promise)
    if found.golds:  # A draft sets gold aside for the workers present when it starts.
        too_many = await batch_tasks.gold_above(rt.db, batch.id, gold_answers(crowd.workers))
        found = replace(found, most=found.most - too_many)
    checks = await checks_cost(rt.db, batch.id)
    needed, days = _needed(batch, found.overlap, found.most, crowd.workers)
    expected = answers_expected(batch, found)
    certified = GOLD_MIN
    if promise is not None and promise.plan.chosen is not None:
        expected = min(found.tasks * promise.plan.chosen.answers, float(promise.most))
        certified = promise.plan.gold or GOLD_MIN
    gold = gold_needed(batch, found.golds, skilled, expected, certified)
    return Quote(
        tasks=found.tasks,
        golds=found.golds,
        answers_maximum=found.most,
        answers_minimum=found.least,
        price_minor=batch.price_minor,
        partner_price_minor=batch.partner_price_minor,
        most_minor=found.most * batch.cost_minor + checks.most_minor,
        least_minor=found.least * batch.price_minor,
        available_minor=available,
        currency=batch.currency,
        messages=await message_cost.quote(rt, batch, found.least, found.most),
        workers=crowd.workers,
        workers_needed=needed,
        days_least=days if crowd.workers else None,
        can_finish=crowd.able >= needed,
        why_not=_why_not(batch, crowd, needed),
        checks_minor=checks.most_minor,
        warned=found.warned,
        warnings=found.warnings,
        pay=await quoted_pay(rt, batch),
        workers_able=crowd.able,
        workers_reachable=crowd.reachable,
        answers_expected=round(expected),
        expected_minor=round((expected + gold.answers) * batch.cost_minor + checks.expected_minor),
        ready=await ready_when(
            rt, batch, crowd, expected + gold.answers, found.most, running=False
        ),
        gold=gold,
        promise=promise,
    )


def _with_promise(found: Filled, promise: PromisedQuote) -> Filled:
    """Return the sums of a batch's uploads with the slots of its plan for a promised accuracy."""
    golds = max(0, found.most - found.tasks * found.overlap)
    chosen = promise.plan.chosen
    return replace(
        found,
        least=promise.least,
        most=promise.most + golds,
        overlap=chosen.most if chosen else found.overlap,
    )


def answers_expected(batch: Batch, found: Filled) -> float:
    """Return the expected answers to the real questions of a batch."""
    if batch.policy.partition(":")[0] not in ("dynamic", "worth", "double"):
        return found.least
    return min(found.tasks * found.overlap, found.least * USUAL_MORE)


async def workers_who_may_be_asked(rt: Runtime, batch: Batch) -> int:
    """Return the number of active workers of the batch's currency and languages."""
    return sum(each[3] for each in await audiences.crowd(rt.db, batch))


@dataclass(frozen=True, slots=True)
class ChecksCost:
    """The most and the expected cost of the reviews and audits of a batch, in minor units."""

    most_minor: int = 0
    expected_minor: float = 0.0


async def checks_cost(db: Connection | Database, batch: str) -> ChecksCost:
    """Return the cost of the reviews and audits that the client ordered for a batch."""
    planned = await plans.of_batch(db, batch)
    if planned is None:
        return ChecksCost()
    tasks = await plans.real_tasks(db, batch)
    return ChecksCost(planned.plan.most_minor(tasks), planned.plan.expected_minor(tasks))


def _why_not(batch: Batch, crowd: CrowdNow, needed: int) -> str | None:
    """Return the reason, as one sentence, why the batch cannot be finished now, or None."""
    if crowd.able >= needed:
        return None
    workers = crowd.workers
    one = workers == 1
    active = "1 active worker" if one else f"{workers or 'no'} active workers"
    language = " or ".join(batch.languages)
    who = (
        f"who {'reads' if one else 'read'} {language} and {'is' if one else 'are'} paid"
        if language
        else "paid"
    )
    not_able = workers - crowd.able
    but = f", of whom {not_able} may not work at this kind of task now" if not_able else ""
    more = ", name more languages" if batch.languages else ""
    return (
        f"the gateway has {active} {who} in {batch.currency}{but}, and each task needs answers of {needed} different "
        f"workers: the batch would wait; ask the operator for more workers{more}, or ask fewer workers for each task (policy)"
    )


async def filled(rt: Runtime, batch: Batch) -> Filled:
    """Return the sums of the batch's uploads.

    They are computed once where the batch is older than the keeping of these sums.
    """
    kept = (await batch_tasks.filled_of(rt.db, batch.id))["filled"]
    if kept is not None:
        return Filled(**kept)
    counts = await batch_tasks.counts(rt.db, batch.id)
    texts = await batch_tasks.texts(rt.db, batch.id)
    found = await rt.helpers.run("advise_texts", batch, texts, air_of(rt))
    assert isinstance(found, Filled)
    found = replace(found, **counts)
    await batch_tasks.keep_filled(rt.db, batch.id, asdict(found))
    return found


def _needed(batch: Batch, overlap: int, answers: int, workers: int) -> tuple[int, int]:
    """Return the least number of workers of the batch, and the days with the present `workers`."""
    needed = max(overlap, ceil(answers / batch.worker_max) if batch.worker_max else 0)
    a_day = (batch.worker_day_max or answers) * max(workers, 1)
    return needed, ceil(answers / a_day) if answers else 0


async def available_minor(rt: Runtime, client: ClientId) -> int:
    """Return the money that a client can still reserve, in minor units."""
    return await clients.balance_of(rt.db, client)
