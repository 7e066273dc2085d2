"""The workers whom other workers brought, and the signs that a referral is farmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import AccountId, WorkerId
from gateway.store.db import Connection, Database, Write


def keep_code(worker: WorkerId, code: str) -> Write:
    """Return the write that keeps the code of a worker who brings others."""
    return Write("keep_referral_code", {"worker": worker, "code": code})


def referred(index: bytes, code: str) -> Write:
    """Return the write that notes who brought the person with this number."""
    return Write("referred", {"index": index, "code": code})


async def code_of(db: Database, worker: WorkerId) -> str | None:
    """Return the code of a worker, or None where she has not asked for one."""
    return await db.value("select code from referral_code where worker_id = $1", worker)


@dataclass(frozen=True, slots=True)
class OpenReferral:
    """A referral that is not decided, with what the worker has done since."""

    worker: WorkerId
    referrer: WorkerId
    account: AccountId
    """The account of the referrer."""
    currency: str
    language: str
    channel: str
    sealed: bytes
    """The sealed number of the referrer."""
    referrer_active: bool
    answers: int
    """The worker's accepted answers, at most the number that was asked for."""
    gold_right: int
    gold_wrong: int
    paid_before: int
    """The referrals of the referrer that were paid."""


async def to_check(db: Database, before: datetime, now: datetime, most: int) -> list[int]:
    """Return the workers of open referrals that were last checked before a time.

    They count as checked now.
    """
    rows = await db.rows(
        """update referral set checked_at = $2 where worker_id in (select worker_id from referral
             where state = 'open' and checked_at < $1 order by checked_at limit $3) returning worker_id""",
        before,
        now,
        most,
    )
    return [row["worker_id"] for row in rows]


async def ready(db: Database, workers: Sequence[int], answers: int) -> list[OpenReferral]:
    """Return the open referrals of these workers who have given this number of accepted answers.

    An answer is accepted when its task was decided for it.
    """
    rows = await db.rows(
        """select f.worker_id, f.referrer_id, r.account_id, r.currency, r.language, r.sms_channel, r.msisdn_sealed,
             r.state = 'active' as active, n.answers, coalesce(g.gold_right, 0) as gold_right, coalesce(g.gold_wrong, 0) as gold_wrong,
             (select count(*) from referral p where p.referrer_id = f.referrer_id and p.state = 'paid') as paid_before
           from (select * from referral where state = 'open' and worker_id = any($2::bigint[])) f
             join worker r on r.id = f.referrer_id join worker w on w.id = f.worker_id and w.state = 'active'
             join lateral (select count(*) as answers from (select from answer x join task t on t.id = x.task_id
               where x.worker_id = f.worker_id and not x.void and t.gold is null and t.state = 'decided' and t.value = x.value
               limit $1) a) n on n.answers >= $1
             left join lateral (select sum(s.gold_right)::int as gold_right, sum(s.gold_wrong)::int as gold_wrong
               from skill s where s.worker_id = f.worker_id) g on true
           order by f.created_at""",
        answers,
        list(workers),
    )
    return [
        OpenReferral(
            worker=WorkerId(r["worker_id"]),
            referrer=WorkerId(r["referrer_id"]),
            account=AccountId(r["account_id"]),
            currency=r["currency"],
            language=r["language"],
            channel=r["sms_channel"],
            sealed=r["msisdn_sealed"],
            referrer_active=r["active"],
            answers=r["answers"],
            gold_right=r["gold_right"],
            gold_wrong=r["gold_wrong"],
            paid_before=r["paid_before"],
        )
        for r in rows
    ]


async def moved_between(db: Database, one: WorkerId, other: WorkerId) -> bool:
    """Return whether the two workers ever had the same number, by a confirmed change of number."""
    return await db.value(
        """with numbers as (
             select w.id, w.msisdn_index as number from worker w where w.id in ($1, $2)
             union select m.worker_id, x.number from number_move m, unnest(array[m.old_index, m.new_index]) x(number)
               where m.worker_id in ($1, $2))
           select exists (select from numbers a join numbers b on b.number = a.number and b.id <> a.id)""",
        one,
        other,
    )


async def paid_to(db: Database, worker: WorkerId, most: int) -> list[bytes]:
    """Return the sealed numbers of a worker's newest payouts."""
    rows = await db.rows(
        "select to_sealed from payout where worker_id = $1 order by created_at desc limit $2",
        worker,
        most,
    )
    return [row["to_sealed"] for row in rows]


async def copies(db: Database, one: WorkerId, other: WorkerId) -> bool:
    """Return whether a finding says that the two copy each other, and no person has cleared it."""
    return await db.value(
        """select exists (select from finding f where f.kind = 'copying' and f.worker_id is not null
             and string_to_array(split_part(f.subject, ':workers:', 2), ',') @> array[$1::text, $2::text]
             and (f.state = 'open' or f.outcome not like 'fine%'))""",
        str(one),
        str(other),
    )


async def decide(
    db: Connection, worker: WorkerId, state: str, why: str, amount_minor: int | None
) -> bool:
    """Decide about an open referral, and return False where it was decided before."""
    decided = await db.value(
        """update referral set state = $2, why = $3, amount = $4, decided_at = now()
           where worker_id = $1 and state = 'open' returning true""",
        worker,
        state,
        why,
        amount_minor,
    )
    return bool(decided)


async def lock_referrer(db: Connection, referrer: WorkerId) -> int:
    """Lock a referrer's rewards, and return how many of her referrals were paid."""
    await db.execute("select pg_advisory_xact_lock(hashtextextended('referral', $1))", referrer)
    return await db.value(
        "select count(*) from referral where referrer_id = $1 and state = 'paid'", referrer
    )
