"""The decision about an appeal, which a person makes who had no part in what is appealed."""

from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.steps.people.appeals.consequences import settle
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.ledger import adjustments
from gateway.store.people import appeals, coordinators
from gateway.store.people.appeals import Appeal, Outcome

_NAME_MAX = 60
_REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class AppealDecision:
    """A decision about the appeal `ref`, with its reason.

    `by` is the name of the person, or the phone number of a coordinator. `worker_right` says that
    the worker's answer counts as right from now on.
    """

    ref: str
    worker_right: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Decider:
    name: str
    coordinator: int | None


async def decide_appeal(rt: Runtime, said: AppealDecision) -> Appeal:
    """Decide an appeal, apply what follows from it, and return it.

    Raises Refused where it does not wait, and where the person may not decide it.
    """
    ref = said.ref.strip().upper()
    if not said.reason.strip():
        raise Refused("say why; it is kept with the appeal", field="reason")
    found = await appeals.by_ref(rt.db, ref)
    if found is None:
        raise Refused(f"no appeal {ref}; list them with: gateway appeals list", field="ref", status=404)  # fmt: skip
    await until_settled(lambda: _decide(rt, found.id, said))
    await settle(rt, found.id)
    done = await appeals.by_ref(rt.db, ref)
    assert done is not None
    return done


async def _decide(rt: Runtime, appeal: int, said: AppealDecision) -> None:
    async with rt.db.transaction() as db:
        found = await appeals.locked(db, appeal)
        if found.state != "waiting":
            raise Refused(f"{found.ref} was decided by {found.decider}", field="ref", status=409)
        decider = await _decider(rt, db, said.by)
        await _check_independence(db, found, decider)
        state = "upheld" if said.worker_right else "stands"
        outcome = Outcome(
            state, decider.name, decider.coordinator, said.reason.strip()[:_REASON_MAX]
        )
        await adjustments.note_decision(
            db,
            "appeal",
            decider.name,
            coordinator=decider.coordinator,
            task=found.task_id,
            answer=found.answer,
            overturns=said.worker_right,
        )
        await appeals.decide(db, appeal, outcome, rt.clock.now())


async def _decider(rt: Runtime, db: Connection, by: str) -> _Decider:
    name = " ".join(by.split())
    if not name or len(name) > _NAME_MAX or not name.isprintable():
        raise Refused(f"a person has a name of 1 to {_NAME_MAX} characters", field="by")
    if not name.removeprefix("+").isdecimal():
        named = await appeals.coordinators_named(db, name)
        if len(named) > 1:
            raise Refused(
                f"{len(named)} coordinators are named {name}: give the phone number of the one "
                "who decides",
                field="by",
                status=409,
            )
        return _Decider(name, named[0] if named else None)
    row = await coordinators.by_index(db, rt.vault.index(normalise(name, rt.settings.region)))
    return _Decider(row.name, row.id)


async def _check_independence(db: Connection, appeal: Appeal, decider: _Decider) -> None:
    """Raise Refused unless this person may decide the appeal.

    That is no person who decided before, no coordinator who is the worker herself, and no
    coordinator whose appeal it is not.
    """
    if decider.coordinator is not None:
        await _check_coordinator(db, appeal, decider, decider.coordinator)
        return
    before = {name.strip().casefold() for name in await appeals.deciders(db, appeal.answer)}
    before |= {name.strip().casefold() for name in (appeal.opened_by,) if name}
    if appeal.decided_kind in (appeals.PERSON, appeals.COORDINATOR):
        before.add(appeal.decided_by.strip().casefold())
    if decider.name.casefold() in before:
        raise _decided_before(decider)


async def _check_coordinator(
    db: Connection, appeal: Appeal, decider: _Decider, coordinator: int
) -> None:
    """Raise Refused for a coordinator who may not decide. Her id counts, and not her name."""
    if await appeals.is_herself(db, coordinator, appeal.worker):
        raise Refused(f"{decider.name} is the worker herself", field="by", status=409)
    if await appeals.had_part(db, coordinator, appeal):
        raise _decided_before(decider)
    if coordinator != appeal.handler:
        has_it = appeal.handler_name or "the operator"
        raise Refused(
            f"{decider.name} is a coordinator, and this appeal is with {has_it}",
            field="by",
            status=409,
        )


def _decided_before(decider: _Decider) -> Refused:
    return Refused(
        f"{decider.name} decided what is appealed, so another person must look at it",
        field="by",
        status=409,
    )
