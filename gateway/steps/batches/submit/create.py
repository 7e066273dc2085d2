"""Create a batch as a draft, from what its client ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from gateway.base.errors import Refused, SettingsError
from gateway.base.ids import AccountId, BatchId, ClientId
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.qa import rule_names
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.qa.judging.overlap import CONFIDENCE, DOUBLE, parse_policy
from gateway.steps.batches.checks.paid_check import check_staff
from gateway.steps.batches.offered_shares import check_shares
from gateway.steps.batches.quoting.promise import check_accuracy
from gateway.steps.repeated import id_to_make
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, plans, promises
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import changes, unfinished_copies
from gateway.store.payouts import wind_down
from gateway.store.people import clients
from gateway.store.people.idempotency import MadeObject
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.handling import DEFAULT, Handling
from gateway.tasks.life.choices import PLAIN_LIFE, Life, languages_asked
from gateway.tasks.port import RecordKind, TaskKind
from gateway.tasks.question import Option
from gateway.tasks.rotation import may_rotate

IMAGINED, NO_ACCOUNT = BatchId("b_preview"), AccountId(0)
"""The id and the account of a batch that exists nowhere."""


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


async def create_batch(
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
