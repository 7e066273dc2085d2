"""The approval of large payouts: one operator makes a list, another approves exactly that list.

Refusing a payout takes one operator.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.base.errors import Conflict, Refused
from gateway.base.money import amount_text
from gateway.payments.payouts import decide_payout
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.payouts.disburse import happened
from gateway.steps.payouts.resolve import payout_by_ref
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Write
from gateway.store.payouts import approvals, payouts
from gateway.store.payouts.approvals import ApprovalItem
from gateway.store.people import persons

_WHY_NOT = {
    "unknown": "there is no such list; see: gateway approvals list",
    "already": "this list was approved before",
    "gone": "the operator who made this list may no longer decide (disabled, or an expired key): make the list again",
    "same": "the operator who made the list cannot approve it: another operator must",
    "changed": "the list has changed, or the code belongs to another list: make the list again",
}
_BIGGEST = 10
_AT_ONCE = 50
_NAMED = 50


@dataclass(frozen=True, slots=True)
class ApprovalList:
    """A list of payouts for approval.

    The approving operator types `code`, which names this very list.
    """

    number: int
    code: str
    items: Sequence[ApprovalItem]

    def sheet(self) -> str:
        """Return the text that the second operator reads before the approval.

        It shows the totals, the first payouts and the largest.
        """
        totals = Counter[str]()
        for row in self.items:
            totals[row.currency] += row.amount
        first = [row for row in self.items if row.first]
        lines = [
            f"List {self.number}, code {self.code}: {len(self.items)} payouts",
            *(f"  together {amount_text(minor, money)}" for money, minor in totals.items()),
            f"  {len(first)} first payouts" + (f": {_refs(first)}" if first else ""),
            "The largest:",
            *(
                f"  {row.ref}  {amount_text(row.amount, row.currency):>14}  {row.provider}  number ..{row.to_tail}"
                f"  worker {row.worker} ({row.name}), coordinator {row.coordinator_id or '-'}"
                for row in self.items[:_BIGGEST]
            ),
        ]
        if len(self.items) > _BIGGEST:
            lines.append(f"  and {len(self.items) - _BIGGEST} smaller ones")
        return "\n".join(lines)


async def prepare_list(rt: Runtime, refs: Sequence[str], by: str, key: str) -> ApprovalList:
    """Freeze the list of the payouts that wait for approval: these refs, or all.

    Raises Refused where nothing waits.
    """
    person = await persons.person_of(rt.db, by, key)
    wanted = [ref.strip().upper() for ref in refs]
    waiting = {row.ref for row in await approvals.unapproved_payouts(rt.db)}
    for ref in wanted:
        if ref not in waiting:
            raise Refused(f"{ref} does not wait for approval")
    if not waiting:
        raise Refused("nothing waits for approval")
    return await prepared_list(rt, await approvals.insert_list(rt.db, wanted, person))


async def prepared_list(rt: Runtime, number: int) -> ApprovalList:
    """Return the list with this number. Raises Refused where there is none."""
    items = await approvals.list_items(rt.db, number)
    if not items:
        raise Refused(_WHY_NOT["unknown"], status=404)
    return ApprovalList(number, await approvals.code(rt.db, number), items)


async def approve_as_second(rt: Runtime, number: int, code: str, by: str, key: str) -> int:
    """Approve a list as the second operator and return the number of its payouts.

    All of the list is queued to be sent, or nothing if any part of it has changed.
    """
    person = await persons.person_of(rt.db, by, key)
    try:
        async with rt.db.transaction() as db:
            said = await approvals.approve_prepared(db, number, code.strip().lower(), person)
            if said != "approved":
                raise Refused(_WHY_NOT[said])
            items = await approvals.list_items(db, number)
            refs = [row.ref for row in items]
            for start in range(0, len(refs), _AT_ONCE):
                note = f"list {number}, approved by {by}"
                await _go_on(rt, db, refs[start : start + _AT_ONCE], note)
    except Conflict as moved:
        raise Refused(_WHY_NOT["changed"]) from moved
    rt.jobs.enqueue("disburse")
    return len(items)


async def refuse_payout(rt: Runtime, ref: str, because: str, by: str, key: str) -> None:
    """Refuse a payout, which takes one operator only.

    The money returns to the worker's balance, and she is told.
    """
    await persons.person_of(rt.db, by, key)
    stored = await payout_by_ref(rt, ref)
    if stored.payout.state is not PayoutState.AWAITING_APPROVAL:
        raise Refused(f"{stored.ref} is {stored.payout.state}: it does not wait for approval")
    if not because.strip():
        raise Refused("say why", field="because")
    try:
        await happened(rt, stored, PayoutEvent.CANCEL, note=f"refused by {by}: {because.strip()}")
    except Conflict as moved:
        raise Refused(f"{stored.ref} has just changed its state") from moved


async def _go_on(rt: Runtime, db: Connection, refs: Sequence[str], note: str) -> None:
    """Approve and queue payouts, in the transaction that holds both operators' names."""
    now = rt.clock.now()
    approving, queueing = list[Write](), list[Write]()
    for stored in await payouts.by_refs(db, rt.vault, refs):
        approved = decide_payout(stored.payout, PayoutEvent.APPROVE, now)
        queued = decide_payout(approved.payout, PayoutEvent.QUEUE, now)
        after = replace(stored, payout=approved.payout, version=stored.version + 1)
        approving.append(payouts.moved(stored, approved.payout, str(PayoutEvent.APPROVE), [], note))
        queueing.append(payouts.moved(after, queued.payout, str(PayoutEvent.QUEUE), [], ""))
    assert len(approving) == len(refs)
    for parts in (approving, queueing):  # The second move of a payout builds on its first.
        await db.write(parts)


def _refs(rows: Sequence[ApprovalItem]) -> str:
    named = ", ".join(row.ref for row in rows[:_NAMED])
    return f"{named} and {len(rows) - _NAMED} more" if len(rows) > _NAMED else named
