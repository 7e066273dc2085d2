"""The client's routes for batches: create, fill, quote, start, watch and read them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from gateway.api.callers.auth import Client, Rt, check_may_spend
from gateway.api.client.batch_view import (
    batch_out,
    my_batch,
    my_batch_to_change,
    progress_ready,
    promise_shown,
)
from gateway.api.client.files.uploads import ShapeAsked, columns_of_fields, received, upload_docs
from gateway.api.client.idempotency import once
from gateway.api.client.life.author import ActingKey, Adding
from gateway.api.client.life.ordering import spec_of
from gateway.api.client.named_workers import finding_for_client
from gateway.api.client.paths import BatchPath
from gateway.api.client.pay import pay_out, pay_quote_out
from gateway.api.quote_responses import MessageCostRange, MessagesQuoteOut, QuoteOut, Warned
from gateway.api.quotes import gold_out, promise_out, ready_out
from gateway.api.requests import BatchIn, StartIn
from gateway.api.responses import AccountOut, Added, BatchOut, ShareOut
from gateway.api.result_responses import FieldErrorsOut
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.life.more_tasks import AddingTasks
from gateway.steps.batches.prepare import Filled
from gateway.steps.batches.quote import quote as quote_of
from gateway.steps.batches.submit.create import create_batch
from gateway.steps.batches.submit.fill import UploadedFile, upload_tasks
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.batches.submit.stop import cancel_batch, pause_batch
from gateway.steps.quality.keying.field_errors import field_errors
from gateway.steps.repeated import first_try
from gateway.steps.runtime import Runtime
from gateway.store.batches import results, shares
from gateway.store.messages import webhooks
from gateway.store.people import clients
from gateway.store.quality import findings

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
        test=rt.test,
        notices=[
            f"webhook {webhook} was disabled: {because}"
            for webhook, because in await webhooks.notices(rt.db, client)
        ],
    )


@router.post("/batches", status_code=201, response_model=BatchOut)
async def create(
    rt: Rt, client: Client, key: ActingKey, given: BatchIn, request: Request
) -> Response:
    """Make a batch. Send an `Idempotency-Key`, so that a repeated request makes no second one."""

    async def made() -> bytes:
        batch = await create_batch(rt, client, await spec_of(rt, client, given), by=key)
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
    one.promise = await promise_shown(rt, batch)
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
    adding: Adding,
    batch: BatchPath,
    request: Request,
    *,
    strict: bool = False,
    renamed: Annotated[str, Query(alias="map", max_length=1000, examples=["text:question"])] = "",
    shape: ShapeAsked = "auto",
) -> Added:
    """Add tasks to a draft, or to a batch that runs and is open.

    They are a JSON list, JSON lines, or CSV with the header id,text, which may add gold and
    gold_reason. Either all tasks of a request are added or none. Other
    columns come back with the results; `strict=1` refuses them. `map=text:question,id:shop` takes
    fields from columns of other names. Files of Label Studio, Toloka, Appen and MTurk are
    recognised; `shape` names one of them instead, or `plain`.

    In a running batch their money is set aside at once, and `cost_minor` says how much: the key
    then needs `money:write` too. With `dry_run=1` the tasks are checked and priced, and none is
    added.
    """
    await my_batch_to_change(rt, client, batch)
    if not adding.author.dry_run and await results.state_of(rt.db, batch) != "draft":
        check_may_spend(request)
    folder, kind = rt.settings.data_dir / UPLOADS, request.headers.get("content-type", "")
    columns = columns_of_fields(renamed)
    async with received(request, folder) as (body, out):
        file = UploadedFile(body, kind, columns, strict, shape)
        told = partial(_added, adding)
        filled = await upload_tasks(
            rt,
            client,
            batch,
            file,
            out,
            adding,
            lambda stored: told(stored).model_dump(mode="json"),
        )
    return told(filled)


def _added(adding: AddingTasks, filled: Filled) -> Added:
    return Added(
        added=filled.tasks + filled.golds,
        predictions=filled.predictions,
        columns=filled.columns,
        warned=filled.warned,
        warnings=[warned(each) for each in filled.warnings],
        dry_run=adding.author.dry_run,
        cost_minor=adding.outcome.change.cost_minor if adding.outcome else None,
        available_minor=adding.outcome.available_minor if adding.outcome else None,
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
        promise=promise_out(q.promise.plan, None) if q.promise else None,
    )


@router.post("/batches/{batch}/start")
async def start(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: StartIn | None = None,
    *,
    without_promise: bool = False,
) -> BatchOut:
    """Start a draft (which sets the money aside), or continue a paused batch.

    Repeating the request changes nothing more. A draft whose accuracy cannot be promised is
    refused, unless you say `without_promise=1`. `{"pilot": 20}` asks the first 20 tasks, and then
    pauses with what was learnt (`/pilot`).
    """
    pilot = given.pilot if given else None
    change = partial(start_batch, by=key, without_promise=without_promise, pilot=pilot)
    return await _changed(rt, client, batch, change)


@router.post("/batches/{batch}/resume")
async def resume(rt: Rt, client: Client, key: ActingKey, batch: BatchPath) -> BatchOut:
    """Continue a paused batch, also after its pilot. Repeating the request changes nothing more."""
    await my_batch_to_change(rt, client, batch)
    if (await my_batch(rt, client, batch))["state"] == "draft":
        raise Refused("the batch is a draft; start it with /start", status=409)
    return await _changed(rt, client, batch, partial(start_batch, by=key))


@router.post("/batches/{batch}/pause")
async def pause(rt: Rt, client: Client, key: ActingKey, batch: BatchPath) -> BatchOut:
    """Pause a batch: no new questions are sent, but open ones may still be answered.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, batch, partial(pause_batch, by=key))


@router.post("/batches/{batch}/cancel")
async def cancel(rt: Rt, client: Client, key: ActingKey, batch: BatchPath) -> BatchOut:
    """Cancel a batch for good: answers given stay paid, and the rest of the money comes back.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, batch, partial(cancel_batch, by=key))


async def _changed(
    rt: Runtime,
    client: ClientId,
    batch: str,
    change: Callable[[Runtime, ClientId, str], Awaitable[None]],
) -> BatchOut:
    await my_batch_to_change(rt, client, batch)
    # A repeated start must not set a batch going again that was paused since, as after its pilot.
    if first_try() is None:
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
