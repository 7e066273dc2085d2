"""A client's batch in the form in which the API shows it."""

from datetime import timedelta

from gateway.api.quotes import (
    HOURS_SHOWN,
    HourOut,
    PromiseOut,
    ReadyOut,
    promise_out,
    ready_out,
)
from gateway.api.responses import (
    Background,
    BatchOut,
    FieldOut,
    MessageCost,
    Money,
    OptionOut,
    Progress,
)
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.sms.prices import minor
from gateway.steps.batches.quoting.promise import plan_of
from gateway.steps.batches.quoting.ready_when import crowd_now, ready_when
from gateway.steps.quality.confidences import Checked
from gateway.steps.runtime import Runtime
from gateway.store.batches import listed_batches, pace, projects, promises
from gateway.store.db import Row
from gateway.tasks.entry.fields import fields_told, from_data
from gateway.tasks.forecast import answers_at_close
from gateway.tasks.handling import from_options
from gateway.tasks.values import as_asked


async def my_batch(rt: Runtime, client: ClientId, batch: str) -> Row:
    """Return a batch of this client. Raises Refused with 404 for any other one."""
    row = await listed_batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    return row


async def my_batch_to_change(rt: Runtime, client: ClientId, batch: str) -> None:
    """Raise Refused where the client has no such batch, or where a project governs it."""
    await my_batch(rt, client, batch)
    stage = await projects.stage_of_batch(rt.db, batch)
    if stage is not None:
        raise Refused(
            f"this batch is the stage {stage[1]!r} of the project {stage[0]}, which fills, starts and "
            f"ends it: use /projects/{stage[0]} instead",
            status=409,
        )


def batch_out(row: Row) -> BatchOut:
    """Return the API's description of a batch."""
    wanted = row["answers_wanted"]
    kind, value = as_asked(row["kind"])
    return BatchOut(
        id=row["id"],
        name=row["name"],
        labels=row["labels"],
        kind=kind,
        value=value,
        state=row["state"],
        instructions=row["instructions"],
        price_minor=row["price"],
        partner_price_minor=row["partner_price"],
        policy=row["policy"],
        method=row["method"],
        languages=row["languages"],
        options=[OptionOut(id=o["id"], labels=o["labels"]) for o in row["options"]],
        fields=[FieldOut.model_validate(each) for each in fields_told(from_data(row["fields"]))],
        pack_max=row["pack_max"],
        rotates=from_options(row["policy_options"]).rotate,
        needs_lesson=from_options(row["policy_options"]).needs_lesson,
        order="breadth" if row["breadth"] else "depth",
        worker_max=row["worker_max"],
        worker_day_max=row["worker_day_max"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        closed_at=row["closed_at"],
        language=row["language"],
        any_language=row["any_language"],
        open=row["open"],
        deadline=row["deadline"],
        at_deadline=row["at_deadline"],
        ends_at=row["ends_at"],
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


async def progress_ready(rt: Runtime, row: Row) -> tuple[ReadyOut | None, list[HourOut]]:
    """Return when a batch that has started will be ready, and its answers by hour.

    A paused batch is ready when its client lets it go on, so no time is named.
    """
    if row["started_at"] is None:
        return None, []
    since = rt.clock.now() - timedelta(hours=HOURS_SHOWN)
    counted = await pace.batch_hours(rt.db, row["id"], since)
    hours = [HourOut(hour=one.hour, answers=one.answers) for one in counted]
    if row["state"] != "running":
        return None, hours
    batch = await rt.batches.get(row["id"])
    crowd = await crowd_now(rt, batch)
    left = max(0, _answers_at_close(row) - row["answers"])
    most = max(0, row["answers_maximum"] - row["answers"])
    return ready_out(await ready_when(rt, batch, crowd, left, most, running=True)), hours


async def promise_shown(rt: Runtime, batch: str) -> PromiseOut | None:
    """Return the promised accuracy of a batch that has started; None where there is none."""
    kept = await promises.of_batch(rt.db, batch)
    plan = plan_of(kept) if kept else None
    return promise_out(plan, kept) if plan else None


def _answers_at_close(row: Row) -> int:
    return answers_at_close(
        given=row["answers"],
        decided=row["tasks_done"],
        decided_answers=row["answers_decided"],
        still_open=row["tasks"] - row["tasks_done"],
        open_given=row["answers_real"] - row["answers_decided"],
        open_wanted=row["answers_wanted"] - row["answers_real"],
        most=row["answers_maximum"],
    )


def _money(row: Row) -> Money:
    closed = row["state"] in ("done", "cancelled")
    spent_minor = row["earned"] + row["partners_spent"] + row["checks_spent"]
    of_partners = row["partner_answers"] / row["answers"] if row["answers"] else 1.0
    each_minor = row["price"] + row["partner_price"] * of_partners
    at_close = _answers_at_close(row)
    # A cancelled batch keeps the money for questions that workers may still answer.
    waits = closed and row["closed_at"] is None
    kept_minor = row["asked_now"] * (row["price"] + row["partner_price"]) if waits else 0
    return Money(
        currency=row["currency"],
        reserved_minor=row["reserved"],
        spent_minor=spent_minor,
        partners_minor=row["partners_spent"],
        checks_minor=row["checks_spent"],
        forecast_minor=spent_minor
        if closed
        else round(spent_minor + max(at_close - row["answers"], 0) * each_minor),
        released_minor=max(
            row["reserved"] - spent_minor - kept_minor - (row["kept_for_pay"] or 0), 0
        )
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
