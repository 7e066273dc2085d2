"""The client's routes for batches: create, fill, quote, start, watch and read them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.idempotency import once
from gateway.api.client.paths import BatchPath
from gateway.api.client.pay import pay_out, pay_quote_out
from gateway.api.client.quality_asked import plan_asked
from gateway.api.client.results import as_csv, as_json, as_lines
from gateway.api.client.uploads import received, upload_docs
from gateway.api.requests import BatchIn, FieldIn, OptionIn
from gateway.api.responses import (
    AccountOut,
    Added,
    Background,
    BatchOut,
    FieldOut,
    FindingOut,
    MessageCost,
    MessageCostRange,
    MessagesQuoteOut,
    Money,
    Progress,
    QuoteOut,
    ResultOut,
    ShareOut,
    Warned,
)
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.qa.judging.overlap import DOUBLE
from gateway.sms.prices import minor
from gateway.steps.batches import submit
from gateway.steps.batches.quote import quote as quote_of
from gateway.steps.quality.confidences import Checked, results_of
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, projects, shares
from gateway.store.db import Row
from gateway.store.messages import webhooks
from gateway.store.people import clients
from gateway.store.quality import findings
from gateway.tasks.entry.fields import DeclaredField, fields_told, from_data
from gateway.tasks.forecast import answers_at_close
from gateway.tasks.handling import Handling, from_options
from gateway.tasks.packed import PACK_MAX
from gateway.tasks.question import Option
from gateway.tasks.values import as_asked, kind_asked

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
        batch = await submit.create(rt, client, await _spec(rt, client, given))
        return _one(await _mine(rt, client, batch.id)).model_dump_json().encode()

    answer = await once(rt, client, request, 201, made)
    answer.headers["Location"] = f"{request.url.path}/{orjson.loads(bytes(answer.body))['id']}"
    return answer


@router.get("/batches")
async def listed(rt: Rt, client: Client) -> list[BatchOut]:
    """List your batches, newest first."""
    return [_one(row) for row in await batches.all_of_client(rt.db, client)]


@router.get("/batches/{batch}")
async def shown(rt: Rt, client: Client, batch: BatchPath) -> BatchOut:
    """Show a batch: its state, progress, cost so far, partners' shares, and findings to look at."""
    one = _one(await _mine(rt, client, batch))
    one.shares = [ShareOut(**row) for row in await shares.shares(rt.db, batch)]
    one.pay = await pay_out(rt, batch)
    one.findings = [FindingOut(**row) for row in await findings.of_batch(rt.db, batch)]
    return one


@router.post("/batches/{batch}/tasks", status_code=201, openapi_extra=upload_docs())
async def tasks(rt: Rt, client: Client, batch: BatchPath, request: Request) -> Added:
    """Add tasks to a draft: a JSON list, JSON lines, or CSV with the header id,text.

    The header may add gold and gold_reason.

    Either all tasks of a request are added or none.
    """
    await _mine_to_change(rt, client, batch)
    folder, kind = rt.settings.data_dir / UPLOADS, request.headers.get("content-type", "")
    async with received(request, folder) as (body, out):
        filled = await submit.upload(rt, client, batch, body, kind, out)
    return Added(
        added=filled.tasks + filled.golds,
        warned=filled.warned,
        warnings=[_warned(each) for each in filled.warnings],
    )


@router.get("/batches/{batch}/quote")
async def quote(rt: Rt, client: Client, batch: BatchPath) -> QuoteOut:
    """Show the possible cost of the batch, before it starts."""
    await _mine(rt, client, batch)
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
        warnings=[_warned(each) for each in q.warnings],
        workers=q.workers,
        workers_needed=q.workers_needed,
        days_least=q.days_least,
        can_finish=q.can_finish,
        why_not=q.why_not,
        pay=pay_quote_out(q),
        checks_minor=q.checks_minor,
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
    await _mine_to_change(rt, client, batch)
    await change(rt, client, batch)
    return _one(await _mine(rt, client, batch))


@router.get(
    "/batches/{batch}/results",
    response_model=list[ResultOut],
    responses={
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            }
        }
    },
)
async def found(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    format: Annotated[Literal["json", "csv", "jsonl"], Query()] = "json",  # noqa: A002
    *,
    raw: bool = False,
) -> StreamingResponse:
    """Return the results so far, task by task in your order.

    They are streamed, so any size will do.

    In CSV, cells that a spreadsheet would execute have an apostrophe before them. `raw=true` leaves
    it out, for programs.
    """
    row = await _mine(rt, client, batch)
    found = await rt.batches.fresh(batch)
    rows, fields = results_of(rt, found, row["state"]), [one.name for one in found.fields]
    writer, media = {
        "json": (as_json, "application/json"),
        "jsonl": (as_lines, "application/jsonl"),
        "csv": (partial(as_csv, raw=raw, fields=fields), "text/csv; charset=utf-8"),
    }[format]
    return StreamingResponse(writer(rows), media_type=media)


def _warned(found: dict[str, Any]) -> Warned:
    return Warned(text=found["suggestion"], **{n: v for n, v in found.items() if n != "suggestion"})


async def _mine(rt: Runtime, client: ClientId, batch: str) -> Row:
    row = await batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    return row


async def _mine_to_change(rt: Runtime, client: ClientId, batch: str) -> None:
    """Raise Refused where the client has no such batch, or where a project governs it."""
    await _mine(rt, client, batch)
    stage = await projects.stage_of_batch(rt.db, batch)
    if stage is not None:
        raise Refused(
            f"this batch is the stage {stage[1]!r} of the project {stage[0]}, which fills, starts and "
            f"ends it: use /projects/{stage[0]} instead",
            status=409,
        )


async def _spec(rt: Runtime, client: ClientId, given: BatchIn) -> submit.BatchSpec:
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


def _one(row: Row) -> BatchOut:
    wanted = row["answers_wanted"]
    kind, value = as_asked(row["kind"])
    return BatchOut(
        id=row["id"],
        name=row["name"],
        kind=kind,
        value=value,
        state=row["state"],
        instructions=row["instructions"],
        price_minor=row["price"],
        partner_price_minor=row["partner_price"],
        policy=row["policy"],
        method=row["method"],
        languages=row["languages"],
        options=[OptionIn(id=o["id"], labels=o["labels"]) for o in row["options"]],
        fields=[FieldOut(**each) for each in fields_told(from_data(row["fields"]))],
        pack_max=row["pack_max"],
        rotates=from_options(row["policy_options"]).rotate,
        needs_lesson=from_options(row["policy_options"]).needs_lesson,
        order="breadth" if row["breadth"] else "depth",
        worker_max=row["worker_max"],
        worker_day_max=row["worker_day_max"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        closed_at=row["closed_at"],
        progress=Progress(
            tasks=row["tasks"],
            tasks_done=row["tasks_done"],
            tasks_review=row["tasks_review"],
            golds=row["golds"],
            answers=row["answers"],
            answers_wanted=wanted,
            asked_now=row["asked_now"],
            percent=round(100 * row["answers_real"] / wanted, 1) if wanted else 0.0,
            counted_at=row["counted_at"],
        ),
        money=_money(row),
        confidence_checked=Checked(row["gold_answered"], row["state"] == "done").all,
        gold_answered=row["gold_answered"],
        background=Background(**row["background"]) if row["background"] else None,
    )


def _money(row: Row) -> Money:
    closed = row["state"] in ("done", "cancelled")
    spent_minor = row["answers"] * row["price"] + row["partners_spent"] + row["checks_spent"]
    of_partners = row["partner_answers"] / row["answers"] if row["answers"] else 1.0
    each_minor = row["price"] + row["partner_price"] * of_partners
    at_close = answers_at_close(
        given=row["answers"],
        decided=row["tasks_done"],
        decided_answers=row["answers_decided"],
        still_open=row["tasks"] - row["tasks_done"],
        open_given=row["answers_real"] - row["answers_decided"],
        open_wanted=row["answers_wanted"] - row["answers_real"],
        most=row["answers_maximum"],
    )
    return Money(
        currency=row["currency"],
        reserved_minor=row["reserved"],
        spent_minor=spent_minor,
        partners_minor=row["partners_spent"],
        checks_minor=row["checks_spent"],
        forecast_minor=spent_minor
        if closed
        else round(at_close * each_minor) + row["checks_spent"],
        released_minor=max(row["reserved"] - spent_minor - (row["kept_for_pay"] or 0), 0)
        if closed
        else 0,
        messages=[
            MessageCost(
                currency=bill["currency"],
                messages=bill["messages"],
                segments=bill["segments"],
                cost_minor=minor(bill["micro"], bill["currency"]) if bill["currency"] else 0.0,
            )
            for bill in row["bills"]
        ],
    )
