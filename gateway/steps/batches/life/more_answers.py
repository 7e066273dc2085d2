"""More answers for tasks of a batch: a larger overlap, later deadlines, and tasks opened again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.bounds import ANSWERS_OF_TASK_MAX
from gateway.base.errors import Fault, Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.fair_pay.floor import QuotedPay, quoted_pay
from gateway.steps.batches.life.change import (
    Author,
    ChangeEffect,
    MadeChange,
    check_free,
    check_not_ended,
    make_change,
)
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_pay, tallies
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.batches.life.running import ChosenTask, LifeRow
from gateway.store.db import Connection
from gateway.store.ledger import transfers

_SHOWN_MAX = 100
UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Extension:
    """The things of which a client wants more."""

    answers: int = 0
    """The further answers for each chosen task."""
    maximum: int | None = None
    """The most answers of a task, for policies that stop early; None leaves it."""
    all_tasks: bool = False
    """True opens decided tasks again, too."""
    deadline: datetime | str | None = UNCHANGED
    """The new deadline, None for no deadline, or `unchanged`."""
    at_deadline: str | None = None
    """The consequence of the deadline; None leaves it."""


async def extend(
    rt: Runtime, client: ClientId, batch_id: str, wish: Extension, author: Author
) -> MadeChange:
    """Ask for more answers to the tasks of a running batch, or move its deadline."""
    wished = (wish.answers, wish.maximum, wish.at_deadline, wish.deadline != UNCHANGED)
    if not any(wished):
        raise Refused("say what to extend: answers, maximum or deadline", field="answers")
    now = rt.clock.now()
    if isinstance(wish.deadline, datetime) and wish.deadline <= now:
        raise Refused("the deadline has passed already; name a later time", field="deadline")
    pay = await quoted_pay(rt, await rt.batches.fresh(batch_id))

    async def write(
        db: Connection, batch: Batch, row: LifeRow, change: BatchChange
    ) -> ChangeEffect:
        check_not_ended(row)
        check_free(row)
        before, after = dict[str, object](), dict[str, object]()
        if wish.deadline != UNCHANGED or wish.at_deadline is not None:
            await _move_deadline(db, batch, row, wish, before, after)
        cost = 0
        if wish.answers or wish.maximum is not None:
            cost = await _more(db, batch, wish, change, pay, after)
        return ChangeEffect(cost, before, after)

    done = await make_change(rt, client, batch_id, "extend", author, write)
    rt.jobs.enqueue("assign")
    return done


async def _move_deadline(
    db: Connection,
    batch: Batch,
    row: LifeRow,
    wish: Extension,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    deadline = row.deadline if isinstance(wish.deadline, str) else wish.deadline
    at_deadline = wish.at_deadline or row.at_deadline
    before |= {"deadline": _told(row.deadline), "at_deadline": row.at_deadline}
    after |= {"deadline": _told(deadline), "at_deadline": at_deadline}
    await running.set_deadline(db, batch.id, deadline, at_deadline)


def _told(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


async def _more(
    db: Connection,
    batch: Batch,
    wish: Extension,
    change: BatchChange,
    pay: QuotedPay,
    after: dict[str, object],
) -> int:
    """Give tasks more slots, and return what these cost."""
    if not wish.answers and (batch.policy == "all" or batch.policy.startswith("fixed:")):
        raise Refused(
            f"the policy {batch.policy} asks a fixed number of workers: say answers, the further "
            "answers for each task, instead of maximum",
            field="maximum",
        )
    states = ("open", "decided", "review") if wish.all_tasks else ("open",)
    tasks = [
        one
        for one in await running.tasks_in(db, batch.id, states)
        if not one.by_person and (one.state == "open" or wish.answers)
    ]
    if not tasks:
        raise Refused(
            "no task of this batch can get more answers: none is undecided"
            + ("" if wish.all_tasks else '; say tasks: "all", or reopen chosen tasks'),
            field="tasks",
            status=409,
        )
    still_open = [one for one in tasks if one.state == "open"]
    again = [one for one in tasks if one.state != "open"]
    changed = [_longer(one, wish.answers, wish.maximum) for one in still_open]
    opened = [_again(one, wish.answers) for one in again]
    await running.set_slots(db, changed)
    await running.open_again(db, batch.id, change.id, opened)
    await _counted(db, batch)
    more = sum(
        slot[2] - one.maximum
        for one, slot in zip(tasks, _in_order(tasks, changed + opened), strict=True)
    )
    after |= {
        "tasks": len(tasks),
        "reopened": len(again),
        "answers": wish.answers,
        "maximum": wish.maximum,
    }
    return await priced(db, batch, more, pay)


def _in_order(
    tasks: Sequence[ChosenTask], slots: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    of = {slot[0]: slot for slot in slots}
    return [of[one.id] for one in tasks]


def _longer(one: ChosenTask, answers: int, maximum: int | None) -> tuple[int, int, int]:
    most = max(one.maximum + answers, maximum or 0)
    _check_most(one, most)
    return one.id, one.wanted + answers, most


def _again(one: ChosenTask, answers: int) -> tuple[int, int, int]:
    wanted = one.answered + one.held + answers
    _check_most(one, wanted)
    return one.id, wanted, max(one.maximum, wanted)


def _check_most(one: ChosenTask, most: int) -> None:
    if most > ANSWERS_OF_TASK_MAX:
        raise Refused(
            f"the task {one.name!r} would get up to {most:,} answers; at most {ANSWERS_OF_TASK_MAX:,} are possible",
            field="answers",
        )


async def priced(db: Connection, batch: Batch, slots: int, pay: QuotedPay) -> int:
    """Return the cost of further slots, with their part of the reserve for top-ups."""
    reserve = pay.reserve_minor(slots)
    if reserve and not await batch_pay.keep_more(db, batch.id, reserve):
        reserve = 0
    return slots * batch.cost_minor + reserve


async def _counted(db: Connection, batch: Batch) -> None:
    await running.count_slots(db, batch.id)
    await tallies.count_anew(db, batch.id)


async def reopen(
    rt: Runtime, client: ClientId, batch_id: str, names: Sequence[str], answers: int, author: Author
) -> MadeChange:
    """Open decided tasks for more answers. A batch that is done runs again."""
    pay = await quoted_pay(rt, await rt.batches.fresh(batch_id))
    now = rt.clock.now()

    async def write(
        db: Connection, batch: Batch, row: LifeRow, change: BatchChange
    ) -> ChangeEffect:
        check_not_ended(row)
        check_free(row)
        tasks = await running.named_tasks(db, batch.id, names)
        _check_reopened(names, tasks)
        before = {
            "state": row.state,
            "deadline": _told(row.deadline),
            "tasks": {one.name: one.state for one in tasks[:_SHOWN_MAX]},
        }
        deadline = row.deadline
        held_before = 0
        if row.state == "done":
            if not await batch_pay.begin_round(db, batch.id):
                raise Refused(
                    "the pay of this batch is being settled; try again in a moment", status=409
                )
            deadline = None if deadline is not None and deadline <= now else deadline
            await running.begin_round(db, batch.id, deadline)
            held_before = await transfers.balance_of(db, batch.hold_account)
            tasks = await running.named_tasks(db, batch.id, names)
        slots = [_again(one, answers) for one in tasks]
        more = sum(slot[2] - one.maximum for one, slot in zip(tasks, slots, strict=True))
        await running.open_again(db, batch.id, change.id, slots)
        await running.count_slots(db, batch.id)
        cost = await priced(db, batch, more, pay)
        if row.state == "done":
            # What is set aside for a batch is what it has spent and what it may still spend.
            reserved = held_before + await running.spent_minor(db, batch.id)
            await batch_state.set_state(db, batch.id, "running", reserved=reserved)
        else:
            await tallies.count_anew(db, batch.id)
        state = "running" if row.state == "done" else row.state
        after = {
            "state": state,
            "deadline": _told(deadline),
            "tasks": len(tasks),
            "answers": answers,
        }
        return ChangeEffect(cost, before, after)

    done = await make_change(rt, client, batch_id, "reopen", author, write)
    rt.jobs.enqueue("assign")
    return done


def _check_reopened(names: Sequence[str], tasks: Sequence[ChosenTask]) -> None:
    """Raise Refused with a fault for each task that cannot be opened again."""
    found = {one.name: one for one in tasks}
    faults = list[Fault]()
    for row, name in enumerate(names, 1):
        one = found.get(name)
        why = f"no task {name!r} in this batch" if one is None else _not_reopened(one)
        if why:
            faults.append(Fault(why, "tasks", row))
    refuse(faults, missing=len(names) > len(tasks) == 0)


def _not_reopened(one: ChosenTask) -> str | None:
    if one.state == "open":
        return f"the task {one.name!r} is open already; POST /extend asks for more answers"
    if one.state == "cancelled":
        return f"the task {one.name!r} was cancelled; upload it again to another batch"
    if one.by_person:
        return f"a person has decided the task {one.name!r}, and that decision stands"
    if one.directed:
        return f"the task {one.name!r} is for workers by name, who were all asked"
    return None


def refuse(faults: Sequence[Fault], *, missing: bool = False) -> None:
    """Raise Refused where there are faults."""
    if not faults:
        return
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    raise Refused(
        f"{faults[0].message}{more}; nothing was changed",
        status=404 if missing else 409,
        faults=tuple(faults[:20]),
    )
