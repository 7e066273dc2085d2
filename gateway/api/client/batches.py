"""The client's routes for batches: create, fill, quote, start, watch and read them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import batch_out, my_batch, my_batch_to_change, progress_ready
from gateway.api.client.idempotency import once
from gateway.api.client.named_workers import finding_for_client
from gateway.api.client.paths import BatchPath
from gateway.api.client.pay import pay_out, pay_quote_out
from gateway.api.client.quality_asked import plan_asked
from gateway.api.client.uploads import ShapeAsked, columns_of_fields, received, upload_docs
from gateway.api.quotes import gold_out, ready_out
from gateway.api.requests import BatchIn, FieldIn, OptionIn
from gateway.api.responses import (
    AccountOut,
    Added,
    BatchOut,
    FieldErrorsOut,
    MessageCostRange,
    MessagesQuoteOut,
    QuoteOut,
    ShareOut,
    Warned,
)
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.qa.judging.overlap import DOUBLE
from gateway.steps.batches import submit
from gateway.steps.batches.quote import quote as quote_of
from gateway.steps.quality.keying.field_errors import field_errors
from gateway.steps.runtime import Runtime
from gateway.store.batches import shares
from gateway.store.messages import webhooks
from gateway.store.people import clients
from gateway.store.quality import findings
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.handling import Handling
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.question import Option
from gateway.tasks.values import kind_asked

UPLOADS = "uploads"
"""The folder of `data_dir` that holds uploads while they are read."""
router = APIRouter(prefix="/api/v1")


@router.get("/account")
async def account(rt: Rt, client: Client) -> AccountOut:
    """Show your money: the free amount, and the amount that is set aside for running batches."""
    row = await clients.account(rt.db, client)
    return AccountOut(
        client=row["id"],
        name=row["name"],
        currency=row["currency"],
        available_minor=row["available"],
        reserved_minor=row["reserved"],
        notices=[
            f"webhook {webhook} was disabled: {because}"
            for webhook, because in await webhooks.notices(rt.db, client)
        ],
    )


@router.post("/batches", status_code=201)
async def create(rt: Rt, client: Client, given: BatchIn, request: Request) -> Response:
    """Make a batch. Send an `Idempotency-Key`, so that a repeated request makes no second one."""

    async def made() -> bytes:
        batch = await submit.create(rt, client, await spec_of(rt, client, given))
        return batch_out(await my_batch(rt, client, batch.id)).model_dump_json().encode()

    answer = await once(rt, client, request, 201, made)
    answer.headers["Location"] = f"{request.url.path}/{orjson.loads(bytes(answer.body))['id']}"
    return answer


@router.get("/batches/{batch}")
async def shown(rt: Rt, client: Client, batch: BatchPath) -> BatchOut:
    """Show a batch: its state, progress, cost so far, partners' shares, and findings to look at."""
    row = await my_batch(rt, client, batch)
    one = batch_out(row)
    one.ready, one.hours = await progress_ready(rt, row)
    one.shares = [ShareOut(**row) for row in await shares.shares(rt.db, batch)]
    one.pay = await pay_out(rt, batch)
    one.findings = [
        finding_for_client(row, rt.vault.pseudonyms(client))
        for row in await findings.of_batch(rt.db, batch)
    ]
    return one


@router.post("/batches/{batch}/tasks", status_code=201, openapi_extra=upload_docs())
async def tasks(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    request: Request,
    *,
    strict: bool = False,
    renamed: Annotated[str, Query(alias="map", max_length=1000, examples=["text:question"])] = "",
    shape: ShapeAsked = "auto",
) -> Added:
    """Add tasks to a draft: a JSON list, JSON lines, or CSV with the header id,text.

    The header may add gold and gold_reason. Either all tasks of a request are added or none. Other
    columns come back with the results; `strict=1` refuses them. `map=text:question,id:shop` takes
    fields from columns of other names. Files of Label Studio, Toloka, Appen and MTurk are
    recognised; `shape` names one of them instead, or `plain`.
    """
    await my_batch_to_change(rt, client, batch)
    folder, kind = rt.settings.data_dir / UPLOADS, request.headers.get("content-type", "")
    columns = columns_of_fields(renamed)
    async with received(request, folder) as (body, out):
        file = submit.UploadedFile(body, kind, columns, strict, shape)
        filled = await submit.upload(rt, client, batch, file, out)
    return Added(
        added=filled.tasks + filled.golds,
        columns=filled.columns,
        warned=filled.warned,
        warnings=[warned(each) for each in filled.warnings],
    )


@router.get("/batches/{batch}/quote")
async def quote(rt: Rt, client: Client, batch: BatchPath) -> QuoteOut:
    """Show the possible cost of the batch, before it starts."""
    await my_batch(rt, client, batch)
    q = await quote_of(rt, client, batch)
    return QuoteOut(
        tasks=q.tasks,
        golds=q.golds,
        price_minor=q.price_minor,
        partner_price_minor=q.partner_price_minor,
        answers_minimum=q.answers_minimum,
        answers_maximum=q.answers_maximum,
        least_minor=q.least_minor,
        most_minor=q.most_minor,
        available_minor=q.available_minor,
        enough=q.most_minor + q.reserve_minor <= q.available_minor,
        currency=q.currency,
        messages=MessagesQuoteOut(
            segments_least=q.messages.segments_least,
            segments_expected=q.messages.segments_expected,
            segments_most=q.messages.segments_most,
            costs=[
                MessageCostRange(
                    currency=currency, least_minor=least, expected_minor=expected, most_minor=most
                )
                for currency, (least, expected, most) in q.messages.costs.items()
            ],
            unpriced=list(q.messages.unpriced),
        ),
        warned=q.warned,
        warnings=[warned(each) for each in q.warnings],
        workers=q.workers,
        workers_needed=q.workers_needed,
        days_least=q.days_least,
        can_finish=q.can_finish,
        why_not=q.why_not,
        pay=pay_quote_out(q),
        checks_minor=q.checks_minor,
        workers_able=q.workers_able,
        workers_reachable=q.workers_reachable,
        answers_expected=q.answers_expected,
        expected_minor=q.expected_minor,
        ready=ready_out(q.ready),
        gold=gold_out(q.gold),
    )


@router.post("/batches/{batch}/start")
async def start(rt: Rt, client: Client, batch: BatchPath) -> BatchOut:
    """Start a draft (which sets the money aside), or continue a paused batch.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, batch, submit.start)


@router.post("/batches/{batch}/pause")
async def pause(rt: Rt, client: Client, batch: BatchPath) -> BatchOut:
    """Pause a batch: no new questions are sent, but open ones may still be answered.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, batch, submit.pause)


@router.post("/batches/{batch}/cancel")
async def cancel(rt: Rt, client: Client, batch: BatchPath) -> BatchOut:
    """Cancel a batch for good: answers given stay paid, and the rest of the money comes back.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, batch, submit.cancel)


async def _changed(
    rt: Runtime,
    client: ClientId,
    batch: str,
    change: Callable[[Runtime, ClientId, str], Awaitable[None]],
) -> BatchOut:
    await my_batch_to_change(rt, client, batch)
    await change(rt, client, batch)
    return batch_out(await my_batch(rt, client, batch))


@router.get("/batches/{batch}/fields")
async def keyed(rt: Rt, client: Client, batch: BatchPath) -> FieldErrorsOut:
    """Show how well a data entry is keyed: agreement and error rates per field and per worker.

    They are measured with gold and with the fields that several workers keyed.
    """
    await my_batch(rt, client, batch)
    found, names = await field_errors(rt, batch), rt.vault.pseudonyms(client)
    workers = [{**one, "worker": names.of(one["worker"])} for one in found["workers"]]
    return FieldErrorsOut.model_validate({**found, "workers": workers})


def warned(found: dict[str, Any]) -> Warned:
    """Return the advice on one text in the API's form."""
    return Warned(text=found["suggestion"], **{n: v for n, v in found.items() if n != "suggestion"})


async def spec_of(rt: Runtime, client: ClientId, given: BatchIn) -> submit.BatchSpec:
    """Return the order in a request. Raises Refused naming the field of a wrong amount."""
    currency = (await clients.account(rt.db, client))["currency"]
    price_minor = exact_amount(given.price, currency, "price")
    review_minor = 0
    if given.review_price is not None:
        review_minor = exact_amount(given.review_price, currency, "review_price")
    partner_minor = 0
    if given.partner_price is not None:
        partner_minor = exact_amount(given.partner_price, currency, "partner_price")
    quality = plan_asked(given, currency)
    qualified = quality.qualification
    return submit.BatchSpec(
        name=given.name,
        kind=kind_asked(given.kind, given.value),
        instructions=given.instructions,
        options=[_option(one) for one in given.options],
        languages=given.languages,
        fields=[_declared(one) for one in given.fields],
        price_minor=price_minor,
        policy=_policy(given),
        confidence=given.confidence or 0.0,
        method=given.method,
        gold_rate=given.gold_rate,
        lease_s=given.lease_s,
        pack_max={"auto": PACK_MAX, "off": 1}.get(str(given.pack)) or int(given.pack),
        handling=Handling(
            entry_gold=max(given.entry_gold, qualified.min_gold if qualified else 0),
            promote_gold=given.promote_gold,
            needs_lesson=given.needs_lesson,
            review_minor=review_minor,
            rotate=given.rotate,
            shares={code.upper(): share for code, share in given.shares.items()},
            keep_h=given.keep_shares_h,
            min_skill=qualified.min_skill if qualified else 0.0,
        ),
        breadth=given.order == "breadth",
        worker_max=given.worker_max,
        worker_day_max=given.worker_day_max,
        quality=quality,
        partner_price_minor=partner_minor,
        labels=given.labels,
    )


def _declared(given: FieldIn) -> DeclaredField:
    options = given.options
    return DeclaredField(
        id=given.id,
        type=given.type,
        labels=given.labels,
        min=None if given.min is None else str(given.min),
        max=None if given.max is None else str(given.max),
        decimals=given.decimals,
        length_min=given.length_min,
        length_max=given.length_max,
        check=given.check,
        options=None if options is None else [_option(one) for one in options],
        currency=given.currency,
        optional=given.optional,
    )


def _option(given: OptionIn | str) -> Option:
    return Option(given) if isinstance(given, str) else Option(given.id, given.labels)


def _policy(given: BatchIn) -> str:
    """Return the client's policy; where none was sent, that of double keying for data entry."""
    return DOUBLE if given.fields and "policy" not in given.model_fields_set else given.policy
