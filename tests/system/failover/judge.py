"""The gateway's books against those of the phones and of the operator."""

from dataclasses import asdict, dataclass, field

from gateway.app import open_runtime
from gateway.base.money import exact_amount
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.simulator.operators.judge import report
from gateway.steps.payouts.seal_ledger import seal
from gateway.steps.runtime import Runtime
from gateway.store.ledger import seals, transfers

from .town import PRICE, Town

_EVENTS = """select split_part(event_id, '@', 1) as ref, count(*) as copies, bool_and(state in ('done', 'unclear')) as done
  from inbox where channel = 'at' and kind = 'sms' and split_part(event_id, '@', 1) = any($1) group by 1"""
_BY_WORKER = """select w.msisdn_index as number, a.balance,
    (select count(*) from answer x where x.worker_id = w.id) as answers,
    (select coalesce(sum(p.amount + p.fee), 0)::bigint from payout p where p.worker_id = w.id and p.state = 'paid') as paid
  from worker w join account a on a.id = w.account_id"""
_PAYOUTS = "select p.key::text as key, p.amount, p.state from payout p"
OPEN = """select (select count(*) from payout where settled_at is null)
  + (select count(*) from inbox i where state not in ('done', 'unclear') and not (kind = 'receipt'
      and not exists (select from outbox o where o.provider_id = split_part(i.event_id, ':', 1))))
  + (select count(*) from outbox where state in ('queued', 'sending') and not (state = 'queued' and tries = 0
      and due_at > created_at and (starts_with(cause, 'unclear:') or starts_with(cause, 'again:'))))"""
"""The number of things that are under way.

A delivery report whose message has lost its provider's answer finds no message. It is tried for a
day, and holds nothing up. A reply to a phone that was not understood again and again is held back
for a quarter of an hour, so that a newer one can take its place.
"""


@dataclass
class Verdict:
    """The findings of a play.

    `lost`: acknowledged SMS that are not processed, saved answers without a row, paid money that is
    in no books. `doubled`: events, answers or payments that are there twice.
    """

    accepted: int = 0
    answers: int = 0
    payouts: int = 0
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    ledger: list[str] = field(default_factory=list[str])
    seals: int = 0
    back_after_s: dict[str, float] = field(default_factory=dict[str, float])
    """The seconds by fault from the fault to the last failed call of a phone or client."""
    away: list[str] = field(default_factory=list[str])
    """The services that were not back at the end."""

    def as_json(self) -> dict[str, object]:
        """Return what is printed."""
        return {**asdict(self), "lost": len(self.lost), "doubled": len(self.doubled)}


async def judge(settings: Settings, town: Town) -> Verdict:
    """Compare all books."""
    verdict = Verdict()
    async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
        await _events(rt, town, verdict)
        await _workers(rt, town, verdict)
        await _payments(rt, town, verdict)
        await seal(rt)
        audited, verified = await transfers.audit(rt.db), await seals.verify(rt.db)
        verdict.ledger += [*audited.faults, *verified.faults]
        verdict.seals = verified.seals
        if verified.unsealed:
            verdict.ledger.append(f"{verified.unsealed} transfers are not sealed")
    return verdict


async def _events(rt: Runtime, town: Town, verdict: Verdict) -> None:
    accepted = [ref for worker in town.workers for ref in worker.accepted]
    verdict.accepted = len(accepted)
    found = {row["ref"]: row for row in await rt.db.rows(_EVENTS, accepted)}
    for ref in accepted:
        row = found.get(ref)
        if row is None or not row["done"]:
            verdict.lost.append(f"SMS {ref} was acknowledged and is not processed")
        elif row["copies"] > 1:
            verdict.doubled.append(f"SMS {ref} is in the books {row['copies']} times")


async def _workers(rt: Runtime, town: Town, verdict: Verdict) -> None:
    price = exact_amount(PRICE, "KES")
    rows = {bytes(row["number"]): row for row in await rt.db.rows(_BY_WORKER)}
    for worker in town.workers:
        row = rows[rt.vault.index(worker.phone.msisdn)]
        name = worker.phone.msisdn[-5:]
        verdict.answers += row["answers"]
        if row["answers"] < worker.saved:
            verdict.lost.append(
                f"{name} was thanked for {worker.saved} answers, {row['answers']} stand"
            )
        if row["answers"] > worker.answered + 1:
            verdict.doubled.append(
                f"{name} has sent {worker.answered} answers, {row['answers']} stand"
            )
        earned, has = row["answers"] * price, row["balance"] + row["paid"]
        if has != earned:
            where = verdict.lost if has < earned else verdict.doubled
            where.append(f"{name} has earned {earned}, and balance and payouts make {has}")
        got = sum(
            entry["paid_minor"]
            for entry in report(town.operators.books)["by_key"].values()
            if entry["msisdn"].endswith(worker.phone.msisdn[-9:])
        )
        if got > row["paid"]:
            verdict.doubled.append(
                f"{name} got {got} from the operator, our books say {row['paid']}"
            )


async def _payments(rt: Runtime, town: Town, verdict: Verdict) -> None:
    told = report(town.operators.books)
    if told["duplicates"] or not told["consistent"]:
        verdict.doubled.append(f"the operator executed {told['duplicates']} payments twice")
    rows = {row["key"]: row for row in await rt.db.rows(_PAYOUTS)}
    for key, entry in told["by_key"].items():
        row = rows.get(key)
        if entry["executions"] > 1:
            verdict.doubled.append(f"payout {key} was executed {entry['executions']} times")
        if entry["executions"] and (row is None or row["state"] != "paid"):
            verdict.lost.append(f"payout {key} was paid, and our books say otherwise")
    for key, row in rows.items():
        verdict.payouts += row["state"] == "paid"
        entry = told["by_key"].get(key)
        if row["state"] == "paid" and (entry is None or entry["paid_minor"] != row["amount"]):
            verdict.lost.append(f"payout {key} counts as paid, and the operator did not pay it so")
