"""The payouts of all reachable balances, put on one list that a second operator approves.

Each balance is held in the commit that makes its payout, and a worker has at most one payout under
way. A run that was killed is therefore simply repeated: it goes on with the workers that are left.
"""

import uuid
from collections.abc import Sequence

from gateway.base.errors import Conflict, Refused
from gateway.base.failpoints import reach
from gateway.base.ids import PayoutId, new_ref, secret_path
from gateway.payments.payout import Payout
from gateway.payments.payout_postings import held
from gateway.payments.states import PayoutState
from gateway.steps.payouts.approve import ApprovalList, prepared_list
from gateway.steps.payouts.cash_out import TAIL_DIGITS
from gateway.steps.payouts.winding.dues import WorkerDue, dues
from gateway.steps.payouts.winding.plan import readiness, state_of
from gateway.steps.payouts.withholdings import country_of
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import approvals, requests, wind_down
from gateway.store.people import persons

_AT_ONCE = 50


async def prepare(rt: Runtime, by: str, key: str) -> ApprovalList:
    """Make a payout for each worker who can be paid, and return the list of all that wait.

    Raises Refused when no provider is ready, or when nothing is left to be paid.
    """
    person = await persons.person_of(rt.db, by, key)
    await state_of(rt)
    ready = await readiness(rt)
    blocked, some = dict[str, str](), list[WorkerDue]()
    async for one in dues(rt):
        if not one.reachable:
            continue
        if why := ready.for_worker(one):
            blocked[one.provider] = why
            continue
        some.append(one)
        if len(some) == _AT_ONCE:
            await _make(rt, some)
            some = []
    await _make(rt, some)
    if not await approvals.unapproved_payouts(rt.db):
        if blocked:
            raise Refused("; ".join(f"{name}: {why}" for name, why in sorted(blocked.items())))
        raise Refused("nothing is left that can be paid; see: gateway wind-down owed")
    reach("wind_down.made")
    return await prepared_list(rt, await approvals.insert_list(rt.db, (), person))


async def _make(rt: Runtime, some: Sequence[WorkerDue]) -> None:
    """Make payouts in one commit, or one by one where a balance has just changed."""
    if not some:
        return
    writes = [await _parts(rt, one) for one in some]
    try:
        await rt.db.write([write for parts in writes for write in parts])
    except Conflict:
        for parts in writes:
            try:
                await rt.db.write(parts)
            except Conflict:
                continue  # She asked for a payout herself, or her balance has changed.
    reach("wind_down.slice")


async def _parts(rt: Runtime, one: WorkerDue) -> list[Write]:
    owed, taken = one.owed, one.withdrawal
    payout = PayoutId(uuid.uuid4())
    new = requests.NewPayout(
        id=payout,
        ref=new_ref(),
        worker=owed.worker,
        provider=one.provider,
        currency=owed.currency,
        amount_minor=taken.amount_minor,
        key=str(payout),
        to=owed.msisdn_sealed,
        tail=one.msisdn[-TAIL_DIGITS:],
        result_token=secret_path(),
        status_token=secret_path(),
        timeout_token=secret_path(),
        state=PayoutState.AWAITING_APPROVAL,
        due_at=None,
        country=(country_of(rt, one.msisdn, owed.currency) or "") if taken.taxes else "",
        taxes=taken.taxes,
        fee_minor=taken.fee_minor,
    )
    booked = held(
        Payout(
            id=payout,
            worker=owed.worker,
            provider=new.provider,
            key=new.key,
            msisdn="",
            amount_minor=new.amount_minor,
            currency=new.currency,
            country=new.country,
            taxes=tuple((tax.name, tax.amount_minor) for tax in new.taxes),
            fee_minor=new.fee_minor,
        )
    )
    to = [(posted, await rt.accounts.get(posted.credit)) for posted in booked]
    return [
        requests.request_payout(new, owed.account, to),
        wind_down.note_payout_part(payout, owed.worker),
    ]
