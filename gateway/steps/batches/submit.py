"""A client's batch: created, filled with tasks, started, paused and cancelled.

Its money is set aside before it starts.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import cast

import asyncpg

from gateway.base.bounds import AMOUNT_MAX_MINOR
from gateway.base.errors import Conflict, Refused, SettingsError
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.ids import AccountId, BatchId, ClientId
from gateway.base.money import amount_text
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.qa import rule_names
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.qa.checks.promise import PromisePlan
from gateway.qa.judging.overlap import CONFIDENCE, DOUBLE, parse_policy
from gateway.steps.batches.checks.paid_check import check_staff, end_checks, follow_batch
from gateway.steps.batches.fair_pay.floor import QuotedPay, check_floor, keep_pay, quoted_pay
from gateway.steps.batches.life.more_tasks import AddingTasks, after_adding
from gateway.steps.batches.offered_shares import check_shares
from gateway.steps.batches.pilots.begin import (
    begin_pilot,
    refuse_late_pilot,
    release_rest_of_pilot,
)
from gateway.steps.batches.prepare import (
    Filled,
    UploadReading,
    lines_of,
    slices_of,
    write_specs,
)
from gateway.steps.batches.quote import (
    available_minor,
    checks_minor,
    filled,
    quote,
    workers_who_may_be_asked,
)
from gateway.steps.batches.quoting.promise import (
    apply_plan,
    check_accuracy,
    check_promise,
    promise_to_start,
)
from gateway.steps.batches.release import end_batch
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.slots import gold_answers
from gateway.steps.batches.uploading import (
    SLICE,
    AlsoWritten,
    Upload,
    begun,
    check_state,
    deal_draft,
    ended,
    refuse_during_import,
)
from gateway.steps.payouts.fair_pay.even_work import even_work
from gateway.steps.quality import rulings
from gateway.steps.quality.top_workers import look_for_better
from gateway.steps.repeated import id_to_make, keep_answer
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, plans, promises, shares, uploads
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import changes, unfinished_copies
from gateway.store.db import Connection, Row
from gateway.store.ledger import transfers
from gateway.store.messages import client_events
from gateway.store.payouts import wind_down
from gateway.store.people import clients
from gateway.store.people.idempotency import MadeObject
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.handling import DEFAULT, Handling
from gateway.tasks.intake import TaskSpec
from gateway.tasks.life.choices import PLAIN_LIFE, Life, languages_asked
from gateway.tasks.port import RecordKind, TaskKind
from gateway.tasks.question import Option
from gateway.tasks.rotation import may_rotate

IMAGINED, NO_ACCOUNT = BatchId("b_preview"), AccountId(0)
"""The id and the account of a batch that exists nowhere."""
SURPLUS = 0
"""The number of the release of money that a project reserved for a stage and did not need."""
# PostgreSQL's text for an existing key: Key (batch_id, name)=(b_1, shop 7) already exists.
_TAKEN_ID = re.compile(r"\)=\([^,]*, (.*)\) already exists\.\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """A client's order of a batch.

    `price_minor` is per accepted answer, and `partner_price_minor` is what a partner earns besides,
    if the worker belongs to one. `policy` is fixed:N, all or dynamic.
    """

    name: str
    kind: str
    instructions: str
    options: Sequence[Option]
    languages: Sequence[str]
    price_minor: int
    policy: str
    confidence: float
    method: str
    gold_rate: float
    lease_s: int | None
    pack_max: int
    handling: Handling = DEFAULT
    breadth: bool = False
    worker_max: int | None = None
    worker_day_max: int | None = None
    quality: QualityPlan = NO_STEPS
    fields: Sequence[DeclaredField] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    partner_price_minor: int = 0
    life: Life = PLAIN_LIFE
    accuracy: float | None = None
    """The share of right results that the client asks for instead of a policy."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A client's file of tasks, and how the client wants it to be read."""

    path: Path
    content_type: str
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns from which fields are taken, by field, where they differ."""
    strict: bool = False
    """Refuse columns of the client's own."""
    shape: str = "auto"
    """The shape of the file, or `auto` to recognise it."""


async def create(
    rt: Runtime,
    client: ClientId,
    spec: BatchSpec,
    *,
    by: str = changes.GATEWAY,
    unfinished: bool = False,
) -> Batch:
    """Create a draft, or find the one that the same request has made before.

    Its tasks follow if it is `unfinished`: such a draft is made anew. Raises Refused naming the
    field that is wrong.
    """
    made = await id_to_make(rt, MadeObject.BATCH, "b")
    if made.is_made:
        if not await unfinished_copies.is_unfinished(rt.db, made.id):
            return await rt.batches.fresh(made.id)
        await unfinished_copies.remove(rt.db, made.id)
    batch = await checked_batch(rt, client, spec, BatchId(made.id))
    if spec.accuracy is not None:
        check_accuracy(rt, spec.kind)
    async with rt.db.transaction() as db:
        await batches.insert_batch(db, batch)
        if spec.accuracy is not None:
            await promises.insert_promise(db, batch.id, spec.accuracy)
        if spec.labels:
            await batches.set_labels(db, batch.id, spec.labels)
        if not spec.quality.is_default:
            await plans.insert_plan(db, batch.id, spec.quality)
        if unfinished:
            await unfinished_copies.begin(db, batch.id)
        await changes.record_change(db, batch.id, "create", actor=by, after={"state": "draft"})
    return batch


async def checked_batch(rt: Runtime, client: ClientId, spec: BatchSpec, batch_id: BatchId) -> Batch:
    """Return a batch that is not stored yet, with an account for its money.

    Raises Refused naming the field that is wrong.
    """
    batch = await imagined_batch(rt, client, spec, batch_id)
    hold = Account(AccountKind.BATCH_HOLD, batch_id, batch.currency)
    return replace(batch, hold_account=await rt.accounts.get(hold))


async def imagined_batch(
    rt: Runtime, client: ClientId, spec: BatchSpec, batch_id: BatchId = IMAGINED
) -> Batch:
    """Return a batch that exists nowhere, not even as an account, for a preview of it.

    Raises Refused naming the field that is wrong.
    """
    await wind_down.must_take_work(rt.db)
    try:
        kind = rt.kind_of(spec.kind)
    except SettingsError as unknown:
        raise Refused(str(unknown), field="kind") from unknown
    options = kind.options(spec.options)
    _check_fields(kind, spec)
    languages = languages_asked(spec.languages, spec.life)
    unknown = [code for code in languages if code not in rt.books]
    if unknown:
        raise Refused(
            f"no language {unknown[0]!r}; there is: {', '.join(sorted(rt.books))}"
            + ("" if spec.languages else "; say any_language: true if any worker may answer"),
            field="languages" if spec.languages else "language",
        )
    _check_end(rt, spec)
    if spec.method not in rule_names():
        raise Refused(
            f"no method {spec.method!r}; there is: {', '.join(rule_names())}", field="method"
        )
    if spec.policy != "all":
        parse_policy(spec.policy, confidence=spec.confidence or CONFIDENCE)
    _check_predictions(spec, options)
    await check_shares(rt, spec.handling.shares)
    await check_staff(rt, spec.quality)
    _check_lesson(rt, spec)
    account = await clients.account_of(rt.db, client)
    assert account is not None
    currency: str = account["currency"]
    return Batch(
        id=batch_id,
        client=client,
        name=spec.name,
        kind=spec.kind,
        instructions=spec.instructions,
        options=options,
        languages=languages,
        price_minor=spec.price_minor,
        currency=currency,
        policy=spec.policy,
        confidence=spec.confidence,
        method=spec.method,
        gold_rate=spec.gold_rate,
        lease_s=spec.lease_s or rt.settings.lease_s,
        pack_max=spec.pack_max if kind.PACKS else 1,
        hold_account=NO_ACCOUNT,
        handling=replace(
            spec.handling,
            rotate=spec.handling.rotate and kind.ROTATES and may_rotate(options),
        ),
        breadth=spec.breadth,
        worker_max=spec.worker_max,
        worker_day_max=spec.worker_day_max,
        fields=cast("RecordKind", kind).declare(spec.fields, currency) if spec.fields else (),
        partner_price_minor=spec.partner_price_minor,
        life=spec.life,
    )


def _check_end(rt: Runtime, spec: BatchSpec) -> None:
    """Raise Refused for a deadline in the past."""
    if spec.life.deadline is not None and spec.life.deadline <= rt.clock.now():
        raise Refused("the deadline has passed already; name a later time", field="deadline")


def _check_fields(kind: TaskKind, spec: BatchSpec) -> None:
    """Refuse fields of a kind that has none, and a policy that does not fit the kind."""
    if kind.FIELDS and not spec.fields:
        raise Refused(
            'data entry needs its fields, like [{"id": "amount", "type": "money"}]', field="fields"
        )
    if spec.fields and not kind.FIELDS:
        raise Refused(f"fields are for the kind entry, not for {spec.kind!r}", field="fields")
    if (spec.policy == DOUBLE) > kind.FIELDS:
        raise Refused(f"double keying is for the kind entry, not for {spec.kind!r}", field="policy")
    if kind.FIELDS and spec.policy != DOUBLE and not spec.policy.startswith("fixed:"):
        raise Refused(
            f"data entry has the policies double and fixed:N, not {spec.policy!r}", field="policy"
        )
    if kind.FIELDS and spec.handling.promote_gold:
        raise Refused("no record becomes gold: leave promote_gold out", field="promote_gold")


def _check_predictions(spec: BatchSpec, options: Sequence[Option]) -> None:
    """Raise Refused where predictions could not say when to stop asking."""
    if spec.handling.use_predictions and not (options and spec.policy == "dynamic"):
        raise Refused(
            "predictions count for questions with options and the policy dynamic; "
            "leave use_predictions out",
            field="use_predictions",
        )


def _check_lesson(rt: Runtime, spec: BatchSpec) -> None:
    """Raise Refused where a worker who may be asked could find no lesson in her language."""
    if not spec.handling.needs_lesson:
        return
    there = rt.lessons.languages_of(spec.kind)
    without = [code for code in spec.languages or sorted(rt.books) if code not in there]
    if without:
        raise Refused(
            f"there is no lesson for {spec.kind} in {', '.join(without)}; name only languages "
            f"with one ({', '.join(sorted(there)) or 'none'}), or leave needs_lesson out",
            field="needs_lesson",
        )


async def add_tasks(rt: Runtime, client: ClientId, batch_id: str, specs: Sequence[TaskSpec]) -> int:
    """Add a few checked tasks of the gateway's own to a draft, all or none.

    A client's tasks come by `upload`.
    """
    batch, lines = await rt.batches.get(batch_id), list[bytes]()
    filled = write_specs(specs, batch, air_of(rt), lines.append)
    await add_prepared(rt, client, batch_id, filled, lines)
    return len(lines)


async def upload(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    file: UploadedFile,
    out: Path,
    adding: AddingTasks | None = None,
    told: Callable[[Filled], object] | None = None,
) -> Filled:
    """Check an upload in a helper, which writes its tasks to `out`, and store them, all or none.

    `adding` is for a batch that runs and is open: its new tasks cost money at once. `told` returns
    the answer to the client, which is kept in the transaction that lets the tasks count.

    Raises Refused naming row and column, or the limit of the batch that was reached.
    """
    async with begun(rt, client, batch_id) as turn:
        batch = await rt.batches.fresh(batch_id)  # Another process may have edited the draft.
        turn.change = adding
        filled = await rt.helpers.run(
            "prepare",
            file.path,
            file.content_type,
            out,
            batch,
            air_of(rt),
            UploadReading(rt.vault.pseudonyms(client), file.renamed, file.strict, file.shape),
            turn.room,
        )
        assert isinstance(filled, Filled)
        if adding is not None and adding.author.dry_run and not turn.running:
            await turn.take_back()
            return filled
        keep = partial(_keep_told, told, filled) if told is not None else None
        await store_prepared(turn, filled, lines_of(out), keep)
    if adding is not None and adding.outcome is not None and not adding.author.dry_run:
        await after_adding(rt)
    return filled


async def _keep_told(told: Callable[[Filled], object], filled: Filled, db: Connection) -> None:
    await keep_answer(db, HTTPStatus.CREATED, told(filled))


async def add_prepared(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    filled: Filled,
    lines: Iterable[bytes],
    with_them: AlsoWritten | None = None,
) -> None:
    """Store tasks that `prepare` has checked, all or none: their lines and their sums.

    `with_them` writes more in the transaction that lets them count.
    """
    async with begun(rt, client, batch_id) as turn:
        await store_prepared(turn, filled, lines, with_them)


async def add_once(
    rt: Runtime, client: ClientId, batch_id: str, filled: Filled, lines: Iterable[bytes]
) -> None:
    """Store prepared tasks in a draft that has none yet; do nothing in one that has some."""
    async with begun(rt, client, batch_id) as turn:
        if turn.after:
            await turn.take_back()
        else:
            await store_prepared(turn, filled, lines)


async def store_prepared(
    turn: Upload, filled: Filled, lines: Iterable[bytes], with_them: AlsoWritten | None = None
) -> None:
    """Store the prepared tasks of an upload whose turn it is, all or none.

    `with_them` writes more in the transaction that lets them count. Raises Refused for an id that
    the batch has already, and for a worker who does not exist.
    """
    try:
        await turn.store(slices_of(lines, SLICE), filled, with_them)
    except asyncpg.UniqueViolationError as bad:
        named = _TAKEN_ID.search(str(getattr(bad, "detail", "")))
        which = f"the id {named[1]!r}" if named else "an id"
        raise Refused(
            f"{which} is in this batch already; nothing of this upload was taken",
            field="id",
            status=409,
            code=ProblemCode.ALREADY_EXISTS,
        ) from bad
    except asyncpg.ForeignKeyViolationError as bad:
        raise Refused(
            "audience.workers names a worker that does not exist", field="audience.workers"
        ) from bad


async def start(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    *,
    by: str = changes.GATEWAY,
    without_promise: bool = False,
    pilot: int | None = None,
) -> None:
    """Reserve the most that the batch can cost, and let it run.

    Starting a running batch changes nothing. A draft whose accuracy cannot be promised is refused,
    unless its client starts it `without_promise`. `pilot` is the number of tasks after which the
    batch pauses, with what was learnt. Starting it again then goes on with the other tasks.
    """
    await wind_down.must_take_work(rt.db)
    await refuse_during_import(rt.db, batch_id, "start")
    batch = await rt.batches.fresh(batch_id)  # Another process may have chosen its shares.
    workers = await workers_who_may_be_asked(rt, batch)
    pay = await quoted_pay(rt, batch)
    plan = await promise_to_start(rt, batch, await filled(rt, batch))
    if plan is not None:
        check_promise(plan, without_promise=without_promise)

    async def started() -> None:
        await ended(rt, client, batch_id)
        turn = await deal_draft(rt, client, batch)
        try:
            asked = _AskedStart(by, plan, pilot)
            await _set_going(rt, client, batch, workers, pay, turn, asked)
        except BaseException:
            if turn is not None:
                await turn.take_back()
            raise

    try:
        await until_settled(started)
    except asyncpg.CheckViolationError as bad:
        quoted = await quote(rt, client, batch_id)
        needed = quoted.most_minor + quoted.reserve_minor
        has = await available_minor(rt, client)
        raise Refused(
            f"the batch can cost up to {amount_text(needed, batch.currency)}, but only "
            f"{amount_text(has, batch.currency)} is available; top up first",
            status=402,
        ) from bad
    if batch.handling.shares:
        # A partner may have stopped being active since its tasks were dealt to it.
        await shares.free_inactive(rt.db, batch.id)
    await batches.plan_anew(rt.db)
    if plan is not None:
        batch = await rt.batches.fresh(batch_id)
    await look_for_better(rt, batch)
    await even_work(rt)  # Who comes first is known before the first question goes out.
    rt.jobs.enqueue("assign")


@dataclass(frozen=True, slots=True)
class _AskedStart:
    """The key that starts a batch, its promise, and the number of tasks of its pilot."""

    by: str
    plan: PromisePlan | None
    pilot: int | None


async def _set_going(
    rt: Runtime,
    client: ClientId,
    batch: Batch,
    workers: int,
    pay: QuotedPay,
    turn: Upload | None,
    asked: _AskedStart,
) -> None:
    """Let the batch run, in one short commit.

    The client's account comes last, because the client's other batches wait for it.
    """
    account = await clients.account_of(rt.db, client)
    assert account is not None
    available = AccountId(account["account_id"])
    async with rt.db.transaction() as db:
        row = await _locked(db, client, batch.id, ("draft", "paused", "running"), "it is over")
        if row["state"] == "running":
            return
        _check_deadline(rt, row)
        if row["state"] == "draft" and row["upload_token"] != (turn.token if turn else None):
            raise Conflict("another upload has begun")
        if row["state"] == "draft":
            await batches.cap_gold(db, batch.id, gold_answers(workers))
            if asked.plan is not None:
                batch = await apply_plan(db, batch, asked.plan)
        slots = await batches.paid_slots(db, batch.id)
        if not slots and not row["open"]:
            raise Refused("the batch has no tasks yet; POST them to /tasks first", status=409)
        if row["state"] == "paused":
            refuse_late_pilot(asked.pilot)
            await release_rest_of_pilot(db, batch.id)
            await batches.set_state(db, batch.id, "running")
            await follow_batch(db, batch.id, "running")
            await _moved(db, batch.id, "start", asked.by, "paused", "running")
            return
        check_floor(batch, pay)
        await begin_pilot(db, batch.id, asked.pilot, rt.clock.now())
        checks = await checks_minor(db, batch.id)
        amount = _reservable(slots, batch, checks) + await keep_pay(db, batch, pay, slots)
        await batches.set_state(db, batch.id, "running", reserved=amount)
        await shares.keep_until(db, batch, rt.clock.now())
        why = "the client started the batch"
        await rulings.switch_on(db, batch.id, rulings.ruling_of(batch), by=client, reason=why)
        if turn is not None:
            await uploads.end_upload(db, batch.id, turn.token)
        await _moved(db, batch.id, "start", asked.by, "draft", "running", amount - row["reserved"])
        await _reserve(db, batch, available, amount, row["reserved"])


def _check_deadline(rt: Runtime, row: Row) -> None:
    """Raise Refused where the deadline of a batch that is to run has passed."""
    if row["deadline"] is None or row["deadline"] > rt.clock.now():
        return
    cure = "PATCH it" if row["state"] == "draft" else "POST /extend"
    raise Refused(
        f"the deadline of this batch has passed: {cure} with a later deadline, or with null for none",
        field="deadline",
        status=409,
    )


async def _moved(
    db: Connection,
    batch: str,
    what: str,
    by: str,
    was: str,
    becomes: str,
    cost_minor: int = 0,
) -> None:
    change = await changes.record_change(
        db, batch, what, actor=by, before={"state": was}, after={"state": becomes}
    )
    if cost_minor:
        await changes.complete(db, replace(change, cost_minor=cost_minor))


async def _reserve(
    db: Connection, batch: Batch, available: AccountId, amount: int, before: int
) -> None:
    """Set the batch's money aside.

    A project has reserved the most that the batch of a stage may cost `before` its tasks were
    known. What they do not need returns to the client at once.
    """
    if amount < before:
        posted = postings.release_hold(
            batch.id, batch.client, before - amount, batch.currency, nth=SURPLUS
        )
        await transfers.post(db, posted, batch.hold_account, available)
    elif amount > before:
        posted = postings.reserve(
            batch.client, batch.id, amount - before, batch.currency, nth=2 if before else 1
        )
        await transfers.post(db, posted, available, batch.hold_account)
        await db.write([client_events.low_money(batch.client, batch.id, amount)])


def _reservable(slots: int, batch: Batch, checks_minor: int) -> int:
    """Return the cost of all paid slots, and of reviews and audits.

    Raises Refused where no ledger entry could hold it.
    """
    amount = slots * batch.cost_minor + checks_minor
    if amount > AMOUNT_MAX_MINOR:
        raise Refused(
            f"the batch can cost up to {amount_text(amount, batch.currency)} ({slots:,} answers at "
            f"{amount_text(batch.cost_minor, batch.currency)}); one batch may reserve at most "
            f"{amount_text(AMOUNT_MAX_MINOR, batch.currency)}: lower the price, or make batches of fewer tasks",
            field="price",
        )
    return amount


async def pause(rt: Runtime, client: ClientId, batch_id: str, *, by: str = changes.GATEWAY) -> None:
    """Pause a batch: no worker is asked a new question.

    Answers to questions already asked still count.
    """

    async def paused() -> None:
        async with rt.db.transaction() as db:
            row = await _locked(
                db, client, batch_id, ("running", "paused"), "only a running batch can be paused"
            )
            if row["state"] == "paused":
                return
            await batches.set_state(db, BatchId(row["id"]), "paused")
            await follow_batch(db, row["id"], "paused")
            await _moved(db, row["id"], "pause", by, "running", "paused")

    await until_settled(paused)


async def cancel(
    rt: Runtime, client: ClientId, batch_id: str, *, by: str = changes.GATEWAY
) -> None:
    """Cancel a batch for good: answers stay and stay paid, and the rest of the money returns.

    A worker who holds one of its questions may still answer it, and is paid. The money for that
    returns when she has not answered in her time.
    """
    batch = await rt.batches.get(batch_id)

    async def cancelled() -> None:
        async with rt.db.transaction() as db:
            row = await _locked(
                db, client, batch_id, ("draft", "running", "paused", "cancelled"), "it is done"
            )
            if row["state"] == "cancelled":
                return
            waits = await end_checks(rt, db, batch.id)
            rest = await end_batch(
                db, batch, waits=waits, unpaid=row["state"] == "draft" and not row["reserved"]
            )
            await _moved(db, batch.id, "cancel", by, row["state"], "cancelled", -rest)

    await until_settled(cancelled)
    rt.jobs.enqueue("close")


async def _locked(
    db: Connection, client: ClientId, batch_id: str, states: Sequence[str], why: str
) -> Row:
    return check_state(await batches.lock(db, client, batch_id), batch_id, states, why)
